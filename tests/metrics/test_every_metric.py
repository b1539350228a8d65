"""What holds for every metric: degenerate tables, determinism, silence, no NaN in a Score that was not skipped."""

import io
import math
from contextlib import redirect_stdout

import numpy as np
import polars as pl
import pytest

from synthesist import catalog
from synthesist.core import Context

NAMES = catalog.names("metrics")
ONE_VALUE = {"x": {"kind": "number"}, "c": {"kind": "category"}, "k": {"kind": "constant", "value": "one"}}


def numbers(value):
    if isinstance(value, dict):
        return [n for part in value.values() for n in numbers(part)]
    if isinstance(value, list):
        return [n for part in value for n in numbers(part)]
    return [value] if isinstance(value, float) else []


def seen(real):
    """All that a metric may need beside the three tables."""
    return {"target": "buys", "protected": ("member", "city"), "domain": real(300, 4)}


CHANCE = 0.1  # an AUC of a few hundred rows may be so far below one half


def check(score, name):
    assert score.metric == name
    assert score.title and score.meaning
    if score.skipped:
        assert math.isnan(score.value)
        return
    assert not any(
        map(math.isnan, [score.value, score.low, score.high, score.reference, *numbers(dict(score.details))])
    )
    assert score.low <= score.value <= score.high
    ends = min(score.best, score.worst) - CHANCE, max(score.best, score.worst)
    assert ends[0] <= score.reference <= ends[1] or score.family != "fidelity"


def few(n):
    return pl.DataFrame({"x": [1.5] * n, "c": ["a"] * n, "k": ["one"] * n})


TABLES = {
    "empty synthetic": (few(30), few(30), few(0)),
    "empty train": (few(0), few(30), few(30)),
    "empty holdout": (few(30), few(0), few(30)),
    "one row": (few(1), few(1), few(1)),
    "two rows": (few(2), few(2), few(2)),
    "constant": (few(60), few(60), few(60)),
    "all missing in synthetic": (
        few(60),
        few(60),
        few(60).with_columns(pl.lit(None).alias("x"), pl.lit(None).alias("c")),
    ),
    "all missing in train": (few(60).with_columns(pl.lit(None).alias("x"), pl.lit(None).alias("c")), few(60), few(60)),
    "all missing": tuple(few(60).with_columns(pl.lit(None).alias("x"), pl.lit(None).alias("c")) for _ in range(3)),
    "infinite": (
        few(60),
        few(60),
        few(60).with_columns(x=pl.Series([math.inf, -math.inf, 1e308, -1e308, 1e-308, 0] * 10)),
    ),
    "new category": (few(60), few(60), few(60).with_columns(c=pl.Series(["ü", "\n"] * 30))),
}


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("name", NAMES)
def test_degenerate_tables_give_a_number_or_a_reason(name, table, case, ctx):
    metric = catalog.load("metrics", name)()
    for target in (None, "c", "x", "k") if metric.needs else (None,):
        for protected in ((), ("c",), ("c", "x")) if "protected" in metric.needs else ((),):
            told = {"target": target, "protected": protected, "domain": TABLES[table][1]}
            check(metric.score(case(*TABLES[table], kinds=ONE_VALUE, **told), ctx), name)


@pytest.mark.parametrize("name", NAMES)
def test_no_comparable_column_is_a_reason_not_a_crash(name, case, ctx):
    kinds = {"id": {"kind": "id", "whole": True}, "note": {"kind": "text"}}
    table = pl.DataFrame({"id": range(50), "note": [f"n{k}" for k in range(50)]})
    check(catalog.load("metrics", name)().score(case(table, table, table, kinds=kinds), ctx), name)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_same_score_on_any_number_of_threads(name, case, real, shuffled):
    tables = real(300, 1), real(200, 2), shuffled(real(300, 3))
    metric = catalog.load("metrics", name)()
    out = io.StringIO()
    with redirect_stdout(out):
        scores = [
            metric.score(case(*tables, **seen(real)), Context.seeded(7, threads=threads)) for threads in (1, 2, 1)
        ]
    assert len(set(map(repr, scores))) == 1
    assert out.getvalue() == ""
    check(scores[0], name)


@pytest.mark.parametrize("name", NAMES)
def test_neither_tables_nor_global_randomness_are_touched(name, case, real):
    tables = real(120, 1), real(100, 2), real(110, 3)
    before = [table.clone() for table in tables]
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    catalog.load("metrics", name)().score(case(*tables, **seen(real)), Context.seeded(0))
    assert all(table.equals(copy) for table, copy in zip(tables, before, strict=True))
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@pytest.mark.parametrize("name", [name for name in NAMES if catalog.load("metrics", name).needs <= {"target"}])
def test_real_data_scores_as_its_reference(name, case, real, ctx):
    score = catalog.load("metrics", name)().score(case(real(1200, 1), real(800, 2), real(800, 3), **seen(real)), ctx)
    assert score.skipped == ""
    margin = 1.5 * max(score.high - score.value, score.value - score.low) + 0.005
    assert abs(score.value - score.reference) <= margin
