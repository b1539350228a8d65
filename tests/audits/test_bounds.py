"""What an attacker sees: never more than was paid for, and not much less; more where noise is too narrow."""

from dataclasses import replace

import numpy as np
import pytest

import planted
from asking import CLIP, CODES, Asker, Codes, Slope
from synthesist.audits.bounds import Bound, method_bound, question_bound
from synthesist.audits.claims import epsilon_of_mu, excess, mu_of
from synthesist.audits.pairs import worst
from synthesist.core import Context
from synthesist.dp.costs import Cost
from synthesist.dp.entropy import replaying
from synthesist.dp.filters import rho_for
from synthesist.dp.private import PrivateData
from synthesist.dp.queries import Counts, Farthest, Gradients, Products, Query, Training

PAIR = worst()
CODECS = {column: Codes() for column in "abc"}
TRAINING = Training(1, 0.5, 0.8)
QUESTIONS: dict[str, Query] = {
    "counts": Counts(("a", "b"), CODECS, 0.5),
    "no column": Counts((), CODECS, 0.5),
    "narrow noise": Counts(("a",), CODECS, 4.0),
    "products": Products({c: np.array([1, 3, 2, 0]) for c in "ab"}, CODECS, 0.5),
    "selection": Farthest((("a",), ("b",)), [np.full(CODES, 0.0), np.full(CODES, 50.0)], CODECS, 0.5),
    "gradients": Gradients(Slope(np.zeros(CODES)), ("a", "b"), CODECS, CLIP, CODES),
}


def bound(query: Query, runs: int = 1_000, held: type[PrivateData] = PrivateData) -> Bound:
    with replaying("attack"):
        training = TRAINING if isinstance(query, Gradients) else None
        return question_bound(query, PAIR, runs, 1e-6, training=training, held=held)


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_gives_away_more_than_was_paid(name: str) -> None:
    found = bound(QUESTIONS[name])
    assert found.holds
    assert found.mu <= found.claimed


def test_the_attack_is_strong() -> None:
    found = bound(QUESTIONS["no column"], 6_000)
    assert 0.75 * found.claimed <= found.mu <= found.claimed


@pytest.mark.parametrize(
    ("name", "rho", "held"),
    [
        ("counts", 0.5, planted.QuarterOfTheVariance),
        ("products", 0.02, planted.SeededNoise),
        ("no column", 0.02, planted.RoundedAway),
        ("no column", 1e-6, planted.NoNoiseAtTheCorner),
        ("counts", 0.02, planted.NegativeScale),
    ],
)
def test_noise_that_is_too_narrow_is_proved(name: str, rho: float, held: type[PrivateData]) -> None:
    query = QUESTIONS[name]
    assert isinstance(query, Counts | Products)
    assert bound(replace(query, rho=rho), 1_200).holds
    assert not bound(replace(query, rho=rho), 1_200, held).holds


def test_a_whole_method_holds() -> None:
    with replaying("method"):
        found = method_bound(Asker(epsilon=9.0, delta=1e-2), PAIR, 60, Context.seeded(0, threads=1))
    assert found.holds
    assert 0 < found.mu < found.claimed
    assert 0 < found.epsilon < found.allowed == 9


def test_a_method_that_is_not_charged_is_proved_wrong() -> None:
    class Narrow(PrivateData):
        """A hundredth of the variance."""

        def _charged(self, rho: float, sensitivity: int, about: str) -> object:
            return super()._charged(rho, sensitivity, about) / 100  # type: ignore[operator]

    with replaying("method"):
        found = method_bound(Asker(epsilon=3.0, delta=1e-2), PAIR, 80, Context.seeded(0, threads=1), held=Narrow)
    assert not found.holds


def test_claims_are_those_of_the_literature() -> None:
    assert mu_of([Cost.gaussian(50.0, 3), Cost.gaussian(50.0, 4)]) == pytest.approx(0.1)
    assert mu_of([Cost.selection(1e-3)]) == pytest.approx(1e-3 / 4 * (2 * np.pi) ** 0.5, rel=1e-3)
    assert epsilon_of_mu(1.0, 1e-5) == pytest.approx(4.38, abs=0.01)
    assert epsilon_of_mu((2 * rho_for(1, 1e-9)) ** 0.5, 1e-9) < 1


def test_what_a_perfect_test_of_an_honest_mechanism_sees_is_within_the_prices() -> None:
    from scipy.special import ndtr

    for mu in (0.1, 1.0, 3.0):
        wrong = float(ndtr(-mu / 2))
        assert excess([Cost.gaussian(1 / mu)], wrong) <= 0
        assert excess([Cost.gaussian(2 / mu)], wrong) > 0
