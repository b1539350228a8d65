"""What is asked for is never overspent: by the distributions of dp-accounting, and by sums over every outcome."""

from concurrent.futures import ThreadPoolExecutor
from math import exp, log, sqrt

import numpy as np
import pytest
from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent, ZCDpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.rdp import RdpAccountant
from pydantic import TypeAdapter

from budgets import STEP, spent_plan, truly_spent
from synthesist.dp.accounting import Account, epsilon_of, noise_for_training, rho_for, statement
from synthesist.dp.costs import AnyCost, Cost
from synthesist.dp.loss import epsilon_by_loss
from synthesist.errors import BudgetError, SpecError


@pytest.mark.parametrize("seed", range(100))
def test_a_plan_spends_no_more_than_was_asked_for(seed: int) -> None:
    account, draw = spent_plan(seed)
    assert account.costs
    assert truly_spent(account.costs, account.delta, draw) <= account.epsilon + STEP * len(account.costs)
    assert account.statement().epsilon <= account.epsilon


def test_rho_is_the_most_that_epsilon_and_delta_have_room_for() -> None:
    rng = np.random.default_rng(0)
    for epsilon, delta in zip(10 ** rng.uniform(-2, 1.5, 30), 10 ** rng.uniform(-12, -4, 30), strict=True):
        rho = rho_for(epsilon, delta)
        assert rho + 2 * sqrt(rho * log(1 / delta)) > epsilon  # the closed formula of Bun and Steinke allows less
        orders = 1 + np.geomspace(0.02, 1e6, 2_000)
        spent = [RdpAccountant(orders).compose(ZCDpEvent(rho * share)).get_epsilon(delta) for share in (1, 1.001)]
        assert spent[0] <= epsilon * (1 + 1e-5) and spent[1] > epsilon
        assert 1 - 1e-8 < epsilon_of([Cost.gaussian((2 * rho) ** -0.5)], delta) / epsilon <= 1


@pytest.mark.parametrize("sigma", [2.0, 9.3])
def test_the_loss_of_a_discrete_gaussian_is_that_of_all_its_outcomes(sigma: float) -> None:
    noise = np.arange(-400, 401)
    here, there = (np.exp(-((noise - shift) ** 2) / (2 * sigma**2)) for shift in (0, 1))
    here, there = here / here.sum(), there / there.sum()
    told = statement([Cost.gaussian(sigma)], 1e-6)
    assert told.by == "loss distribution"
    beyond = [np.maximum(here - exp(told.epsilon + by) * there, 0).sum() for by in (1e-9, -2e-4)]
    assert beyond[0] <= 1e-6 < beyond[1]


def test_the_loss_of_selections_is_more_than_that_of_any() -> None:
    epsilon, times, delta = 0.4, 6, 1e-4
    told = epsilon_by_loss([Cost.selection(epsilon)] * times, delta)
    assert told < epsilon_by_loss([Cost.selection(epsilon)] * (times + 1), delta)
    wins = np.arange(times + 1)
    ways = np.array([1, 6, 15, 20, 15, 6, 1])
    worst = 0.0
    for top in np.linspace(0.01, epsilon - 0.01, 50):
        before = (exp(epsilon - top) - 1) / (exp(epsilon) - 1)
        after = before * exp(top)
        one, other = (ways * chance**wins * (1 - chance) ** (times - wins) for chance in (after, before))
        worst = max(worst, np.maximum(one - exp(told) * other, 0).sum())
    assert worst <= delta
    assert 0.03 * delta < worst
    alone = epsilon_by_loss([Cost.selection(epsilon)], delta)
    assert exp(epsilon / 2) - exp(alone / 2) == pytest.approx(sqrt(delta * (exp(epsilon) - 1)), rel=0.02)


def test_training_is_counted_as_dp_accounting_counts() -> None:
    cost = Cost.sampled_gaussian(1.2, 0.02, 300)
    event = SelfComposedDpEvent(PoissonSampledDpEvent(0.02, GaussianDpEvent(1.2)), 300)
    for order in (2, 17, 60):
        assert cost.rho(order) == pytest.approx(RdpAccountant([order]).compose(event).rdp[0] / order)
    below, at, above = (cost.rho(order) * order * (order - 1) for order in (6, 6.5, 7))  # convex, here as a chord
    assert at == pytest.approx((below + above) / 2)
    assert cost.rho(1.001) == pytest.approx(cost.rho(2) * 2 / 1.001)
    assert cost.rho(1e6) == pytest.approx(300 / (2 * 1.2**2))
    assert Cost.sampled_gaussian(1.2, 1, 300).rho(9) == pytest.approx(300 / (2 * 1.2**2))


def test_noise_for_training_is_enough_and_hardly_more() -> None:
    beside, delta = [Cost.gaussian(16.0), Cost.threshold(20.0, 1, 1e-8)], 1e-7
    noise = noise_for_training(0.5, delta, 0.01, 40, beside)
    spent = []
    for each in (noise, noise / 1.01):
        accountant = PLDAccountant().compose(GaussianDpEvent(16)).compose(GaussianDpEvent(20))
        accountant.compose(PoissonSampledDpEvent(0.01, GaussianDpEvent(each)), 40)
        spent.append(accountant.get_epsilon(delta - 1e-8))
    assert spent[0] <= 0.5 < spent[1]


def test_training_in_a_filter_takes_what_is_left() -> None:
    account = Account(1, 1e-7)
    account.charge(Cost.gaussian((account.rho) ** -0.5), "one half")
    noise = account.noise_for_training(0.05, 60)
    with pytest.raises(BudgetError):
        account.charge(Cost.sampled_gaussian(noise / 1.01, 0.05, 60), "training")
    account.charge(Cost.sampled_gaussian(noise, 0.05, 60), "training")
    account.charge(Cost.gaussian((2 * account.left) ** -0.5), "the rest")
    with pytest.raises(BudgetError):
        account.charge(Cost.sampled_gaussian(1e4, 0.05, 60), "more training")
    with pytest.raises(BudgetError, match=r"beside training: it costs rho 0\.5; of epsilon 1"):
        noise_for_training(1, 1e-7, 0.05, 60, [Cost.gaussian(1)])


def test_a_charge_beyond_the_budget_is_refused_and_not_charged() -> None:
    account = Account(1, 1e-9)
    sigma = (2 * account.rho / 3) ** -0.5
    for part in range(3):
        account.charge(Cost.gaussian(sigma), f"part {part}")
    assert account.left == pytest.approx(0, abs=1e-12)
    with pytest.raises(BudgetError, match=r"one too many: it costs rho .* is left\. Ask with more noise"):
        account.charge(Cost.gaussian(10 * sigma), "one too many")
    assert [about for _, about in account.entries] == ["part 0", "part 1", "part 2"]
    account.close()
    with pytest.raises(BudgetError, match="the run is over"):
        account.charge(Cost.gaussian(1e9), "late")


def test_fixed_costs_need_less_noise_and_only_they_are_told_so() -> None:
    costs = [Cost.gaussian((2 * rho_for(1, 1e-9) * 1.06 / 4) ** -0.5)] * 4
    fixed, adaptive = Account(1, 1e-9, adaptive=False), Account(1, 1e-9)
    for cost in costs:
        fixed.charge(cost, "counts")
    assert 0.97 < fixed.statement().epsilon <= 1
    with pytest.raises(BudgetError):
        fixed.charge(costs[0], "counts")
    for cost in costs[:3]:
        adaptive.charge(cost, "counts")
    assert adaptive.statement().epsilon == 1
    with pytest.raises(BudgetError):
        adaptive.charge(costs[3], "counts")


def test_a_delta_of_ones_own_comes_out_of_the_part_kept_for_it() -> None:
    account = Account(1, 1e-6, additive=2e-7)
    assert account.rho == rho_for(1, 1e-6 - 2e-7) < rho_for(1, 1e-6)
    account.charge(Cost.threshold(50, 1, 1.5e-7), "values of a column")
    with pytest.raises(BudgetError, match=r"the part kept for such questions has 5e-08 left"):
        account.charge(Cost.threshold(50, 1, 1e-7), "values of another")
    assert epsilon_of([Cost.threshold(50, 1, 1e-7)], 1e-7) == np.inf
    assert epsilon_of([Cost.threshold(50, 1, 5e-7)], 1e-6) == epsilon_of([Cost.gaussian(50)], 5e-7)


def test_threads_that_race_never_overspend() -> None:
    account = Account(1, 1e-9)
    cost = Cost.gaussian((2 * account.rho / 40) ** -0.5)

    def take(_: int) -> int:
        try:
            account.charge(cost, "one of forty")
        except BudgetError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(200))) == 40


@pytest.mark.parametrize(
    ("cost", "wrong"),
    [
        (lambda x: Cost.gaussian(x), [float("nan"), float("inf"), 0, -1, 1e-10]),
        (lambda x: Cost.gaussian(1, x), [float("nan"), float("inf"), 0, -1]),
        (lambda x: Cost.selection(x), [float("nan"), float("inf"), 0, -1]),
        (lambda x: Cost.threshold(1, 1, x), [float("nan"), 0, 1, -1e-9]),
        (lambda x: Cost.sampled_gaussian(1, x, 1), [float("nan"), 0, 1.1, -0.1]),
        (lambda x: Cost.sampled_gaussian(1, 0.1, x), [float("nan"), 0, 1.5, -1]),
        (lambda x: Account(x, 1e-9), [float("nan"), float("inf"), 0, -1]),
        (lambda x: Account(1, x), [float("nan"), 0, 1, -1e-9]),
        (lambda x: Account(1, 1e-9, additive=x), [float("nan"), 1e-9, -1e-12]),
    ],
)
def test_what_is_no_number_for_it_is_refused(cost, wrong) -> None:
    for value in wrong:
        with pytest.raises(SpecError):
            cost(value)


@pytest.mark.parametrize(
    "cost",
    [Cost.gaussian(3, 2), Cost.selection(0.1), Cost.threshold(3, 1, 1e-9), Cost.sampled_gaussian(1.1, 0.01, 100)],
    ids=lambda cost: cost.kind,
)
def test_a_cost_travels_as_json(cost: Cost) -> None:
    back = TypeAdapter(AnyCost).validate_json(cost.model_dump_json())
    assert back == cost and type(back) is type(cost)
