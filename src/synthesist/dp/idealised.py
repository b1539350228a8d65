"""Randomness for training: from the operating system, but in floating point.

Idealised arithmetic: the guarantee is that of real numbers, and the last digits of a float are not covered by it.
"""

import numpy as np

from synthesist.dp.entropy import random_bytes

__all__ = ["chosen", "normal"]


def normal(n: int) -> np.ndarray:
    """n standard normal numbers."""
    from scipy.special import ndtri

    return np.asarray(ndtri((_words(n) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54))


def chosen(n: int, rate: float) -> np.ndarray:
    """Which of n take part, each with probability `rate` and independently of the others: bool[n]."""
    return _words(n) < np.uint64(min(int(rate * 2**64), 2**64 - 1))


def _words(n: int) -> np.ndarray:
    """n random words of 64 bits."""
    return np.frombuffer(random_bytes(8 * n), np.uint64)
