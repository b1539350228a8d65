from dataclasses import replace

import pytest

from synthesist.core import Score
from synthesist.report.verdict import verdict


def test_a_wide_interval_around_chance_is_no_proof_of_a_leak():
    def attack(value: float, low: float, high: float) -> Score:
        return Score(
            "membership", "Membership", value, low, high, 0.5, 1.0, 0.5, family="privacy", details={"power": 1.0}
        )

    assert verdict([attack(0.52, 0.44, 0.61)]).lights["privacy"] == "fair"
    assert verdict([attack(0.62, 0.57, 0.67)]).lights["privacy"] == "poor"


LIGHTS = [(-0.02, 0.05, "good"), (0.05, 0.15, "fair"), (0.2, 0.3, "poor"), (-0.3, 0.3, "fair")]


def test_members_named_beyond_chance_take_the_good_light(scored) -> None:
    parts = [{"rate": 0.001, "value": 0.04, "low": 0.03, "high": 0.05, "chance": 0.006}]
    quiet = scored("membership", 0.51, 0.5, 1, 0.5, family="privacy", details={"power": 1.0})
    named = replace(quiet, details={"power": 1.0, "parts": parts})
    assert verdict([quiet]).lights["privacy"] == "good"
    few = replace(named, details={"power": 1.0, "parts": [parts[0] | {"value": 0.01}]})
    assert verdict([few]).lights["privacy"] == "fair" and verdict([named]).lights["privacy"] == "poor"
    assert "4.0% of the targets are named where 0.1% of strangers are" in verdict([named]).deciding("privacy").remark


@pytest.mark.parametrize(("low", "high", "light"), LIGHTS)
def test_the_three_criteria_set_the_light(scored, low: float, high: float, light: str) -> None:
    for metric in ("singling_out", "linkability", "attribute_inference"):
        score = scored(metric, (low + high) / 2, 0, 1, 0, family="privacy", low=low, high=high)
        assert verdict([score]).lights["privacy"] == light


def test_rows_that_coincide_by_chance_are_no_proof_of_copying(scored) -> None:
    few = scored("exact_copies", 0.024, 0, 1, 0, family="privacy", low=-0.01, high=0.06)
    many = scored("exact_copies", 0.024, 0, 1, 0, family="privacy", low=0.01, high=0.04)
    assert [verdict([score]).lights["privacy"] for score in (few, many)] == ["fair", "poor"]
