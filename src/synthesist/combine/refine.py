"""Refinement: what an explanation finds decides what is tried next, as long as rows kept aside agree.

Holdout A judges every round. Holdout B is asked once, at the end, whether to keep what came of it: whatever was tried,
B has had no part in it, so the result cannot have been fitted to its judge (Dwork et al. 2015, The reusable holdout,
doi:10.1126/science.aaa9375).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import inf, nan
from time import perf_counter
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Score, Spec
from synthesist.errors import SynthesistError, reason_of

if TYPE_CHECKING:
    from synthesist.model import Model
    from synthesist.reasons.explanation import Explanation

__all__ = ["Judged", "Refinement", "Round", "refined_model"]

VAIN = 3  # rounds in a row that bring nothing end it
FINER = {"decimals", "last digit", "last two digits", "spike", "lost spike", "values", "shares", "known", "unknown"}
"""Findings that more codes for a column may mend."""
OTHERS = ("trees", "gaussian_copula")
"""Methods tried in place of the first one, the best first."""


@dataclass(frozen=True)
class Judged:
    """What one holdout says of a model's rows."""

    gate: Score
    copying: Score
    copies: Score


@dataclass(frozen=True)
class Round:
    """One round: what was done and why, what holdout A said, and whether it was better than all before."""

    done: str
    why: str
    judged: Judged | None
    effective: float = nan
    """The effective sample size of the candidates that were weighted, as a share of them."""
    seconds: float = 0.0
    better: bool = False
    failure: str = ""


@dataclass(frozen=True, repr=False)
class Refinement:
    """The model that came of it, every round, and what the second holdout said of start and end."""

    model: "Model"
    rounds: tuple[Round, ...]
    start: Judged
    """Holdout B on the model as it began."""
    end: Judged
    """Holdout B on the model that is handed back."""
    kept: bool
    """Whether the second holdout let anything change."""
    stopped: str

    @property
    def verdict(self) -> str:
        """In one sentence, what refining has brought."""
        name = self.start.gate.metric
        if not self.kept:
            return f"Nothing was changed: {self.stopped}"
        return (
            f"{name} on rows that took no part went from {self.start.gate.value:.3f} to {self.end.gate.value:.3f} "
            f"({self.end.gate.low:.3f} to {self.end.gate.high:.3f}). {self.stopped}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data: rounds, numbers of both holdouts, verdict."""
        rounds = [
            {"done": r.done, "why": r.why, "effective": r.effective, "seconds": r.seconds, "better": r.better,
             "failure": r.failure, **_numbers(r.judged)}
            for r in self.rounds
        ]  # fmt: skip
        ends = {"start": _numbers(self.start), "end": _numbers(self.end)}
        return {"verdict": self.verdict, "kept": self.kept, "stopped": self.stopped, **ends, "rounds": rounds}

    def __str__(self) -> str:
        head = ["round", "done", self.start.gate.metric, "DCR share", "copies", "ESS", "better", "why"]
        rows = [head]
        for number, r in enumerate(self.rounds):
            said = _numbers(r.judged)
            cells = [f"{value:.3f}" if value == value else "" for value in (*said.values(), r.effective)]
            rows.append([str(number), r.done, *(cells or [""] * 4), "yes" if r.better else "", r.failure or r.why])
        widths = [max(len(row[j]) for row in rows) for j in range(len(head))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*lines, self.verdict])

    __repr__ = __str__


@dataclass(frozen=True)
class _Move:
    """A method to try, in words, and why."""

    spec: Spec
    done: str
    why: str


def refined_model(
    start: Spec,
    fixed: bool,
    passes: Callable[[Score], bool],
    rounds: int,
    fit: Callable[[Spec], "Model"],
    judge: Callable[["Model", str], Judged],
    explain: Callable[["Model"], "Explanation"],
    build: Callable[[str, Mapping[str, Any]], Spec],
    ctx: Context,
    most_seconds: float = inf,
) -> Refinement:
    """Change the method as the findings say until the gate passes, the budget ends or it stops helping.

    Args:
        start: the method to begin with.
        fixed: whether it stays: only its options and what is done with its rows may change.
        passes: whether a score is good enough.
        rounds: how many rounds there are at most beside the first.
        fit: learns; judge: says what holdout "A" or "B" makes of a model; explain: by holdout A.
        build: a method by its name and options.
        most_seconds: no round is begun later.

    Raises:
        SynthesistError: the method cannot be fitted, or its rows cannot be judged.
    """
    begin = perf_counter()
    first = fit(start)
    best, before = first, judge(first, "A")
    if before.gate.skipped:
        raise SynthesistError(f"Nothing can be refined that cannot be judged: {before.gate.skipped}")
    origin, vain, stopped = before, 0, ""
    log = [Round(written(first.method), "the start", before, better=True, seconds=perf_counter() - begin)]
    tried = [first.method]
    steps = iter(ctx.track(range(rounds), "refining"))
    for _ in steps:
        if passes(before.gate):
            stopped = "The gate passes."
            break
        if perf_counter() - begin > most_seconds or vain >= VAIN:
            stopped = "The time is over." if vain < VAIN else f"{VAIN} rounds in a row brought nothing."
            break
        move = next((m for m in _moves(best.method, explain(best), fixed, build) if m.spec not in tried), None)
        if move is None:
            stopped = "Nothing is left to try."
            break
        tried.append(move.spec)
        clock = perf_counter()
        try:
            model = fit(move.spec)
            said = judge(model, "A")
        except SynthesistError as error:
            log.append(Round(move.done, move.why, None, seconds=perf_counter() - clock, failure=reason_of(error)))
            vain += 1
            continue
        better = _better(said, before) and _honest(said, origin)
        log.append(Round(move.done, move.why, said, _effective(model, ctx), perf_counter() - clock, better))
        best, before, vain = (model, said, 0) if better else (best, before, vain + 1)
    for _ in steps:  # a bar that is begun ends
        pass
    stopped = stopped or ("The gate passes." if passes(before.gate) else "The rounds are used up.")
    old = judge(first, "B")
    new = judge(best, "B") if best is not first else old
    kept = best is not first and new.gate.distance < old.gate.distance and _honest(new, old)
    if best is not first and not kept:
        why = "its rows repeat train more" if not _honest(new, old) else "it is no better there"
        stopped = f"the second holdout does not confirm what the first one liked: {why}."
    return Refinement(best if kept else first, tuple(log), old, new if kept else old, kept, stopped)


def _moves(
    now: Spec, why: "Explanation", fixed: bool, build: Callable[[str, Mapping[str, Any]], Spec]
) -> Iterator[_Move]:
    """What may help against the findings, the most promising first."""
    reasons = why.reasons
    said = reasons[0].sentence if reasons else f"an AUC of {why.auc:.3f} without a single reason"
    inner = getattr(now, "drawn_by", None)
    weighed = inner is not None
    base = now if not weighed else None
    if base is not None and not base.holds_records:
        asked = {"kind": base.name(), **base.changed}
        yield _Move(build("refined", {"drawn_by": asked}), f"refined {base.name()}: weigh and rake its rows", said)
    if weighed:
        harder = {**now.changed, "candidates": min(2 * now.candidates, 64), "steps": min(now.steps + 1, 6)}  # type: ignore[attr-defined]
        yield _Move(build("refined", harder), f"weigh harder: {harder['candidates']} candidates for a row", said)
    fine = [reason for reason in reasons if reason.kind in FINER]
    options = dict(inner) if isinstance(inner, Mapping) else None
    bins = (options or {}).get("bins") or getattr(now, "bins", None)
    if fine and isinstance(bins, int) and bins < 250:
        finer = min(2 * bins, 250)
        if options is not None:
            change = {**now.changed, "drawn_by": {**options, "bins": finer}, "bins": finer}
        else:
            change = {**now.changed, "bins": finer}
        yield _Move(build(now.name(), change), f"{finer} codes for a column", fine[0].sentence)
    if not fixed:
        known = {now.name(), (options or {}).get("kind")}
        for name in OTHERS:
            if name not in known:
                yield _Move(build(name, {}), f"{name} in its place", said)


def _better(new: Judged, old: Judged) -> bool:
    """Whether the gate's score is nearer its best value by more than half of its error."""
    gap = old.gate.distance - new.gate.distance
    span = abs(old.gate.best - old.gate.worst) or 1.0
    return gap > (new.gate.high - new.gate.low) / 8 / span


def _honest(new: Judged, start: Judged) -> bool:
    """Whether the rows repeat train no more than at the start, as far as the holdout can tell."""
    nearer = bool(new.copying.skipped) or new.copying.low <= max(start.copying.value, 0.5)
    return nearer and (bool(new.copies.skipped) or new.copies.low <= max(start.copies.value, 0.0))


def _effective(model: "Model", ctx: Context) -> float:
    """The effective sample size, where rows are weighted."""
    sampler = model.sampler
    return sampler.effective(2_000, ctx.at("effective")) if hasattr(sampler, "effective") else nan


def _numbers(said: Judged | None) -> dict[str, float]:
    if said is None:
        return {}
    return {score.metric: score.value for score in (said.gate, said.copying, said.copies)}


def written(spec: Spec) -> str:
    """A method as a person writes it."""
    options = ", ".join(f"{name}={value}" for name, value in spec.changed.items())
    return f"{spec.name()} ({options})" if options else spec.name()
