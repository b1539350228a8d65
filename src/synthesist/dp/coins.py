"""Exact draws from fair coins, compiled: nothing is rounded, as every number is a whole one below 2^62.

`words` are random bits, 64 in each, and `at` is the next that was not read; every function returns it anew beside its
result. Once the bits run out `at` is beyond their number, and what was drawn is void (`entropy.fill` draws it again).

Reference: Canonne, Kamath and Steinke, The discrete Gaussian for differential privacy, NeurIPS 2020,
doi:10.29012/jpc.784, algorithms 1 to 3.
"""

from numba import njit

__all__ = ["below", "decays", "gaussians", "laplaces"]


@njit(nogil=True, cache=True)
def gaussians(out, done, words, at, scale, step, shift, denominator, largest):  # type: ignore[no-untyped-def]
    """Algorithm 3: Laplace noise y of scale 2^`scale`, kept with probability exp(-(step |y| - shift)^2 / denominator).

    A `largest` number is squared at once; beyond it the square grows by odd numbers, each a coin of its own.
    """
    while done < len(out):
        y, now = laplace(scale, words, at)
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


@njit(nogil=True, cache=True)
def laplaces(out, done, words, at, scale, step, denominator):  # type: ignore[no-untyped-def]
    """Laplace noise y of scale 2^`scale`, kept with probability exp(-step |y| / denominator)."""
    while done < len(out):
        y, now = laplace(scale, words, at)
        kept, now = decay(step * abs(y), denominator, words, now)
        if spent(words, now):
            break
        at = now
        if kept:
            out[done] = y
            done += 1
    return done, at


@njit(nogil=True, cache=True)
def decays(out, done, words, at, numerators, denominators):  # type: ignore[no-untyped-def]
    """True with probability exp(-numerator / denominator), for each."""
    while done < len(out):
        out[done], now = decay(numerators[done], denominators[done], words, at)
        if spent(words, now):
            break
        at = now
        done += 1
    return done, at


@njit(nogil=True, cache=True)
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


@njit(nogil=True, cache=True)
def laplace(scale, words, at):  # type: ignore[no-untyped-def]
    """Algorithm 2: y with probability proportional to exp(-|y| / t), where t = 2^`scale`."""
    t = 1 << scale
    while not spent(words, at):
        u, at = read(scale, words, at)
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


@njit(nogil=True, cache=True)
def decay(a, b, words, at):  # type: ignore[no-untyped-def]
    """Algorithm 1: true with probability exp(-a / b); a >= 0, 0 < b <= 2^61."""
    for _ in range(a // b):
        hit, at = decay_one(words, at)
        if not hit:
            return False, at
    return decay_fraction(a % b, b, words, at)


@njit(nogil=True, cache=True)
def decay_fraction(a, b, words, at):  # type: ignore[no-untyped-def]
    """True with probability exp(-a / b), where 0 <= a <= b: coins of a/b, a/2b, a/3b ... until one shows no.

    A coin of a/kb is one of 1/k and one of a/b, so that no number grows.
    """
    k = 1
    while True:
        hit, at = coin(a, b, words, at)
        if hit and k > 1:
            hit, at = coin(1, k, words, at)
        if not hit:
            return k % 2 == 1, at
        k += 1


@njit(nogil=True, cache=True)
def decay_one(words, at):  # type: ignore[no-untyped-def]
    """True with probability exp(-1)."""
    k = 2
    while True:
        hit, at = coin(1, k, words, at)
        if not hit:
            return k % 2 == 1, at
        k += 1


@njit(nogil=True, cache=True)
def coin(a, b, words, at):  # type: ignore[no-untyped-def]
    """True with probability a / b, where 0 <= a <= b <= 2^61: two bits are read on average.

    The bits are those of a uniform number, which is compared with the binary digits of a / b until one differs.
    """
    end = 64 * len(words)
    while at < end:
        a += a
        digit = a >= b
        if digit:
            a -= b
        bit = (words[at >> 6] >> (at & 63)) & 1 == 1
        at += 1
        if bit != digit:
            return digit, at
    return False, end + 1


@njit(nogil=True, cache=True)
def read(width, words, at):  # type: ignore[no-untyped-def]
    """A whole number of `width` bits, 0 to 62."""
    end = at + width
    if end > 64 * len(words):
        return 0, 64 * len(words) + 1
    number, got = 0, 0
    while got < width:
        taken = min(width - got, 64 - (at & 63))
        number |= ((words[at >> 6] >> (at & 63)) & ((1 << taken) - 1)) << got
        at += taken
        got += taken
    return number, at


@njit(nogil=True, cache=True)
def spent(words, at):  # type: ignore[no-untyped-def]
    """Whether more bits were read than there are."""
    return at > 64 * len(words)
