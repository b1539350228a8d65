"""Private methods in every verb: what would spend for nothing is refused, what learns again charges no ledger."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.dp.ledger import Ledger
from synthesist.errors import NotFoundError, SpecError
from synthesist.methods.dp_copula import DpCopula
from synthesist.metrics._shadows import learner
from synthesist.recipe import Plan
from synthesist.verbs.reading import readable

PAGE = """
tables:
  t:
    columns:
      x: {kind: integer, bounds: [0, 99]}
      c: {kind: category, values: [a, b, c]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """t.csv with a cell that does not fit, its public page, and a ledger."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    x = rng.integers(0, 100, 400)
    pl.DataFrame({"x": np.append(x, 777), "c": np.append(np.array(["a", "b", "c"])[x // 34], "c")}).write_csv("t.csv")
    Path("t.yaml").write_text(PAGE + "unit: t\n")
    Ledger.create("t.ledger", 3, 1e-6, additive=1e-8)
    return tmp_path


METRICS = ["column_shapes"]


def recipe(**more) -> dict:
    page = {"source": "t.csv", "schema": "t.yaml", "method": {"kind": "dp_copula", "epsilon": 2}, "sample": 300}
    return {**page, "judge": {"metrics": METRICS}, "ledger": "t.ledger", "output": {"data": "out.csv"}, **more}


def lenient():
    """The table as a private method reads it."""
    return readable("t.csv", "t.yaml", DpCopula())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: sy.search("t.csv", "dp_copula", 2, schema="t.yaml"), "every fit would spend budget"),
        (lambda: sy.refine("t.csv", "dp_copula", schema="t.yaml"), "every fit would spend budget"),
        (lambda: sy.fit(lenient(), "refined", drawn_by="dp_copula"), "its critic learns from real rows"),
        (lambda: sy.transform("balance", "t.csv", target="c", method="dp_copula"), "protect nobody"),
        (lambda: sy.make("t.csv", None, "dp_copula", schema="t.yaml"), "say how many"),
        (lambda: sy.make("t.csv", 50, "marginals", ledger="t.ledger"), "does not keep rows private"),
        (lambda: sy.fit("t.csv", "marginals", ledger="t.ledger"), "does not keep rows private"),
        (lambda: sy.run(recipe(output={"model": "m.syn"}), resume=True), "spends nothing"),
        (lambda: Plan.of(recipe(schema=None)).check(), "--public"),
        (lambda: Plan.of(recipe(sample={})).check(), "say how many"),
        (lambda: Plan.of(recipe(method="trees")).check(), "does not keep rows private"),
        (lambda: Plan.of(recipe(method="trees", ledger=None, output={"release": "r.md"})).check(), "no such page"),
    ],
)
def test_what_spends_or_tells_for_nothing_is_refused(call, reason: str) -> None:
    with pytest.raises(SpecError, match=reason):
        call()
    assert not Ledger.open("t.ledger").runs()


@pytest.mark.usefixtures("folder")
def test_a_ledger_that_is_not_there_is_missed_before_anything_is_read() -> None:
    with pytest.raises(NotFoundError, match=r"other\.ledger"):
        Plan.of(recipe(ledger="other.ledger")).check()


@pytest.mark.usefixtures("folder")
def test_a_recipe_charges_its_ledger_once_and_writes_the_page_to_be_released() -> None:
    out = {"data": "out.csv", "model": "m.syn", "report": "curator.html", "release": "release.md"}
    done = sy.run(recipe(output=out))
    (run,) = Ledger.open("t.ledger").runs().values()
    assert run.begun.epsilon == 2 and run.state == "done" and done.report is not None
    told = done.model.provenance["privacy"]
    assert told["ledger"] == {"epsilon": 3, "delta": 1e-6} and sum(told["mechanisms"].values()) == len(run.costs)
    assert "Curator only" in Path("curator.html").read_text()
    released = Path("release.md").read_text()
    assert "epsilon 2" in released and "Curator only" not in released and "column_shapes" not in released
    assert "learnt" not in done.model.provenance and "rows" not in done.model.provenance  # a hash of rows tells them


@pytest.mark.usefixtures("folder")
def test_scores_of_real_rows_do_not_decide_whether_private_rows_come_out() -> None:
    with pytest.raises(sy.errors.SpecError, match="gate: scores are computed from real rows"):
        sy.run(recipe(output={"data": "out.csv"}, gate=["column_shapes>=0.1"]))
    assert not Path("out.csv").exists() and not Ledger.open("t.ledger").runs()


@pytest.mark.usefixtures("folder")
def test_attacks_and_comparisons_that_learn_again_charge_nothing() -> None:
    method, ctx = DpCopula(), replace(Context.seeded(0), ledger=Path("t.ledger"))
    data = lenient()
    assert learner(method)(data, 20, ctx).units == 20
    found = sy.compare(data, [method, "marginals"], metrics=METRICS, ctx=ctx)
    assert [entry.private for entry in found.entries] == [True, False]
    assert found.warning in found.to_html() and not any(entry.failure for entry in found.entries)
    assert not Ledger.open("t.ledger").runs()


@pytest.mark.usefixtures("folder")
def test_make_reads_what_does_not_fit_as_empty_and_hands_out_the_page() -> None:
    made = sy.make("t.csv", 250, "dp_copula", schema="t.yaml", ledger="t.ledger", epsilon=1)
    assert len(Ledger.open("t.ledger").runs()) == 1
    page = made.report.released("public interest").to_html()
    assert "250 synthetic rows" in page and "public interest" in page and "c2st" not in page
