"""Choosing among candidates privately: the better a candidate, the likelier, exactly."""

from fractions import Fraction
from numbers import Integral

import numpy as np

from synthesist.dp.noise import bernoulli_exp, uniform_below
from synthesist.dp.rationals import Exact, positive
from synthesist.errors import SpecError

__all__ = ["exponential_mechanism"]

ROUND = 65_536  # candidates proposed at once, at most


def exponential_mechanism(scores: np.ndarray, sensitivity: int | Fraction, epsilon: Exact) -> int:
    """The number of one candidate, drawn with probability proportional to exp(epsilon score / (2 sensitivity)).

    It costs epsilon, or epsilon^2 / 8 of zCDP. Candidates are proposed evenly and kept with probability
    exp(-epsilon (best - score) / (2 sensitivity)); the first that is kept is the answer: no sum, no float, no rounding.

    Args:
        scores: scores[candidate], whole numbers: int64, or of any size as Python's in an object array. Fractions are
            brought to one denominator d first: give their numerators, and d times the sensitivity.
        sensitivity: the most by which one unit changes any score.
        epsilon: a float is rounded down by at most two millionths, never up.

    Raises:
        SpecError: there is no candidate, a score is not a whole number, or a parameter is not above zero.

    Reference: McSherry and Talwar, FOCS 2007, doi:10.1109/FOCS.2007.66.
    """
    if isinstance(sensitivity, float):
        raise SpecError(f"Whole scores have an exact sensitivity: give an int or a Fraction, not {sensitivity}.")
    rate = positive(epsilon, "epsilon", up=False) / (2 * positive(sensitivity, "sensitivity", up=True))
    exponents = _gaps(np.asarray(scores), rate.numerator)
    while True:
        proposed = uniform_below(min(len(exponents), ROUND), len(exponents))
        kept = bernoulli_exp(exponents[proposed], rate.denominator)
        if kept.any():
            return int(proposed[kept.argmax()])


def _gaps(scores: np.ndarray, factor: int) -> np.ndarray:
    """(best - score) x factor of every candidate, in 64 bits where they suffice."""
    if scores.ndim != 1 or not len(scores):
        raise SpecError(f"There must be a row of one candidate or more, got scores of shape {scores.shape}.")
    if scores.dtype.kind not in "iu" and not all(isinstance(score, Integral) for score in scores.tolist()):
        raise SpecError("Scores must be whole numbers: bring fractions to one denominator, and round no measurement.")
    best, worst = int(scores.max()), int(scores.min())
    fits = max(abs(best), abs(worst), (best - worst) * factor) < 2**62
    return (best - scores.astype(np.int64 if fits else object)) * factor
