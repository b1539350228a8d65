"""Rows of given classes, made by any method that can be told which."""

from collections.abc import Mapping
from typing import Any

from synthesist import catalog
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SpecError
from synthesist.model import fitted
from synthesist.neighbours.classes import class_counts
from synthesist.neighbours.records import Label

__all__ = ["MethodName", "method_of", "rows_of_classes", "short_of"]

MethodName = str | dict[str, Any]
"""A method as it is written: its name, or a mapping of `kind` and options."""


def rows_of_classes(
    data: Dataset, target: str, wanted: Mapping[Label, int], method: MethodName, ctx: Context
) -> list[Dataset]:
    """wanted[label] rows of each class of `target`.

    A method with a target of its own learns each class apart; any other learns the whole table once and
    draws under the condition that the target is this class.

    Raises:
        DataError, UnsuitableError: the method cannot learn from this table.
        ConditionError: it cannot make a class.
    """
    kind, options = method_of(method)
    spec = catalog.load("methods", kind)
    if issubclass(spec, PrivateMethod):
        raise SpecError(
            f"Rows of {kind} beside the real ones protect nobody, whatever budget they cost. Balance with another "
            f"method, or balance what a model of {kind} makes."
        )
    if "target" not in spec.model_fields:
        model = fitted(data, spec.build(options), "dataset", 0, ctx)
        return [model.sample(n, {target: label}, ctx=ctx.at(str(label))) for label, n in wanted.items()]
    if {"target", "label"} & set(options):
        raise SpecError(f"The target and label of {kind} are set by what is to be balanced: leave them out.")
    made = []
    for label, n in wanted.items():
        here = ctx.at(str(label))
        model = fitted(data, spec.build({**options, "target": target, "label": label}), "dataset", 0, here)
        made.append(model.sample(n, ctx=here))
    return made


def short_of(data: Dataset, target: str, ratio: float) -> dict[Label, int]:
    """How many rows each class is short of this share of the largest one."""
    counts = class_counts(data, target)
    goal = round(ratio * max(counts.values()))
    return {label: goal - n for label, n in counts.items() if n < goal}


def method_of(method: MethodName) -> tuple[str, dict[str, Any]]:
    """The name of the method and its options."""
    options = {"kind": method} if isinstance(method, str) else dict(method)
    kind = options.pop("kind", None)
    if not isinstance(kind, str):
        raise SpecError("A method is a name, or a mapping with `kind`, as in {kind: smote_nc, k_neighbors: 3}.")
    return kind, options
