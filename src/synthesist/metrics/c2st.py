"""Whether a classifier can tell synthetic rows from real rows nobody has seen."""

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.metrics._columns import drawn
from synthesist.metrics._discriminator import FEWEST, chance, synthetic_told_apart, told_apart
from synthesist.metrics._scale import Scale

__all__ = ["C2ST"]

SCALE = Scale(
    metric="c2st",
    title="Classifier two-sample test (AUC)",
    family="fidelity",
    best=0.5,
    worst=1.0,
    meaning="How well boosted trees tell a synthetic row from a real row kept aside; 0.5 is a coin toss.",
)


class C2ST(Spec):
    """How well trees tell synthetic rows from real ones kept aside: 0.5 is a coin toss, 1 is always.

    As many synthetic as holdout rows are drawn; five times, 100 LightGBM trees learn from four
    fifths of both and are tested on the last fifth. The value is the mean area under the five ROC
    curves. Its interval is DeLong's, widened because the folds learn from the same rows (Nadeau and
    Bengio 2003, doi:10.1023/A:1024068626366). The reference is the same for train against holdout:
    real against real. Details hold the share of each column in the gain of the trees: what gives
    the rows away; and `p_value`: how often two samples of one population are told apart this well.
    For that, trees learn from a part of the rows and are tested on as many others, three times, each
    time from all that came before: no row is looked at before it is tested, so the value is uniform where
    there is nothing to be told, which averages over folds are not.

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
        columns = drawn(case, self.rows, ctx)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        if min(columns.rows.values()) < FEWEST:
            return SCALE.skip(f"Each table needs at least {FEWEST} rows.")
        found = synthetic_told_apart(columns, self.rows, ctx)
        reference = told_apart(columns, "train", self.rows, ctx.at("train"))
        importance = {c.name: float(share) for c, share in zip(columns.all, found.gain, strict=True)}
        details = {
            "p_value": chance(columns, "synthetic", self.rows, ctx.at("synthetic")),
            "importance": dict(sorted(importance.items(), key=lambda item: -item[1])),
            "rows": found.rows,
            "reference_rows": reference.rows,
        }
        return SCALE.score(found.auc, reference.auc, details)
