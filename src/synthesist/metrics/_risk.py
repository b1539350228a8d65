"""The risk of an attack beyond what strangers run, as the regulators' triad is measured.

An attack that succeeds on a share of the training rows succeeds on some rows nobody learnt from as well,
because both come from one population. The risk is the share of the attacks which fail on strangers that
succeed on training rows: (attack rate - control rate) / (1 - control rate); 0 is what strangers run.

Giomi, Boenisch, Wehmeyer and Tasnádi 2023, A Unified Framework for Quantifying Privacy Risk in Synthetic
Data, PoPETs 2023(2), doi:10.56553/popets-2023-0055.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.metrics._estimate import Estimate, wilson

__all__ = ["Rate", "beyond", "effective", "rate"]

Array = npt.NDArray[Any]


class Rate(NamedTuple):
    """A rate of success at the middle of Wilson's interval, and half the width of that."""

    value: float
    error: float


def rate(share: float, n: float) -> Rate:
    """The rate of `n` independent attacks of which this share succeeded."""
    found = wilson(share, n)
    return Rate(float(found.low + found.high) / 2, float(found.high - found.low) / 2)


def beyond(attack: Rate, control: Rate) -> Estimate:
    """The risk beyond the control, with the errors of both carried over; at most 1, below 0 by chance."""
    room = 1 - control.value
    value = (attack.value - control.value) / room
    error = float(np.hypot(attack.error / room, control.error * (1 - attack.value) / room**2))
    return Estimate(value, value - error, min(value + error, 1.0))


def effective(successes: Array) -> float:
    """How many independent attacks these are worth: each target's share of success over attacks that share it."""
    share, spread = successes.mean(), successes.var()
    return float(len(successes) * (share * (1 - share) / spread if spread > 0 else 1.0))
