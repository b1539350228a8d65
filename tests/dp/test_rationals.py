"""Parameters never move to the unsafe side."""

from fractions import Fraction

import numpy as np
import pytest

from synthesist.dp.rationals import at_least, at_most, positive
from synthesist.errors import SpecError


def test_rounding_goes_one_way_and_not_far() -> None:
    rng = np.random.default_rng(0)
    for value in [*np.exp(rng.uniform(-600, 600, 500)).tolist(), 5e-324, 1.0, 0.1, 2.0**60, 1.7e308]:
        exact = Fraction(value)
        low, high = at_most(value), at_least(value)
        assert exact * (1 - Fraction(1, 500_000)) <= low <= exact <= high <= exact * (1 + Fraction(1, 500_000))
        for rounded in (low, high):
            digits = rounded.numerator // (rounded.numerator & -rounded.numerator)
            assert digits < 2**20 or digits == 1


def test_a_fraction_is_rounded_from_all_its_digits() -> None:
    """By way of a float it would have lost what is beyond the grid, and come out below."""
    value = 1 + Fraction(1, 10**30)
    assert at_least(value) == 1 + Fraction(1, 2**19)
    assert at_most(value) == 1


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_what_has_no_digits_is_refused(value: float) -> None:
    for rounding in (at_least, at_most):
        with pytest.raises(SpecError, match="above zero"):
            rounding(value)


def test_round_numbers_stay() -> None:
    for value in (0.5, 3.0, 2.0**-40, 1_048_575.0):
        assert at_least(value) == at_most(value) == Fraction(value)


def test_only_floats_are_rounded() -> None:
    third = Fraction(1, 3)
    assert positive(third, "x", up=True) == third
    assert positive(10**400 + 1, "x", up=True) == 10**400 + 1
    assert positive(1 / 3, "x", up=True) > Fraction(1 / 3) > positive(1 / 3, "x", up=False)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), float("-inf"), Fraction(0), "3", None, 1j])
def test_what_is_no_positive_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(SpecError, match="The variance must be"):
        positive(value, "variance", up=True)  # type: ignore[arg-type]
