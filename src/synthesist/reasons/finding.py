"""The search for reasons: copies, then columns, then pairs, then slices; each is taken out before the next is sought.

What a column does wrong shows in every column that goes with it, but less. So the reason that gives most away is told
first, and rows are weighted so that it is gone (`contrast.matched`); what then remains is told next. All tests
together name something on rows as good as real ones once in 1 / alpha times: each kind of reason has a quarter of
alpha, shared by Bonferroni's rule among all it looks at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.reasons import sentences
from synthesist.reasons.contrast import Contrast, View, Weights, contrast, matched, shares_of
from synthesist.reasons.copying import copied, repeated
from synthesist.reasons.explanation import Reason
from synthesist.reasons.pairs import PairGap, coarse_views, differences, pair_gap, pair_views
from synthesist.reasons.sides import Sides
from synthesist.reasons.views import views

__all__ = ["Found", "found"]

Array = npt.NDArray[Any]
MOST = 12  # reasons of one kind
KEPT = 80  # pairs looked at again after one is told
AS_STRONG = 0.7  # of what the strongest view of a column gives away
NEVER = 0.001


@dataclass(frozen=True)
class Found:
    """Reasons, the weights that take them out, what every pair gave away, and the columns as they were looked at."""

    reasons: tuple[Reason, ...]
    weights: Weights
    pairs: tuple[PairGap, ...]
    coarse: tuple[View, ...]
    """Every column in few cells."""


def found(sides: Sides, alpha: float, ctx: Context) -> Found:
    """Everything that differs beyond chance, the strongest first."""
    weights = Weights(np.ones(len(sides.unseen)), np.ones(len(sides.rows["synthetic"])))
    coarse = coarse_views(sides, sides.columns.all)
    told, weights = _copies(sides, coarse, weights, alpha / 4)
    singles, weights = _columns(sides, weights, alpha / 4, ctx)
    twos, weights, pairs = _pairs(sides, coarse, weights, alpha / 4, ctx)
    every = sorted([*told, *singles, *twos], key=lambda reason: -reason.strength)
    return Found(tuple(every), weights, pairs, tuple(coarse))


def _copies(sides: Sides, parts: Sequence[View], weights: Weights, alpha: float) -> tuple[list[Reason], Weights]:
    """What comes again; of synthetic rows that do, the first alone counts from then on."""
    rows = float(len(sides.rows["synthetic"]))
    told = []
    if (copies := copied(sides, parts)) and copies.p <= alpha / 2:
        told.append(sentences.of_copies(copies, rows))
    if (twice := repeated(sides, parts)) and twice[0].p <= alpha / 2:
        told.append(sentences.of_repeats(twice[0], rows))
        weights = replace(weights, synthetic=np.where(twice[1], 0.0, weights.synthetic))
    return told, weights


def _columns(sides: Sides, weights: Weights, alpha: float, ctx: Context) -> tuple[list[Reason], Weights]:
    open_ = [view for column in ctx.track(sides.columns.all, "columns") for view in views(sides, column)]
    told: list[Reason] = []
    tests = len(open_)
    while open_ and len(told) < MOST:
        contrasts = [found for view in open_ if (found := contrast(view, weights)) and found.p * tests <= alpha]
        if not contrasts:
            break
        best = _clearest(max(contrasts, key=lambda found: found.strength), contrasts)
        view = best.view
        shares = shares_of(view, weights)
        assert shares is not None
        told.append(sentences.of_column(best, shares, best.p * tests))
        if view.kind in ("values", "missing"):
            weights = matched(view, weights)
        gone = {"missing"} if view.kind == "missing" else {v.kind for v in open_} - {"missing"}
        open_ = [v for v in open_ if v.columns != view.columns or v.kind not in gone]
    return told, weights


def _clearest(best: Contrast, others: Sequence[Contrast]) -> Contrast:
    """Of the views of one column that give about as much away, the one that says most to a reader."""
    same = [c for c in others if c.view.columns == best.view.columns and c.strength >= AS_STRONG * best.strength]
    known = [c for c in same if c.view.kind != "unknown"] or [c for c in others if c.view.columns == best.view.columns]
    return max(known, key=lambda c: (_telling(c), c.strength))


def _telling(found: Contrast) -> int:
    """How much a view says: a value that is never there or always new, how it is written, what is common."""
    kind = found.view.kind
    if kind in ("values", "missing"):
        if kind == "missing" or min(found.real, found.synthetic) < NEVER:
            return 4
        return 3 if " = " in found.view.words(found.first, found.last) else 1
    return {"unknown": 0, "last digit": 2, "last two digits": 2}.get(kind, 3)


def _pairs(
    sides: Sides, coarse: Sequence[View], weights: Weights, alpha: float, ctx: Context
) -> tuple[list[Reason], Weights, tuple[PairGap, ...]]:
    tables = list(pair_views(coarse))
    gaps = [gap for pair in ctx.track(tables, "pairs") if (gap := pair_gap(*pair, weights))]
    between = list(differences(sides, sides.columns.all))
    tests = len(tables) + len(between)
    first = tuple(gaps)
    told: list[Reason] = []
    blame = _blame(gaps)
    while len(told) < MOST:
        clear = [gap for gap in gaps if gap.p * tests <= alpha]
        spans = [c for view in between if (c := contrast(view, weights)) and c.p * tests <= alpha]
        if not clear and not spans:
            break
        gap = max(clear, key=lambda gap: gap.strength, default=None)
        span = max(spans, key=lambda c: c.strength, default=None)
        if span and (gap is None or span.strength >= gap.strength):
            shares = shares_of(span.view, weights)
            assert shares is not None
            told.append(_blamed(sentences.of_difference(span, shares, span.p * tests), blame))
            weights, names = matched(span.view, weights), span.view.columns
        else:
            assert gap is not None
            told.append(_blamed(sentences.of_pair(gap, gap.p * tests), blame))
            weights, names = matched(gap.joint, weights), gap.joint.columns
        between = [view for view in between if view.columns != names]
        again = sorted((g for g in gaps if g.joint.columns != names), key=lambda g: g.p)[:KEPT]
        gaps = [new for g in again if (new := pair_gap(g.a, g.b, g.joint, weights))]
    return told, weights, first


def _blame(gaps: Sequence[PairGap]) -> Mapping[str, Mapping[str, float]]:
    """What each column gives away together with each other one: what is wrong with a column shows in many pairs."""
    found: dict[str, dict[str, float]] = {}
    for gap in gaps:
        a, b = gap.joint.columns
        found.setdefault(a, {})[b] = found.setdefault(b, {})[a] = gap.strength
    return found


def _blamed(reason: Reason, blame: Mapping[str, Mapping[str, float]]) -> Reason:
    """The same, the column first that goes wrong with others, too."""
    a, b = reason.columns
    others = [sum(v for c, v in blame.get(name, {}).items() if c not in (a, b)) for name in (a, b)]
    return replace(reason, columns=(b, a)) if others[1] > others[0] else reason
