"""Parameters of private mechanisms as exact fractions, so that no rounding weakens a promise unseen."""

from fractions import Fraction
from math import ceil, floor, inf
from numbers import Integral

import numpy as np

from synthesist.errors import SpecError

__all__ = ["Exact", "at_least", "at_most", "positive"]

Exact = int | float | Fraction
"""A parameter of a mechanism: exact as it is, or a float that is rounded to the safe side."""
BITS = 20  # of a rounded number: a millionth of its size, and products of several still fit into 64 bits


def at_least(value: float | Fraction) -> Fraction:
    """The least number of 20 binary digits that is not below `value`: for what makes noise larger.

    >>> at_least(0.1) >= Fraction(1, 10), at_least(0.1) < Fraction(1, 10) * Fraction(100_001, 100_000)
    (True, True)
    """
    unit = _unit(value)
    return ceil(Fraction(value) / unit) * unit


def at_most(value: float | Fraction) -> Fraction:
    """The largest number of 20 binary digits that is not above `value`: for an epsilon.

    >>> at_most(0.5)
    Fraction(1, 2)
    """
    unit = _unit(value)
    return floor(Fraction(value) / unit) * unit


def positive(value: Exact, name: str, *, up: bool) -> Fraction:
    """`value` as an exact fraction; a float is rounded `up` or down to 20 binary digits.

    Raises:
        SpecError: it is no number, not finite, or not above zero.
    """
    if not isinstance(value, Fraction | Integral | float | np.floating):
        raise SpecError(f"The {name} must be a number: an int, a Fraction or a float; got {value!r}.")
    if not 0 < value < inf:  # nor is NaN
        raise SpecError(f"The {name} must be above zero and finite, got {value}.")
    if isinstance(value, Fraction):
        return value
    if isinstance(value, Integral):
        return Fraction(int(value))
    return at_least(float(value)) if up else at_most(float(value))


def _unit(value: float | Fraction) -> Fraction:
    """The weight of the last of 20 binary digits of `value`.

    Raises:
        SpecError: it is not above zero and finite.
    """
    if not 0 < value < inf:
        raise SpecError(f"Only a number above zero and finite has digits to round, got {value}.")
    p, q = value.as_integer_ratio()
    above = p.bit_length() - q.bit_length()  # 2^above is beyond the value, or half as much is
    if Fraction(value) >= Fraction(2) ** above:
        above += 1
    return Fraction(2) ** (above - BITS)
