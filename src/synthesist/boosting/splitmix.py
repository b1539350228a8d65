"""Random numbers for compiled loops: SplitMix64, its state an array of one uint64.

Reference: Steele, Lea and Flood, OOPSLA 2014, doi:10.1145/2660193.2660195.
"""

import numpy as np
from numba import njit

__all__ = ["bits", "uniform", "unit"]


@njit(nogil=True, cache=True)
def bits(state):  # type: ignore[no-untyped-def]
    """The next 64 random bits of SplitMix64; `state` is an array of one uint64."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(nogil=True, cache=True)
def unit(r):  # type: ignore[no-untyped-def]
    """64 random bits as a number in [0, 1)."""
    return np.float64(r >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@njit(nogil=True, cache=True)
def uniform(state):  # type: ignore[no-untyped-def]
    """The next number in [0, 1)."""
    return unit(bits(state))
