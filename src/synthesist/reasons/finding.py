"""The search for reasons: copies, then columns, then pairs, then slices; each is taken out before the next is sought.

What a column does wrong shows in every column that goes with it, but less. So the reason that gives most away is told
first, and rows are weighted so that it is gone (`contrast.matched`); what then remains is told next. All tests
together name something on rows as good as real ones once in 1 / alpha times: each kind of reason has a part of
alpha, shared by Bonferroni's rule among all it looks at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context
from synthesist.data.kinds import Duration
from synthesist.reasons import sentences
from synthesist.reasons.calendar import microseconds
from synthesist.reasons.contrast import Contrast, View, Weights, contrast, matched, shares_of
from synthesist.reasons.copying import copied, repeated
from synthesist.reasons.explanation import Reason
from synthesist.reasons.moved import moved
from synthesist.reasons.nearness import near_copies
from synthesist.reasons.pairs import PairGap, coarse_views, differences, gap_of, pair_gap, pair_views
from synthesist.reasons.sequence import neighbour_views
from synthesist.reasons.sides import Sides
from synthesist.reasons.texts import text_views
from synthesist.reasons.views import views, writer

__all__ = ["PARTS", "Found", "found"]

Array = npt.NDArray[Any]
MOST = 12  # reasons of one kind
KEPT = 80  # pairs looked at again after one is told
AS_STRONG = 0.7  # of what the strongest view of a column gives away
RIVAL = 0.25  # of what the strongest column gives away
RIVALS = 4
FOR_VALUES = 0.8  # of what may err among all ways to look at a column
MATCHED = ("values", "missing")  # views that rows are weighted by once they are told
PARTS = {"copies": 0.1, "columns": 0.4, "pairs": 0.4, "slices": 0.1}
"""Of alpha."""
NEVER = 0.001
LEFT = 0.3  # of the rows, when copies are taken out
LEAST_P = 1e-300


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
    told, weights = _copies(sides, coarse, weights, alpha * PARTS["copies"], ctx)
    singles, weights = _columns(sides, weights, alpha * PARTS["columns"], ctx)
    twos, weights, pairs = _pairs(sides, coarse, weights, alpha * PARTS["pairs"], ctx)
    every = sorted([*told, *singles, *twos], key=lambda reason: -reason.strength)
    return Found(tuple(every), weights, pairs, tuple(coarse))


def _copies(
    sides: Sides, parts: Sequence[View], weights: Weights, alpha: float, ctx: Context
) -> tuple[list[Reason], Weights]:
    """What comes again, as it is or a little changed; rows that do count less from then on, as far as others are left.

    Of rows that are equal the first counts.
    """
    rows = float(len(sides.rows["synthetic"]))
    told = []
    if (copies := copied(sides, parts)) and copies.p <= alpha / 3:
        told.append(sentences.of_copies(copies, rows))
    if (twice := repeated(sides, parts)) and twice[0].p <= alpha / 3:
        told.append(sentences.of_repeats(twice[0], rows))
        weights = replace(weights, synthetic=np.where(twice[1], 0.0, weights.synthetic))
    if near := near_copies(sides, parts, alpha / 3, ctx):
        told.append(sentences.of_near_copies(near[0], rows))
        if near[1].mean() > LEFT:
            weights = replace(weights, synthetic=weights.synthetic * near[1])
    return told, weights


def _columns(sides: Sides, weights: Weights, alpha: float, ctx: Context) -> tuple[list[Reason], Weights]:
    open_ = [view for column in ctx.track(sides.columns.all, "columns") for view in views(sides, column)]
    open_ += text_views(sides)
    told: list[Reason] = []
    tests = _tests(open_)
    first = _clear(open_, weights, tests, alpha)  # what weights alone bring about is no defect
    open_ = [found.view for found in first]
    strength = {id(found.view): found.strength for found in first}
    while open_ and len(told) < MOST:
        contrasts = [
            replace(found, strength=min(found.strength, strength[id(found.view)]))
            for found in _clear(open_, weights, tests, alpha)
        ]
        if not contrasts:
            break
        best = _clearest(_root(contrasts, weights, tests, alpha), contrasts)
        view = best.view
        shares = shares_of(view, weights)
        assert shares is not None
        told.append(sentences.of_column(best, shares, min(1.0, best.p * tests[view.kind]), _moved(sides, view)))
        if view.kind in MATCHED:
            weights = matched(view, weights)
        gone = {"missing"} if view.kind == "missing" else {v.kind for v in open_} - {"missing"}
        open_ = [v for v in open_ if v.columns != view.columns or v.kind not in gone]
    return told, weights


def _tests(looked_at: Sequence[View]) -> dict[str, float]:
    """What a p of a view of each kind is multiplied with: most of what may err is for values and missing cells.

    That is Bonferroni's rule with weights (Genovese, Roeder and Wasserman 2006, doi:10.1093/biomet/93.3.509).
    """
    plain = sum(view.kind in MATCHED for view in looked_at)
    other = len(looked_at) - plain
    part = 1.0 if not other else FOR_VALUES if plain else 0.0
    return {view.kind: plain / part if view.kind in MATCHED else other / (1 - part) for view in looked_at}


def _clear(looked_at: Sequence[View], weights: Weights, tests: Mapping[str, float], alpha: float) -> list[Contrast]:
    """The views that differ beyond chance."""
    all_ = (contrast(view, weights) for view in looked_at)
    return [found for found in all_ if found and found.p * tests[found.view.kind] <= alpha]


def _root(contrasts: Sequence[Contrast], weights: Weights, tests: Mapping[str, float], alpha: float) -> Contrast:
    """The difference that explains the others: of the strongest, that which leaves least of them when it is gone.

    Rows left out because of one column change every column that goes with it, some of them as much.
    """
    strongest = sorted(contrasts, key=lambda c: -c.strength)
    leading: dict[tuple[str, ...], Contrast] = {}
    for found in strongest:
        if found.strength >= RIVAL * strongest[0].strength and found.view.kind in MATCHED:
            leading.setdefault(found.view.columns, found)
    if strongest[0].view.kind not in MATCHED or len(leading) < 2:
        return strongest[0]

    def left(root: Contrast) -> float:
        gone = matched(root.view, weights)
        others = [c.view for c in list(leading.values())[:RIVALS] if c is not root]
        return sum(c.strength for c in _clear(others, gone, tests, alpha))

    return min(list(leading.values())[:RIVALS], key=lambda c: (left(c), -c.strength))


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
    gaps = [gap for pair in ctx.track(list(pair_views(coarse)), "pairs") if (gap := pair_gap(*pair, weights))]
    between = [*differences(sides, sides.columns.all), *neighbour_views(sides, sides.columns.all)]
    tests = _pair_tests(gaps, between, len(coarse))
    first = tuple(gaps)
    told: list[Reason] = []
    blame = _blame(gaps, between, coarse, weights)
    while len(told) < MOST:
        clear = [gap for gap in gaps if gap.p * tests[gap.key] <= alpha]
        spans = [c for view in between if (c := contrast(view, weights)) and c.p * tests[view.columns] <= alpha]
        if not clear and not spans:
            break
        gap = max(clear, key=lambda gap: gap.strength, default=None)
        span = max(spans, key=lambda c: c.strength, default=None)
        if span and (gap is None or span.strength >= gap.strength):
            shares = shares_of(span.view, weights)
            assert shares is not None
            p = min(1.0, span.p * tests[span.view.columns])
            told.append(_blamed(sentences.of_difference(span, shares, p, _moved(sides, span.view)), blame))
            weights, names = matched(span.view, weights), span.view.columns
        else:
            assert gap is not None
            told.append(_blamed(sentences.of_pair(gap, min(1.0, gap.p * tests[gap.key])), blame))
            weights, names = matched(gap.joint, weights), gap.joint.columns
        between = [view for view in between if view.columns != names]
        again = sorted((g for g in gaps if g.joint.columns != names), key=lambda g: g.p)[:KEPT]
        gaps = [new for g in again if (new := pair_gap(g.a, g.b, g.joint, weights))]
    return told, weights, first


def _moved(sides: Sides, view: View) -> str:
    """By how much all numbers of a view are more or less than the real ones; nothing where that is not it."""
    columns = {column.name: column for column in sides.columns.all if column.numeric}
    if view.kind == "difference":
        real, made, kind = gap_of(sides, *(columns[name] for name in view.columns))
        return moved(real, made, writer(kind))
    if view.kind != "values" or not (column := columns.get(view.columns[0])):
        return ""
    real, made, kind = sides.real(column), sides.synthetic(column), sides.kind(column.name)
    if kind.kind == "moment":
        real, made, kind = microseconds(kind, real), microseconds(kind, made), Duration()
    return moved(real, made, writer(kind))


def _pair_tests(gaps: Sequence[PairGap], between: Sequence[View], columns: int) -> dict[tuple[str, ...], float]:
    """What the p of each pair is multiplied with: half of what may err is for the pairs that go together most.

    Which these are, both sides tell as one table; who is real has no part in it, so that p-values keep their meaning.
    """
    number = len(gaps) + len(between)
    tests: dict[tuple[str, ...], float] = {gap.key: 2.0 * number for gap in gaps}
    tests |= {view.columns: 2.0 * number for view in between}
    close = sorted(gaps, key=lambda gap: -gap.association)[:columns]
    return tests | {gap.key: 1 / (0.5 / number + 0.5 / len(close)) for gap in close}


def _blame(
    gaps: Sequence[PairGap], between: Sequence[View], coarse: Sequence[View], weights: Weights
) -> Mapping[str, Mapping[str, float]]:
    """What speaks against each column, alone and together with each other one: what is wrong shows in many pairs.

    In nats: minus the logarithm of p, corrected for the pairs that a column has.
    """
    found: dict[str, dict[str, float]] = {view.columns[0]: {"": 0.0} for view in coarse}
    for view in coarse:
        if (alone := contrast(view, weights)) is not None:
            own = found[view.columns[0]]
            own[""] = max(own[""], -log(max(alone.p, LEAST_P)))
    spans = (c for view in between if (c := contrast(view, weights)))
    together = [(gap.joint.columns, gap.p) for gap in gaps] + [(span.view.columns, span.p) for span in spans]
    for (a, b), p in together:
        against = max(0.0, -log(max(p, LEAST_P) * len(coarse)))
        for one, other in ((a, b), (b, a)):
            own = found.setdefault(one, {})
            own[other] = max(own.get(other, 0.0), against)
    return found


def _blamed(reason: Reason, blame: Mapping[str, Mapping[str, float]]) -> Reason:
    """The same, the column first that goes wrong with others, too."""
    a, b = reason.columns
    others = [sum(v for c, v in blame.get(name, {}).items() if c not in (a, b)) for name in (a, b)]
    return replace(reason, columns=(b, a)) if others[1] > others[0] else reason
