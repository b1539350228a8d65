"""Noisy counts along a line brought nearer the truth: neighbours help each other as far as they lie alike.

Rows lie along pieces of constant or linear density. Where the pieces begin is not known, so the mean is taken over
every way to cut the line, each as likely as the counts make it. Rows are a draw from such a density, which itself is
no more than nearly right: of what the pieces leave over, each count keeps what noise does not explain.

References: Fearnhead, Statistics and Computing 16, 2006, doi:10.1007/s11222-006-8450-8 (the mean over all cuts);
Efron and Morris, JASA 70, 1975, doi:10.1080/01621459.1975.10479864 (shrinkage whose amount is learnt).
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["smoothed"]

PRICE = 1.5  # how far one more number must better the fit, in noise variances times the logarithm of the codes
NARROWEST = 1e-12  # a code's part of the line, relative to the widest
ROUNDS = 3  # of rows from a density, and the density from how much rows may differ from it
FLAT = 1e-9  # of the sum of squares: what sums of floating point numbers are exact to


def smoothed(counts: np.ndarray, sigma: np.ndarray, widths: np.ndarray) -> np.ndarray:
    """The likely rows of each code, none below zero.

    Args:
        counts, sigma: noisy rows of each code, in order, and the standard deviation of the noise.
        widths: how much of the line each code covers.
    """
    widest = widths.max(initial=0.0)
    if len(counts) < 3 or not 0 < widest < np.inf:
        return np.maximum(counts, 0.0)
    widths, draw = np.clip(widths / widest, NARROWEST, 1.0), np.maximum(counts, 0.0)
    for _ in range(ROUNDS):
        rows = _Pieces.of(counts, sigma**2 + draw, widths).mean()
        draw = rows  # the variance of a count of Poisson
    left = counts - rows
    beyond = rows + _overdispersion(left, sigma**2, rows) * rows**2
    return np.maximum(rows + left * beyond / (beyond + sigma**2), 0.0)


def _overdispersion(left: np.ndarray, noise: np.ndarray, rows: np.ndarray) -> float:
    """How far rows are from the density beyond a draw from it, as a squared share; codes with little noise say most."""
    square, weight = np.maximum(rows, 1.0) ** 2, (np.maximum(rows, 1.0) / (noise + rows + 1.0)) ** 2
    return max(0.0, float((weight * (left**2 - noise - rows) / square).sum() / weight.sum()))


@dataclass(frozen=True)
class _Pieces:
    """Every piece of the line, from the code `begin` up to but not `end`: tables[begin, end - 1].

    Places are told from where a piece begins, and sums begin there: narrow codes beside wide ones lose no digits.
    """

    widths: np.ndarray
    away: np.ndarray
    """away[begin, code]: how far the middle of a code is from where a piece begins."""
    level: np.ndarray
    """The best constant density."""
    slope: np.ndarray
    """Of the best linear one, which has the level at the piece's `centre`."""
    centre: np.ndarray
    constant: np.ndarray
    """The log of how likely the counts of a constant piece are; -inf where none can be."""
    linear: np.ndarray

    @classmethod
    def of(cls, counts: np.ndarray, variance: np.ndarray, widths: np.ndarray) -> "_Pieces":
        """Weighted least squares for all pieces at once, by sums from where each begins."""
        n, ends = len(counts), np.cumsum(widths)
        away = (ends - widths / 2)[None, :] - (ends - widths)[:, None]
        length = np.arange(1, n + 1)[None, :] - np.arange(n)[:, None]
        weight, moment = widths**2 / variance, widths * counts / variance
        w, wx, wxx, y, yx = (
            np.cumsum(np.where(length > 0, each, 0.0), axis=1)
            for each in (weight, weight * away, weight * away**2, moment, moment * away)
        )
        w = np.where(length > 0, w, 1.0)
        level, centre = y / w, wx / w
        spread, along = wxx - wx * centre, yx - y * centre
        bends = (length > 2) & (spread > FLAT * wxx)
        slope = np.where(bends, along / np.where(bends, spread, 1.0), 0.0)
        price = PRICE * np.log(n)
        constant = np.where(length > 0, (y * level - price) / 2, -np.inf)
        linear = np.where(bends, constant + (along * slope - price) / 2, -np.inf)
        return cls(widths, away, level, slope, centre, constant, linear)

    def mean(self) -> np.ndarray:
        """The rows of each code, in the mean over all ways to cut the line."""
        n, either = len(self.widths), np.logaddexp(self.constant, self.linear)
        before, after = np.full(n + 1, -np.inf), np.full(n + 1, -np.inf)
        before[0] = after[n] = 0.0
        for end in range(1, n + 1):
            before[end] = np.logaddexp.reduce(before[:end] + either[:end, end - 1])
        for begin in range(n - 1, -1, -1):
            after[begin] = np.logaddexp.reduce(after[begin + 1 :] + either[begin, begin:])
        outside = before[:-1, None] + after[None, 1:] - before[n]
        flat, bent = np.exp(self.constant + outside), np.exp(self.linear + outside)
        whole = _still_open(flat + bent).sum(axis=0)  # one, but for digits lost where noise is next to nothing
        at_begin = _still_open(flat * self.level + bent * (self.level - self.slope * self.centre))
        density = (at_begin + _still_open(bent * self.slope) * self.away).sum(axis=0)
        return np.maximum(density / whole * self.widths, 0.0)


def _still_open(pieces: np.ndarray) -> np.ndarray:
    """sums[begin, code] over all pieces that begin there and hold the code."""
    codes = np.arange(len(pieces))
    sums = np.cumsum(pieces[:, ::-1], axis=1)[:, ::-1]
    return np.where(codes[None, :] >= codes[:, None], sums, 0.0)
