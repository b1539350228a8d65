"""What was understood of a Dataset, to be read and corrected before anything is learnt from it."""

from dataclasses import dataclass
from html import escape

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Constant, Duration, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Link, Schema, TableSchema

__all__ = ["ColumnReport", "Inspection", "TableReport", "inspect"]

_NEAR_CONSTANT = 0.99
_MOSTLY_MISSING = 0.9
_SENTINEL_SHARE = 0.002
_WIDTH = 36
_HEADINGS = ("column", "kind", "distinct", "missing", "values", "because")


@dataclass(frozen=True)
class ColumnReport:
    """One column: its kind, how many distinct values, the share of empty cells, its range or shape, and warnings."""

    name: str
    kind: str
    distinct: int
    missing: float
    example: str
    why: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class TableReport:
    """One table: its size, its key and its columns."""

    name: str
    rows: int
    key: tuple[str, ...]
    columns: tuple[ColumnReport, ...]
    links: tuple[Link, ...] = ()

    @property
    def warnings(self) -> list[str]:
        """Every warning, with its column."""
        return [f"{column.name}: {warning}" for column in self.columns for warning in column.warnings]


@dataclass(frozen=True, repr=False)
class Inspection:
    """What was understood of a Dataset. Print it; write `inspection.schema.to_yaml()` to correct it."""

    schema: Schema
    tables: tuple[TableReport, ...]

    def public(self) -> str:
        """A page to begin a public schema with, for methods that keep rows private: nothing of the rows is in it."""
        from synthesist.data.public import public_page

        return public_page(self.schema)

    def __str__(self) -> str:
        return "\n\n".join(_as_text(table) for table in self.tables)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return "".join(_as_html(table) for table in self.tables)


def inspect(dataset: Dataset) -> Inspection:
    """Describe every column of a Dataset: kind, distinct values, missing share, range or shape, evidence, warnings.

    Values of columns that look like personal data are never shown.
    """
    tables = (_table(name, dataset.tables[name], schema) for name, schema in dataset.schema.tables.items())
    return Inspection(dataset.schema, tuple(tables))


def _table(name: str, table: pl.DataFrame, schema: TableSchema) -> TableReport:
    columns = (_column(table[column], kind) for column, kind in schema.columns.items())
    return TableReport(name, table.height, schema.key, tuple(columns), schema.links)


def _column(cells: pl.Series, kind: Kind) -> ColumnReport:
    filled = cells.drop_nulls()
    counts = filled.alias("value").to_frame().group_by("value").len("n").sort("n", "value", descending=[True, False])
    missing = 1 - len(filled) / len(cells) if len(cells) else 0.0
    return ColumnReport(
        name=cells.name,
        kind=kind.kind,
        distinct=len(counts),
        missing=missing,
        example="(personal: not shown)" if kind.pii else _example(kind, counts),
        why=kind.why,
        warnings=tuple(_warnings(kind, counts, missing)),
    )


def _example(kind: Kind, counts: pl.DataFrame) -> str:
    """A range, the commonest categories, or a shape."""
    values = counts["value"]
    match kind:
        case _ if values.is_empty():
            return ""
        case Constant():
            return str(kind.value)
        case Id(pattern=str(pattern)):
            return pattern
        case Number() | Integer() | Moment() | Duration() | Id(whole=True):
            return f"{_short(values.min())} to {_short(values.max())}"
        case Boolean():
            return f"{_rows(counts.filter(pl.col('value'))) / _rows(counts):.0%} true"
        case Category():
            return ", ".join(str(value) for value in values.head(4)) + (" ..." if len(values) > 4 else "")
    lengths = values.cast(pl.String).str.len_chars().sort()
    return f"{lengths[0]} to {lengths[-1]} characters"


def _rows(counts: pl.DataFrame) -> int:
    return int(counts["n"].sum())


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _warnings(kind: Kind, counts: pl.DataFrame, missing: float) -> list[str]:
    found = []
    if kind.pii:
        found.append(f"looks like personal data: {kind.pii}")
    if missing >= _MOSTLY_MISSING:
        found.append(f"{_percent(missing)} missing")
    if isinstance(kind, Constant) or counts.is_empty():
        return found
    share = counts["n"][0] / counts["n"].sum()
    if share >= _NEAR_CONSTANT and len(counts) > 1:
        found.append(f"near constant: one value in {_percent(share)} of the filled cells")
    if isinstance(kind, Number | Integer) and not kind.pii and (far := _sentinel(counts)):
        found.append(far)
    if "is open" in kind.why or "if that means empty" in kind.why:
        found.append(kind.why)
    return found


def _sentinel(counts: pl.DataFrame) -> str:
    """A frequent extreme value farther from its neighbour than all others are from each other, as -999 often is."""
    by_value = counts.sort("value")
    values, times = by_value["value"], by_value["n"]
    if len(values) < 5:
        return ""
    for extreme, neighbour, far_end in ((0, 1, -1), (-1, -2, 0)):
        gap = abs(values[extreme] - values[neighbour])
        span = abs(values[far_end] - values[neighbour])
        share = times[extreme] / times.sum()
        if gap > span and share >= _SENTINEL_SHARE and times[extreme] > 1:
            value = _short(values[extreme]).replace(",", "")
            return f"{value} in {_percent(share)} of the cells lies far off: if it means empty, add it to `markers`"
    return ""


def _percent(share: float) -> str:
    """Never 0 % or 100 % while anything is left."""
    if 0 < share < 0.005:
        return "<1%"
    return f"{min(share, 0.999):.1%}" if 0.99 < share < 1 else f"{share:.0%}"


def _as_rows(table: TableReport) -> list[tuple[str, ...]]:
    return [
        (
            column.name,
            column.kind,
            f"{column.distinct:,}",
            _percent(column.missing) if column.missing else "",
            column.example,
            column.why,
        )
        for column in table.columns
    ]


def _title(table: TableReport) -> str:
    key = f", key {', '.join(table.key)}" if table.key else ""
    links = "".join(f"; {link}" for link in table.links)
    return f"{table.name}: {table.rows:,} rows, {len(table.columns)} columns{key}{links}"


def _as_text(table: TableReport) -> str:
    rows = [tuple(_cut(cell) for cell in row[:-1]) + row[-1:] for row in (_HEADINGS, *_as_rows(table))]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADINGS) - 1)]
    lines = [_title(table), ""]
    for *cells, why in rows:
        aligned = [
            cell.rjust(width) if heading in ("distinct", "missing") else cell.ljust(width)
            for cell, width, heading in zip(cells, widths, _HEADINGS, strict=False)
        ]
        lines.append("  ".join([*aligned, why]).rstrip())
    if table.warnings:
        lines += ["", "Please look at:", *(f"  {warning}" for warning in table.warnings)]
    return "\n".join(lines)


def _cut(cell: str) -> str:
    cell = " ".join(cell.split())
    return cell if len(cell) <= _WIDTH else cell[: _WIDTH - 3] + "..."


def _as_html(table: TableReport) -> str:
    head = "".join(f"<th>{heading}</th>" for heading in _HEADINGS)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in _as_rows(table))
    warnings = "".join(f"<li>{escape(warning)}</li>" for warning in table.warnings)
    notes = f"<p>Please look at:</p><ul>{warnings}</ul>" if warnings else ""
    return f"<h4>{escape(_title(table))}</h4><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"
