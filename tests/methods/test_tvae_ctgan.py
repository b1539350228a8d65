"""The two neural methods over mixed tables: what they learn of a known truth, exact conditions, refusals."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.channels import Split
from synthesist.core import Context
from synthesist.errors import UnsuitableError
from synthesist.methods.ctgan.options import Options
from synthesist.model import Model

ROWS = 3_000
OPTIONS: Mapping[str, Mapping[str, object]] = {
    "tvae": {"epochs": 15, "width": 48, "latent": 4, "regions": 16},
    "ctgan": {"epochs": 15, "width": 64, "noise": 8, "modes": 16},
}


def table(rows: int = ROWS) -> pl.DataFrame:
    """A ward of three, a cost that grows with age and ward, often no fee at all, and a rule: c is never urgent."""
    rng = np.random.default_rng(5)
    ward = rng.choice(["a", "b", "c"], rows, p=[0.6, 0.3, 0.1])
    age = rng.normal(50, 15, rows).round()
    cost = 20 * age + 500 * (ward == "b") + rng.normal(0, 120, rows)
    fee = np.where(rng.random(rows) < 0.6, 0.0, rng.gamma(2.0, 50.0, rows))
    urgent = (rng.random(rows) < np.where(age > 60, 0.8, 0.1)) & (ward != "c")
    return pl.DataFrame({"ward": ward, "age": age, "cost": cost, "fee": fee, "urgent": urgent})


@pytest.fixture(scope="module")
def learnt() -> Callable[[str], Model]:
    """The model of a method, fitted once."""
    return cache(lambda name: sy.fit(table(), name, seed=1, **OPTIONS[name]))


@pytest.fixture(scope="module", params=list(OPTIONS))
def model(request: pytest.FixtureRequest, learnt: Callable[[str], Model]) -> Model:
    return learnt(request.param)


def test_what_is_true_of_the_rows_is_true_of_the_sample(model: Model) -> None:
    real, made = table(), model.sample(4_000, seed=2)
    for frame in (real, made):  # the limits hold for the truth too, so they mean something
        assert frame.select(pl.corr("age", "cost")).item() > 0.6
        assert 0.5 < (frame["fee"] == 0).mean() < 0.7
        old, young = frame.filter(pl.col("age") > 65), frame.filter(pl.col("age") < 55)
        assert old["urgent"].mean() - young["urgent"].mean() > 0.4
        assert frame.filter(pl.col("ward") == "c")["urgent"].mean() < 0.12
        assert abs((frame["ward"] == "a").mean() - 0.6) < 0.04


def test_a_condition_holds_in_every_row_and_bends_the_rest(model: Model) -> None:
    made = model.sample(500, where={"age": (">=", 62), "ward": "b"}, seed=3)
    real = table(60_000).filter((pl.col("age") >= 62) & (pl.col("ward") == "b"))
    assert made.height == 500 and (made["age"] >= 62).all() and (made["ward"] == "b").all()
    assert abs(made["age"].mean() - real["age"].mean()) < 3.0
    assert abs(made["cost"].mean() - real["cost"].mean()) < 150.0
    assert made["urgent"].mean() > 0.6


def test_holes_are_drawn_given_the_cells_beside_them(model: Model) -> None:
    real = table(1_200)
    rows = real.with_columns(urgent=pl.lit(None, dtype=pl.Boolean), cost=pl.lit(None, dtype=pl.Float64))
    filled = model.fill(rows, seed=4)
    assert filled.select("ward", "age", "fee").equals(real.select("ward", "age", "fee"))
    assert not filled["urgent"].null_count() and not filled["cost"].null_count()
    old = real["age"] > 65
    assert filled.filter(old)["urgent"].mean() - filled.filter(~old)["urgent"].mean() > 0.25
    assert np.corrcoef(filled["cost"], real["cost"])[0, 1] > 0.6


def test_chances_given_a_place_are_those_that_cells_are_drawn_by(learnt: Callable[[str], Model]) -> None:
    drawing = learnt("tvae").sampler.proposal  # type: ignore[attr-defined]
    codes = drawing.free(40_000, Context.seeded(0))
    decoded = drawing.decoder(drawing._places(20_000, Context.seeded(1)))
    for j, split in enumerate(drawing.channels.splits):
        chances = drawing._chances(decoded, j)
        np.testing.assert_allclose(chances.sum(axis=1), 1.0, atol=1e-5)
        drawn = np.bincount(codes[j], minlength=len(split.category)) / codes.shape[1]
        assert np.abs(chances.mean(axis=0) - drawn).sum() < 0.08


def test_options_cut_a_number_into_modes_that_codes_fall_into() -> None:
    mass = np.array([600.0, *[10.0] * 100, 60.0])  # zero, a hundred bins, missing
    options = Options.of(Split.of(mass, 101), mass, 8)
    assert options.size == 8 + 2 and options.spread.sum() == 8
    assert options.shares.sum() == pytest.approx(1.0) and (options.shares[:8] > 0.06).all()
    code = np.repeat(np.arange(102), 20)
    again = options.code(options.option[code], np.tile(np.linspace(0, 0.999, 20), 102))
    assert (options.option[again] == options.option[code]).all()
    assert len(np.unique(again)) == 102


@pytest.mark.parametrize("name", list(OPTIONS))
def test_what_cannot_be_learnt_from_is_refused_with_a_way_out(name: str) -> None:
    with pytest.raises(UnsuitableError, match=r"60 rows; \w+ learns from 100 at least. Use gaussian_copula"):
        sy.fit(table(60), name)
    with pytest.raises(UnsuitableError, match="no column that"):
        sy.fit(pl.DataFrame({"id": range(1, 301)}), name)


def test_a_model_file_that_does_not_fit_is_refused(model: Model) -> None:
    sampler = model.sampler
    name, first = next(iter(sampler.weights.items()))  # type: ignore[attr-defined]
    broken = [
        {"weights": {**sampler.weights, name: first[:-1]}},  # type: ignore[attr-defined]
        {"weights": {**sampler.weights, name: np.full_like(first, np.inf)}},  # type: ignore[attr-defined]
        {"weights": {}},
        {"shape": replace(sampler.shape, width=10**12)},  # type: ignore[attr-defined]
        {"shape": replace(sampler.shape, sizes=(2, 2))},  # type: ignore[attr-defined]
        {"candidates": 10**6},
    ]
    for change in broken:
        with pytest.raises(ValueError, match=r"network|weights|critic"):
            replace(sampler, **change)  # type: ignore[type-var]


def test_without_torch_a_model_says_what_to_install(model: Model, tmp_path: Path) -> None:
    path = model.save(tmp_path / "model.syn")
    code = f"import sys; sys.modules['torch'] = None\nimport synthesist as sy\nsy.load({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr and "synthesist[deep]" in done.stderr
