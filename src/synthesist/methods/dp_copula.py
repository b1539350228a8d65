"""A Gaussian copula under differential privacy: noisy columns, noisy correlations."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from synthesist.core import Context, knob
from synthesist.dp.coding import Coding, Grouped, coded
from synthesist.dp.domain import Domain
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Asking, Codec, Counts, Products
from synthesist.methods._latent import LatentNormal, cumulated, nearest_correlation

__all__ = ["DpCopula"]

GRADES = 64  # a latent score of 1 as a whole number
FARTHEST = 2.0  # scores are cut here: what one row can change in a product is bounded by its square
ANCHOR = 6  # groups of the column that categories are ordered by
ORDERING = 0.3  # of what is left after the columns


class DpCopula(PrivateMethod):
    """Keeps rows private: every column, and the correlation of each two; the cheapest way.

    Columns are counted, categories are ordered by what the rows of each have in another column, and the products of
    the columns' normal scores are summed over rows: all with noise that pays for the privacy of a unit.

    When not to use: where categories matter, as all stand in one order, that of one number: what does not follow it is
    lost. When relations bend, or hold only in part of the table; `mst` and `aim` see more.

    Reference: Li, Xiong and Jiang, EDBT 2014, doi:10.5441/002/edbt.2014.43.
    """

    tiny: ClassVar[Mapping[str, Any]] = {"epsilon": 500.0, "delta": 1e-2}

    bins: int = knob(24, "codes a number may have, about", tries=(4, 24), ge=2, le=256)
    share: float = knob(0.4, "share of the budget for the columns by themselves", tries=(0.2, 0.8), gt=0.0, lt=1.0)

    def ask(self, domain: Domain, ctx: Context) -> Asking[LatentNormal]:
        """Ask for the columns, an order of each category, and the products of scores."""
        rho, delta = self.budget(domain)
        coding = yield from coded(domain, rho, delta, share=self.share, bins=self.bins)
        orders = yield from _orders(coding, coding.rho * ORDERING)
        codecs = coding.codec.modelled
        cuts = {column: cumulated(codec.mass[orders[column]]) for column, codec in codecs.items()}
        scores = {column: _scores(orders[column], cuts[column]) for column in codecs}
        correlation = np.eye(len(codecs))
        if len(codecs) > 1:
            answer = yield Products(scores, codecs, coding.rho * (1 - ORDERING), "correlations")
            correlation = _correlation(answer.values, answer.sigma)
        return LatentNormal(coding.codec, tuple(orders.values()), tuple(cuts.values()), correlation)


def _orders(coding: Coding, rho: float) -> Asking[dict[str, np.ndarray]]:
    """The codes of each column in the order of its latent variable: categories by their mean in a number's groups."""
    codecs = coding.codec.modelled
    orders = {column: np.arange(codec.size, dtype=np.int32) for column, codec in codecs.items()}
    numbers = [column for column, codec in codecs.items() if codec.ordered]
    unordered = [column for column, codec in codecs.items() if not codec.ordered and codec.size > 2]
    if not numbers or not unordered:
        return orders
    anchor = max(numbers, key=lambda column: codecs[column].ordered)
    groups = Grouped.even(codecs[anchor], ANCHOR)
    for column in unordered:
        asked: Mapping[str, Codec] = {column: codecs[column], anchor: groups}
        answer = yield Counts((column, anchor), asked, rho / len(unordered), f"order of {column}")
        counts = np.maximum(answer.values, 0.0) + 2 * answer.sigma / ANCHOR  # codes with few rows stay in the middle
        orders[column] = np.argsort(counts @ np.arange(groups.size) / counts.sum(axis=1), kind="stable").astype(
            np.int32
        )
    return orders


def _scores(order: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """scores[code]: the normal score of the middle of each code, as a whole number."""
    from scipy.special import ndtri

    middle = np.empty(len(order))
    middle[order] = np.clip(ndtri((cuts[:-1] + cuts[1:]) / 2), -FARTHEST, FARTHEST)
    return np.rint(middle * GRADES).astype(np.int64)


def _correlation(sums: np.ndarray, sigma: float) -> np.ndarray:
    """Correlations from noisy sums of products; one that noise would hide is pulled to zero."""
    scale = np.sqrt(np.maximum(np.diag(sums), 3 * sigma))
    r = sums / np.outer(scale, scale)
    noise = sigma / np.outer(scale, scale)
    return nearest_correlation(r * np.maximum(1 - (noise / np.maximum(np.abs(r), 1e-12)) ** 2, 0.0))
