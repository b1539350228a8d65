"""`mst`, `aim` and `privbayes`: what they ask for, what they find, and what they refuse."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.dp.accounting import Account, rho_for
from synthesist.dp.domain import Domain
from synthesist.dp.entropy import replaying
from synthesist.dp.method import PrivateMethod
from synthesist.dp.private import PrivateData
from synthesist.dp.queries import Counts, Farthest
from synthesist.methods.aim import AIM
from synthesist.methods.mst import MST
from synthesist.methods.privbayes import PrivBayes
from synthesist.testing.private import declared

ROWS = 4_000


@pytest.fixture(scope="module")
def data() -> Dataset:
    """A tree with a loop: b and c follow a, d follows b and c, e nothing; x is a number that follows a."""
    rng = np.random.default_rng(0)
    letters = np.array(list("pqrst"))
    a = rng.integers(0, 4, ROWS)
    b = np.where(rng.random(ROWS) < 0.8, a, rng.integers(0, 4, ROWS))
    c = np.where(rng.random(ROWS) < 0.8, (a + 1) % 4, rng.integers(0, 4, ROWS))
    d = np.where(rng.random(ROWS) < 0.8, (b + c) % 5, rng.integers(0, 5, ROWS))
    frame = {name: letters[codes] for name, codes in zip("abcd", (a, b, c, d), strict=True)}
    x = (rng.gamma(2.0, 20.0, ROWS) + 100 * a).round().astype(int)
    return declared(sy.read(pl.DataFrame({**frame, "e": letters[rng.integers(0, 3, ROWS)], "x": x})))


def asked(spec: PrivateMethod, data: Dataset) -> tuple[list[Counts | Farthest], float]:
    """The questions of a fit, and what they cost together."""
    domain = Domain.of(data.schema, spec.name())
    holder, queries, answer = PrivateData(data, domain, Account(spec.epsilon, spec.delta)), [], None
    asking = spec.ask(domain, Context.seeded(0))
    try:
        while True:
            queries.append(asking.send(answer))
            answer = holder.answer(queries[-1])
    except StopIteration:
        return queries, sum(query.rho for query in queries)


@pytest.mark.parametrize("method", [MST, AIM, PrivBayes])
@pytest.mark.parametrize("epsilon", [0.2, 3.0])
def test_hardly_anything_is_left_and_nothing_overspent(
    method: type[PrivateMethod], epsilon: float, data: Dataset
) -> None:
    spec = method(epsilon=epsilon, delta=1e-6)
    with replaying():
        spent = asked(spec, data)[1]
    assert 0.95 < spent / rho_for(epsilon, 1e-6) <= 1 + 1e-9


def pairs_of(spec: PrivateMethod, data: Dataset) -> list[frozenset[str]]:
    """The pairs that a fit counts, in their order."""
    with replaying():
        queries, _ = asked(spec, data)
    return [frozenset(q.columns) for q in queries if isinstance(q, Counts) and len(q.columns) == 2]


def test_mst_measures_a_tree_of_the_pairs_that_tell_most(data: Dataset) -> None:
    pairs = pairs_of(MST(epsilon=5.0, delta=1e-6, loops=0.0), data)
    assert len(pairs) == 5
    assert {frozenset("ab"), frozenset("ac"), frozenset("ax")} <= set(pairs)
    assert frozenset().union(*pairs) == frozenset("abcdex")


def test_mst_closes_loops_where_the_tree_is_wrong(data: Dataset) -> None:
    tree, both = (set(pairs_of(MST(epsilon=5.0, delta=1e-6, loops=loops), data)) for loops in (0.0, 0.4))
    assert len(both - tree) == 2 and {frozenset("bd"), frozenset("cd")} <= both
    assert not {frozenset("bd"), frozenset("cd")} <= tree


def test_privbayes_joins_every_column_to_those_before_it(data: Dataset) -> None:
    with replaying():
        queries, _ = asked(PrivBayes(epsilon=20.0, delta=1e-6), data)
    families = [q.columns for q in queries if isinstance(q, Counts) and len(q.columns) > 1]
    assert len(families) == 5 and max(map(len, families)) == 3
    placed = set(families[0][:-1])
    for *parents, column in families:
        assert set(parents) <= placed and column not in placed
        placed.add(column)


def test_aim_goes_on_where_the_model_is_wrong(data: Dataset) -> None:
    pairs = pairs_of(AIM(epsilon=5.0, delta=1e-6), data)
    assert {frozenset("ab"), frozenset("ac"), frozenset("ax"), frozenset("bd"), frozenset("cd")} <= set(pairs)


def test_aim_asks_for_the_target_first(data: Dataset) -> None:
    def first(target: str | None) -> frozenset[str]:
        return pairs_of(AIM(epsilon=5.0, delta=1e-6, target=target), data)[0]

    assert "d" in first("d")
    assert "d" not in first(None)


@pytest.mark.parametrize(("method", "near"), [("mst", 0.12), ("aim", 0.07), ("privbayes", 0.12)])
def test_pairs_are_kept_under_noise(method: str, near: float, data: Dataset) -> None:
    with replaying():
        rows = sy.fit(data, method, epsilon=5.0, delta=1e-6, seed=0).sample(ROWS, seed=0).table
    real, made = (t.group_by("a", "d").len() for t in (data.table, rows))
    both = real.join(made, on=["a", "d"], how="full", coalesce=True).fill_null(0)
    assert (both["len"] - both["len_right"]).abs().sum() / 2 / ROWS < near
    assert abs(rows["x"].mean() - data.table["x"].mean()) < 0.05 * data.table["x"].mean()


@pytest.mark.parametrize("method", ["mst", "aim", "privbayes"])
def test_what_is_saved_draws_the_same_rows_and_answers_conditions(method: str, data: Dataset, tmp_path: Path) -> None:
    with replaying():
        model = sy.fit(data, method, epsilon=20.0, delta=1e-3, seed=0)
    model.save(tmp_path / "m.syn")
    again = sy.load(tmp_path / "m.syn")
    assert again.sample(50, seed=3).table.equals(model.sample(50, seed=3).table)
    rows = again.sample(300, where={"a": "q", "x": (">=", 150)}, seed=3).table
    assert rows.height == 300
    assert set(rows["a"]) == {"q"} and rows["x"].min() >= 150
    assert (rows["b"] == "q").mean() > 0.5
