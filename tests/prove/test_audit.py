"""The audit of every private method in full, how strong its attack is, and that it raises no false alarm."""

from time import process_time

import pytest

from asking import Asker
from synthesist import catalog
from synthesist.audits.auditing import audited
from synthesist.audits.bounds import question_bound
from synthesist.audits.pairs import worst
from synthesist.core import Context
from synthesist.dp.entropy import replaying
from synthesist.dp.filters import rho_for
from synthesist.dp.method import PrivateMethod
from synthesist.dp.queries import Counts

pytestmark = pytest.mark.prove
KINDS = [catalog.load("methods", name) for name in catalog.names("methods")]
PRIVATE = [kind for kind in KINDS if issubclass(kind, PrivateMethod)]
SECONDS = 300  # for the pairs of all methods together
RUNS = 600


def context(seed: int) -> Context:
    return Context.seeded(seed, threads=1)


def test_two_hundred_pairs_show_no_violation_in_any_method() -> None:
    began = process_time()
    for kind in PRIVATE:
        found = audited(kind(), 200, 0, context(0))
        assert found.clean, str(found)
        print(f"{kind.name()}: {found.questions} questions, {process_time() - began:.0f} CPU-s by now")
    assert process_time() - began < SECONDS


@pytest.mark.parametrize("kind", PRIVATE, ids=lambda kind: kind.name())
def test_no_attack_sees_more_than_was_paid_for(kind: type[PrivateMethod]) -> None:
    found = audited(kind(), 1, RUNS, context(1), methods=len(PRIVATE))
    assert found.clean, str(found)
    loud = found.bounds["at epsilon 20"]
    assert 0.3 * loud.claimed < loud.mu <= loud.claimed
    print(found)


@pytest.mark.parametrize(("epsilon", "delta", "runs"), [(1.0, 1e-9, 160_000), (1.0, 1e-2, 40_000)])
def test_the_attack_on_a_gaussian_is_nearly_as_strong_as_can_be(epsilon: float, delta: float, runs: int) -> None:
    with replaying("gaussian"):
        found = question_bound(Counts((), {}, rho_for(epsilon, delta)), worst(), runs, delta)
    print(f"mu {found.mu:.4f} of {found.claimed:.4f}, {found.mu / found.claimed:.0%}; epsilon {found.epsilon:.3f}")
    assert 0.8 * found.claimed <= found.mu <= found.claimed


def test_a_hundred_clean_audits_raise_no_alarm() -> None:
    for seed in range(100):
        found = audited(Asker(), 10, 0, context(seed))
        assert found.clean, f"seed {seed}: {found}"
