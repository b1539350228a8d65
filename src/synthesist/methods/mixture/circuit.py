"""A tree of hidden variables, one beside each column: its likelihood and exact draws given evidence.

z_j are the hidden states, x_j the codes: p(x) is the sum over all z of the product over columns j of
T_j[z_parent, z_j] B_j[x_j, z_j]. Evidence about a column is one number per row and state, its
probability in that state; messages go from the leaves to the root, draws from the root to the leaves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from synthesist.codecs.pieces import Given, Limit
from synthesist.core import Context

__all__ = ["Circuit", "Messages"]

SMALLEST = np.float32(1e-37)  # about the smallest number of single precision
ROWS = 2_048  # rows under evidence looked at together: what stays in the processor's cache

Evidence = Callable[[int], "np.ndarray | None"]
"""Of column j: the probability of what is known in each row and state; None where nothing is."""


@dataclass(frozen=True)
class Messages:
    """Of each column: `within[j][row, state]`, the likelihood of all known at and below it, up to a factor per row;
    `above[j]`, the same by the state of the parent, None where nothing is known; and the log-likelihood per row."""

    within: list[np.ndarray | None]
    above: list[np.ndarray | None]
    log_likelihood: np.ndarray


@dataclass(frozen=True)
class Circuit:
    """`order` names the columns, parents first; `parents[column]` is -1 for the root.

    `transitions[column]` is T[parent's state, state], with one row for the root; `emissions[column]` is
    B[code, state]. Both are float32; rows of T and columns of B sum to one.
    """

    order: np.ndarray
    parents: np.ndarray
    transitions: tuple[np.ndarray, ...]
    emissions: tuple[np.ndarray, ...]

    def __post_init__(self) -> None:
        d = len(self.emissions)
        if self.order.shape != (d,) or self.parents.shape != (d,) or len(self.transitions) != d:
            raise ValueError("the parts of a circuit do not fit together")
        if sorted(self.order.tolist()) != list(range(d)):
            raise ValueError("a circuit that does not go through every column once")
        seen: set[int] = set()
        for j in self.order.tolist():
            parent = int(self.parents[j])
            if (parent not in seen) if seen else (parent != -1):
                raise ValueError("a circuit that is no tree")
            seen.add(j)
            T, B = self.transitions[j], self.emissions[j]
            above = self.transitions[parent].shape[-1] if parent >= 0 else 1
            if T.ndim != 2 or B.ndim != 2 or T.shape[0] != above or T.shape[1] != B.shape[1] or not B.size:
                raise ValueError("the parts of a circuit do not fit together")

    def check(self) -> None:
        """Whether all shares are shares; a zero would make some evidence impossible.

        Raises:
            ValueError: they are not.
        """
        for T, B in zip(self.transitions, self.emissions, strict=True):
            for shares, axis in ((T, 1), (B, 0)):
                even = (shares > 0).all() and (np.abs(shares.sum(axis=axis, dtype=np.float64) - 1) < 1e-3).all()
                if shares.dtype != np.float32 or not even:
                    raise ValueError("a circuit whose shares are no shares")

    @property
    def states(self) -> int:
        """How many states a hidden variable has."""
        return max((T.shape[1] for T in self.transitions), default=1)

    def draw(self, n: int, ctx: Context, given: Given | None = None) -> np.ndarray:
        """codes[row, column] of n rows; known codes stay, the others follow what is known and allowed."""
        codes = np.empty((n, len(self.order)), np.int32)
        states = np.empty((n, len(self.order)), np.int64)
        within = self._gathered(given) if given is not None else [None] * len(self.order)
        for j in self.order.tolist():
            rng = ctx.at("column").rng(str(j))
            parent = states[:, self.parents[j]] if self.parents[j] >= 0 else np.zeros(n, np.int64)
            likelihood, T = within[j], self.transitions[j]
            u = rng.random(n)
            states[:, j] = _pick(T, parent, u) if likelihood is None else _pick_by_row(T[parent], likelihood, u)
            codes[:, j] = self._emit(j, states[:, j], given, rng.random(n))
        return codes

    def gather(self, n: int, evidence: Evidence) -> Messages:
        """Messages of n rows, from the leaves to the root."""
        d = len(self.order)
        within: list[np.ndarray | None] = [None] * d
        above: list[np.ndarray | None] = [None] * d
        total = np.zeros(n)
        for j in reversed(self.order.tolist()):
            parts = [evidence(j), *(above[c] for c in np.flatnonzero(self.parents == j))]
            here: np.ndarray | None = None
            for part in parts:
                if part is not None:
                    here = _scaled(part if here is None else part * here, total)
            within[j] = here
            if here is not None:
                above[j] = here @ self.transitions[j].T
        root = above[self.order[0]] if d else None
        if root is not None:
            total += np.log(root[:, 0])
        return Messages(within, above, total)

    def log_likelihood(self, codes: np.ndarray) -> np.ndarray:
        """Of each row of codes[row, column]; -1 is a cell of which nothing is known."""
        parts = [codes[first : first + ROWS] for first in range(0, len(codes), ROWS)]
        return np.concatenate([self.gather(len(x), self.evidence(x)).log_likelihood for x in parts])

    def evidence(self, codes: np.ndarray) -> Evidence:
        """What codes[row, column] say: the probability of each in each state, 1 for one unknown (-1)."""

        def of(j: int) -> np.ndarray:
            B = self.emissions[j]
            return np.concatenate([B, np.ones((1, B.shape[1]), B.dtype)])[codes[:, j]]

        return of

    def _gathered(self, given: Given) -> list[np.ndarray | None]:
        """What all that is given says of each hidden variable: `within` of Messages."""
        n = len(given.codes)
        parts = [slice(first, first + ROWS) for first in range(0, n, ROWS)]
        made = [self.gather(len(given.codes[part]), partial(self._evidence, given, part)).within for part in parts]
        return [self._joined([one[j] for one in made], parts, j, n) for j in range(len(self.order))]

    def _joined(self, messages: list[np.ndarray | None], parts: list[slice], j: int, n: int) -> np.ndarray | None:
        if all(message is None for message in messages):
            return None
        out = np.ones((n, self.transitions[j].shape[1]), np.float32)
        for message, part in zip(messages, parts, strict=True):
            if message is not None:
                out[part] = message
        return out

    def _evidence(self, given: Given, part: slice, j: int) -> np.ndarray | None:
        """The probability, in each state, of the code that is known or else of the set that is allowed."""
        known, B, limit = given.codes[part, j], self.emissions[j], given.limits.get(j)
        if limit is None and (known < 0).all():
            return None
        free = np.ones((1, B.shape[1]), B.dtype) if limit is None else limit.weights.astype(B.dtype) @ B
        open_ = free[limit.which[part] if limit is not None else np.zeros(len(known), np.int64)]
        return np.where(known[:, None] >= 0, B[known], open_)

    def _emit(self, j: int, states: np.ndarray, given: Given | None, u: np.ndarray) -> np.ndarray:
        """The code of column j in every row: the one known, or one drawn given the state among those allowed."""
        B, limit = self.emissions[j], given.limits.get(j) if given is not None else None
        drawn = _pick(B.T, states, u) if limit is None else _pick_allowed(B.T, states, limit, u)
        return drawn if given is None else np.where(given.codes[:, j] >= 0, given.codes[:, j], drawn)


def _scaled(message: np.ndarray, total: np.ndarray) -> np.ndarray:
    """The message with rows that sum to one; the log of what was taken out goes to `total`."""
    scale = np.maximum(message @ np.ones(message.shape[1], message.dtype), SMALLEST)
    total += np.log(scale)
    return message / scale[:, None]


def _pick(shares: np.ndarray, rows: np.ndarray, u: np.ndarray) -> np.ndarray:
    """For each i, a column drawn by the shares of row rows[i]: one bisection over all rows laid end to end."""
    upto = np.cumsum(shares, axis=1, dtype=np.float64)
    upto /= upto[:, -1:]
    ends = (upto + np.arange(len(shares))[:, None]).ravel()
    width = shares.shape[1]
    return np.clip(np.searchsorted(ends, rows + u, side="right") - rows * width, 0, width - 1)


def _pick_by_row(shares: np.ndarray, likelihood: np.ndarray, u: np.ndarray) -> np.ndarray:
    """For each row, a column drawn in proportion to shares times likelihood."""
    upto = np.cumsum(shares * likelihood, axis=1, dtype=np.float64)
    return np.minimum((upto <= (u * upto[:, -1])[:, None]).sum(axis=1), shares.shape[1] - 1)


def _pick_allowed(shares: np.ndarray, states: np.ndarray, limit: Limit, u: np.ndarray) -> np.ndarray:
    """For each row, a code drawn by the shares of its state within the set that its limit allows."""
    out = np.empty(len(states), np.int64)
    for p, weights in enumerate(limit.weights):
        rows = limit.which == p
        out[rows] = _pick(shares * weights, states[rows], u[rows])
    return out
