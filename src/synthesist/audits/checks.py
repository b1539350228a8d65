"""What must hold of a run and its replay: every sentence that comes out of here is a promise that was broken."""

from collections.abc import Iterator
from math import fsum, inf, isfinite

import numpy as np

from synthesist.audits.chances import LIFT
from synthesist.audits.claims import least_epsilon
from synthesist.audits.pairs import Pair
from synthesist.audits.plays import Again, Asked, First, Second
from synthesist.dp.costs import Gaussian, SampledGaussian, Selection, Threshold
from synthesist.dp.filters import Filter, epsilon_of
from synthesist.dp.loss import epsilon_by_loss
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Counts, Farthest, Gradients, Noisy, Products, Query, Training, Values

__all__ = ["Fault", "faults", "released"]

Fault = tuple[str, str]
"""What was asked, and what is wrong with it."""
ROUND = 1e-6


def faults(method: PrivateMethod, pair: Pair, first: First, second: Second) -> Iterator[Fault]:
    """All that is wrong with a run and its replay on the other table."""
    run = "the run"
    for side in (first, second):
        if side.error.startswith("!"):
            yield run, f"it breaks off with {side.error[1:]}, which may tell of rows"
        elif side.error.startswith("BudgetError"):
            yield run, f"it asks for more than it has: {side.error}"
    if second.strayed:
        yield run, f"{second.strayed}: what it asks depends on rows beside the answers"
    elif first.error != second.error:
        yield run, f"it ends by {first.error or 'no error'!r} on one table, by {second.error or 'none'!r} on the other"
    elif len(first.asked) != len(second.again):
        yield run, "it asks less on the other table than on the first"
    elif first.learnt != second.learnt:
        yield run, "what it learns depends on rows beside the answers"
    elif first.said != second.said:
        yield run, "what it warns of, logs or prints depends on rows"
    yield from _budget(method, first)
    paid: Training | None = None
    left = 0
    for asked, again in zip(first.asked, second.again, strict=False):
        if isinstance(asked.query, Training):
            paid, left = asked.query, asked.query.steps
        if isinstance(asked.query, Gradients):
            left -= 1
            if left < 0:
                yield asked.query.about, "more gradients are answered than were paid for"
        for fault in _wrong(asked, again, pair, paid):
            yield asked.query.about, fault


def released(query: Query, answer: object) -> dict[str, float]:
    """The numbers of an answer that stand for themselves, by name."""
    match query, answer:
        case Products(), Noisy():
            rows, columns = np.triu_indices(len(answer.values))
            return {f"{i},{j}": answer.values[i, j] for i, j in zip(rows.tolist(), columns.tolist(), strict=True)}
        case _, Noisy():
            return {str(i): value for i, value in enumerate(np.ravel(answer.values).tolist())}
        case _, dict():
            return answer
        case _, np.ndarray():
            return {str(i): value for i, value in enumerate(answer.tolist())}
    return {}


def _budget(method: PrivateMethod, first: First) -> Iterator[Fault]:
    """Prices stay within what the method says it may cost: by its accountant, and by what noise alone tells of them."""
    costs = [cost for asked in first.asked for cost in asked.costs]
    additive = min(fsum(cost.additive for cost in costs), method.delta / 2)
    spent = epsilon_of(costs, method.delta, Filter.of(method.epsilon, method.delta, additive).order)
    if spent > method.epsilon * (1 + ROUND) and not method.adaptive:
        spent = epsilon_by_loss(costs, method.delta)
    if spent > method.epsilon * (1 + ROUND):
        yield "the run", f"its questions cost epsilon {spent:.4g} at delta {method.delta:g}; it says {method.epsilon:g}"
    elif (least := least_epsilon(costs, method.delta)) > method.epsilon * (1 + ROUND):
        yield "the run", f"its counts alone cost epsilon {least:.4g}, which the accounts do not see"


def _wrong(asked: Asked, again: Again, pair: Pair, paid: Training | None) -> Iterator[str]:
    """What is wrong with one question and its answers."""
    query = asked.query
    if again.touched:
        yield f"rows are touched before the price is charged: of an empty account it gets {again.touched}"
    if asked.laden:
        yield "its answer has more on it than an answer"
    if asked.costs != again.costs:
        yield "its price depends on rows"
    if asked.words != again.words:
        yield "what the ledger says of it depends on rows"
    if len(asked.costs) != (0 if isinstance(query, Gradients) else 1):
        yield f"it is charged {len(asked.costs)} times"
        return
    match query:
        case Counts() | Products() | Values():
            yield from _counted(asked, again, pair)
        case Farthest():
            yield from _chosen(asked, again, pair)
        case Gradients() if paid is None:
            yield "gradients are answered that nothing was paid for"
        case Gradients() if paid is not None:
            yield from _descended(query, again, pair, paid)
        case Training() if not isinstance(asked.costs[0], SampledGaussian) or (
            asked.costs[0].noise_multiplier > query.noise_multiplier
            or asked.costs[0].rate < query.rate
            or asked.costs[0].steps < query.steps
        ):
            yield "the price is not that of the steps it buys"


def _counted(asked: Asked, again: Again, pair: Pair) -> Iterator[str]:
    """Numbers with noise: whole, as wide as paid for, in each number its own, and no unit moves them further."""
    cost = asked.costs[0]
    wanted = Threshold if isinstance(asked.query, Values) else Gaussian
    if not isinstance(cost, wanted):
        yield f"it is charged as {type(cost).__name__}, but it is a {wanted.__name__}"
        return
    assert isinstance(cost, Gaussian)  # a Threshold is one
    one, other = (released(asked.query, trial.answer) for trial in (again.one, again.other))
    if not all(isinstance(value, int | np.integer) for value in [*one.values(), *other.values()]):
        yield "its numbers are not whole: the last digits of a float tell what noise was added to"
    yield from _marked(asked.query, again, one)
    distance = _distance(one, other, LIFT)
    if distance > cost.sensitivity * pair.units * (1 + ROUND):
        yield f"{_units(pair)} changes it by {distance:.4g}; paid is for {cost.sensitivity * pair.units:g}"
    if isinstance(asked.query, Values):
        rows = [*again.marks[0].answer.values()]
        if rows != sorted(rows, reverse=True):
            yield "the order of its values is not that of the counts it tells"
    if pair.units == 0 and list(one) != list(other):
        yield "the order of its values is that of the rows"
    variances = [[variance for _, variance in trial.calls.gaussian] for trial in (again.one, again.other)]
    if variances[0] != variances[1]:
        yield "how wide its noise is depends on rows"
    narrowest = min(variances[0], default=0.0)
    if narrowest < cost.sigma**2 * (1 - ROUND):
        yield f"its noise has a variance of {narrowest:.4g}; paid is for {cost.sigma**2:.4g}"
    if isinstance(asked.answer, Noisy) and not np.array_equal(asked.answer.sigma, again.sigma):
        yield "the noise it says it has depends on rows"
    if again.near is not None:
        counts = {value: rows - LIFT for value, rows in one.items()}
        if found := [value for value in again.near.answer if counts.get(value, 0) <= cost.sensitivity]:
            yield f"values of one unit alone pass the threshold too often: {len(found)} at delta {cost.additive:g}"


def _marked(query: Query, again: Again, truth: dict[str, float]) -> Iterator[str]:
    """Every number has noise that was given for it alone, as it was given; asked again, other noise."""
    used: set[float] = set()
    for trial in again.marks:
        given = {int(noise) for noises, _ in trial.calls.gaussian for noise in noises}
        found = released(query, trial.answer)
        noises = [value - truth[name] + LIFT for name, value in found.items() if name in truth]
        if any(noise not in given for noise in noises):
            yield "its noise is not the noise that it was given, or not whole"
            return
        if len(set(noises)) < len(noises) or used & set(noises):
            yield "the same noise is used twice"
            return
        used |= set(noises)
    if isinstance(query, Products) and not all(np.array_equal(t.answer.values, t.answer.values.T) for t in again.marks):
        yield "a product and its mirror image have noise of their own: their mean has less"


def _chosen(asked: Asked, again: Again, pair: Pair) -> Iterator[str]:
    """A choice: by the mechanism, of scores that no unit moves further than it was told."""
    cost, calls = asked.costs[0], (again.one.calls.choice, again.other.calls.choice)
    if not isinstance(cost, Selection):
        yield f"it is charged as {type(cost).__name__}, but it is a choice"
    elif any(len(each) != 1 for each in calls):
        yield "a choice is made without the mechanism, or by several"
    elif len(calls[0][0][0]) != len(calls[1][0][0]):
        yield "how many candidates there are depends on rows"
    else:
        (scores, sensitivity, epsilon, _), (others, *_) = calls[0][0], calls[1][0]
        moved = [int(b) - int(a) for a, b in zip(scores.tolist(), others.tolist(), strict=True)]
        farthest = max(map(abs, moved), default=0)
        if farthest > sensitivity * pair.units:
            yield f"{_units(pair)} changes a score by {farthest:.4g}; the mechanism is told {sensitivity * pair.units}"
        worth = epsilon * (max(moved) - min(moved)) / (2 * float(sensitivity))
        if worth > cost.epsilon * (1 + ROUND) or epsilon > cost.epsilon * (1 + ROUND):
            yield f"the choice gives away epsilon {max(worth, epsilon):.4g}; paid is for {cost.epsilon:.4g}"
        for trial, right in ((again.one, 0), (again.marks[0], len(moved) - 1)):
            if trial.answer != right:
                yield "the answer is another than the mechanism chose"


def _descended(query: Gradients, again: Again, pair: Pair, paid: Training) -> Iterator[str]:
    """A sum of gradients: of a random part of the units, none longer than paid for, under the noise paid for."""
    owners = pair.one.units if pair.unit is None else pair.one.table[pair.unit].n_unique()
    parts, noises = again.one.calls.part, again.marks[0].calls.normal
    if len(parts) != 1 or parts[0][1] > paid.rate * (1 + ROUND):
        yield "who takes part is not drawn at the rate that was paid for"
    elif parts[0][0] > owners + 1:
        yield "rows take part, not units with all their rows"
    noise = np.concatenate([*noises, np.zeros(0)])
    scale = again.marks[0].answer / noise if len(noise) == query.parameters else np.zeros(query.parameters)
    if not len(scale) or not np.allclose(scale, scale[0], rtol=1e-9) or scale[0] <= 0:
        yield "its noise is not the noise that it was given, or rows are in it although none took part"
        return
    distance = float(np.linalg.norm(again.one.answer - again.other.answer))
    allowed = scale[0] / paid.noise_multiplier * pair.units
    if not distance <= allowed * (1 + ROUND) + 1e-9 * query.clip:  # NaN is no less than anything
        yield f"{_units(pair)} changes the sum by {distance:.4g}; its noise is paid for {allowed:.4g}"


def _distance(one: dict[str, float], other: dict[str, float], lift: float) -> float:
    """The Euclidean distance of two answers; a number that is in one alone stands against zero."""
    names = {*one, *other}
    gaps = [float(one.get(name, lift)) - float(other.get(name, lift)) for name in names]
    return float(np.linalg.norm(gaps)) if all(map(isfinite, gaps)) else inf


def _units(pair: Pair) -> str:
    return "one unit" if pair.units else "another order of the rows"
