"""What is adapted: a table to another place or time."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import synthesist
from synthesist.change import Change
from synthesist.core import Context, Spec
from synthesist.data import sources
from synthesist.data.dataset import Dataset
from synthesist.data.frames import give
from synthesist.data.schema import Schema
from synthesist.errors import SpecError
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read

__all__ = ["Adaptation", "adapt"]


@dataclass(frozen=True)
class Adaptation:
    """The rows of the source, made like those of the target, and by what."""

    rows: Any
    method: str
    """The method that was used, or `nothing`."""
    why: str
    change: Any
    """What was learnt: `apply` adapts further rows of the source."""
    fitted: Change
    """The same with how it was learnt."""

    def save(self, path: str | Path) -> Path:
        """Write what was learnt to a file, by which `transform` changes further rows of the source.

        Raises:
            OutputError: the file cannot be written.
        """
        return self.fitted.save(path)

    def __str__(self) -> str:
        return f"Adapted by {self.method}" + (f": {self.why}." if self.why else ".")


def adapt(
    source: Any,
    target: Any,
    method: str | Spec = "adapt",
    *,
    label: str | None = None,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Adaptation:
    """Make the rows of one place or time like those of another, so that what learns from them works there.

    Args:
        source: the rows to learn from, with labels; anything `read` accepts.
        target: rows of where it must work, without labels or with labels that are not looked at.
        method: `adapt`, which chooses and may do nothing, or one of `importance_weighting`, `label_shift`,
            `quantile_mapping`, `linear_optimal_transport`, `coral`.
        label: the column a model will predict; the target need not have it.
        options: those of the method.

    Raises:
        SpecError: the target lacks a column, or the method learns no change from two tables.
        DataError: one side has no rows.
    """
    spec = as_spec("methods", method, {**({"label": label} if label is not None else {}), **options})
    if spec.tried_on != "shifted":
        raise SpecError(f"{spec.name()} makes rows and adapts none. Use `adapt`, or a method that it chooses from.")
    data, native = read(source).finite(), sources.native_of(source)
    there = read(target).finite()
    both = Dataset(
        {"source": data.table, "target": there.table},
        Schema(tables={"source": data.kinds, "target": there.kinds}, unit="source"),
    )
    ctx = (ctx or Context.seeded(seed)).at("adapt")
    change = spec.fit(both, ctx.at("fit"))  # type: ignore[attr-defined]
    rows = change.apply(data, ctx.at("apply"))
    name, why = getattr(change, "chosen", spec.name()), getattr(change, "why", "")
    about = {"rows": data.units, "target_rows": there.units, "seed": seed, "synthesist": synthesist.__version__}
    fitted = Change(change, spec, {**about, "chosen": name, "because": why})
    return Adaptation(rows if native == "dataset" else give(rows, native), name, why, change, fitted)
