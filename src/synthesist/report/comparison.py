"""Several methods on one source, side by side: every score, what each takes, and which one to use."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Score, Spec
from synthesist.data.atomic import replacing
from synthesist.data.dataset import Dataset
from synthesist.engine.apart import Cost
from synthesist.errors import OutputError, reason_of
from synthesist.report.advice import Advice, advise
from synthesist.report.privacy import CURATOR
from synthesist.report.verdict import Verdict, verdict

if TYPE_CHECKING:
    from rich.table import Table

    from synthesist.report.report import Report

__all__ = ["Attempt", "Comparison", "Entry", "compared"]

CURATOR_ONLY = (
    f"{CURATOR} Methods that keep rows private are charged to no ledger here, and what they learn is thrown away; but "
    "a choice by these scores tells of the rows, and no epsilon covers it. Compare on public rows that are alike where "
    "the choice is to be free."
)
FORMAT, VERSION = "synthesist-comparison", 2


@dataclass(frozen=True)
class Attempt:
    """What a method brought about: rows, what they took, the method that made them, and who picked it why."""

    rows: Dataset
    cost: Cost
    method: Spec
    because: str = ""
    private: bool = False


@dataclass(frozen=True)
class Entry:
    """One method: what it reached and what learning and drawing took, or why it failed."""

    method: str
    options: Mapping[str, Any]
    scores: tuple[Score, ...] = ()
    cost: Cost = field(default_factory=Cost)
    because: str = ""
    """Why this method was picked, where another one picked it."""
    failure: str = ""
    private: bool = False
    """Whether a private method made the rows."""

    def score(self, metric: str) -> Score | None:
        """The score of this name, if it was computed."""
        return next((score for score in self.scores if score.name == metric and not score.skipped), None)

    @cached_property
    def verdict(self) -> Verdict:
        """A light for fidelity, utility and privacy, by the rules of a report."""
        return verdict(self.scores)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Methods beside each other and beside real rows kept aside. Print it, or save it as .html or .json."""

    title: str
    entries: tuple[Entry, ...]
    watts: float = 10.0
    """What one busy core takes: the assumption behind every figure of energy."""

    @classmethod
    def of(cls, title: str, reports: "Mapping[str, Report]") -> "Comparison":
        """Reports on several synthetic tables side by side, under their names; what they took is not known."""
        return cls(title, tuple(Entry(name, {}, r.scores, private=bool(r.privacy)) for name, r in reports.items()))

    @cached_property
    def costs(self) -> "tuple[tuple[str, Callable[[Comparison, Entry], float]], ...]":
        """What learning and drawing took, in the order of the tables; nothing where it is not known of any."""
        return COSTS if any(isfinite(entry.cost.cpu_seconds) for entry in self.entries) else ()

    @cached_property
    def advice(self) -> Advice:
        """Which method to use, and what the others have for and against them."""
        return advise(self.judged)

    @property
    def kind(self) -> str:
        """What stands side by side."""
        return "Methods" if self.costs else "Synthetic tables"

    @property
    def warning(self) -> str:
        """What to know before this is shown to anybody; nothing where no method keeps rows private."""
        return CURATOR_ONLY if any(entry.private for entry in self.entries) else ""

    def energy(self, entry: Entry) -> float:
        """Watt-hours for learning and drawing: CPU seconds times watts; no memory, no cooling, no GPU."""
        return entry.cost.cpu_seconds * self.watts / 3600

    @property
    def judged(self) -> tuple[Entry, ...]:
        """The methods that came through."""
        return tuple(entry for entry in self.entries if not entry.failure)

    @property
    def metrics(self) -> dict[str, Score]:
        """One score of each metric that any method was given, for its title, best value and reference."""
        return {score.name: score for entry in self.judged for score in entry.scores if not score.skipped}

    def best(self, metric: str) -> tuple[str, ...]:
        """The methods nearest to the best value of a metric: one, or several that are level."""
        distances = {entry.method: score.distance for entry in self.judged if (score := entry.score(metric))}
        return tuple(method for method, distance in distances.items() if distance == min(distances.values()))

    def save(self, path: str | Path) -> Path:
        """Write the page (.html) or the numbers (.json).

        Raises:
            OutputError: the ending is another, or the file cannot be written there.
        """
        target = Path(path)
        writers = {".html": self.to_html, ".json": self.to_json}
        if target.suffix.lower() not in writers:
            raise OutputError(f"Cannot write {target}: a comparison is written as .html or .json. Rename it.")
        text = writers[target.suffix.lower()]()
        with replacing(target) as draft:
            draft.write_text(text, "utf-8")
        return target

    def to_html(self) -> str:
        """One page that needs no network and no script."""
        from synthesist.report.html import comparison

        return comparison(self)

    def to_json(self) -> str:
        """The same for machines; a number that is not there is null."""
        entries = [
            {
                **asdict(entry),
                "scores": [{**asdict(score), "details": {}} for score in entry.scores],
                "lights": dict(entry.verdict.lights),
                "energy_wh": self.energy(entry),
            }
            for entry in self.entries
        ]
        tree = {
            "format": FORMAT,
            "version": VERSION,
            "title": self.title,
            "watts": self.watts,
            **({"curator_only": self.warning} if self.warning else {}),
            "advice": asdict(self.advice),
            "entries": entries,
        }
        return json.dumps(_finite(tree), ensure_ascii=False, indent=1, allow_nan=False) + "\n"

    def __rich__(self) -> "Table":
        return _table(self)

    def __str__(self) -> str:
        from rich.console import Console

        sink = io.StringIO()
        Console(file=sink, width=100, color_system=None, force_terminal=False).print(self)
        return sink.getvalue().rstrip()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from synthesist.report.html import comparison

        return comparison(self, whole=False)


def compared(
    title: str,
    specs: Sequence[Spec],
    produce: Callable[[Spec], Attempt],
    judge: Callable[[Dataset], Sequence[Score]],
    ctx: Context,
    *,
    watts: float = 10.0,
) -> Comparison:
    """Run every method; one that fails becomes a row with its reason.

    Args:
        specs: the methods; those of one name are told apart by their options.
        produce: learns and draws.
        judge: scores what was drawn.
        watts: what one busy core takes.

    Raises:
        SynthesistError: all methods failed; the error is that of the first.
    """
    entries, errors = [], []
    for name, spec in ctx.track(list(named(specs).items()), "comparing"):
        try:
            made = produce(spec)
            entry = Entry(
                name, made.method.describe(), tuple(judge(made.rows)), made.cost, made.because, private=made.private
            )
        except Exception as error:  # noqa: BLE001  (whatever one method dies of must not take the others along)
            errors.append(error)
            entry = Entry(name, spec.describe(), failure=reason_of(error))
        entries.append(entry)
    if errors and len(errors) == len(entries):
        raise errors[0]
    return Comparison(title, tuple(entries), watts)


def named(specs: Sequence[Spec]) -> dict[str, Spec]:
    """Each method once, under its name and the options that differ from its defaults, as in `trees depth=2`."""
    return {" ".join((spec.name(), *(f"{k}={v}" for k, v in spec.changed.items()))): spec for spec in specs}


def _table(found: Comparison) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"{found.kind} on {found.title}"), title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("best", "holdout", *(entry.method for entry in found.judged)):
        table.add_column(heading, justify="right")
    for metric, example in found.metrics.items():
        marked = found.best(metric)
        cells = [_cell(entry.score(metric), entry.method in marked) for entry in found.judged]
        table.add_row(metric, f"{example.best:g}", f"{example.reference:.3f}", *cells)
    for heading, read in found.costs:
        table.add_row(heading, "", "", *(amount(read(found, entry)) for entry in found.judged))
    failed = [f"{entry.method} failed: {entry.failure}" for entry in found.entries if entry.failure]
    energy = [f"Energy: {found.watts:g} W for each busy core."] if found.costs else []
    notes = ["* nearest to the best", *energy, *failed]
    warned = [found.warning, ""] if found.warning else []
    table.caption = Text(
        "\n".join([*warned, *notes, "", f"{found.advice.headline} {found.advice.why}", *found.advice.others])
    )
    table.caption_justify = "left"
    return table


def _cell(score: Score | None, marked: bool) -> str:
    return "" if score is None else f"[bold]*{score.value:.3f}[/]" if marked else f"{score.value:.3f}"


def amount(x: float) -> str:
    """A number of seconds, megabytes or watt-hours as a reader writes it: two or three figures.

    >>> amount(0.0123), amount(4.56), amount(1234.5), amount(float("nan"))
    ('0.012', '4.6', '1,234', 'not known')
    """
    if not isfinite(x):
        return "not known"
    return f"{x:,.0f}" if x >= 99.5 else f"{x:.1f}" if x >= 1 else f"{x:.2g}"


COSTS: tuple[tuple[str, Callable[[Comparison, Entry], float]], ...] = (
    ("seconds", lambda _, entry: entry.cost.seconds),
    ("CPU seconds", lambda _, entry: entry.cost.cpu_seconds),
    ("peak memory, MB", lambda _, entry: entry.cost.memory / 1e6),
    ("energy, Wh", lambda found, entry: found.energy(entry)),
)
"""What learning and drawing took, in the order of the tables."""


def _finite(value: Any) -> Any:
    """NaN and infinity have no place in JSON: null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
