"""Whether small groups of rows are there, and look as they do in the real data."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._cells import Cut, cut
from synthesist.metrics._columns import Column, Columns, Side, drawn
from synthesist.metrics._estimate import Estimate, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["Slices"]

Array = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

SCALE = Scale(
    metric="slices",
    title="Slices (subgroups)",
    family="fidelity",
    best=1.0,
    worst=0.0,
    meaning="How much the rows of each subgroup look like the real rows of it, every subgroup counting the same; "
    "1 is the same. Read it beside the holdout.",
)
BINS = 5
MOST = 60  # columns: their pairs of cells are counted at once
K = 10  # a slice is judged, and named, if it has so many rows on both real sides
RISK = 0.05
NAMED = 20


class _Items(NamedTuple):
    """The cells of all columns side by side: an item is a column and one of its codes."""

    cuts: list[Cut]
    start: Array
    """The first item of each column, and the number of items at the end."""

    def of(self, side: Side, rows: Array) -> npt.NDArray[np.float32]:
        """`x[row, item]`, 1 where the row has the item."""
        x = np.zeros((len(rows), int(self.start[-1])), np.float32)
        for first, each in zip(self.start, self.cuts, strict=False):
            x[np.arange(len(rows)), first + each.sides[side][rows]] = 1
        return x

    @property
    def column(self) -> Array:
        """The place of the column of each item."""
        return np.repeat(np.arange(len(self.cuts)), np.diff(self.start))


class Slices(Spec):
    """How alike subgroups are to the real ones, each counting the same: 1 is the same, 0 shares nothing.

    A slice is a value of a category, or a fifth of the rows by the size of a number, with at least 10 rows in
    train and in the holdout. Its score is 1 minus the total variation distance between the real and the synthetic
    distribution of each other column within the slice, on average; a slice without synthetic rows scores 0.
    The value is the mean over slices, so 30 patients of a rare ward weigh as much as all adults. Synthetic and
    holdout are drawn to the same number of rows: rare slices differ between any two samples, and the holdout's
    number is the one to reach. Details list in `within` the slices that fall furthest behind it.

    Beside that, every slice and every two of different columns together are tested for having another share of the
    synthetic than of the real rows (train and holdout), by the score test for two shares. The slices found
    are those that hold at a false discovery rate of 5 % under any dependence (Benjamini and Yekutieli 2001,
    doi:10.1214/aos/1013699998); details count them, and `parts` lists the worst, `value` and `reference` being
    the shares of synthetic and of real rows.

    When not to use: to learn what is wrong within a slice; `c2st` on the rows of that slice tells.
    """

    standard = 36

    rows: int = knob(20_000, "most rows drawn from each table", tries=(150, 250), ge=2)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with train; the reference compares as many holdout rows with train."""
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        cuts = cut(columns, BINS)
        if len(cuts) < 2:
            return SCALE.skip("There are no two columns that vary in train.")
        if len(cuts) > MOST:
            cuts = [cuts[k] for k in np.sort(ctx.rng("columns").permutation(len(cuts))[:MOST])]
        items = _Items(cuts, np.concatenate([[0], np.cumsum([each.size for each in cuts])]))
        rows = min(columns.rows["synthetic"], columns.rows["holdout"])
        x = {
            side: items.of(side, sample(ctx.rng(f"{side} rows"), count, count if side == "train" else rows))
            for side, count in columns.rows.items()
        }
        together = {side: (cells.T @ cells).astype(float) for side, cells in x.items()}
        large = (np.diag(together["train"]) >= K) & (np.diag(together["holdout"]) >= K)
        if not large.any():
            return SCALE.skip(f"No value or range of a column has {K} rows in train and in the holdout.")
        found, inside = _alike(items, x, together, "synthetic", large)
        real, real_inside = _alike(items, x, together, "holdout", large)
        missed = _missed(items, together, {side: len(cells) for side, cells in x.items()})
        names = _names(items, columns)
        details = {
            "slices": int(large.sum()),
            "tested": missed.tested,
            "found": len(missed.places),
            "parts": [_part(k, missed, together, names) for k in range(min(len(missed.places), NAMED))],
            "within": _within(names, inside, real_inside, large),
            "rows": {side: len(cells) for side, cells in x.items()},
        }
        return SCALE.score(found, real, details)


def _alike(
    items: _Items, x: Mapping[Side, Array], together: Mapping[Side, Floats], side: Side, large: Array
) -> tuple[Estimate, Floats]:
    """The mean over slices with its interval, and the score of each slice."""
    ours, theirs = together["train"], together[side]
    n_ours, n_theirs = np.diag(ours), np.diag(theirs)
    with np.errstate(divide="ignore", invalid="ignore"):
        p, q = (np.nan_to_num(counts / np.diag(counts)[:, None]) for counts in (ours, theirs))
    others = items.column[:, None] != items.column  # [slice, item]
    sign = np.where(others, np.sign(p - q), 0.0) / 2
    score = 1 - (np.abs(p - q) * others).sum(axis=1) / 2 / (len(items.cuts) - 1)
    there = n_theirs > 0
    score = np.where(there, score, 0.0)
    weight = large / large.sum() / (len(items.cuts) - 1)

    def influence(of: Side, shares: Floats, count: Floats, direction: float) -> Floats:
        """How each row moves the mean by the slices it is in."""
        use = np.where(large & there & (count > 0), weight / np.maximum(count, 1), 0.0) * len(x[of])
        within = (sign * shares).sum(axis=1)
        moved = ((x[of] @ (sign * use[:, None]).astype(np.float32)) * x[of]).sum(axis=1) - x[of] @ (within * use)
        return direction * np.asarray(moved, float)

    value = float(score[large].mean())
    return estimate(value, influence("train", p, n_ours, -1), influence(side, q, n_theirs, 1)), score


class _Missed(NamedTuple):
    """Slices whose share is off, the surest first: two items each, the same twice for a slice of one column."""

    places: list[tuple[int, int]]
    p: Floats
    synthetic: Floats
    real: Floats
    tested: int


def _missed(items: _Items, together: Mapping[Side, Floats], rows: Mapping[Side, int]) -> _Missed:
    """The slices and pairs of slices that are too frequent or too rare, by Benjamini and Yekutieli's rule."""
    from scipy.special import ndtr

    a, b = np.triu_indices(len(items.column))
    fit = (a == b) | (items.column[a] != items.column[b])
    fit &= np.minimum(together["train"], together["holdout"])[a, b] >= K
    a, b = a[fit], b[fit]
    real_rows, made_rows = rows["train"] + rows["holdout"], rows["synthetic"]
    real = (together["train"] + together["holdout"])[a, b] / real_rows
    made = together["synthetic"][a, b] / made_rows
    pooled = (real * real_rows + made * made_rows) / (real_rows + made_rows)
    error = np.sqrt(pooled * (1 - pooled) * (1 / real_rows + 1 / made_rows))
    p = 2 * ndtr(-np.abs(made - real) / np.maximum(error, 1e-12))
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, len(p) + 1)
    held = np.flatnonzero(p[order] <= RISK * rank / (max(len(p), 1) * (1 / rank).sum()))
    order = order[: held[-1] + 1 if len(held) else 0]
    return _Missed([(int(a[k]), int(b[k])) for k in order], p[order], made[order], real[order], len(p))


def _part(k: int, missed: _Missed, together: Mapping[Side, Floats], names: Sequence[tuple[str, str]]) -> dict[str, Any]:
    first, second = missed.places[k]
    about = dict.fromkeys((first, second))
    return {
        "slice": dict(names[item] for item in about),
        "a": names[first][0],
        "b": names[second][0] if len(about) > 1 else "",
        "value": float(missed.synthetic[k]),
        "reference": float(missed.real[k]),
        "p_value": float(missed.p[k]),
        "rows": int(min(together["train"][first, second], together["holdout"][first, second])),
    }


def _within(names: Sequence[tuple[str, str]], inside: Floats, real: Floats, large: Array) -> list[dict[str, Any]]:
    """The slices whose rows fall furthest behind those of the holdout."""
    behind = [int(k) for k in np.argsort(inside - real, kind="stable") if large[k]][:NAMED]
    return [{"slice": dict([names[k]]), "value": float(inside[k]), "reference": float(real[k])} for k in behind]


def _names(items: _Items, columns: Columns) -> list[tuple[str, str]]:
    """The column of each item, and which of its cells it is."""
    known = {column.name: column for column in columns.all}
    return [(each.name, _cell(known[each.name], each, code)) for each in items.cuts for code in range(each.size)]


def _cell(column: Column, piece: Cut, code: int) -> str:
    """What rows of this code have in the column; only cells of K real rows and more are ever named."""
    if code == 0:
        return "missing"
    if not piece.numeric:
        return column.words[piece.levels[code - 1] - 1] if code <= len(piece.levels) else "another value"
    if column.kind not in ("number", "integer"):  # moments are counted in units nobody reads
        return f"part {code} of {piece.size - 1}"
    ends = [f"{edge:g}" for edge in piece.levels]
    if not ends:
        return "any value"
    if code == 1:
        return f"at most {ends[0]}"
    return f"above {ends[-1]}" if code == len(ends) + 1 else f"above {ends[code - 2]} to {ends[code - 1]}"
