"""What changed: found exactly by key and as whole rows, and more than chance in distributions."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.errors import GateError, NotFoundError, SpecError

PAGE = """
kind: columns
table: orders
columns:
  id: {is: keys}
  price: {is: lognormal, median: 20, decimals: 2}
  state: {is: categorical, values: [open, paid]}
  total: {is: expression, formula: "round(price * 1.19, 2)"}
"""


def people(n: int = 400, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "id": np.arange(n),
            "age": rng.integers(18, 90, n),
            "income": rng.lognormal(3, 0.5, n).round(1),
            "vote": [["yes", "no", None][i] for i in rng.integers(3, size=n)],
        }
    )


@pytest.mark.parametrize("seed", range(5))
def test_random_edits_are_found_cell_by_cell(seed: int) -> None:
    draw, before = random.Random(seed), people(300, seed)
    rows = {row["id"]: dict(row) for row in before.to_dicts()}
    gone = draw.sample(sorted(rows), draw.randrange(40))
    for each in gone:
        del rows[each]
    edited: dict[tuple[int, str], tuple[Any, Any]] = {}
    for _ in range(60):
        at, column = draw.choice(sorted(rows)), draw.choice(["age", "income", "vote"])
        was = before[at, column]
        rows[at][column] = draw.choice([None, was, 17 if column == "age" else 0.5 if column == "income" else "no"])
        edited[at, column] = was, rows[at][column]
    edited = {place: pair for place, pair in edited.items() if pair[0] != pair[1]}
    new = [{"id": 1_000 + i, "age": 5, "income": 1.0, "vote": "yes"} for i in range(draw.randrange(9))]
    after = pl.DataFrame([*rows.values(), *new], schema=before.schema).sample(fraction=1, shuffle=True, seed=seed)

    found = sy.diff(before, after, keys={"": ["id"]}, examples=1_000).tables["table"]
    assert (found.rows.added, found.rows.removed) == (len(new), len(gone))
    assert found.rows.changed == len({at for at, _ in edited}) and found.rows.kept == len(rows) - found.rows.changed
    cells = {(key, column): (was, now) for column, its in found.rows.cells.items() for key, was, now in its.examples}
    assert cells == edited


def test_rows_without_a_key_are_counted_as_wholes() -> None:
    before = people().drop("id").with_columns(age=pl.lit(40))
    after = pl.concat([before.tail(380), before.head(5), before.head(5)]).sample(fraction=1, shuffle=True, seed=1)
    found = sy.diff(before, after).tables["table"]
    assert not found.key and (found.rows.added, found.rows.removed, found.rows.changed) == (5, 15, 0)
    assert sy.diff(before, before.sample(fraction=1, shuffle=True, seed=2)).same


def test_distributions_that_moved_are_told_from_chance() -> None:
    called = 0
    for seed in range(30):
        before, after = people(400, seed).drop("id"), people(400, seed + 1_000).drop("id")
        called += any(shift.significant for shift in sy.diff(before, after).tables["table"].shifts.values())
        moved = after.with_columns(pl.col("income") * 1.5, pl.lit("yes").alias("vote"))
        shifts = sy.diff(before, moved).tables["table"].shifts
        assert shifts["income"].significant and shifts["vote"].significant and shifts["vote"].missing[1] == 0
    assert called <= 2  # 30 tries of a hundredth


def test_numbers_within_the_tolerance_are_the_same() -> None:
    before, key = people(), {"": ["id"]}
    after = before.with_columns(pl.col("income") * (1 + 1e-12))
    assert not sy.diff(before, after, keys=key).same
    assert sy.diff(before, after, keys=key, tolerance=1e-9).same


def test_the_meaning_of_tables() -> None:
    shop = sy.sample(str(Path(__file__).parents[2] / "examples" / "tables" / "shop.yaml"), 30)
    tables = {name: shop.schema.tables[name] for name in shop.tables if name != "reviews"}
    columns = dict(tables["orders"].columns)
    columns["noted"] = columns.pop(list(columns)[-1])
    tables["orders"] = tables["orders"].model_copy(update={"columns": columns, "links": ()})
    schema = shop.schema.model_copy(update={"tables": tables})
    after = {name: shop.tables[name] for name in tables}
    after["orders"] = after["orders"].rename({after["orders"].columns[-1]: "noted"})
    found = {str(change).split(" (")[0] for change in sy.diff(shop, type(shop)(after, schema)).structure}
    last = shop.tables["orders"].columns[-1]
    assert {"- reviews: table", f"- orders.{last}: column", "+ orders.noted: column"} <= found
    assert any(change.startswith("- orders: link customer -> customers") for change in found)


def test_pages_that_differ_in_one_option_change_what_follows_from_it(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(PAGE)
    (tmp_path / "b.yaml").write_text(PAGE.replace("median: 20", "median: 30"))
    found = sy.diff(tmp_path / "a.yaml", tmp_path / "b.yaml", n=500)
    assert [str(change) for change in found.structure] == ["~ columns.price.median: option 20.0 -> 30.0"]
    orders = found.tables["orders"]
    assert orders.key == ("id",) and set(orders.rows.cells) == {"price", "total"} and orders.shifts["price"].significant
    assert sy.diff(tmp_path / "a.yaml", tmp_path / "a.yaml").same


def test_gates() -> None:
    before = people()
    after = before.with_columns(vote=pl.when(pl.col("id") < 4).then(pl.lit("maybe")).otherwise("vote"))
    found = sy.diff(before, after, keys={"": ["id"]})
    found.require(["changed<=0.01", "added<=0", "cells<5"])
    with pytest.raises(GateError, match=r"2 of 3 gates failed:\n  same: they are not\n  changed<0.01: changed is 0.01"):
        found.require(["same", "changed<0.01", "removed<1"])
    with pytest.raises(SpecError, match="no score `change` in this report"):
        found.require(["change<1"])


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    before = people()
    before.write_csv("old.csv")
    before.write_parquet("same.parquet")
    before.with_columns(pl.col("age") + (pl.col("id") == 7)).write_csv("new.csv")
    assert main(["diff", "old.csv", "same.parquet", "--key", "id", "--require", "cells<=0"]) == 0
    capsys.readouterr()
    assert main(["diff", "old.csv", "new.csv", "--key", "old:id", "--require", "same", "--json", "diff.json"]) == 1
    out, err = capsys.readouterr()
    assert "old: 400 rows -> 400 rows; by id: 1 changed, 399 the same" in out and "same: they are not" in err
    assert f"    7: {before[7, 'age']} -> {before[7, 'age'] + 1}" in out
    assert json.loads(Path("diff.json").read_text())["measures"]["cells"] == 1
    (tmp_path / "page.yaml").write_text(PAGE)
    for words, says in (
        (["old.csv", "page.yaml"], "page.yaml is a page and old.csv holds rows"),
        (["old.csv", "news.csv"], "Did you mean `new.csv`?"),
        (["old.csv", "new.csv", "--key", "vote"], "`old` cannot be compared by vote"),
        (["old.csv", "new.csv", "--key", "ID"], "has no column `ID` to be its key"),
    ):
        assert main(["diff", *words]) == 2
        assert says in capsys.readouterr().err


def test_databases_are_compared_as_well(tmp_path: Path) -> None:
    from synthesist.data.databases import DatabaseWriter

    (tmp_path / "page.yaml").write_text(PAGE)
    data = sy.sample(tmp_path / "page.yaml", 50)
    for name in ("a.db", "b.db"):
        with DatabaseWriter(tmp_path / name, data.schema) as writer:
            writer.write(data)
    assert sy.diff(tmp_path / "a.db", tmp_path / "b.db").same
    with pytest.raises(NotFoundError):
        sy.diff(tmp_path / "a.db", tmp_path / "c.db")
