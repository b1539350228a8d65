"""Noise that pays for privacy: whole numbers, drawn exactly from their law, in whole numbers only.

Floating-point noise leaks: its last digits tell what it was added to (Mironov, CCS 2012, doi:10.1145/2382196.2382264).
Here no float is ever computed with, and no table of rounded probabilities stands behind a draw. All randomness comes
from the operating system (`entropy.byte_source` replaces it in tests).

Most parameters fit arithmetic in 64 bits, which is compiled; where they do not, the same is done with Python's
unbounded integers. Either way the law is exact, short of a run of four million successes in a row of a coin of
exp(-1), which would overflow a number.
"""

from collections.abc import Callable
from math import gcd

import numpy as np

from synthesist.dp.entropy import coins, fill
from synthesist.dp.rationals import Exact, positive
from synthesist.errors import SpecError

__all__ = ["bernoulli_exp", "discrete_gaussian", "discrete_laplace", "uniform_below"]

Shape = int | tuple[int, ...]
WIDEST = 40  # noise of a scale beyond 2^40 is refused
LINEAR = 2**40  # scale of the Laplace noise x step, so that step x |y| fits 64 bits up to |y| of 2^22 scales
LARGEST = 2**31  # what is squared at once
SQUARED = 2**56  # denominators under a square: the largest square is 64 of them, and what is beyond is never kept
BOUND = 2**58  # denominators of a compiled coin


def discrete_gaussian(shape: Shape, variance: Exact) -> np.ndarray:
    """Normal noise for counts: int64, P(x) proportional to exp(-x^2 / (2 variance)) over the whole numbers.

    Added to counts one unit can change by 1 in all (in Euclidean length) it costs rho = 1 / (2 variance) of zCDP.
    A float `variance` is rounded up by at most two millionths (`rationals.at_least`), never down.

    Raises:
        SpecError: the variance is not above zero, or beyond 2^80.

    Reference: Canonne, Kamath and Steinke, NeurIPS 2020, doi:10.29012/jpc.784.
    """
    p, q = positive(variance, "variance", up=True).as_integer_ratio()
    width = (p // q).bit_length() // 2  # t = 2^width, the power of two next to sigma: any t is right, this one is fast
    _refuse_beyond(width)
    common = gcd(p, q << width)
    shift, step = p // common, (q << width) // common
    denominator = 2 * shift * (step << width)  # (|y| - p/qt)^2 / (2 p/q) = (step |y| - shift)^2 / denominator
    if step << width <= LINEAR and denominator <= SQUARED:
        from synthesist.dp.coins import gaussians

        out = np.empty(shape, np.int64)
        fill(gaussians, out.reshape(-1), width, step, shift, denominator, LARGEST)
        return out
    return _thinned(shape, width, lambda y: (step * y - shift) ** 2, denominator)


def discrete_laplace(shape: Shape, scale: Exact) -> np.ndarray:
    """Two-sided geometric noise for counts: int64, P(x) proportional to exp(-|x| / scale) over the whole numbers.

    Added to counts one unit can change by 1 in all it costs epsilon = 1 / scale. A float `scale` is rounded up by at
    most two millionths, never down.

    Raises:
        SpecError: the scale is not above zero, or beyond 2^40.

    Reference: Ghosh, Roughgarden and Sundararajan, STOC 2009, doi:10.1145/1536414.1536464.
    """
    p, q = positive(scale, "scale", up=True).as_integer_ratio()
    width = (-(-p // q) - 1).bit_length()  # 2^width is the least power of two that is not below the scale
    _refuse_beyond(width)
    common = gcd((q << width) - p, p << width)
    step, denominator = ((q << width) - p) // common, (p << width) // common
    if step << width <= LINEAR and denominator <= BOUND:
        from synthesist.dp.coins import laplaces

        out = np.empty(shape, np.int64)
        fill(laplaces, out.reshape(-1), width, step, denominator)
        return out
    return _thinned(shape, width, lambda y: step * y, denominator)


def bernoulli_exp(numerators: np.ndarray, denominators: np.ndarray | int) -> np.ndarray:
    """True with probability exp(-numerator / denominator), exactly, for each; bool[...] of the shape of both.

    Args:
        numerators: whole numbers from 0, int64 or of any size as Python's in an object array.
        denominators: whole numbers from 1, likewise.

    Raises:
        SpecError: they are not whole numbers, or negative, or a denominator is zero.
    """
    a, b = np.broadcast_arrays(numerators, denominators)
    if a.dtype.kind not in "iuO" or b.dtype.kind not in "iuO":
        raise SpecError(f"A probability exp(-a / b) is given by whole numbers, got {a.dtype} and {b.dtype}.")
    if a.size and (a.min() < 0 or b.min() < 1):
        raise SpecError("A probability exp(-a / b) needs a >= 0 and b >= 1.")
    if a.dtype.kind == b.dtype.kind == "i" and (not b.size or b.max() <= BOUND):
        return _decays(a.ravel().astype(np.int64), b.ravel().astype(np.int64)).reshape(a.shape)
    return _wide_decays(a.ravel().astype(object), b.ravel().astype(object)).reshape(a.shape)


def uniform_below(n: int, size: int) -> np.ndarray:
    """n uniform whole numbers from 0 to size - 1, int64; `size` up to 2^62. None is likelier than another."""
    from synthesist.dp.coins import below

    if not 1 <= size <= 2**62:
        raise SpecError(f"Uniform numbers are drawn below 1 to 2^62, got {size}.")
    return fill(below, np.empty(n, np.int64), size, (size - 1).bit_length())


def _refuse_beyond(width: int) -> None:
    if width > WIDEST:
        raise SpecError(
            f"Noise of a scale of about 2^{width} is beyond 2^{WIDEST}, the most that is drawn: counts would drown in "
            f"it. Spend more of the budget on this query, or ask fewer."
        )


# ------------------------------------------------------------------- in Python's unbounded integers


def _thinned(shape: Shape, width: int, gamma: Callable[[np.ndarray], np.ndarray], denominator: int) -> np.ndarray:
    """Laplace noise y of scale 2^width, kept with probability exp(-gamma(|y|) / denominator)."""
    from synthesist.dp.coins import laplaces

    out = np.empty(shape, np.int64)
    flat, done = out.reshape(-1), 0
    while done < len(flat):
        y = fill(laplaces, np.empty(min(len(flat) - done, 65_536), np.int64), width, 0, 1)
        kept = y[bernoulli_exp(gamma(abs(y).astype(object)), denominator)]
        flat[done : done + len(kept)] = kept
        done += len(kept)
    return out


def _decays(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    from synthesist.dp.coins import decays

    return fill(decays, np.empty(len(a), np.bool_), a, b)


def _wide_decays(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True with probability exp(-a / b): exp(-1) for each whole in it, then exp(-what is left)."""
    wholes = np.minimum(a // b, BOUND).astype(np.int64)
    out = _decays(wholes, np.ones_like(wholes))
    out[out] = _wide_fractions((a % b)[out], b[out])
    return out


def _wide_fractions(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True with probability exp(-a / b), where a <= b: coins of a/b, a/2b, a/3b ... until one shows no."""
    out, live, k = np.empty(len(a), np.bool_), np.arange(len(a)), 1
    while len(live):
        hit = _wide_coins(a[live], b[live])
        hit[hit] = uniform_below(int(hit.sum()), k) == 0
        out[live[~hit]] = k % 2 == 1
        live, k = live[hit], k + 1
    return out


def _wide_coins(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """True with probability a / b: a uniform number's bits against the digits of a / b until one differs."""
    out, live = np.empty(len(a), np.bool_), np.arange(len(a))
    while len(live):
        a = a + a
        digits = (a >= b).astype(np.bool_)
        a = np.where(digits, a - b, a)
        differ = coins(len(live)) != digits
        out[live[differ]] = digits[differ]
        live, a, b = live[~differ], a[~differ], b[~differ]
    return out
