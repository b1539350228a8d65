"""The classifier put as a small tree: parts of the table, of several columns, that are too common or too rare.

The tree learns what the classifier says of one half of the rows; shares and p-values are those of the other half.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.reasons.contrast import View, Weights, contrast, said
from synthesist.reasons.discriminator import Discriminator
from synthesist.reasons.explanation import Slice
from synthesist.reasons.sides import K

__all__ = ["Leaf", "leaves"]

Array = npt.NDArray[Any]
DEPTH = 3
FEWEST_ROWS = 50  # a leaf learns from


@dataclass(frozen=True)
class Leaf:
    """A leaf of the tree: its slice, its columns, the p of its shares and what it gives away."""

    part: Slice
    columns: tuple[str, ...]
    p: float
    strength: float


@dataclass(frozen=True)
class _Test:
    """One question on the way to a leaf: codes from low to high, or one code, of a view, or not that one."""

    low: int
    high: int
    without: tuple[int, ...] = ()


def leaves(critic: Discriminator, views: Sequence[View], weights: Weights, places: tuple[Array, Array]) -> list[Leaf]:
    """The leaves with enough real rows, those that differ most first.

    Args:
        critic: what the classifier says of some real and synthetic rows.
        views: the columns the tree may ask for.
        weights: what the rows of the views count.
        places: which rows of the views the classifier has judged, on both sides.
    """
    x = [np.stack([codes[rows] for codes in sides], axis=1) for sides, rows in zip(_codes(views), places, strict=True)]
    learn = [np.arange(len(rows)) % 2 == 0 for rows in places]
    both = np.concatenate([part[half] for part, half in zip(x, learn, strict=True)])
    odds = np.concatenate([o[half] for o, half in zip((critic.real_odds, critic.synthetic_odds), learn, strict=True)])
    if len(both) < 2 * FEWEST_ROWS:
        return []
    found = []
    counts = [w[rows][~half] for w, rows, half in zip((weights.real, weights.synthetic), places, learn, strict=True)]
    tests = list(_paths(_tree(both, odds, views), views))
    for path in tests:
        inside = [_meets(part[~half], path).astype(np.int64) for part, half in zip(x, learn, strict=True)]
        where = " and ".join(_words(views[j], test) for j, test in path.items())
        view = View((), "slice", inside[0], inside[1], 2, said("", where), ordered=False)
        gap = contrast(view, Weights(counts[0], counts[1]))
        if gap is None or int(inside[0].sum()) < K:
            continue
        columns = tuple(views[j].columns[0] for j in path)
        part = Slice(where, gap.real, gap.synthetic, gap.low, gap.high)
        found.append(Leaf(part, columns, min(1.0, gap.p * len(tests)), gap.strength))
    return sorted(found, key=lambda leaf: -leaf.strength)


def _codes(views: Sequence[View]) -> tuple[list[Array], list[Array]]:
    return [view.real for view in views], [view.synthetic for view in views]


def _tree(x: Array, odds: Array, views: Sequence[View]) -> Any:
    """One regression tree on codes x[row, view]."""
    import lightgbm

    named = [j for j, view in enumerate(views) if not view.ordered]
    params = {
        "objective": "regression", "max_depth": DEPTH, "num_leaves": 2**DEPTH, "min_data_in_leaf": FEWEST_ROWS,
        "learning_rate": 1.0, "max_cat_to_onehot": 1000, "min_data_per_group": 1, "cat_smooth": 0, "cat_l2": 0,
        "num_threads": 1, "deterministic": True, "force_col_wise": True, "verbose": -1, "max_bin": 255,
    }  # fmt: skip
    data = lightgbm.Dataset(x.astype(np.float64), odds, categorical_feature=named, params=params)
    return lightgbm.train(params, data, num_boost_round=1).dump_model()["tree_info"][0]["tree_structure"]


def _paths(node: Mapping[str, Any], views: Sequence[View]) -> Iterator[dict[int, _Test]]:
    """The questions on the way to every leaf, by view."""
    yield from _below(node, {}, views)


def _below(node: Mapping[str, Any], path: dict[int, _Test], views: Sequence[View]) -> Iterator[dict[int, _Test]]:
    if "split_feature" not in node:
        if path:
            yield path
        return
    j = int(node["split_feature"])
    now = path.get(j, _Test(0, views[j].size - 1))
    if node["decision_type"] == "==":
        code = int(str(node["threshold"]).split("||")[0])
        left, right = _Test(code, code), replace(now, without=(*now.without, code))
    else:
        cut = int(np.floor(float(node["threshold"])))
        left, right = replace(now, high=min(now.high, cut)), replace(now, low=max(now.low, cut + 1))
    yield from _below(node["left_child"], {**path, j: left}, views)
    yield from _below(node["right_child"], {**path, j: right}, views)


def _meets(x: Array, path: Mapping[int, _Test]) -> Array:
    inside = np.ones(len(x), bool)
    for j, test in path.items():
        inside &= (x[:, j] >= test.low) & (x[:, j] <= test.high) & ~np.isin(x[:, j], test.without)
    return inside


def _words(view: View, test: _Test) -> str:
    if not test.without:
        return view.words(test.low, test.high)
    return f"not {' or '.join(view.words(code, code) for code in test.without)}"
