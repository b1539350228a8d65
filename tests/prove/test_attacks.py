"""Long proofs about attacks: no false alarms on real rows, and one row in twenty learnt by heart is always found."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist import catalog
from synthesist.core import Context, Evidence, Score
from synthesist.data.dataset import Dataset
from synthesist.data.examples import ADULT
from synthesist.methods.marginals import Marginals

pytestmark = pytest.mark.prove

SPLITS, SEEDS = 200, 20
MOST_ALARMS = 16
"""Of 200 splits at a true rate of 5 % more than this are seen once in forty."""
SMALL, LARGE = (3_200, 800, 1_600), (20_000, 8_000, 20_000)
ATTACKS = ["singling_out", "linkability", "attribute_inference", "membership", "outliers"]
AGAIN = ["shadow", "black_box"]


@pytest.fixture(scope="module")
def adult() -> Dataset:
    return sy.read(pl.read_parquet(ADULT))


def split(data: Dataset, sizes: tuple[int, int, int], seed: int) -> list[Dataset]:
    """Rows of train, holdout and synthetic, none twice where there are enough."""
    order = np.resize(np.random.default_rng(seed).permutation(len(data)), sum(sizes))
    return [data.with_table(data.table[rows]) for rows in np.split(order, np.cumsum(sizes)[:2])]


def scored(name: str, case: Evidence, seed: int) -> Score:
    return catalog.load("metrics", name)().score(case, Context.seeded(seed))


@pytest.mark.parametrize("name", [*ATTACKS, *AGAIN])
def test_real_rows_raise_no_alarm(name: str, adult: Dataset) -> None:
    """Train is four times the holdout, as `make` splits it; the synthetic rows are real rows of nobody in either."""
    sizes = SMALL if name in ATTACKS else (1_200, 800, 800)
    scores = [scored(name, Evidence(*split(adult, sizes, seed), method=Marginals()), seed) for seed in range(SPLITS)]
    assert sum(score.low > score.best for score in scores) <= MOST_ALARMS
    for rate in range(3) if "worst_off" in scores[0].details else ():
        parts = [score.details["parts"][rate] for score in scores]
        assert sum(part["value"] > part["chance"] for part in parts) <= MOST_ALARMS


@pytest.mark.parametrize("name", ["membership", "shadow", "black_box"])
def test_copied_rows_are_told_from_others(name: str, adult: Dataset) -> None:
    train, holdout, _ = split(adult, LARGE, 0)
    score = scored(name, Evidence(train, holdout, train, method=Marginals()), 0)
    assert score.details["power"] >= 0.95
    if name == "membership":
        assert score.value >= 0.95 and score.details["parts"][1]["value"] >= 0.5


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_one_row_in_twenty_learnt_by_heart_is_always_found(noise: float, adult: Dataset) -> None:
    """Exactly, or with numbers blurred by a hundredth of their spread; the other rows are of an honest model."""
    found = {"outliers": 0, "membership": 0, "linkability": 0}
    for seed in range(SEEDS):
        train, holdout, _ = split(adult, LARGE, 1_000 + seed)
        honest = sy.fit(train, "marginals", seed=seed).sample(len(train), seed=seed).table
        copied = len(train) // 20
        rows = pl.concat([blurred(train.table[:copied], noise, seed), honest[copied:]])
        case = Evidence(train, holdout, train.with_table(rows))
        few = scored("membership", case, seed).details["parts"][1]
        found["membership"] += few["value"] > few["chance"]
        for name in ("outliers", "linkability"):
            found[name] += scored(name, case, seed).low > 0
    assert found["outliers"] == found["membership"] == SEEDS, found


def blurred(rows: pl.DataFrame, noise: float, seed: int) -> pl.DataFrame:
    """The rows with normal noise on every number; whole numbers stay whole."""
    rng = np.random.default_rng(seed)

    def blur(column: pl.Series) -> pl.Series:
        cells = column.cast(pl.Float64)
        moved = cells + pl.Series(rng.normal(0, noise * float(cells.std() or 0), len(cells)))  # type: ignore[arg-type]
        return (moved.round(0) if column.dtype.is_integer() else moved).cast(column.dtype)

    return rows.with_columns(blur(column) for column in rows.iter_columns() if column.dtype.is_numeric())
