"""One run of a private method, looked on; and the same run over again on a table with one unit more or less.

The second run is told what the first was told, so that all it does must be the same: whatever differs was learnt
beside the answers. Every question is also answered without noise on both tables, which shows what one unit changes.

Reference: the grey-box audit by replay of Re:cord-play, PoPETs 2026, arXiv:2602.17454.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from synthesist.audits.chances import Calls, as_it_is, constant, latest, marked, plain
from synthesist.audits.claims import reach_of
from synthesist.audits.overheard import overheard
from synthesist.audits.pairs import Pair
from synthesist.audits.seals import seal
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Constant
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.accounting import Account
from synthesist.dp.costs import Cost
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.private import Chance, PrivateData
from synthesist.dp.queries import Gradients, Noisy, Outer, Query
from synthesist.errors import BudgetError, SynthesistError

__all__ = ["Asked", "First", "Free", "Held", "Second", "Trial", "play", "replay"]

Held = Callable[..., PrivateData]
"""How rows are held: (data, domain, account, unit, chance)."""
PROBES = 7  # codes that gradients are compared on


class Free:
    """An account that pays for all."""

    def charge(self, cost: Cost, about: str) -> None:
        """Take no notice."""


class Broke:
    """An account with nothing in it."""

    def charge(self, cost: Cost, about: str) -> None:
        """Refuse."""
        raise BudgetError("nothing is left")


@dataclass(frozen=True)
class Trial:
    """A question answered by a fresh holder of rows under chance of the audit's."""

    answer: Any
    calls: Calls


@dataclass(frozen=True)
class Asked:
    """A question of the first run: what it was, what it cost, what it was told."""

    query: Query
    seal: str
    answer: Any
    costs: tuple[Cost, ...]
    words: tuple[str, ...]
    """What the ledger says of each cost."""
    calls: Calls
    laden: bool
    """Whether the answer had more on it than an answer has."""


@dataclass(frozen=True)
class Again:
    """The same question of the second run, and what it is made of."""

    costs: tuple[Cost, ...]
    words: tuple[str, ...]
    one: Trial
    other: Trial
    marks: tuple[Trial, Trial]
    """The answer on the first table with noise of which no two are alike: twice, from one holder."""
    near: Trial | None
    """The answer with so much noise that what one unit alone has just stays hidden; of lists of values only."""
    sigma: Any
    touched: str
    """How rows were touched although the account was empty; "" if they were not."""


@dataclass
class First:
    """The first run."""

    held: Held
    asked: list[Asked] = field(default_factory=list)
    account: Any = None
    learnt: str = ""
    error: str = ""
    said: list[str] = field(default_factory=list)
    """Beside the answers: warnings, logs, prints."""

    def hold(self, data: Dataset, domain: Domain, account: Account, unit: str | None) -> "First":
        """Take the rows in, as the holder that `PrivateMethod.learn` is lent."""
        self.account, self._calls = account, Calls()
        self._rows = self.held(data, domain, account, unit, latest(lambda: self._calls, as_it_is))
        return self

    def answer(self, query: Query) -> Any:
        """Answer, and take down how."""
        before, self._calls = len(self.account.entries), Calls()
        sealed, answer = sealed_query(query), self._rows.answer(query)
        costs, words = _charged(self.account, before)
        self.asked.append(Asked(query, sealed, bare := _bare(answer), costs, words, self._calls, _laden(answer)))
        return bare


@dataclass
class Second:
    """The same run on the neighbouring table, told what the first was told."""

    first: First
    pair: Pair
    rng: np.random.Generator
    again: list[Again] = field(default_factory=list)
    account: Any = None
    learnt: str = ""
    error: str = ""
    said: list[str] = field(default_factory=list)
    """Beside the answers: warnings, logs, prints."""
    strayed: str = ""

    def hold(self, data: Dataset, domain: Domain, account: Account, unit: str | None) -> "Second":
        """Take the rows in; of the first table's, holders of their own."""
        self.account = account
        self._places: list[Calls] = [Calls() for _ in range(4)]
        self._near, held, one = 0, self.first.held, self.pair.one
        self._other = held(data, domain, account, unit, latest(lambda: self._places[0], plain))
        self._one = held(one, domain, Free(), unit, latest(lambda: self._places[1], plain))
        self._marks = held(one, domain, Free(), unit, latest(lambda: self._places[2], partial(marked, rng=self.rng)))
        self._close = held(one, domain, Free(), unit, latest(lambda: self._places[3], self._hiding))
        self._bare = held(_without_columns(one, unit), domain, Broke(), unit)
        return self

    def answer(self, query: Query) -> Any:
        """Tell what the first was told, after answering the question in every other way."""
        number = len(self.again)
        if number >= len(self.first.asked):
            self.strayed = f"it asks for {query.about}, which the first run did not ask for"
            raise StrayedError
        asked = self.first.asked[number]
        if sealed_query(query) != asked.seal:
            self.strayed = (
                f"it asks for {query.about} otherwise than the first run, which asked for {asked.query.about}"
            )
            raise StrayedError
        before = len(self.account.entries)
        other = self._trial(0, self._other, query)
        costs, words = _charged(self.account, before)
        one = self._trial(1, self._one, asked.query)
        mark = self._trial(2, self._marks, asked.query)
        marks = mark, mark if isinstance(query, Gradients) else self._trial(2, self._marks, asked.query)
        sigma = other.answer.sigma if isinstance(other.answer, Noisy) else None
        self.again.append(
            Again(costs, words, one, other, marks, self._nearly(asked), sigma, self._touched(asked.query))
        )
        return _bare(asked.answer)

    def _hiding(self, calls: Calls) -> Chance:
        return constant(calls, self._near)

    def _trial(self, place: int, rows: PrivateData, query: Query) -> Trial:
        self._places[place] = Calls()
        return Trial(rows.answer(query), self._places[place])

    def _nearly(self, asked: Asked) -> Trial | None:
        """An answer with as much noise as a value of one unit alone may have and stay hidden."""
        hidden = [reach_of(cost) for cost in asked.costs if cost.additive]
        if not hidden:
            return None
        self._near = hidden[0]
        return self._trial(3, self._close, asked.query)

    def _touched(self, query: Query) -> str:
        """What happens where nothing can be paid and no column is there."""
        try:
            self._bare.answer(query)
        except BudgetError:
            return ""
        except Exception as error:  # noqa: BLE001  (whatever it is, it came before the refusal)
            return type(error).__name__
        return "an answer"


class StrayedError(Exception):
    """The second run does something else than the first."""


def play(method: PrivateMethod, data: Dataset, ctx: Context, held: Held = PrivateData) -> First:
    """The first run."""
    first = First(held)
    try:
        with overheard(first.said):
            first.learnt = seal(method.learn(data, ctx, first.hold))
    except SynthesistError as error:  # what noisy answers lead to is no secret
        first.error = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  (it is reported)
        first.error = f"!{type(error).__name__}: {error}"
    return first


def replay(method: PrivateMethod, pair: Pair, ctx: Context, first: First) -> Second:
    """The second run, on the other table of the pair."""
    second = Second(first, pair, ctx.rng("marks"))
    try:
        with overheard(second.said):
            second.learnt = seal(method.learn(pair.other, ctx, second.hold))
    except StrayedError:
        pass
    except SynthesistError as error:
        second.error = f"{type(error).__name__}: {error}"
    except Exception as error:  # noqa: BLE001  (it is reported)
        second.error = f"!{type(error).__name__}: {error}"
    return second


def sealed_query(query: Query) -> str:
    """A digest of a question; gradients are compared by what they are of made-up codes."""
    if not isinstance(query, Gradients):
        return seal(query)
    codes = np.array(
        [[i * 5 % max(query.codecs[column].size, 1) for column in query.columns] for i in range(PROBES)], np.int64
    )
    return seal([replace(query, of=_nothing), list(query.of(codes))])


def _nothing(codes: np.ndarray) -> Sequence[Outer]:
    """Gradients of a model without weights."""
    del codes
    return ()


def _charged(account: Account, before: int) -> tuple[tuple[Cost, ...], tuple[str, ...]]:
    """What was charged since there were so many entries, and what the ledger says of it."""
    entries = account.entries[before:]
    return tuple(cost for cost, _ in entries), tuple(about for _, about in entries)


def _bare(answer: Any) -> Any:
    """An answer with nothing on it but what an answer has."""
    if isinstance(answer, Noisy):
        return Noisy(np.array(answer.values), answer.sigma)
    if isinstance(answer, dict):
        return {str(value): int(rows) for value, rows in answer.items()}
    if isinstance(answer, np.ndarray):
        return np.array(answer)
    return None if answer is None else int(answer)


def _laden(answer: Any) -> bool:
    """Whether an answer is of another type than an answer, or carries something."""
    plain_types = (Noisy, dict, np.ndarray, int, type(None))
    return type(answer) not in plain_types or getattr(answer, "__dict__", {}).keys() - {"values", "sigma"} != set()


def _without_columns(data: Dataset, unit: str | None) -> Dataset:
    """The same rows of which nothing is there but whose they are."""
    kinds: dict[str, Any] = {"nothing": Constant()}
    table = data.table.select([] if unit is None else [unit])
    if unit is not None:
        kinds = {unit: data.kinds[unit], **kinds}
    schema = Schema(tables={data.name: TableSchema(columns=kinds)})
    return Dataset({data.name: table.with_columns(pl.lit(None, pl.String).alias("nothing"))}, schema)
