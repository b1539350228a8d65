"""Long proofs about the judge: its p-values are uniform where there is nothing to tell, its intervals hold."""

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.examples import ADULT
from synthesist.metrics._columns import encoded
from synthesist.metrics._discriminator import chance, told_apart
from synthesist.metrics.alpha_precision import AlphaPrecision
from synthesist.metrics.beta_recall import BetaRecall
from synthesist.metrics.column_shapes import ColumnShapes
from synthesist.metrics.density_coverage import DensityCoverage
from synthesist.metrics.mutual_information import MutualInformation
from synthesist.metrics.pair_trends import PairTrends
from synthesist.metrics.slices import Slices
from synthesist.metrics.triples import Triples

pytestmark = pytest.mark.prove

SPLITS = 200
WHOLE = sy.read(pl.read_parquet(ADULT))


def parts(seed: int, rows: int, count: int) -> list[Dataset]:
    """Parts of real rows, none in two of them."""
    order = np.random.default_rng(seed).permutation(WHOLE.units)
    return [WHOLE.with_table(WHOLE.table[order[k * rows : (k + 1) * rows]]) for k in range(count)]


@pytest.fixture(scope="module")
def nulls() -> list[tuple[float, tuple[float, float, float]]]:
    """Of real rows against real rows: the p-value, and the AUC with its interval."""
    found = []
    for seed in range(SPLITS):
        one, other = parts(seed, 600, 2)
        columns, ctx = encoded(Evidence(one, one, other)), Context.seeded(seed)
        found.append((chance(columns, "synthetic", 600, ctx), told_apart(columns, "synthetic", 600, ctx).auc))
    return found


def test_p_values_of_real_rows_against_real_rows_are_uniform(nulls) -> None:
    from scipy.stats import kstest

    p = [each for each, _ in nulls]
    assert kstest(p, "uniform").pvalue > 0.05
    assert 0.02 <= np.mean(np.array(p) <= 0.05) <= 0.09


def test_intervals_of_c2st_hold_one_half(nulls) -> None:
    held = np.mean([area.low <= 0.5 <= area.high for _, area in nulls])
    assert 0.92 <= held <= 0.99


@pytest.mark.parametrize(
    "metric",
    [ColumnShapes, PairTrends, Triples, MutualInformation, AlphaPrecision, BetaRecall, DensityCoverage, Slices],
)
def test_intervals_hold_the_expected_score(metric) -> None:
    scores = []
    for seed in range(100):
        case = Evidence(*parts(1000 + seed, 1000, 3))
        scores.append(metric().score(case, Context.seeded(seed)))
    expected = np.mean([score.value for score in scores])
    assert np.mean([score.low <= expected <= score.high for score in scores]) >= 0.9
