"""Declared tables: what each distribution makes, what formulas mean, what is refused."""

import json
import math
import operator
from collections import Counter
from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.rules.formula import Formula
from synthesist.samplers.columns import Columns
from synthesist.verbs.drawing import sample

PAGE = """
table: orders
columns:
  id: {is: keys}
  price: {is: lognormal, median: 20, sigma: 0.8, decimals: 2}
  quantity: {is: categorical, values: [1, 2, 5], weights: [6, 3, 1]}
  status: {is: categorical, values: [open, paid], missing: 0.1}
  day: {is: dates, start: 2024-01-01, end: 2024-12-31, format: "%d.%m.%Y"}
  due: {is: expression, formula: "day + days(14)"}
  total: {is: expression, formula: "round(price * quantity * 1.19, 2)"}
"""


def orders() -> Columns:
    return Columns.build(yaml.safe_load(PAGE))


def one(declared: dict[str, object], n: int = 20_000, start: int = 0, seed: int = 0) -> pl.Series:
    """One column, drawn."""
    ctx = Context(path=(str(seed), "block", str(start)), start=start)
    return Columns.build({"columns": {"x": declared}}).sample(n, ctx).table["x"]


def filled(spec: Columns, n: int, start: int = 0, **allowed: Allowed) -> pl.DataFrame:
    empty = pl.DataFrame(schema={name: kind.storage for name, kind in spec.schema.table.columns.items()}).clear(n)
    return spec.fill(Dataset({spec.table: empty}, spec.schema), allowed, Context.seeded(1, start=start)).table


# --------------------------------------------------------------------------- the table


def test_a_page_becomes_a_table() -> None:
    made = orders().sample(1000, Context.seeded(1))
    table = made.table
    assert made.schema.table.key == ("id",)
    assert table.schema == pl.Schema({name: kind.storage for name, kind in made.kinds.columns.items()})
    assert table["id"].to_list() == list(range(1, 1001))
    assert ((table["price"] * table["quantity"] * 1.19 - table["total"]).abs() <= 0.005001).all()
    assert ((table["due"] - table["day"]).dt.total_days() == 14).all()
    assert made.kinds["price"].bounds.origin == "declared"
    assert made.kinds["day"].format == "%d.%m.%Y" and made.kinds["day"].bounds.high == "2024-12-31"


def test_the_same_address_gives_the_same_rows_and_another_seed_others() -> None:
    first, again, other = (orders().sample(50, Context.seeded(seed)).table for seed in (1, 1, 2))
    assert first.equals(again)
    assert not first.equals(other)


def test_a_declaration_survives_writing_and_reading() -> None:
    written = orders().describe()
    assert written.pop("kind") == "columns"
    assert Columns.build(yaml.safe_load(yaml.safe_dump(json.loads(json.dumps(written))))) == orders()


# --------------------------------------------------------------------------- distributions


@pytest.mark.parametrize(
    ("declared", "law"),
    [
        ({"is": "normal", "mean": 5, "std": 2}, stats.norm(5, 2)),
        ({"is": "normal", "low": 1, "high": 4}, stats.truncnorm(1, 4)),
        ({"is": "normal", "low": 9}, stats.truncnorm(9, np.inf)),  # rejection would never get there
        ({"is": "lognormal", "median": 20, "sigma": 0.8}, stats.lognorm(0.8, scale=20)),
        ({"is": "uniform", "low": -1, "high": 3}, stats.uniform(-1, 4)),
    ],
)
def test_numbers_follow_their_law(declared: dict[str, object], law: object) -> None:
    assert stats.kstest(one(declared).to_numpy(), law.cdf).pvalue > 0.001  # type: ignore[attr-defined]


def test_a_cut_lognormal_stays_inside_and_keeps_its_shape() -> None:
    x = one({"is": "lognormal", "median": 20, "sigma": 0.8, "low": 10, "high": 30}).to_numpy()
    law = stats.truncnorm(math.log(0.5) / 0.8, math.log(1.5) / 0.8)
    assert x.min() >= 10 and x.max() <= 30
    assert stats.kstest(np.log(x / 20) / 0.8, law.cdf).pvalue > 0.001


def test_both_ends_of_a_grid_are_as_likely_as_its_middle() -> None:
    for declared in ({"low": 1, "high": 6, "integers": True}, {"low": 0.1, "high": 0.6, "decimals": 1}):
        counts = one({"is": "uniform", **declared}).value_counts().sort("x")
        assert len(counts) == 6
        assert stats.chisquare(counts["count"].to_numpy()).pvalue > 0.001
    assert counts["x"].to_list() == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]


def test_weights_missing_and_kinds_of_listed_values() -> None:
    quantity = one({"is": "categorical", "values": [1, 2, 5], "weights": [6, 3, 1], "missing": 0.25})
    assert quantity.dtype == pl.Int64
    assert quantity.null_count() / 20_000 == pytest.approx(0.25, abs=0.02)
    assert (quantity.drop_nulls() == 5).mean() == pytest.approx(0.1, abs=0.01)
    assert one({"is": "categorical", "values": [True, False]}).dtype == pl.Boolean
    assert one({"is": "constant", "value": "EUR"}).unique().to_list() == ["EUR"]


# --------------------------------------------------------------------------- keys


@settings(deadline=None, derandomize=True, max_examples=40)
@given(
    pattern=st.sampled_from([r"\AB-99", "aA", "x9", "ü-999", "99999999999999999999999"]),
    cut=st.integers(0, 100),
    seed=st.integers(0, 2**32),
)
def test_patterned_keys_are_unique_over_blocks(pattern: str, cut: int, seed: int) -> None:
    declared = {"is": "keys", "pattern": pattern}
    keys = [*one(declared, cut, 0, seed), *one(declared, 100 - cut, cut, seed)]
    assert len(set(keys)) == 100
    assert {len(key) for key in keys} == {len(pattern.replace("\\", ""))}


def test_every_key_of_a_pattern_is_made_once() -> None:
    assert sorted(one({"is": "keys", "pattern": "K9"}, n=10)) == [f"K{i}" for i in range(10)]
    with pytest.raises(DataError, match=r"only 10 keys"):
        sample("columns", 11, columns={"id": {"is": "keys", "pattern": "K9"}})


@pytest.mark.parametrize(
    "declared",
    [
        {"is": "uniform", "low": 1, "high": 40, "integers": True},
        {"is": "uniform", "low": 0, "high": 3.9, "decimals": 1},
        {"is": "dates", "start": "2024-01-01", "end": "2024-02-09"},
        {"is": "categorical", "values": list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN")},
    ],
)
def test_unique_takes_every_value_once(declared: dict[str, object]) -> None:
    halves = [one({**declared, "unique": True}, n=20, start=start) for start in (0, 20)]
    assert pl.concat(halves).n_unique() == 40
    table = Columns(columns={"x": {**declared, "unique": True}})
    assert sample(table, 40)["x"].n_unique() == 40
    with pytest.raises(DataError, match="only 40 different"):
        sample(table, 41)


@pytest.mark.parametrize(
    ("declared", "size"),
    [
        ({"is": "uniform", "low": 7, "high": 7, "integers": True}, 1),
        ({"is": "dates", "start": "2024-01-01", "end": "2024-01-03"}, 3),
        ({"is": "categorical", "values": ["a", "b", "c"]}, 3),
        ({"is": "regex", "pattern": "[abc]"}, 3),
        ({"is": "identifier", "scheme": "ean8", "prefix": "1234567"}, 1),
    ],
)
@pytest.mark.parametrize("where", [None, "y > 0"], ids=["sampled", "filled"])
def test_a_block_larger_than_a_small_domain_is_no_fault(declared: dict[str, object], size: int, where: object) -> None:
    spec = Columns.build({"columns": {"x": {**declared, "unique": True}, "y": {"is": "normal"}}})
    assert spec.block > 2 * size
    assert sample(spec, size, where=where)["x"].n_unique() == size


# --------------------------------------------------------------------------- conditions


def test_conditions_cut_exactly() -> None:
    table = filled(
        orders(),
        5000,
        price=Allowed(low=19.99, high=30, low_open=True, excluded=(25.0,)),
        status=Allowed(values=("open",), missing=True),
        day=Allowed(low=date(2024, 12, 30)),
    )
    assert table["price"].min() == 20.0 and table["price"].max() == 30.0 and 25.0 not in table["price"]
    assert Counter(table["day"]).keys() == {date(2024, 12, 30), date(2024, 12, 31)}
    assert set(table["status"]) == {"open", None}
    assert table["status"].null_count() / 5000 == pytest.approx(0.1 / (0.1 + 0.45), abs=0.03)  # Bayes


def test_grid_values_keep_their_odds_under_a_condition() -> None:
    spec = Columns.build({"columns": {"x": {"is": "normal", "integers": True}}})
    share = (filled(spec, 20_000, x=Allowed(values=(0, 2)))["x"] == 2).mean()
    two, zero = stats.norm.cdf(2.5) - stats.norm.cdf(1.5), stats.norm.cdf(0.5) - stats.norm.cdf(-0.5)
    assert share == pytest.approx(two / (two + zero), abs=0.01)


def test_conditions_on_formulas_are_met_by_every_row_and_keys_stay_in_place() -> None:
    table = filled(orders(), 500, start=70, total=Allowed(low=100.0))
    assert table["total"].min() >= 100
    assert table["id"].to_list() == list(range(71, 571))


def test_given_cells_are_kept() -> None:
    spec = orders()
    rows = spec.sample(200, Context.seeded(5)).table
    holes = rows.with_columns(pl.when(pl.col("id") % 2 == 0).then("price").alias("price"), total=None, status=None)
    full = spec.fill(Dataset({"orders": holes.cast(rows.schema)}, spec.schema), {}, Context.seeded(6)).table
    assert full["price"].null_count() == full["total"].null_count() == 0
    assert full.filter(pl.col("id") % 2 == 0)["total"].equals(rows.filter(pl.col("id") % 2 == 0)["total"])


@pytest.mark.parametrize(
    "allowed",
    [
        {"price": Allowed(high=-1.0)},
        {"status": Allowed(values=("lost",))},
        {"quantity": Allowed(values=(), missing=True)},
        {"day": Allowed(low=date(2025, 1, 1))},
        {"id": Allowed(values=(3,))},
    ],
)
def test_impossible_conditions_say_so(allowed: dict[str, Allowed]) -> None:
    with pytest.raises(ConditionError, match=next(iter(allowed))):
        filled(orders(), 3, **allowed)


def test_a_hopeless_condition_on_a_formula_gives_up_early_and_says_why() -> None:
    for formula, said in (
        ("x * 2", r"For 400,000 of 400,000 rows .* the condition on `y = x \* 2`"),
        ("x % 2", r"Only 0 of 400,000 rows .* `y = x % 2`: of 1,200,000 draws 0\.00%"),
    ):
        columns = {"x": {"is": "uniform"}, "y": {"is": "expression", "formula": formula}}
        with pytest.raises(ConditionError, match=said):
            filled(Columns.build({"columns": columns}), 400_000, y=Allowed(low=3.0))


def test_a_rare_condition_on_a_formula_needs_no_luck() -> None:
    columns = {
        "price": {"is": "lognormal", "median": 20, "decimals": 2},
        "count": {"is": "geometric", "high": 9},
        "total": {"is": "expression", "formula": "round(price * count * 1.19, 2)"},
    }
    spec = Columns.build({"columns": columns})
    rows = filled(spec, 3_000, total=Allowed(low=5_000.0))
    assert rows["total"].min() >= 5_000  # type: ignore[operator]
    assert rows["total"].equals((rows["price"] * rows["count"] * 1.19).round(2))
    plain = spec.sample(300_000, Context.seeded(1)).table.filter(pl.col("total") >= 1_000)
    usual = filled(spec, plain.height, total=Allowed(low=1_000.0))
    assert stats.ks_2samp(usual["price"], plain["price"]).pvalue > 1e-4
    assert stats.ks_2samp(usual["count"], plain["count"]).pvalue > 1e-4


# --------------------------------------------------------------------------- formulas


FRAME = pl.DataFrame(
    {"a": [7, -7, 0], "b": [2.5, -0.5, 4.0], "s": ["X", "yz", None], "unit price": [1, 2, 3]}
).with_columns(t=pl.Series([True, False, None]), d=pl.Series([date(2024, 2, 29), date(1969, 12, 31), None]))


@pytest.mark.parametrize(
    ("formula", "cells"),
    [
        ("a + b * 2", [12.0, -8.0, 8.0]),
        ("-a", [-7, 7, 0]),
        ("a // 2", [3, -4, 0]),
        ("a % 3", [1, 2, 0]),
        ("1 / a", [1 / 7, -1 / 7, None]),
        ("b ** 2", [6.25, 0.25, 16.0]),
        ("sqrt(b)", [math.sqrt(2.5), None, 2.0]),
        ("log(exp(b))", [2.5, -0.5, 4.0]),
        ("coalesce(1 / a, 9)", [1 / 7, -1 / 7, 9.0]),
        ("min(a, b, 1)", [1.0, -7.0, 0.0]),
        ("round(b / 3, 2)", [0.83, -0.17, 1.33]),
        ("floor(b) + ceil(b)", [5.0, -1.0, 8.0]),
        ("abs(a)", [7, 7, 0]),
        ("a > 0 and b > 0", [True, False, False]),
        ("not a > 0 or t", [True, True, True]),
        ("-1 < a < 8", [True, False, True]),
        ("'big' if a > 0 else 'small'", ["big", "small", "small"]),
        ("a if t else None", [7, None, None]),
        ("concat(lower(s), '-', a)", ["x-7", "yz--7", None]),
        ("upper(s) + '!'", ["X!", "YZ!", None]),
        ("year(d) * 100 + month(d)", [202402, 196912, None]),
        ("d + days(1)", [date(2024, 3, 1), date(1970, 1, 1), None]),
        ("d >= date('2024-01-01')", [True, False, None]),
        ("column('unit price') + 1", [2, 3, 4]),
    ],
)
def test_formulas_mean_what_they_say(formula: str, cells: list[object]) -> None:
    read = Formula.read(formula)
    source = {
        "a": {"is": "uniform", "integers": True, "low": 0, "high": 9},
        "b": {"is": "normal"},
        "s": {"is": "categorical", "values": ["x", "y"]},
        "unit price": {"is": "uniform", "integers": True, "low": 0, "high": 9},
        "t": {"is": "categorical", "values": [True, False]},
        "d": {"is": "dates", "start": "2020-01-01", "end": "2024-01-01"},
    }
    kind = read.kind(Columns.build({"columns": source}).schema.table.columns)
    got = read.compute(FRAME, kind)
    assert got.dtype == kind.storage
    assert got.to_list() == [pytest.approx(cell) if isinstance(cell, float) else cell for cell in cells]


SIGNS = {"+": operator.add, "-": operator.sub, "*": operator.mul}
LEAVES = {"a": lambda row: row["a"], "b": lambda row: row["b"], "2": lambda row: 2, "0.5": lambda row: 0.5}


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.recursive(
        st.sampled_from(list(LEAVES.items())),
        lambda part: st.tuples(part, st.sampled_from(list(SIGNS.items())), part).map(
            lambda p: (
                f"({p[0][0]} {p[1][0]} {p[2][0]})",
                lambda row: p[1][1](p[0][1](row), p[2][1](row)),
            )
        ),
        max_leaves=8,
    )
)
def test_arithmetic_agrees_with_python(case: tuple[str, Callable[[dict[str, float]], float]]) -> None:
    formula, python = case
    frame = pl.DataFrame({"a": [3, -2], "b": [1.5, 0.25]})
    got = frame.with_columns(Formula.read(formula).expression.alias("it"))["it"].to_list()
    assert got == pytest.approx([python(row) for row in frame.to_dicts()])


@pytest.mark.parametrize(
    "hostile",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "(lambda: 1)()",
        "[x for x in (1,)]",
        "9**9**9",
        "a ** b",
        "a ** 1000",
        "10" * 20,
        "1e999",
        "'a' * 10**9",
        "open('secret')",
        "round(a, ndigits=2)",
        "min(*a)",
        "f'{a}'",
        "a := 1",
        "a; b",
        "b'x'",
        "1j",
        "column('*')",
        "column('^.*$')",
        "",
        "(" * 300,
        "+".join(["a"] * 400),
        "-" * 1500 + "a",
        "x" * 3000,
        "a\0",
    ],
)
def test_hostile_formulas_are_refused(hostile: str) -> None:
    declared = {"a": {"is": "normal"}, "b": {"is": "normal"}, "c": {"is": "expression", "formula": hostile}}
    with pytest.raises(SpecError, match=r"c\.formula"):
        Columns.build({"columns": declared})


# --------------------------------------------------------------------------- faults


def test_all_faults_are_named_at_once_with_hints() -> None:
    page = """
    columns:
      a: {is: nromal}
      b: {is: normal, sdt: 3, mean: x}
      c: {is: expression, formula: "bb + 1"}
      d: {is: categorical, values: [a, b], weights: [1]}
      e: {mean: 3}
      f: {is: uniform, low: 3, high: 1}
      g: 7
      h: {is: dates, start: 2024-02-01, end: 2024-01-01}
      i: {is: normal, unique: true}
      j: {is: uniform, unique: true}
      k: {is: categorical, values: [1, one]}
    """
    with pytest.raises(SpecError) as fault:
        Columns.build(yaml.safe_load(page))
    for said in (
        "a.is: no distribution `nromal`. Did you mean `normal`?",
        "b.sdt: no such option. Did you mean `std`?",
        "b.mean: Input should be a valid number",
        "c.formula: there is no column `bb`. Did you mean `b`?",
        "d: there are 2 values and 1 weights",
        "e: say what it is",
        "f: low (3.0) lies above high (1.0)",
        "g: a column is a mapping",
        "h: no step of 1 d lies between",
        "i.unique: no such option",
        "j: `unique` needs values that can be counted",
        "k: values are all text, all numbers",
    ):
        assert said in str(fault.value)


@pytest.mark.parametrize(
    ("formulas", "said"),
    [
        ({"b": "c + 1", "c": "b + 1"}, "in a circle: `b` -> `c` -> `b`|in a circle: `c` -> `b` -> `c`"),
        ({"b": "b + 1"}, "`b` -> `b`"),
        ({"b": "s * 2"}, "does not fit its columns"),
        ({"b": "sqrt(s)"}, "does not fit its columns"),
        ({"b": "not a"}, "does not fit its columns"),
        ({"b": "None"}, "no value a column can hold"),
    ],
)
def test_faults_between_columns(formulas: dict[str, str], said: str) -> None:
    drawn = {"a": {"is": "normal"}, "s": {"is": "keys", "uuid": 4}}
    computed = {name: {"is": "expression", "formula": formula} for name, formula in formulas.items()}
    with pytest.raises(SpecError, match=said):
        Columns.build({"columns": drawn | computed})


def test_formulas_alone_are_no_table() -> None:
    with pytest.raises(SpecError, match="at least one column must be drawn"):
        Columns.build({"columns": {"a": {"is": "expression", "formula": "1 + 1"}}})
