"""An order for codes that have none: along the axis on which they tell another column apart best."""

import numpy as np

__all__ = ["ranks_by"]


def ranks_by(feature: np.ndarray, size: int, y: np.ndarray, y_size: int) -> np.ndarray:
    """Ranks of an unordered feature's codes along the axis on which they tell the target apart best.

    The first axis of a correspondence analysis of the (smoothed) contingency table.
    """
    table = np.bincount(feature.astype(np.int64) * y_size + y, minlength=size * y_size).reshape(size, y_size)
    rows, share = table.sum(axis=1, keepdims=True), table.sum(axis=0) / max(table.sum(), 1)
    profile = ((table + 5 * share) / (rows + 5) - share) / np.sqrt(share + 1e-9)
    weighted = profile * np.sqrt(rows)
    axis = np.ones(y_size) + np.arange(y_size) / y_size
    for _ in range(12):  # power iteration: a rough axis is enough to sort by
        axis = weighted.T @ (weighted @ axis)
        axis /= max(float(np.linalg.norm(axis)), 1e-300)
    ranks = np.zeros(256, np.uint8)
    ranks[np.argsort(profile @ axis, kind="stable")] = np.arange(size)
    return ranks
