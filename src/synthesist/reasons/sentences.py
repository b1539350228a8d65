"""Findings in plain words, with the shares behind them; nothing is told of fewer than ten real rows."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.reasons.calendar import CYCLES, late
from synthesist.reasons.contrast import Contrast, Shares, Z
from synthesist.reasons.copying import Repeats
from synthesist.reasons.explanation import Reason, Slice
from synthesist.reasons.pairs import PairGap
from synthesist.reasons.sides import K

__all__ = ["of_column", "of_copies", "of_near_copies", "of_pair", "of_repeats", "of_slice"]

Array = npt.NDArray[Any]
MILLI = 1000.0


def of_column(found: Contrast, shares: Shares, p: float, moved: str = "") -> Reason:
    """A column that differs by itself; `moved` is by how much all its numbers are more or less."""
    view, name = found.view, found.view.columns[0]
    words = view.words(found.first, found.last)
    few = found.real * shares.real_rows < K
    kind = view.kind
    if view.kind == "missing":
        words = f"`{name}` missing"
    if view.kind in CYCLES and (cells := late(shares.real, shares.synthetic)):
        kind, amount = "shifted", f"{abs(cells)} {CYCLES[view.kind]}{'s' * (abs(cells) > 1)}"
        way = "late" if cells > 0 else "early"
        sentence = f"`{name}` is {amount} {way}: {words} is {_points(found)}, {_shares(found, few)}."
        return _reason((name,), kind, sentence, found, few, p)
    if moved:
        sentence = f"`{name}` is {moved} in all rows: {words} is {_points(found)}, {_shares(found, few)}."
        return _reason((name,), "shifted", sentence, found, few, p)
    if view.kind == "values":
        kind = _kind_of_values(found, shares)
    if view.kind == "unknown":
        kind, way = ("unknown", "many") if found.synthetic > found.real else ("known", "few")
        sentence = f"`{name}` has too {way} values that train does not have: {_shares(found, few)}."
    elif kind in ("dropped", "clipped"):
        sentence = f"{words} never occurs: {_shares(found, few)}."
    elif kind in ("invented", "beyond"):
        sentence = f"{words} occurs as it hardly ever does in reality: {_shares(found, few)}."
    else:
        sentence = f"{words} is {_points(found)}: {_shares(found, few)}."
    return _reason((name,), kind, sentence, found, few, p)


def _kind_of_values(found: Contrast, shares: Shares) -> str:
    view = found.view
    none, few = found.synthetic * shares.synthetic_rows < 0.5, found.real * shares.real_rows < K
    end = view.ordered and (found.first == 0 or found.last == view.size - 1)
    if none:
        return "clipped" if end else "dropped"
    if few and found.synthetic * shares.synthetic_rows >= K:
        return "beyond" if end else "invented"
    if found.first == found.last and view.ordered and " = " in view.words(found.first, found.last):
        return "spike" if found.synthetic > found.real else "lost spike"
    return "shares"


def of_pair(gap: PairGap, p: float) -> Reason:
    """Two columns that do not go together as in reality."""
    a, b, shares = gap.a, gap.b, gap.shares
    names = (a.columns[0], b.columns[0])
    if gap.by == "trend":
        ours, theirs = gap.correlations
        error = Z * float(np.sqrt((1 - ours**2) ** 2 / shares.real_rows + (1 - theirs**2) ** 2 / shares.synthetic_rows))
        how = "the other way round" if ours * theirs < 0 and min(abs(ours), abs(theirs)) > 0.02 else (
            "too little" if abs(theirs) < abs(ours) else "too much")  # fmt: skip
        sentence = (
            f"`{names[0]}` and `{names[1]}` go together {how}: rank correlation {theirs:.3f} in place of {ours:.3f}."
        )
        low, high = theirs - ours - error, theirs - ours + error
        return Reason(names, "trend", sentence, ours, theirs, low, high, MILLI * gap.strength, p, "rank correlation")
    if gap.by == "rare":
        real, made = gap.rare
        few = real * shares.real_rows < K
        low, high = _interval(real, made, shares)
        sentence = (
            f"`{names[0]}` does not go with `{names[1]}`: {_percent(made)} of synthetic rows combine what "
            f"{_none(real, few)} combine."
        )
        return Reason(names, "rare together", sentence, 0.0 if few else real, made, low, high, MILLI * gap.strength, p)
    return _within(gap, p)


def _within(gap: PairGap, p: float) -> Reason:
    """What is too common or too rare of one column where the other one lies in a part of its range."""
    from synthesist.reasons.rectangles import clearest

    box = clearest(gap)
    when, what = (gap.a, gap.b) if box.given_first else (gap.b, gap.a)
    real, made = box.real, box.synthetic
    low, high = _interval(real, made, Shares(gap.real, gap.synthetic, box.real_rows, box.synthetic_rows, 1.0))
    few = min(real, 1 - real) * box.real_rows < K and real * box.real_rows < K
    way = "common" if made > real else "rare"
    sentence = (
        f"{what.words(*box.what)} is {abs(100 * (made - real)):.1f} points too {way} when {when.words(*box.when)}: "
        f"{_none(real, few)}, {_percent(made)} of synthetic rows there."
    )
    ordered = (when.columns[0], what.columns[0])
    return Reason(ordered, "together", sentence, 0.0 if few else real, made, low, high, MILLI * gap.strength, p)


def of_difference(found: Contrast, shares: Shares, p: float, moved: str = "") -> Reason:
    """Two numbers or moments whose difference is not the real one; `moved` is by how much it is more or less."""
    few = found.real * shares.real_rows < K
    words = found.view.words(found.first, found.last)
    if moved:
        a, b = found.view.columns
        sentence = f"`{b}` - `{a}` is {moved}: {words} is {_points(found)}, {_shares(found, few)}."
        return _reason(found.view.columns, "shifted", sentence, found, few, p)
    sentence = f"{words} is {_points(found)}: {_shares(found, few)}."
    return _reason(found.view.columns, found.view.kind, sentence, found, few, p)


def of_copies(found: Repeats, rows: float) -> Reason:
    """Rows of train that come again."""
    which = f"Rows with {found.where}" if found.where else "Rows"
    sentence = (
        f"{which} are copied: {_percent(found.synthetic)} of the synthetic ones are rows of train, "
        f"of real rows kept aside {_percent(found.real)}."
    )
    return _repeats(found, "copied", sentence, rows)


def of_repeats(found: Repeats, rows: float) -> Reason:
    """Synthetic rows that come twice."""
    which = f"Rows with {found.where}" if found.where else "Rows"
    sentence = (
        f"{which} come more than once: {_percent(found.synthetic)} of the synthetic ones repeat another, "
        f"of real rows {_percent(found.real)}."
    )
    return _repeats(found, "duplicates", sentence, rows)


def of_near_copies(found: Repeats, rows: float) -> Reason:
    """Rows of train that come again, a little changed."""
    which = f"Rows with {found.where}" if found.where else "Rows"
    sentence = (
        f"{which} are near copies: {_percent(found.synthetic)} of the synthetic ones are rows of train that were "
        f"changed a little."
    )
    return _repeats(found, "near copies", sentence, rows)


def of_slice(part: Slice, columns: tuple[str, ...], strength: float, p: float) -> Reason:
    """A part of the table, of several columns, that is too common or too rare."""
    way = "common" if part.synthetic > part.real else "rare"
    sentence = (
        f"Rows with {part.where} are {abs(100 * (part.synthetic - part.real)):.1f} points too {way}: "
        f"{_percent(part.real)} of real rows, {_percent(part.synthetic)} of synthetic, beyond all of the above."
    )
    return Reason(columns, "slice", sentence, part.real, part.synthetic, part.low, part.high, MILLI * strength, p)


def _repeats(found: Repeats, kind: str, sentence: str, rows: float) -> Reason:
    p, q = found.real, found.synthetic
    error = Z * float(np.sqrt((p * (1 - p) + q * (1 - q)) / max(rows, 1.0)))
    strength = MILLI * max(q - p, 0.0)
    return Reason(found.columns, kind, sentence, p, q, q - p - error, q - p + error, strength, found.p)


def _reason(columns: tuple[str, ...], kind: str, sentence: str, found: Contrast, few: bool, p: float) -> Reason:
    real = 0.0 if few else found.real
    return Reason(columns, kind, sentence, real, found.synthetic, found.low, found.high, MILLI * found.strength, p)


def _interval(real: float, made: float, shares: Shares) -> tuple[float, float]:
    error = Z * float(np.sqrt(real * (1 - real) / shares.real_rows + made * (1 - made) / shares.synthetic_rows))
    return made - real - error, made - real + error


def _points(found: Contrast) -> str:
    gap = 100 * (found.synthetic - found.real)
    return f"{abs(gap):.1f} points too {'common' if gap > 0 else 'rare'}"


def _shares(found: Contrast, few: bool) -> str:
    return f"{_none(found.real, few)}, {_percent(found.synthetic)} of synthetic"


def _none(real: float, few: bool) -> str:
    return "no or hardly any real rows" if few else f"{_percent(real)} of real rows"


def _percent(share: float) -> str:
    return "under 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"
