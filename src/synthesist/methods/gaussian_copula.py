"""A Gaussian copula over empirical marginals: the sub-second baseline."""

import numpy as np

from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.methods._latent import LatentNormal, cumulated, nearest_correlation

__all__ = ["GaussianCopula"]


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

    def fit(self, data: Dataset, ctx: Context) -> LatentNormal:
        """Learn the marginals, an order of each column's codes, and the latent correlation."""
        from scipy.special import ndtri

        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codes = codec.encode(data.table)
        orders, cuts = [], []
        scores = np.zeros(codes.shape)
        anchor = _anchor(codes, codec)
        for j, column in enumerate(codec.modelled.values()):
            order = _order(codes[:, j], anchor, column.size, column.ordered)
            upto = cumulated(column.mass[order])
            middle = np.empty(column.size)
            middle[order] = ndtri((upto[:-1] + upto[1:]) / 2)
            scores[:, j] = np.where(codes[:, j] >= 0, middle[codes[:, j]], 0.0)
            orders.append(order.astype(np.int32))
            cuts.append(upto)
        return LatentNormal(codec, tuple(orders), tuple(cuts), _correlation(scores, self.shrinkage))


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
    x = scores - scores.mean(axis=0)
    scale = np.sqrt((x**2).sum(axis=0))
    x = np.divide(x, scale, out=np.zeros_like(x), where=scale > 1e-12)
    return nearest_correlation((x.T @ x) * (1 - shrinkage))
