"""The pages of a project under test: read once, what is drawn from them kept, and given as frames."""

import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from synthesist.data.dataset import Dataset
from synthesist.data.frames import give, stored
from synthesist.errors import ConditionError, NotFoundError, SpecError, did_you_mean
from synthesist.model import Model
from synthesist.rules.conditions import Where, conditions, satisfied
from synthesist.verbs.named import as_model

if TYPE_CHECKING:
    from synthesist.testing.filled import Filled, Templates

__all__ = ["Pages", "Sampled", "Wanted"]

KEPT = 32  # drawings kept for other tests of the session
MOST = 1_000_000  # rows drawn at most to find some that meet a condition
FRAMES = ("polars", "pandas", "pyarrow", "rows")


@dataclass(frozen=True)
class Wanted:
    """What a test asks for; `schema` is a page, beside the test in the folder `here`, instead of the project's."""

    n: Any
    where: Where
    seed: int
    schema: str | Path | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    here: Path | None = None


@dataclass(frozen=True)
class Sampled:
    """What was drawn for a test, and from where."""

    data: Dataset
    page: Path
    table: str = ""

    @property
    def described(self) -> str:
        """One line: the page, the tables and their sizes."""
        shown = [self.table] if self.table else list(self.data.tables)
        sizes = ", ".join(f"{name} {self.data.tables[name].height:,} rows" for name in shown)
        return f"{self.page.name}: {sizes}"

    def as_(self, frame: str) -> Any:
        """The one table as a frame, or as a list of dicts."""
        one = self.data[self.table] if len(self.data.tables) > 1 else self.data
        return _given(one, frame)

    def all_as(self, frame: str) -> dict[str, Any]:
        """Every table as a frame."""
        several = len(self.data.tables) > 1
        return {name: _given(self.data[name] if several else self.data, frame) for name in self.data.tables}


def _given(data: Dataset, frame: str) -> Any:
    if frame not in FRAMES:
        raise NotFoundError(f"No frames called `{frame}`. {did_you_mean(frame, FRAMES)}")
    return stored(data.table, data.kinds).to_dicts() if frame == "rows" else give(data, frame)


@dataclass(frozen=True)
class Pages:
    """The pages a project declares; `root` is where paths that are not found beside a test begin."""

    paths: tuple[Path, ...]
    root: Path
    notes: list[str] = field(default_factory=list)
    """What of the pages is not kept; a warning would fail the first test that reads a page, whatever it is about."""

    def table(self, name: str, wanted: Wanted) -> Sampled:
        """Exactly n rows of one table.

        Raises:
            SpecError: no page is named, or n is no number.
            NotFoundError: no page has this table.
            ConditionError: too few rows meet the conditions.
        """
        page, model = self._of_table(name, wanted)
        name, n = name or _only(model, page), wanted.n
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise SpecError(f"Cannot draw n = {n!r} rows of `{name}`: that is a whole number of at least 1.")
        return Sampled(self._drawn(_Asked.of(page, model, name, wanted)), page, name)

    def tables(self, wanted: Wanted) -> Sampled:
        """All tables of the one page, or of the first where there are several."""
        page = self._paths(wanted)[0]
        return Sampled(self._drawn(_Asked.of(page, self._model(page, wanted.options), "", wanted)), page)

    def filled(self, sampled: Sampled, address: str, folder: Callable[[], Path]) -> "AbstractContextManager[Filled]":
        """A database with these tables in it: a file of SQLite where no address is given."""
        from synthesist.testing.filled import filled_copy, filled_there

        return filled_there(sampled, address) if address else filled_copy(sampled, self._templates, folder)

    @cached_property
    def _templates(self) -> "Templates":
        return {}

    def _paths(self, wanted: Wanted) -> list[Path]:
        if wanted.schema is not None:
            beside = [folder / wanted.schema for folder in (wanted.here, self.root) if folder is not None]
            return [next((path for path in beside if path.exists()), beside[0])]
        if not self.paths:
            raise SpecError(
                "No page says what the rows are like: write `synthesist_schema = schema.yaml` into the ini file of "
                'pytest, or name one, as in schema="schema.sql".'
            )
        return list(self.paths)

    def _of_table(self, name: str, wanted: Wanted) -> tuple[Path, Model]:
        """The first page that has the table."""
        pages = self._paths(wanted)
        known: list[str] = []
        for page in pages:
            model = self._model(page, wanted.options)
            if not name or name in model.schema.tables:
                return page, model
            known += model.schema.tables
        named = ", ".join(page.name for page in pages)
        raise NotFoundError(f"No table `{name}` in {named}. {did_you_mean(name, known)}")

    def _model(self, page: Path, options: Mapping[str, Any]) -> Model:
        key = (page, _stamp(page), repr(options))
        if key not in self._models:
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                self._models[key] = as_model(page, options)
            self.notes.extend(str(warning.message) for warning in told)
        return self._models[key]

    @cached_property
    def _models(self) -> dict[Any, Model]:
        return {}

    @cached_property
    def _drawn(self) -> Any:
        return lru_cache(KEPT)(_drawn)


def _stamp(page: Path) -> int:
    """When a page was last changed; one that is not there is told of when it is read."""
    return page.stat().st_mtime_ns if page.exists() else 0


def _only(model: Model, page: Path) -> str:
    tables = model.schema.tables
    if len(tables) > 1:
        raise SpecError(f"{page.name} has {len(tables)} tables: {', '.join(tables)}. Name one.")
    return model.schema.unit


@dataclass(frozen=True)
class _Asked:
    """One drawing; two that are alike are drawn once."""

    page: Path
    stamp: int
    options: str
    table: str
    n: Any
    conditions: str
    seed: int
    model: Model = field(compare=False)
    where: Where = field(compare=False)

    @classmethod
    def of(cls, page: Path, model: Model, table: str, wanted: Wanted) -> "_Asked":
        n = tuple(sorted(wanted.n.items())) if isinstance(wanted.n, Mapping) else wanted.n
        said = repr(wanted.options), table, n, repr(wanted.where), wanted.seed
        return cls(page, _stamp(page), *said, model, wanted.where)


def _drawn(asked: _Asked) -> Dataset:
    model, table = asked.model, asked.table
    n = dict(asked.n) if isinstance(asked.n, tuple) else asked.n
    if not table or table == model.schema.unit:
        made = model.sample(n, asked.where, seed=asked.seed)
    else:
        made = _of_another_table(asked)
    data: Dataset = made if isinstance(made, Dataset) else Dataset({model.schema.unit: made}, model.schema)
    return data.map(_apart)


def _apart(table: pl.DataFrame) -> pl.DataFrame:
    """A copy of its own: a few rows of a block would keep the whole block."""
    return table.select(pl.all().gather(pl.int_range(pl.len())))


def _of_another_table(asked: _Asked) -> Dataset:
    """Rows of a table that is not the unit: the first n that meet the conditions, of as many units as that needs."""
    model, table, n = asked.model, asked.table, asked.n
    unit, allowed = model.schema.unit, {}
    if asked.where:
        allowed = conditions(asked.where, model.schema.tables[table])
    units, before = n, -1
    while True:
        data: Dataset = model.sample(units, seed=asked.seed)
        if before == data.tables[table].height:  # a table of a size of its own
            data = model.sample({unit: units, table: units}, seed=asked.seed)
        good = data.tables[table].filter(satisfied(data.tables[table], allowed))
        if good.height >= n:
            return replace(data, tables={**data.tables, table: good.head(n)})
        if units >= MOST:
            among = f"of {data.tables[table].height:,} meet the condition on {', '.join(allowed)}" if allowed else ""
            raise ConditionError(
                f"`{table}` has only {good.height:,} rows where {units:,} `{unit}` are drawn {among}, and {n:,} are "
                f"asked for. Ask for fewer, widen the condition, or say on the page that they are more frequent."
            )
        units, before = min(max(4 * units, 1_000), max(MOST, n)), data.tables[table].height
