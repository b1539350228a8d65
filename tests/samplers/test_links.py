"""Which rows links point to: as often as declared, none twice, earlier ones, those of the same family."""

from itertools import permutations
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError
from synthesist.samplers.tables import Tables
from synthesist.samplers.tables.distinct import distinct_within
from synthesist.verbs.drawing import sample

KEY = {"is": "keys"}


def drawn(n: int, tables: dict[str, Any], **rows: int) -> Dataset:
    pages = {
        name: {"columns": columns, **({"rows": rows[name]} if name in rows else {})} for name, columns in tables.items()
    }
    made: Dataset = sample(Tables.build({"tables": pages}), n, seed=5)
    return made


def to(table: str, **options: Any) -> dict[str, Any]:
    return {"is": "reference", "to": table, **options}


def even(cells: pl.Series, size: int) -> bool:
    """Whether all of 1 .. size come equally often."""
    counts = np.bincount(cells.drop_nulls().to_numpy(), minlength=size + 1)[1:]
    return bool(stats.chisquare(counts).pvalue > 1e-4)


def test_rows_are_looked_up_equally_often_or_not_at_all() -> None:
    cells = drawn(50_000, {"b": {"id": KEY, "a": to("a", missing=0.25)}, "a": {"id": KEY}}, a=40).tables["b"]["a"]
    assert cells.null_count() / len(cells) == pytest.approx(0.25, abs=0.01)
    assert even(cells, 40)


def test_popular_rows_follow_zipf_and_lie_anywhere() -> None:
    link = to("a", weights={"is": "zipf", "exponent": 1.2})
    cells = drawn(50_000, {"b": {"id": KEY, "a": link}, "a": {"id": KEY}}, a=100).tables["b"]["a"]
    counts = np.bincount(cells.to_numpy(), minlength=101)[1:]
    wanted = np.arange(1, 101) ** -1.2
    wanted *= 50_000 / wanted.sum()
    ranked = np.sort(counts)[::-1]
    assert np.allclose(ranked[:10], wanted[:10], rtol=0.1)
    assert list(np.argsort(-counts)[:5]) != [0, 1, 2, 3, 4]


def test_weights_that_are_drawn_spread_as_declared() -> None:
    link = to("a", weights={"is": "gamma", "shape": 2})
    cells = drawn(200_000, {"b": {"id": KEY, "a": link}, "a": {"id": KEY}}, a=400).tables["b"]["a"]
    shares = np.bincount(cells.to_numpy(), minlength=401)[1:] / 500
    assert shares.std() == pytest.approx(1 / np.sqrt(2), rel=0.1)  # of a gamma of shape 2, against its mean


def test_earlier_rows_only_and_the_first_points_to_itself_or_nowhere() -> None:
    data = drawn(3_000, {"a": {"id": KEY, "up": to("a", before=True), "maybe": to("a", before=True, missing=0.1)}})
    table = data.tables["a"]
    assert table["up"].to_list()[0] == 1 and table["maybe"][0] is None
    assert (table["up"] < table["id"])[1:].all()
    assert (table["maybe"] < table["id"]).drop_nulls().all()
    share = ((table["up"] - 0.5) / (table["id"] - 1))[1:].to_numpy()
    assert stats.kstest(share[500:], "uniform").pvalue > 1e-4


def test_own_rows_are_of_the_same_family_each_as_often() -> None:
    data = drawn(
        4_000,
        {
            "a": {"id": KEY, "best": to("c", own=True)},
            "b": {"id": KEY, "a": to("a", each={"is": "uniform", "low": 1, "high": 2, "integers": True})},
            "c": {"id": KEY, "b": to("b", each=2), "peer": to("c", own=True, before=True, missing=0.5)},
            "d": {"id": KEY, "a": to("a", each=1), "pick": to("c", own=True)},
        },
    )
    a, b, c, d = (data.tables[name] for name in "abcd")
    of = c.join(b, left_on="b", right_on="id").select("id", "b", "a")
    assert a.join(of, left_on="best", right_on="id")["a"].equals(a["id"], check_names=False)
    assert d.join(of, left_on="pick", right_on="id", suffix="_of").filter(pl.col("a") != pl.col("a_of")).is_empty()
    single = b.group_by("a").len().filter(pl.col("len") == 1)  # whose two rows of `c` are picked as often
    places = of.with_columns(place=pl.int_range(1, pl.len() + 1).over("a"))
    picked = d.join(single, on="a", how="semi").join(places, left_on="pick", right_on="id")
    assert even(picked["place"], 2)
    peers = c.drop_nulls("peer").join(of, left_on="peer", right_on="id", suffix="_peer")
    assert (peers["peer"] < peers["id"]).all() and (peers["b"] == peers["b_peer"]).all()


def test_own_rows_that_may_not_be_there_leave_the_cell_empty() -> None:
    data = drawn(
        1_000, {"a": {"id": KEY, "first": to("b", own=True)}, "b": {"id": KEY, "a": to("a", each={"is": "poisson"})}}
    )
    have = data.tables["a"]["id"].is_in(data.tables["b"]["a"].implode())
    assert data.schema.tables["a"].columns["first"].missing
    assert (data.tables["a"]["first"].is_not_null() == have).all()


# --------------------------------------------------------------------------- nothing twice


def test_none_comes_twice_within_an_owner_and_all_can_come() -> None:
    owner = to("a", each={"is": "uniform", "low": 0, "high": 12, "integers": True})
    zipf = to("c", distinct=True, weights={"is": "zipf", "exponent": 3})
    b = {"a": owner, "even": to("c", distinct=True), "zipf": zipf}
    data = drawn(3_000, {"a": {"id": KEY}, "b": b, "c": {"id": KEY}}, c=12)
    b = data.tables["b"]
    for name in ("even", "zipf"):
        assert not b.select("a", name).is_duplicated().any()
    assert even(b["even"], 12)
    assert b.group_by("a").len()["len"].max() == 12


def test_a_link_without_owner_takes_each_row_once_at_most() -> None:
    data = drawn(500, {"b": {"id": KEY, "a": to("a", distinct=True)}, "a": {"id": KEY}}, a=600)
    assert data.tables["b"]["a"].n_unique() == 500
    assert data.tables["b"]["a"].to_list() != sorted(data.tables["b"]["a"])


@pytest.mark.parametrize("rounds", [0, 1, 12])
def test_draws_without_return_are_as_likely_as_they_should_be(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four values three are taken, one after the other, by weight among those left."""
    monkeypatch.setattr("synthesist.samplers.tables.distinct.ROUNDS", rounds)
    weights, groups = np.array([8.0, 4.0, 2.0, 1.0]), 40_000
    rng = Context.seeded(3).rng("distinct")
    group = np.repeat(np.arange(groups), 3)

    def draw(rows: np.ndarray) -> np.ndarray:
        return rng.choice(4, size=len(rows), p=weights / weights.sum())

    values = distinct_within(group, np.full(len(group), 4), draw, weights, rng).reshape(groups, 3)
    for order in permutations(range(4), 3):
        left, likely = weights.sum(), 1.0
        for value in order:
            likely, left = likely * weights[value] / left, left - weights[value]
        assert (values == order).all(axis=1).mean() == pytest.approx(likely, abs=4.5 * np.sqrt(likely / groups))


def test_too_few_rows_to_be_distinct_are_refused() -> None:
    tables = {"a": {"id": KEY}, "b": {"a": to("a", each=5), "c": to("c", distinct=True)}, "c": {"id": KEY}}
    with pytest.raises(DataError, match=r"`b\.c` takes no row of `c` twice: one owner has 5 rows, and there are 4 `c`"):
        drawn(10, tables, c=4)
    own = {
        "a": {"id": KEY},
        "b": {"id": KEY, "a": to("a", each=2)},
        "c": {"a": to("a", each=3), "b": to("b", own=True, distinct=True)},
    }
    with pytest.raises(DataError, match="one owner has 3 rows, and there are 2 for them"):
        drawn(10, own)
    with pytest.raises(DataError, match=r"there are 10 rows, and there are 9 `a`"):
        drawn(10, {"b": {"id": KEY, "a": to("a", distinct=True)}, "a": {"id": KEY}}, a=9)
