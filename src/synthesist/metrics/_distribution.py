"""How far two samples of numbers are apart, with each row's part in it."""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

__all__ = ["kolmogorov_smirnov"]

Floats = npt.NDArray[Any]


def kolmogorov_smirnov(real: Floats, other: Floats) -> tuple[float, Floats, Floats]:
    """1 - max over x of |F(x) - G(x)|, and each row's part in F and G where they differ most."""
    ours, theirs = np.sort(real), np.sort(other)
    points = ours[np.concatenate([ours[1:] != ours[:-1], [True]])]
    above = _share(ours, points, "right") - _share(theirs, points, "right")  # F - G is largest at a real point
    below = _share(theirs, points, "left") - _share(ours, points, "left")  # and G - F just before one
    highest, lowest = int(np.argmax(above)), int(np.argmax(below))
    if above[highest] >= below[lowest]:
        point = points[highest]
        return 1 - float(above[highest]), -1.0 * (real <= point), 1.0 * (other <= point)
    point = points[lowest]
    return 1 - float(below[lowest]), 1.0 * (real < point), -1.0 * (other < point)


def _share(values: Floats, points: Floats, side: Literal["left", "right"]) -> Floats:
    """The share of sorted `values` below each point, or at it as well."""
    return np.searchsorted(values, points, side=side) / len(values)
