"""The ledger of a data set: how much of its privacy budget is spent, over all runs, whatever crashes.

A run reserves its whole budget before it touches the data, and writes each charge before the answer. When it is done,
what it has not spent is free again. A run that crashed keeps all it reserved until it is settled. Every step is one
line of the file, on the disk before the next; see `synthesist.dp.chain`.

All runs together are one privacy filter: their rho adds up, whoever chooses what to run next, after having seen what.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from threading import RLock
from typing import Any, BinaryIO, Literal

from synthesist.dp.accounting import Account
from synthesist.dp.book import Begun, Book, Charged, Closed, Line, Opened, Run, line_of
from synthesist.dp.chain import Place, append, created, locked, read_on
from synthesist.dp.costs import Cost
from synthesist.dp.filters import Filter
from synthesist.dp.processes import Process
from synthesist.errors import DataError, OutputError, SpecError, SynthesistError

__all__ = ["Ledger"]


class Ledger:
    """A file that tells what was spent on one data set; made by `create` or `open`."""

    def __init__(self, path: Path, book: Book, place: Place) -> None:
        self.path = path
        self._book, self._place, self._first = book, place, place
        self._lock = RLock()

    @classmethod
    def create(
        cls,
        path: str | Path,
        epsilon: float,
        delta: float,
        *,
        additive: float = 0.0,
        unit: str = "one row",
        about: str = "",
    ) -> "Ledger":
        """Begin the ledger of a data set.

        Args:
            path: where; a file that is there is never replaced.
            epsilon: what all runs together may give away.
            delta: the probability that it is more.
            additive: the part of delta for runs that search for values.
            unit: whom or what the budget protects, in words.
            about: which data set, in words; no secret, as whoever has the file reads it.

        Raises:
            SpecError: a number is out of range, or a text too long.
            OutputError: the file is there already, or cannot be written.
        """
        order = Filter.of(epsilon, delta, additive).order
        if len(unit) > 2_000 or len(about) > 2_000:
            raise SpecError("The words about a ledger are too many: 2,000 letters at most.")
        opened = Opened(
            time=_now(), epsilon=epsilon, delta=delta, additive=additive, order=order, unit=unit, about=about
        )
        created(Path(path), opened.model_dump(mode="json"))
        return cls.open(path)

    @classmethod
    def open(cls, path: str | Path) -> "Ledger":
        """The ledger in a file, every line of it checked.

        Raises:
            NotFoundError: there is none.
            DataError: a line is not as it was written, or it is no ledger.
            OutputError: it may not be read.
        """
        path = Path(path)
        with locked(path, writing=False) as file:
            for entry, place in read_on(file, path, Place()):
                ledger = cls(path, _opened(entry, path), place)
                ledger._catch_up(file)
                return ledger
        raise DataError(f"{path} holds no whole line, so nothing was spent by it. Remove it, and open a ledger again.")

    @property
    def opened(self) -> Opened:
        """The budget, and what it is for."""
        return self._book.opened

    @property
    def seal(self) -> str:
        """The seal of the last line: who keeps it sees whether lines were taken off the end."""
        return self._place.seal

    def runs(self) -> Mapping[str, Run]:
        """All runs by name, as the file says now."""
        return self._read().runs

    def spent(self) -> float:
        """The rho that counts as spent."""
        return self._read().rho

    def left(self, delta: float | None = None) -> float:
        """The largest epsilon that a run may still ask for, at this delta or the ledger's own."""
        return self._read().epsilon_left(self.opened.delta if delta is None else delta)

    def run(
        self,
        epsilon: float,
        delta: float,
        about: str | Mapping[str, Any],
        *,
        additive: float = 0.0,
        adaptive: bool = True,
    ) -> Account:
        """Reserve a budget for a run; what the account has not spent when it is closed is free again.

        Args:
            epsilon: what all answers of the run together may give away.
            delta: the probability that it is more.
            about: the method and its options, in words or as a Spec describes itself; no path, no secret, nothing of
                the data.
            additive: the part of delta for questions with a delta of their own.
            adaptive: whether costs may depend on earlier answers.

        Raises:
            BudgetError: it is more than is left.
            SpecError: a number is out of range.
            DataError, OutputError: the file was changed, or cannot be written.
        """
        wish, name = Filter.of(epsilon, delta, additive), token_hex(8)
        begun = Begun(
            run=name,
            time=_now(),
            about=_words(about)[:2_000],
            epsilon=epsilon,
            delta=delta,
            additive=additive,
            rho=wish.rho,
            process=Process.this(),
        )
        self._write(begun)
        reserved, record = Filter(wish.rho, self._book.filter.order, additive), _Pages(self, name)
        return Account(epsilon, delta, additive=additive, adaptive=adaptive, beyond=[reserved], record=record)

    def settle(self, name: str) -> Run:
        """Count a run that crashed as what it was charged, and free the rest of what it had reserved.

        Raises:
            NotFoundError: there is no such run.
            SpecError: it is over already, or its process is still at work.
        """
        run = self._read().run(name, open_=True)
        if (process := run.begun.process).alive:
            raise SpecError(f"The run {name} is at work, as process {process.number}. Wait for it, or stop it first.")
        self.close(name, "settled")
        return self._book.runs[name]

    def close(self, name: str, how: Literal["done", "settled"] = "done") -> None:
        """Note that a run asks nothing more."""
        self._write(Closed(run=name, time=_now(), how=how))

    def charge(self, name: str, cost: Cost, about: str) -> None:
        """Note a question of a run, before it is answered."""
        self._write(Charged(run=name, about=about[:2_000], cost=cost))

    def _write(self, line: Line) -> None:
        """Check a line against all that is in the file by now, and write it, while nobody else does."""
        with self._lock, locked(self.path, writing=True) as file:
            self._catch_up(file)
            self._book.take(line)
            try:
                self._place = append(file, self.path, self._place, line.model_dump(mode="json"))
            except OutputError:  # what is not written did not happen
                self._book, self._place = Book(self.opened, self.opened.filter), self._first
                self._catch_up(file)
                raise

    def _read(self) -> Book:
        with self._lock, locked(self.path, writing=False) as file:
            self._catch_up(file)
            return self._book

    def _catch_up(self, file: BinaryIO) -> None:
        """Read what others wrote since."""
        for entry, place in read_on(file, self.path, self._place):
            try:
                self._book.take(line_of(entry))
            except SynthesistError as error:
                raise DataError(f"{self.path}, line {place.number}: no run of ours wrote it: {error}") from None
            self._place = place


class _Pages:
    """The lines of one run."""

    def __init__(self, ledger: Ledger, name: str) -> None:
        self.name = name
        self._ledger = ledger

    def charge(self, cost: Cost, about: str) -> None:
        self._ledger.charge(self.name, cost, about)

    def close(self) -> None:
        self._ledger.close(self.name)


def _opened(entry: dict[str, object], path: Path) -> Book:
    """The state after the first line."""
    try:
        line = line_of(entry)
        if not isinstance(line, Opened):
            raise DataError("it begins with another line")
        return Book(line, line.filter)
    except SynthesistError as error:
        raise DataError(f"{path} is no ledger: {error}") from None


def _words(about: str | Mapping[str, Any]) -> str:
    """The kind of a Spec and its options, in one line."""
    if isinstance(about, str):
        return about
    return " ".join(str(value) if name == "kind" else f"{name}={value}" for name, value in about.items())


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
