"""What private methods over pairs of columns share: what was measured so far, the model of it, and what it holds possible."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from synthesist.dp.coding import Coding, Grouped
from synthesist.dp.queries import Asking, Counts
from synthesist.graphical.directed import directed
from synthesist.graphical.cleaning import Measurement
from synthesist.graphical.estimation import Estimate, estimated
from synthesist.graphical.families import Families
from synthesist.graphical.grouping import Grouping

__all__ = ["Survey", "sigma_of"]

MEAN_ABSOLUTE = (2 / np.pi) ** 0.5  # of a normal number


@dataclass(frozen=True)
class Survey:
    """Columns whose codes stand in groups, what was measured of them, and the model that explains it."""

    coding: Coding
    groupings: tuple[Grouping, ...]
    measurements: tuple[Measurement, ...]
    estimate: Estimate

    @classmethod
    def of(cls, coding: Coding, most: int) -> "Survey":
        """The columns one by one, as their codes were counted; `most` groups each, about."""
        codecs, counts = coding.codec.modelled, coding.counts
        groupings, measurements = [], []
        for j, (column, codec) in enumerate(codecs.items()):
            noisy = counts[column]
            grouping = Grouping.of(noisy.values, np.asarray(noisy.sigma), codec.ordered, most)
            sigma = np.sqrt(grouping.grouped(np.asarray(noisy.sigma) ** 2))
            groupings.append(grouping)
            measurements.append(Measurement.of((j,), grouping.grouped(noisy.values), sigma))
        sizes = [grouping.size for grouping in groupings]
        return cls(coding, tuple(groupings), tuple(measurements), estimated(sizes, measurements))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many groups each column has."""
        return tuple(grouping.size for grouping in self.groupings)

    @property
    def sets(self) -> list[tuple[int, ...]]:
        """Which sets of columns were measured."""
        return [m.columns for m in self.measurements]

    @cached_property
    def names(self) -> list[str]:
        """The columns."""
        return list(self.coding.codec.modelled)

    @cached_property
    def codecs(self) -> Mapping[str, Grouped]:
        """The codes that are asked for."""
        return {name: Grouped(self.coding.codec.modelled[name], g.group) for name, g in zip(self.names, self.groupings, strict=True)}

    def named(self, columns: Sequence[int]) -> tuple[str, ...]:
        """The names of columns."""
        return tuple(self.names[column] for column in columns)

    def measured(self, columns: tuple[int, ...], rho: float) -> Asking[Measurement]:
        """Ask for the counts of some columns."""
        named = self.named(columns)
        answer = yield Counts(named, self.codecs, rho, " x ".join(named))
        return Measurement.of(columns, answer.values, answer.sigma, self.estimate.beliefs.marginal(columns))

    def noise(self, columns: Sequence[int], sigma: float) -> float:
        """How far noise takes the counts of these columns from the truth: in rows, summed over all cells."""
        return MEAN_ABSOLUTE * sigma * prod(self.sizes[column] for column in columns)

    def having(self, *more: Measurement) -> "Survey":
        """The survey with further measurements, its model estimated anew from where it was."""
        measurements = (*self.measurements, *more)
        estimate = estimated(self.sizes, measurements, self.estimate)
        return Survey(self.coding, self.groupings, measurements, estimate)

    def families(self) -> Families:
        """What rows are drawn from."""
        return Families(self.coding.codec, directed(self.estimate.beliefs, self.groupings))


def sigma_of(rho: float) -> float:
    """The standard deviation of the noise that this much zCDP buys."""
    return float((2 * rho) ** -0.5)
