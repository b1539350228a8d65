"""Groups of columns that go together: a Gaussian copula over declared distributions.

Each column keeps the distribution it was declared with; only which values meet in a row is tied. Every row has one
normal score for each column of the group, and the scores are correlated.

Reference: Nelsen, An Introduction to Copulas, 2nd ed. 2006, doi:10.1007/0-387-28678-0; the correlation of ranks:
Kruskal, JASA 53(284), 1958, doi:10.1080/01621459.1958.10501481.
"""

from functools import cached_property

import numpy as np
from pydantic import Field, model_validator

from synthesist.core import Context
from synthesist.samplers.columns.distribution import Declared

__all__ = ["Correlated"]

TIGHT = 0.01  # the least eigenvalue of correlations whose density is smooth
TINY = 2.0**-54


class Correlated(Declared):
    """Columns that go together, and how closely: Spearman's correlations of their ranks."""

    columns: tuple[str, ...] = Field(min_length=2, description="names of drawn columns")
    spearman: float | tuple[tuple[float, ...], ...] = Field(
        description="rank correlations: a matrix in the order of the columns, or one number for all pairs"
    )

    @model_validator(mode="after")
    def _can_be(self) -> "Correlated":
        k = len(self.columns)
        if len(set(self.columns)) < k:
            raise ValueError("a column is named twice")
        if not isinstance(self.spearman, float) and [len(row) for row in self.spearman] != [k] * k:
            raise ValueError(f"{k} columns have a matrix of {k} rows of {k} numbers")
        S = self._ranks
        if not (np.allclose(S, S.T) and np.allclose(np.diag(S), 1) and (abs(S) <= 1).all()):
            raise ValueError("correlations lie between -1 and 1, are the same both ways, and 1 of a column with itself")
        if (least := float(np.linalg.eigvalsh(self.scores)[0])) < -1e-9:
            raise ValueError(
                f"the correlations contradict each other (the smallest eigenvalue is {least:.3g}): columns that "
                f"both go with a third cannot go against each other as much"
            )
        return self

    def ranks(self, known: np.ndarray, ctx: Context) -> np.ndarray:
        """rank[row, column] where those known[row, column] are given; no number is one that is drawn."""
        from scipy.special import ndtr, ndtri

        R, drawn = self.scores, ctx.rng("scores").standard_normal(known.shape)
        given = ~np.isnan(known)
        z = ndtri(np.clip(known, TINY, 1 - TINY))
        patterns, which = np.unique(given, axis=0, return_inverse=True)
        for number, pattern in enumerate(patterns):
            rows = np.flatnonzero(which.ravel() == number)
            held, free = np.flatnonzero(pattern), np.flatnonzero(~pattern)
            back = R[np.ix_(free, held)] @ np.linalg.pinv(R[np.ix_(held, held)], hermitian=True)
            root = _root(R[np.ix_(free, free)] - back @ R[np.ix_(held, free)])
            z[np.ix_(rows, free)] = z[np.ix_(rows, held)] @ back.T + drawn[np.ix_(rows, free)] @ root.T
        return np.asarray(np.where(given, known, ndtr(z)))

    @property
    def tight(self) -> bool:
        """Whether some columns settle another all but wholly."""
        return bool(np.linalg.eigvalsh(self.scores)[0] < TIGHT)

    @property
    def _ranks(self) -> np.ndarray:
        k = len(self.columns)
        if isinstance(self.spearman, float):
            return np.where(np.eye(k, dtype=bool), 1.0, self.spearman)
        return np.array(self.spearman)

    @cached_property
    def scores(self) -> np.ndarray:
        """The correlations of normal scores that give these rank correlations (Kruskal 1958)."""
        return np.asarray(2.0 * np.sin(np.pi / 6.0 * self._ranks))


def _root(S: np.ndarray) -> np.ndarray:
    """A with A Aᵀ = S, for a covariance that may be singular."""
    values, vectors = np.linalg.eigh(S)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
