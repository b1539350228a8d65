"""Columns as latent normal variables cut at their cumulated shares: draws, conditions and holes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.pieces import Given
from synthesist.codecs.table import TableCodec
from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

__all__ = ["LatentNormal", "cumulated", "nearest_correlation"]

SWEEPS = 8  # Gibbs sweeps over conditioned columns; the chain is short because few columns are


@dataclass(frozen=True)
class LatentNormal:
    """`orders[j][r]` is the code at rank r of column j, `cuts[j]` the cumulated shares around the ranks."""

    codec: TableCodec
    orders: tuple[np.ndarray, ...]
    cuts: tuple[np.ndarray, ...]
    correlation: np.ndarray
    block: ClassVar[int] = 32_768

    def __post_init__(self) -> None:
        d = len(self.codec.modelled)
        if self.correlation.shape != (d, d) or len(self.orders) != d or len(self.cuts) != d:
            raise ValueError("the parts of a copula do not fit together")
        for order, cut, size in zip(self.orders, self.cuts, self.codec.sizes, strict=True):
            if order.ndim != 1 or cut.ndim != 1 or sorted(order.tolist()) != list(range(size)) or len(cut) != size + 1:
                raise ValueError("a copula column orders codes that do not exist")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        z = ctx.rng("latent").normal(size=(n, len(self.correlation))) @ _root(self.correlation).T
        codes, u = self._read(z)
        return self.codec.decode(codes, u, ctx.at("aside"))

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` from the normal conditional on what is given, within `allowed`."""
        given = self.codec.given(rows, allowed)
        z, evidence = self._evidence(given, ctx.at("evidence"))
        noise = ctx.rng("latent").normal(size=z.shape)
        for alike in _alike(evidence):
            z[alike] = _conditional(z[alike], evidence[alike[0]], noise[alike], self.correlation)
        codes, u = self._read(z)
        for j, limit in given.limits.items():
            u[:, j] = limit.place(codes[:, j], u[:, j])
        return self.codec.decode(codes, u, ctx.at("aside"), rows=rows, allowed=allowed)

    def _read(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Codes of latent values, and the place of each inside its code."""
        from scipy.special import ndtr

        share = ndtr(z)
        codes, u = np.empty(z.shape, dtype=np.int32), np.empty(z.shape)
        for j, (order, cut) in enumerate(zip(self.orders, self.cuts, strict=True)):
            rank = np.clip(np.searchsorted(cut, share[:, j], side="right") - 1, 0, len(order) - 1)
            codes[:, j] = order[rank]
            width = np.maximum(cut[rank + 1] - cut[rank], 1e-300)
            u[:, j] = np.clip((share[:, j] - cut[rank]) / width, 0.0, np.nextafter(1.0, 0.0))
        return codes, u

    def _evidence(self, given: Given, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """Latent values of everything known or limited, by Gibbs sampling of the truncated normal."""
        n, d = given.codes.shape
        evidence = given.codes >= 0
        evidence[:, list(given.limits)] = True
        columns = [int(j) for j in np.flatnonzero(evidence.any(axis=0))]
        z = np.zeros((n, d))
        for sweep in range(SWEEPS if len(columns) > 1 else 1):
            for j in columns:
                others = [k for k in columns if k != j]
                mean, spread = np.zeros(n), 1.0
                if sweep and others:
                    weights = np.linalg.solve(self.correlation[np.ix_(others, others)], self.correlation[others, j])
                    mean = np.where(evidence[:, others], z[:, others], 0.0) @ weights
                    spread = max(1.0 - float(self.correlation[j, others] @ weights), 1e-6) ** 0.5
                rng = ctx.at(sweep).rng(self.codec.names[j])
                rows = evidence[:, j]
                z[rows, j] = self._truncated(j, given, mean, spread, rng)[rows]
        return z, evidence

    def _truncated(self, j: int, given: Given, mean: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
        """Draw column j from N(mean, spread²), kept to its known code or to its limit."""
        from scipy.special import ndtr, ndtri

        order, edges = self.orders[j], ndtri(self.cuts[j])
        which, u = rng.random(len(mean)), rng.random(len(mean))
        known = given.codes[:, j]
        rank_of = np.argsort(order)
        low, high = edges[rank_of[known]], edges[rank_of[known] + 1]
        if j in given.limits:
            limit = given.limits[j]
            for p, weights in enumerate(limit.weights[:, order]):
                rows = np.flatnonzero((known < 0) & (limit.which == p))
                starts, ends, weight = _spans(weights)
                center = mean[rows, None]
                mass = ndtr((edges[ends] - center) / spread) - ndtr((edges[starts] - center) / spread)
                upto = np.cumsum(np.maximum(mass, 1e-300) * weight, axis=1)
                span = (upto < which[rows, None] * upto[:, -1:]).sum(axis=1)
                low[rows], high[rows] = edges[starts[span]], edges[ends[span]]
        a, b = ndtr((low - mean) / spread), ndtr((high - mean) / spread)
        z = mean + spread * ndtri(np.clip(a + u * (b - a), 1e-15, 1 - 1e-15))
        return np.clip(z, low + 1e-12, high - 1e-12)


def _spans(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of ranks of one weight, those of weight zero left out: first rank, one past the last, weight."""
    bounds = np.concatenate([[0], np.flatnonzero(np.diff(weights)) + 1, [len(weights)]])
    weight = weights[bounds[:-1]]
    return bounds[:-1][weight > 0], bounds[1:][weight > 0], weight[weight > 0]


def cumulated(mass: np.ndarray) -> np.ndarray:
    """The cumulated shares around the ranks of codes: from 0 to 1."""
    upto = np.concatenate([[0.0], np.cumsum(mass) / mass.sum()])
    upto[-1] = 1.0
    return upto


def nearest_correlation(r: np.ndarray) -> np.ndarray:
    """A correlation matrix near r: its diagonal is one, and no direction has a variance below zero."""
    r = r.copy()
    np.fill_diagonal(r, 1.0)
    values, vectors = np.linalg.eigh(r)
    r = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    spread = np.sqrt(np.diag(r)) if len(r) else np.ones(0)
    return r / np.outer(spread, spread)


def _root(covariance: np.ndarray) -> np.ndarray:
    """A square root R with R Rᵀ = covariance; by eigenvalues, as a conditional one may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def _alike(evidence: np.ndarray) -> list[np.ndarray]:
    """The rows of each pattern of evidence[row, column]."""
    if (evidence == evidence[0]).all():
        return [np.arange(len(evidence))]
    packed = np.ascontiguousarray(np.packbits(evidence, axis=1))
    _, which = np.unique(packed.view(f"V{packed.shape[1]}").ravel(), return_inverse=True)
    order = np.argsort(which, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(which[order])) + 1)


def _conditional(z: np.ndarray, known: np.ndarray, noise: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Fill the open columns of z from the normal conditional on the known ones."""
    out = z.copy()
    open_ = ~known
    if not open_.any():
        return out
    S = correlation
    if not known.any():
        out[:, open_] = noise[:, open_] @ _root(S[np.ix_(open_, open_)]).T
        return out
    weights = np.linalg.solve(S[np.ix_(known, known)], S[np.ix_(known, open_)])
    covariance = S[np.ix_(open_, open_)] - S[np.ix_(open_, known)] @ weights
    out[:, open_] = z[:, known] @ weights + noise[:, open_] @ _root(covariance).T
    return out
