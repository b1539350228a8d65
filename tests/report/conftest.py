"""Small hand-made evidence and scores for the report's tests."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthesist.core import Context, Evidence, Score
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.report import Report, build


def evidence(kinds: Mapping[str, Any], sides: Mapping[str, pl.DataFrame], target: str | None = None) -> Evidence:
    columns = {name: {"kind": kind, "missing": True} if isinstance(kind, str) else kind for name, kind in kinds.items()}
    schema = Schema.model_validate({"tables": {"people": {"columns": columns}}})
    return Evidence(**{side: Dataset({"people": table}, schema) for side, table in sides.items()}, target=target)


def people(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "age": rng.integers(18, 80, n),
            "income": np.round(rng.lognormal(10, 0.6, n), 2),
            "town": rng.choice(["Aachen", "Bonn", "Celle", "Dachau"], n, p=[0.5, 0.3, 0.15, 0.05]),
            "smokes": rng.random(n) < 0.2,
        }
    )


KINDS = {"age": "integer", "income": "number", "town": "category", "smokes": "boolean"}


def score(metric: str, value: float, best: float, worst: float, reference: float, **rest: Any) -> Score:
    low, high = rest.pop("low", value - 0.01), rest.pop("high", value + 0.01)
    return Score(metric, metric, value, low, high, best, worst, reference, **rest)


def good_scores() -> list[Score]:
    columns = {name: {"score": 0.97, "reference": 0.975, "measure": "KS"} for name in KINDS}
    pairs = [{"a": "age", "b": "town", "score": 0.95, "reference": 0.96}]
    return [
        score("column_shapes", 0.97, 1, 0, 0.975, details={"columns": columns}),
        score("pair_trends", 0.95, 1, 0, 0.96, details={"pairs": pairs}),
        score("c2st", 0.55, 0.5, 1, 0.5, details={"importance": {"age": 0.7, "town": 0.3}}),
        score("tstr", 0.01, 0, 0.5, 0, family="utility", details={"measure": "AUC", "real": 0.9, "synthetic": 0.89}),
        score("membership", 0.51, 0.5, 1, 0.5, family="privacy", details={"power": 0.99}),
        score("exact_copies", 0.0, 0, 1, 0, family="privacy"),
    ]


@pytest.fixture
def case() -> Evidence:
    return evidence(KINDS, {"train": people(400, 1), "holdout": people(200, 2), "synthetic": people(400, 3)}, "smokes")


@pytest.fixture
def report(case: Evidence) -> Report:
    return build(case, good_scores(), Context.seeded(0), title="People", provenance={"method": "trees", "seed": 0})


@pytest.fixture
def built() -> Callable[..., Report]:
    """Build a report from kinds and one frame a side."""

    def make(kinds: Mapping[str, Any], scores: list[Score] | None = None, **sides: pl.DataFrame) -> Report:
        return build(evidence(kinds, sides), scores or [], Context.seeded(0))

    return make


@pytest.fixture
def scores() -> list[Score]:
    return good_scores()


@pytest.fixture
def scored() -> Callable[..., Score]:
    return score
