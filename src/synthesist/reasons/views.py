"""The ways to look at one column: its values, what is missing, how numbers and dates are written."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.data.kinds import Kind
from synthesist.metrics._columns import Column
from synthesist.reasons.calendar import DAY, calendar_views
from synthesist.reasons.contrast import View, said
from synthesist.reasons.sides import K, Sides

__all__ = ["FINE", "category_view", "number_view", "values_view", "views"]

Array = npt.NDArray[Any]
FINE = 24  # bins of numbers
ATOM = 0.01  # a number that so many rows hold is a cell of its own
MOST_LEVELS = 250
DECIMALS = 8


def views(sides: Sides, column: Column) -> Iterator[View]:
    """All views of a column that can say anything."""
    real, made = sides.real(column), sides.synthetic(column)
    gaps = np.isnan if column.numeric else (lambda cells: cells == 0)
    if gaps(real).any() or gaps(made).any():
        words = (f"`{column.name}` filled", f"`{column.name}` missing")
        yield View((column.name,), "missing", gaps(real) * 1, gaps(made) * 1, 2, said(*words), ordered=False)
    yield values_view(sides, column)
    if column.kind == "moment":
        yield from calendar_views(column.name, sides.kind(column.name), real, made)
    elif column.kind in ("number", "integer", "duration"):
        yield from _digits(column.name, real, made)
    yield from _unknown(sides, column)


def values_view(sides: Sides, column: Column, bins: int = FINE, atom: float = ATOM) -> View:
    """The values of a column: numbers in about `bins` cells and those of their own, categories as they are."""
    real, made = sides.real(column), sides.synthetic(column)
    if column.numeric:
        return number_view((column.name,), f"`{column.name}`", sides.kind(column.name), real, made, bins, atom)
    return category_view(sides, column, real, made, MOST_LEVELS)


# --------------------------------------------------------------------------- values


def number_view(
    columns: tuple[str, ...], name: str, kind: Kind, real: Array, made: Array, bins: int = FINE, atom: float = ATOM
) -> View:
    """Numbers cut where real ones lie dense, at round places; values of many rows have cells of their own."""
    ours, theirs = real[~np.isnan(real)], made[~np.isnan(made)]
    cuts = _cuts(ours, theirs, bins, atom)
    atoms = {float(cut) for cut in cuts if _next(float(cut)) in cuts}
    write, whole = writer(kind), kind.kind == "integer" or (kind.kind == "moment" and kind.precision == "d")

    def words(first: int, last: int) -> str:
        """Cells first..last hold cuts[first-1] <= x < cuts[last]."""
        low = float(cuts[first - 1]) if first else None
        high = float(cuts[last]) if last < len(cuts) else None
        if low is None and high is None:
            return f"{name} filled"
        if low is not None and high is not None and high <= _next(low):
            return f"{name} = {write(low)}"
        if low is not None and high is None and _before(low) in atoms:
            return f"{name} above {write(_before(low))}"
        if low is None:
            assert high is not None
            return f"{name} at most {write(np.ceil(high) - 1)}" if whole else f"{name} below {write(high)}"
        if high is None:
            return f"{name} at least {write(np.ceil(low) if whole else low)}"
        if whole:
            bottom, top = np.ceil(low), np.ceil(high) - 1
            return f"{name} = {write(top)}" if bottom == top else f"{name} from {write(bottom)} to {write(top)}"
        start = f"above {write(_before(low))}" if _before(low) in atoms else f"from {write(low)}"
        return f"{name} {start} to {write(high)}"

    def coded(cells: Array) -> Array:
        return np.where(np.isnan(cells), -1, np.searchsorted(cuts, cells, side="right"))

    return View(columns, "values", coded(real), coded(made), len(cuts) + 1, words)


def _cuts(ours: Array, theirs: Array, bins: int, atom: float) -> Array:
    """Where cells begin, in order."""
    if not len(ours) or not len(theirs):
        return np.array([])
    found: set[float] = set()
    values, inverse = np.unique(np.concatenate([ours, theirs]), return_inverse=True)
    here = np.bincount(inverse[: len(ours)], minlength=len(values))
    there = np.bincount(inverse[len(ours) :], minlength=len(values))
    heavy = np.maximum(here / len(ours), there / len(theirs)) >= max(atom, K / len(ours))
    for value in values[heavy]:
        found |= {float(value), _next(float(value))}
    spread = np.sort(ours[~heavy[inverse[: len(ours)]]])
    parts = min(bins, len(spread) // (2 * K))
    for part in range(1, parts):
        low, high = (spread[int((part + near) / parts * len(spread))] for near in (-0.3, 0.3))
        found.add(_round(float(low), float(high)))
    for value, real_beyond in ((float(theirs.max()), ours > theirs.max()), (float(theirs.min()), ours < theirs.min())):
        if real_beyond.sum() >= K:  # where the synthetic values end too early
            found.add(_next(value) if value == theirs.max() else value)
    if len(ours) > 2 * K:  # where they go on too long
        ends = np.partition(ours, (K - 1, len(ours) - K))
        inner = (float(ends[K - 1]), float(ends[len(ours) - K]))
        if (theirs > inner[1]).any():
            found.add(_round(_next(inner[1]), max(float(ours.max()), _next(inner[1]))))
        if (theirs < inner[0]).any():
            found.add(_round(min(float(ours.min()), inner[0]), inner[0]))
    return np.array(sorted(found))


def _next(value: float) -> float:
    return float(np.nextafter(value, np.inf))


def _before(value: float) -> float:
    return float(np.nextafter(value, -np.inf))


def _round(low: float, high: float) -> float:
    """The number of fewest digits from low to high."""
    if not low < high:
        return low
    step = 10.0 ** np.floor(np.log10(high - low))
    for width in (10 * step, 5 * step, 2 * step, step, step / 2, step / 10):
        place = np.ceil(low / width) * width
        if low <= place <= high:
            return float(place)
    return low


def writer(kind: Kind) -> Callable[[float], str]:
    """How a number of this kind is written."""
    if kind.kind == "moment":
        days = kind.precision == "d" and kind.timezone is None
        return lambda x: _moment(x, days)
    if kind.kind == "duration":
        return lambda x: _length(x)
    if kind.kind == "integer":
        return lambda x: f"{x:,.0f}"
    return lambda x: f"{x:,.6g}" if abs(x) < 1e6 or abs(x) >= 1e15 else f"{x:,.0f}"


def _moment(x: float, days: bool) -> str:
    try:
        if days:
            return (date(1970, 1, 1) + timedelta(days=x)).isoformat()
        at = datetime(1970, 1, 1) + timedelta(microseconds=round(x))
        return at.date().isoformat() if not x % DAY else at.isoformat(" ", "minutes")
    except OverflowError:
        return f"{x:.6g}"


def _length(x: float) -> str:
    for unit, size in (("days", DAY), ("hours", DAY / 24), ("minutes", DAY / 1440), ("seconds", 1e6)):
        if abs(x) >= size:
            return f"{x / size:,.4g} {unit}"
    return f"{x / 1e6:.6g} seconds"


def category_view(sides: Sides, column: Column, real: Array, made: Array, most: int) -> View:
    """Categories: those of ten rows as they are, the others together. Which, is decided by both sides alike."""
    here, there = (np.bincount(codes, minlength=column.levels + 1) for codes in (real, made))
    both = here + there
    rank = np.argsort(-both, kind="stable")
    told = [int(level) for level in rank if level and both[level] >= K][: most - 1]
    code = np.full(column.levels + 1, len(told), dtype=np.int64)
    code[told], code[0] = np.arange(len(told)), -1

    def words(first: int, last: int) -> str:
        del first
        if last < len(told) and not 0 < here[told[last]] < K:
            return f"`{column.name}` = {sides.levels(column.name)[told[last] - 1]}"
        return f"a rare `{column.name}`"

    return View((column.name,), "values", code[real], code[made], len(told) + 1, words, ordered=False)


# --------------------------------------------------------------------------- how they are written


def _digits(name: str, real: Array, made: Array) -> Iterator[View]:
    """How many decimals numbers have, and their last digit where most real ones lie on one grid."""
    ours, theirs = decimals(real), decimals(made)

    def written(first: int, last: int) -> str:
        if last == DECIMALS + 1:
            return f"`{name}` with {first} or more decimals"
        return f"`{name}` with {first} decimal{'s' * (first != 1)}" if first == last else (
            f"`{name}` with {first} to {last} decimals"
        )  # fmt: skip

    if max(ours.max(initial=0), theirs.max(initial=0)) > 0:
        yield View((name,), "decimals", ours, theirs, DECIMALS + 2, written)
    filled = ours[ours >= 0]
    if not len(filled):
        return
    grid = int(np.quantile(filled, 0.98))
    if grid > DECIMALS:
        return
    largest = float(np.nanmax(np.abs(real)))
    for unit, kind in ((10, "last digit"), (100, "last two digits")):
        if largest * 10.0**grid < 5 * unit:  # the values themselves say more
            break
        on_grid = [_last(cells, places, grid, unit) for cells, places in ((real, ours), (made, theirs))]
        if len(np.unique(np.concatenate(on_grid))) > unit // 2:
            place = "0" * (unit == 100)

            def ending(first: int, last: int, places: str = place) -> str:
                return f"`{name}` ending in {last:0{len(places) + 1}d}"

            yield View((name,), kind, on_grid[0], on_grid[1], unit, ending, ordered=False)


def decimals(cells: Array) -> Array:
    """How many decimals it takes to write each number, at most one more than are looked for; -1 where missing."""
    out = np.full(len(cells), DECIMALS + 1)
    filled = ~np.isnan(cells)
    open_ = filled.copy()
    for places in range(DECIMALS + 1):
        scaled = cells[open_] * 10.0**places
        exact = np.abs(scaled - np.round(scaled)) <= np.maximum(np.abs(scaled) * 4e-15, 1e-9)
        at = np.flatnonzero(open_)[exact]
        out[at], open_[at] = places, False
    return np.where(filled, out, -1)


def _last(cells: Array, places: Array, grid: int, unit: int) -> Array:
    """The last digits on the grid; -1 for what is not on it, and for zero."""
    with np.errstate(invalid="ignore"):
        scaled = np.round(np.abs(cells) * 10.0**grid)
    fits = (places >= 0) & (places <= grid) & (scaled > 0) & (scaled < 1e15)
    return np.where(fits, np.where(fits, scaled, 0) % unit, -1).astype(np.int64)


def _unknown(sides: Sides, column: Column) -> Iterator[View]:
    """Whether train holds a cell's very value: the holdout tells how often it should."""
    known = np.unique(column["train"])
    codes = [np.isin(cells, known, invert=True) * 1 for cells in (sides.real(column), sides.synthetic(column))]
    gaps = [np.isnan(c) if column.numeric else c == 0 for c in (sides.real(column), sides.synthetic(column))]
    ours = np.where(gaps[0] | ~sides.unseen, -1, codes[0])
    words = (f"`{column.name}` known from train", f"`{column.name}` unknown to train")
    theirs = np.where(gaps[1], -1, codes[1])
    yield View((column.name,), "unknown", ours, theirs, 2, said(*words), ordered=False)
