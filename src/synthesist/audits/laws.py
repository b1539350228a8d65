"""Whether chance has the laws that privacy rests on: in all answers together, and drawn by itself.

Every test here is one that a sound method fails less than once in a thousand million audits.
"""

from collections.abc import Iterator, Sequence
from math import inf, log2

import numpy as np

from synthesist.audits import chances
from synthesist.audits.chances import LIFT
from synthesist.audits.checks import Fault, released
from synthesist.audits.plays import Asked, First, Second
from synthesist.dp.costs import Gaussian
from synthesist.dp.entropy import replaying
from synthesist.dp.queries import Counts, Products

__all__ = ["Laws"]

SURE = 1e-9  # how seldom a sound method fails a test
NEVER = 80.0  # bits of noise that do not come again by chance, in any two of a million answers
ENOUGH = 50  # numbers that noise is measured on, at least
SMOOTH = 6.0  # standard deviation from which whole numbers, spread over their steps, are normal enough
DRAWN, CHOSEN = 20_000, 1_000  # numbers and choices drawn by themselves
TILTS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Laws:
    """What noise all answers had, and which candidates were chosen."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._counted: list[np.ndarray] = []
        """The noise of each answer in standard deviations of what was paid for."""
        self._smooth: list[np.ndarray] = []
        self._normal: list[np.ndarray] = []
        self._choices: list[tuple[np.ndarray, int]] = []
        self._parts = np.zeros(3)
        self._faults: list[Fault] = []

    def take(self, first: First, second: Second) -> None:
        """Take in a run: its answers less the truth, and what chance was asked for."""
        before: set[bytes] = set()
        for asked, again in zip(first.asked, second.again, strict=False):
            own = [(noise, inf) for noise in asked.calls.normal if len(noise)]
            self._normal += [noise for noise, _ in own]
            self._choices += [
                (_exponents(scores, sensitivity, epsilon), chosen)
                for scores, sensitivity, epsilon, chosen in asked.calls.choice
            ]
            for n, rate, taken in asked.calls.part:
                self._parts += n, taken, n * rate
            if isinstance(asked.query, Counts | Products) and asked.costs and isinstance(asked.costs[0], Gaussian):
                sigma = asked.costs[0].sigma
                own.append((self._noise(asked, released(asked.query, again.one.answer), sigma), sigma))
            for noise, sigma in own:
                if len(noise) * log2(max(4 * sigma, 1.0)) > NEVER:
                    if noise.tobytes() in before:
                        self._faults.append((asked.query.about, "its noise is that of an earlier answer"))
                    before.add(noise.tobytes())

    def faults(self) -> Iterator[Fault]:
        """Whether noise is narrower than it should be, of another law, or not its own; whether choices are too good."""
        yield from self._faults
        yield from _narrow(np.concatenate([*self._counted, np.zeros(0)]))
        with replaying("laws"):
            noise = chances.EXACT.gaussian(DRAWN, 100)
            alone = [(np.array([0.0, -1.0]), chances.EXACT.choice(np.array([7, 0]), 7, 2.0)) for _ in range(CHOSEN)]
            blocks = np.concatenate([chances.EXACT.gaussian(DRAWN // 40, 10**6) for _ in range(40)])
        windows = np.lib.stride_tricks.sliding_window_view(blocks, 6)
        if len(np.unique(windows, axis=0)) < len(windows):
            yield "noise drawn by itself", "runs of it come again"
        yield from _unlawful("noise drawn by itself", [self._spread(noise, 10.0)])
        yield from _unlawful("all answers", self._smooth)
        yield from _unlawful("all gradients", self._normal)
        if _too_good([*self._choices, *alone]):
            yield "all choices", "the best candidate is chosen more often than by the exponential mechanism"
        if _too_many(*self._parts.tolist()):
            yield "all gradients", "more units take part than by the rate that was paid for"

    def _noise(self, asked: Asked, truth: dict[str, float], sigma: float) -> np.ndarray:
        """The noise of an answer, taken in."""
        told = released(asked.query, asked.answer)
        if not all(isinstance(value, int | np.integer) for value in told.values()):
            self._faults.append((asked.query.about, "its numbers are not whole, so their digits tell the noise"))
        noise = np.array([float(value) - float(truth[name]) + LIFT for name, value in told.items()])
        if sigma >= 1:
            self._counted.append(noise / sigma)
        if sigma >= SMOOTH and len(noise):
            self._smooth.append(self._spread(noise, sigma))
        return noise

    def _spread(self, noise: np.ndarray, sigma: float) -> np.ndarray:
        """Whole numbers spread over their steps, in standard deviations."""
        return np.asarray((noise + self._rng.random(len(noise)) - 0.5) / (sigma**2 + 1 / 12) ** 0.5)


def _narrow(noise: np.ndarray) -> Iterator[Fault]:
    """Noise with less variance than was paid for, or with a mean."""
    from scipy.special import chdtr, ndtr

    if (n := len(noise)) < ENOUGH:
        return
    if chdtr(n, float(np.sum(noise**2))) < SURE:
        yield "all answers", f"their noise has {np.mean(noise**2):.3g} times the variance that was paid for"
    if 2 * ndtr(-abs(noise.sum()) / n**0.5) < SURE:
        yield "all answers", f"their noise leans to one side, by {noise.mean():.3g} of its standard deviation"


def _unlawful(where: str, answers: Sequence[np.ndarray]) -> Iterator[Fault]:
    """Noise that is not normal, or not independent within an answer."""
    from scipy.special import chdtr, chdtrc, kolmogorov, ndtr

    noise = np.sort(np.concatenate([*answers, np.zeros(0)]))
    if (n := len(noise)) < ENOUGH:
        return
    steps = np.arange(n + 1) / n
    apart = max(float(np.max(steps[1:] - ndtr(noise))), float(np.max(ndtr(noise) - steps[:-1])))
    if kolmogorov(n**0.5 * apart) < SURE:
        yield where, f"their noise has another law than a normal one: it is {apart:.2g} away"
    if n * np.log1p(-2 * ndtr(-float(np.abs(noise).max()))) < np.log(SURE):
        yield where, f"their noise never goes beyond {np.abs(noise).max():.3g} standard deviations"
    sums = float(sum(each.sum() ** 2 / len(each) for each in answers))
    if min(chdtr(len(answers), sums), chdtrc(len(answers), sums)) < SURE:
        yield where, "the numbers of one answer have noise that hangs together"


def _exponents(scores: np.ndarray, sensitivity: float, epsilon: float) -> np.ndarray:
    """The logarithms, but for a constant, of how likely candidates are."""
    best = max(scores.tolist())
    return np.array([float(score - best) for score in scores.tolist()]) * epsilon / (2 * float(sensitivity))


def _too_good(choices: Sequence[tuple[np.ndarray, int]]) -> bool:
    """Whether what was chosen is better than chance explains: by Chernoff's bound, which holds for few choices too."""
    from scipy.special import logsumexp

    chosen = sum(float(exponents[at]) for exponents, at in choices)
    bounds = [
        sum(float(logsumexp((1 + tilt) * each) - logsumexp(each)) for each, _ in choices) - tilt * chosen
        for tilt in TILTS
    ]
    return min(bounds) < np.log(SURE / len(TILTS))


def _too_many(units: float, taken: float, expected: float) -> bool:
    """Whether more units took part than would at the rate they were told."""
    from scipy.special import bdtrc

    return units > 0 and taken > 0 and bool(bdtrc(taken - 1, int(units), min(expected / units, 1.0)) < SURE)
