"""Affine maps of numeric columns, from two means and a matrix."""

from dataclasses import dataclass

import numpy as np

from synthesist.codecs.domains import Numbers
from synthesist.core import Context
from synthesist.data.dataset import Dataset

__all__ = ["Moved", "power", "spread_of"]


@dataclass(frozen=True)
class Moved:
    """x -> `to` + (x - `centre`) `matrix`, on standard scores."""

    numbers: Numbers
    centre: np.ndarray
    to: np.ndarray
    matrix: np.ndarray

    @classmethod
    def of(cls, numbers: Numbers, source: np.ndarray, target: np.ndarray, matrix: np.ndarray) -> "Moved":
        return cls(numbers, _mean(source), _mean(target), matrix)

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The same rows with moved numbers; where a cell is missing its mean stands for it."""
        del ctx
        if not self.numbers.kinds:
            return data
        x = self.numbers.read(data)
        x = np.where(np.isnan(x), self.centre, x)
        return self.numbers.written(data, self.to + (x - self.centre) @ self.matrix)


def spread_of(x: np.ndarray, ridge: float) -> np.ndarray:
    """The covariance of x[row, column], missing cells at their mean; `ridge` shrinks its correlations."""
    centred = np.nan_to_num(x - _mean(x))
    covariance: np.ndarray = centred.T @ centred / len(x)
    shrunk: np.ndarray = (covariance + ridge * np.diag(np.diag(covariance))) / (1 + ridge)
    return shrunk


def power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """A symmetric positive matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    raised: np.ndarray = (vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T
    return raised


def _mean(x: np.ndarray) -> np.ndarray:
    mean: np.ndarray = np.nanmean(x, axis=0) if x.shape[1] else np.zeros(0)
    return mean
