"""A Gaussian copula over empirical marginals: the sub-second baseline."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.pieces import Given
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema

__all__ = ["GaussianCopula"]

SWEEPS = 8  # Gibbs sweeps over conditioned columns; the chain is short because few columns are


class GaussianCopula(Spec):
    """Keeps every column's own distribution and the correlation between each two columns, in a second.

    Every column is a latent normal variable cut at its cumulated shares; only the correlations of the
    latent variables are learnt. Conditions and imputation draw from the conditional normal, truncated
    where a set is allowed, so nothing is rejected.

    When not to use: when relations bend, or hold only in part of the table. A copula knows one number
    per pair of columns; `trees` sees the rest.

    Reference: Nelsen, An Introduction to Copulas, 2006, doi:10.1007/0-387-28678-0; Li, Zhang, Mu and
    Steuer, SIGMOD 2014 for synthesis, doi:10.1145/2588555.2588576.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [float(i) for i in range(200)], "y": [float(i) for i in range(200)]})
    >>> rows = sy.fit(frame, "gaussian_copula").sample(500)
    >>> bool(rows.select(pl.corr("x", "y")).item() > 0.95)
    True
    """

    accepts = TABLE_KINDS

    bins: int = knob(128, "codes a column may have at most", tries=(4, 64), ge=2, le=1024)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    shrinkage: float = knob(0.0, "share by which correlations are pulled to zero", tries=(0.0, 0.9), ge=0.0, le=1.0)

    def fit(self, data: Dataset, ctx: Context) -> "LatentNormal":
        """Learn the marginals, an order of each column's codes, and the latent correlation."""
        from scipy.special import ndtri

        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codes = codec.encode(data.table)
        orders, cuts = [], []
        scores = np.zeros(codes.shape)
        anchor = _anchor(codes, codec)
        for j, column in enumerate(codec.modelled.values()):
            order = _order(codes[:, j], anchor, column.size, column.ordered)
            upto = np.concatenate([[0.0], np.cumsum(column.mass[order]) / column.mass.sum()])
            upto[-1] = 1.0
            middle = np.empty(column.size)
            middle[order] = ndtri((upto[:-1] + upto[1:]) / 2)
            scores[:, j] = np.where(codes[:, j] >= 0, middle[codes[:, j]], 0.0)
            orders.append(order.astype(np.int32))
            cuts.append(upto)
        return LatentNormal(codec, tuple(orders), tuple(cuts), _correlation(scores, self.shrinkage))


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


def _anchor(codes: np.ndarray, codec: TableCodec) -> np.ndarray:
    """One number per row to order categories by: the first principal component of the ordered columns."""
    parts = [
        np.where((codes[:, j] >= 0) & (codes[:, j] < c.ordered), codes[:, j], np.nan)
        for j, c in enumerate(codec.modelled.values())
        if c.ordered
    ]
    parts += [codes[:, j] == 0 for j, c in enumerate(codec.modelled.values()) if not c.ordered]
    if not parts:
        return np.zeros(len(codes))
    X = np.column_stack(parts).astype(np.float64)
    X -= np.nanmean(X, axis=0)
    X = np.nan_to_num(X) / np.maximum(np.nanstd(X, axis=0), 1e-9)
    _, vectors = np.linalg.eigh(X.T @ X)
    axis = vectors[:, -1]
    return X @ (axis * np.sign(axis[np.abs(axis).argmax()]))


def _order(codes: np.ndarray, anchor: np.ndarray, size: int, ordered: int) -> np.ndarray:
    """The codes in the order of their latent variable: numbers by value, categories by their anchor."""
    seen = codes >= 0
    rows = np.maximum(np.bincount(codes[seen], minlength=size), 1)
    place = np.bincount(codes[seen], weights=anchor[seen], minlength=size) / rows
    if ordered:
        place = np.arange(size, dtype=np.float64)
    return np.argsort(place, kind="stable")


def _correlation(scores: np.ndarray, shrinkage: float) -> np.ndarray:
    """Correlation of scores, made positive definite."""
    d = scores.shape[1]
    x = scores - scores.mean(axis=0)
    scale = np.sqrt((x**2).sum(axis=0))
    x = np.divide(x, scale, out=np.zeros_like(x), where=scale > 1e-12)
    r = (x.T @ x) * (1 - shrinkage)
    np.fill_diagonal(r, 1.0)
    values, vectors = np.linalg.eigh(r)
    r = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    spread = np.sqrt(np.diag(r)) if d else np.ones(0)
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
