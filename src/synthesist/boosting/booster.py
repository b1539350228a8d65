"""A booster of oblivious trees as plain arrays: what is grown, kept in the model file and read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthesist.core import Context

__all__ = ["Booster", "Growth", "state"]


@dataclass(frozen=True)
class Growth:
    """How a booster is grown."""

    depth: int
    rate: float
    ridge: float
    rounds: int
    patience: int
    tries: int
    """Features looked at per tree."""
    rows: int = 5_000
    """Rows looked at per tree, at most half of those there are."""
    least_gain: float = 2.0
    held_out: float = 0.15
    """Share of the rows that decide when to stop."""


@dataclass(frozen=True)
class Booster:
    """features[tree, level], thresholds[tree, level] (uint8) and values[tree, leaf] of its trees."""

    features: np.ndarray
    thresholds: np.ndarray
    values: np.ndarray

    def __post_init__(self) -> None:
        trees, depth = self.features.shape
        fits = self.thresholds.shape == (trees, depth) and self.values.shape == (trees, 2**depth)
        kinds = (self.features.dtype, self.thresholds.dtype, self.values.dtype)
        if not fits or not 1 <= depth <= 8 or kinds != (np.int32, np.uint8, np.float32):
            raise ValueError("the parts of a booster do not fit together")
        if self.features.min(initial=0) < 0:
            raise ValueError("the parts of a booster do not fit together")

    @property
    def reach(self) -> int:
        """One past the largest feature asked for."""
        return int(self.features.max(initial=-1)) + 1

    @classmethod
    def joined(cls, parts: Sequence["Booster"], depth: int) -> "Booster":
        """The trees of several boosters of one depth, one after another."""
        none = cls(np.zeros((0, depth), np.int32), np.zeros((0, depth), np.uint8), np.zeros((0, 2**depth), np.float32))
        all_ = (none, *parts)
        return cls(*(np.concatenate([getattr(b, f) for b in all_]) for f in ("features", "thresholds", "values")))

    @classmethod
    def grown(
        cls, x: np.ndarray, sizes: np.ndarray, y: np.ndarray, weight: np.ndarray, start: np.ndarray, growth: Growth,
        ctx: Context,
    ) -> "Booster":  # fmt: skip
        """Grow on codes x[feature, row]; the last rows decide when to stop, so rows come in random order."""
        from synthesist.boosting.growing import grow

        training = len(y) - int(len(y) * growth.held_out)
        features, thresholds, values = grow(
            x, sizes, y, weight.astype(np.float32), start.astype(np.float32), training, growth.depth,
            np.float32(growth.rate), growth.ridge, growth.rounds, growth.patience, growth.tries,
            min(0.5, growth.rows / training), growth.least_gain, state(ctx),
        )  # fmt: skip
        return cls(features, thresholds, values)

    def add(self, x: np.ndarray, z: np.ndarray, first: int = 0, last: int | None = None) -> None:
        """Add what the trees first..last-1 say of codes x[feature, row] to z[row]."""
        from synthesist.boosting.reading import add_trees

        last = len(self.features) if last is None else last
        leaves = np.empty((4, len(z)), np.uint8)
        add_trees(x, self.features, self.thresholds, self.values, first, last, z, leaves, len(z))


def state(ctx: Context) -> np.ndarray:
    """The state of a compiled generator, from this place."""
    return np.array([ctx.seed("grow") % 2**64], dtype=np.uint64)
