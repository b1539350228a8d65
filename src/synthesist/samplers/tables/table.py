"""One of several declared tables: everything a page of `columns` takes, and how many rows there are."""

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationInfo, create_model, field_validator, model_validator

from synthesist.errors import SpecError
from synthesist.rules.rule import Predicate, read_rule
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import AnyDistribution, read_each, refused
from synthesist.samplers.columns.distribution import Declared

if TYPE_CHECKING:
    from synthesist.samplers.columns.correlated import Correlated
    from synthesist.samplers.columns.lost import Lost

__all__ = ["OF_COLUMNS", "Table"]

_FIELDS: dict[str, Any] = {
    name: (field.annotation, field) for name, field in Columns.model_fields.items() if name not in ("table", "columns")
}
OF_COLUMNS = tuple(_FIELDS)
"""The options of a page of `columns` that a table takes as they are, whatever they come to be."""
_Shared: Any = create_model("_Shared", __base__=Declared, **_FIELDS)


class Table(_Shared):
    """A table: its columns, its key and, where no other table settles it, the number of its rows."""

    if TYPE_CHECKING:
        correlated: tuple[Correlated, ...]
        lost: tuple[Lost, ...]
        rules: tuple[str | dict[str, Any], ...]

    rows: int | None = Field(default=None, ge=1, le=2**53, description="how many rows there are")
    rows_per_unit: float | None = Field(default=None, gt=0, description="how many rows there are for each unit")
    key: tuple[str, ...] = Field(
        default=(),
        description="columns of the key; where not said, the first column of `keys`, or else of `unique` values",
    )
    columns: dict[str, AnyDistribution] = Field(min_length=1, description="name and distribution of every column")

    @model_validator(mode="before")
    @classmethod
    def _equations_over_tables_are_formulas(cls, written: Any) -> Any:
        if not isinstance(written, Mapping) or not isinstance(written.get("columns"), Mapping):
            return written
        columns, rules = dict(written["columns"]), list(written.get("rules") or ())
        for rule in list(rules):
            if (found := _equation_over_tables(rule)) is not None and found[0] in columns:
                columns[found[0]] = _computed(columns[found[0]], found[1])
                rules.remove(rule)
        return {**written, "columns": columns, "rules": rules}

    @field_validator("key", mode="before")
    @classmethod
    def _one_or_several(cls, written: Any) -> Any:
        return (written,) if isinstance(written, str) else written

    @field_validator("columns", mode="before")
    @classmethod
    def _every_fault_at_once(cls, written: Any, info: ValidationInfo) -> Any:
        if not isinstance(written, Mapping) or "entities" not in info.data:
            return written
        read, faults = read_each(written, info.data["entities"])
        if faults:
            raise refused("columns", faults)
        return read

    @model_validator(mode="after")
    def _counted_once(self) -> "Table":
        if self.rows is not None and self.rows_per_unit is not None:
            raise ValueError("give `rows` or `rows_per_unit`, not both")
        if unknown := [name for name in self.key if name not in self.columns]:
            raise ValueError(f"key: there is no column `{unknown[0]}`")
        if len(set(self.key)) < len(self.key):
            raise ValueError("key: a column is named twice")
        return self


def _equation_over_tables(written: Any) -> tuple[str, str] | None:
    """The column and the formula of a rule as `total = sum(lines.amount)`, which reads other tables."""
    try:
        rule = read_rule(written) if isinstance(written, str | Mapping) else None
    except SpecError:  # told where rules are read
        return None
    if not isinstance(rule, Predicate) or not rule.formula.across:
        return None
    match rule.formula.tree:
        case ast.Compare(left=ast.Name(id=column), ops=[ast.Eq()], comparators=[formula]):
            return column, ast.unparse(formula)
        case ast.Compare(left=formula, ops=[ast.Eq()], comparators=[ast.Name(id=column)]):
            return column, ast.unparse(formula)
    return None


def _computed(column: Any, formula: str) -> dict[str, Any]:
    """A declared column that an equation computes: on the same grid, and as often missing."""
    page = column if isinstance(column, Mapping) else {}
    decimals = 0 if page.get("integers") else page.get("decimals")
    rounded = formula if decimals is None else f"round({formula}, {decimals})"
    return {"is": "expression", "formula": rounded, "missing": page.get("missing", 0.0)}
