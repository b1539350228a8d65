"""Boosted trees as the judge's classifier: LightGBM with its own defaults, made to repeat itself.

Each forest grows on one thread and several grow at once: nothing waits for another thread within a
tree, which costs dearly on a busy machine, and the trees are the same for every number of threads.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy.typing as npt

from synthesist.core import Context
from synthesist.metrics._columns import Columns

__all__ = ["at_once", "categorical", "fit", "predict"]

Array = npt.NDArray[Any]
T = TypeVar("T")
R = TypeVar("R")


def fit(
    x: Array, y: Array, categorical: list[int], objective: str, ctx: Context, rounds: int = 100,
    weight: Any = None, **more: Any,
) -> Any:  # fmt: skip
    """100 boosted trees, or so many `rounds`, on `x[row, feature]`, NaN missing; rows may have weights.

    Ke et al. 2017, LightGBM: A Highly Efficient Gradient Boosting Decision Tree, NeurIPS 30.
    """
    import lightgbm

    params = {
        "objective": objective,
        "seed": ctx.seed("trees") % 2**31,
        "num_threads": 1,
        "deterministic": True,
        "force_col_wise": True,  # else it is chosen by a stopwatch
        "verbose": -1,
        **more,
    }
    data = lightgbm.Dataset(x, y, weight=weight, categorical_feature=categorical, params=params)
    return lightgbm.train(params, data, num_boost_round=rounds)


def predict(trees: Any, x: Array) -> Array:
    """What the trees expect for `x[row, feature]`: a probability, one for each class, or a number."""
    expected: Array = trees.predict(x, num_threads=1)
    return expected


def categorical(columns: Columns, without: str | None = None) -> list[int]:
    """The places of the categories in `Columns.matrix`."""
    kept = [column for column in columns.all if column.name != without]
    return [j for j, column in enumerate(kept) if not column.numeric]


def at_once(work: Callable[[T], R], tasks: Sequence[T], label: str, ctx: Context) -> list[R]:
    """`work` done for every task, as many at once as the context lends threads, in the order of the tasks."""
    with ThreadPoolExecutor(max(ctx.threads, 1)) as pool:
        done: Iterable[R] = ctx.track(pool.map(work, tasks), label, len(tasks))
        return list(done)
