"""Reference values of fairlearn for the tests, made in an environment of its own.

    python3.11 -m venv fair && fair/bin/pip install fairlearn==0.15.0
    fair/bin/python tests/metrics/reference/make_fairlearn.py

Writes fairlearn.json beside this file. The tables are made by `tables()` below, which needs numpy only, so that the
tests make the very same ones.
"""

import json
from pathlib import Path

import numpy as np

Table = dict[str, list]


def tables() -> dict[str, Table]:
    """Truth, what a model says, its probabilities, and the group of each row."""
    return {
        "two groups": _table(1, 400, 2),
        "many groups": _table(2, 3_000, 7),
        "unequal": _table(3, 1_500, 4, tilt=2.0),
        "small": _table(4, 120, 3),
    }


def _table(seed: int, rows: int, groups: int, tilt: float = 0.7) -> Table:
    rng = np.random.default_rng(seed)
    group = rng.integers(groups, size=rows)
    lean = tilt * (group / (groups - 1) - 0.5)
    chance = 1 / (1 + np.exp(-(lean + rng.normal(0, 1, rows))))
    said = np.clip(chance + 0.1 * lean + rng.normal(0, 0.15, rows), 0, 1)
    return {
        "truth": (rng.random(rows) < chance).astype(int).tolist(),
        "said": (said > 0.5).astype(int).tolist(),
        "probability": said.tolist(),
        "group": [f"g{k}" for k in group],
    }


def main() -> None:
    """Ask fairlearn for every table."""
    import fairlearn
    from fairlearn.metrics import (
        MetricFrame,
        demographic_parity_difference,
        equal_opportunity_difference,
        equalized_odds_difference,
        mean_prediction,
        selection_rate,
    )

    found = {}
    for name, table in tables().items():
        truth, said, group = (np.array(table[key]) for key in ("truth", "said", "group"))
        rates = {"selection": selection_rate, "truth": lambda y, _: float(np.mean(y))}
        frame = MetricFrame(metrics=rates, y_true=truth, y_pred=said, sensitive_features=group)
        expected = MetricFrame(
            metrics=mean_prediction, y_true=truth, y_pred=np.array(table["probability"]), sensitive_features=group
        )
        found[name] = {
            "demographic_parity": demographic_parity_difference(truth, said, sensitive_features=group),
            "equal_opportunity": equal_opportunity_difference(truth, said, sensitive_features=group),
            "equalised_odds": equalized_odds_difference(truth, said, sensitive_features=group),
            "group_calibration": float((frame.by_group["truth"] - expected.by_group).abs().max()),
            "selection": {key: float(rate) for key, rate in frame.by_group["selection"].items()},
        }
    page = {"made_by": "tests/metrics/reference/make_fairlearn.py", "fairlearn": fairlearn.__version__, "tables": found}
    Path(__file__).with_name("fairlearn.json").write_text(json.dumps(page, indent=1) + "\n")


if __name__ == "__main__":
    main()
