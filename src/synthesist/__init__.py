"""Synthetic data of every kind, with proof of how good and how safe it is.

    import synthesist as sy

    data = sy.read("adult.csv")
    train, holdout = sy.split(data, 0.8, seed=0)
    model = sy.fit(train)
    rows = model.sample(10_000, where={"sex": "Female", "age": (">=", 65)})
    sy.evaluate(train=train, holdout=holdout, synthetic=rows, target="income").save("report.html")

One value, four arrows: a `Dataset` is learned from (Method), produced (Sampler), changed (Transform)
and judged (Metric). Nothing heavy is loaded until a name is used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "verbs": "read make split fit sample fill transform evaluate compare load save inspect",
    "recipe": "run",
    "data.dataset": "Dataset",
    "data.schema": "Schema",
    "core": "Context Evidence Score Spec",
    "model": "Model",
    "errors": "SynthesistError",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME)

if TYPE_CHECKING:
    from synthesist.core import Context, Evidence, Score, Spec
    from synthesist.data.dataset import Dataset
    from synthesist.data.schema import Schema
    from synthesist.errors import SynthesistError
    from synthesist.model import Model
    from synthesist.recipe import run
    from synthesist.verbs import (
        compare,
        evaluate,
        fill,
        fit,
        inspect,
        load,
        make,
        read,
        sample,
        save,
        split,
        transform,
    )


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'synthesist' has no attribute {name!r}")
    return getattr(import_module(f"synthesist.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
