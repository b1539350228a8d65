"""What learns, is judged, and learns again: a method refined by what is wrong with its rows."""

from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.data import sources
from synthesist.data.schema import Schema
from synthesist.errors import DataError
from synthesist.judging import as_metrics, scored
from synthesist.model import Model, fitted
from synthesist.verbs.learning import refuse_to_tune
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read, split

if TYPE_CHECKING:
    from synthesist.combine.refine import Judged, Refinement
    from synthesist.reasons.explanation import Explanation

__all__ = ["refine"]

FEWEST = 200  # rows, of which two holdouts of an eighth each still say something


def refine(
    source: Any,
    method: str | Spec = "auto",
    *,
    gate: str = "c2st<=0.55",
    rounds: int = 6,
    fixed: bool = False,
    share: float = 0.7,
    schema: Schema | str | Path | None = None,
    seconds: float = inf,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> "Refinement":
    """Learn, find what is wrong with the rows, mend it, and go on until a score is reached or nothing helps.

    The rows are split in three: to learn from, holdout A that judges each round, and holdout B that is asked once, at
    the end, whether to keep the result. Give it training rows only, where another holdout is to judge what comes of it.

    Args:
        source: anything `read` accepts.
        method: a name or a Spec to begin with.
        gate: the score to reach, as in `c2st<=0.55`.
        rounds: how many changes are tried at most.
        fixed: keep the method; only its options and what is done with its rows may change.
        share: how much of the source is learnt from; each holdout gets half of the rest.
        seconds: no round is begun later; the result then depends on the machine.
        options: options of the method.

    Raises:
        SpecError: the gate cannot be read, or the method keeps rows private.
        DataError: there are fewer than 200 rows.
    """
    from synthesist.combine.refine import Judged, refined_model
    from synthesist.reasons.explaining import explained
    from synthesist.report.gates import Gate

    ctx, wanted, start = ctx or Context.seeded(seed), Gate.read(gate), as_spec("methods", method, options)
    refuse_to_tune(start, "refine")
    data, native = read(source, schema).finite(), sources.native_of(source)
    if data.units < FEWEST:
        raise DataError(f"Refining {data.units} rows would judge by chance: bring {FEWEST} or more.")
    learn, rest = split(data, share, seed=seed)
    unseen, second = split(rest, 0.5, seed=seed)
    metrics = as_metrics((wanted.metric, "dcr_share", "exact_copies"))

    def fit(spec: Spec) -> Model:
        return fitted(learn, spec, "dataset", seed, ctx)

    def judge(model: Model, which: str) -> "Judged":
        holdout = unseen if which == "A" else second
        case = Evidence(learn, holdout, model.sample(max(holdout.units, 1_000), seed=seed, ctx=ctx.at(which)))
        return Judged(*scored(case, metrics, ctx.at("refine", which)))

    def explain(model: Model) -> "Explanation":
        case = Evidence(learn, unseen, model.sample(max(unseen.units, 1_000), seed=seed, ctx=ctx.at("explain")))
        return explained(case, ctx.at("refine", "explain"), rows=10_000)

    def passes(score: Score) -> bool:
        return not wanted.failures([score])

    def build(name: str, chosen: Any) -> Spec:
        return as_spec("methods", name, chosen)

    found = refined_model(start, fixed, passes, rounds, fit, judge, explain, build, ctx.at("refine"), seconds)
    about = {"refined_by": f"refine, gate {gate}, seed {seed}", "because": found.verdict}
    model = replace(found.model, native=native, provenance={**found.model.provenance, **about})
    return replace(found, model=model)
