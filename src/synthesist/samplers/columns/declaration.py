"""A declaration of columns, read whole: every fault at once, the kinds, and the order of computing."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from synthesist.data.kinds import Boolean, Kind
from synthesist.errors import SpecError, did_you_mean
from synthesist.providers import Entity
from synthesist.rules.formula import Formula
from synthesist.samplers.columns.correlated import Correlated
from synthesist.samplers.columns.distribution import Distribution
from synthesist.samplers.columns.durations import Durations
from synthesist.samplers.columns.identifier import Identifier
from synthesist.samplers.columns.keys import Keys
from synthesist.samplers.columns.lost import Lost
from synthesist.samplers.columns.mixture import Mixture, Part
from synthesist.samplers.columns.nested import Array, Json
from synthesist.samplers.columns.provided import Provided, bound
from synthesist.samplers.columns.references import Position, Reference
from synthesist.samplers.columns.regex import Regex

__all__ = [
    "AnyDistribution",
    "Expression",
    "computed",
    "declared",
    "faults_of_groups",
    "faults_of_losses",
    "kinds",
    "read_each",
    "refused",
]


class Expression(Distribution):
    """Computed from other columns of the row, as in `round(price * quantity, 2)`."""

    is_: Literal["expression"] = Field(default="expression", alias="is")
    formula: str | None = Field(default=None, description="arithmetic, comparisons and functions over column names")
    sql: str | None = Field(default=None, description="the same as an expression of SQL (PostgreSQL)")

    @field_validator("formula")
    @classmethod
    def _is_a_formula(cls, text: str | None) -> str | None:
        if text is not None:
            Formula.read(text)
        return text

    @field_validator("sql")
    @classmethod
    def _is_sql(cls, text: str | None) -> str | None:
        if text is not None:
            Formula.read_sql(text)
        return text

    @model_validator(mode="after")
    def _is_written_once(self) -> "Expression":
        if (self.formula is None) == (self.sql is None):
            raise ValueError("write a `formula` or `sql`")
        return self

    @cached_property
    def read(self) -> Formula:
        """The formula, read."""
        return Formula.read(self.formula) if self.formula is not None else Formula.read_sql(self.sql or "")

    @property
    def written_as(self) -> str:
        """The option it is written in."""
        return "sql" if self.formula is None else "formula"


AnyDistribution = Annotated[
    Part
    | Mixture
    | Durations
    | Keys
    | Regex
    | Identifier
    | Json
    | Array
    | Provided
    | Expression
    | Reference
    | Position,
    Field(discriminator="is_"),
]
KNOWN: Mapping[str, type[Distribution]] = {
    kind.model_fields["is_"].default: kind for kind in get_args(get_args(AnyDistribution)[0])
}
READER: TypeAdapter[Distribution] = TypeAdapter(AnyDistribution)
ELSEWHERE = "ties tables together: declare them all on one page of `kind: tables`"


def declared(columns: Mapping[str, Any], entities: Mapping[str, Entity] | None = None) -> dict[str, Distribution]:
    """Read every column; one error names all faults, each with the nearest right word."""
    read, faults = read_each(columns, entities)
    for name, formula in _formulas(read).items():
        unknown = sorted(formula.names - set(columns))
        faults += [(_place(name, read), f"there is no column `{x}`. {did_you_mean(x, columns)}") for x in unknown]
        faults += [(_place(name, read), f"`{reach.text}` {ELSEWHERE}") for reach in formula.across]
    faults += [(name, f"a {c.is_} {ELSEWHERE}") for name, c in read.items() if isinstance(c, Reference | Position)]
    if not faults:
        faults = _faults_between(read)
    if faults:
        raise refused("columns", faults)
    return read


def read_each(
    columns: Mapping[str, Any], entities: Mapping[str, Entity] | None = None
) -> tuple[dict[str, Distribution], list[tuple[str, str]]]:
    """The columns that can be read, and the faults of the others: where, and what."""
    read: dict[str, Distribution] = {}
    faults: list[tuple[str, str]] = []
    for name, written in columns.items():
        try:
            read[name] = bound(READER.validate_python(written), entities or {})
        except ValidationError as error:
            faults += [_in_words(name, fault) for fault in error.errors(include_url=False)]
        except ValueError as error:
            faults.append((f"{name}.by", str(error)))
    return read, faults


def refused(title: str, faults: Sequence[tuple[str, str]]) -> ValidationError:
    """One error out of faults: where, and what."""
    return ValidationError.from_exception_data(title, [_fault(*fault) for fault in faults])


def computed(columns: Mapping[str, Distribution]) -> dict[str, Formula]:
    """The formulas in an order in which each finds its columns ready."""
    formulas = _formulas(columns)
    order = TopologicalSorter({name: sorted(formula.names & set(formulas)) for name, formula in formulas.items()})
    return {name: formulas[name] for name in order.static_order()}


def kinds(columns: Mapping[str, Distribution]) -> dict[str, Kind]:
    """The kind of every column, in the order they were declared."""
    known = {name: column.kind for name, column in columns.items() if not isinstance(column, Expression)}
    for name, formula in computed(columns).items():
        known[name] = formula.kind(known)
    return {name: known[name] for name in columns}


def faults_of_groups(groups: Sequence[Correlated], columns: Mapping[str, Distribution]) -> list[str]:
    """What is wrong with groups of columns that go together."""
    faults, seen = [], set[str]()
    for name in (name for group in groups for name in group.columns):
        if name not in columns:
            faults.append(f"correlated: there is no column `{name}`. {did_you_mean(name, columns)}")
        elif name in seen:
            faults.append(f"correlated: `{name}` is in two groups; put them together into one")
        elif not columns[name].ranked:
            faults.append(f"correlated: `{name}` is {columns[name].is_}, whose values are not drawn by rank")
        seen.add(name)
    return faults


def faults_of_losses(losses: Sequence[Lost], columns: Mapping[str, Distribution]) -> list[str]:
    """What is wrong with what is said of cells that are lost."""
    faults, known = [], kinds(columns)
    for loss in losses:
        read = loss.formula.names if loss.formula else frozenset()
        unknown = [name for name in (*loss.columns, *sorted(read)) if name not in columns]
        faults += [f"lost: there is no column `{name}`. {did_you_mean(name, columns)}" for name in unknown]
        faults += [
            f"lost: `{name}` is a key, which is never empty"
            for name in loss.columns
            if isinstance(columns.get(name), Keys)
        ]
        if loss.formula and loss.formula.across:
            faults.append(f"lost: `{loss.formula.across[0].text}` {ELSEWHERE}")
        elif loss.formula and read <= known.keys():
            try:
                if not isinstance(loss.formula.kind(known), Boolean):
                    faults.append(f"lost: `{loss.when}` is neither true nor false: write a comparison")
            except SpecError as error:
                faults.append(f"lost: {error}")
    return faults


def _formulas(columns: Mapping[str, Distribution]) -> dict[str, Formula]:
    return {name: column.read for name, column in columns.items() if isinstance(column, Expression)}


def _place(name: str, columns: Mapping[str, Distribution]) -> str:
    """Where the formula of a column is written."""
    column = columns[name]
    return f"{name}.{column.written_as}" if isinstance(column, Expression) else name


def _faults_between(columns: Mapping[str, Distribution]) -> list[tuple[str, str]]:
    """What is wrong although every column is right by itself."""
    formulas = _formulas(columns)
    if len(formulas) == len(columns):
        return [("", "at least one column must be drawn: formulas alone have nothing to compute from")]
    try:
        order = computed(columns)
    except CycleError as error:
        circle = " -> ".join(f"`{name}`" for name in reversed(error.args[1]))
        return [(_place(error.args[1][0], columns), f"columns are computed from each other in a circle: {circle}")]
    known = {name: column.kind for name, column in columns.items() if name not in formulas}
    faults = []
    for name, formula in order.items():
        if formula.names <= set(known):  # else the fault is named where it begins
            try:
                known[name] = formula.kind(known)
            except SpecError as error:
                faults.append((_place(name, columns), str(error)))
    return faults


def _in_words(column: str, fault: Any) -> tuple[str, str]:
    """Where a fault of one column lies and what is wrong, with a hint."""
    if fault["loc"][:2] == ("durations", "of"):
        return _in_words(f"{column}.of", {**fault, "loc": fault["loc"][2:]})
    tag, *place = fault["loc"] or ("",)
    where = ".".join([str(column), *map(str, place)])
    match fault["type"]:
        case "union_tag_invalid":
            return f"{where}.is", f"no distribution `{fault['ctx']['tag']}`. {did_you_mean(fault['ctx']['tag'], KNOWN)}"
        case "union_tag_not_found":
            return where, f"say what it is, as in `is: normal`. {did_you_mean('', KNOWN)}"
        case "model_attributes_type":
            return where, "a column is a mapping, as in {is: normal, mean: 10}"
        case "extra_forbidden":
            tag = [part for part in (tag, *place) if part in KNOWN][-1]  # that of a part, in a mixture
            options = [field.alias or name for name, field in KNOWN[tag].model_fields.items()]
            return where, f"no such option. {did_you_mean(str(place[-1]), options)}"
    message = fault["msg"].removeprefix("Value error, ")
    shown = isinstance(fault["input"], bool | int | float | str) and fault["type"] != "value_error"
    return where, f"{message}, got {fault['input']!r}" if shown else message


def _fault(where: str, message: str) -> InitErrorDetails:
    kind = PydanticCustomError("declaration", "{message}", {"message": message})
    return InitErrorDetails(type=kind, loc=(where,) if where else (), input=None)
