"""What `fit` hands back: a Sampler with its schema and where it came from."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any, get_args, get_type_hints

import polars as pl

import synthesist
from synthesist import catalog
from synthesist.codecs.keys import apart, keys_of
from synthesist.core import Allowed, Chooser, Composed, Context, Curve, Filler, Sampler, Spec, Trained, World
from synthesist.data.dataset import Dataset
from synthesist.data.frames import give
from synthesist.data.schema import Schema
from synthesist.data.sources import native_of, read
from synthesist.dp.method import PrivateMethod
from synthesist.engine.blocks import blocks, drawing, joined
from synthesist.engine.pack import read_pack, write_pack
from synthesist.engine.plan import Plan, plain, written_where
from synthesist.engine.recast import Recast, rules_of
from synthesist.engine.ruled import Ruled, fit_ruled, ruled
from synthesist.errors import ModelFileError, SpecError, UnsuitableError
from synthesist.rules.conditions import Where, conditions

__all__ = ["Model", "fitted_type", "method_in"]

FITTED = "model.syn"


@dataclass(frozen=True, repr=False)
class Model:
    """A fitted method: draw from it, fill holes with it, save it.

    `native` is the kind of frame the data came in, and so the kind that comes out: "dataset",
    "polars", "pandas" or "pyarrow". `provenance` says how the model was made.
    """

    sampler: Sampler
    method: Spec
    native: str = "dataset"
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def schema(self) -> Schema:
        """What the rows mean: kinds, keys and bounds."""
        return self.sampler.schema

    @property
    def training(self) -> Curve | None:
        """The losses of the training, where there was one."""
        inner = _inner(self.sampler)
        return inner.training if isinstance(inner, Trained) else None

    def sample(
        self, n: int | Mapping[str, int], where: Where = None, *, seed: int = 0, ctx: Context | None = None
    ) -> Any:
        """Draw exactly n rows, all of which meet the conditions.

        Args:
            n: how many units, at least 1; of related tables also how many rows of each, as in `{"orders": 500}`.
            where: conditions, as in `{"sex": "Female", "age": (">=", 65)}` or `["age >= 65"]`.
            seed: the same seed gives the same rows; the first k rows do not depend on n.
            ctx: for those who lend progress or threads.

        Raises:
            SpecError: n is no positive whole number.
            ConditionError: a condition contradicts itself, the schema or what was learnt.
        """
        return self._out(joined(self.blocks(n, where, seed=seed, ctx=ctx)))

    def blocks(
        self, n: int | Mapping[str, int], where: Where = None, *, seed: int = 0, ctx: Context | None = None
    ) -> Iterator[Dataset]:
        """The same rows as `sample` gives, block by block: as many as you like in little memory."""
        ctx = (ctx or Context.seeded(seed)).at("sample")
        return blocks(self.sampler, n, ctx, self._allowed(where))

    def world(self, n: int | Mapping[str, int], where: Where, ctx: Context) -> World:
        """What `sample` draws, as chunks that can be drawn anywhere."""
        return drawing(self.sampler, n, ctx.at("sample"), self._allowed(where))

    def plan(
        self, world: World, n: int | Mapping[str, int], where: Where, ctx: Context, ending: str, chunks: int
    ) -> Plan:
        """The page by which other processes make the same rows.

        Raises:
            UnsuitableError: this is a sampler of the caller's own, of which others know nothing.
        """
        return Plan(
            what=self._page,
            n=dict(n) if isinstance(n, Mapping) else {self.schema.unit: n},
            where=plain(where),
            path=ctx.at("sample").path,
            ending=ending,
            chunks=chunks,
            parts=-(-world.chunks // chunks),
        )

    def leave(self, folder: Path) -> None:
        """Put the model beside the plan, where the plan does not say it all."""
        if FITTED in self._page and not (folder / FITTED).exists():
            self._write(folder / FITTED)

    @cached_property
    def _page(self) -> dict[str, Any]:
        """A sampler's page, or the digest of the model."""
        if self.sampler is not self.method:
            with TemporaryDirectory() as folder:
                self._write(path := Path(folder) / FITTED)
                return {FITTED: blake2b(path.read_bytes(), digest_size=16).hexdigest()}
        name = self.method.name()
        if name not in catalog.names("samplers") or catalog.load("samplers", name) is not type(self.method):
            raise UnsuitableError(f"Other processes know no sampler `{name}`: put it on the shelf as a plug-in.")
        return self.method.describe()

    def _allowed(self, where: Where) -> Mapping[str, Allowed]:
        return conditions(where, self.schema.tables[self.schema.unit]) if where else {}

    def fill(self, rows: Any, *, seed: int = 0, ctx: Context | None = None) -> Any:
        """Draw every empty cell of `rows` from what the model holds possible given the filled ones.

        A hole stays empty only where the learnt table says so: in a column that is always empty for the
        given value of another one (no name of a spouse for the single), or that no row ever filled.

        Raises:
            UnsuitableError: this method cannot fill.
            DataError: a row without a key comes after the last one the key pattern has.
        """
        if not isinstance(self.sampler, Filler):
            raise UnsuitableError(f"{self.method.name()} cannot fill holes. Use `trees` or `gaussian_copula`.")
        ctx = (ctx or Context.seeded(seed)).at("fill")
        given, native = read(rows, schema=self.schema), native_of(rows)
        for column, keys in keys_of(self.schema).items():
            keys.require(_last_hole(given[column]), column)
        holes = {column: Allowed() for column in given.table.columns if given[column].null_count()}
        size = self.sampler.block

        def part(start: int) -> Dataset:
            here = replace(ctx.at("block", start // size), start=start)
            return self.sampler.fill(given.with_table(given.table.slice(start, size)), holes, here)  # type: ignore[attr-defined]

        starts = range(0, given.units, size)
        full = joined(part(start) for start in ctx.track(starts, "filling"))
        for column, keys in keys_of(self.schema).items():
            full = full.with_table(full.table.with_columns(apart(keys, given[column], full[column]).alias(column)))
        return _give(full, native)

    def save(self, path: str | Path, *, keep_records: bool = False) -> Path:
        """Write the model to one portable file, without any code in it.

        Raises:
            SpecError: the model holds real records and `keep_records` was not given.
            OutputError: the file cannot be written.
        """
        if self.method.holds_records and not keep_records:
            raise SpecError(
                f"A {self.method.name()} model holds real records: whoever gets the file gets them. "
                f"Save it with keep_records=True if that is right."
            )
        self._write(Path(path))
        return Path(path)

    def _write(self, path: Path) -> None:
        header = {
            "method": self.method.describe(),
            "native": self.native,
            "provenance": dict(self.provenance),
            "written_by": f"synthesist {synthesist.__version__}",
        }
        if isinstance(self.sampler, Ruled):
            header["recast"] = self.sampler.recast.model_dump(mode="json", by_alias=True)
        write_pack(path, header, _inner(self.sampler))

    @classmethod
    def load(cls, path: str | Path) -> "Model":
        """Read a model file; a damaged or hostile one is refused and never runs code.

        Raises:
            NotFoundError: there is no such file.
            ModelFileError: it cannot be trusted or understood.
        """
        return cls.of(path, *read_pack(Path(path), partial(fitted_type, path)))

    @classmethod
    def of(cls, path: str | Path, header: Mapping[str, Any], sampler: Any) -> "Model":
        """The model that a file at `path` holds.

        Raises:
            ModelFileError: it holds a change of rows, or does not say how it was fitted.
        """
        if not hasattr(sampler, "sample"):
            raise ModelFileError(
                f"{path} holds a change of rows and no model: apply it by `synthesist transform {path} ROWS -o OUT`."
            )
        method = method_in(path, header)
        try:
            if "recast" in header:
                sampler = ruled(sampler, Recast.model_validate(header["recast"]))
            provenance = dict(header.get("provenance") or {})
        except (SpecError, TypeError, ValueError) as error:
            raise ModelFileError(f"{path} does not say how it was fitted: {error}") from None
        return cls(sampler, method, _known_native(header.get("native")), provenance)

    def _out(self, data: Dataset) -> Any:
        return _give(data, self.native)

    def __repr__(self) -> str:
        rows, picker = self.provenance.get("rows"), self.provenance.get("chosen_by")
        chosen = f", chosen by {picker}" if picker else ""
        fitted = f", fitted on {rows:,} rows" if isinstance(rows, int) else ""
        columns = f"{sum(len(table.columns) for table in self.schema.tables.values())} columns"
        size = columns if len(self.schema.tables) == 1 else f"{len(self.schema.tables)} tables, {columns}"
        return f"Model({self.method!r}{chosen}{fitted}, {size})"

    def _repr_html_(self) -> str:
        from html import escape

        kinds = "".join(
            f"<tr><td>{escape(c)}</td><td>{k.kind}</td><td>{escape(k.why)}</td></tr>"
            for table in self.schema.tables.values()
            for c, k in table.columns.items()
        )
        return (
            f"<p><b>{escape(repr(self))}</b></p><table><tr><th>column</th><th>kind</th><th>why</th></tr>{kinds}</table>"
        )


def world_of(folder: Path, plan: Plan) -> World:
    """What a plan draws, in whatever process this is called."""
    if FITTED in plan.what:
        model = Model.load(folder / FITTED)
    else:
        page = dict(plan.what)
        spec = catalog.load("samplers", page.pop("kind")).build(page)
        model = Model(spec, spec)  # type: ignore[arg-type]
    ctx = Context(path=plan.path)
    return drawing(model.sampler, plan.n, ctx, model._allowed(written_where(plan.where)))


def fitted(data: Dataset, method: Spec, native: str, seed: int, ctx: Context) -> Model:
    """Fit `method`, or the one it picks, and note how.

    A fit that was killed goes on from its checkpoints, if it is the same fit.
    """
    refuse_unsuitable(method, data)
    chosen: dict[str, Any] = {}
    if isinstance(method, Chooser):
        choice = method.choose(data)
        chosen = {"chosen_by": method.name(), "because": choice.why}
        method = choice.method
        refuse_unsuitable(method, data)
    keeps = ctx.checkpoints is not None and not isinstance(method, PrivateMethod)  # a state on disk shows rows
    notes = ctx.checkpoints / _identity(data, method, seed) if ctx.checkpoints and keeps else None
    place = replace(ctx.at("fit"), checkpoints=notes)

    def fit(told: Dataset) -> Sampler:
        return method.fit(told, place)  # type: ignore[attr-defined]

    about: dict[str, Any] = {"rows": data.units}
    if isinstance(method, PrivateMethod):
        rules_of(data.kinds)  # a fault in a rule is said before budget is spent
        learnt = method.learn(data, place)
        sampler, about = learnt.sampler, {"privacy": learnt.privacy}
        if data.kinds.rules:
            sampler = ruled(sampler, Recast(schema=sampler.schema))
    else:
        sampler = fit_ruled(data, fit, place) if data.kinds.rules else fit(data)
    provenance: dict[str, Any] = {
        **about,
        "columns": len(data.kinds.columns),
        "seed": seed,
        "synthesist": synthesist.__version__,
        **chosen,
    }
    if isinstance(inner := _inner(sampler), Trained):
        provenance["training"] = inner.training.summary
    if notes is not None:
        rmtree(notes, ignore_errors=True)
    return Model(sampler, method, native, provenance)


@contextmanager
def resumable(ctx: Context, out: Path) -> Iterator[Context]:
    """The context with a folder for checkpoints beside `out`, which is gone once the file is there."""
    folder = out.with_name(f"{out.name}.checkpoint")
    yield replace(ctx, checkpoints=folder)
    rmtree(folder, ignore_errors=True)


def _identity(data: Dataset, method: Spec, seed: int) -> str:
    """A name for this fit: of the same rows, by the same method, with the same seed, by the same release."""
    said = json.dumps([method.describe(), data.schema.model_dump(mode="json"), seed, synthesist.__version__])
    rows = [table.hash_rows(seed=0).to_numpy().tobytes() for table in data.tables.values()]
    return blake2b(b"".join([said.encode(), *rows]), digest_size=16).hexdigest()


def refuse_unsuitable(method: Spec, data: Dataset) -> None:
    """Refuse columns of a kind the method does not serve, naming each, and a target that is no column."""
    if (target := getattr(method, "target", None)) is not None:
        data.kinds[target]
    kinds = data.kinds.columns.items()
    wrong = {c: k.kind for c, k in kinds if k.kind not in method.accepts and c != target}
    if wrong:
        named = ", ".join(f"`{c}` ({kind})" for c, kind in wrong.items())
        raise UnsuitableError(
            f"{method.name()} cannot learn {named}: it serves {', '.join(sorted(method.accepts))}. "
            f"Drop the column, or give it another kind in the schema."
        )


def method_in(path: str | Path, header: Mapping[str, Any]) -> Spec:
    """The method that a file says it was fitted by.

    Raises:
        ModelFileError: it says nothing that can be understood.
    """
    try:
        options = dict(header["method"])
        return catalog.load("methods", options.pop("kind")).build(options)
    except (SpecError, LookupError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path} does not say how it was fitted: {error}") from None


def fitted_type(path: str | Path, header: Mapping[str, Any]) -> Any:
    """The type a method's `fit` declares to return: our code names it, never the file."""
    name = header["method"]["kind"]
    if name not in catalog.names("methods"):
        raise ModelFileError(
            f"{path} was made by the method `{name}`, which is not installed here. "
            f"Install the package it comes in, or fit again with one of `synthesist list methods`."
        )
    spec = catalog.load("methods", name)
    if issubclass(spec, Composed):
        return method_in(path, header).sampler_type()  # type: ignore[attr-defined]
    if issubclass(spec, PrivateMethod):
        return get_args(get_type_hints(spec.ask)["return"])[-1]
    return get_type_hints(spec.fit)["return"]  # type: ignore[attr-defined]


def _inner(sampler: Sampler) -> Sampler:
    """What a method gave, without the rules around it."""
    return sampler.inner if isinstance(sampler, Ruled) else sampler


def _last_hole(column: pl.Series) -> int:
    """The number of the last row, counted from 1, whose cell is empty; 0 where none is."""
    holes = column.is_null().arg_true()
    return int(holes[-1]) + 1 if len(holes) else 0


def _known_native(name: Any) -> str:
    return name if name in ("polars", "pandas", "pyarrow") else "dataset"


def _give(data: Dataset, native: str) -> Any:
    return data if native == "dataset" else give(data, native)
