"""Refining makes rows better by rows it has not seen, and hands the start back where they do not confirm it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist import catalog
from synthesist.combine.refine import Judged, refined_model
from synthesist.core import Context, Score, Spec
from synthesist.errors import DataError, SpecError
from synthesist.methods.gaussian_copula import GaussianCopula
from synthesist.reasons.explanation import Explanation


@pytest.fixture(scope="module")
def rings() -> pl.DataFrame:
    """Two columns on a ring, which no copula can draw, and a key."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 2_400), rng.normal(5, 0.2, 2_400)
    return pl.DataFrame(
        {"id": range(1, 2_401), "x": (radius * np.cos(angle)).round(2), "y": (radius * np.sin(angle)).round(2)}
    )


def hole(rows: pl.DataFrame) -> float:
    """The share of rows that lie inside the ring."""
    return float(((rows["x"] ** 2 + rows["y"] ** 2).sqrt() < 4).mean())


def test_a_copula_learns_what_it_cannot_draw(rings: pl.DataFrame, tmp_path: Path) -> None:
    found = sy.refine(rings, "gaussian_copula", fixed=True, rounds=1)
    assert found.kept
    assert found.end.gate.value < found.start.gate.value - 0.1
    assert found.end.copying.low <= 0.52
    assert found.model.method.name() == "refined"
    plain = sy.fit(rings, "gaussian_copula").sample(2_000)
    rows = found.model.sample(2_000)
    assert hole(plain) > 0.2
    assert hole(rows) < 0.05
    assert rows["id"].n_unique() == 2_000
    back = sy.load(found.model.save(tmp_path / "better.syn"))
    assert back.sample(500).equals(rows.head(500))
    there = back.sample(300, where={"x": (">=", 3)})
    assert there["x"].min() >= 3
    assert hole(there) < 0.05
    holes = rows.head(200).with_columns(y=pl.lit(None, dtype=pl.Float64))
    full = back.fill(holes)
    assert full.drop("y").equals(holes.drop("y"))
    assert full["y"].null_count() == 0
    assert hole(full) < 0.1
    assert "refined gaussian_copula" in str(found)
    assert found.to_dict()["end"]["c2st"] == found.end.gate.value


def test_what_the_second_holdout_does_not_confirm_is_not_kept(rings: pl.DataFrame) -> None:
    plain = sy.fit(rings.head(300), "gaussian_copula")

    def judge(model: sy.Model, which: str) -> Judged:
        liked = model.method.name() == "refined" and which == "A"
        return Judged(score("c2st", 0.5 if liked else 0.8), score("dcr_share", 0.5), score("exact_copies", 0.0))

    found = run(plain, judge)
    assert not found.kept
    assert found.model is plain
    assert found.rounds[1].better
    assert "does not confirm" in found.verdict


def test_nobody_wins_by_copying(rings: pl.DataFrame) -> None:
    plain = sy.fit(rings.head(300), "gaussian_copula")

    def judge(model: sy.Model, which: str) -> Judged:
        changed = model.method.name() == "refined"
        gate = score("c2st", 0.5 if changed else 0.8)
        return Judged(gate, score("dcr_share", 0.9 if changed else 0.5), score("exact_copies", 0.0))

    found = run(plain, judge)
    assert not found.kept
    assert not any(each.better for each in found.rounds[1:])


def score(name: str, value: float) -> Score:
    return Score(name, name, value, value - 0.01, value + 0.01, 0.0 if name == "exact_copies" else 0.5, 1.0, 0.5)


def run(plain: sy.Model, judge: Any) -> Any:
    """Refine without learning anything: every fit is the first model under another name."""

    def build(name: str, options: Mapping[str, Any]) -> Spec:
        return catalog.load("methods", name).build(options)

    return refined_model(
        GaussianCopula(), True, lambda gate: gate.value < 0.4, 3,
        lambda spec: plain if spec == plain.method else replace(plain, method=spec),
        judge, lambda model: Explanation((), 0.8, 0.7, 0.9, {}), build, Context.seeded(0),
    )  # fmt: skip


def test_what_cannot_be_refined_is_refused(rings: pl.DataFrame) -> None:
    with pytest.raises(DataError, match="bring 200 or more"):
        sy.refine(rings.head(100))
    with pytest.raises(SpecError, match="Cannot read the gate"):
        sy.refine(rings, gate="better")
    with pytest.raises(SpecError, match="it holds real records"):
        sy.fit(rings, "refined", drawn_by="smote_nc")
    with pytest.raises(SpecError, match="name the one it picks"):
        sy.fit(rings, "refined", drawn_by="auto")
