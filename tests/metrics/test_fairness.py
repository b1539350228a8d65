"""Groups to be treated alike: fairlearn's numbers, bias that is amplified, and groups too small to be told."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthesist import catalog
from synthesist.core import Context
from synthesist.errors import NotFoundError
from synthesist.metrics._disparity import gap_between, gap_from_none
from synthesist.metrics.demographic_parity import DemographicParity
from synthesist.metrics.equal_opportunity import EqualOpportunity
from synthesist.metrics.equalised_odds import EqualisedOdds
from synthesist.metrics.group_calibration import GroupCalibration
from synthesist.metrics.representation import Representation

REFERENCE = Path(__file__).with_name("reference")
EXPECTED = json.loads((REFERENCE / "fairlearn.json").read_text())
MODELS = ("equal_opportunity", "equalised_odds", "group_calibration")
KINDS = {"x": {"kind": "number"}, "sex": {"kind": "category"}, "old": {"kind": "boolean"}, "hired": {"kind": "boolean"}}


@pytest.fixture(scope="module")
def tables():
    spec = spec_from_file_location("make_fairlearn", REFERENCE / "make_fairlearn.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: {k: np.array(v) for k, v in table.items()} for name, table in module.tables().items()}


def staff(rows: int, seed: int, bias: float) -> pl.DataFrame:
    """People of whom the women are hired less often by `bias` at the same x."""
    rng = np.random.default_rng([seed, rows])
    x, woman = rng.normal(size=rows), rng.random(rows) < 0.4
    hired = rng.random(rows) < np.clip(0.5 + 0.2 * x - bias * woman, 0, 1)
    sex = np.where(rng.random(rows) < 0.01, "other", np.where(woman, "woman", "man"))
    return pl.DataFrame({"x": x, "sex": sex, "old": rng.random(rows) < 0.3, "hired": hired})


@pytest.fixture
def judged(case):
    """`judged(bias, synthetic rows)`: real rows of a bias of 0.1 beside synthetic ones."""

    def build(synthetic: pl.DataFrame, protected=("sex",)):
        return case(
            staff(2000, 1, 0.1), staff(2000, 2, 0.1), synthetic, kinds=KINDS, target="hired", protected=protected
        )

    return build


@pytest.mark.parametrize("name", EXPECTED["tables"])
def test_gaps_equal_fairlearn(name, tables):
    assert EXPECTED["fairlearn"] == "0.15.0"
    table, expected = tables[name], EXPECTED["tables"][name]
    names, codes = np.unique(table["group"], return_inverse=True)
    said, has, every = table["said"].astype(float), table["truth"] == 1, np.ones(len(codes), bool)

    def gap(judged, values=said, measure=gap_between):
        return measure(values, codes, len(names), judged, 1)

    parity = gap(every)
    assert parity.found.value == pytest.approx(expected["demographic_parity"])
    assert dict(zip(names, parity.rates, strict=True)) == pytest.approx(expected["selection"])
    assert gap(has).found.value == pytest.approx(expected["equal_opportunity"])
    assert max(gap(has).found.value, gap(~has).found.value) == pytest.approx(expected["equalised_odds"])
    surprise = gap(every, has - table["probability"], gap_from_none)
    assert surprise.found.value == pytest.approx(expected["group_calibration"])


def test_bias_that_is_amplified_stands_above_its_reference(judged, ctx):
    score = DemographicParity().score(judged(staff(2000, 3, 0.35)), ctx)
    assert score.low > score.reference_high
    assert score.value == pytest.approx(0.35, abs=0.08) and score.reference == pytest.approx(0.1, abs=0.06)
    assert score.details["model"] > score.details["model_reference"]
    for kind in (EqualOpportunity, EqualisedOdds, GroupCalibration):
        found = kind().score(judged(staff(2000, 3, 0.35)), ctx)
        assert found.low > found.reference, kind


@pytest.mark.parametrize("name", ["demographic_parity", *MODELS])
def test_the_same_bias_stands_at_its_reference(name, judged, ctx):
    score = catalog.load("metrics", name)().score(judged(staff(2000, 3, 0.1)), ctx)
    assert score.low <= score.reference_high and score.reference_low <= score.high


def test_small_groups_are_counted_and_not_told(judged, ctx):
    case = judged(staff(2000, 3, 0.1))
    others = sum((case.train.table["sex"] == "other").to_list()) + sum((case.holdout.table["sex"] == "other").to_list())
    for spec in (Representation(), DemographicParity()):
        details = spec.score(case, ctx).details
        assert [part["group"] for part in details["parts"]] == [{"sex": "man"}, {"sex": "woman"}]
        assert (details["small_groups"], details["small_group_rows"]) == (1, others)


def test_a_rate_that_few_real_rows_meet_is_not_told(case, ctx):
    def rare(seed):
        rng = np.random.default_rng(seed)
        woman, x = rng.random(600) < 0.5, rng.normal(size=600)
        return pl.DataFrame(
            {"x": x, "sex": np.where(woman, "w", "m"), "old": woman, "hired": ~woman & (x > 0) | (x > 2.6)}
        )

    score = DemographicParity().score(
        case(rare(1), rare(2), rare(3), kinds=KINDS, target="hired", protected=("sex",)), ctx
    )
    told = {part["group"]["sex"]: part["reference"] for part in score.details["parts"]}
    assert told["w"] is None and 0.4 < told["m"] < 0.6


def test_groups_are_where_protected_columns_meet(judged, ctx):
    details = DemographicParity().score(judged(staff(2000, 3, 0.35), ("sex", "old")), ctx).details
    assert len(details["parts"]) == 4
    assert details["columns"]["sex"]["score"] > 0.25 > details["columns"]["old"]["score"]


def test_a_group_that_was_lost_costs_representation(judged, ctx):
    score = Representation().score(judged(staff(2000, 3, 0.1).filter(pl.col("sex") != "woman")), ctx)
    women = next(part for part in score.details["parts"] if part["group"] == {"sex": "woman"})
    assert women["value"] == 0 and score.value == pytest.approx(women["reference"], abs=0.02)
    assert score.low > score.reference_high


def test_a_number_is_cut_into_quarters(judged, ctx):
    parts = Representation().score(judged(staff(2000, 3, 0.1), ("x",)), ctx).details["parts"]
    assert len(parts) == 4 and all(part["reference"] == pytest.approx(0.25, abs=0.001) for part in parts)


def test_the_outcome_can_be_named(judged, ctx):
    case = judged(staff(2000, 3, 0.35))
    hired, rejected = (EqualOpportunity(positive=word).score(case, ctx) for word in ("true", "false"))
    assert max(hired.value, rejected.value) == EqualisedOdds().score(case, ctx).value
    with pytest.raises(NotFoundError, match="never 'tru'"):
        EqualOpportunity(positive="tru").score(case, ctx)


@pytest.mark.parametrize("target", ["city", "since"])
def test_several_classes_and_numbers_have_outcomes_too(target, case, real, ctx):
    tables = real(900, 1), real(700, 2), real(700, 3)
    for name in ("demographic_parity", *MODELS):
        score = catalog.load("metrics", name)().score(case(*tables, target=target, protected=("member",)), ctx)
        assert not score.skipped and score.low <= score.reference_high


def test_what_is_learnt_is_learnt_once_whoever_asks_first(judged):
    case, again = judged(staff(2000, 3, 0.2)), judged(staff(2000, 3, 0.2))
    ctx = Context.seeded(5)
    for name in MODELS:
        catalog.load("metrics", name)().score(case, ctx.at(name))
    last = EqualisedOdds().score(case, ctx.at("equalised_odds"))
    assert repr(last) == repr(EqualisedOdds().score(again, ctx.at("equalised_odds")))


def test_a_protected_column_that_is_not_there(judged, ctx):
    with pytest.raises(NotFoundError, match="Did you mean `sex`"):
        Representation().score(judged(staff(200, 3, 0.1), ("sx",)), ctx)


@pytest.mark.prove
def test_the_interval_of_a_gap_holds_the_truth(case):
    """Over 200 tables, the interval of a gap of .2 between two groups holds it as often as it says."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        group = rng.integers(2, size=400)
        found = gap_between((rng.random(400) < 0.4 + 0.2 * group).astype(float), group, 2, np.ones(400, bool), 10).found
        held += found.low <= 0.2 <= found.high
    assert 182 <= held <= 198
