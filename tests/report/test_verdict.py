from synthesist.core import Score
from synthesist.report.verdict import verdict


def test_a_wide_interval_around_chance_is_no_proof_of_a_leak():
    def attack(value: float, low: float, high: float) -> Score:
        return Score(
            "membership", "Membership", value, low, high, 0.5, 1.0, 0.5, family="privacy", details={"power": 1.0}
        )

    assert verdict([attack(0.52, 0.44, 0.61)]).lights["privacy"] == "fair"
    assert verdict([attack(0.62, 0.57, 0.67)]).lights["privacy"] == "poor"
