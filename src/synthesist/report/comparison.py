"""Several methods on one source, side by side: every score, seconds and memory."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite, nan
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Score, Spec
from synthesist.data.atomic import replacing
from synthesist.data.dataset import Dataset
from synthesist.errors import OutputError, reason_of
from synthesist.report.memory import Watch

if TYPE_CHECKING:
    from rich.table import Table

__all__ = ["Comparison", "Entry", "compared"]

FORMAT, VERSION = "synthesist-comparison", 1


@dataclass(frozen=True)
class Entry:
    """One method: what it reached and what it took, or why it failed.

    `seconds` and `memory` (the growth of the process at its peak, in bytes; NaN where it cannot be
    told) are those of learning and drawing, without judging.
    """

    method: str
    options: Mapping[str, Any]
    scores: tuple[Score, ...] = ()
    seconds: float = nan
    memory: float = nan
    failure: str = ""

    def score(self, metric: str) -> Score | None:
        """The score of this name, if it was computed."""
        return next((score for score in self.scores if score.metric == metric and not score.skipped), None)


@dataclass(frozen=True, repr=False)
class Comparison:
    """Methods beside each other and beside real rows kept aside. Print it, or save it as .html or .json."""

    title: str
    entries: tuple[Entry, ...]

    @property
    def judged(self) -> tuple[Entry, ...]:
        """The methods that came through."""
        return tuple(entry for entry in self.entries if not entry.failure)

    @property
    def metrics(self) -> dict[str, Score]:
        """One score of each metric that any method was given, for its title, best value and reference."""
        return {score.metric: score for entry in self.judged for score in entry.scores if not score.skipped}

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
            {**asdict(entry), "scores": [{**asdict(score), "details": {}} for score in entry.scores]}
            for entry in self.entries
        ]
        tree = {"format": FORMAT, "version": VERSION, "title": self.title, "entries": entries}
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
    specs: Mapping[str, Spec],
    produce: Callable[[Spec], Dataset],
    judge: Callable[[Dataset], Sequence[Score]],
    ctx: Context,
) -> Comparison:
    """Run every method; one that fails becomes a row with its reason.

    Args:
        specs: the methods by the name to show.
        produce: learns and draws.
        judge: scores what was drawn.

    Raises:
        SynthesistError: all methods failed; the error is that of the first.
    """
    entries, errors = [], []
    for name, spec in ctx.track(list(specs.items()), "comparing"):
        try:
            with Watch() as watch:
                begin = perf_counter()
                rows = produce(spec)
                seconds = perf_counter() - begin
            entries.append(Entry(name, spec.describe(), tuple(judge(rows)), seconds, watch.growth))
        except Exception as error:  # noqa: BLE001  (whatever one method dies of must not take the others along)
            errors.append(error)
            entries.append(Entry(name, spec.describe(), failure=reason_of(error)))
    if errors and len(errors) == len(entries):
        raise errors[0]
    return Comparison(title, tuple(entries))


def _table(found: Comparison) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"Methods on {found.title}"), title_justify="left", box=None, padding=(0, 2, 0, 0))
    table.add_column("score", no_wrap=True)
    for heading in ("best", "holdout", *(entry.method for entry in found.judged)):
        table.add_column(heading, justify="right")
    for metric, example in found.metrics.items():
        marked = found.best(metric)
        cells = [_cell(entry.score(metric), entry.method in marked) for entry in found.judged]
        table.add_row(metric, f"{example.best:g}", f"{example.reference:.3f}", *cells)
    table.add_row("seconds", "", "", *(f"{entry.seconds:.1f}" for entry in found.judged))
    table.add_row("memory, MB", "", "", *(_megabytes(entry.memory) for entry in found.judged))
    failed = [f"{entry.method} failed: {entry.failure}" for entry in found.entries if entry.failure]
    table.caption = Text("\n".join(["* nearest to the best", *failed]))
    table.caption_justify = "left"
    return table


def _cell(score: Score | None, marked: bool) -> str:
    return "" if score is None else f"[bold]*{score.value:.3f}[/]" if marked else f"{score.value:.3f}"


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}" if isfinite(size) else "not known"


def _finite(value: Any) -> Any:
    """NaN and infinity have no place in JSON: null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value
