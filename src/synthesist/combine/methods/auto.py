"""The method that picks a method: by the rows, the columns and the time there is. Every number here was measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import log2
from typing import Any, Self

from synthesist import catalog
from synthesist.codecs.table import TABLE_KINDS
from synthesist.core import Choice, Context, Sampler, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Constant, Id, Text
from synthesist.errors import SpecError

__all__ = ["Auto"]

FEWEST = 100
"""Rows from which trees are picked. Below, they relate no columns, and the copula, which does, came as close to unseen
rows: mean AUC 0.961 to 0.957 at 50 rows, and 0.923 to 0.909 at 100, over eight public tables."""
START = 0.05  # seconds that even a small table takes
MOST_CODES = 250  # of a column of numbers, as methods see it


@dataclass(frozen=True)
class Rung:
    """A method that may be picked, and what learning costs.

    On one core of a server of 2023, 1,000 rows of 50 bits take `per_thousand` seconds; that grows as the
    rows to the power of `by_rows` and the bits to that of `by_bits`. Fitted to the CPU seconds of 500 to
    20,000 rows of seven public tables: three estimates in four are within half of the true value, all
    within a factor of two and a half. On a table kept back, of 60 columns, they were three times too high.
    """

    method: str
    per_thousand: float
    by_rows: float
    by_bits: float
    options: Mapping[str, Any] = field(default_factory=dict)

    def seconds(self, rows: int, bits: float) -> float:
        """The estimate for a table."""
        return START + self.per_thousand * (rows / 1_000) ** self.by_rows * (bits / 50) ** self.by_bits

    @property
    def words(self) -> str:
        """The method and its options as a person writes them."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.method} with {options}" if options else self.method


LADDER = (
    Rung("trees", 0.24, 1.0, 2.1),
    Rung("trees", 0.17, 1.0, 2.05, {"orders": 1, "refinements": 1}),
    Rung("trees", 0.11, 0.9, 2.1, {"orders": 1, "refinements": 0, "candidates": 1}),
    Rung("gaussian_copula", 0.04, 0.7, 2.2),
    Rung("marginals", 0.035, 0.65, 2.2),
)
"""The best first; each further one is quicker and keeps less."""


class Auto(Spec):
    """Picks the method that suits the table and the time there is, and says why.

    Trees, unless there are too few rows for them or learning would take longer than the budget: then trees
    with less polish, a copula, or single columns. Seconds are estimated from the rows and what the columns
    hold, by measured rules and never with a clock: the same table and budget give the same pick anywhere. The
    model is that of the method picked, with its name and options, and tells who picked it and why. Neural
    networks are never picked: none has been measured ahead of trees here. Ask for one by its name.

    When not to use: where results must stay the same through releases of this package, as the rules may
    get better: name the method then.

    Reference: choosing by features of the data instead of by trial is the algorithm selection problem,
    Rice, Advances in Computers 15, 1976, doi:10.1016/S0065-2458(08)60520-3.

    >>> import synthesist as sy
    >>> table = {"x": [i % 50 for i in range(400)], "y": [i % 7 for i in range(400)]}
    >>> model = sy.fit(table)
    >>> model.method.name(), model.provenance["chosen_by"]
    ('trees', 'auto')
    >>> model.provenance["because"]
    '400 rows are enough for trees, which come closest to the real rows. Learning takes about 0.05 s on one core.'
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
        ladder = [rung for rung in LADDER if data.units >= FEWEST or rung.method != "trees"]
        bits = bits_of(data)
        within = (rung for rung in ladder if self.budget is None or rung.seconds(data.units, bits) <= self.budget)
        rung = next(within, ladder[-1])
        picked = catalog.load("methods", rung.method).build(rung.options)
        return Choice(picked, " ".join(self._reasons(rung, ladder[0], data, bits)))

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        """Learn with the method picked."""
        sampler: Sampler = self.choose(data).method.fit(data, ctx)  # type: ignore[attr-defined]
        return sampler

    def _reasons(self, rung: Rung, first: Rung, data: Dataset, bits: float) -> Iterator[str]:
        if data.units < FEWEST:
            yield f"{data.units:,} rows are too few for trees to relate columns, which takes {FEWEST} or more."
        else:
            yield f"{data.units:,} rows are enough for trees, which come closest to the real rows."
        takes = _told(rung.seconds(data.units, bits))
        if rung is first:
            yield f"Learning takes about {takes} on one core."
            return
        longer, budget = _told(first.seconds(data.units, bits)), self.budget or 0.0
        yield f"But {first.words} would take about {longer} on one core, more than the budget of {_told(budget)};"
        end = "." if rung.seconds(data.units, bits) <= budget else ": nothing is quicker."
        yield f"{rung.words} takes about {takes}{end}"


def bits_of(data: Dataset) -> float:
    """How much there is to learn about a row: the bits of its cells in all columns but keys, texts and constants."""
    learnt = [name for name, kind in data.kinds.columns.items() if not isinstance(kind, Id | Text | Constant)]
    return sum(log2(min(max(data.table[name].n_unique(), 2), MOST_CODES)) for name in learnt) or 1.0


def _told(seconds: float) -> str:
    """A span of time in round words.

    >>> _told(0.02), _told(34.4), _told(200), _told(9000)
    ('0.02 s', '34 s', '3 minutes', '2.5 hours')
    """
    if seconds < 120:
        return f"{seconds:.0f} s" if seconds >= 0.95 else f"{seconds:.1g} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"
