"""Related tables: real schemas load into a database with every constraint on, the same however they are drawn."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from scipy import stats

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.page import read_page
from synthesist.data.schema import TableSchema
from synthesist.errors import ConditionError, DataError, NotFoundError, SpecError
from synthesist.samplers.tables import Tables
from synthesist.testing.inside import fits, same
from synthesist.verbs.drawing import sample

PAGES = sorted((Path(__file__).parents[2] / "examples" / "tables").glob("*.yaml"))
STEADY = ("shop", "hospital", "schools", "tenants", "repositories", "trial", "theatre", "league")
"""Pages of which no link leads into a table whose size depends on the number of units."""


def spec(page: str | Path) -> Tables:
    written = read_page(next(path for path in PAGES if page in (path, path.stem)))
    return Tables.build({name: value for name, value in written.items() if name != "kind"})


def declared(**tables: Any) -> Tables:
    return Tables.build({"tables": {name: {"columns": columns} for name, columns in tables.items()}})


def drawn(spec: Tables, n: int | dict[str, int], seed: int = 0, threads: int = 1, **more: Any) -> Dataset:
    made: Dataset = sample(spec, n, ctx=Context.seeded(seed, threads=threads), **more)
    return made


# --------------------------------------------------------------------------- whole and unique


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_database_takes_all_rows_with_every_constraint_on(page: Path) -> None:
    data = drawn(spec(page), 60)
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("PRAGMA foreign_keys = ON")
    for statement in ddl(data):
        database.execute(statement)
    database.execute("BEGIN")  # the keys that go round are checked at the end
    for name, table in data.tables.items():
        cells = table.with_columns(pl.col(pl.Date, pl.Datetime, pl.Duration).cast(pl.String))
        places = ", ".join("?" * table.width)
        database.executemany(f'INSERT INTO "{name}" VALUES ({places})', cells.rows())
    database.execute("COMMIT")
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    fits(data, data.schema)


def ddl(data: Dataset) -> Iterator[str]:
    """The tables as a database declares them, from the schema of the data alone."""
    for name, table in data.schema.tables.items():
        lines = [f'"{column}"{"" if kind.missing else " NOT NULL"}' for column, kind in table.columns.items()]
        lines += [f"PRIMARY KEY ({named(table.key)})"] if table.key else []
        lines += [f"UNIQUE ({named(to)})" for to in referred(data, name, table)]
        lines += [
            f'FOREIGN KEY ({named(link.columns)}) REFERENCES "{link.table}" ({named(link.to)}) '
            "DEFERRABLE INITIALLY DEFERRED"
            for link in table.links
        ]
        yield f'CREATE TABLE "{name}" ({", ".join(lines)})'


def referred(data: Dataset, name: str, table: TableSchema) -> set[tuple[str, ...]]:
    """What others refer to, in the order they name it; a database wants it declared unique."""
    links = (link for other in data.schema.tables.values() for link in other.links)
    return {link.to for link in links if link.table == name and link.to != table.key}


def named(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


@pytest.mark.parametrize("broken", ["orphan", "twice"])
def test_what_is_not_whole_is_found(broken: str) -> None:
    data = drawn(spec("shop"), 30)
    lines = data.tables["lines"]
    worse = lines.with_columns(product=pl.lit("??")) if broken == "orphan" else pl.concat([lines, lines.head(1)])
    with pytest.raises(AssertionError, match="not there" if broken == "orphan" else "twice"):
        fits(Dataset({**data.tables, "lines": worse}, data.schema), data.schema)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_a_page_survives_writing_and_reading(page: Path) -> None:
    one = spec(page)
    written = one.describe()
    assert written.pop("kind") == "tables"
    assert Tables.build(yaml.safe_load(yaml.safe_dump(json.loads(json.dumps(written))))) == one


def test_the_page_of_the_documentation_is_one() -> None:
    lines = (Tables.__doc__ or "").splitlines()
    page = yaml.safe_load("\n".join(line for line in lines if line.startswith("        ")))
    assert page.pop("kind") == "tables"
    fits(drawn(made := Tables.build(page), 20), made.schema, 20)


# --------------------------------------------------------------------------- the same however drawn


@pytest.mark.parametrize("page", STEADY)
def test_the_first_units_do_not_depend_on_how_many_follow(page: str) -> None:
    one = spec(page)
    few, many = drawn(one, 5), drawn(one, one.block + 5)
    first = {name: table.head(few.tables[name].height) for name, table in many.tables.items()}
    same(Dataset(first, many.schema), few, page)


@pytest.mark.parametrize("page", ["circle", "bank", "shop", "insurance"])
def test_threads_change_nothing_and_seeds_do(page: str) -> None:
    one = spec(page)
    n = one.block + 3
    same(drawn(one, n, threads=3), drawn(one, n), "three threads")
    assert not drawn(one, 50, seed=1).tables[one.schema.unit].equals(drawn(one, 50).tables[one.schema.unit])


def test_a_world_alone_is_the_world_of_the_driver() -> None:
    one = spec("blog")
    ctx = Context.seeded(0).at("sample")
    same(one.sample(40, ctx), drawn(one, 40), "sample")


# --------------------------------------------------------------------------- as declared


def test_as_many_rows_belong_to_each_as_declared() -> None:
    data = drawn(spec("shop"), 20_000)
    orders = owned(data, "orders", "customer", "customers", "id")
    lines = owned(data, "lines", "order", "orders", "id")
    assert follows(orders, stats.nbinom(1.5, 1.5 / 5.5))
    cut = stats.geom(0.45).pmf(np.arange(13)) / stats.geom(0.45).cdf(12)
    assert follows(lines, stats.rv_discrete(values=(np.arange(13), cut / cut.sum())))
    assert set(owned(data, "payments", "order", "orders", "id")) == {1, 2}
    assert owned(data, "shipments", "order", "orders", "id").mean() == pytest.approx(0.9, abs=0.01)
    constant = drawn(spec("accounts"), 500)
    assert (constant.tables["settings"]["user"] == constant.tables["users"]["id"]).all()


def owned(data: Dataset, table: str, column: str, owner: str, key: str) -> np.ndarray:
    """How many rows of the table each row of its owner has."""
    counts = data.tables[table].group_by(column).len()
    joined = data.tables[owner].select(key).join(counts, left_on=key, right_on=column, how="left")
    return joined["len"].fill_null(0).to_numpy().astype(np.int64)


def follows(counts: np.ndarray, law: Any) -> bool:
    """Whether counts come from a law, by a chi-square test over values that are expected often enough."""
    most = int(law.isf(20 / len(counts)))  # what is larger is rare, and counted together
    wanted = np.append(law.pmf(np.arange(most + 1)), law.sf(most)) * len(counts)
    seen = np.bincount(np.minimum(counts, most + 1), minlength=most + 2)
    possible = wanted > 0
    assert not seen[~possible].any()
    return bool(stats.chisquare(seen[possible], wanted[possible]).pvalue > 1e-4)


def test_places_count_within_the_owner() -> None:
    table = drawn(spec("parts"), 50).tables["operations"]
    assert table["step"].to_list() == [10, 11] * 50


def test_formulas_read_other_tables() -> None:
    data = drawn(spec("shop"), 500)
    with pl.SQLContext({name: table.lazy() for name, table in data.tables.items()}, eager=True) as sql:
        amounts = sql.execute(
            "SELECT l.amount, round(l.quantity * p.price, 2) AS wanted FROM lines l JOIN products p ON l.product = p.id"
        )
        totals = sql.execute(
            "SELECT o.total, l.wanted FROM orders o JOIN "
            '(SELECT "order", sum(amount) AS wanted FROM lines GROUP BY "order") l ON o.id = l."order"'
        )
        days = sql.execute("SELECT o.day, c.since, o.after FROM orders o JOIN customers c ON o.customer = c.id")
    assert amounts.height == data.tables["lines"].height
    assert (amounts["amount"] == amounts["wanted"]).all()
    assert totals.height == data.tables["orders"].height
    assert ((totals["total"] - totals["wanted"]).abs() < 1e-6).all()
    assert ((days["day"] - days["since"]).dt.total_days() == days["after"]).all()
    shares = data.tables["lines"].group_by("order").agg(pl.col("share").sum())
    assert ((shares["share"] - 100).abs() < 1).all()


def test_aggregates_of_nothing_and_over_two_tables() -> None:
    made = declared(
        a={
            "id": {"is": "keys"},
            "n": {"is": "expression", "formula": "count(c)"},
            "filled": {"is": "expression", "sql": "COUNT(c.x)"},
            "sum": {"is": "expression", "sql": "SUM(c.x)"},
            "least": {"is": "expression", "formula": "min(c.x)"},
            "mean": {"is": "expression", "formula": "mean(c.x)"},
            "top": {"is": "expression", "formula": "max(c.x) - coalesce(min(c.x), 0)"},
        },
        b={"id": {"is": "keys"}, "a": {"is": "reference", "to": "a", "each": {"is": "poisson", "mean": 1}}},
        c={
            "b": {"is": "reference", "to": "b", "each": {"is": "poisson", "mean": 1}, "missing": 0.2},
            "x": {"is": "uniform", "high": 9, "integers": True, "missing": 0.3},
        },
    )
    data = drawn(made, 2_000)
    joined = data.tables["c"].join(data.tables["b"], left_on="b", right_on="id").group_by("a")
    wanted = joined.agg(
        n=pl.len(), filled=pl.col("x").count(), sum=pl.col("x").sum(), least=pl.col("x").min(), mean=pl.col("x").mean()
    )
    a = data.tables["a"].join(wanted, left_on="id", right_on="a", how="left", suffix="_")
    for name in ("n", "filled", "sum"):
        assert (a[name] == a[f"{name}_"].fill_null(0)).all()
    assert a["least"].equals(a["least_"], check_names=False)
    assert ((a["mean"] - a["mean_"]).abs().fill_null(0) < 1e-9).all()
    assert a.filter(pl.col("filled") == 0)["mean"].null_count() == (a["filled"] == 0).sum() > 0


def test_values_of_rows_in_other_blocks_are_the_ones_drawn_there() -> None:
    made = declared(
        a={"id": {"is": "keys"}, "x": {"is": "normal"}},
        b={"id": {"is": "keys"}, "a": {"is": "reference", "to": "a", "missing": 0.1},
           "x": {"is": "expression", "formula": "a.x"}},
        c={"id": {"is": "keys"}, "b": {"is": "reference", "to": "b"}, "x": {"is": "expression", "sql": "b.a.x"}},
    )  # fmt: skip
    data = drawn(made, made.block + 1_000)
    for table, link, other in (("b", "a", "a"), ("c", "b", "b")):
        joined = data.tables[table].join(data.tables[other], left_on=link, right_on="id", how="left", suffix="_")
        assert joined["x"].equals(joined["x_"], check_names=False)


def test_rows_of_a_last_block_that_point_to_each_other_are_found() -> None:
    up = {**TO_A, "before": True}
    made = declared(
        a={
            "id": {"is": "keys", "pattern": "aaaaaa"},
            "up": up,
            "x": {"is": "normal"},
            "y": {"is": "expression", "formula": "up.up.x"},
        }
    )
    table = drawn(made, made.block + 70).tables["a"]
    above = dict(zip(table["id"], table["up"], strict=True))
    x = dict(zip(table["id"], table["x"], strict=True))
    assert table["y"].to_list() == [x[above[key]] for key in table["up"]]


def test_cells_are_lost_by_what_other_tables_say() -> None:
    data = drawn(spec("insurance"), 30_000)
    claims = data.tables["claims"].join(data.tables["policies"], left_on="policy", right_on="number", how="left")
    lost = claims["amount"].is_null()
    assert not lost.filter((claims["premium"] <= 500).fill_null(True)).any()
    assert lost.filter((claims["premium"] > 500).fill_null(False)).mean() == pytest.approx(0.2, abs=0.03)


def test_rules_hold_in_each_table() -> None:
    made = Tables.build(
        {
            "tables": {
                "a": {"columns": {"id": KEY}},
                "b": {"columns": {"a": EACH, "x": {"is": "uniform"}, "y": {"is": "uniform"}}, "rules": ["x <= y"]},
            }
        }
    )
    table = drawn(made, 500).tables["b"]
    assert (table["x"] <= table["y"]).all() and made.schema.tables["b"].rules == ("x <= y",)


def test_conditions_are_on_drawn_columns_of_the_unit() -> None:
    one = spec("shop")
    data = drawn(one, 300, where={"country": "PL"})
    assert (data.tables["customers"]["country"] == "PL").all() and data.units == 300
    fits(data, one.schema, 300)
    with pytest.raises(ConditionError, match="`spent` of `customers` follows from other rows"):
        drawn(one, 3, where={"spent": (">", 3)})
    with pytest.raises(NotFoundError, match="total"):
        drawn(one, 3, where={"total": (">", 3)})


def test_keys_may_be_places_or_columns_that_a_rule_makes_unique() -> None:
    made = Tables.build(
        {
            "tables": {
                "days": {"key": "number", "columns": {"number": {"is": "position"}}},
                "slots": {
                    "key": ["room", "hour"],
                    "rows": 40,
                    "columns": {
                        "room": {"is": "categorical", "values": ["a", "b", "c"]},
                        "hour": {"is": "uniform", "low": 0, "high": 23, "integers": True},
                        "day": {"is": "reference", "to": "days"},
                    },
                    "rules": ["unique(room, hour)"],
                },
            }
        }
    )
    data = drawn(made, 7)
    fits(data, made.schema, 7)
    assert data.tables["days"]["number"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    with pytest.raises(DataError, match="has only 72 different values, and there are 73 rows"):
        drawn(made, {"days": 7, "slots": 73})


# --------------------------------------------------------------------------- what is refused

KEY = {"is": "keys"}
TO_A = {"is": "reference", "to": "a"}
EACH = {**TO_A, "each": {"is": "poisson", "mean": 2}}


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "to": "aa"}}}, "b.a.to: there is no table `aa`. Did you mean `a`?"),
        ({"a": {"x": {"is": "normal"}}, "b": {"a": TO_A}}, "it has no key"),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "column": "di"}}}, "no column `di` in `a`"),
        ({"a": {"id": KEY, "x": {"is": "normal"}}, "b": {"a": {**TO_A, "column": "x"}}}, "`a.x` is no key: link to id"),
        ({"a": {"id": KEY}, "b": {"a": EACH, "c": {**EACH}}}, "belongs to `a`, and a table has one owner at most"),
        ({"a": {"id": KEY, "up": EACH}}, "in a circle: `a` -> `a`: give `before: true` instead"),
        (
            {"b": {"id": KEY}, "a": {"id": KEY, "b": {**EACH, "to": "c"}}, "c": {"id": KEY, "a": EACH}},
            "in a circle: `a` -> `c` -> `a`",
        ),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "before": True}}}, "earlier rows are those of the same table"),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "own": True}}}, "no row owns both rows of `b` and of `a`"),
        ({"a": {"id": KEY}, "b": {"a": {**EACH, "distinct": True}}}, "`each` settles who refers to whom"),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "each": {"is": "normal"}}}}, "a number of rows is a whole number"),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "each": -1}}}, "a whole number of 0 or more"),
        ({"a": {"id": KEY}, "b": {"a": {**TO_A, "weights": {"is": "normal"}}}}, "weights"),
        (
            {"a": {"id": KEY}, "b": {"a": {**TO_A, "distinct": True, "weights": {"is": "zipf"}}}},
            "rows that nobody owns take each row equally often",
        ),
        ({"a": {"id": KEY}, "b": {"x": {"is": "expression", "formula": "a.id"}}}, "`b` has no link `a`"),
        ({"a": {"id": KEY}, "b": {"a": TO_A, "x": {"is": "expression", "formula": "a.di"}}}, "no column `di` in `a`"),
        ({"a": {"id": KEY, "n": {"is": "expression", "formula": "count(b)"}}, "b": {"a": TO_A}}, "does not belong to"),
        ({"a": {"id": KEY, "n": {"is": "expression", "formula": "count(c)"}}, "b": {"a": TO_A}}, "`c` is no table"),
        (
            {
                "a": {"id": KEY, "s": {"is": "expression", "formula": "sum(b.x)"}},
                "b": {"a": EACH, "x": {"is": "expression", "formula": "a.s / 2"}},
            },
            "in a circle: `a.s` -> `b.x` -> `a.s`",
        ),
        (
            {"a": {"id": KEY, "up": {**TO_A, "before": True}, "n": {"is": "expression", "formula": "up.n + 1"}}},
            "in a circle: `a.n` -> `a.n`",
        ),
        (
            {"a": {"id": KEY, "s": {"is": "expression", "formula": "sum(b.x)"}},
             "b": {"a": EACH, "x": {"is": "regex", "pattern": "a+", "longest": 3}}},
            "has no sum",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tables: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError) as refused:
        declared(**tables)
    assert says in str(refused.value)


A: dict[str, Any] = {"columns": {"id": KEY}}
COUNT = {"is": "poisson"}


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"a": A, "b": {"key": ["a", "x"], "columns": {"a": EACH, "x": COUNT}}}, "the same a, x may come twice"),
        (
            {"a": A, "b": {"key": ["a", "n"], "columns": {"a": {**EACH, "missing": 0.1}, "n": {"is": "position"}}}},
            "`a` may be empty",
        ),
        ({"a": {**A, "key": "di"}}, "there is no column `di`"),
        ({"a": {**A, "rows_per_unit": 2}}, "these are the units themselves"),
        ({"a": A, "b": {**A, "rows": 3, "rows_per_unit": 2}}, "not both"),
        ({"a": A, "b": {"columns": {"a": EACH}, "lost": [{"columns": ["a"]}]}}, "by its own `missing`"),
        ({"a": {**A, "lost": [{"columns": ["id"], "when": "b.x > 1"}]}}, "may be empty"),
        ({"a": A, "b": {"columns": {"x": COUNT}, "lost": [{"columns": ["x"], "when": "a.x > 1"}]}}, "no link `a`"),
        ({"a": A, "b": {"columns": {"a": EACH, "x": COUNT}, "rules": ["a < x"]}}, "`a` follows from other rows"),
        ({"a": A, "b": {"columns": {"a": EACH, "x": COUNT}, "rules": ["a.id < x"]}}, "and is no equation"),
        (
            {"a": A, "b": {"columns": {"a": EACH, "x": COUNT}, "correlated": [{"columns": ["a", "x"], "spearman": 0}]}},
            "cannot be in a group",
        ),
    ],
)
def test_tables_that_cannot_be_are_refused(tables: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError) as refused:
        Tables.build({"tables": tables})
    assert says in str(refused.value)


def test_the_unit_is_the_first_table_that_belongs_to_none() -> None:
    assert declared(b={"a": EACH}, a={"id": KEY}, c={"id": KEY}).schema.unit == "a"
    with pytest.raises(SpecError, match="the unit is a table that belongs to none"):
        Tables.build({"unit": "b", "tables": {"b": {"columns": {"a": EACH}}, "a": {"columns": {"id": KEY}}}})


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(SpecError) as refused:
        declared(a={"id": KEY, "b": {"is": "reference", "to": "x"}}, b={"c": {"is": "reference", "to": "y"}})
    assert "2 faults" in str(refused.value) and "tables.a.b.to" in str(refused.value)


def test_links_have_no_place_on_a_page_of_one_table() -> None:
    with pytest.raises(SpecError, match="kind: tables"):
        sample("columns", 3, columns={"id": KEY, "up": {"is": "reference", "to": "x"}})
    with pytest.raises(SpecError, match=r"`a\.x` ties tables together"):
        sample("columns", 3, columns={"id": KEY, "x": {"is": "expression", "formula": "a.x"}})


def test_more_rows_than_keys_are_refused_before_any_is_drawn() -> None:
    made = declared(a={"id": {"is": "keys", "pattern": "99"}}, b={"a": TO_A})
    with pytest.raises(DataError, match=r"`a\.id` has only 100 keys"):
        drawn(made, 101)
    few = declared(
        a={"id": KEY}, b={"id": {"is": "regex", "pattern": "[ab]", "unique": True}, "a": {**TO_A, "each": 3}}
    )
    with pytest.raises(DataError, match=r"`b\.id` has only 2 different values, and there are 3 rows"):
        drawn(few, 1)


def test_a_rule_may_be_an_equation_over_tables() -> None:
    page = {
        "orders": {
            "columns": {"id": {"is": "keys"}, "total": {"is": "lognormal", "decimals": 2}, "paid": {"is": "bernoulli"}},
            "rules": ["total = sum(lines.amount)"],
        },
        "lines": {
            "columns": {
                "order": {"is": "reference", "to": "orders", "each": {"is": "poisson", "mean": 2}},
                "amount": {"is": "lognormal", "median": 20, "decimals": 2},
            }
        },
    }
    made = drawn(Tables.build({"tables": page}), 500)
    sums = made.tables["lines"].group_by("order").agg(pl.col("amount").sum())
    both = made.tables["orders"].join(sums, left_on="id", right_on="order", how="left")
    assert (both["total"] - both["amount"].fill_null(0)).abs().max() < 1e-9
    assert both["total"].round(2).equals(both["total"])


def lines_apart(high: int, rules: list[str] | None = None) -> Tables:
    lines = {
        "id": {"is": "keys"},
        "order": {
            "is": "reference",
            "to": "orders",
            "each": {"is": "uniform", "low": 0, "high": high, "integers": True},
        },
        "kind": {
            "is": "categorical",
            "values": ["a", "b", "c", "d"],
            "weights": [8, 4, 2, 2],
            "missing": 0.1 if high < 9 else 0,
        },
        "size": {"is": "uniform", "low": 1, "high": 9, "integers": True},
        "label": {"is": "expression", "formula": "id * 10 + size"},
    }
    rules = ["unique(order, kind)", "if kind = 'a' then size > 3"] if rules is None else rules
    page = {"orders": {"columns": {"id": {"is": "keys"}}}, "lines": {"columns": lines, "rules": rules}}
    return Tables.build({"tables": page})


def test_a_combination_may_come_once_under_each_owner() -> None:
    rows = drawn(lines_apart(3), 40_000).tables["lines"]
    full = rows.filter(pl.col("kind").is_not_null())
    assert not full.select("order", "kind").is_duplicated().any()
    assert full.filter(kind="a")["size"].min() > 3
    assert (rows["label"] == rows["id"] * 10 + rows["size"]).all()
    assert rows["id"].to_list() == list(range(1, rows.height + 1))
    # by hand: the second of two rows takes what the first has left, each by its weight
    second = rows.group_by("order", maintain_order=True).agg("kind").filter(pl.col("kind").list.len() == 2)["kind"]
    found = second.list.get(1).value_counts().sort("kind", nulls_last=True)["count"].to_numpy()
    shares = {None: 0.1, "a": 0.45 * 6 / 9, "b": 0.225, "c": 0.1125, "d": 0.1125}  # no `a` of a size up to 3
    shares = {kind: share / sum(shares.values()) for kind, share in shares.items()}
    want = dict.fromkeys(shares, 0.0)
    for first, share in shares.items():
        left = {kind: p for kind, p in shares.items() if kind is None or kind != first}
        for kind, p in left.items():
            want[kind] += share * p / sum(left.values())
    assert stats.chisquare(found, np.array([want[kind] for kind in [*"abcd", None]]) * found.sum()).pvalue > 1e-4
    assert drawn(lines_apart(3), 50).tables["lines"].equals(rows.filter(pl.col("order") <= 50))


def test_what_an_owner_cannot_have_is_said() -> None:
    tables = lines_apart(60, ["unique(order, kind)"])
    with pytest.raises(DataError, match=r"values were found that their owner has not yet.*`unique\(order, kind\)`"):
        drawn(tables, 200)
    with pytest.raises(SpecError, match=r"`unique\(order, product\)`: `product` follows"):
        columns = {
            "order": {"is": "reference", "to": "orders", "each": {"is": "geometric"}},
            "product": {"is": "reference", "to": "products"},
            "nr": {"is": "position"},
        }
        page = {name: {"columns": {"id": {"is": "keys"}}} for name in ("orders", "products")}
        Tables.build({"tables": {**page, "lines": {"columns": columns, "rules": ["unique(order, product)"]}}})


def test_a_reference_may_hold_a_name_that_is_part_of_a_person() -> None:
    person = {"is": "provided", "by": "person.user_name", "unique": True}
    page = {
        "users": {"key": "login", "columns": {"login": person, "city": {"is": "provided", "by": "person.city"}}},
        "posts": {
            "rows": 90_000,
            "columns": {"id": {"is": "keys"}, "by": {"is": "reference", "to": "users"}},
        },
    }
    made = drawn(Tables.build({"tables": page}), 70_000, threads=2)
    users, posts = made.tables["users"], made.tables["posts"]
    assert users["login"].n_unique() == 70_000
    assert posts["by"].is_in(users["login"].implode()).all()
    assert posts["by"].n_unique() > 40_000
