"""Holders of rows that are built wrong, each in one way that private software has been wrong."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from synthesist.dp import private
from synthesist.dp.costs import Cost
from synthesist.dp.private import EXACT, Chance, PrivateData
from synthesist.dp.queries import Codec, Counts, Farthest, Gradients, Noisy, Query, Values


class _OtherChance(PrivateData):
    """Chance that is changed on its way."""

    def __init__(self, data: Any, domain: Any, account: Any, unit: Any = None, chance: Chance = EXACT) -> None:
        super().__init__(data, domain, account, unit, self.other(chance))

    def other(self, chance: Chance) -> Chance:
        raise NotImplementedError


class UnscaledSensitivity(PrivateData):
    """Contributions are forgotten when noise is scaled."""

    def _charged(self, rho: float, sensitivity: int, about: str) -> Any:
        most, self._most = self._most, 1
        try:
            return super()._charged(rho, sensitivity, about)
        finally:
            self._most = most


class HalfTheNoise(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, gaussian=lambda n, variance: chance.gaussian(n, variance) // 2)


class QuarterOfTheVariance(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, gaussian=lambda n, variance: chance.gaussian(n, Fraction(variance) / 4))


class ReusedNoise(_OtherChance):
    """The noise of the first question serves for all of its size."""

    def other(self, chance: Chance) -> Chance:
        kept: dict[int, np.ndarray] = {}

        def gaussian(n: int, variance: Any) -> np.ndarray:
            return kept.setdefault(n, chance.gaussian(n, variance))

        return replace(chance, gaussian=gaussian)


class SeededNoise(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        def gaussian(n: int, variance: Any) -> np.ndarray:
            return np.rint(np.random.default_rng(0).normal(0, float(variance) ** 0.5, n)).astype(np.int64)

        return replace(chance, gaussian=gaussian)


class NoNoiseAtTheCorner(_OtherChance):
    """A variance that is out of some range counts as none."""

    def other(self, chance: Chance) -> Chance:
        def gaussian(n: int, variance: Any) -> np.ndarray:
            return np.zeros(n, np.int64) if variance > 50_000 else chance.gaussian(n, variance)

        return replace(chance, gaussian=gaussian)


class NegativeScale(PrivateData):
    """What a penalty leaves of the scale is below zero, and cut there."""

    def _charged(self, rho: float, sensitivity: int, about: str) -> Any:
        return max(super()._charged(rho, sensitivity, about) - 10**7, Fraction(1, 10**6))


class RoundedAway(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, gaussian=lambda n, variance: (chance.gaussian(n, variance) // 10) * 10)


class OneNoiseForTwo(_OtherChance):
    """Two numbers share their noise."""

    def other(self, chance: Chance) -> Chance:
        return replace(chance, gaussian=lambda n, variance: np.repeat(chance.gaussian(n, variance), 2)[:n])


class FloatNoise(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, gaussian=lambda n, variance: chance.gaussian(n, variance) * 1.0)


class NoisierMirror(PrivateData):
    """Products have noise twice, so that their mean has less."""

    def answer(self, query: Query) -> Any:
        answer = super().answer(query)
        if isinstance(answer, Noisy) and answer.values.ndim == 2 and not isinstance(query, Counts):
            low = np.tril(np.ones(answer.values.shape, np.int64), -1)
            return Noisy(answer.values + low * EXACT.gaussian(low.size, 9).reshape(low.shape), answer.sigma)
        return answer


class UncountedSelection(PrivateData):
    def answer(self, query: Query) -> Any:
        if not isinstance(query, Farthest):
            return super().answer(query)
        scores, sensitivity = self._distances(query)
        return self._chance.choice(scores, sensitivity * self._most, (8 * query.rho) ** 0.5)


class NoisyMaximum(PrivateData):
    """The best of all, without noise."""

    def answer(self, query: Query) -> Any:
        if not isinstance(query, Farthest):
            return super().answer(query)
        self._account.charge(Cost.selection((8 * query.rho) ** 0.5), query.about)
        return int(self._distances(query)[0].argmax())


class SquaredScores(PrivateData):
    """A score that no sensitivity bounds."""

    def _distances(self, query: Farthest) -> Any:
        scores, sensitivity = super()._distances(query)
        return (scores // sensitivity) ** 2 * sensitivity, sensitivity


class ChargedAfterwards(PrivateData):
    def _counts(self, columns: Any, codecs: Any) -> Any:
        return super()._counts(columns, codecs)

    def answer(self, query: Query) -> Any:
        if isinstance(query, Counts):
            self._counts(query.columns, query.codecs)
        return super().answer(query)


class FirstRoundFree(PrivateData):
    """Off by one: the first count costs nothing."""

    free = True

    def answer(self, query: Query) -> Any:
        account = self._account
        if self.free and isinstance(query, Counts):
            self._account, self.free = _Nobody(), False
        try:
            return super().answer(query)
        finally:
            self._account = account


class _Nobody:
    def charge(self, cost: Cost, about: str) -> None:
        return


class Peeking(PrivateData):
    """The truth travels with the noisy answer."""

    def answer(self, query: Query) -> Any:
        answer = super().answer(query)
        if isinstance(query, Counts):
            object.__setattr__(answer, "truth", self._counts(query.columns, query.codecs))
        return answer


class CachedTruth(PrivateData):
    """Counts that were asked for before come from the cache, without noise."""

    def answer(self, query: Query) -> Any:
        if (
            isinstance(query, Counts)
            and (*query.columns, *(id(query.codecs[c]) for c in query.columns)) in self._counted
        ):
            variance = self._charged(query.rho, 1, query.about)
            return Noisy(self._counts(query.columns, query.codecs), float(variance) ** 0.5)
        return super().answer(query)


class NoiseByRows(PrivateData):
    """Noise is scaled by how many rows there are."""

    def _charged(self, rho: float, sensitivity: int, about: str) -> Any:
        return super()._charged(rho * (1 - 1 / (2 + self._table.height)), sensitivity, about)


class UnboundedUnits(PrivateData):
    def __init__(self, data: Any, domain: Any, account: Any, unit: Any = None, chance: Chance = EXACT) -> None:
        super().__init__(data, replace(domain, contributions=10**6), account, unit, chance)
        self._most = domain.contributions


class FirstRowsOfUnits(PrivateData):
    """Which rows of a unit count depends on the order of all rows."""

    def __init__(self, data: Any, domain: Any, account: Any, unit: Any = None, chance: Chance = EXACT) -> None:
        if unit is not None:
            data = data.with_table(data.table.group_by(unit, maintain_order=True).head(domain.contributions))
        super().__init__(data, domain, account, unit, chance)


class OrderOfRows(PrivateData):
    """Values come in the order in which rows have them."""

    def _values(self, query: Values) -> Any:
        found = super()._values(query)
        seen = self._table[query.column].drop_nulls().unique(maintain_order=True).to_list()
        return {value: found[value] for value in seen if value in found}


class ThresholdWithoutDelta(PrivateData):
    def _values(self, query: Values) -> Any:
        account = self._account
        self._account = _OnlyNoise(account)
        try:
            return super()._values(query)
        finally:
            self._account = account


class _OnlyNoise:
    def __init__(self, account: Any) -> None:
        self.account = account

    def charge(self, cost: Any, about: str) -> None:
        self.account.charge(Cost.gaussian(cost.sigma, cost.sensitivity), about)


class DeltaIgnored(PrivateData):
    """The threshold is what one unit may give, whatever delta is."""

    def _values(self, query: Values) -> Any:
        found = super()._values(replace(query, delta=0.4))
        return found


class ThresholdTooLow(DeltaIgnored):
    """It is paid for another delta than the threshold is for."""

    def _values(self, query: Values) -> Any:
        account = self._account
        self._account = _Told(account, query.delta)
        try:
            return PrivateData._values(self, replace(query, delta=0.3))
        finally:
            self._account = account


class _Told:
    def __init__(self, account: Any, delta: float) -> None:
        self.account, self.delta = account, delta

    def charge(self, cost: Any, about: str) -> None:
        self.account.charge(cost.model_copy(update={"delta": self.delta}), about)


class WrongRate(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, part=lambda n, rate: chance.part(n, min(1.0, 2 * rate)))


class RowsTakePart(PrivateData):
    """Rows are drawn, not units."""

    def _gradients(self, query: Gradients) -> np.ndarray:
        owner, self._owner = self._owner, np.arange(len(self._owner))
        try:
            return super()._gradients(query)
        finally:
            self._owner = owner


class UncountedSteps(PrivateData):
    def _gradients(self, query: Gradients) -> np.ndarray:
        self._steps += 1
        return super()._gradients(query)


class NarrowGradients(_OtherChance):
    def other(self, chance: Chance) -> Chance:
        return replace(chance, normal=lambda n: chance.normal(n) / 2)


class _OtherClip(PrivateData):
    """Gradients are clipped otherwise."""

    def _gradients(self, query: Gradients) -> np.ndarray:
        right = private._clipped
        private._clipped = self.clipped
        try:
            return super()._gradients(query)
        finally:
            private._clipped = right

    @staticmethod
    def clipped(gradients: np.ndarray, owner: np.ndarray, clip: float) -> np.ndarray:
        raise NotImplementedError


class ClippedAfterSumming(_OtherClip):
    @staticmethod
    def clipped(gradients: np.ndarray, owner: np.ndarray, clip: float) -> np.ndarray:
        total = np.nan_to_num(gradients).sum(axis=0)
        return total * min(1.0, clip / max(float(np.linalg.norm(total)), 1e-300))


class NotClipped(_OtherClip):
    @staticmethod
    def clipped(gradients: np.ndarray, owner: np.ndarray, clip: float) -> np.ndarray:
        return np.nan_to_num(gradients).sum(axis=0)


class NotANumberSlips(_OtherClip):
    @staticmethod
    def clipped(gradients: np.ndarray, owner: np.ndarray, clip: float) -> np.ndarray:
        norm = np.linalg.norm(gradients, axis=1, keepdims=True)
        return (gradients * np.minimum(1.0, clip / np.maximum(norm, 1e-300))).sum(axis=0)


class RowsClipped(_OtherClip):
    """Rows are clipped, not units with all their rows."""

    @staticmethod
    def clipped(gradients: np.ndarray, owner: np.ndarray, clip: float) -> np.ndarray:
        return right_clipped(gradients, np.arange(len(owner)), clip)


right_clipped = private._clipped


class Warns(PrivateData):
    """A warning says how many rows there are."""

    def answer(self, query: Query) -> Any:
        warnings.warn(f"{self._table.height} rows", stacklevel=2)
        return super().answer(query)


class Logs(PrivateData):
    """A log says how many rows there are."""

    def answer(self, query: Query) -> Any:
        logging.getLogger("rows").info("%d rows", self._table.height)
        return super().answer(query)


class WordsOfRows(PrivateData):
    """What the ledger says of a question holds how many rows there are."""

    def answer(self, query: Query) -> Any:
        return super().answer(replace(query, about=f"{query.about} of {self._table.height}"))


class SmallCounts(PrivateData):
    """Counts are kept in a byte."""

    def _counts(self, columns: Sequence[str], codecs: Mapping[str, Codec]) -> Any:
        return super()._counts(columns, codecs).astype(np.int8).astype(np.int64)
