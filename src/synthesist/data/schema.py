"""What a Dataset means: the kind of every column, the keys, the rules, and what counts as one unit."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synthesist.data.kinds import Category, Dialect, Kind
from synthesist.data.page import tree_of, written
from synthesist.errors import DataError, NotFoundError, SpecError, did_you_mean

__all__ = ["Checks", "Link", "Schema", "TableSchema", "faults"]


class Link(BaseModel):
    """A foreign key: `columns` of this table hold the key of `table`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...]
    table: str
    to: tuple[str, ...]
    then: Annotated[str, Field(description="what a change there leads to here, in SQL: `ON DELETE CASCADE`")] = ""

    def __str__(self) -> str:
        return f"{', '.join(self.columns)} -> {self.table} ({', '.join(self.to)})"


class Checks(BaseModel):
    """The conditions of a table that its database holds, in the database's own SQL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dialect: Dialect
    conditions: tuple[str, ...]


class TableSchema(BaseModel):
    """One table: its columns in order, its key, its links to other tables and its rules."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, Kind]
    key: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    rules: Annotated[tuple[str, ...], Field(description="what every row must satisfy, as in 'start <= end'")] = ()
    unique: Annotated[
        tuple[tuple[str, ...], ...], Field(description="columns that no two rows share, but the key")
    ] = ()
    checks: Checks | None = None

    @model_validator(mode="after")
    def _key_exists(self) -> "TableSchema":
        for name in (*self.key, *(column for link in self.links for column in link.columns)):
            if name not in self.columns:
                raise ValueError(f"key column `{name}` is not in the table. {did_you_mean(name, self.columns)}")
        return self

    def __getitem__(self, column: str) -> Kind:
        if column not in self.columns:
            raise NotFoundError(f"No column `{column}`. {did_you_mean(column, self.columns)}")
        return self.columns[column]


class Schema(BaseModel):
    """The tables of a Dataset; `unit` names the table whose rows are independent.

    The unit is what `n` counts, what a holdout splits, what a bootstrap resamples and what
    differential privacy protects: one notion, never four.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    tables: dict[str, TableSchema]
    unit: str = ""

    @model_validator(mode="before")
    @classmethod
    def _unit_of_one_table(cls, value: Any) -> Any:
        if isinstance(value, Mapping) and not value.get("unit") and len(value.get("tables") or ()) == 1:
            return {**value, "unit": next(iter(value["tables"]))}
        return value

    @model_validator(mode="after")
    def _unit_exists(self) -> "Schema":
        if not self.tables:
            raise ValueError("a schema needs at least one table")
        if self.unit not in self.tables:
            raise ValueError(f"unit `{self.unit}` names no table. {did_you_mean(self.unit, self.tables)}")
        return self

    @property
    def table(self) -> TableSchema:
        """The schema of the one table; an error where there are several."""
        if len(self.tables) != 1:
            first = next(iter(self.tables))
            raise DataError(
                f"This is for one table, and there are {len(self.tables)}: {', '.join(self.tables)}. "
                f'Give it one of them, as in data["{first}"], or the file of one.'
            )
        return self.tables[self.unit]

    def to_yaml(self) -> str:
        """An editable page: defaults left out, one column a block."""
        tree = self.model_dump(mode="json", exclude_defaults=True)
        for name, table in self.tables.items():
            tree["tables"][name]["columns"] = {
                column: {"kind": kind.kind, **kind.model_dump(mode="json", exclude_defaults=True)}
                for column, kind in table.columns.items()
            }
        tree = {"version": self.version, "unit": self.unit, **tree}
        return written(tree)

    @classmethod
    def from_yaml(cls, text: str, where: str = "schema") -> "Schema":
        """Read a page written by `to_yaml`, edited or not; every fault is named at once.

        Raises:
            SpecError: the page is no YAML, or holds unknown kinds, options or values.
        """
        tree = tree_of(text, where)
        if not isinstance(tree, dict):
            raise SpecError(f"{where}: a schema is a mapping with `tables:`, this is {type(tree).__name__}.")
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise SpecError(f"{where} has {faults(error, cls)}") from None

    @classmethod
    def load(cls, path: str | Path) -> "Schema":
        """Read a schema.yaml."""
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise NotFoundError(
                f"Cannot read the schema {path}: {error}. Write one with `synthesist inspect`."
            ) from None
        return cls.from_yaml(text, where=str(path))

    def __str__(self) -> str:
        lines = []
        for name, table in self.tables.items():
            lines.append(f"{name}{' (unit)' if len(self.tables) > 1 and name == self.unit else ''}")
            lines += [f"  {link}" for link in table.links]
            width = max((len(column) for column in table.columns), default=0)
            lines += [
                f"  {column:<{width}}  {_label(kind):<24} {kind.why}".rstrip() for column, kind in table.columns.items()
            ]
        return "\n".join(lines)


def _label(kind: Kind) -> str:
    """One phrase for a column: its kind and what is particular to it."""
    name = "category (many)" if isinstance(kind, Category) and kind.high_cardinality else kind.kind
    return f"{name}, may be empty" if kind.missing else name


def faults(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """Every fault of a pydantic validation, one line each, in words a user can act on.

    An unknown option is answered with the nearest known one, where `model` is what was validated.
    """
    lines = []
    for fault in error.errors(include_url=False):
        where = ".".join(str(part) for part in fault["loc"]) or "as a whole"
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            known = _options(model, fault["loc"][:-1])
            message = f"no such option. {did_you_mean(str(fault['loc'][-1]), known)}" if known else "no such option"
        elif "input" in fault and isinstance(fault["input"], str | int | float | bool):
            message = f"{message}, got {fault['input']!r}"
        lines.append(f"  {where}: {message}")
    return f"{len(lines)} fault{'s' if len(lines) > 1 else ''}:\n" + "\n".join(lines)


def _options(model: Any, path: tuple[int | str, ...]) -> list[str]:
    """The options of the model that lies at `path` inside `model`; none where it cannot be told."""
    for part in path:
        models = _models(model)
        steps = [field for each in models for name, field in each.model_fields.items() if part in (name, field.alias)]
        chosen = [each for each in models if "kind" in each.model_fields and each.model_fields["kind"].default == part]
        if steps:
            model = steps[0].annotation
        elif chosen:  # the tag of a union
            model = chosen[0]
    found = _models(model)
    return [field.alias or name for name, field in found[0].model_fields.items()] if len(found) == 1 else []


def _models(kind: Any) -> list[type[BaseModel]]:
    """The models an annotation names."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for part in get_args(kind) for model in _models(part)]
