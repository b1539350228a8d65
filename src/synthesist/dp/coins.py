"""Exact draws from fair coins, compiled: nothing is rounded, as every number is a whole one below 2^62.

`words` are random bits, read four at a time; `at` is the next four that were not read, and every function returns it
anew beside its result. Once they run out `at` is beyond their number, and what was drawn is void: `entropy.fill` has
it drawn again.

Reference: Canonne, Kamath and Steinke, The discrete Gaussian for differential privacy, NeurIPS 2020,
doi:10.29012/jpc.784, algorithms 1 to 3.
"""

import numpy as np
from numba import njit

__all__ = ["DIGITS", "below", "decays", "gaussians", "laplaces"]

DIGITS = 16  # of four bits, in a word


@njit(nogil=True, cache=True, error_model="numpy")
def gaussians(out, done, words, at, width, step, shift, denominator, largest):  # type: ignore[no-untyped-def]
    """Algorithm 3: Laplace noise y of scale 2^width, kept with probability exp(-(step |y| - shift)^2 / denominator).

    The `largest` number is squared at once; beyond it the square grows by odd numbers, each with a draw of its own.
    """
    while done < len(out):
        y, now = laplace(width, words, at)
        size = abs(step * abs(y) - shift)
        root = min(size, largest)
        kept, now = decay(root * root, denominator, words, now)
        while kept and root < size:
            kept, now = decay(2 * root + 1, denominator, words, now)
            root += 1
        if spent(words, now):
            break
        at = now
        if kept:
            out[done] = y
            done += 1
    return done, at


@njit(nogil=True, cache=True, error_model="numpy")
def laplaces(out, done, words, at, width, step, denominator):  # type: ignore[no-untyped-def]
    """Laplace noise y of scale 2^width, kept with probability exp(-step |y| / denominator)."""
    while done < len(out):
        y, now = laplace(width, words, at)
        kept, now = decay(step * abs(y), denominator, words, now)
        if spent(words, now):
            break
        at = now
        if kept:
            out[done] = y
            done += 1
    return done, at


@njit(nogil=True, cache=True, error_model="numpy")
def decays(out, done, words, at, numerators, denominators):  # type: ignore[no-untyped-def]
    """True with probability exp(-numerator / denominator), for each."""
    while done < len(out):
        out[done], now = decay(numerators[done], denominators[done], words, at)
        if spent(words, now):
            break
        at = now
        done += 1
    return done, at


@njit(nogil=True, cache=True, error_model="numpy")
def below(out, done, words, at, size, width):  # type: ignore[no-untyped-def]
    """Uniform whole numbers below `size`, which has `width` bits: those that are too large are drawn again."""
    while done < len(out):
        drawn, now = read(width, words, at)
        if spent(words, now):
            break
        at = now
        if drawn < size:
            out[done] = drawn
            done += 1
    return done, at


@njit(nogil=True, cache=True, error_model="numpy")
def laplace(width, words, at):  # type: ignore[no-untyped-def]
    """Algorithm 2: y with probability proportional to exp(-|y| / t), where t = 2^width."""
    t = 1 << width
    while not spent(words, at):
        u, at = read(width, words, at)
        kept, at = decay_fraction(u, t, words, at)
        if not kept:
            continue
        v = 0
        more, at = decay_one(words, at)
        while more:
            v += 1
            more, at = decay_one(words, at)
        negative, at = read(1, words, at)
        size = u + t * v
        if size or not negative:  # or zero would come up twice as often
            return (-size if negative else size), at
    return 0, at


@njit(nogil=True, cache=True, error_model="numpy")
def decay(a, b, words, at):  # type: ignore[no-untyped-def]
    """Algorithm 1: true with probability exp(-a / b); a >= 0, 0 < b <= 2^58."""
    for _ in range(a // b):
        hit, at = decay_one(words, at)
        if not hit:
            return False, at
    return decay_fraction(a % b, b, words, at)


@njit(nogil=True, cache=True, error_model="numpy")
def decay_fraction(a, b, words, at):  # type: ignore[no-untyped-def]
    """True with probability exp(-a / b), where 0 <= a <= b: coins of a/b, a/2b, a/3b ... until one shows no.

    A coin of a/kb is one of a/b and one of 1/k, so that no number grows.
    """
    k = 1
    while True:
        hit, at = coin(a, b, words, at)
        if hit and k > 1:
            hit, at = coin(1, k, words, at)
        if not hit:
            return k % 2 == 1, at
        k += 1


@njit(nogil=True, cache=True, error_model="numpy")
def decay_one(words, at):  # type: ignore[no-untyped-def]
    """True with probability exp(-1)."""
    k = 2  # the first coin, of 1/1, shows yes
    while True:
        hit, at = coin(1, k, words, at)
        if not hit:
            return k % 2 == 1, at
        k += 1


@njit(nogil=True, cache=True, error_model="numpy")
def coin(a, b, words, at):  # type: ignore[no-untyped-def]
    """True with probability a / b, where 0 <= a <= b <= 2^58.

    A uniform number is compared with a / b, four bits after four bits, until they tell which is larger.
    """
    end = DIGITS * len(words)
    while at < end:
        digit, at = four(words, at), at + 1
        a <<= 4
        if a >= (digit + 1) * b:
            return True, at
        if a <= digit * b:
            return False, at
        a -= digit * b
    return False, end + 1


@njit(nogil=True, cache=True, error_model="numpy")
def read(width, words, at):  # type: ignore[no-untyped-def]
    """A whole number of `width` bits, 0 to 62."""
    digits = (width + 3) >> 2
    if at + digits > DIGITS * len(words):
        return 0, DIGITS * len(words) + 1
    number = 0
    for i in range(digits):
        number |= four(words, at + i) << (4 * i)
    return number & ((1 << width) - 1), at + digits


@njit(nogil=True, cache=True, error_model="numpy")
def four(words, at):  # type: ignore[no-untyped-def]
    """The four bits at `at`; an index without a sign is read faster."""
    return (words[np.uint64(at) >> np.uint64(4)] >> ((at & 15) << 2)) & 15


@njit(nogil=True, cache=True, error_model="numpy")
def spent(words, at):  # type: ignore[no-untyped-def]
    """Whether more was read than there is."""
    return at > DIGITS * len(words)
