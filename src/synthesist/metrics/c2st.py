"""Whether a classifier can tell synthetic rows from real rows nobody has seen."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics import _trees
from synthesist.metrics._columns import Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, auc, estimate, sample
from synthesist.metrics._scale import Scale

__all__ = ["C2ST"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="c2st",
    title="Classifier two-sample test (AUC)",
    family="fidelity",
    best=0.5,
    worst=1.0,
    meaning="How well boosted trees tell a synthetic row from a real row kept aside; 0.5 is a coin toss.",
)
FOLDS = 5
WIDER = (1 + FOLDS / (FOLDS - 1)) ** 0.5  # variance 1/k + test rows / learning rows, in place of 1/k
FEWEST = 20


class C2ST(Spec):
    """How well trees tell synthetic rows from real ones kept aside: 0.5 is a coin toss, 1 is always.

    As many synthetic as holdout rows are drawn; five times, 100 LightGBM trees learn from four
    fifths of both and are tested on the last fifth. The value is the mean area under the five ROC
    curves. Its interval is DeLong's, widened because the folds learn from the same rows (Nadeau and
    Bengio 2003, doi:10.1023/A:1024068626366). The reference is the same for train against holdout:
    real against real. Details hold the share of each column in the gain of the trees: what gives
    the rows away.

    Below 0.5 the rows are spread more evenly than a random sample: what one fold holds too many of,
    the others hold too few of.

    Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests, ICLR, arXiv:1610.06545.

    When not to use: with fewer than a few hundred rows a side, where trees learn little and 0.5
    means nothing. A copy of the training rows reaches 0.5 too: read it with `exact_copies`.
    """

    standard = 10

    rows: int = knob(50_000, "most rows drawn from each side", tries=(100, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with holdout; the reference compares train with holdout."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows.values()) < FEWEST:
            return SCALE.skip(f"Each table needs at least {FEWEST} rows.")
        found, gain, rows = _tell(columns, "synthetic", self.rows, ctx.at("synthetic"))
        reference, _, real_rows = _tell(columns, "train", self.rows, ctx.at("train"))
        importance = {c.name: float(share) for c, share in zip(columns.all, gain, strict=True)}
        ordered = dict(sorted(importance.items(), key=lambda item: -item[1]))
        return SCALE.score(found, reference, {"importance": ordered, "rows": rows, "reference_rows": real_rows})


def _tell(columns: Columns, side: Side, most: int, ctx: Context) -> tuple[Estimate, Array, int]:
    """The cross-fitted AUC of `side` against the holdout, the gain share of each column, the rows a side."""
    rows = min(columns.rows[side], columns.rows["holdout"], most)
    real = columns.matrix("holdout", sample(ctx.rng("holdout rows"), columns.rows["holdout"], rows))
    other = columns.matrix(side, sample(ctx.rng("other rows"), columns.rows[side], rows))
    fold = np.arange(rows) % FOLDS  # the rows come in random order
    kept = _trees.categorical(columns)

    def test(k: int) -> tuple[float, Array, Array, Array]:
        """The AUC on fold `k` of what was learnt on the others, the influences on it, and the gain."""
        learn, aside = fold != k, fold == k
        x = np.concatenate([real[learn], other[learn]])
        trees = _trees.fit(x, np.repeat([0.0, 1.0], learn.sum()), kept, "binary", ctx)
        area, below, above = auc(_trees.predict(trees, real[aside]), _trees.predict(trees, other[aside]))
        return area, below, above, trees.feature_importance("gain")

    areas, below, above, gains = zip(*_trees.at_once(test, range(FOLDS), f"c2st {side}", ctx), strict=True)
    found = estimate(float(np.mean(areas)), WIDER * np.concatenate(below), WIDER * np.concatenate(above))
    gain = np.sum(gains, axis=0)
    return found, gain / max(gain.sum(), 1e-12), rows
