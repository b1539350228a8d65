"""The audit of a private method: its runs looked on, its noise measured, its bookkeeping compared, an attack tried."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from synthesist.audits.bounds import Bound, method_bound
from synthesist.audits.checks import Fault, faults, released
from synthesist.audits.found import Audit, Violation
from synthesist.audits.laws import Laws
from synthesist.audits.pairs import Pair, neighbours, worst
from synthesist.audits.plays import First, Held, Second, play, replay
from synthesist.core import Context
from synthesist.dp.costs import Gaussian
from synthesist.dp.entropy import replaying
from synthesist.dp.ledger import Ledger
from synthesist.dp.method import PrivateMethod
from synthesist.dp.private import PrivateData
from synthesist.errors import SynthesistError

__all__ = ["audited"]

LOUD = {"epsilon": 20.0, "delta": 1e-2}
"""What a method is attacked at, too: few runs see much."""
OWN = ("fit", "learn", "_account")
MANY = 15.0  # bits of noise that do not come again by chance


def audited(
    method: PrivateMethod,
    pairs: int,
    runs: int,
    ctx: Context,
    *,
    methods: int = 1,
    held: Held = PrivateData,
) -> Audit:
    """Look on while a method learns from small tables made up for it, and try to tell which table it was.

    Args:
        pairs: neighbouring tables to learn from; every option is turned on some of them.
        runs: fits of an attacker, shared between the method as given and a loud one.
        methods: how many are audited together, for the confidence of the bounds.
        held: how rows are held.
    """
    found: list[tuple[Fault, str]] = [(fault, "") for fault in _given_rows(method)]
    measured, questions, refused = Laws(ctx.rng("laws")), 0, 0
    turned = list(_turned(method))
    tables = list(neighbours(pairs, ctx))
    for number, pair in ctx.track(list(enumerate(tables)), "playing pairs of tables"):
        spec = _on(turned[number % len(turned)], pair)
        here = ctx.at("play", number)
        first, second = _played(spec, pair, here, held)
        if first.said != second.said:  # what is said but once, as by a module that is loaded, tells nothing
            first, second = _played(spec, pair, here, held)
        questions += len(first.asked)
        refused += bool(first.error)
        measured.take(first, second)
        found += [(fault, f"{pair.name}; {_options(spec)}") for fault in faults(spec, pair, first, second)]
    found += [(fault, "all pairs") for fault in measured.faults()]
    quiet = _on(method, worst())
    found += [(fault, worst().name) for fault in (*_seeded(quiet, ctx, held), *_unwritten(quiet, ctx, held))]
    bounds = {} if found or runs < 4 else _bounds(method, runs, ctx, methods, held)
    broken = [
        (("all answers together", f"more is given away than was paid for: mu {bound.mu:.4g} at least"), title)
        for title, bound in bounds.items()
        if not bound.holds
    ]
    return Audit(method, len(tables), questions, refused, Violation.gathered(found + broken), bounds)


def _played(method: PrivateMethod, pair: Pair, ctx: Context, held: Held) -> tuple[First, Second]:
    """A run, and its replay."""
    with replaying(f"{ctx.path}"):
        first = play(method, pair.one, ctx, held)
        return first, replay(method, pair, ctx, first)


def _bounds(method: PrivateMethod, runs: int, ctx: Context, methods: int, held: Held) -> dict[str, Bound]:
    """The bounds of the method as given, and at a large epsilon."""
    told = {"as given": method, f"at epsilon {LOUD['epsilon']:g}": method.model_copy(update=LOUD)}
    return {
        title: method_bound(_on(spec, worst()), worst(), runs // len(told), ctx, methods=methods * len(told), held=held)
        for title, spec in told.items()
    }


def _given_rows(method: PrivateMethod) -> Iterator[Fault]:
    """A method that has more of its own than `ask` may be given rows, or keep its own books."""
    for name in OWN:
        if getattr(type(method), name) is not getattr(PrivateMethod, name):
            yield "the method", f"it has a `{name}` of its own, which no price is charged for: only `ask` is looked on"


def _turned(method: PrivateMethod) -> Iterator[PrivateMethod]:
    """The method as given, small, and with each of its options turned."""
    small = {name: value for name, value in method.tiny.items() if name not in method.model_fields_set}
    yield method
    yield (usual := method.model_copy(update=small))
    for name, field in type(method).model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if name in {"unit", "contributions"} or name in method.model_fields_set:
            continue
        for value in _list(extra.get("tries")):
            try:
                yield type(method).build({**_said(usual), **_dict(extra.get("beside")), name: value})
            except SynthesistError:  # it does not go with the other options
                continue


def _on(method: PrivateMethod, pair: Pair) -> PrivateMethod:
    return method.model_copy(update={"unit": pair.unit, "contributions": pair.contributions})


def _options(method: PrivateMethod) -> str:
    return ", ".join(f"{name} {value}" for name, value in _said(method).items())


def _said(method: PrivateMethod) -> dict[str, Any]:
    return {name: value for name, value in method.describe().items() if name != "kind"}


def _seeded(method: PrivateMethod, ctx: Context, held: Held) -> Iterator[Fault]:
    """The same random bytes give the same answers, and others give others."""
    answers: list[list[Any]] = []
    bits = 0.0
    for source in ("one", "one", "another"):
        with replaying(source):
            first = play(method, worst().other, ctx, held)
        answers.append([sorted(released(asked.query, asked.answer).items()) for asked in first.asked])
        sigmas = [each.costs[0].sigma for each in first.asked if each.costs and isinstance(each.costs[0], Gaussian)]
        bits = float(np.sum(np.maximum(np.log2(4 * np.array(sigmas)), 0.0)))  # of one number of each answer
    if answers[0] != answers[1]:
        yield "the run", "its noise does not come from the source of random bytes alone"
    if answers[0] == answers[2] and bits > MANY:
        yield "the run", "its noise is the same for other random bytes: it comes from a seed"


def _unwritten(method: PrivateMethod, ctx: Context, held: Held) -> Iterator[Fault]:
    """A ledger says of a run what the run was charged."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        additive = method.delta * 0.5
        Ledger.create(path, min(method.epsilon * 4, 1e6), method.delta * 1.5, additive=additive)
        first = play(method, worst().other, replace(ctx, ledger=path), held)
        written = [cost for run in Ledger.open(path).runs().values() for cost in run.costs]
    charged = [cost for asked in first.asked for cost in asked.costs]
    if written != charged:
        yield "the ledger", f"it says {len(written)} charges, and {len(charged)} were made"


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
