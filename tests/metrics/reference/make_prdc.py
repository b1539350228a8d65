"""Reference values of prdc for the tests, made in an environment of its own.

    python3.11 -m venv prdc && prdc/bin/pip install prdc==0.2
    prdc/bin/python tests/metrics/reference/make_prdc.py

Writes prdc.json beside this file. The points are made by `points()` below, which needs numpy only, so that the
tests make the very same ones.
"""

import json
from pathlib import Path

import numpy as np

NEIGHBOURS = 5


def points() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Real and synthetic points `x[row, dimension]` by case."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(400, 6))
    return {
        "same": (real, rng.normal(size=(400, 6))),
        "shifted": (real, rng.normal(0.7, 1, size=(300, 6))),
        "narrow": (real, rng.normal(size=(500, 6)) * 0.4),
        "two_of_three_modes": (
            rng.normal(size=(300, 3)) + 8 * np.eye(3)[np.arange(300) % 3],
            rng.normal(size=(300, 3)) + 8 * np.eye(3)[np.arange(300) % 2],
        ),
    }


def main() -> None:
    """Ask prdc about every case."""
    from importlib.metadata import version

    from prdc import compute_prdc

    found = {}
    for name, (real, made) in points().items():
        scores = compute_prdc(real_features=real, fake_features=made, nearest_k=NEIGHBOURS)
        found[name] = {key: float(scores[key]) for key in ("density", "coverage")}
    page = {"made_by": "tests/metrics/reference/make_prdc.py", "prdc": version("prdc"), "cases": found}
    Path(__file__).with_name("prdc.json").write_text(json.dumps(page, indent=1) + "\n")


if __name__ == "__main__":
    main()
