"""Reference values of Anonymeter for the tests, made in an environment of its own.

    python3.11 -m venv anonymeter && anonymeter/bin/pip install anonymeter==1.1.0
    anonymeter/bin/python tests/metrics/reference/make_anonymeter.py

Writes anonymeter.json beside this file. The tables are made by `tables()` below, which needs numpy only, so
that the tests make the very same ones. Linking and inference attack every record; the predicates of singling
out are drawn at random, so its numbers are means over `SEEDS` runs.
"""

import json
import warnings
from pathlib import Path

import numpy as np

SEEDS, ATTACKS = 12, 500
KINDS = {"f": "number", "i": "integer", "b": "boolean", "c": "category"}
Table = dict[str, list]
PLANS = {
    "fresh": ((1500, 1500, 1500), "ffiiccbc", 0.0, 0.0),
    "copied": ((1500, 1500, 1500), "ffiiccbc", 0.5, 0.0),
    "noisy": ((1500, 1500, 1500), "fffiicccbb", 0.6, 0.02),
    "coarse": ((1200, 1200, 1500), "iccbccb", 0.5, 0.0),
    "uneven": ((2000, 1000, 1800), "ffiicccb", 0.4, 0.0),
}
"""Rows of train, control and synthetic; columns; the share of synthetic rows copied from train, and their noise."""


def tables() -> dict[str, tuple[dict[str, str], Table, Table, Table]]:
    """Kinds, train, control and synthetic cells by case, which differ in how many train rows are given away."""
    return {name: _case(seed, *PLANS[name]) for seed, name in enumerate(PLANS, 1)}


def strangers(case: str, size: int, draw: int) -> Table:
    """Further rows of the population of a case."""
    letters = PLANS[case][1]
    names, loads = _population(np.random.default_rng(list(PLANS).index(case) + 1), letters)
    return {name: cells.tolist() for name, cells in _rows(np.random.default_rng([7, draw]), size, names, loads).items()}


def _case(seed: int, sizes: tuple[int, int, int], letters: str, copied: float, noise: float):
    rng = np.random.default_rng(seed)
    names, loads = _population(rng, letters)
    train, control, fresh = (_rows(rng, size, names, loads) for size in sizes)
    given = int(copied * sizes[2])
    table = {}
    for name, letter in names.items():
        cells = fresh[name].copy()
        own = train[name][:given]
        if noise and letter in "fi":
            own = np.round(own + rng.normal(0, noise * np.ptp(train[name]), given), 2 if letter == "f" else 0)
        cells[:given] = own
        table[name] = cells
    order = rng.permutation(sizes[2])
    lists = [{n: c.tolist() for n, c in rows.items()} for rows in (train, control)]
    return {n: KINDS[x] for n, x in names.items()}, *lists, {n: c[order].tolist() for n, c in table.items()}


def _population(rng, letters: str):
    names = {f"{letter}{k}": letter for k, letter in enumerate(letters)}
    return names, rng.uniform(0.3, 1.2, len(letters))


def _rows(rng, size: int, names: dict[str, str], loads) -> dict[str, np.ndarray]:
    common = rng.normal(0, 1, size)
    rows = {}
    for load, (name, letter) in zip(loads, names.items(), strict=True):
        x = common * load + rng.normal(0, 1, size)
        rows[name] = {
            "f": lambda x=x: np.round(100 + x * 10, 2),
            "i": lambda x=x: np.round(np.exp(2 + x / 2)).astype(int),
            "b": lambda x=x: x > 0.3,
            "c": lambda x=x: np.array([f"v{int(k)}" for k in np.clip((x + 3) * 2, 0, 11)]),
        }[letter]()
    return rows


def main() -> None:
    """Run the three evaluators over every case."""
    import anonymeter  # noqa: F401
    import pandas as pd
    from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator

    warnings.simplefilter("ignore")
    page: dict = {"anonymeter": "1.1.0", "attacks": ATTACKS, "seeds": SEEDS, "cases": {}}
    for name, (kinds, *three) in tables().items():
        train, control, synthetic = (pd.DataFrame(table) for table in three)
        columns = list(kinds)
        found: dict = {}
        for mode in ("univariate", "multivariate"):
            runs = []
            for seed in range(SEEDS):
                np.random.seed(seed)  # noqa: NPY002  (it draws from the global state)
                attack = SinglingOutEvaluator(train, synthetic, ATTACKS, 3, control, seed=seed).evaluate(mode)
                runs.append(
                    [attack.risk().value, attack.results().attack_rate.value, attack.results().control_rate.value]
                )
            found[mode] = dict(zip(("risk", "attack", "control"), np.mean(runs, axis=0), strict=True))
        size = min(len(train), len(control))
        for neighbours in (1, 5):
            np.random.seed(0)  # noqa: NPY002  (it draws from the global state)
            halves = (columns[::2], columns[1::2])
            attack = LinkabilityEvaluator(train, synthetic, halves, size, neighbours, control).evaluate(n_jobs=1)
            found[f"linkability {neighbours}"] = _outcome(attack)
        found["inference"] = {}
        for secret in columns:
            np.random.seed(0)  # noqa: NPY002  (it draws from the global state)
            known = [column for column in columns if column != secret]
            number = kinds[secret] in ("number", "integer")
            attack = InferenceEvaluator(train, synthetic, known, secret, number, len(train), control).evaluate(n_jobs=1)
            found["inference"][secret] = _outcome(attack)
        page["cases"][name] = found
        print(name, json.dumps(found, indent=1))
    Path(__file__).with_name("anonymeter.json").write_text(json.dumps(page, indent=1) + "\n")


def _outcome(attack) -> dict[str, float]:
    results = attack.results()
    return {"risk": attack.risk().value, "attack": results.attack_rate.value, "control": results.control_rate.value}


if __name__ == "__main__":
    main()
