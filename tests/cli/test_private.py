"""Private rows on the command line: a public page begun, a ledger charged, and a page that may be published."""

from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.dp.ledger import Ledger

PAGE = """\
version: 1
unit: people
tables:
  people:
    columns:
      age: {kind: integer, bounds: [0, 120]}
      sex: {kind: category, values: [f, m]}
      income: {kind: number, decimals: 1, bounds: [0, 200]}
      vote: {kind: category, values: ["no", "yes"]}
"""
PRIVATE = ("-m", "dp_copula", "--schema", "public.yaml", "--ledger", "people.ledger")


def test_from_a_table_to_the_page_that_is_published(folder: Path, call) -> None:
    begun = call("inspect", "people.csv", "--public")
    assert begun.code == 0 and "TODO bounds" in begun.out and "why" not in begun.out
    Path("public.yaml").write_text(PAGE)
    assert call("ledger", "open", "people.ledger", "--epsilon", "2", "--delta", "1e-6").code == 0
    assert call("fit", "people.csv", *PRIVATE, "-o", "private.syn").code == 0
    assert call("sample", "private.syn", "-n", "200", "-o", "private.csv").code == 0
    files = ("--train", "people.csv", "--holdout", "people.syn.csv", "--synthetic", "private.csv")
    (folder / "people.syn.csv").write_text((folder / "people.csv").read_text())
    judged = ("--metric", "column_shapes", "--schema", "public.yaml", "-o", "curator.md", "--release", "release.md")
    judged = (*judged, "--justification", "as the officer decided")
    ended = call("evaluate", *files, *judged, "--model", "private.syn")
    assert ended.code == 0, ended.err
    assert "Curator only" in ended.out and "Curator only" in Path("curator.md").read_text()
    released = Path("release.md").read_text()
    assert "epsilon 1, delta 1e-09" in released and "column_shapes" not in released and "people.csv" not in released
    assert "as the officer decided" in released
    ended = call("fit", "people.csv", *PRIVATE, "--set", "epsilon=3", "-o", "more.syn")
    assert ended.code == 2 and "left" in ended.err and len(Ledger.open("people.ledger").runs()) == 1


def test_make_writes_both_pages_and_charges_the_ledger(folder: Path, call) -> None:
    Path("public.yaml").write_text(PAGE)
    Ledger.create("people.ledger", 2, 1e-6)
    ended = call(
        "make", "people.csv", "-n", "100", "-o", "x.csv", *PRIVATE, "--report", "r.html", "--release", "p.html"
    )
    assert ended.code == 0, ended.err
    assert "Curator only" in Path("r.html").read_text() and "Curator only" not in Path("p.html").read_text()
    assert len(Ledger.open("people.ledger").runs()) == 1


def test_what_is_refused_is_refused_before_a_cell_is_read(folder: Path, call) -> None:
    Path("public.yaml").write_text(PAGE.replace("bounds: [0, 120]", "bounds: [0, 19]"))
    for command in ("search", "refine"):
        ended = call(command, "people.csv", "-m", "dp_copula", "--schema", "public.yaml", "-o", "m.syn")
        assert ended.code == 2 and "every fit would spend budget" in ended.err and "cell" not in ended.err


def test_no_page_is_released_on_rows_of_other_methods(folder: Path, call, method: str) -> None:
    ended = call("make", "people.csv", "-n", "9", "-o", "x.csv", "-m", method, "--release", "p.html")
    assert ended.code == 2 and "does not keep rows private" in ended.err and not Path("x.csv").exists()
    sy.split("people.csv")[0].to_polars().write_csv("a.csv")
    files = ("--train", "people.csv", "--holdout", "a.csv", "--synthetic", "public.csv")
    Path("public.csv").write_text(Path("people.csv").read_text())
    assert "--model" in call("evaluate", *files, "--release", "p.html").err


def test_copies_of_real_rows_are_not_released_as_private(folder: Path, call) -> None:
    Path("public.yaml").write_text(PAGE)
    Ledger.create("people.ledger", 2, 1e-6)
    assert call("fit", "people.csv", *PRIVATE, "-o", "private.syn").code == 0
    rows = pl.read_csv("people.csv", infer_schema=False)
    for name, part in (("train", rows.head(150)), ("holdout", rows.tail(50)), ("copy", rows.head(100))):
        part.write_csv(f"{name}.csv")
    files = ("--train", "train.csv", "--holdout", "holdout.csv", "--synthetic", "copy.csv", "--schema", "public.yaml")
    ended = call("evaluate", *files, "--model", "private.syn", "--metric", "column_shapes", "--release", "p.md")
    assert ended.code == 2 and "copies of rows that were learnt from" in ended.err and not Path("p.md").exists()


def test_a_rule_that_cannot_be_is_refused_before_anything_is_spent(folder: Path, call) -> None:
    Path("public.yaml").write_text(PAGE)
    Ledger.create("people.ledger", 2, 1e-6)
    ended = call("fit", "people.csv", *PRIVATE, "--rule", "agee > 5", "-o", "m.syn")
    assert ended.code == 2 and "agee" in ended.err and not Ledger.open("people.ledger").runs()


def test_a_ledger_of_persons_says_so_to_a_run_that_protects_rows(folder: Path) -> None:
    Path("public.yaml").write_text(PAGE)
    Ledger.create("people.ledger", 2, 1e-6, unit="one patient")
    with pytest.warns(UserWarning, match="keeps account for one patient, and this run protects single rows"):
        sy.fit("people.csv", "dp_copula", schema="public.yaml", ledger="people.ledger")
