"""Which rows of a table are new, gone or changed: by a key exactly, without one as whole rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

__all__ = ["Cells", "Rows", "by_key", "whole_rows"]

AFTER = "\x00after"


@dataclass(frozen=True)
class Cells:
    """The changed cells of one column: how many, and some of them as (key, before, after)."""

    changed: int
    examples: tuple[tuple[Any, Any, Any], ...] = ()


@dataclass(frozen=True)
class Rows:
    """What became of the rows of a table; of rows without a key none is changed: it is gone, and another is new."""

    before: int
    after: int
    added: int
    removed: int
    changed: int
    cells: Mapping[str, Cells] = field(default_factory=dict)
    """By column, of the rows that are in both."""

    @property
    def kept(self) -> int:
        """Rows that are in both and alike."""
        return self.after - self.added - self.changed

    @property
    def same(self) -> bool:
        """Whether nothing happened."""
        return not (self.added or self.removed or self.changed)

    @property
    def share(self) -> float:
        """How many of all rows, of before and after, are new, gone or changed: 0 to 1."""
        touched = self.added + self.removed + self.changed
        return touched / max(self.kept + touched, 1)


def by_key(
    before: pl.DataFrame, after: pl.DataFrame, key: tuple[str, ...], examples: int, tolerance: float = 0.0
) -> Rows:
    """Compare the rows of the same key, one column after the other.

    Args:
        key: columns whose cells are there, and different, in every row of each table.
        examples: how many changed cells of each column are kept.
        tolerance: how far apart numbers may lie, as a share of the larger, to count as the same.
    """
    old, new = _together(before, after, key)
    changed = pl.Series([False]).new_from_index(0, len(old))
    cells: dict[str, Cells] = {}
    for name in (name for name in before.columns if name in after.columns and name not in key):
        was, now = before[name].gather(old), after[name].gather(new)
        differs = _differs(was, now, tolerance)
        if count := int(differs.sum()):
            changed |= differs
            first = differs.arg_true().head(examples)
            keys = before.select(key)[old.gather(first)].rows()
            shown = zip(keys, was.gather(first).to_list(), now.gather(first).to_list(), strict=True)
            cells[name] = Cells(count, tuple((at[0] if len(at) == 1 else at, one, two) for at, one, two in shown))
    return Rows(
        before=before.height,
        after=after.height,
        added=after.height - len(new),
        removed=before.height - len(old),
        changed=int(changed.sum()),
        cells=cells,
    )


def _together(before: pl.DataFrame, after: pl.DataFrame, key: tuple[str, ...]) -> tuple[pl.Series, pl.Series]:
    """The places of the rows that have the same key, in each table."""
    keys, others = _comparable(before.select(key), after.select(key))
    if keys.equals(others):
        places = pl.int_range(before.height, eager=True)
        return places, places
    pairs = keys.with_row_index("\x00before").join(
        others.with_row_index(AFTER), on=list(key), how="inner", maintain_order="left"
    )
    return pairs["\x00before"], pairs[AFTER]


def whole_rows(before: pl.DataFrame, after: pl.DataFrame) -> Rows:
    """Compare rows as wholes, as often as each comes; by 64-bit hashes of the columns that both tables have."""
    names = [name for name in before.columns if name in after.columns]
    counts = [
        table.hash_rows(seed=0).rename("row").value_counts(name=name)
        for table, name in zip(_comparable(before.select(names), after.select(names)), ("old", "new"), strict=True)
    ]
    both = counts[0].join(counts[1], on="row").select(pl.min_horizontal("old", "new").sum()).item() if names else 0
    return Rows(before.height, after.height, after.height - int(both), before.height - int(both), 0)


def _comparable(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both with the same types, text where they have none in common."""
    pairs = [_alike(before[name], after[name]) for name in before.columns]
    return pl.DataFrame([one for one, _ in pairs]), pl.DataFrame([two for _, two in pairs])


def _alike(one: pl.Series, two: pl.Series) -> tuple[pl.Series, pl.Series]:
    if one.dtype == two.dtype:
        return one, two
    if one.dtype.is_numeric() and two.dtype.is_numeric():
        return one.cast(pl.Float64), two.cast(pl.Float64)
    return one.cast(pl.String), two.cast(pl.String)


def _differs(was: pl.Series, now: pl.Series, tolerance: float) -> pl.Series:
    """Which cells are not the same; two empty ones are."""
    was, now = _alike(was, now)
    differs = was.ne_missing(now)
    if tolerance and was.dtype.is_float():
        near = (was - now).abs() <= tolerance * _larger(was.abs(), now.abs())
        differs &= ~near.fill_null(False)
    return differs


def _larger(one: pl.Series, two: pl.Series) -> pl.Series:
    return one.zip_with(one >= two, two)


def examples_of(cells: Mapping[str, Cells]) -> Iterator[tuple[str, Any, Any, Any]]:
    """Every example: column, key, before, after."""
    for name, its in cells.items():
        for key, was, now in its.examples:
            yield name, key, was, now
