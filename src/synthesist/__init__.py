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
    "verbs.adapting": "adapt",
    "verbs.auditing": "audit",
    "verbs.changing": "subset transform",
    "verbs.comparing": "compare",
    "verbs.differing": "diff",
    "verbs.drawing": "fill sample write",
    "verbs.explaining": "explain realism",
    "verbs.judging": "evaluate",
    "verbs.learning": "fit load save search",
    "verbs.making": "make",
    "verbs.reading": "inspect read split",
    "verbs.refining": "refine",
    "recipe": "run",
    "data.dataset": "Dataset",
    "data.schema": "Schema",
    "core": "Context Evidence Score Spec",
    "model": "Model",
    "errors": "SynthesistError",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}
__all__ = sorted(_HOME)

if TYPE_CHECKING:  # `as` tells type checkers that these are handed on
    from synthesist.core import Context as Context
    from synthesist.core import Evidence as Evidence
    from synthesist.core import Score as Score
    from synthesist.core import Spec as Spec
    from synthesist.data.dataset import Dataset as Dataset
    from synthesist.data.schema import Schema as Schema
    from synthesist.errors import SynthesistError as SynthesistError
    from synthesist.model import Model as Model
    from synthesist.recipe import run as run
    from synthesist.verbs.adapting import adapt as adapt
    from synthesist.verbs.auditing import audit as audit
    from synthesist.verbs.changing import subset as subset
    from synthesist.verbs.changing import transform as transform
    from synthesist.verbs.comparing import compare as compare
    from synthesist.verbs.differing import diff as diff
    from synthesist.verbs.drawing import fill as fill
    from synthesist.verbs.drawing import sample as sample
    from synthesist.verbs.drawing import write as write
    from synthesist.verbs.explaining import explain as explain
    from synthesist.verbs.explaining import realism as realism
    from synthesist.verbs.judging import evaluate as evaluate
    from synthesist.verbs.learning import fit as fit
    from synthesist.verbs.learning import load as load
    from synthesist.verbs.learning import save as save
    from synthesist.verbs.learning import search as search
    from synthesist.verbs.making import make as make
    from synthesist.verbs.reading import inspect as inspect
    from synthesist.verbs.reading import read as read
    from synthesist.verbs.reading import split as split
    from synthesist.verbs.refining import refine as refine


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'synthesist' has no attribute {name!r}")
    return getattr(import_module(f"synthesist.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
