"""Parameters of private mechanisms as exact fractions, so that no rounding weakens a promise unseen."""

import math
from fractions import Fraction
from numbers import Integral

import numpy as np

from synthesist.errors import SpecError

__all__ = ["Exact", "at_least", "at_most", "positive"]

Exact = int | float | Fraction
"""A parameter of a mechanism: exact as it is, or a float that is rounded to the safe side."""
BITS = 20  # of a rounded number: a millionth of its size, and products of several still fit into 64 bits


def at_least(value: float) -> Fraction:
    """The least number of 20 binary digits that is not below `value`: for what makes noise larger.

    >>> at_least(0.1) >= Fraction(1, 10), at_least(0.1) < Fraction(1, 10) * Fraction(100_001, 100_000)
    (True, True)
    """
    return -_downwards(-value)


def at_most(value: float) -> Fraction:
    """The largest number of 20 binary digits that is not above `value`: for an epsilon.

    >>> at_most(0.5)
    Fraction(1, 2)
    """
    return _downwards(value)


def positive(value: Exact, name: str, *, up: bool) -> Fraction:
    """`value` as an exact fraction; a float is rounded `up` or down to 20 binary digits.

    Raises:
        SpecError: it is no number, not finite, or not above zero.
    """
    if not isinstance(value, Fraction | Integral | float | np.floating):
        raise SpecError(f"The {name} must be a number: an int, a Fraction or a float; got {value!r}.")
    if not value > 0 or not math.isfinite(value):  # NaN is not above zero either
        raise SpecError(f"The {name} must be above zero and finite, got {value}.")
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Integral):
        return Fraction(int(value))
    return at_least(float(value)) if up else at_most(float(value))


def _downwards(value: float) -> Fraction:
    unit = Fraction(2) ** (math.frexp(value)[1] - BITS)
    return math.floor(Fraction(value) / unit) * unit
