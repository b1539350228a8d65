"""Rules as users write them: what must hold in every row, or between the rows, of a table.

    start <= end <= closed                      an inequality, or any formula that is true or false
    subtotal + tax = total                      a sum, a product, a formula
    if status = 'paid' then paid_on is not missing
    discount in (0, 0.1, 0.2)
    age between 18 and 65
    one_hot(red, green, blue)                   exactly one of them is true (or 1)
    combinations(country, currency)             only combinations that are listed, or were seen in the data
    zip -> city, state                          a zip has always the same city and state
    unique(course, student)                     no two rows have the same course and student

An empty cell breaks no rule it makes unknown, as a CHECK of SQL has it.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from synthesist.data.kinds import Boolean, Category, Duration, Integer, Kind, Moment, Number
from synthesist.errors import ConditionError, SpecError
from synthesist.rules.conditions import cell_of
from synthesist.rules.formula import Formula

__all__ = ["Combinations", "Depends", "OneHot", "Predicate", "Rule", "Unique", "read_rule", "written_out"]

CLOSE = 1e-9
"""How far apart, as a share of their size, the sides of an equation may lie through rounding."""
QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")
FORMS = ((r"(?<![<>=!])=(?!=)", "=="), (r"<>", "!="))
IF = re.compile(r"\s*if\b(.+?)\bthen\b(.+?)(?:\belse\b(.+))?", re.DOTALL | re.IGNORECASE)
MARK = "\x00{}\x00"  # stands for a quoted text while the rest is read


@dataclass(frozen=True)
class Rule:
    """What must hold; `text` is how it was written."""

    text: str
    columns: tuple[str, ...]

    def broken(self, table: pl.DataFrame) -> pl.Series:
        """Which rows of the whole table break it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Predicate(Rule):
    """A formula that is true in every row, or unknown; the two `sides` of an equation."""

    formula: Formula
    sides: tuple[ast.expr, ast.expr] | None = field(default=None, compare=False)
    is_bound: bool = False

    def broken(self, table: pl.DataFrame) -> pl.Series:
        if not self.is_bound:
            kinds = {name: _kind(dtype) for name, dtype in table.schema.items() if name in self.columns}
            return self.bound(kinds, {}).broken(table)
        found = table.select((~self.formula.expression).fill_null(False).alias("broken")).to_series()
        return found if len(found) == table.height else found.new_from_index(0, table.height)

    @property
    def asks_for_holes(self) -> bool:
        """Whether it says when cells are empty."""
        return any(isinstance(node, ast.Name) and node.id == "is_missing" for node in ast.walk(self.formula.tree))

    def bound(self, kinds: Mapping[str, Kind], formulas: Mapping[str, Formula]) -> "Predicate":
        """The same over columns that are drawn, computed ones written out; equations of numbers bear rounding.

        Raises:
            SpecError: it is neither true nor false, does not fit its columns, or reads another table.
        """
        if self.formula.across:
            reach = self.formula.across[0].text
            raise SpecError(f"`{self.text}` reads `{reach}` of another table, and is no equation for one column")
        tree = written_out(self.formula.tree, formulas)
        sides = tuple(written_out(side, formulas) for side in self.sides) if self.sides else _sides(tree)
        formula = Formula.of(self.text, _Rounded(kinds).visit(tree))
        if (kind := formula.kind(kinds)).kind != "boolean":
            raise SpecError(f"`{self.text}` is neither true nor false but a {kind.kind}: write a comparison")
        return Predicate(self.text, tuple(sorted(formula.names)), formula, sides, is_bound=True)  # type: ignore[arg-type]


@dataclass(frozen=True)
class OneHot(Rule):
    """Exactly one of the columns is true, or 1."""

    def broken(self, table: pl.DataFrame) -> pl.Series:
        count = pl.sum_horizontal(pl.col(name).cast(pl.Int64).fill_null(0) for name in self.columns)
        return table.select((count != 1).alias("broken")).to_series()


@dataclass(frozen=True)
class Combinations(Rule):
    """Cells of the columns come together only as listed in `rows`; None: as in the data."""

    rows: tuple[tuple[Any, ...], ...] | None = None

    def broken(self, table: pl.DataFrame) -> pl.Series:
        cells = table.select(self.columns)
        if self.rows is None:
            return pl.Series("broken", [False]).new_from_index(0, table.height)
        stored = self.bound({name: _kind(dtype) for name, dtype in cells.schema.items()})
        listed = pl.DataFrame(list(stored.rows or ()), schema=cells.schema, orient="row")
        inside = cells.with_row_index("row").join(listed, on=list(self.columns), how="semi", nulls_equal=True)["row"]
        full = cells.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
        return ~pl.Series("broken", range(table.height), dtype=pl.UInt32).is_in(inside.implode()) & full

    def bound(self, kinds: Mapping[str, Kind]) -> "Combinations":
        """The same, with cells as their columns store them.

        Raises:
            SpecError: a cell is no value of its column.
        """
        try:
            rows = [
                tuple(cell_of(name, kinds[name], cell) for name, cell in zip(self.columns, row, strict=True))
                for row in self.rows or ()
            ]
        except ConditionError as error:
            raise SpecError(f"`{self.text}`: {str(error).partition('. ')[0]}") from None
        return replace(self, rows=tuple(dict.fromkeys(rows)))


@dataclass(frozen=True)
class Depends(Rule):
    """Rows that agree in `on` agree in the rest of the columns."""

    on: tuple[str, ...]

    @property
    def dependent(self) -> tuple[str, ...]:
        """The columns that follow from `on`."""
        return self.columns[len(self.on) :]

    def broken(self, table: pl.DataFrame) -> pl.Series:
        full = pl.all_horizontal(pl.col(name).is_not_null() for name in self.on)
        differs = [pl.col(name).ne_missing(pl.col(name).first().over(self.on)) for name in self.dependent]
        return table.select((pl.any_horizontal(differs) & full).alias("broken")).to_series()


@dataclass(frozen=True)
class Unique(Rule):
    """No two rows have the same cells; rows with an empty one among them do not count."""

    def broken(self, table: pl.DataFrame) -> pl.Series:
        cells = table.select(self.columns)
        full = cells.select(pl.all_horizontal(pl.all().is_not_null())).to_series()
        return (~cells.select(pl.struct(pl.all()).is_first_distinct()).to_series() & full).alias("broken")


def written_out(tree: ast.expr, formulas: Mapping[str, Formula]) -> ast.expr:
    """The tree with formulas in the place of the columns they compute."""
    return _Written(formulas).visit(_copy(tree))


def read_rule(written: str | Mapping[str, Any]) -> Rule:
    """Read a rule: a text; `{sql: ...}`, a condition as in a CHECK; or `{combinations: [...], rows: [[...], ...]}`.

    Raises:
        SpecError: it is no rule.
    """
    if isinstance(written, Mapping):
        return _mapped(written)
    if "->" in (bare := QUOTED.sub("", written)) or re.match(r"\s*(unique|one_hot|combinations)\s*\(", bare):
        return _between_columns(written)
    return _predicate(written, Formula.read(_said(written)))


def _mapped(written: Mapping[str, Any]) -> Rule:
    match dict(written):
        case {"sql": str(text), **rest} if not rest:
            return _predicate(text, Formula.read_sql(text))
        case {"combinations": list() | tuple() as columns, "rows": list() | tuple() as rows, **rest} if not rest:
            listed = tuple(tuple(row) if isinstance(row, Sequence) else (row,) for row in rows)
            if len(columns) < 2 or not listed or any(len(row) != len(columns) for row in listed):
                raise SpecError(
                    "`combinations` names two columns or more, and every one of its rows has a cell for each"
                )
            text = f"combinations({', '.join(map(str, columns))})"
            return Combinations(text, _distinct(text, map(str, columns)), tuple(dict.fromkeys(listed)))
    raise SpecError(
        f"{dict(written)!r} is no rule: write a text, {{sql: ...}}, or {{combinations: [a, b], rows: [[1, 2]]}}"
    )


def _predicate(text: str, formula: Formula) -> Predicate:
    return Predicate(text, tuple(sorted(formula.names)), formula)


def _between_columns(text: str) -> Rule:
    """The forms that are no formulas."""
    if "->" in text:
        on, _, then = text.partition("->")
        given, follows = _names(text, on), _names(text, then)
        return Depends(text, _distinct(text, (*given, *follows)), given)
    form, _, rest = text.partition("(")
    columns = _distinct(text, _names(text, rest.rstrip().removesuffix(")")))
    kind: type[Rule] = {"unique": Unique, "one_hot": OneHot, "combinations": Combinations}[form.strip()]
    if kind is not Unique and len(columns) < 2:
        raise SpecError(f"`{text}` needs two columns or more")
    return kind(text, columns)


def _names(text: str, listed: str) -> tuple[str, ...]:
    """Names between commas; quotes around those with signs in them."""
    names = tuple(part.strip().strip("\"'`") for part in listed.split(","))
    if not all(names):
        raise SpecError(f"`{text}` names no column at one place: write names, with commas between them")
    return names


def _distinct(text: str, columns: Any) -> tuple[str, ...]:
    if len(set(names := tuple(columns))) < len(names):
        raise SpecError(f"`{text}` names a column twice")
    return names


def _said(text: str) -> str:
    """The formula a rule says: `if a then b`, `is missing`, `between` and a single `=` in the words of formulas."""
    quoted: list[str] = []

    def marked(match: re.Match[str]) -> str:
        quoted.append(match[0])
        return MARK.format(len(quoted) - 1)

    said = QUOTED.sub(marked, text)
    for form, word in FORMS:
        said = re.sub(form, word, said)
    name = r"((?:[^\W\d]\w*)(?:\([^()]*\))?)"
    said = re.sub(rf"{name}\s+is\s+not\s+missing\b", r"(not is_missing(\1))", said)
    said = re.sub(rf"{name}\s+is\s+missing\b", r"is_missing(\1)", said)
    said = re.sub(rf"{name}\s+between\s+(\S+)\s+and\s+(\S+)", r"(\2 <= \1 <= \3)", said)
    if match := IF.fullmatch(said):
        condition, then, otherwise = match.groups()
        said = f"((not ({condition})) or ({then}))"
        said += f" and (({condition}) or ({otherwise}))" if otherwise else ""
    for number, part in enumerate(quoted):
        said = said.replace(MARK.format(number), part)
    return said


def _kind(dtype: pl.DataType) -> Kind:
    """A kind of column that is stored like this."""
    if dtype.is_numeric():
        return Integer() if dtype.is_integer() else Number()
    if dtype.is_temporal():
        return Duration(precision="us") if isinstance(dtype, pl.Duration) else _moment(dtype)
    return Boolean() if dtype == pl.Boolean else Category()


def _moment(dtype: pl.DataType) -> Moment:
    return Moment(precision="d" if dtype == pl.Date else "us", timezone=getattr(dtype, "time_zone", None))


def _sides(tree: ast.expr) -> tuple[ast.expr, ast.expr] | None:
    match tree:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return left, right
    return None


def _copy(tree: ast.expr) -> ast.expr:
    return ast.parse(ast.unparse(tree), mode="eval").body


class _Written(ast.NodeTransformer):
    """Formulas in the place of the columns they compute."""

    def __init__(self, formulas: Mapping[str, Formula]):
        self.formulas = formulas

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._of(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id="column"), args=[ast.Constant(value=str(name))]):
                return self._of(name, node)
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def _of(self, name: str, node: ast.expr) -> ast.expr:
        return self.visit(_copy(self.formulas[name].tree)) if name in self.formulas else node


class _Rounded(ast.NodeTransformer):
    """`a + b == c`, where these are numbers, as `abs(a + b - c) <= 1e-9 * max(1, abs(c))`."""

    def __init__(self, kinds: Mapping[str, Kind]):
        self.kinds = kinds

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        sides = [node.left, *node.comparators]
        if not any(isinstance(op, ast.Eq) for op in node.ops) or not any(map(self._is_computed, sides)):
            return node
        steps = [
            _close(a, b) if isinstance(op, ast.Eq) else ast.Compare(a, [op], [b])
            for op, a, b in zip(node.ops, sides, sides[1:], strict=False)
        ]
        return steps[0] if len(steps) == 1 else ast.BoolOp(ast.And(), steps)

    def _is_computed(self, node: ast.expr) -> bool:
        """Whether it is a number that arithmetic gave."""
        if not isinstance(node, ast.BinOp | ast.Call):
            return False
        try:
            return Formula.of("", node).kind(self.kinds).kind == "number"
        except SpecError:
            return False


def _close(a: ast.expr, b: ast.expr) -> ast.expr:
    pattern = ast.parse(f"abs(a - b) <= {CLOSE} * max(1, abs(b))", mode="eval").body

    class Sides(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return {"a": a, "b": b}.get(node.id, node)

    placed: ast.expr = Sides().visit(pattern)
    return placed
