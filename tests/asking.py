"""A private method that asks every kind of question, and ones that are built wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category
from synthesist.dp.accounting import Account
from synthesist.dp.domain import Domain
from synthesist.dp.method import Learnt, PrivateMethod
from synthesist.dp.queries import Asking, Counts, Farthest, Gradients, Outer, Products, Training, Values

CODES = 4
CLIP = 2.0
MULTIPLIER = 4.0
RATE = 0.5


@dataclass(frozen=True)
class Codes:
    """Public codes of any column: by the first letter, or the size, of a cell."""

    missing: bool = True
    size: int = CODES

    def encode(self, column: pl.Series) -> np.ndarray:
        if column.dtype.is_numeric():
            numbers = column.cast(pl.Float64).to_numpy()
            return np.where(np.isfinite(numbers), np.digitize(np.nan_to_num(numbers), [30.0, 1_000.0]), -1)
        return pl.Series(column.cast(pl.String)).str.len_chars().clip(0, 2).fill_null(-1).cast(pl.Int64).to_numpy()


@dataclass(frozen=True)
class Memory:
    """What was learnt: the answers."""

    answers: tuple[Any, ...]


@dataclass(frozen=True)
class Slope:
    """Gradients of codes: long for some, not finite for one."""

    at: np.ndarray

    def __call__(self, codes: np.ndarray) -> list[Outer]:
        with np.errstate(over="ignore", invalid="ignore"):
            out = np.eye(CODES)[codes[:, 0]] * 10.0 ** (3 * codes[:, :1]) + self.at
            errors = np.where((codes[:, :1] == CODES - 1) & (codes[:, -1:] == 0), np.nan, out)
        return [Outer(errors, np.ones((len(codes), 1)))]


class Asker(PrivateMethod):
    """Asks every kind of question once, and counts once again."""

    adaptive = False

    def codec(self) -> Any:
        return Codes()

    def ask(self, domain: Domain, ctx: Context) -> Asking[Memory]:
        """Ask."""
        rho, delta = self.budget(domain)
        columns = tuple(domain.kinds)
        codecs = {column: self.codec() for column in columns}
        first, each = columns[0], rho / 16
        answers = [(yield from self.counted(columns, codecs, each))]
        answers.append((yield Farthest(((first,), columns[:2]), self.guesses(columns), codecs, each)))
        answers.append((yield Counts((first,), codecs, each)))
        answers.append((yield Products({c: np.arange(-1, CODES - 1) for c in columns}, codecs, each)))
        for column in columns:
            kind = domain.kinds[column]
            if isinstance(kind, Category) and kind.values is None:
                answers.append((yield Values(column, each, delta / len(domain.undeclared))))
        if rho > 1:
            answers.extend((yield from self.descended(columns, codecs)))
        return Memory(tuple(answers))  # type: ignore[return-value]

    def counted(self, columns: tuple[str, ...], codecs: Any, rho: float) -> Asking[Any]:
        return (yield Counts(columns[:1], codecs, rho))

    def guesses(self, columns: tuple[str, ...]) -> list[np.ndarray]:
        return [np.full((CODES,) * len(chosen), 1.5) for chosen in ((columns[0],), columns[:2])]

    def descended(self, columns: tuple[str, ...], codecs: Any, steps: int = 2) -> Asking[list[np.ndarray]]:
        yield Training(2, RATE, MULTIPLIER)
        at, found = np.zeros(CODES), []
        for _ in range(steps):
            found.append((yield Gradients(Slope(at), columns, codecs, CLIP, CODES)))
            at = np.clip(found[-1], -1, 1)
        return found


# ------------------------------------------------------------------- methods that are wrong


@dataclass(frozen=True)
class AboveMean(Codes):
    """Bounds from the rows."""

    def encode(self, column: pl.Series) -> np.ndarray:
        codes = super().encode(column)
        return (codes >= (codes.mean() if len(codes) else 0)).astype(np.int64)


@dataclass(frozen=True)
class Ranked(Codes):
    """Categories from the rows."""

    def encode(self, column: pl.Series) -> np.ndarray:
        values = column.cast(pl.String).unique().sort()
        return np.minimum(values.search_sorted(column.cast(pl.String)).to_numpy(), CODES - 1).astype(np.int64)


class Remembering(Codes):
    """Codes that remember what they have seen."""

    seen: list[Any]

    def encode(self, column: pl.Series) -> np.ndarray:
        self.seen.append((len(column), column.null_count() > 0))
        return super().encode(column)


def _remembering() -> Remembering:
    codec = Remembering()
    object.__setattr__(codec, "seen", [])
    return codec


class BoundsFromRows(Asker):
    def codec(self) -> Any:
        return AboveMean()


class CategoriesFromRows(Asker):
    def codec(self) -> Any:
        return Ranked()


class CountsRows(Asker):
    """Learns how many rows there are."""

    def counted(self, columns: tuple[str, ...], codecs: Any, rho: float) -> Asking[Any]:
        codec = _remembering()
        yield Counts(columns[:1], {columns[0]: codec}, rho)
        return codec.seen[-1][0]


class MissingFromRows(Asker):
    """Asks otherwise where a cell is empty."""

    def counted(self, columns: tuple[str, ...], codecs: Any, rho: float) -> Asking[Any]:
        codec = _remembering()
        yield Counts(columns[:1], {columns[0]: codec}, rho)
        return (yield Counts(columns[: 1 + codec.seen[-1][1]], codecs, rho))


class OneRoundMore(Asker):
    """Spends its whole budget, and asks once again."""

    adaptive = True

    def counted(self, columns: tuple[str, ...], codecs: Any, rho: float) -> Asking[Any]:
        return (yield Counts(columns[:1], codecs, rho * 15.5))


class OneStepMore(Asker):
    def descended(self, columns: tuple[str, ...], codecs: Any, steps: int = 2) -> Asking[list[np.ndarray]]:
        return (yield from super().descended(columns, codecs, 3))


class BesideTheLedger(Asker):
    """Has an account of its own."""

    @contextmanager
    def _account(self, domain: Domain, ctx: Context) -> "Iterator[Account]":
        with super()._account(domain, replace(ctx, ledger=None)) as account:
            yield account


class DomainFromRows(Asker):
    """Takes what is public from the rows."""

    def learn(self, data: Dataset, ctx: Context, holder: Any = None) -> Learnt:
        values = data.table[data.table.columns[-1]].drop_nulls().cast(pl.String).unique().sort().to_list() or ["?"]
        columns = {**data.kinds.columns, data.table.columns[-1]: Category(values=values)}
        schema = data.schema.model_copy(
            update={"tables": {data.name: data.kinds.model_copy(update={"columns": columns})}}
        )
        return super().learn(Dataset(data.tables, schema), ctx, holder)


class NotByUnit(Asker):
    """Normalises gradients by all rows of the part."""

    def descended(self, columns: tuple[str, ...], codecs: Any, steps: int = 2) -> Asking[list[np.ndarray]]:
        yield Training(2, RATE, MULTIPLIER)
        return [(yield Gradients(_normalised, columns, codecs, CLIP, CODES))]


def _normalised(codes: np.ndarray) -> np.ndarray:
    return np.repeat(codes[:, :1] == codes[:, :1].max(), CODES, axis=1) * CLIP
