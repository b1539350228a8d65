"""What every method must do: on each small table, and once as a whole."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from synthesist.core import Context, Filler, Spec
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Array, Audio, Boolean, Category, Id, Image, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema, TableSchema
from synthesist.dp.entropy import replaying
from synthesist.dp.method import PrivateMethod
from synthesist.errors import DataError, SpecError, UnsuitableError
from synthesist.model import Model
from synthesist.testing.case import Case
from synthesist.testing.inside import fits, same
from synthesist.testing.knobs import knob_cases, text_cases
from synthesist.testing.private import declared
from synthesist.testing.tables import TABLES, mixed
from synthesist.testing.traces import Traces, watched
from synthesist.verbs.learning import fit

__all__ = ["method_cases"]

SEED = 11
N = 60
FOREIGN: dict[str, Kind] = {"image": Image(), "audio": Audio(), "array": Array()}


@dataclass(frozen=True)
class Trial:
    """One fit to one table, with the rows drawn from it and the traces both left."""

    spec: Spec
    data: Dataset
    traces: Traces[tuple[Model, Dataset]]

    @property
    def model(self) -> Model:
        return self.traces.result[0]

    @property
    def rows(self) -> Dataset:
        return self.traces.result[1]


def method_cases(spec: Spec) -> list[Case]:
    """All cases of one method."""

    private = isinstance(spec, PrivateMethod)

    @cache
    def trial(table: str) -> Trial:
        data = _served(spec, table)
        return Trial(spec, data, watched(lambda: _fitted(spec, data), data))

    def on(table: str, check: Callable[[Trial], None]) -> Callable[[], None]:
        return lambda: check(trial(table))

    everywhere = {
        "leaves_no_trace": _leaves_no_trace,
        "schema": _schema,
        "same_seed": _same_seed,
        "first_rows": _first_rows,
        "saved": _saved,
        "fill": _fill,
        "where": _where,
    }
    once = {"other_seed": _other_seed, "blocks": _blocks, "threads": _threads, "records": _records}
    tables = [table for table in TABLES if table not in spec.limits and _served(spec, table).kinds.columns]
    return [
        *(Case(spec.name(), check, table, on(table, body)) for table in tables for check, body in everywhere.items()),
        *(
            Case(spec.name(), "refuses_table", table, partial(_refuses_table, spec, table))
            for table in _off_limits(spec)
        ),
        *(Case(spec.name(), check, "", on("mixed", body)) for check, body in once.items()),
        *(Case(spec.name(), "refuses", kind, partial(_refuses, spec, kind)) for kind in _refused(spec)),
        Case(spec.name(), "no_rows", "", partial(_still_private if private else _no_rows, spec)),
        *([Case(spec.name(), "refuses_detected", "", partial(_refuses_detected, spec))] if private else []),
        *text_cases(spec),
        *knob_cases(spec, _outcome),
    ]


def _served(spec: Spec, table: str) -> Dataset:
    """A table of the suite without the columns of kinds that the method does not serve, its target apart."""
    data = TABLES[table]()
    target = _target(spec)
    columns = {name: kind for name, kind in data.kinds.columns.items() if kind.kind in spec.accepts or name == target}
    if len(columns) < len(data.kinds.columns):
        kinds = TableSchema(columns=columns)
        data = Dataset({data.name: data.table.select(list(columns))}, Schema(tables={data.name: kinds}))
    return declared(data) if isinstance(spec, PrivateMethod) else data


def _target(spec: Spec) -> str | None:
    """The column that names the class, for a method that is told one."""
    return getattr(spec, "target", None)


def _off_limits(spec: Spec) -> list[str]:
    """The tables a method says it refuses."""
    return [table for table in TABLES if table in spec.limits]


def _fitted(spec: Spec, data: Dataset) -> tuple[Model, Dataset]:
    with replaying():
        model = fit(data, spec, seed=SEED)
    return model, model.sample(N, seed=SEED)


def _outcome(spec: Spec) -> Iterator[pl.DataFrame]:
    """The rows a Spec leads to, table by table."""
    for table in ("mixed", "nulls", "free_text"):
        data = _served(spec, table)
        named = {_target(spec), getattr(spec, "unit", None)} - {None}
        if table not in spec.limits and data.kinds.columns and named <= data.kinds.columns.keys():
            yield _fitted(spec, data)[1].table


# --------------------------------------------------------------------------- on every table


def _leaves_no_trace(trial: Trial) -> None:
    """Nothing printed, no warning, no global random state moved, the input as it was."""
    trial.traces.clean()


def _schema(trial: Trial) -> None:
    """Schema in is schema out, and every cell is inside it."""
    fits(trial.rows, trial.data.schema, N)


def _same_seed(trial: Trial) -> None:
    """The same seed gives the same rows."""
    same(_fitted(trial.spec, trial.data)[1], trial.rows, "A second fit with the same seed")


def _first_rows(trial: Trial) -> None:
    """The first k units do not depend on n."""
    first = trial.model.sample(7, seed=SEED)
    same(first, trial.rows.with_table(trial.rows.table.head(7)), f"7 rows, and the first 7 of {N}")


def _saved(trial: Trial) -> None:
    """A saved model is the same model."""
    with TemporaryDirectory() as folder:
        path = trial.model.save(Path(folder, "model.syn"), keep_records=True)
        same(Model.load(path).sample(N, seed=SEED), trial.rows, "The model read back from its file")


def _fill(trial: Trial) -> None:
    """Given cells stay, and no hole is left where the model has seen a value."""
    if not isinstance(trial.model.sampler, Filler):
        return
    table, rng = trial.data.table.head(200), Context.seeded(SEED).rng("holes")
    holes = table.with_columns(
        pl.when(pl.Series(rng.random(table.height) < 0.7)).then(pl.col(column)).alias(column)
        for column in table.columns
    )
    filled = trial.model.fill(trial.data.with_table(holes), seed=SEED).table
    assert filled.height == holes.height, f"{filled.height} rows came back of {holes.height}."
    for column in table.columns:
        given = holes[column].is_not_null()
        kept = filled[column].filter(given).equals(holes[column].filter(given))
        assert kept, f"A given cell of `{column}` was changed."
        seen = trial.data.table[column].null_count() < trial.data.units
        assert not (seen and filled[column].null_count()), f"`{column}` still has {filled[column].null_count()} holes."


def _where(trial: Trial) -> None:
    """Conditions hold in every row."""
    if not isinstance(trial.model.sampler, Filler):
        return
    if where := _conditions(trial.data):
        rows = trial.model.sample(N, where, seed=SEED)
        fits(rows, trial.data.schema, N)
        for column, (sign, value) in where.items():
            holds = rows[column] == value if sign == "==" else rows[column] >= value
            assert holds.fill_null(False).all(), f"The condition {column} {sign} {value!r} does not hold in all rows."


def _conditions(data: Dataset) -> dict[str, tuple[str, Any]]:
    """A common value of the first category and, in its rows, the upper half of the first number or moment."""
    table, where = data.table, {}
    for kinds in (Category | Boolean, Number | Integer | Moment):
        listed = (c for c, kind in data.kinds.columns.items() if isinstance(kind, kinds) and not _unlisted(kind))
        column = next(listed, None)
        if column is None or not len(filled := table[column].drop_nulls()):
            continue
        if kinds == Category | Boolean:
            where[column] = ("==", filled.value_counts(sort=True)[column][0])
            table = table.filter(pl.col(column) == where[column][1])
        else:
            where[column] = (">=", filled.sort()[len(filled) // 2])
    return where


def _unlisted(kind: Kind) -> bool:
    """Whether the values of a column are so many that a rare one may be withheld."""
    return isinstance(kind, Category) and kind.high_cardinality


# --------------------------------------------------------------------------- once


def _other_seed(trial: Trial) -> None:
    """Another seed gives other rows."""
    assert not trial.model.sample(N, seed=SEED + 1).table.equals(trial.rows.table), "Two seeds gave the same rows."


def _blocks(trial: Trial) -> None:
    """A second block continues the first: the first rows stay, keys go on, and it is no copy."""
    size = trial.model.sampler.block
    rows = trial.model.sample(size + N, seed=SEED)
    fits(rows, trial.data.schema, size + N)
    same(rows.with_table(rows.table.head(N)), trial.rows, f"{N} rows, and the first {N} of {size + N}")
    made = [c for c, kind in trial.data.kinds.columns.items() if not isinstance(kind, Id)]
    second = rows.table.slice(size).select(made)
    assert not second.equals(rows.table.head(N).select(made)), "The second block repeats the first."


def _threads(trial: Trial) -> None:
    """Rows do not depend on how many threads are lent."""
    n = trial.model.sampler.block + 1
    one, three = (trial.model.sample(n, ctx=Context.seeded(SEED, threads=threads)) for threads in (1, 3))
    same(one, three, "One thread, and three")


def _records(trial: Trial) -> None:
    """A model that holds real records is saved only when that is asked for."""
    with TemporaryDirectory() as folder:
        try:
            trial.model.save(Path(folder, "model.syn"))
            asked = False
        except SpecError:
            asked = True
    assert asked == trial.spec.holds_records, f"holds_records is {trial.spec.holds_records}; a flag was asked: {asked}."


def mixed_kinds() -> dict[str, Kind]:
    """The kinds of the columns of the table `mixed`."""
    return dict(TABLES["mixed"]().kinds.columns)


def _refused(spec: Spec) -> list[str]:
    return sorted(({kind.kind for kind in mixed_kinds().values()} | set(FOREIGN)) - spec.accepts)


def _refuses(spec: Spec, kind: str) -> None:
    """A column of a kind that is not served is refused by name."""
    columns = {**mixed_kinds(), **{f"a_{name}": foreign for name, foreign in FOREIGN.items()}}
    column = next(name for name, one in columns.items() if one.kind == kind)
    cells = mixed(4)[column] if column in mixed_kinds() else pl.Series([None] * 4)
    table = pl.DataFrame({column: cells.cast(columns[column].storage)})
    schema = Schema(tables={"table": TableSchema(columns={column: columns[column]})})
    try:
        fit(Dataset({"table": table}, schema), spec)
    except UnsuitableError as error:
        assert f"`{column}`" in str(error), f"The refusal does not name the column: {error}"
        return
    raise AssertionError(f"A column of kind {kind} is not in `accepts`, and was accepted.")


def _refuses_table(spec: Spec, table: str) -> None:
    """A table it cannot learn from is refused as such."""
    try:
        fit(_served(spec, table), spec)
    except (DataError, UnsuitableError):
        return
    raise AssertionError(f"The limit {spec.limits[table]!r} no longer holds. Take it out of `limits`, and be glad.")


def _still_private(spec: Spec) -> None:
    """That a table has no rows is private too: something is learnt from it all the same."""
    data = _served(spec, "mixed")
    with replaying():
        model = fit(data.with_table(data.table.clear()), spec)
    fits(model.sample(N, seed=SEED), data.schema, N)


def _refuses_detected(spec: Spec) -> None:
    """What was detected from the rows is refused, column by column."""
    data = TABLES["mixed"]()
    columns = {name: kind for name, kind in data.kinds.columns.items() if kind.kind in spec.accepts}
    schema = Schema(tables={data.name: TableSchema(columns=columns)})
    try:
        fit(Dataset({data.name: data.table.select(list(columns))}, schema), spec)
    except UnsuitableError as error:
        unnamed = [name for name in columns if f"  {name}: " not in str(error)]
        assert not unnamed, f"The refusal does not name {', '.join(unnamed)}: {error}"
        return
    raise AssertionError("A schema that was detected from the rows was accepted.")


def _no_rows(spec: Spec) -> None:
    """A table without rows is refused as data, not by an accident further in."""
    data = _served(spec, "mixed")
    try:
        fit(data.with_table(data.table.clear()), spec)
    except DataError:
        return
    raise AssertionError("A table without rows was learnt from.")
