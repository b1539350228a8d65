"""Singling out, linkage and inference give the numbers of Anonymeter."""

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from synthesist.core import Context
from synthesist.metrics.attribute_inference import AttributeInference
from synthesist.metrics.linkability import Linkability
from synthesist.metrics.singling_out import SinglingOut

REFERENCE = Path(__file__).with_name("reference")
ALIKE = ["fresh", "copied", "noisy", "coarse"]
NEAR = 0.02
TIED = 0.025
"""Where most rows are equally near, which of them counts is a choice, and Anonymeter's is that of its sorting."""


@pytest.fixture(scope="module")
def made():
    spec = spec_from_file_location("make_anonymeter", REFERENCE / "make_anonymeter.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def expected():
    page = json.loads((REFERENCE / "anonymeter.json").read_text())
    assert page["anonymeter"] == "1.1.0"
    return page["cases"]


def evidence(case, kinds, *tables):
    return case(
        *(pl.DataFrame(table) for table in tables), kinds={name: {"kind": kind} for name, kind in kinds.items()}
    )


@pytest.mark.parametrize("name", ALIKE)
def test_singling_out_equals_anonymeter(name, made, expected, case):
    evident = evidence(case, *made.tables()[name])
    runs = [SinglingOut().score(evident, Context.seeded(seed)).details["parts"] for seed in range(3)]
    for mode, kind in enumerate(["multivariate", "univariate"]):
        if runs[0][mode]["attacks"] < made.ATTACKS:
            continue  # Anonymeter divides by the attacks asked for, not by those it could make
        found = {key: np.mean([run[mode][key] for run in runs]) for key in ("rate", "control", "value")}
        assert found["rate"] == pytest.approx(expected[name][kind]["attack"], abs=NEAR)
        assert found["control"] == pytest.approx(expected[name][kind]["control"], abs=NEAR)
        assert found["value"] == pytest.approx(expected[name][kind]["risk"], abs=NEAR)


def test_fewer_strangers_are_carried_over_to_the_size_of_train(made, expected, case):
    """Half as many strangers give the risk that as many do; Anonymeter's extrapolation is a tenth too high."""
    kinds, train, control, synthetic = made.tables()["uneven"]
    true, few = [], []
    for draw in range(1, 5):
        strangers = made.strangers("uneven", len(train["f0"]), draw)
        for rows, found in ((len(train["f0"]), true), (len(control["f0"]), few)):
            part = {name: cells[:rows] for name, cells in strangers.items()}
            score = SinglingOut(attacks=1_000).score(
                evidence(case, kinds, train, part, synthetic), Context.seeded(draw)
            )
            found.append(score.value)
    assert np.mean(few) == pytest.approx(np.mean(true), abs=2 * NEAR)
    assert expected["uneven"]["multivariate"]["risk"] > np.mean(true) + 0.1


@pytest.mark.parametrize("name", [*ALIKE, "uneven"])
def test_inference_equals_anonymeter(name, made, expected, case, ctx):
    score = AttributeInference(attacks=5_000).score(evidence(case, *made.tables()[name]), ctx)
    assert len(score.details["parts"]) == len(expected[name]["inference"])
    for part in score.details["parts"]:
        wanted = expected[name]["inference"][part["column"]]
        assert part["rate"] == pytest.approx(wanted["attack"], abs=NEAR)
        assert part["control"] == pytest.approx(wanted["control"], abs=NEAR)
        assert max(part["value"], 0) == pytest.approx(wanted["risk"], abs=TIED if name == "coarse" else NEAR)


@pytest.mark.parametrize("neighbours", [1, 5])
@pytest.mark.parametrize("name", [*ALIKE, "uneven"])
def test_linkage_equals_anonymeter(name, neighbours, made, expected, case, ctx):
    score = Linkability(attacks=5_000, neighbours=neighbours).score(evidence(case, *made.tables()[name]), ctx)
    wanted = expected[name][f"linkability {neighbours}"]
    slack = TIED if name == "coarse" else NEAR
    assert score.details["attack_rate"] == pytest.approx(wanted["attack"], abs=slack)
    assert max(score.value, 0) == pytest.approx(wanted["risk"], abs=slack)
