"""Methods side by side on one table, each in a process of its own."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from synthesist import catalog
from synthesist.core import Context, Evidence, Score, Spec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Category, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import SpecError, SynthesistError
from synthesist.judging import called_for, scored
from synthesist.model import fitted
from synthesist.verbs.judging import check_judged_by
from synthesist.verbs.learning import fit
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read, split

if TYPE_CHECKING:
    from synthesist.engine.apart import Cost
    from synthesist.report.comparison import Attempt, Comparison

__all__ = ["compare", "learn_and_draw"]

WARM = Schema(
    tables={
        "warm": TableSchema(
            columns={"x": Number(bounds=Bounds(low=0, high=300)), "c": Category(values=["a", "b", "c"])}
        )
    },
    unit="warm",
)
"""Of rows that are learnt from only so that all is compiled and loaded; declared, as private methods ask for it."""


def compare(
    source: Any,
    methods: Sequence[str | Spec],
    *,
    target: str | None = None,
    share: float = 0.8,
    metrics: Sequence[str | Spec] | None = None,
    watts: float = 10.0,
    seed: int = 0,
    ctx: Context | None = None,
) -> "Comparison":
    """Which method for this table: every score, the time, memory and energy each takes, and a recommendation.

    Each method of the catalogue learns and draws in a process of its own, so that its memory is its own
    and a crash is a row of the table. Others do so in this process; their memory is not known.

    Args:
        source: anything `read` accepts.
        methods: names or Specs.
        target: the column a model would predict; utility is judged where it is given.
        share: how much is learnt from; the rest judges.
        metrics: which scores, by name or Spec.
        watts: what one busy core takes, for the estimate of energy; a server's take 5 to 15.
    """
    from synthesist.report.comparison import compared

    if not 0 < watts < inf:
        raise SpecError(f"A core that takes {watts} watts: that cannot be. Write what yours takes, as in 10.")
    ctx = replace(ctx or Context.seeded(seed), ledger=None)  # what is learnt here is thrown away
    specs = [as_spec("methods", method, {}) for method in methods]
    data = read(source).finite()
    check_judged_by(data, target)
    train, holdout = split(data, share, seed=seed)

    def produce(spec: Spec) -> "Attempt":
        return _attempt(spec, train, seed, ctx)

    def judge(rows: Dataset) -> list[Score]:
        case = Evidence(train, holdout, rows, target=target)
        return scored(case, called_for(case, metrics), ctx.at("evaluate"))

    return compared(data.name, specs, produce, judge, ctx, watts=watts)


def _attempt(spec: Spec, train: Dataset, seed: int, ctx: Context) -> "Attempt":
    """As many rows as were learnt from, by a method in a process of its own where that can be told its name."""
    from synthesist.engine.apart import Meter, apart, bring, leave
    from synthesist.report.comparison import Attempt

    if spec.name() not in catalog.names("methods") or catalog.load("methods", spec.name()) is not type(spec):
        with Meter() as meter:
            model = fitted(train, spec, "dataset", seed, ctx)
            rows = model.sample(train.units, seed=seed, ctx=ctx)
        return Attempt(
            rows, meter.cost, model.method, model.provenance.get("because", ""), "privacy" in model.provenance
        )
    with TemporaryDirectory() as here:
        folder = Path(here)
        leave(train, folder / "train")
        job = {"spec": spec.describe(), "seed": seed, "path": ctx.path, "threads": ctx.threads}
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        cost = apart(learn_and_draw, folder)
        told = json.loads((folder / "told.json").read_text("utf-8"))
        return Attempt(bring(folder / "rows"), cost, _described(told["method"]), told["because"], told["private"])


def learn_and_draw(folder: Path) -> "Cost":
    """The part of `compare` that has a process of its own. What is compiled or loaded once is not counted."""
    from synthesist.engine.apart import Meter, bring, leave

    job = json.loads((folder / "job.json").read_text("utf-8"))
    train, spec = bring(folder / "train"), _described(job["spec"])
    ctx = Context(path=tuple(job["path"]), threads=job["threads"])
    with suppress(SynthesistError):  # a method that refuses so small a table compiles in its own time
        tiny = type(spec).build({**spec.model_dump(), **spec.tiny})
        fit({"x": [float(i) for i in range(300)], "c": ["a", "b", "c"] * 100}, tiny, schema=WARM).sample(10)
    with Meter() as meter:
        model = fitted(train, spec, "dataset", job["seed"], ctx)
        rows = model.sample(train.units, seed=job["seed"], ctx=ctx)
    leave(rows, folder / "rows")
    about = {"because": model.provenance.get("because", ""), "private": "privacy" in model.provenance}
    told = {"method": model.method.describe(), **about}
    (folder / "told.json").write_text(json.dumps(told), "utf-8")
    return meter.cost


def _described(page: Mapping[str, Any]) -> Spec:
    """The method that `describe()` wrote."""
    options = dict(page)
    return as_spec("methods", options.pop("kind"), options)
