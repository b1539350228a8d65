"""The holder of rows: true answers under the noise, prices charged first, units bounded."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthesist.codecs.category import CategoryCodec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category, Id, Kind, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.accounting import Account
from synthesist.dp.costs import Cost
from synthesist.dp.domain import Domain
from synthesist.dp.private import EXACT, Chance, PrivateData, answered
from synthesist.dp.queries import Counts, Farthest, Gradients, Noisy, Outer, Products, Query, Training, Values
from synthesist.errors import BudgetError

KINDS: dict[str, Kind] = {"who": Id(), "size": Category(values=["s", "m", "l"]), "x": Number()}
SCHEMA = Schema(tables={"t": TableSchema(columns=KINDS)})
RICH = {"epsilon": 9e5, "delta": 1e-3, "additive": 1e-4}
EVERYBODY = Chance(normal=np.zeros, part=lambda units, rate: np.ones(units, bool))
ENOUGH = 1e4  # rho: noise of a standard deviation of 0.007 is none, in whole numbers


def sizes(values: tuple[str, ...] = ("s", "m", "l"), missing: bool = False) -> CategoryCodec:
    codes = np.arange(len(values), dtype=float)
    return CategoryCodec(KINDS["size"], values, codes, np.ones(len(values) + missing), missing)


def held(
    size: list[str | None],
    who: list[str] | None = None,
    contributions: int = 1,
    account: Any = None,
    chance: Chance = EXACT,
) -> PrivateData:
    n = len(size)
    table = pl.DataFrame(
        {"who": who or [str(i) for i in range(n)], "size": size, "x": [float(i) for i in range(n)]},
        schema={"who": pl.String, "size": pl.String, "x": pl.Float64},
    )
    data, unit = Dataset({"t": table}, SCHEMA), "who" if who else None
    domain = Domain.of(SCHEMA, "test", unit, contributions)
    return PrivateData(data, domain, account or Account(**RICH), unit, chance)


def counts(rho: float = ENOUGH, codec: CategoryCodec | None = None) -> Counts:
    return Counts(("size",), {"size": codec or sizes()}, rho)


def test_counts_are_true_under_the_noise() -> None:
    answer = held(["s", "s", "l"]).answer(counts())
    assert answer.values.tolist() == [2, 0, 1]
    assert answer.sigma == pytest.approx((1 / (2 * ENOUGH)) ** 0.5, rel=1e-4)


def test_noise_is_as_wide_as_the_price_says() -> None:
    data = held(["s"] * 50)
    drawn = np.array([data.answer(counts(rho=0.02)).values for _ in range(400)])
    assert drawn.std(axis=0) == pytest.approx([5.0] * 3, rel=0.2)
    assert drawn[:, 0].mean() == pytest.approx(50, abs=1.2)


def test_a_unit_with_several_rows_has_more_noise() -> None:
    one, three = held(["s"]).answer(counts(0.5)), held(["s"], contributions=3).answer(counts(0.5))
    assert three.sigma == pytest.approx(3 * one.sigma, rel=1e-5)


def test_of_a_unit_only_so_many_rows_are_used() -> None:
    data = held(["s"] * 7 + ["m"], who=["a"] * 7 + ["b"], contributions=2)
    assert data.answer(counts()).values.tolist() == [2, 1, 0]


def test_rows_of_nobody_are_left_out() -> None:
    """A person without a name would take the place of another there, which changes two counts and not one."""
    data = held(["s", "m", "l"], who=[None, "a", None], contributions=2)  # type: ignore[list-item]
    assert data.answer(counts()).values.tolist() == [0, 1, 0]


def test_which_rows_of_a_unit_are_used_does_not_depend_on_others() -> None:
    rows = (["s", "m", "l"] * 5, ["a"] * 15)
    alone = held(*rows, contributions=4).answer(counts()).values
    beside = held(rows[0] + ["m"] * 9, rows[1] + ["b"] * 9, contributions=4).answer(counts()).values
    assert (beside - alone).tolist() == [0, 4, 0]


@pytest.mark.parametrize(("cell", "missing", "expected"), [("xxl", False, [1, 0, 0]), ("xxl", True, [1, 0, 0, 1])])
def test_a_cell_outside_the_domain_is_missing_or_left_out(cell: str, missing: bool, expected: list[int]) -> None:
    assert held(["s", cell]).answer(counts(codec=sizes(missing=missing))).values.tolist() == expected


class Broke:
    """An account without money, which must be asked before any row is."""

    def charge(self, cost: Cost, about: str) -> None:
        raise BudgetError(f"{about}: nothing left for {cost.kind}")  # type: ignore[attr-defined]


QUERIES: list[Query] = [
    counts(),
    Farthest([("size",)], [np.zeros(3)], {"size": sizes()}, 1.0),
    Values("size", 1.0, 1e-5),
    Products({"size": np.array([1, 2, 3])}, {"size": sizes()}, 1.0),
    Training(2, 0.5, 1.0),
]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: type(query).__name__)
def test_the_price_comes_before_the_rows(query: Query) -> None:
    data = held(["s"], account=Broke())
    data._table = None  # type: ignore[assignment]  # whoever touched it would fail otherwise
    with pytest.raises(BudgetError, match="nothing left for"):
        data.answer(query)


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: type(query).__name__)
def test_every_query_is_charged(query: Query) -> None:
    account = Account(**RICH)
    held(["s", "m"], account=account).answer(query)
    assert len(account.entries) == 1


def test_the_farthest_guess_is_found() -> None:
    guesses = [np.array([2.0, 0, 1]), np.array([0.0, 3, 0])]
    query = Farthest([("size",), ("size",)], guesses, {"size": sizes()}, ENOUGH)
    assert held(["s", "s", "l"]).answer(query) == 1


def test_weights_and_penalties_count_in_what_is_farthest() -> None:
    guesses, codecs = [np.array([2.0, 0, 0]), np.array([0.0, 0, 0])], {"size": sizes()}
    weighted = Farthest([("size",)] * 2, guesses, codecs, ENOUGH, np.array([1.0, 0.1]))
    excused = Farthest([("size",)] * 2, guesses, codecs, ENOUGH, penalties=np.array([0.0, 5.0]))
    data = held(["s", "s", "l"])  # distances 1 and 3
    assert data.answer(weighted) == data.answer(excused) == 0


def test_values_of_few_rows_are_not_found() -> None:
    found = held(["s"] * 400 + ["m"] * 90 + ["rare"]).answer(Values("size", 0.5, 1e-4))
    assert list(found) == ["s", "m"]


def test_products_are_summed_over_rows() -> None:
    score = np.array([1, -2, 3])
    answer = held(["s", "m", "m", "l"]).answer(Products({"size": score}, {"size": sizes()}, ENOUGH * 9**2))
    assert answer.values.tolist() == [[1 + 4 + 4 + 9]]
    assert answer.sigma == pytest.approx(9 / (2 * ENOUGH * 9**2) ** 0.5, rel=1e-4)


def gradients(of: Any, clip: float = 1.0) -> Gradients:
    """A question for gradients[row, 2], as those of a layer with one input of 1."""
    return Gradients(lambda codes: [Outer(of(codes), np.ones((len(codes), 1)))], ("size",), {"size": sizes()}, clip, 2)


def test_gradients_are_clipped_unit_by_unit() -> None:
    data = held(["s", "s", "m"], who=["a", "a", "b"], contributions=2)
    data.answer(Training(1, 1.0, 1e-3))
    total = data.answer(gradients(lambda codes: np.array([[3.0, 4.0], [0.3, 0.0]])[codes[:, 0]]))
    assert total == pytest.approx([0.6 + 0.3, 0.8], abs=0.02)


def test_gradients_in_factors_are_clipped_as_if_written_out() -> None:
    rng = np.random.default_rng(0)
    factors = [(rng.normal(size=(3, out)), rng.normal(size=(3, into))) for out, into in ((2, 4), (3, 1))]
    each = np.hstack([np.einsum("ro,ri->roi", a, b).reshape(3, -1) for a, b in factors])
    clip = float(np.median(np.linalg.norm(each, axis=1)))
    data = held(["s", "m", "l"])
    data.answer(Training(1, 1.0, 1e-3))
    total = data.answer(
        Gradients(
            lambda codes: [Outer(a[codes[:, 0]], b[codes[:, 0]]) for a, b in factors],
            ("size",),
            {"size": sizes()},
            clip,
            11,
        )
    )
    expected = sum(g * min(1.0, clip / np.linalg.norm(g)) for g in each)
    assert total == pytest.approx(expected, abs=0.02 * clip)


def test_products_and_gradients_leave_out_cells_without_a_code() -> None:
    answer = held(["s", "xxl", "l"]).answer(Products({"size": np.array([1, -2, 3])}, {"size": sizes()}, ENOUGH * 9**2))
    assert answer.values.tolist() == [[1 + 9]]
    data = held(["s", "xxl", "l"], chance=EVERYBODY)
    data.answer(Training(1, 1.0, 1.0))
    total = data.answer(gradients(lambda codes: np.array([[0.5, 0.0], [9.0, 9.0], [0.0, 0.5]])[codes[:, 0]]))
    assert total.tolist() == [0.5, 0.5]


def test_sums_of_gradients_do_not_tell_the_order_of_rows() -> None:
    rng = np.random.default_rng(0)
    rows, who = rng.choice(["s", "m", "l"], 500), rng.integers(0, 90, 500).astype(str)
    table, sums = rng.normal(size=(3, 2)).astype(np.float32), []
    for order in (np.arange(500), rng.permutation(500)):
        data = held(rows[order].tolist(), who=who[order].tolist(), contributions=20, chance=EVERYBODY)
        data.answer(Training(1, 1.0, 1.0))
        sums.append(data.answer(gradients(lambda codes: table[codes[:, 0]])))
    np.testing.assert_array_equal(*sums)


def test_a_gradient_that_is_no_number_counts_as_nothing() -> None:
    data = held(["s", "m"])
    data.answer(Training(1, 1.0, 1e-3))
    assert data.answer(gradients(lambda codes: np.array([[np.nan, 1.0], [0.5, 0.0]]))) == pytest.approx(
        [0.5, 0], abs=0.02
    )


def test_no_gradient_without_leave() -> None:
    data = held(["s"])
    data.answer(Training(1, 0.5, 1.0))
    data.answer(gradients(lambda codes: np.zeros((len(codes), 2))))
    with pytest.raises(BudgetError, match="More gradients were asked for than were paid for"):
        data.answer(gradients(lambda codes: np.zeros((len(codes), 2))))


def test_a_part_is_drawn_at_the_rate() -> None:
    seen: list[int] = []
    data = held(["s"] * 1_000)
    data.answer(Training(30, 0.2, 1.0))
    for _ in range(30):
        data.answer(gradients(lambda codes: (seen.append(len(codes)), np.zeros((len(codes), 2)))[1]))
    assert np.mean(seen) == pytest.approx(200, abs=15)
    assert len(set(seen)) > 5, "batches of one size tell how many rows there are"


def test_a_method_is_sent_what_it_asks_for() -> None:
    def asking() -> Iterator[Any]:
        answer = yield counts()
        assert isinstance(answer, Noisy)
        again = yield counts()
        return (answer.values + again.values).tolist()

    assert answered(asking(), held(["m"])) == [0, 2, 0]  # type: ignore[arg-type]
