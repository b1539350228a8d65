"""Whether counts asked of the synthetic rows are those of the real rows."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import Column, Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["Queries"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="queries",
    title="Count queries",
    family="utility",
    best=0.0,
    worst=1.0,
    meaning="How far counts asked of the synthetic rows are from the real ones, as a share of them; 0 is none.",
)
FEWEST = 20
FLOOR = 0.01
"""Counts below this share of the rows are divided by it: else a query that nearly nothing meets would decide all."""
WIDTHS = (0.1, 0.6)
"""A range holds between these shares of the rows of its column."""


class Queries(Spec):
    """How far counts asked of the synthetic rows are from those of real rows: 0 is none, 0.1 is a tenth.

    Each query counts the rows that meet one to three conditions at random, each on another column: a range
    about a real row's number, or a real row's category. The value is the mean over queries of the gap between the share
    of synthetic rows and that of train rows, divided by the latter, or by 1 % where that is more. The
    reference asks as many holdout rows the same. Details hold the mean by the number of conditions.

    The interval covers the rows of both tables, by the influence of each on all queries together, and
    the queries, which are a sample as well.

    Relative error with a floor: Xiao, Wang and Gehrke 2011, Differential Privacy via Wavelet Transforms,
    doi:10.1109/TKDE.2010.247.

    When not to use: as the only number. Counts of few conditions are easier to keep than what a model needs.
    """

    standard = 54

    count: int = knob(300, "how many queries", tries=(30, 60), ge=2)
    conditions: int = knob(3, "most conditions of one query", tries=(1, 2), ge=1, le=10)
    rows: int = knob(20_000, "most rows of each table that are counted", tries=(60, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Ask synthetic and train; the reference asks holdout and train."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        rows = min(columns.rows["synthetic"], columns.rows["holdout"], self.rows)
        if min(rows, columns.rows["train"]) < FEWEST:
            return SCALE.skip(f"Each table needs at least {FEWEST} rows.")
        drawn = {
            side: sample(ctx.rng(f"{side} rows"), total, self.rows if side == "train" else rows)
            for side, total in columns.rows.items()
        }
        asked = _Asked.of(columns, drawn, self, ctx.rng("queries"))
        (found, made), (reference, real) = asked.error("synthetic"), asked.error("holdout")
        parts = [
            {"conditions": k, "value": made[k], "reference": real[k], "queries": len(asked.queries[k])} for k in made
        ]
        return SCALE.score(found, reference, {"rows": rows, "parts": parts})


class _Condition(NamedTuple):
    """Cells from low to high, both included, of the column in this place; both NaN asks for missing cells."""

    column: int
    low: float
    high: float


class _Asked(NamedTuple):
    """The cells that are asked about, and the queries by their number of conditions."""

    cells: dict[Side, list[Array]]
    queries: dict[int, list[list[_Condition]]]

    @classmethod
    def of(cls, columns: Columns, drawn: dict[Side, Array], spec: Queries, rng: np.random.Generator) -> "_Asked":
        cells = {side: [column[side][rows] for column in columns.all] for side, rows in drawn.items()}
        ordered = [np.sort(one[~np.isnan(one)]) if column.numeric else one[:0]
                   for column, one in zip(columns.all, cells["train"], strict=True)]  # fmt: skip
        most = min(spec.conditions, len(columns.all))
        queries: dict[int, list[list[_Condition]]] = {k: [] for k in range(1, most + 1)}
        for q in range(spec.count):
            about = rng.integers(len(drawn["train"]))
            places = rng.permutation(len(columns.all))[: 1 + q % most]
            queries[len(places)].append(
                [_condition(columns.all[j], int(j), cells["train"][j][about], ordered[j], rng) for j in places]
            )
        return cls(cells, {k: some for k, some in queries.items() if some})

    def error(self, side: Side) -> tuple[Estimate, dict[int, float]]:
        """The mean relative error of this side with its interval, and that of each number of conditions."""
        ours, theirs = (np.zeros(len(self.cells[one][0])) for one in ("train", side))
        total = sum(map(len, self.queries.values()))
        errors = {k: np.zeros(len(queries)) for k, queries in self.queries.items()}
        for k, queries in self.queries.items():
            for q, query in enumerate(queries):
                real, other = _meeting(self.cells["train"], query), _meeting(self.cells[side], query)
                share, gap = real.mean(), other.mean() - real.mean()
                errors[k][q] = abs(gap) / max(share, FLOOR)
                sign = np.sign(gap) / max(share, FLOOR) / total
                theirs += sign * other
                ours -= (sign + (share > FLOOR) * errors[k][q] / share / total if share else sign) * real
        every = np.concatenate(list(errors.values()))
        found = estimate(float(every.mean()), ours, theirs, every, within=(0.0, np.inf))
        return found, {k: float(error.mean()) for k, error in errors.items()}


def _condition(column: Column, place: int, cell: float, ordered: Array, rng: np.random.Generator) -> _Condition:
    """A category, or missing cells, as in a real row; of a number a range of ranks about it."""
    if not column.numeric or np.isnan(cell):
        return _Condition(place, cell, cell)
    width = rng.uniform(*WIDTHS) * len(ordered)
    start = int(np.searchsorted(ordered, cell) - rng.random() * width)
    low, high = np.clip([start, start + width], 0, len(ordered) - 1).astype(int)
    return _Condition(place, min(ordered[low], cell), max(ordered[high], cell))


def _meeting(cells: list[Array], query: list[_Condition]) -> Array:
    """Which rows meet all conditions."""
    met = np.ones(len(cells[0]), dtype=bool)
    for column, low, high in query:
        one = cells[column]
        met &= np.isnan(one) if np.isnan(low) else (one >= low) & (one <= high)
    return met
