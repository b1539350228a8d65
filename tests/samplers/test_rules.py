"""Rules of declared tables, against enumeration where that is possible and against plain rejection where it is not."""

from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

import synthesist as sy
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.rules.rule import Depends, Unique, read_rule
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import declared

Rules = list[str | dict[str, Any]]
UNIFORM, NORMAL = {"is": "uniform"}, {"is": "normal"}
PRICE = {"is": "lognormal", "median": 20, "sigma": 0.8, "decimals": 2}
CENTS = {"is": "gamma", "decimals": 2}
TOGETHER = {"columns": ["a", "b"], "spearman": 0.7}
KIND = {"is": "categorical", "values": ["x", "y"], "weights": [1, 3]}
OPEN = {
    "is": "dates", "start": "2020-01-01", "end": "2020-03-31", "precision": "h",
    "hours": {"22-5": 0}, "weekdays": {"sat-sun": 0.2},
}  # fmt: skip


def build(columns: dict[str, Any], rules: Rules, **more: Any) -> Columns:
    return Columns.build({"columns": columns, "rules": rules, **more})


def broken(table: pl.DataFrame, rules: Rules) -> int:
    return sum(int(read_rule(rule).broken(table).sum()) for rule in rules)


# --------------------------------------------------------------------------- small tables, all of them enumerated


@pytest.mark.parametrize("seeds", [range(60), pytest.param(range(1_000, 2_000), marks=pytest.mark.prove)])
def test_random_rules_give_valid_rows_as_often_as_they_should_or_a_true_conflict(seeds: range) -> None:
    chances, conflicts = [], 0
    for seed in seeds:
        columns, rules = random_case(np.random.default_rng(seed))
        table, p = enumerated(columns, rules)
        if not len(p):
            conflicts += 1
            with pytest.raises(SpecError, match="no row can be made"):
                build(columns, rules)
            continue
        spec = build(columns, rules)
        n = min(2_000, *spec.most.values()) if spec.most else 2_000
        made = sy.sample(spec, n, seed=seed).table
        assert made.height == n
        assert not broken(made, rules), (seed, columns, rules)
        if not any(isinstance(read_rule(rule), Depends | Unique) for rule in rules):
            chances += chance(made, table, p)
    assert conflicts > len(seeds) / 20
    assert stats.kstest(chances, "uniform").pvalue > 0.001


def test_a_conflict_names_the_smallest_set_of_rules() -> None:
    count = {"is": "uniform", "low": 0, "high": 9, "integers": True}
    with pytest.raises(SpecError) as error:
        build({"a": count, "b": count, "c": count}, ["a < b", "c != 3", "b < a + 1", "a + c <= 17", "b <= c"])
    assert "`a < b`; `b < a + 1`" in str(error.value)
    assert "c != 3" not in str(error.value)
    with pytest.raises(SpecError, match=r"this rule cannot be met.*`a \+ b > 18`"):
        build({"a": count, "b": count}, ["a <= b", "a + b > 18"])


# --------------------------------------------------------------------------- stretches of values, against rejection


@pytest.mark.parametrize(
    ("columns", "rules", "correlated"),
    [
        ({"a": NORMAL, "b": CENTS, "c": {"is": "exponential", "missing": 0.2}}, ["a <= b <= c"], ()),
        ({"a": NORMAL, "b": NORMAL, "c": UNIFORM}, ["a + b <= c", "a * b > 0"], ()),
        ({"a": NORMAL, "b": UNIFORM}, ["a ** 2 + b ** 2 <= 1"], ()),
        ({"s": OPEN, "e": OPEN, "k": KIND}, ["s <= e", "if k = 'x' then e <= s + days(3)"], ()),
        ({"a": PRICE, "b": PRICE, "k": KIND}, ["a < b", "if k = 'y' then b > 30"], ()),
        ({"a": NORMAL, "b": NORMAL, "k": KIND}, ["a < b", "if k = 'x' then a > 0"], [TOGETHER]),
    ],
)  # fmt: skip
def test_shares_under_rules_are_those_of_rejection(columns: Any, rules: Any, correlated: Any) -> None:
    made = sy.sample(build(columns, rules, correlated=correlated), 30_000, seed=1).table
    assert not broken(made, rules)
    plain = sy.sample("columns", 300_000, columns=columns, correlated=correlated, seed=2).table
    for rule in rules:
        plain = plain.filter(~read_rule(rule).broken(plain))
    assert 1_000 < plain.height < 250_000
    numbers = [name for name in columns if made[name].dtype != pl.String]
    ours, theirs = ({n: t[n].to_physical().cast(pl.Float64).fill_null(-9) for n in numbers} for t in (made, plain))
    for name in numbers:
        assert stats.ks_2samp(ours[name], theirs[name]).pvalue > 1e-4
    for one, other in pairwise(numbers):
        assert stats.ks_2samp(ours[one] - ours[other], theirs[one] - theirs[other]).pvalue > 1e-4


def test_equations_are_definitions_that_keep_to_the_grid() -> None:
    columns = {
        "price": PRICE,
        "count": {"is": "geometric", "high": 9},
        "total": {"is": "uniform", "low": 10, "high": 500, "decimals": 2},
        "paid": {"is": "uniform", "low": 0, "high": 500, "decimals": 2},
        "rest": {"is": "uniform", "low": 0, "high": 400, "decimals": 2},
    }
    rules: Rules = ["total = price * count", "paid + rest = total", "rest <= paid", "paid < 300"]
    made = sy.sample(build(columns, rules), 20_000).table
    assert not broken(made, rules)
    cents = made.select((pl.all() * 100 - (pl.all() * 100).round()).abs().max())
    assert max(cents.row(0)) < 1e-6
    assert made["total"].is_between(10, 500).all()
    assert made["rest"].is_between(0, 400).all()


def test_shares_of_a_whole() -> None:
    share = {"is": "beta", "alpha": 2, "beta": 3, "decimals": 3}
    made = sy.sample(build({"a": share, "b": share, "c": share}, ["a + b + c = 1"]), 20_000).table
    assert (made.sum_horizontal() - 1).abs().max() < 1e-9
    a, b, c = (made[name].to_numpy() for name in "abc")
    assert stats.ks_2samp(a, b).pvalue > 1e-4  # none of the three is the one that pays for the others
    assert stats.ks_2samp(a, c).pvalue > 1e-4


# --------------------------------------------------------------------------- what is settled between rows


def test_what_depends_on_a_column_is_the_same_in_all_rows_and_blocks() -> None:
    columns = {
        "zip": {"is": "uniform", "low": 1, "high": 400, "integers": True},
        "city": {"is": "categorical", "values": list("ABCDEFGH"), "weights": list(range(1, 9))},
        "state": {"is": "categorical", "values": ["N", "S"]},
    }
    rules: Rules = ["zip -> city", "city -> state", "if city in ('A', 'B') then state = 'N'"]
    spec = build(columns, rules)
    made = sy.sample(spec, 150_000).table
    assert not broken(made, rules)
    counts = made.group_by("zip").len()["len"]
    assert stats.chisquare(counts).pvalue > 1e-4  # the zips keep their shares
    other = sy.sample(spec, 70_000, seed=1).table
    assert (
        made.select("zip", "city").unique().join(other.select("zip", "city").unique(), on=["zip", "city"]).height < 400
    )


def test_unique_combinations_run_out_and_say_so() -> None:
    columns = {
        "student": {"is": "uniform", "low": 1, "high": 300, "integers": True},
        "course": {"is": "categorical", "values": ["a", "b", "c"], "weights": [6, 3, 1]},
        "grade": {"is": "uniform", "low": 1, "high": 6, "integers": True},
    }
    rules: Rules = ["unique(student, course)", "if course = 'c' then student <= 100", "if course = 'a' then grade < 5"]
    spec = build(columns, rules)
    assert spec.most == {"student, course": 700}
    made = sy.sample(spec, 700).table
    assert not broken(made, rules)
    first, last = (rows["course"].eq("a").sum() for rows in (made.head(250), made.tail(250)))
    assert first > 1.2 * last  # frequent ones come first, as when duplicates are rejected
    with pytest.raises(DataError, match="only 700"):
        sy.sample(spec, 701)


# --------------------------------------------------------------------------- conditions and given cells


def test_conditions_and_given_cells_move_what_rules_tie_to_them() -> None:
    columns = {"a": NORMAL, "b": NORMAL, "s": {"is": "normal", "std": 3}, "k": KIND}
    rules: Rules = ["a <= b", "s = a + b", "if k = 'x' then a > 0"]
    spec = build(columns, rules)
    made = sy.sample(spec, 5_000, {"a": (">", 1.0), "k": "x"}).table
    assert not broken(made, rules)
    assert made["a"].min() > 1.0
    given = pl.DataFrame(
        {"a": [None, 0.5, None], "b": [1.0, None, None], "s": [None, None, 4.0], "k": ["x", None, "y"]}
    )
    holes = Dataset({"table": given}, spec.schema)
    full = spec.fill(holes, {}, Context.seeded(0)).table
    assert not broken(full, rules)
    for name in given.columns:
        there = given[name].is_not_null()
        assert full[name].filter(there).equals(given[name].filter(there))
    wrong = pl.DataFrame({"a": [2.0], "b": [1.0], "s": [None], "k": [None]}, schema=given.schema)
    with pytest.raises(ConditionError, match="1 of 1 rows"):
        spec.fill(holes.with_table(wrong), {}, Context.seeded(0))


def test_listed_combinations_among_very_many_values() -> None:
    columns = {
        "zip": {"is": "uniform", "low": 10_000, "high": 99_999, "integers": True},
        "day": {"is": "dates", "start": "2020-01-01", "end": "2024-12-31"},
        "country": {"is": "categorical", "values": ["DE", "US"], "weights": [1, 3]},
    }
    listed = [[10_115, "2020-02-03", "DE"], [90_210, "2021-01-01", "US"], [5, "2020-01-01", "US"]]
    rules: Rules = [{"combinations": ["zip", "day", "country"], "rows": listed}]
    made = sy.sample(build(columns, rules), 4_000).table
    assert not broken(made, rules)
    assert made["zip"].eq(90_210).mean() == pytest.approx(0.75, abs=0.03)


def test_long_chains_of_formulas_are_no_matter_but_for_rules_on_them() -> None:
    columns: dict[str, Any] = {"x0": NORMAL}
    columns |= {f"x{i}": {"is": "expression", "formula": f"x{i - 1} + x{i - 1}"} for i in range(1, 40)}
    made = sy.sample(build(columns, ["x3 > 4"]), 500).table
    assert made["x0"].min() > 0.5
    assert (made["x39"] == made["x0"] * 2.0**39).all()
    with pytest.raises(SpecError, match="`x30`, whose formula is too long"):
        build(columns, ["x30 > 4"])


def test_two_conditions_on_a_group_need_no_luck() -> None:
    spec = build({"a": NORMAL, "b": NORMAL}, [], correlated=[{"columns": ["a", "b"], "spearman": 0.6}])
    made = sy.sample(spec, 5_000, {"a": (">", 2.5), "b": ("<", -1.0)}).table  # met by one row in 200,000
    assert made["a"].min() > 2.5
    assert made["b"].max() < -1.0


def test_the_same_rows_whatever_their_number_and_the_threads() -> None:
    spec = build({"a": NORMAL, "b": UNIFORM, "k": KIND}, ["a <= b", "if k = 'x' then a > 0"])
    many = sy.sample(spec, 140_000, ctx=Context.seeded(3, threads=4)).table
    few = sy.sample(spec, 70_000, ctx=Context.seeded(3, threads=1)).table
    assert many.head(70_000).equals(few)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (["a <= z"], "no column `z`"),
        (["a + b"], "neither true nor false"),
        (["a <= k"], "does not fit"),
        (["a ->"], "names no column"),
        (["unique(a, a)"], "twice"),
        (["combinations(a, k)"], "say which"),
        ([{"combinations": ["a", "k"], "rows": [[1]]}], "a cell for each"),
        ([{"wrong": 1}], "is no rule"),
        (["id <= 5"], "unique values"),
        (["unique(a, k)"], "can be listed"),
        (["n = a * b"], "cannot be solved"),
        (["1 = 2"], "cannot be met.*`1 = 2`"),
        (["n in ()"], "cannot be met"),
        ([{"combinations": ["n", "k"], "rows": [["five", "x"]]}], "'five' is no integer"),
        ([{"combinations": ["a", "k"], "rows": [[0.5, "x"]]}], "can be listed"),
        ([{"combinations": ["t", "k"], "rows": [["abc", "x"]]}], "can be listed"),
    ],
)
def test_rules_that_cannot_be_are_refused_when_the_page_is_read(rules: Any, said: str) -> None:
    columns = {
        "id": {"is": "keys"}, "a": NORMAL, "b": NORMAL, "k": KIND,
        "n": {"is": "uniform", "low": 0, "high": 1e6, "integers": True}, "t": {"is": "regex", "pattern": "[a-z]{3}"},
    }  # fmt: skip
    with pytest.raises(SpecError, match=said):
        build(columns, rules)


@pytest.mark.prove
def test_a_million_rows_under_rules_of_all_kinds_break_none() -> None:
    columns, rules = every_kind()
    spec = build(columns, rules)
    made = sy.sample(spec, 1_000_000).table
    assert made.height == 1_000_000
    assert not broken(made, rules)


def test_rules_of_all_kinds_compose() -> None:
    columns, rules = every_kind()
    assert not broken(sy.sample(build(columns, rules), 20_000).table, rules)


def every_kind() -> tuple[dict[str, Any], Rules]:
    columns = {
        "id": {"is": "keys"},
        "customer": {"is": "uniform", "low": 1, "high": 200_000, "integers": True},
        "slot": {"is": "uniform", "low": 1, "high": 10, "integers": True},
        "ordered": {"is": "dates", "start": "2022-01-01", "end": "2024-12-31", "precision": "m"},
        "shipped": {"is": "dates", "start": "2022-01-01", "end": "2025-01-31", "precision": "m", "missing": 0.1},
        "arrived": {"is": "dates", "start": "2022-01-01", "end": "2025-02-28", "precision": "m", "missing": 0.2},
        "status": {"is": "categorical", "values": ["open", "sent", "done"], "weights": [1, 2, 7]},
        "country": {"is": "categorical", "values": ["DE", "US", "FR", "CH"]},
        "currency": {"is": "categorical", "values": ["EUR", "USD", "CHF"]},
        "card": {"is": "bernoulli", "p": 0.6},
        "cash": {"is": "bernoulli", "p": 0.2},
        "invoice": {"is": "bernoulli", "p": 0.3},
        "price": PRICE,
        "count": {"is": "geometric", "high": 20},
        "net": {"is": "lognormal", "median": 40, "sigma": 1, "decimals": 2},
        "tax": {"is": "lognormal", "median": 8, "sigma": 1, "decimals": 2},
        "total": {"is": "lognormal", "median": 50, "sigma": 1, "decimals": 2},
        "zip": {"is": "uniform", "low": 10_000, "high": 11_999, "integers": True},
        "region": {"is": "categorical", "values": ["north", "east", "south", "west"]},
    }
    rules: Rules = [
        "ordered <= shipped <= arrived",
        "arrived <= ordered + days(60)",
        "if status = 'done' then arrived is not missing",
        "if status = 'open' then shipped is missing and arrived is missing",
        "if shipped is missing then arrived is missing",
        {"combinations": ["country", "currency"], "rows": [["DE", "EUR"], ["FR", "EUR"], ["US", "USD"], ["CH", "CHF"]]},
        "one_hot(card, cash, invoice)",
        "if cash then total < 200",
        "net = round(price * count, 2)",
        "tax = round(net * 0.19, 2)",
        "total = net + tax",
        "total between 5 and 5000",
        "price >= 1",
        "unique(customer, slot)",
        "zip -> region",
        "if region = 'north' then zip < 11500",
    ]
    return columns, rules


# --------------------------------------------------------------------------- random cases and their enumeration


def random_case(rng: np.random.Generator) -> tuple[dict[str, Any], Rules]:
    """Two to four columns with a few values each, and one to five rules of all kinds over them."""
    names = list("abcd")[: rng.integers(2, 5)]
    columns: dict[str, Any] = {}
    for name in names:
        low = int(rng.integers(-2, 3))
        forms: list[dict[str, Any]] = [
            {"is": "uniform", "low": low, "high": low + int(rng.integers(1, 6)), "integers": True},
            {"is": "binomial", "trials": int(rng.integers(1, 6)), "p": 0.4},
            {"is": "bernoulli", "p": float(rng.choice([0.3, 0.7]))},
            {"is": "categorical", "values": ["x", "y", "z"][: rng.integers(2, 4)]},
        ]
        columns[name] = forms[rng.integers(4)] | {"missing": float(rng.choice([0, 0, 0.3]))}
    counts = [name for name in names if columns[name]["is"] in ("uniform", "binomial")]
    truths = [name for name in names if columns[name]["is"] == "bernoulli"]
    words = [name for name in names if columns[name]["is"] == "categorical"]

    def comparison() -> str:
        found = [f"{rng.choice(names)} is {rng.choice(['missing', 'not missing'])}"]
        found += [f"{name} {rng.choice(['<', '<=', '=', '!=', '>'])} {rng.integers(-2, 6)}" for name in counts]
        found += [f"{rng.choice(['', 'not '])}{name}" for name in truths]
        found += [f"{name} {rng.choice(['=', '!='])} '{rng.choice(['x', 'y', 'z'])}'" for name in words]
        found += [f"{name} in ('x', 'z')" for name in words]
        if len(counts) > 1:
            a, b = rng.choice(counts, 2, replace=False)
            found += [f"{a} {rng.choice(['<', '<=', '=', '!='])} {b}"]
            found += [f"{a} + {b} {rng.choice(['<=', '=', '>='])} {rng.integers(8)}"]
        return str(rng.choice(found))

    def value(name: str) -> Any:
        if name in counts:
            return int(rng.integers(-1, 5))
        return bool(rng.integers(2)) if name in truths else str(rng.choice(["x", "y", "z"]))

    rules: Rules = []
    for form in rng.integers(0, 7, rng.integers(1, 5)):
        a, b = (str(name) for name in rng.choice(names, 2, replace=False))
        if form == 4 and len(truths) > 1:
            rules.append(f"one_hot({', '.join(truths)})")
        elif form == 5:
            rules.append({"combinations": [a, b], "rows": [[value(a), value(b)] for _ in range(rng.integers(1, 6))]})
        elif form == 6 and len(counts) > 2:
            rules.append(f"{counts[0]} + {counts[1]} = {counts[2]}")
        else:
            rules.append(f"if {comparison()} then {comparison()}" if form == 3 else comparison())
    if rng.random() < 0.25:
        a, b = (str(name) for name in rng.choice(names, 2, replace=False))
        rules.append(f"{a} -> {b}" if rng.random() < 0.5 else f"unique({a}, {b})")
    return columns, rules


def enumerated(columns: dict[str, Any], rules: Rules) -> tuple[pl.DataFrame, np.ndarray]:
    """Every row the columns can make that breaks no rule, and how likely each is without them."""
    domains = []
    for column in declared(columns).values():
        values, weight = column.listed(100) or pytest.fail("these have few values")
        weight = np.append(weight / weight.sum() * (1 - column.missing), column.missing)
        values = values.cast(column.kind.storage).extend_constant(None, 1)
        domains.append((values.filter(pl.Series(weight > 0)), weight[weight > 0]))
    grid = np.indices([len(weight) for _, weight in domains]).reshape(len(domains), -1)
    table = pl.DataFrame(
        {n: values.gather(cells) for n, (values, _), cells in zip(columns, domains, grid, strict=True)}
    )
    p = np.prod([weight[cells] for (_, weight), cells in zip(domains, grid, strict=True)], axis=0)
    valid = np.ones(len(p), dtype=bool)
    for rule in map(read_rule, rules):
        if not isinstance(rule, Depends | Unique):
            valid &= ~rule.broken(table).to_numpy()
    return table.filter(pl.Series(valid)), p[valid]


def chance(made: pl.DataFrame, table: pl.DataFrame, p: np.ndarray) -> list[float]:
    """The p-value of a chi-square test of the rows made against those enumerated; none where there is one row only."""
    tally = made.group_by(made.columns).len()
    counted = table.join(tally, on=made.columns, how="left", nulls_equal=True, maintain_order="left")
    seen, expected = counted["len"].fill_null(0).to_numpy(), p / p.sum() * made.height
    assert seen.sum() == made.height
    often = expected >= 5
    seen, expected = (np.append(x[often], x[~often].sum()) for x in (seen, expected))
    some = expected > 0
    return [float(stats.chisquare(seen[some], expected[some]).pvalue)] if some.sum() > 1 else []
