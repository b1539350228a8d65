"""Codes of a table that reveal nothing: declared ones, and values, ranges and bins bought with budget.

Categories with declared values have a code for each; those too seldom to be told from noise share one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl

from synthesist.codecs.category import CategoryCodec
from synthesist.codecs.number import SEGMENTS, NumberCodec, grid_of, unticks
from synthesist.codecs.table import TableCodec
from synthesist.data.kinds import Boolean, Bounds, Categories, Category, Integer, Kind, Number, Scalar
from synthesist.dp.bins import binned
from synthesist.dp.domain import Domain
from synthesist.dp.line import NUMERIC, Line, tick
from synthesist.dp.queries import Asking, Codec, Counts, Noisy, Values
from synthesist.dp.shrinking import UNEVEN, shrunk
from synthesist.errors import UnsuitableError

__all__ = ["Coding", "Grouped", "coded"]

TELLING = 3.0  # standard deviations of noise that a value has to stand out by
EXPONENTS = 64  # ranges that were not declared are found among the powers of two up to this
RANGE = 0.2
CERTAIN = 4.5  # standard deviations: of some hundred empty stretches none stands out by so much
LAST_TICK = 2.0**60


@dataclass(frozen=True)
class Coding:
    """The codes of a table, what is known of how many rows have each, and the budget that is left."""

    codec: TableCodec
    counts: Mapping[str, Noisy]
    """By column: noisy counts of its codes, with the standard deviation of each."""
    rho: float


class Weighted(Codec, Protocol):
    """Codes that know how many rows have each, about."""

    @property
    def mass(self) -> np.ndarray: ...


@dataclass(frozen=True)
class Grouped:
    """Codes of a column put together: group[code], so that a question has fewer cells."""

    codec: Weighted
    group: np.ndarray

    @classmethod
    def even(cls, codec: Weighted, groups: int) -> "Grouped":
        """Neighbouring codes in groups of about equal weight."""
        before = np.cumsum(codec.mass) - codec.mass / 2
        return cls(codec, np.unique(np.floor(before / codec.mass.sum() * groups), return_inverse=True)[1])

    @property
    def size(self) -> int:
        """How many groups there are."""
        return int(self.group.max()) + 1

    def encode(self, column: pl.Series) -> np.ndarray:
        """Groups of a column; -1 where no code stands for a cell."""
        codes = self.codec.encode(column)
        unknown = self.group[-1] if getattr(self.codec, "missing", False) else -1
        return np.where(codes < 0, unknown, self.group[codes])


def coded(domain: Domain, rho: float, delta: float, *, share: float, bins: int) -> Asking[Coding]:
    """Find codes for every column that can be learnt, and how many rows have each.

    Args:
        rho, delta: what there is to spend; `share` of rho is spent here, and delta where a category has no declared
            values.
        bins: codes a number may have, about; categories have more where rows are many.
    """
    prices = _prices(domain, rho * share, bins)
    codecs: dict[str, CategoryCodec | NumberCodec] = {}
    counts: dict[str, Noisy] = {}
    for column, kind in domain.kinds.items():
        left = prices[column]
        if column in domain.undeclared:
            found = yield Values(column, left / 2, delta / len(domain.undeclared), f"values of {column}")
            kind = kind.model_copy(update={"values": Categories(items=tuple(found), origin="dp")})
            left /= 2
        if isinstance(kind, NUMERIC) and None in (kind.bounds.low, kind.bounds.high):
            kind = yield from _ranged(column, kind, left * RANGE)
            left -= left * RANGE
        codecs[column], counts[column] = yield from _known(column, kind, left, bins)
    return Coding(TableCodec(domain.schema, {**codecs}, (), {}), counts, rho - sum(prices.values()))


def _prices(domain: Domain, rho: float, bins: int) -> dict[str, float]:
    """What each column may cost, so that the errors of all together are smallest.

    The error of a column of k codes with noise sigma is about k sigma; the sum is smallest where each gets a share
    proportional to k^(2/3).
    """
    weights = {column: _codes(kind, bins) ** (2 / 3) for column, kind in domain.kinds.items()}
    return {column: rho * weight / sum(weights.values()) for column, weight in weights.items()}


def _codes(kind: Kind, bins: int) -> int:
    """About how many codes a column will have, as far as that is public; of very many, few will be told from noise."""
    if isinstance(kind, Boolean):
        return 2
    if isinstance(kind, Category) and kind.values is not None:
        return min(max(len(kind.values.items), 2), bins)
    if isinstance(kind, NUMERIC) and None not in (kind.bounds.low, kind.bounds.high):
        return min(max(Line.of(kind).cells, 2), bins)
    return bins


def _known(column: str, kind: Kind, rho: float, bins: int) -> Asking[tuple[CategoryCodec | NumberCodec, Noisy]]:
    """The codes of one column and their counts."""
    if isinstance(kind, Boolean | Category):
        return (yield from _category(column, kind, rho, bins))
    if isinstance(kind, NUMERIC):
        return (yield from binned(column, kind, rho, bins))
    raise UnsuitableError(f"`{column}` is {kind.kind}: what it may hold cannot be public.")


def _category(column: str, kind: Boolean | Category, rho: float, bins: int) -> Asking[tuple[CategoryCodec, Noisy]]:
    """One code a value; seldom values share one, each with its share of it."""
    texts = ["false", "true"] if isinstance(kind, Boolean) else [str(v) for v in kind.values.items]  # type: ignore[union-attr]
    texts = texts or ["?"]  # no value was found: rows are many and values all seldom
    plain = CategoryCodec(kind, tuple(texts), np.arange(len(texts), dtype=float), _ones(len(texts), kind), kind.missing)
    answer = yield Counts((column,), {column: plain}, rho, f"values of {column}")
    counts, size = _likely(answer), len(texts)
    seldom = answer.values[:size] < TELLING * answer.sigma
    frequent = size - int(seldom.sum())
    if size - frequent < 2 or size <= min(bins, 8):
        return replace(plain, mass=counts.values), counts
    order = np.argsort(seldom, kind="stable")
    weight = counts.values[order[frequent:]]
    inside = (np.cumsum(weight) - weight) / weight.sum()
    starts = np.concatenate([np.arange(frequent, dtype=float), frequent + np.minimum(inside, 1 - 1e-9)])
    first = [*range(frequent + 1), *range(size, len(counts.values))]  # of each code, the seldom ones being one
    order = np.append(order, np.arange(size, len(counts.values)))
    mass, variance = (np.add.reduceat(x[order], first) for x in (counts.values, counts.sigma**2))
    codec = CategoryCodec(kind, tuple(texts[i] for i in order[:size]), starts, mass, kind.missing)
    return codec, Noisy(mass, variance**0.5)


def _likely(answer: Noisy) -> Noisy:
    """The likely rows of each code, as many in all as were counted, and the noise that is left in them."""
    size, rows = len(answer.values), max(float(answer.values.sum()), 1.0)
    likely, variance = shrunk(
        answer.values.astype(np.float64), np.full(size, answer.sigma**2), np.full(size, rows / size), UNEVEN
    )
    return Noisy(likely * rows / likely.sum(), variance**0.5)


def _ones(size: int, kind: Kind) -> np.ndarray:
    return np.ones(size + kind.missing)


def _ranged(column: str, kind: NUMERIC, rho: float) -> Asking[NUMERIC]:
    """The kind with the ends that were not declared: powers of two beyond which hardly any row lies."""
    powers = 2.0 ** np.arange(-EXPONENTS // 2, EXPONENTS - 1)
    cuts = np.concatenate([-powers[::-1], [0.0], powers])
    codec = NumberCodec(
        kind, grid_of(kind), cuts, np.zeros((len(cuts) + 1, SEGMENTS + 1)), np.ones(len(cuts) + 1 + kind.missing),
        kind.missing,
    )  # fmt: skip
    answer = yield Counts((column,), {column: codec}, rho, f"range of {column}")
    found = np.flatnonzero(answer.values[: len(cuts) + 1] > CERTAIN * answer.sigma)
    if not len(found):
        raise UnsuitableError(
            f"The range of `{column}` cannot be seen at this price: declare its `bounds` in the schema, or spend more."
        )
    if found[0] == 0 or found[-1] == len(cuts):
        raise UnsuitableError(f"`{column}` reaches beyond {cuts[-1]:.3g}: declare its `bounds` in the schema.")
    declared = kind.bounds
    low, high = (_end(kind, edge) for edge in (cuts[found[0] - 1], cuts[found[-1]]))
    low, high = (low if declared.low is None else declared.low), (high if declared.high is None else declared.high)
    if tick(kind, low) > tick(kind, high):  # rows lie where none may: what was declared decides
        low, high = (high, high) if declared.low is None else (low, low)
    return kind.model_copy(update={"bounds": Bounds(low=low, high=high, origin="dp")})


def _end(kind: NUMERIC, at: float) -> Scalar:
    """An end of a column as a schema writes it."""
    if isinstance(kind, Number):
        return at
    value = unticks(np.array([np.clip(at, -LAST_TICK, LAST_TICK)]), kind)[0]
    return value if isinstance(kind, Integer) else value.isoformat()
