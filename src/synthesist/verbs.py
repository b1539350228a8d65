"""What a user says: read, inspect, split, fit, search, sample, write, fill, transform, subset, evaluate, compare, make.

Beside them `save` and `load`; `run` stands in `synthesist.recipe`, one floor up.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from synthesist import catalog
from synthesist.core import Context, Curve, Evidence, Score, Spec
from synthesist.data import sources
from synthesist.data.databases.address import Address, is_address
from synthesist.data.dataset import Dataset
from synthesist.data.frames import give
from synthesist.data.page import is_page, read_page
from synthesist.data.places import Place
from synthesist.data.schema import Schema
from synthesist.data.targets import target
from synthesist.engine.plan import ROWS_OF_A_PART
from synthesist.engine.production import Production
from synthesist.errors import DataError, NotFoundError, SpecError, SynthesistError, did_you_mean, reason_of
from synthesist.judging import as_metrics, called_for, scored
from synthesist.model import Model, fitted
from synthesist.rules.conditions import Where, conditions, satisfied
from synthesist.writing import executor_of, written

if TYPE_CHECKING:
    from synthesist.combine.search import Search, Trial
    from synthesist.data.inspect import Inspection
    from synthesist.engine.apart import Cost
    from synthesist.report.comparison import Attempt, Comparison
    from synthesist.report.diff import Difference
    from synthesist.report.report import Report
    from synthesist.transforms.subset.selection import Account

__all__ = [
    "Made",
    "compare",
    "diff",
    "evaluate",
    "fill",
    "fit",
    "inspect",
    "load",
    "make",
    "read",
    "sample",
    "save",
    "search",
    "split",
    "subset",
    "transform",
    "write",
]

DEFAULT = "auto"
FEWEST = 20  # real rows to compare with: below it no score means anything


def read(source: Any, schema: Schema | str | Path | None = None, *, name: str | None = None) -> Dataset:
    """Read a table, or several, and understand them: a file, a folder, a frame, a Dataset; `schema` may be a page.

    >>> import synthesist as sy
    >>> data = sy.read({"age": [31, 42, 57], "sex": ["f", "m", "f"]})
    >>> data.units
    3
    """
    return sources.read(source, schema, name)


def inspect(source: Any, schema: Schema | str | Path | None = None) -> "Inspection":
    """What was understood of a table and why: print it, correct its schema, read again."""
    from synthesist.data.inspect import inspect as inspected

    return inspected(read(source, schema))


def split(source: Any, share: float = 0.8, *, seed: int = 0) -> tuple[Any, Any]:
    """Part the units at random in two: to learn from, and to judge by.

    Args:
        source: anything `read` accepts; a frame comes back as two of its kind.
        share: how much goes to the first part, between 0 and 1.
        seed: the same seed gives the same parts.
    """
    if not 0 < share < 1:
        raise SpecError(f"Cannot split at a share of {share}: it lies between 0 and 1, as in 0.8.")
    data, native = read(source), sources.native_of(source)
    if data.units < 2:
        raise DataError(f"Cannot split {data.units} row(s) in two. Bring more data.")
    order = Context.seeded(seed).at("split").rng("order").permutation(data.units)
    cut = min(max(round(share * data.units), 1), data.units - 1)
    parts = (data.with_table(data.table[np.sort(rows)]) for rows in (order[:cut], order[cut:]))
    first, second = (part if native == "dataset" else give(part, native) for part in parts)
    return first, second


def fit(
    source: Any,
    method: str | Spec = DEFAULT,
    *,
    schema: Schema | str | Path | None = None,
    rules: Sequence[str] = (),
    seed: int = 0,
    checkpoints: str | Path | None = None,
    ctx: Context | None = None,
    **options: Any,
) -> Model:
    """Learn from a table; what comes back makes rows like it.

    Args:
        source: anything `read` accepts; a frame makes a model that gives frames of its kind.
        method: a name (see `synthesist list methods`) or a Spec; "auto", which picks one, where nothing is said.
        schema: what the columns mean, where detection is not to decide.
        rules: what every row must satisfy, beside the rules of the schema, as in `start <= end`.
        seed: the same seed gives the same model.
        checkpoints: a folder where a long training notes its state; after a kill, the same call goes on from there.
        options: hyperparameters of the method, as in `bins=64`.

    Raises:
        NotFoundError: no such method.
        SpecError: an option is unknown or out of range.
        DataError, UnsuitableError: the table cannot be learnt from.
    """
    spec = as_spec("methods", method, options)
    data = with_rules(read(source, schema).finite(), rules)
    ctx = ctx or Context.seeded(seed)
    if checkpoints is not None:
        ctx = replace(ctx, checkpoints=Path(checkpoints))
    return fitted(data, spec, sources.native_of(source), seed, ctx)


def with_rules(data: Dataset, rules: Sequence[str]) -> Dataset:
    """The same rows, of which the rules are asked as well."""
    if not rules:
        return data
    table = data.kinds.model_copy(update={"rules": (*data.kinds.rules, *rules)})
    return replace(data, schema=data.schema.model_copy(update={"tables": {data.name: table}}))


def search(
    source: Any,
    method: str | Spec,
    trials: int = 20,
    *,
    fixed: Sequence[str] = (),
    by: str | Spec = "c2st",
    target: str | None = None,
    share: float = 0.75,
    schema: Schema | str | Path | None = None,
    seconds: float = inf,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> "Search":
    """Tune a method: try settings of its options, and fit the best on all rows.

    Settings are judged by rows of the source that they did not learn from. Give it training rows only: a
    holdout that took part in a search is none any more.

    Args:
        source: the rows to learn from; anything `read` accepts.
        method: a name or a Spec, which is the setting to begin with.
        trials: how many settings are tried, the first among them.
        fixed: options that stay as they are in `method`.
        by: the score to come near the best value of; `c2st` unless another is named.
        target: the column a model would predict, for scores that need one.
        share: how much of the source the settings learn from; the rest judges them.
        seconds: no trial is begun later; the result says if that happened, as it depends on the machine.
        options: options of the method; what is said here stays as it is, too.

    Raises:
        SpecError: there is nothing to tune, or fewer than two trials to do it in.
    """
    from synthesist.combine.search import Trial, searched

    ctx = ctx or Context.seeded(seed)
    start, metric = as_spec("methods", method, options), as_spec("metrics", by, {})
    data, native = read(source, schema), sources.native_of(source)
    check_judged_by(data, target)
    learn, unseen = split(data, share, seed=seed)
    order = ctx.at("search").rng("rows").permutation(learn.units)

    def attempt(spec: Spec, rows: int) -> "Trial":
        part, begin = learn.with_table(learn.table[np.sort(order[:rows])]), perf_counter()
        try:
            made = fitted(part, spec, "dataset", seed, ctx).sample(max(rows, unseen.units), seed=seed, ctx=ctx)
            took = perf_counter() - begin
            case = Evidence(part, unseen, made, target=target)
            score, near = scored(case, as_metrics((metric, "dcr_share")), ctx.at("search", "judge"))
        except Exception as error:  # noqa: BLE001  (a setting that fails must not end the search)
            return Trial(spec, rows, failure=reason_of(error))
        return Trial(spec, rows, score, near.value, took)

    found = searched(start, (*fixed, *options), metric.name(), trials, learn.units, attempt, ctx.at("search"), seconds)
    model = fitted(data, found.spec, native, seed, ctx)
    about = {"tuned_by": f"search, {trials} trials, {metric.name()}, seed {seed}", "because": found.verdict}
    return replace(found, model=replace(model, provenance={**model.provenance, **about}))


def sample(
    what: Any,
    n: int | Mapping[str, int],
    where: Where = None,
    *,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Any:
    """Produce n units from anything that samples.

    That is a Model, a model file, a page or schema file, the address of a database whose tables are to be filled, a
    class of pydantic models, a sampler Spec or its name.

    Of related tables `n` may say how many rows some of them have, as in `{"customers": 1_000, "orders": 5_000}`.
    """
    return as_model(what, options).sample(n, where, seed=seed, ctx=ctx)


def write(
    what: Any,
    out: str | Place,
    n: int | Mapping[str, int] | None = None,
    where: Where = None,
    *,
    workers: int = 1,
    cluster: str | None = None,
    parts: bool = False,
    rows_per_part: int = ROWS_OF_A_PART,
    ending: str = ".csv",
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Production:
    """Write data of any size: what is read, or n units of anything that samples, block by block in little memory.

    Args:
        what: anything `read` accepts, or, where n is given, anything `sample` accepts.
        out: a file, a folder with a file for each table, a database, or `-` for JSON lines on the standard output.
        workers: how many processes draw; they change no row.
        cluster: the address of a Dask scheduler, whose workers draw instead.
        parts: write each table as a folder of files of about `rows_per_part` rows, which every worker writes by
            itself. A run that was killed goes on where it was when it is called again.
        ending: how the files of a folder end, as in `.parquet`.

    Raises:
        SpecError: there are no workers, or parts of what is read and not drawn.
        OutputError: the output cannot be written; it is as it was before.
    """
    if n is not None:
        model = as_model(what, options)
        ctx = ctx or Context.seeded(seed)
        return written(
            model, out, n, where, ctx, executor_of(workers, cluster), rows_per_part if parts else None, ending
        )
    if parts or cluster or workers != 1:
        raise SpecError("Workers and parts are for what is drawn: say how many rows by n.")
    data = read(what)
    with target(out, data.schema, ending=ending) as to:
        to.write(data)
    return Production(dict(to.rows))


def fill(model: Model | str | Path, rows: Any, *, seed: int = 0, ctx: Context | None = None) -> Any:
    """Impute: draw every empty cell of `rows` from what the model holds possible given the filled ones."""
    return (model if isinstance(model, Model) else load(model)).fill(rows, seed=seed, ctx=ctx)


def transform(change: str | Spec, source: Any, *, seed: int = 0, ctx: Context | None = None, **options: Any) -> Any:
    """Change a table: mask it, and whatever else stands on the shelf of transforms.

    A frame comes back as one of its kind; several tables come back as a Dataset.
    """
    spec = as_spec("transforms", change, options)
    data, native = read(source).finite(), sources.native_of(source)
    out = spec.apply(data, (ctx or Context.seeded(seed)).at("transform"))  # type: ignore[attr-defined]
    return out if native == "dataset" or len(out.tables) > 1 else give(out, native)


@dataclass(frozen=True)
class Subsetted:
    """What `subset` kept: the rows, where they were not written elsewhere, and the account of how many and why."""

    data: Dataset | None
    account: "Account"

    def __str__(self) -> str:
        return str(self.account)


def subset(
    source: Any,
    to: str | Place | None = None,
    *,
    schema: Schema | str | Path | None = None,
    ending: str = ".csv",
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Subsetted:
    """Keep a part of related tables, with all that its rows refer to.

    Of a database only keys are read until the end, and rows go to `to` block by block: it may be larger than memory.

    Args:
        source: anything `read` accepts, or the address of a database.
        to: where the rows go: a folder, a database, a file of SQL; without it they come back.
        ending: how the files of a folder end, as in `.parquet`.
        options: those of the transform `subset`: where to start (`where`, `share`, `keys`), and what to follow.

    Raises:
        SpecError: the options do not fit the tables; all faults at once.
        ConditionError: no row meets the conditions.
        NotFoundError: a key is not there.
    """
    from synthesist.data.targets import target
    from synthesist.transforms.subset.reading import origin_of

    ctx, spec = ctx or Context.seeded(seed), as_spec("transforms", "subset", options)
    inputs = (source,) if isinstance(source, str | Place) else ()
    with origin_of(source, schema) as origin:
        chosen = spec.select(origin, ctx.at("transform"))  # type: ignore[attr-defined]
        if to is None:
            return Subsetted(chosen.data, chosen.account)
        with target(to, chosen.schema, ending=ending, inputs=inputs) as out:
            for block in ctx.track(chosen.blocks(), "writing"):
                out.write(block)
        return Subsetted(None, chosen.account)


def evaluate(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    target: str | None = None,
    protected: Iterable[str] = (),
    method: Spec | None = None,
    domain: Any = None,
    where: Where = None,
    metrics: Sequence[str | Spec] | None = None,
    gates: Sequence[str] = (),
    seed: int = 0,
    ctx: Context | None = None,
    title: str = "",
    provenance: Mapping[str, Any] | None = None,
    training: Curve | None = None,
) -> "Report":
    """Judge synthetic rows: how true to life, how useful, how safe, each beside what real rows reach.

    Args:
        train: the real rows the model learnt from.
        holdout: real rows it never saw: the yardstick of every score.
        synthetic: what it made.
        target: the column a model would predict; utility is judged where it is given.
        protected: columns that name groups to be treated alike.
        method: what learnt them, for attacks that let it learn again.
        domain: real rows of another place or time, on which what synthetic rows teach must work too.
        where: the condition the synthetic rows were drawn under: only real rows that meet it are compared.
        metrics: which scores, by name or Spec; by default all that this evidence allows and none that takes long.
        gates: scores that will be required, as in "c2st<=0.6": those they name are computed as well.
        training: the losses of the model, as `model.training` has them; the report shows them.

    Raises:
        DataError: too few real rows meet the condition to compare with.
    """
    from synthesist.report.gates import Gate
    from synthesist.report.report import build

    ctx = (ctx or Context.seeded(seed)).at("evaluate")
    real = read(train).finite()
    protected = tuple(protected)
    check_judged_by(real, target, protected)
    learnt, unseen = (_meeting(where, part) for part in (real, read(holdout, real.schema).finite()))
    made = read(synthetic, real.schema).finite()
    other = None if domain is None else read(domain, real.schema).finite()
    case = Evidence(learnt, unseen, made, target=target, protected=protected, method=method, domain=other)
    asked = called_for(case, (Gate.read(gate).metric for gate in gates)) if metrics is None else as_metrics(metrics)
    return build(case, scored(case, asked, ctx), ctx, title=title, provenance=provenance or {}, training=training)


def _meeting(where: Where, data: Dataset) -> Dataset:
    """The real rows that meet the condition."""
    if not where:
        return data
    rows = data.table.filter(satisfied(data.table, conditions(where, data.kinds)))
    if rows.height < FEWEST:
        raise DataError(
            f"Only {rows.height} of {data.units:,} real rows meet the condition, too few to compare with. "
            f"Draw the rows with `sample`, which needs no real rows beside them."
        )
    return data.with_table(rows)


def check_judged_by(data: Dataset, target: str | None, protected: Iterable[str] = ()) -> None:
    """Refuse a target or protected column that is not there, before any work is done."""
    for column in (*((target,) if target is not None else ()), *protected):
        if column not in data.kinds.columns:
            raise NotFoundError(f"No column `{column}` to judge by. {did_you_mean(column, data.kinds.columns)}")


@dataclass(frozen=True)
class Made:
    """What `make` brought about: the model, the rows, and the report on them."""

    model: Model
    synthetic: Any
    report: "Report"


def make(
    source: Any,
    n: int | None = None,
    method: str | Spec = DEFAULT,
    *,
    target: str | None = None,
    share: float = 0.8,
    schema: Schema | str | Path | None = None,
    rules: Sequence[str] = (),
    where: Where = None,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Made:
    """The main job in one call: split, fit, sample, and judge against the rows held out.

    Args:
        source: anything `read` accepts.
        n: how many rows to make; as many as the source has where None.
        rules: what every row must satisfy, as in `start <= end`.
    """
    ctx = ctx or Context.seeded(seed)
    spec = as_spec("methods", method, options)
    data, native = with_rules(read(source, schema).finite(), rules), sources.native_of(source)
    check_judged_by(data, target)
    train, holdout = split(data, share, seed=seed)
    model = fitted(train, spec, native, seed, ctx)
    rows = model.sample(data.units if n is None else n, where, seed=seed, ctx=ctx)
    about = {"source": data.name, "method": model.method.describe(), **model.provenance}
    report = evaluate(
        train=train,
        holdout=holdout,
        synthetic=rows,
        target=target,
        where=where,
        ctx=ctx,
        title=data.name,
        provenance=about,
        training=model.training,
        method=model.method,
    )
    return Made(model, rows, report)


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
    ctx = ctx or Context.seeded(seed)
    specs = [as_spec("methods", method, {}) for method in methods]
    data = read(source).finite()
    check_judged_by(data, target)
    train, holdout = split(data, share, seed=seed)

    def produce(spec: Spec) -> "Attempt":
        return _attempt(spec, train, seed, ctx)

    def judge(rows: Dataset) -> list[Score]:
        case = Evidence(train, holdout, rows, target=target)
        return scored(case, called_for(case) if metrics is None else as_metrics(metrics), ctx.at("evaluate"))

    return compared(data.name, specs, produce, judge, ctx, watts=watts)


def diff(
    before: Any,
    after: Any,
    *,
    keys: Mapping[str, Sequence[str]] | None = None,
    n: int = 1_000,
    examples: int = 3,
    tolerance: float = 0.0,
    seed: int = 0,
) -> "Difference":
    """What changed between two data sets, or between two pages: in meaning, in rows, in distributions.

    Rows are found again by their key, and compared cell by cell; rows without one are compared as wholes, and their
    columns by how they are distributed. Of two pages, schema files or models it is told which options differ, and what
    becomes of the rows that both draw with the same seed.

    Args:
        before, after: anything `read` accepts; or two pages, schema files or models.
        keys: the columns by which rows of a table are found again, where not by its key.
        n: how many units are drawn of pages.
        examples: how many changed cells of each column are kept.
        tolerance: how far apart numbers may lie, as a share of the larger, to count as the same.

    Raises:
        SpecError: one is a page and the other data, or rows cannot be found again by a key that was given.
    """
    from synthesist.report.diff import compared
    from synthesist.report.diff.structure import changes_of_pages, changes_of_schemas

    names = _titles(before, after)
    how: dict[str, Any] = {"examples": examples, "tolerance": tolerance}
    how["keys"] = {table: tuple(columns) for table, columns in (keys or {}).items()}
    pages = [_draws(each) for each in (before, after)]
    if pages[0] != pages[1]:
        raise SpecError(f"{names[pages[1]]} is a page and {names[pages[0]]} holds rows: draw them first.")
    if not pages[0]:
        return compared(read(before), read(after), names, **how)
    one, two = as_model(before, {}), as_model(after, {})
    found = changes_of_schemas(one.schema, two.schema)
    found += changes_of_pages(one.method.describe(), two.method.describe())
    drawn = f"Of what the first {n:,} units come to, with seed {seed}:"
    old, new = (read(model.sample(n, seed=seed), model.schema) for model in (one, two))
    return compared(old, new, names, structure=found, drawn=drawn, **how)


def _draws(what: Any) -> bool:
    """Whether something is drawn from, and holds no rows itself."""
    if isinstance(what, str | Path):
        return not is_address(what) and not Path(what).is_dir() and (describes(what) or Path(what).suffix == ".syn")
    return isinstance(what, Spec | Model | type)


def _titles(*sources: Any) -> tuple[str, str]:
    """What two sources are called in messages; addresses without their passwords."""
    titles = [str(Address.of(each) if is_address(each) else each) for each in sources if isinstance(each, str | Path)]
    before, after = titles if len(titles) == 2 else ("before", "after")
    return before, after


def _attempt(spec: Spec, train: Dataset, seed: int, ctx: Context) -> "Attempt":
    """As many rows as were learnt from, by a method in a process of its own where that can be told its name."""
    from synthesist.engine.apart import Meter, apart, bring, leave
    from synthesist.report.comparison import Attempt

    if spec.name() not in catalog.names("methods") or catalog.load("methods", spec.name()) is not type(spec):
        with Meter() as meter:
            model = fitted(train, spec, "dataset", seed, ctx)
            rows = model.sample(train.units, seed=seed, ctx=ctx)
        return Attempt(rows, meter.cost, model.method, model.provenance.get("because", ""))
    with TemporaryDirectory() as here:
        folder = Path(here)
        leave(train, folder / "train")
        job = {"spec": spec.describe(), "seed": seed, "path": ctx.path, "threads": ctx.threads}
        (folder / "job.json").write_text(json.dumps(job), "utf-8")
        cost = apart(learn_and_draw, folder)
        told = json.loads((folder / "told.json").read_text("utf-8"))
        return Attempt(bring(folder / "rows"), cost, _described(told["method"]), told["because"])


def learn_and_draw(folder: Path) -> "Cost":
    """The part of `compare` that has a process of its own. What is compiled or loaded once is not counted."""
    from synthesist.engine.apart import Meter, bring, leave

    job = json.loads((folder / "job.json").read_text("utf-8"))
    train, spec = bring(folder / "train"), _described(job["spec"])
    ctx = Context(path=tuple(job["path"]), threads=job["threads"])
    with suppress(SynthesistError):  # a method that refuses so small a table compiles in its own time
        tiny = type(spec).build({**spec.model_dump(), **spec.tiny})
        fit({"x": [float(i) for i in range(300)], "c": ["a", "b", "c"] * 100}, tiny).sample(10)
    with Meter() as meter:
        model = fitted(train, spec, "dataset", job["seed"], ctx)
        rows = model.sample(train.units, seed=job["seed"], ctx=ctx)
    leave(rows, folder / "rows")
    told = {"method": model.method.describe(), "because": model.provenance.get("because", "")}
    (folder / "told.json").write_text(json.dumps(told), "utf-8")
    return meter.cost


def _described(page: Mapping[str, Any]) -> Spec:
    """The method that `describe()` wrote."""
    options = dict(page)
    return as_spec("methods", options.pop("kind"), options)


def save(model: Model, path: str | Path, *, keep_records: bool = False) -> Path:
    """Write a model to one portable file."""
    return model.save(path, keep_records=keep_records)


def load(path: str | Path) -> Model:
    """Read a model file back."""
    return Model.load(path)


def as_spec(shelf: str, what: str | Spec, options: Mapping[str, Any]) -> Spec:
    """A Spec of the shelf, from its name and options or ready made."""
    if isinstance(what, Spec):
        if options:
            raise SpecError(f"Options {list(options)} beside a ready {what.name()}: put them into it instead.")
        return what
    if not isinstance(what, str):
        raise SpecError(f"{what!r} names nothing on the shelf of {shelf}: give a name or a Spec.")
    return catalog.load(shelf, what).build(options)


def as_model(what: Any, options: Mapping[str, Any]) -> Model:
    """A Model from anything that samples."""
    if isinstance(what, type):
        what, options = declared({**page_of_class(what), **options}, what.__name__), {}
    if isinstance(what, str | Path) and str(what) not in catalog.names("samplers"):
        what = declared({**page_at(what), **options}, what) if describes(what) else load(what)
        options = {} if isinstance(what, Spec) else options
    if isinstance(what, Model):
        if options:
            raise SpecError(f"A fitted model takes no options, got {list(options)}. Set them when fitting.")
        return what
    spec = as_spec("samplers", what, options)
    return Model(spec, spec)  # type: ignore[arg-type]


def describes(path: str | Path) -> bool:
    """Whether this is a page, a schema file or a database: something that is sampled without a model."""
    from synthesist.data.databases import is_address
    from synthesist.schemas import suffixes

    return is_address(path) or Path(path).suffix.lower() in {".yaml", ".yml", *suffixes()}


def page_of_class(what: type) -> dict[str, Any]:
    """The page that a class amounts to: one of pydantic models."""
    from synthesist.schemas.pydantic_model import is_model, page_of_model

    if not is_model(what) or issubclass(what, Spec):
        raise SpecError(f"Nothing can be sampled from the class {what.__name__}: give a class of pydantic models.")
    return page_of_model(what)


def page_at(path: str | Path) -> dict[str, Any]:
    """The page a file holds, or the one that a schema file of another kind, or a database, amounts to."""
    from synthesist.schemas import page_of

    return read_page(path) if is_page(path) else page_of(path)


def declared(page: Mapping[str, Any], where: str | Path) -> Spec:
    """The sampler a page declares, as in `kind: columns`; `where` is the page's name in messages."""
    options = dict(page)
    kind = options.pop("kind", None)
    if kind is None:
        known = ", ".join(f"`kind: {name}`" for name in catalog.names("samplers"))
        raise SpecError(f"{where} declares nothing that samples: it should say what it is, as in {known}.")
    return as_spec("samplers", str(kind), options)
