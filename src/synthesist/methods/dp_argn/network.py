"""The network of `dp_argn`: each column from those before it in one linear layer, its gradients in factors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from synthesist.codecs.pieces import Limit
from synthesist.core import Context
from synthesist.dp.queries import Outer

__all__ = ["Chain"]

WAVES = 6  # functions along an ordered column
CLEAR = 0.1  # of a wave has to be left when those before it are taken out
SMOOTH = 0.5  # the n-th of them counts as much as n to the power of minus this
SELDOM = 0.02  # codes of a smaller share are learnt more slowly than others
LEAST = 1e-7  # share of a code
CROWD, ROUNDS = 16_384, 10  # rows and rounds that set the levels


@dataclass(frozen=True)
class Chain:
    """p(column | columns before it), columns in the order of the code matrix.

    `level[j][code]`: log-odds where nothing is known. `feature[j][code, :]`: what tells the codes of a column apart,
    in its own softmax as in the layers of later columns. `weight[j][out, in]`: from 1 and the features of all columns
    before, to what the features of column j are multiplied with.
    """

    level: tuple[np.ndarray, ...]
    feature: tuple[np.ndarray, ...]
    weight: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        if not len(self.level) == len(self.feature) == len(self.weight):
            raise ValueError("the parts of a network do not fit together")
        for level, feature, weight, before in zip(self.level, self.feature, self.weight, self.before, strict=False):
            if feature.shape[:1] != level.shape or weight.shape != (feature.shape[1], before):
                raise ValueError("a layer of another form than its column")
            if not all(x.dtype == np.float32 and np.isfinite(x).all() for x in (level, feature, weight)):
                raise ValueError("weights that are no numbers")

    @classmethod
    def independent(cls, masses: list[np.ndarray], ordered: list[int]) -> "Chain":
        """Columns that do not depend on each other: mass[code] of each, the first `ordered` codes along a line."""
        masses = [np.maximum(mass / mass.sum(), LEAST) for mass in masses]
        feature = tuple(_features(mass / mass.sum(), count) for mass, count in zip(masses, ordered, strict=True))
        before = np.cumsum([1, *(f.shape[1] for f in feature)])
        weight = tuple(np.zeros((f.shape[1], n), np.float32) for f, n in zip(feature, before, strict=False))
        return cls(tuple(np.log(mass).astype(np.float32) for mass in masses), feature, weight)

    @cached_property
    def before(self) -> list[int]:
        """How many features the columns before each have, with the constant; and all columns."""
        return [int(n) for n in np.cumsum([1, *(f.shape[1] for f in self.feature)])]

    @property
    def sizes(self) -> list[int]:
        """How many codes each column has."""
        return [len(level) for level in self.level]

    @property
    def parameters(self) -> int:
        """How many weights there are."""
        return sum(weight.size for weight in self.weight)

    @property
    def slope(self) -> float:
        """The norm that the gradient of a row has about, as long as columns do not depend on each other."""
        spread = [float(np.exp(a) @ (f**2).sum(axis=1)) for a, f in zip(self.level, self.feature, strict=True)]
        return float(np.dot(spread, np.cumsum([1.0, *spread])[:-1])) ** 0.5

    def with_weights(self, weights: np.ndarray) -> "Chain":
        """The same with weights[parameter]."""
        parts = np.split(weights.astype(np.float32), np.cumsum([w.size for w in self.weight])[:-1])
        return replace(self, weight=tuple(p.reshape(w.shape) for p, w in zip(parts, self.weight, strict=True)))

    def gradients(self, codes: np.ndarray) -> list[Outer]:
        """Of the log-likelihood of codes[row, column], row by row, in the order of the weights."""
        inputs = self._blank(len(codes))
        for j in range(len(self.level)):
            self._see(inputs, j, codes[:, j])
        out = []
        for j, feature in enumerate(self.feature):
            own = inputs[:, self.before[j] : self.before[j + 1]]
            out.append(Outer(own - _softmax(self._scores(j, inputs)) @ feature, inputs[:, : self.before[j]]))
        return out

    def levelled(self, masses: list[np.ndarray], ctx: Context) -> "Chain":
        """With levels at which drawn rows have these shares of codes: mass[code] of each column.

        Small errors of one column would otherwise grow in those after it.
        """
        inputs, levels, rng = self._blank(CROWD), [], ctx.rng("levels")
        for j, mass in enumerate(masses):
            wanted = np.maximum(mass / mass.sum(), LEAST).astype(np.float32)
            scores, shift = self._scores(j, inputs), np.zeros(len(mass), np.float32)
            for _ in range(ROUNDS):
                shift += np.log(wanted / np.maximum(_softmax(scores + shift).mean(axis=0), LEAST))
            levels.append(self.level[j] + shift)
            self._see(inputs, j, _picked(_softmax(scores + shift), rng.random(CROWD)))
        return replace(self, level=tuple(levels))

    def drawn(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """codes[row, column] with the open cells (-1) of `known` drawn within limits, and how likely rows make these.

        Returns:
            The codes, and the log-probability of what was known or allowed of a row given what was drawn before it.
        """
        codes, weight = known.astype(np.int32), np.zeros(len(known))
        inputs, floor = self._blank(len(known)), np.finfo(np.float32).tiny
        for j in range(len(self.level)):
            open_, share = known[:, j] < 0, _softmax(self._scores(j, inputs))
            if j in limits:
                share *= limits[j].weights.astype(np.float32)[limits[j].which]
            codes[open_, j] = _picked(share[open_], ctx.rng(f"column {j}").random(len(known))[open_])
            met = share.sum(axis=1) if j in limits else np.ones(len(known), np.float32)
            met[~open_] = share[~open_, known[~open_, j]]
            weight += np.log(np.maximum(met, floor))
            self._see(inputs, j, codes[:, j])
        return codes, weight

    def _blank(self, rows: int) -> np.ndarray:
        """inputs[row, feature] of which only the constant is seen."""
        inputs = np.zeros((rows, self.before[-1]), np.float32)
        inputs[:, 0] = 1.0
        return inputs

    def _see(self, inputs: np.ndarray, j: int, codes: np.ndarray) -> None:
        inputs[:, self.before[j] : self.before[j + 1]] = self.feature[j][codes]

    def _scores(self, j: int, inputs: np.ndarray) -> np.ndarray:
        """scores[row, code] of column j."""
        scores: np.ndarray = (inputs[:, : self.before[j]] @ self.weight[j].T) @ self.feature[j].T + self.level[j]
        return scores


def _softmax(scores: np.ndarray) -> np.ndarray:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return shares


def _picked(share: np.ndarray, u: np.ndarray) -> np.ndarray:
    """A code of each row, in proportion to share[row, code], which need not sum to one; u[row] in [0, 1)."""
    upto = np.cumsum(share, axis=1, dtype=np.float64)
    mark = u[:, None] * upto[:, -1:]
    codes: np.ndarray = np.minimum((upto <= mark).sum(axis=1), share.shape[1] - 1)
    return codes


# --------------------------------------------------------------------------- features


def _features(share: np.ndarray, ordered: int) -> np.ndarray:
    """features[code, :] that tell the codes of a column apart, of about the same variance under its shares."""
    line = ordered if ordered > 2 else 0
    loose = np.arange(line, len(share)) if len(share) > 1 else np.zeros(0, np.int64)
    one_hot = (np.eye(len(share))[:, loose] - share[loose]) / np.sqrt(share[loose] + SELDOM)
    return np.hstack([_along(share[:line], len(share)), one_hot]).astype(np.float32)


def _along(share: np.ndarray, size: int) -> np.ndarray:
    """Smooth functions along ordered codes, uncorrelated; zero for codes that stand outside the order."""
    if not len(share):
        return np.zeros((size, 0))
    share = share / share.sum()
    middle = np.cumsum(share) - share / 2
    waves = np.cos(np.pi * middle[:, None] * np.arange(min(WAVES, len(share) - 1) + 1))
    q, r = np.linalg.qr(np.sqrt(share)[:, None] * waves)
    kept = np.flatnonzero(np.abs(np.diag(r)) > CLEAR)[1:]
    out = np.zeros((size, len(kept)))
    out[: len(share)] = q[:, kept] / np.sqrt(share)[:, None] * kept**-SMOOTH
    return out
