"""Tuning: which options of a method come closest to rows it has not learnt from.

Successive halving: many settings are tried on few rows, the best third of them on three times as many,
and so on to all. The defaults stay in to the end, so that what is gained by tuning is seen.

Reference: Jamieson and Talwalkar, AISTATS 2016, arXiv:1502.07943; the settings are a Latin hypercube,
McKay, Beckman and Conover, Technometrics 21(2), 1979, doi:10.1080/00401706.1979.10489755.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, nan
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from synthesist.core import Context, Score, Spec
from synthesist.errors import SpecError, SynthesistError

if TYPE_CHECKING:
    from rich.table import Table

    from synthesist.model import Model

__all__ = ["Search", "Trial", "ranges", "searched"]

ETA = 3  # of so many settings one goes on, to so many times the rows
MOST_ROUNDS = 3
LEAST_ROWS = 500  # a setting is tried on no fewer, unless there are no more
FACTOR = 4  # a number is searched from its default divided by this to its default times this
MORE_COPYING = 0.02  # of the DCR share, beyond that of the defaults: chance on a thousand rows
PROTECTING = frozenset({"min_rows", "epsilon", "delta"})
"""Options that protect people: a score of likeness would tune the protection away."""


@dataclass(frozen=True)
class Range:
    """The values of one option that are worth a try: `at(0)` to `at(1)`."""

    low: float
    high: float
    whole: bool

    def at(self, share: float) -> float | int:
        """The value at a share of the way, in equal ratios where all values are above zero."""
        ratio = self.low > 0
        value = self.low * (self.high / self.low) ** share if ratio else self.low + share * (self.high - self.low)
        return round(value) if self.whole else min(max(float(f"{value:.3g}"), self.low), self.high)


@dataclass(frozen=True)
class Choices:
    """The values of an option that has only a few."""

    items: tuple[Any, ...]

    def at(self, share: float) -> Any:
        """One of them, each for an equal part of the way."""
        return self.items[min(int(share * len(self.items)), len(self.items) - 1)]


@dataclass(frozen=True)
class Trial:
    """One setting on some rows: how far from unseen rows it stays, how much it repeats, what it took."""

    spec: Spec
    rows: int
    score: Score | None = None
    copying: float = nan
    """The share of synthetic rows nearer to those learnt from than to unseen ones: 0.5 where nothing is repeated."""
    seconds: float = nan
    failure: str = ""

    @property
    def distance(self) -> float:
        """How far from the best value of the score; infinite where it failed."""
        return self.score.distance if self.score and not self.score.skipped and isfinite(self.score.value) else inf


@dataclass(frozen=True, repr=False)
class Search:
    """What was tried and what came of it."""

    start: Spec
    by: str
    trials: tuple[Trial, ...]
    best: Trial
    stopped: str = ""
    """Why it ended before all trials were done, if it did."""
    model: "Model | None" = None
    """The method as the best Spec sets it, fitted on all rows."""

    @property
    def spec(self) -> Spec:
        """The best setting found."""
        return self.best.spec

    @property
    def before(self) -> Trial:
        """The setting it began with, on as many rows as the best."""
        return next(trial for trial in self.trials if trial.spec == self.start and trial.rows == self.best.rows)

    @property
    def verdict(self) -> str:
        """In a sentence, what tuning has brought."""
        name, best, before = self.start.name(), self.best, self.before
        if best.spec == before.spec:
            return f"Nothing tried came closer to unseen rows than {name} as it began: keep that."
        if best.score is None or before.score is None:
            return f"{name} with {written(best.spec.changed)}; as it began it failed: {before.failure}"
        values = f"{self.by} {best.score.value:.3f}, as it began {before.score.value:.3f}"
        chance = (before.score.high - before.score.low) / 2 / abs(before.score.best - before.score.worst)
        luck = "" if before.distance - best.distance > chance else " Chance alone may do as much."
        return f"{name} with {written(best.spec.changed)}: {values}.{luck}"

    def __rich__(self) -> "Table":
        return _table(self)

    def __str__(self) -> str:
        from rich.console import Console

        sink = io.StringIO()
        Console(file=sink, width=100, color_system=None, force_terminal=False).print(self)
        return sink.getvalue().rstrip()

    __repr__ = __str__


def searched(
    start: Spec,
    fixed: Sequence[str],
    by: str,
    count: int,
    rows: int,
    attempt: Callable[[Spec, int], Trial],
    ctx: Context,
    most_seconds: float = inf,
) -> Search:
    """Try `count` settings and find the best.

    Args:
        start: the setting to begin with, among which the best is sought.
        fixed: its options that stay as they are.
        by: the name of the score, for the table.
        rows: how many there are to learn from.
        attempt: fits a Spec on the first so many rows and judges it; it must not raise.
        most_seconds: no trial is begun later; the result then says so, as it depends on the machine.

    Raises:
        SpecError: fewer than two settings are asked for, or the method has nothing to tune.
        SynthesistError: no setting could be fitted; the reason is that of the first.
    """
    specs = candidates(start, fixed, count, ctx)
    trials: list[Trial] = []
    begin, stopped = perf_counter(), ""
    heats = rungs(len(specs), rows)
    steps = iter(ctx.track(range(sum(n for n, _ in heats)), "searching"))
    for place, (survivors, share) in enumerate(heats):
        heat: list[Trial] = []
        for spec in specs[:survivors]:
            if (trials or heat) and perf_counter() - begin > most_seconds:
                done = f"{len(heat)} of {survivors} settings of round {place + 1} of {len(heats)}"
                stopped = f"Stopped after {most_seconds:g} s, with {done} done: another machine may get further."
                break
            next(steps)
            heat.append(attempt(spec, share))
        trials += heat
        if stopped:
            break
        first, *rest = heat
        specs = [first.spec, *(trial.spec for trial in sorted(_honest(rest, first), key=lambda trial: trial.distance))]
    for _ in steps:  # a bar that is begun ends
        pass
    return Search(start, by, tuple(trials), _best(trials), stopped)


def candidates(start: Spec, fixed: Sequence[str], count: int, ctx: Context) -> list[Spec]:
    """`start` and count - 1 others that change about half of its options, spread evenly over their ranges."""
    if count < 2:
        raise SpecError(f"A search of {count} trial(s) compares nothing: ask for at least 2.")
    space = {name: values for name, values in ranges(start).items() if name not in fixed}
    if not space:
        raise SpecError(f"{start.name()} has no option that can be tuned. See `synthesist show {start.name()}`.")
    rng, names = ctx.rng("settings"), list(space)
    places = {name: (rng.permutation(count - 1) + rng.random(count - 1)) / (count - 1) for name in names}
    changes = rng.random((count - 1, len(names))) < 0.5
    changes[np.arange(count - 1), rng.integers(len(names), size=count - 1)] = True
    specs = [start]
    for i in range(count - 1):
        moved = {name: space[name].at(float(places[name][i])) for name in np.array(names)[changes[i]].tolist()}
        specs.append(type(start).build({**start.model_dump(), **moved}))
    return list({spec.model_dump_json(): spec for spec in specs}.values())


def ranges(start: Spec) -> dict[str, Range | Choices]:
    """What each option of a Spec may be tuned to: a choice, or a number near the present one, within its limits.

    Options that affect cost only or protect people, lists, texts, and numbers that are not set are left alone.
    """
    space: dict[str, Range | Choices] = {}
    for name, field in type(start).model_json_schema().get("properties", {}).items():
        now = getattr(start, name)
        if field.get("affects") != "rows" or name in PROTECTING:
            continue
        if field.get("type") == "boolean" or "enum" in field:
            space[name] = Choices((False, True) if "enum" not in field else tuple(field["enum"]))
        elif isinstance(now, int | float) and not isinstance(now, bool) and (found := _near(now, field)):
            space[name] = found
    return space


def _near(now: float, field: Mapping[str, Any]) -> Range | None:
    """A quarter of the present value to four times it, within its limits; nothing where that is one value."""
    whole = isinstance(now, int)
    limits = next((option for option in field.get("anyOf", ()) if "minimum" in option or "maximum" in option), field)
    inside = 1 if whole else 1e-3 * (abs(now) or 1.0)  # a limit that is itself outside is kept at this distance
    low = max(limits.get("minimum", -inf), limits.get("exclusiveMinimum", -inf) + inside)
    high = min(limits.get("maximum", inf), limits.get("exclusiveMaximum", inf) - inside)
    around = sorted((now / FACTOR, now * FACTOR)) if now else (-1.0, 1.0)
    low, high = max(low, around[0]), min(high, around[1])
    if whole:
        low, high = ceil(low), floor(high)
    return Range(low, high, whole) if low < high else None


def rungs(settings: int, rows: int) -> list[tuple[int, int]]:
    """How many settings go through each round, and on how many rows; the last round is on all."""
    rounds = 1
    while rounds < MOST_ROUNDS and settings > ETA**rounds and rows >= LEAST_ROWS * ETA**rounds:
        rounds += 1
    return [(-(-settings // ETA**k), rows // ETA ** (rounds - 1 - k)) for k in range(rounds)]


def _honest(trials: Sequence[Trial], start: Trial) -> list[Trial]:
    """Those that repeat what they learnt from no more than the start does: nobody wins by copying."""
    most = max(start.copying, 0.5) + MORE_COPYING if isfinite(start.copying) else inf
    return [trial for trial in trials if not trial.copying > most]


def _best(trials: Sequence[Trial]) -> Trial:
    """The closest of the last round in which any was compared with the start; the first where they are level."""
    most = max((t.rows for t in trials[1:] if t.spec != trials[0].spec), default=trials[0].rows)
    last = [trial for trial in trials if trial.rows == most]
    best = min([last[0], *_honest(last[1:], last[0])], key=lambda trial: trial.distance)
    if not isfinite(best.distance):
        raise SynthesistError(f"No setting could be judged: {last[0].failure or 'the score does not apply'}")
    return best


def written(options: Mapping[str, Any]) -> str:
    """Options as a person writes them."""
    return ", ".join(f"{name}={value}" for name, value in options.items()) or "all defaults"


def _table(found: Search) -> "Table":
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(f"Settings of {found.start.name()}"), title_justify="left", box=None, padding=(0, 2, 0, 0))
    for heading in ("rows", found.by, "copying", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("options")
    for trial in sorted(found.trials, key=lambda trial: (-trial.rows, trial.distance)):
        value = "failed" if trial.score is None else "none" if trial.score.skipped else f"{trial.score.value:.3f}"
        mark = "*" if trial is found.best else ""
        copying = f"{trial.copying:.3f}" if isfinite(trial.copying) else ""
        options = Text(trial.failure or written(trial.spec.changed))
        cells = (f"{trial.rows:,}", mark + value, copying, f"{trial.seconds:.1f}", options)
        table.add_row(*cells, style="bold" if mark else None)
    table.caption = Text("\n".join(filter(None, (found.verdict, found.stopped))))
    table.caption_justify = "left"
    return table
