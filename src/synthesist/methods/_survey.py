"""What private methods over pairs of columns share: what was measured so far, and the model that explains it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np

from synthesist.codecs.number import NumberCodec
from synthesist.dp.coding import Coding, Grouped
from synthesist.dp.queries import Asking, Counts, Noisy
from synthesist.graphical.cleaning import Measurement
from synthesist.graphical.directed import directed
from synthesist.graphical.estimation import Estimate, estimated
from synthesist.graphical.families import Families
from synthesist.graphical.grouping import Grouping, levelled
from synthesist.graphical.junction import cells_with

__all__ = ["Survey", "recounted", "sigma_of"]

NARROWEST = 1e-6  # a code's part of the line, relative to the widest
MEAN_ABSOLUTE = (2 / np.pi) ** 0.5  # of a normal number


@dataclass(frozen=True)
class Survey:
    """Columns whose codes stand in groups, what was measured of them, and the model that explains it."""

    coding: Coding
    groupings: tuple[Grouping, ...]
    codecs: Mapping[str, Grouped]
    """The codes that are asked for; the same objects all along, as the holder of rows keeps what it counted by them."""
    measurements: tuple[Measurement, ...]
    estimate: Estimate

    @classmethod
    def of(cls, coding: Coding, most: int) -> "Survey":
        """The columns one by one, as their codes were counted; `most` groups each, about."""
        codecs, counts = coding.codec.modelled, coding.counts
        groupings, measurements = [], []
        for j, (column, codec) in enumerate(codecs.items()):
            values, sigma = _denoised(codec, counts[column])
            grouping = Grouping.of(values, sigma, codec.ordered, most)
            groupings.append(grouping)
            measurements.append(Measurement.of((j,), grouping.grouped(values), grouping.grouped(sigma**2) ** 0.5))
        sizes = [grouping.size for grouping in groupings]
        grouped = {
            name: Grouped(codec, grouping.group)
            for (name, codec), grouping in zip(codecs.items(), groupings, strict=True)
        }
        return cls(coding, tuple(groupings), grouped, tuple(measurements), estimated(sizes, measurements))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many groups each column has."""
        return tuple(grouping.size for grouping in self.groupings)

    def candidates(self, cells: int) -> list[tuple[int, int]]:
        """The pairs that can be measured without a model of more cells than these."""
        sets = [m.columns for m in self.measurements]
        pairs = combinations(range(len(self.groupings)), 2)
        held = [set(clique) for clique in self.estimate.beliefs.tree.cliques]
        return [
            p for p in pairs if any(set(p) <= clique for clique in held) or cells_with(self.sizes, sets, p) <= cells
        ]

    def expected(self) -> dict[tuple[int, int], np.ndarray]:
        """How many rows the model expects to have each two codes, for every pair of columns."""
        return {pair: self.estimate.total * share for pair, share in self.estimate.beliefs.pairs().items()}

    def expected_of(self, columns: Sequence[int]) -> np.ndarray:
        """How many rows the model expects to have each combination of codes."""
        return self.estimate.total * self.estimate.beliefs.marginal(columns)

    @cached_property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.coding.codec.modelled)

    def named(self, columns: Sequence[int]) -> tuple[str, ...]:
        """The names of columns."""
        return tuple(self.names[column] for column in columns)

    def measured(self, columns: tuple[int, ...], rho: float) -> Asking[Measurement]:
        """Ask for the counts of some columns."""
        named = self.named(columns)
        answer = yield Counts(named, self.codecs, rho, f"counts of {' x '.join(named)}")
        return Measurement.of(columns, answer.values, answer.sigma, self.estimate.beliefs.marginal(columns))

    def noise(self, columns: Sequence[int], sigma: float) -> float:
        """How far noise takes the counts of these columns from the truth: in rows, summed over all cells."""
        return MEAN_ABSOLUTE * sigma * prod(self.sizes[column] for column in columns)

    def having(self, *more: Measurement) -> "Survey":
        """The survey with further measurements, its model estimated anew from where it was."""
        measurements = (*self.measurements, *more)
        estimate = estimated(self.sizes, measurements, self.estimate)
        return replace(self, measurements=measurements, estimate=estimate)

    def families(self) -> Families:
        """What rows are drawn from."""
        return Families(self.coding.codec, directed(self.estimate.beliefs, self.groupings))


def recounted(coding: Coding, rho: float) -> Asking[Coding]:
    """The columns counted once more, at prices that make the error of all columns together smallest.

    The error of a column of k codes with noise sigma is about k sigma; the sum is smallest where each gets of rho a
    share proportional to k^(2/3).
    """
    codecs, counts = coding.codec.modelled, dict(coding.counts)
    weights = {column: codec.size ** (2 / 3) for column, codec in codecs.items()}
    for column, codec in codecs.items():
        answer = yield Counts(
            (column,), {column: codec}, rho * weights[column] / sum(weights.values()), f"counts of {column}"
        )
        before, precision = counts[column], answer.sigma**-2
        known = np.asarray(before.sigma, np.float64) ** -2
        mean = (before.values * known + answer.values * precision) / (known + precision)
        counts[column] = Noisy(mean, (known + precision) ** -0.5)
    return Coding(coding.codec, counts, coding.rho - rho)


def _denoised(codec: object, noisy: Noisy) -> tuple[np.ndarray, np.ndarray]:
    """The counts of a column's codes and their noise: of a number's codes, neighbours help each other."""
    values, sigma = noisy.values.astype(np.float64), np.broadcast_to(noisy.sigma, noisy.values.shape)
    if isinstance(codec, NumberCodec) and codec.ordered > 2:
        widths = codec.knots[:, -1] - codec.knots[:, 0] + codec.grid
        if not 0 < widths.max() < np.inf:
            return values, sigma
        widths = np.clip(widths / widths.max(), NARROWEST, 1.0)
        values[: codec.ordered] = levelled(values[: codec.ordered], sigma[: codec.ordered], widths)
    return values, sigma


def sigma_of(rho: float) -> float:
    """The standard deviation of the noise that this much zCDP buys."""
    return float((2 * rho) ** -0.5)
