"""A difference in words, for a terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from synthesist.report.diff.rows import examples_of

if TYPE_CHECKING:
    from synthesist.report.diff import Difference, TableDifference

__all__ = ["told"]

LONGEST = 40  # characters of a cell
MOST = 40  # lines of a list


def told(difference: "Difference") -> Iterator[str]:
    """What changed, line by line, and no more of a list than can be read."""
    if difference.same:
        rows = sum(table.rows.after for table in difference.tables.values())
        yield f"{difference.before} and {difference.after} are the same{f': {rows:,} rows' if rows else ''}."
        return
    yield f"From {difference.before} to {difference.after}:"
    lines = [f"  {change}" for change in difference.structure]
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"  ... and {len(lines) - MOST:,} more changes"
    if difference.drawn:
        yield difference.drawn
    for name, table in difference.tables.items():
        yield from _table(name, table)


def _table(name: str, table: "TableDifference") -> Iterator[str]:
    rows = table.rows
    if rows.same:
        yield f"{name}: the same {rows.after:,} rows"
        return
    by = f"by {', '.join(table.key)}" if table.key else "as whole rows"
    counts = [(rows.added, "added"), (rows.removed, "removed"), (rows.changed, "changed"), (rows.kept, "the same")]
    words = ", ".join(f"{count:,} {word}" for count, word in counts if count or word == "the same")
    yield f"{name}: {rows.before:,} rows -> {rows.after:,} rows; {by}: {words}"
    if table.note:
        yield f"  not by its key: {table.note}"
    for column, cells in rows.cells.items():
        common = rows.after - rows.added
        yield f"  {column}: {cells.changed:,} cells changed ({cells.changed / common:.1%})"
        for _, key, was, now in examples_of({column: cells}):
            yield f"    {_cell(key)}: {_cell(was)} -> {_cell(now)}"
    moved = {column: shift for column, shift in table.shifts.items() if shift.significant}
    for column, shift in moved.items():
        empty = f", empty {shift.missing[0]:.1%} -> {shift.missing[1]:.1%}" if any(shift.missing) else ""
        yield (
            f"  {column}: distributed otherwise ({shift.measure} {shift.distance:.3f}, p {shift.p_value:.1g}): "
            f"{shift.before} -> {shift.after}{empty}"
        )
    if table.shifts and not moved:
        yield "  no column is distributed otherwise than chance explains"


def _cell(value: Any) -> str:
    text = "empty" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
