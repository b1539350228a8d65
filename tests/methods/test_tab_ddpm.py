"""The parts of `tab_ddpm`: what looks tell, how rows come out of noise, and what is refused."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

import synthesist as sy
from synthesist.codecs.table import TableCodec
from synthesist.core import Context
from synthesist.errors import MissingExtraError, ModelFileError, UnsuitableError
from synthesist.methods.tab_ddpm.denoiser import Cells, Denoiser, Schedules, Seen, log_odds
from synthesist.methods.tab_ddpm.drawing import filled
from synthesist.methods.tab_ddpm.learning import looked_at, precision
from synthesist.model import Model
from synthesist.nets.blocks import fresh, generator

CTX = Context.seeded(0)


def table(n: int) -> pl.DataFrame:
    """A number, mostly nought; one that follows it with noise; a category that tells whether both are large."""
    rng = np.random.default_rng(0)
    first = np.where(rng.random(n) < 0.4, 0.0, rng.gamma(2.0, 10.0, n)).round(1)
    second = (first + rng.normal(0.0, 5.0, n)).round(1)
    size = np.where(first + second > 40, "large", np.where(second < 0, "below", "small"))
    return pl.DataFrame({"first": first, "second": second, "size": size})


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return table(4_000)


@pytest.fixture(scope="module")
def model(rows: pl.DataFrame) -> Model:
    return sy.fit(rows, "tab_ddpm", width=64, depth=2, steps=300, stages=12)


@pytest.fixture(scope="module")
def cells(rows: pl.DataFrame) -> Cells:
    codec = TableCodec.fit(sy.read(rows), CTX, bins=40, min_rows=5)
    return Cells.of(codec, torch.device("cpu"))


@pytest.fixture(scope="module")
def unlearnt(cells: Cells) -> Denoiser:
    widths = cells.widths
    return fresh(lambda: Denoiser(widths, 16, 1), generator(CTX, "weights")).requires_grad_(False)


def test_looks_tell_of_a_number_what_their_precision_says(cells: Cells) -> None:
    codes = torch.zeros(200_000, 3, dtype=torch.long) + torch.tensor([9, 20, 1])
    _, seen = looked_at(codes, cells, torch.ones(3), generator(CTX, "noise"))
    z = (seen.y - seen.gamma * cells.placed(codes)) / seen.gamma.sqrt()
    z = z[seen.gamma > 0]
    assert abs(float(z.mean())) < 0.01 and abs(float(z.std()) - 1) < 0.01
    told = 0.5 * torch.log1p(seen.gamma[seen.gamma[:, 0] > 0, 0])  # grows evenly with time
    assert float(told.median()) == pytest.approx(0.25 * float(torch.log1p(precision(torch.zeros(())))), rel=0.02)
    assert float(precision(torch.ones(()))) == 0.0


def test_a_cell_is_hidden_as_often_as_its_pace_says(cells: Cells) -> None:
    codes = torch.zeros(100_000, 3, dtype=torch.long)
    t, seen = looked_at(codes, cells, torch.tensor([1.0, 1.0, 3.0]), generator(CTX, "noise"))
    hidden = (seen.codes[:, 2] == -1).float()
    late = (t > 0.7) & (t < 0.9)  # rows with given cells have no time
    assert float(hidden[late].mean()) == pytest.approx((0.9**4 - 0.7**4) / 0.8, abs=0.01)
    assert 0.5 < float(t.isnan().logical_not().float().mean()) < 0.7


def test_a_column_that_others_tell_early_is_let_out_of_the_noise_late(model: Model) -> None:
    net = model.sampler._loaded()[1]  # type: ignore[attr-defined]
    first, _, size = net.schedule.pace.tolist()
    assert size < 0.7 < first  # two numbers settle the category; nothing settles them


def test_a_schedule_goes_to_where_what_is_unknown_grows_evenly(cells: Cells) -> None:
    schedule = fresh(lambda: Schedules(3), generator(CTX, "weights"))
    least, most = cells.entropies
    t = torch.rand(4_000, generator=generator(CTX, "times"))
    for _ in range(400):
        unknown = (t[:, None] ** schedule.pace) ** 2.0  # falls as the square of the noise
        schedule.follow(t, (least + unknown * (most - least)).T, cells)
    torch.testing.assert_close(schedule.pace, torch.full((3,), 0.5), atol=0.03, rtol=0)


def test_a_network_that_has_learnt_nothing_knows_bayes_rule(cells: Cells, unlearnt: Denoiser) -> None:
    seen = Seen(torch.full((1, 3), -1), torch.tensor([[2.2, -15.0]]), torch.tensor([[4.0, 9.0]]))
    for k, odds in enumerate(log_odds(unlearnt, cells, seen)[:2]):
        place, share = cells.places[k], cells.shares[k]
        assert place is not None
        at, spread = seen.y[0, k] / seen.gamma[0, k], seen.gamma[0, k] ** -0.5
        direct = share * torch.exp(torch.distributions.Normal(place, spread).log_prob(at))
        torch.testing.assert_close(torch.softmax(odds[0], 0), direct / direct.sum(), atol=1e-5, rtol=1e-3)


def test_rows_from_noise_have_the_shares_of_every_column(cells: Cells, unlearnt: Denoiser) -> None:
    codes = filled(unlearnt, cells, np.full((16_384, 3), -1, np.int32), {}, 10, generator(CTX, "draw"))
    for j, share in enumerate(cells.shares):
        made = np.bincount(codes[:, j], minlength=len(share)) / len(codes)
        assert np.abs(made - share.numpy()).max() < 0.015
    assert abs(np.corrcoef(codes.T)[0, 1]) < 0.02


def test_numbers_that_follow_each_other_do_so_in_rows_made(rows: pl.DataFrame, model: Model) -> None:
    made = model.sample(4_000, seed=1)
    ranks = [frame.select(pl.corr("first", "second", method="spearman")).item() for frame in (rows, made)]
    assert ranks[1] == pytest.approx(ranks[0], abs=0.05)
    assert (made["first"] == 0).mean() == pytest.approx(0.4, abs=0.03)
    large = made.filter(pl.col("size") == "large")
    assert (large["first"] + large["second"] > 40).mean() > 0.9


def test_what_is_given_decides_the_rest(model: Model) -> None:
    given = pl.DataFrame({"first": [0.0, 60.0] * 1000}, schema_overrides={"first": pl.Float64})
    holes = given.with_columns(pl.lit(None, pl.Float64).alias("second"), pl.lit(None, pl.String).alias("size"))
    full = model.fill(holes, seed=2)
    assert full["first"].equals(given["first"])
    near, far = full.filter(pl.col("first") == 0), full.filter(pl.col("first") == 60)
    assert near["second"].mean() == pytest.approx(0.0, abs=1.0) and near["second"].std() == pytest.approx(5.0, abs=1.0)
    assert (far["size"] == "large").mean() > 0.95 and (near["size"] == "large").mean() < 0.01


def test_several_limits_are_met_in_the_proportions_of_the_table(model: Model) -> None:
    """Of rows with a small first number and a size of `large`, the first must be large for a small one."""
    real = table(200_000).filter(pl.col("first").is_between(10, 30) & (pl.col("size") == "large"))
    made = model.sample(2_000, {"first": ("between", 10, 30), "size": "large"}, seed=3)
    assert made["first"].is_between(10, 30).all() and (made["size"] == "large").all()
    assert made["first"].mean() == pytest.approx(real["first"].mean(), abs=1.0)  # 24.9, where all of 10 to 30 gives 18
    assert made["second"].mean() == pytest.approx(real["second"].mean(), abs=2.0)


def test_too_few_rows_are_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(UnsuitableError, match="20 rows of table"):
        sy.fit(rows.head(20), "tab_ddpm")


def test_a_hostile_model_is_refused(model: Model, tmp_path: Path) -> None:
    sampler = model.sampler
    with pytest.raises(ValueError, match="impossible"):
        replace(sampler, stages=10**9)
    with pytest.raises(ValueError, match="infinite"):
        replace(sampler, weights={name: np.full_like(array, np.inf) for name, array in sampler.weights.items()})
    wrong = {**sampler.weights, "leave.bias": sampler.weights["leave.bias"][:-1]}
    with pytest.raises(ModelFileError, match="another network"):
        replace(sampler, weights=wrong)


def test_a_model_without_torch_says_what_is_missing(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = model.save(tmp_path / "model.syn")
    for name in [name for name in sys.modules if name.startswith(("synthesist.nets", "synthesist.methods.tab_ddpm."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match="synthesist\\[deep\\]"):
        sy.load(path)
