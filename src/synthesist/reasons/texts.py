"""The ways to look at free texts and keys: how long they are, how they are written, whether they come again."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.data.kinds import Integer
from synthesist.reasons.contrast import View, said
from synthesist.reasons.sides import Sides
from synthesist.reasons.views import number_view

__all__ = ["text_views"]

Codes = npt.NDArray[np.int64]
CASES = ("without letters", "in lower case", "in upper case", "in lower and upper case")
ENDS = ("empty", "ending in a letter", "ending in a digit", "ending in a space", "ending in another sign")
FIRSTS = ("empty", "beginning with a small letter", "beginning with a capital", "beginning with another sign")


def text_views(sides: Sides) -> Iterator[View]:
    """All views of columns that are compared by no metric: their values say nothing, their form does."""
    case, rows = sides.case, sides.rows
    for name, kind in case.train.kinds.columns.items():
        if kind.kind in ("text", "id") and name in case.holdout.table.columns and name in case.synthetic.table.columns:
            train, holdout = case.train.table[name][rows["train"]], case.holdout.table[name][rows["holdout"]]
            made = case.synthetic.table[name][rows["synthetic"]]
            if kind.kind == "id":
                yield from _again(name, train, holdout, made)
            yield from _forms(name, pl.concat([train, holdout]), made)


def _again(name: str, train: pl.Series, holdout: pl.Series, made: pl.Series) -> Iterator[View]:
    """Whether a key is that of a row before it; nothing where this is so in real tables."""
    again = [_whole(~cells.is_first_distinct() & cells.is_not_null()) for cells in (train, holdout, made)]
    if again[2].any() and not again[0].any() and not again[1].any():
        words = said(f"`{name}` new", f"`{name}` the same as in another row")
        yield View((name,), "repeated", np.concatenate(again[:2]), again[2], 2, words, ordered=False)


def _forms(name: str, real: pl.Series, made: pl.Series) -> Iterator[View]:
    """What is missing, and of texts their length, case and ends."""
    if real.null_count() + made.null_count():
        words = said(f"`{name}` filled", f"`{name}` missing")
        gaps = [_whole(cells.is_null()) for cells in (real, made)]
        yield View((name,), "missing", gaps[0], gaps[1], 2, words, ordered=False)
    if not (real.dtype == pl.String == made.dtype):
        return
    lengths = [cells.str.len_chars().cast(pl.Float64).fill_null(float("nan")).to_numpy() for cells in (real, made)]
    view = number_view((name,), f"the length of `{name}`", Integer(), lengths[0], lengths[1])
    if view.size > 1:
        yield view
    for kind, names in (("case", CASES), ("end", ENDS), ("start", FIRSTS)):
        codes = [_CODED[kind](cells) for cells in (real, made)]
        told = said(*(f"`{name}` {word}" for word in names))
        if len(np.unique(np.concatenate(codes))) > 1:
            yield View((name,), kind, codes[0], codes[1], len(names), told, ordered=False)


def _case(cells: pl.Series) -> Codes:
    lower, upper = cells.str.contains(r"\p{Ll}"), cells.str.contains(r"\p{Lu}")
    return _whole(lower.cast(pl.Int64) + 2 * upper.cast(pl.Int64))


def _end(cells: pl.Series) -> Codes:
    return _first_match(cells, (r"^$", r"\p{L}$", r"\p{N}$", r"\s$"))


def _start(cells: pl.Series) -> Codes:
    return _first_match(cells, (r"^$", r"^\p{Ll}", r"^\p{Lu}"))


def _first_match(cells: pl.Series, patterns: tuple[str, ...]) -> Codes:
    """The place of the pattern that a text has, one past the last for none, -1 where it is missing."""
    found = pl.Series(np.full(len(cells), len(patterns))).set(cells.is_null(), -1)
    for place, pattern in enumerate(patterns):
        found = found.set(cells.str.contains(pattern).fill_null(value=False), place)
    return _whole(found)


def _whole(cells: pl.Series) -> Codes:
    return cells.cast(pl.Int64).fill_null(-1).to_numpy()


_CODED = {"case": _case, "end": _end, "start": _start}
