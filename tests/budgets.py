"""Random plans of questions, what they truly spend, and processes that charge a ledger until they are killed."""

import random
import subprocess
import sys
from collections.abc import Sequence
from math import exp, expm1, log, log1p
from pathlib import Path

from dp_accounting import GaussianDpEvent, PoissonSampledDpEvent, SelfComposedDpEvent
from dp_accounting.pld import PLDAccountant
from dp_accounting.pld import privacy_loss_distribution as distributions

from synthesist.dp.accounting import Account
from synthesist.dp.costs import Cost, Gaussian, SampledGaussian, Selection, Threshold
from synthesist.errors import BudgetError

STEP = 1e-4
"""Losses are rounded up to multiples of it."""
CHARGE = """
import sys
from synthesist.dp.accounting import Cost
from synthesist.dp.ledger import Ledger
account = Ledger.open(sys.argv[1]).run(2, 1e-9, "to be killed")
print("reserved", flush=True)
for question in range(100_000):
    account.charge(Cost.gaussian(1_000), f"question {question}")
    print("answered", flush=True)
"""
TAKE = """
import sys
from synthesist.dp.ledger import Ledger
from synthesist.errors import BudgetError
ledger, share = Ledger.open(sys.argv[1]), float(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    while True:
        ledger.run(share, 1e-9, "one of many")
        print("got one", flush=True)
except BudgetError:
    pass
"""


def spent_plan(seed: int) -> tuple[Account, random.Random]:
    """A run that asks random questions until it is refused three times."""
    draw = random.Random(seed)
    delta = 10 ** draw.uniform(-10, -5)
    additive = draw.choice([0.0, delta / 10])
    account = Account(draw.choice([0.1, 0.3, 1, 2]), delta, additive=additive, adaptive=draw.random() < 0.7)
    refused = 0
    while refused < 3 and len(account.costs) < 6:
        try:
            account.charge(_question(draw, account), "a question")
        except BudgetError:
            refused += 1
    return account, draw


def truly_spent(costs: Sequence[Cost], delta: float, draw: random.Random) -> float:
    """The epsilon of real mechanisms of these costs, by distributions of dp-accounting."""
    accountant = PLDAccountant(value_discretization_interval=STEP)
    loss = distributions.identity(STEP)
    for cost in costs:
        match cost:
            case Gaussian():
                delta -= cost.delta if isinstance(cost, Threshold) else 0
                one = distributions.from_discrete_gaussian_mechanism(
                    cost.sigma, int(cost.sensitivity), value_discretization_interval=STEP, use_connect_dots=True
                )
                loss = loss.compose(one)
            case Selection():
                loss = loss.compose(_chosen_of_two(cost.epsilon, draw.uniform(0.1, 0.9) * cost.epsilon))
            case SampledGaussian():
                step = PoissonSampledDpEvent(cost.rate, GaussianDpEvent(cost.noise_multiplier))
                accountant.compose(SelfComposedDpEvent(step, cost.steps))
    return float(accountant._pld.compose(loss).get_epsilon_for_delta(delta))


def charging(path: Path) -> "subprocess.Popen[str]":
    """A process that reserves epsilon 2 and charges it, and prints what was answered."""
    return subprocess.Popen([sys.executable, "-c", CHARGE, str(path)], stdout=subprocess.PIPE, text=True)


def raced(path: Path, processes: int, share: float) -> int:
    """How many runs of this epsilon several processes got together, all of them asking at once until refused."""
    words = [sys.executable, "-c", TAKE, str(path), str(share)]
    racers = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)
    ]
    for racer in racers:
        assert racer.stdout is not None and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    said = [racer.communicate(timeout=300)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * processes
    return sum(text.count("got one") for text in said)


def _question(draw: random.Random, account: Account) -> Cost:
    """A question of some size; one in three takes all that is left."""
    rho = max(account.left, account.rho / 50) * draw.choice([draw.random(), draw.random() / 4, 1.0])
    kind = draw.choice(["gaussian", "gaussian", "selection", "selection", "threshold", "threshold", "sampled_gaussian"])
    match kind:
        case "selection":
            return Cost.selection((8 * rho) ** 0.5)
        case "threshold" if account.additive:
            return Cost.threshold((2 * rho) ** -0.5, 1, account.additive * draw.uniform(0.2, 0.7))
        case "sampled_gaussian":
            return Cost.sampled_gaussian(draw.uniform(4, 12), draw.uniform(0.001, 0.02), draw.randint(20, 400))
    sensitivity = draw.choice([1, 1, 3])
    return Cost.gaussian(sensitivity * (2 * rho) ** -0.5, sensitivity)


def _chosen_of_two(epsilon: float, top: float) -> distributions.PrivacyLossDistribution:
    """An exponential mechanism with two candidates, whose losses are `top` and `top` - epsilon."""
    before = expm1(epsilon - top) / expm1(epsilon)
    after = before * exp(top)
    one, other = ({0: log(chance), 1: log1p(-chance)} for chance in (after, before))
    return distributions.from_two_probability_mass_functions(
        other, one, value_discretization_interval=STEP, symmetric=False
    )
