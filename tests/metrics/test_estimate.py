"""Intervals hold what they promise."""

import numpy as np
import pytest
from scipy.stats import binomtest, bootstrap
from sklearn.metrics import roc_auc_score

from synthesist.metrics._estimate import auc, clopper_pearson, estimate, wilson
from synthesist.metrics._task import _macro_auc, _r2

RNG = np.random.default_rng(0)


def test_auc_with_ties_equals_sklearn():
    scores, labels = RNG.integers(0, 6, 200), RNG.random(200) < 0.3
    area, below, above = auc(scores[~labels], scores[labels])
    assert area == pytest.approx(roc_auc_score(labels, scores))
    assert below.mean() == pytest.approx(0) and above.mean() == pytest.approx(0)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (50, 1000)])
def test_shares_equal_scipy(hits, n):
    for ours, method in ((clopper_pearson(hits, n), "exact"), (wilson(hits / n, n), "wilson")):
        theirs = binomtest(hits, n).proportion_ci(method=method)
        assert (ours.value, ours.low, ours.high) == pytest.approx((hits / n, theirs.low, theirs.high))


def test_auc_interval_covers():
    """For two normals one apart the area is Phi(1 / sqrt 2)."""
    truth, covered = 0.7602499389065233, 0
    for _ in range(600):
        area, *influences = auc(RNG.normal(0, 1, 60), RNG.normal(1, 1, 90))
        found = estimate(area, *influences)
        covered += found.low <= truth <= found.high
    assert 0.925 <= covered / 600 <= 0.975


@pytest.mark.parametrize("measure", ["auc", "r2"])
def test_paired_influence_equals_the_bootstrap(measure):
    n = 400
    if measure == "auc":
        truth = RNG.integers(0, 3, n)
        a, b = (np.eye(3)[truth] * w + RNG.normal(size=(n, 3)) for w in (2, 1))
        score = _macro_auc
    else:
        truth = RNG.normal(size=n)
        a, b = (truth + RNG.normal(0, w, n) for w in (0.5, 0.8))
        score = _r2

    def gap(rows):
        return score(truth[rows], a[rows])[0] - score(truth[rows], b[rows])[0]

    spread = score(truth, a)[1] - score(truth, b)[1]
    resampled = bootstrap((np.arange(n),), gap, n_resamples=400, vectorized=False, rng=1, method="percentile")
    assert np.std(spread) / np.sqrt(n) == pytest.approx(resampled.standard_error, rel=0.12)
