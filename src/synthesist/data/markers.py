"""Texts that stand for an empty cell: `?`, `NA`, `null`, and when they do not.

A marker never decides alone, its neighbours do. Where all other cells are numbers, dates, true or
false, or codes with digits of one shape, every suspect is an empty cell. Among words only texts that no
one means literally count (`N/A`, `nan`, `null`, ...); `None` and `-` stay categories, and so do `NA` and
`?` where another cell has the same shape: between `US` and `DE`, `NA` is Namibia. Numbers such as -999
are never markers by themselves: declare `markers` for them.
"""

import polars as pl

from synthesist.data.patterns import shapes

__all__ = ["among_values", "among_words"]

# spelt exactly so: Nan, Nat and Null are people
_CERTAIN = {*("N/A", "n/a", "#N/A", "N.A.", "n.a.", "<NA>", "\\N"), *("null", "NULL", "(null)", "nan", "NaN", "NaT")}
_UNLESS_SHAPED_SO = ("?", "??", "NA", "na")
# spelt in any case
_SUSPECT = {*("null", "none", "nil", "na", "n/a", "#n/a", "n.a.", "<na>", "(null)", "nan", "nat", "\\n")}
_SUSPECT |= {*("?", "??", "-", "--", "---", "–", "—", ".", "0000-00-00", "0000-00-00 00:00:00")}
_INFINITE = {*("inf", "+inf", "-inf", "infinity", "-infinity")}


def among_values(texts: pl.Series) -> pl.Series:
    """Which of these distinct texts are empty cells, if all the others turn out to be of one kind."""
    return texts.str.to_lowercase().is_in(sorted(_SUSPECT | _INFINITE))


def among_words(texts: pl.Series) -> pl.Series:
    """Which of these distinct texts are empty cells in a column of words."""
    certain = texts.is_in(sorted(_CERTAIN))
    for marker in _UNLESS_SHAPED_SO:
        hit = texts == marker
        if hit.any() and (_outline(texts.filter(~hit)) != _outline(pl.Series([marker]))[0]).all():
            certain |= hit
    return certain


def _outline(texts: pl.Series) -> pl.Series:
    """The shape, with all signs alike: `?` and `!` are two of a kind."""
    return shapes(texts).str.replace_all("[^Aa9]", "!")
