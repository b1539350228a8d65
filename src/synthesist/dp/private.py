"""The only holder of rows: it answers questions with noise, after their price is written down.

Neighbouring tables differ by one unit, with all its rows: `contributions` of them at most are used.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.dp import idealised
from synthesist.dp.accounting import Account
from synthesist.dp.costs import Cost
from synthesist.dp.domain import Domain
from synthesist.dp.noise import discrete_gaussian
from synthesist.dp.queries import (
    Asking,
    Codec,
    Counts,
    Farthest,
    Gradients,
    Noisy,
    Outer,
    Products,
    Query,
    Training,
    Values,
)
from synthesist.dp.rationals import at_least
from synthesist.dp.selection import exponential_mechanism
from synthesist.errors import BudgetError, SpecError

__all__ = ["EXACT", "Chance", "Holder", "PrivateData", "answered"]

T = TypeVar("T")
Ints = npt.NDArray[np.int64]

FINE = 64  # guesses are rounded to 64ths of a row, weights to 65536ths of the largest: scores are whole numbers
LEVELS = 65_536
LARGEST = 50_000_000  # cells kept of counts that may be asked again
CELLS = 10_000_000  # cells one question may have
LARGEST_SCORE = 2**20
HIGHEST = 2**32  # so that no distance overflows


class Holder(Protocol):
    """Whoever answers questions."""

    def answer(self, query: Query) -> Any: ...


@dataclass(frozen=True)
class Chance:
    """All the chance that privacy rests on: only an audit, which looks on, takes another than `EXACT`."""

    gaussian: Callable[[int, Any], Ints] = discrete_gaussian
    """(how many, variance) -> noise for whole numbers."""
    choice: Callable[[Ints, int, float], int] = exponential_mechanism
    """(scores, what one unit changes in them, epsilon) -> the number of one."""
    normal: Callable[[int], np.ndarray] = idealised.normal
    part: Callable[[int, float], npt.NDArray[np.bool_]] = idealised.chosen
    """(how many units, rate) -> who takes part in a step."""


EXACT = Chance()


def answered(asking: Asking[T], data: Holder) -> T:
    """What a method learns when its questions are answered."""
    answer: Any = None
    try:
        while True:
            answer = data.answer(asking.send(answer))
    except StopIteration as end:
        return end.value


class PrivateData:
    """Rows that nobody sees."""

    def __init__(
        self, data: Dataset, domain: Domain, account: Account, unit: str | None = None, chance: Chance = EXACT
    ) -> None:
        """Take the rows in; of a unit with too many, those with the smallest hashes are kept, of nobody none."""
        table = data.table.with_columns(pl.col(pl.Float32, pl.Float64).replace([float("nan")], [None]))
        if unit is not None:
            table = table.filter(pl.col(unit).is_not_null())
        owner = np.arange(table.height) if unit is None else _owners(table[unit])
        if unit is not None:
            kept = _bounded(table, owner, domain.contributions)
            table, owner = table.filter(pl.Series(kept)), owner[kept]
        self._table, self._owner = table, owner
        self._most = domain.contributions
        self._account, self._chance = account, chance
        self._codes: dict[tuple[str, int], tuple[Codec, Ints]] = {}
        self._counted: dict[tuple[object, ...], Ints] = {}
        self._in_order: tuple[tuple[object, ...], Ints, Ints] | None = None
        self._steps, self._rate, self._noise = 0, 0.0, 0.0

    def answer(self, query: Query) -> Any:
        """The answer to a question: its price is charged before a row is touched.

        Raises:
            BudgetError: it costs more than is left.
            SpecError: no price covers what is asked.
        """
        _refuse_unsound(query)
        match query:
            case Counts():
                variance = self._charged(query.rho, 1, query.about)
                true = self._counts(query.columns, query.codecs)
                noise = self._chance.gaussian(true.size, variance).reshape(true.shape)
                return Noisy(true + noise, float(variance) ** 0.5)
            case Farthest():
                epsilon = (8 * query.rho) ** 0.5
                self._account.charge(Cost.selection(epsilon), query.about)
                scores, sensitivity = self._distances(query)
                return self._chance.choice(scores, sensitivity * self._most, epsilon)
            case Values():
                return self._values(query)
            case Products():
                bound = sum(int(np.max(score.astype(object) ** 2)) for score in query.scores.values())
                variance = self._charged(query.rho, bound, query.about)
                true = self._products(query)
                noise = self._chance.gaussian(true.size, variance).reshape(true.shape)
                return Noisy(true + np.triu(noise) + np.triu(noise, 1).T, float(variance) ** 0.5)
            case Training():
                cost = Cost.sampled_gaussian(query.noise_multiplier, query.rate, query.steps)
                self._account.charge(cost, query.about)
                self._steps, self._rate, self._noise = query.steps, query.rate, query.noise_multiplier
                return None
            case Gradients():
                return self._gradients(query)

    def _charged(self, rho: float, sensitivity: int, about: str) -> Any:
        """The variance that this much rho buys where one row changes the answer by `sensitivity` at most; charged."""
        reach = sensitivity * self._most
        variance = at_least(Fraction(reach) ** 2 / (2 * Fraction(rho)))
        self._account.charge(Cost.gaussian(float(variance) ** 0.5, reach), about)
        return variance

    def _coded(self, column: str, codec: Codec) -> Ints:
        """codes[row] of a column; what no code stands for is missing, or -1 where no cell may be."""
        key = (column, id(codec))
        if key not in self._codes:
            codes = codec.encode(self._table[column]).astype(np.int64)
            if getattr(codec, "missing", False):
                codes[codes < 0] = codec.size - 1
            self._codes[key] = (codec, codes)
        return self._codes[key][1]

    def _counts(self, columns: Sequence[str], codecs: Mapping[str, Codec]) -> Ints:
        """counts[code of the first column, code of the second, ...]; a row without a code is in none."""
        key = (*columns, *(id(codecs[column]) for column in columns))
        if key in self._counted:
            return self._counted[key]
        shape = tuple(codecs[column].size for column in columns)
        if (cells := int(np.prod(shape, dtype=object))) > CELLS:
            raise ValueError(f"a question with {cells:,} cells")
        place, coded = np.zeros(self._table.height, np.int64), np.ones(self._table.height, np.bool_)
        for column in columns:
            codes = self._coded(column, codecs[column])
            place, coded = place * codecs[column].size + codes, coded & (codes >= 0)
        counts = np.bincount(place[coded], minlength=cells).reshape(shape)
        if sum(kept.size for kept in self._counted.values()) + cells <= LARGEST:
            self._counted[key] = counts
        return counts

    def _distances(self, query: Farthest) -> tuple[Ints, int]:
        """Whole numbers that say how far each guess is from the truth, and by how much one row changes them."""
        n = len(query.candidates)
        weights = np.ones(n) if query.weights is None else query.weights
        penalties = np.zeros(n) if query.penalties is None else query.penalties
        scaled = np.floor(weights / weights.max() * LEVELS).astype(np.int64)
        distances = [
            np.abs(self._counts(columns, query.codecs) * FINE - np.rint(guess * FINE).astype(np.int64)).sum()
            for columns, guess in zip(query.candidates, query.guesses, strict=True)
        ]
        behind = np.array(distances) - np.rint(penalties * FINE).astype(np.int64)
        return scaled.astype(object) * behind.astype(object), FINE * LEVELS  # of any size: what wraps around leaps

    def _values(self, query: Values) -> dict[str, int]:
        """Values with enough rows by noisy count, the most frequent first."""
        from scipy.special import ndtri

        variance = at_least(Fraction(self._most) ** 2 / (2 * Fraction(query.rho)))
        sigma = float(variance) ** 0.5
        self._account.charge(Cost.threshold(sigma, self._most, query.delta), query.about)
        counts = self._table[query.column].cast(pl.String).drop_nulls().value_counts(name="rows").sort(query.column)
        noisy = counts["rows"].to_numpy().astype(np.int64) + self._chance.gaussian(counts.height, variance)
        # a discrete Gaussian reaches m at most as often as a continuous one reaches m - 1
        threshold = ceil(self._most + 1 - sigma * float(ndtri(query.delta / self._most)))
        found = {value: int(rows) for value, rows in zip(counts[query.column], noisy, strict=True) if rows >= threshold}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def _products(self, query: Products) -> Ints:
        """sums[column, column] of score times score; a cell without a code scores nothing."""
        coded = [(score, self._coded(column, query.codecs[column])) for column, score in query.scores.items()]
        matrix = np.column_stack([np.where(codes < 0, 0, score[codes]) for score, codes in coded]).astype(np.int64)
        return matrix.T @ matrix

    def _gradients(self, query: Gradients) -> np.ndarray:
        """The sum over a random part of the units of their clipped gradients, with noise."""
        if not self._steps:
            raise BudgetError("More gradients were asked for than were paid for: this method has a fault.")
        self._steps -= 1
        drawn = self._chance.part(int(self._owner.max(initial=-1)) + 1, self._rate)
        codes, owner = self._ordered(query.columns, query.codecs)
        some, total = drawn[owner], np.zeros(query.parameters)
        if some.any():
            total += _clipped(query.of(codes[some]), owner[some], query.clip)
        return total + self._chance.normal(query.parameters) * (self._noise * query.clip)

    def _ordered(self, columns: Sequence[str], codecs: Mapping[str, Codec]) -> tuple[Ints, Ints]:
        """codes[row, column] and the unit of each row that has all codes, in an order of its own.

        Sums of floats tell the order of what is summed, so it is the same however rows came.
        """
        key = (*columns, *(id(codecs[column]) for column in columns))
        if self._in_order is None or self._in_order[0] != key:
            codes = np.column_stack([self._coded(column, codecs[column]) for column in columns])
            whole = (codes >= 0).all(axis=1)
            codes, owner = codes[whole], self._owner[whole]
            row = pl.DataFrame(codes).hash_rows(seed=0).to_numpy()
            unit = np.zeros(int(owner.max(initial=-1)) + 1, np.uint64)
            np.add.at(unit, owner, row)  # units that hold the same rows may change places, and nothing changes
            order = np.lexsort((unit[owner], row))
            self._in_order = (key, codes[order], owner[order])
        return self._in_order[1:]


def _refuse_unsound(query: Query) -> None:
    """Refuse what would change by more than its price says; public, so that the refusal tells nothing of the rows."""
    match query:
        case Farthest():
            shapes = [tuple(query.codecs[column].size for column in columns) for columns in query.candidates]
            if [np.shape(guess) for guess in query.guesses] != shapes:
                raise SpecError(f"{query.about}: a guess has another shape than the counts it is a guess of.")
            given = [*query.guesses, *(each for each in (query.weights, query.penalties) if each is not None)]
            if not all((np.abs(each) <= HIGHEST).all() for each in given):  # NaN is no less than anything
                raise SpecError(f"{query.about}: guesses, weights and penalties must be numbers within ±{HIGHEST:,}.")
            if query.weights is not None and not ((query.weights >= 0).all() and query.weights.any()):
                raise SpecError(f"{query.about}: no weight may be below 0, and one must be above.")
        case Products():
            if wrong := [c for c, score in query.scores.items() if len(score) != query.codecs[c].size]:
                raise SpecError(f"{query.about}: `{wrong[0]}` needs one score for each of its codes.")
            if any((np.abs(score) > LARGEST_SCORE).any() for score in query.scores.values()):
                raise SpecError(f"{query.about}: scores lie within ±{LARGEST_SCORE:,}, so that no sum overflows.")
        case Gradients() if not 0 < query.clip < np.inf:
            raise SpecError(f"{query.about}: gradients are clipped to a length above 0, not to {query.clip}.")


def _owners(column: pl.Series) -> Ints:
    """unit[row], numbered from 0 as they come."""
    _, first, which = np.unique(column.rank("dense").to_numpy(), return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[which].astype(np.int64)


def _bounded(table: pl.DataFrame, owner: Ints, most: int) -> npt.NDArray[np.bool_]:
    """Which rows are kept when every unit gives `most` at most: a choice within the unit, whatever others there are."""
    order = np.lexsort((table.hash_rows(seed=0).to_numpy(), owner))
    sorted_owner = owner[order]
    first = np.searchsorted(sorted_owner, sorted_owner)
    kept = np.empty(len(owner), bool)
    kept[order] = np.arange(len(owner)) - first < most
    return kept


def _clipped(gradients: Sequence[Outer], owner: Ints, clip: float) -> np.ndarray:
    """The sum of the gradients of units, each of the norm `clip` at most; a row that is not finite counts as nothing.

    The norm of a unit's gradient is no more than the sum of the norms of its rows, which is what is clipped.
    """
    square = np.zeros(len(owner))
    for part in gradients:
        errors, inputs = (np.einsum("rk,rk->r", x, x, dtype=np.float64) for x in (part.errors, part.inputs))
        square += errors * inputs
    finite = np.isfinite(square)
    norm = np.sqrt(np.where(finite, square, 0.0))
    scale = np.where(finite, clip / np.maximum(np.bincount(owner, norm)[owner], clip), 0.0)
    return np.concatenate([_summed(part, scale, finite).ravel() for part in gradients])


def _summed(part: Outer, scale: np.ndarray, finite: npt.NDArray[np.bool_]) -> np.ndarray:
    """sums[out, in] over rows, each as much as `scale` says."""
    errors, inputs = (x.astype(np.float64) for x in (part.errors, part.inputs))  # or rounding would lengthen the sum
    if not finite.all():
        errors, inputs = (np.where(finite[:, None], x, 0.0) for x in (errors, inputs))
    return (errors * scale[:, None]).T @ inputs
