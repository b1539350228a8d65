"""Subsets from the command line, and the examples of a staging database."""

import re
import shlex
import sqlite3
from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.data.folders import write_folder
from synthesist.testing.tables import related

ROOT = Path(__file__).parents[2]
STAGING = ROOT / "examples" / "staging"


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of related tables to work in."""
    monkeypatch.chdir(tmp_path)
    write_folder(related(), "shop")


def test_a_folder_becomes_a_smaller_one_and_it_is_said_why(call) -> None:
    words = ["--where", "customers: country = 'NO'", "--where", "customers: id > 9", "--share", "0.5"]
    words += ["--most", "lines.order=1", "--without", "visits", "--seed", "3"]
    ended = call("subset", "shop", *words, "-o", "small/")
    assert ended.code == 0, ended.err
    want = sy.subset(
        "shop",
        where={"customers": ["country = 'NO'", "id > 9"]},
        share=0.5,
        links={"lines.order": {"most": 1}},
        without=["visits"],
        seed=3,
    )
    assert str(want) in ended.out
    assert "Wrote small: " in ended.out
    made = sy.read("small")
    assert want.data is not None and made.schema.tables.keys() == want.data.schema.tables.keys()
    for name, table in want.data.tables.items():
        assert made.tables[name].equals(table), name


def test_a_page_says_it_and_options_count_more(call) -> None:
    Path("small.yaml").write_text("kind: subset\nshare: 0.9\nlinks: {lines: {where: line > 3}}\n")
    words = ["--page", "small.yaml", "--share", "customers=0.1", "--most", "lines=2"]
    ended = call("subset", "shop", *words, "-o", "small.db")
    assert ended.code == 0, ended.err
    rules = {"lines": {"where": "line > 3", "most": 2}}
    want = sy.subset("shop", share={"customers": 0.1}, links=rules).account
    assert str(want) in ended.out
    assert sy.read("small.db").tables["orders"].height == want.tables.filter(table="orders")["kept"].item()


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["shop", "-o", "out"], "nothing says where it starts"),
        (["shop", "--share", "2", "-o", "out"], "a share lies above 0"),
        (["shop", "--share", "a lot", "-o", "out"], "--share a lot: write a number"),
        (["shop", "--share", "0.1", "--share", "orders=0.1", "-o", "out"], "name the table each time"),
        (["shop", "--where", "country = 'NO'", "-o", "out"], "name the table first"),
        (["shop", "--where", "custmers: id = 1", "-o", "out"], "Did you mean `customers`"),
        (["shp", "--share", "0.1", "-o", "out"], "Did you mean `shop`"),
        (["shop", "--share", "0.1", "-o", "shop"], "it is read, too"),
        (["shop", "--page", "other.yaml", "-o", "out"], "a page of another kind"),
    ],
)
def test_what_is_wrong_is_said_in_one_message(call, words, part) -> None:
    Path("other.yaml").write_text("kind: mask\n")
    ended = call("subset", *words)
    assert ended.code == 2
    assert part in ended.err
    assert not Path("out").exists()


@pytest.mark.filterwarnings("ignore:.*not all of it is kept:UserWarning")
def test_the_staging_example_runs_as_it_is_written(call) -> None:
    for name in ("production.db", "staging.db"):
        with sqlite3.connect(name) as session:
            session.executescript((STAGING / "production.sql").read_text())
            session.execute("INSERT INTO countries VALUES ('DE', 'Germany'), ('NO', 'Norway')")
        session.close()
    sy.write("production.db", "production.db", {"products": 300, "customers": 2_000, "orders": 5_000})
    Path("small.yaml").write_text((STAGING / "small.yaml").read_text())
    for line in (STAGING / "README.md").read_text().splitlines():
        if line.startswith("    synthesist "):
            ended = call(*shlex.split(line)[1:])
            assert ended.code == 0, ended.err
    whole, masked, filled = (sy.read(name) for name in ("production.db", "masked.duckdb", "staging.db"))
    assert 0 < masked.tables["customers"].height <= 200
    assert set(masked.tables["customers"]["email"]).isdisjoint(whole.tables["customers"]["email"])
    assert masked.tables["orders"]["customer"].value_counts()["count"].max() <= 3
    assert masked.tables["reviews"].height > 50
    assert filled.tables["orders"].height == 5_000 and set(filled.tables["customers"]["country"]) == {"DE", "NO"}
    for data in (masked, filled):
        for name, table in data.schema.tables.items():
            for link in table.links:
                child, parent = data.tables[name].drop_nulls(link.columns), data.tables[link.table]
                refers, to = child.select(pl.col(link.columns).cast(pl.String)), parent.select(link.to).cast(pl.String)
                assert refers.join(to, left_on=link.columns, right_on=link.to, how="anti").height == 0


def test_the_page_of_the_documentation_shows_what_comes_out(call) -> None:
    written = (ROOT / "docs" / "how-to" / "subset.md").read_text()
    blocks = dict(re.findall(r"^```(\S+).*?\n(.*?)^```$", written, re.DOTALL | re.MULTILINE)[::-1])  # the first of each
    Path("shop.yaml").write_text(blocks["yaml"])
    for line in blocks["bash"].splitlines():
        ended = call(*shlex.split(line)[1:])
        assert ended.code == 0, ended.err
    assert ended.out == blocks["text"]
