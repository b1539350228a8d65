"""What private methods over pairs of columns share: what was measured so far, and the model that explains it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from math import prod

import numpy as np

from synthesist.codecs.number import NumberCodec
from synthesist.dp.coding import Coding, Grouped
from synthesist.dp.queries import Asking, Counts, Farthest, Noisy
from synthesist.dp.smoothing import smoothed
from synthesist.graphical.cleaning import Measurement
from synthesist.graphical.directed import directed
from synthesist.graphical.estimation import Estimate, estimated
from synthesist.graphical.families import Families
from synthesist.graphical.grouping import Grouping
from synthesist.graphical.junction import cells_with

__all__ = ["Survey", "sigma_of"]

LARGEST = 200_000  # cells of the tables of a junction tree, at most
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

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many groups each column has."""
        return tuple(grouping.size for grouping in self.groupings)

    def candidates(self, among: Iterable[tuple[int, int]] | None = None) -> list[tuple[int, int]]:
        """The pairs that can be measured without too large a model; of earlier ones, as models only grow."""
        sets, tree = [m.columns for m in self.measurements], self.estimate.beliefs.tree

        def fits(one: int, other: int) -> bool:
            held = tree.home((one, other)) >= 0 or tree.cells_tied(one, other) <= LARGEST
            return held or cells_with(self.sizes, sets, (one, other)) <= LARGEST

        return [pair for pair in among or combinations(range(len(self.groupings)), 2) if fits(*pair)]

    @cached_property
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

    def most_wrong(
        self, candidates: Sequence[tuple[int, int]], rho: float, sigma: float, weights: np.ndarray | None = None
    ) -> Asking[tuple[int, int]]:
        """Ask which pair the model gets most wrong, beyond the noise of `sigma` that counting it would bring."""
        answer = yield Farthest(
            [self.named(pair) for pair in candidates],
            [self.expected[pair] for pair in candidates],
            self.codecs,
            rho,
            weights=weights,
            penalties=np.array([self.noise(pair, sigma) for pair in candidates]),
            about="what the model gets most wrong",
        )
        return candidates[answer]

    def measured(self, columns: tuple[int, ...], rho: float) -> Asking[Measurement]:
        """Ask for the counts of some columns."""
        named = self.named(columns)
        answer = yield Counts(named, self.codecs, rho, f"counts of {' x '.join(named)}")
        ordered = [self.groupings[column].ordered for column in columns]
        return Measurement.of(columns, answer.values, answer.sigma, self.estimate.beliefs.marginal(columns), ordered)

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


def _denoised(codec: object, noisy: Noisy) -> tuple[np.ndarray, np.ndarray]:
    """The counts of a column's codes and their noise: of a number's codes, neighbours help each other."""
    values, sigma = noisy.values.astype(np.float64), np.broadcast_to(noisy.sigma, noisy.values.shape)
    if isinstance(codec, NumberCodec):
        widths, line = codec.knots[:, -1] - codec.knots[:, 0] + codec.grid, slice(codec.ordered)
        values[line] = smoothed(values[line], sigma[line], widths)
    return values, sigma


def sigma_of(rho: float) -> float:
    """The standard deviation of the noise that this much zCDP buys."""
    return float((2 * rho) ** -0.5)
