"""One value, four arrows.

    Dataset                            named tables + schema

    Method     Dataset   -> Sampler    learn     or a Transform, where what was learnt changes data
    Sampler    n units   -> Dataset    produce
    Transform  Dataset   -> Dataset    change
    Metric     Evidence  -> Score      judge

An arrow is written as a small frozen `Spec`; a combination of arrows is an arrow again. Seeding,
blocking and checking live in the drivers, once; an arrow holds only what is particular to it.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema, faults
from synthesist.errors import SpecError, did_you_mean

__all__ = [
    "Allowed",
    "Choice",
    "Chooser",
    "Composed",
    "Connected",
    "Context",
    "Curve",
    "Evidence",
    "Filler",
    "Label",
    "Limited",
    "Method",
    "Metric",
    "Need",
    "Sampler",
    "Score",
    "SecretRef",
    "Spec",
    "Trained",
    "Transform",
    "World",
    "knob",
]

T = TypeVar("T")
Need = Literal["target", "protected", "method", "domain", "links"]
"""What a metric may have to see beside the three tables."""
Label = str | Callable[[], str]
MOST_THREADS = 8  # more gain little and hold a block of rows each


# --------------------------------------------------------------------------- what to do, as a value


def knob(
    default: Any,
    description: str,
    *,
    tries: Sequence[Any],
    affects: Literal["rows", "cost"] = "rows",
    beside: Mapping[str, Any] | None = None,
    **limits: Any,
) -> Any:
    """One hyperparameter: its default, its meaning, its range, and two values to test it with.

    `tries` are two small values; between them the rows must differ where `affects` is "rows" and
    must not where it is "cost". The conformance suite turns every knob, with the options `beside` it
    without which it means nothing. What names a column names one of the suite's table `mixed`.
    """
    if len(tries) != 2:
        raise SpecError(f"a knob is turned between two values, got {list(tries)}")
    extra: dict[str, Any] = {"tries": list(tries), "affects": affects, "beside": dict(beside or {})}
    return Field(default=default, description=description, json_schema_extra=extra, **limits)


class Spec(BaseModel):
    """What to do, as a value: prints as code, travels as YAML, hashes as a cache key.

    A Spec is frozen and checked where it is written; an unknown option is an error that names the
    nearest known one. Subclasses are final and live one to a file on their shelf.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    accepts: ClassVar[frozenset[str]] = frozenset()
    """The kinds of column this can serve; the others are refused with the reason. The column that an option
    `target` names may be of any kind that names classes."""
    limits: ClassVar[Mapping[str, str]] = {}
    """Conformance checks this does not pass, or tables it refuses, each with its reason; shown in the docs."""
    tiny: ClassVar[Mapping[str, Any]] = {}
    """Options that make it small enough to be tried many times in a test."""
    tried_on: ClassVar[str] = "mixed"
    """The table of the conformance suite its knobs are turned on; `related` is several that refer to each other,
    `shifted` a source and a target."""
    holds_records: ClassVar[bool] = False
    """Whether what is fitted keeps real records, so that saving it needs a flag."""
    standard: ClassVar[int] = 0
    """The place of a metric in the report of a default evaluation; 0: it is computed only when asked for."""
    needs: ClassVar[frozenset[Need]] = frozenset()
    """What a metric must see beside the three tables; without it the metric is not part of a default evaluation."""

    @classmethod
    def build(cls, options: Mapping[str, Any]) -> Self:
        """Check `options` and make the Spec; every fault is named in one error."""
        unknown = [name for name in options if name not in cls.model_fields]
        if unknown:
            hints = [f"  {name}: no such option. {did_you_mean(name, cls.model_fields)}" for name in unknown]
            raise SpecError(f"{cls.name()} does not know:\n" + "\n".join(hints))
        try:
            return cls.model_validate(dict(options))
        except ValidationError as error:
            raise SpecError(f"{cls.name()} has {faults(error)}") from None

    @classmethod
    def name(cls) -> str:
        """The name of this arrow everywhere: its file's."""
        return cls.__module__.rsplit(".", 1)[-1]

    def describe(self) -> dict[str, Any]:
        """This Spec as plain data: its name and every option, defaults written out."""
        return {"kind": self.name(), **self.model_dump(mode="json")}

    @property
    def changed(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        return {k: v for k, v in self.model_dump(mode="json").items() if getattr(self, k) != self._default(k)}

    @classmethod
    def _default(cls, option: str) -> Any:
        return cls.model_fields[option].get_default(call_default_factory=True)


class SecretRef(BaseModel):
    """Where a secret lies: the name of an environment variable, or a file. Specs hold this, never the secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: str | None = None
    file: str | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "SecretRef":
        if bool(self.env) == bool(self.file):
            raise ValueError("a secret lies in one place: give `env` (a variable) or `file` (a path)")
        return self

    def reveal(self) -> bytes:
        """The secret itself, without the line end of a file; nothing keeps it.

        Raises:
            SpecError: there is no such variable or file, or it is empty.
        """
        if self.env:
            secret = os.environ.get(self.env, "").encode()
            where = f"the environment variable {self.env}"
        else:
            where = f"the file {self.file}"
            try:
                secret = Path(self.file or "").read_bytes().rstrip(b"\r\n")
            except OSError as error:
                raise SpecError(f"Cannot read the secret from {where}: {error.strerror}.") from None
        if not secret:
            raise SpecError(f"There is no secret in {where}: put one there before this runs.")
        return secret


# --------------------------------------------------------------------------- what a run lends to an arrow


def _silent(steps: Iterable[Any], label: Label, total: int | None) -> Iterable[Any]:
    del label, total
    return steps


def _cores() -> int:
    """The cores this process may use, up to eight."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, MOST_THREADS)


@dataclass(frozen=True)
class Context:
    """What a run lends to an arrow: randomness by name, a place in the output, a way to show progress.

    >>> ctx = Context.seeded(7)
    >>> int(ctx.rng("noise").integers(100)) == int(ctx.rng("noise").integers(100))
    True
    >>> int(ctx.at("epoch", 3).rng("noise").integers(100)) == int(ctx.rng("noise").integers(100))
    False
    """

    path: tuple[str, ...] = ("0",)
    start: int = 0
    """The index of the first unit this call makes: keys are computed from it."""
    threads: int = 1
    tracker: "Callable[[Iterable[Any], Label, int | None], Iterable[Any]]" = field(default=_silent, compare=False)
    checkpoints: Path | None = field(default=None, compare=False)
    """A folder where a long fit notes how far it is: after a kill, the same fit goes on from there."""

    @classmethod
    def seeded(cls, seed: int, **lent: Any) -> "Context":
        """The root of one run, on all cores up to eight unless `threads` says otherwise: they change no result."""
        return cls(path=(str(int(seed)),), **{"threads": _cores(), **lent})

    ledger: Path | None = field(default=None, compare=False)
    """The file in which a method that spends a privacy budget writes what it spends, before it does."""

    def at(self, *place: str | int) -> "Context":
        """A context further down, as in `ctx.at("epoch", 3)`."""
        return replace(self, path=self.path + tuple(str(part) for part in place))

    def seed(self, purpose: str) -> int:
        """A 128-bit seed hashed from this place and purpose."""
        digest = blake2b(digest_size=16)
        for part in (*self.path, purpose):
            text = part.encode()
            digest.update(len(text).to_bytes(4, "little") + text)
        return int.from_bytes(digest.digest(), "little")

    def rng(self, purpose: str) -> np.random.Generator:
        """The generator of this place and purpose: same name, same numbers, whatever else was drawn."""
        return np.random.Generator(np.random.PCG64DXSM(self.seed(purpose)))

    def track(self, steps: Iterable[T], label: "Label" = "", total: int | None = None) -> Iterable[T]:
        """Go through `steps`, showing progress if the surface that runs this lends a bar; cancelling raises.

        A label that changes, as one that shows a loss, is a function.
        """
        if total is None and isinstance(steps, Sequence):
            total = len(steps)
        return self.tracker(steps, label, total)


# --------------------------------------------------------------------------- the four arrows


class Sampler(Protocol):
    """Produces units: a fitted model, declared tables, a simulator.

    `block` is how many units one call makes at its best. The driver always asks for whole blocks,
    each under its own address, so unit 17 is the same whatever n is and wherever it is drawn.
    """

    @property
    def block(self) -> int: ...
    @property
    def schema(self) -> Schema: ...
    def sample(self, n: int, ctx: Context) -> Dataset: ...


@runtime_checkable
class Limited(Protocol):
    """The optional mark of a sampler some of whose columns have only so many different values to give."""

    @property
    def most(self) -> "Mapping[str, int]": ...


@runtime_checkable
class Filler(Protocol):
    """The optional capability behind conditions, imputation and forecasting.

    `rows` has holes (nulls); `allowed` limits columns further. Full rows come back: cells that were
    given are kept, holes are drawn from what the model holds possible given all the rest.
    """

    def fill(self, rows: Dataset, allowed: "Mapping[str, Allowed]", ctx: Context) -> Dataset: ...


class World(Protocol):
    """What all chunks of a drawing must know, and the chunks: each can be drawn anywhere, in any order.

    `rows` says how many there are by table, as far as that is known before they are drawn.
    """

    @property
    def rows(self) -> "Mapping[str, int]": ...
    @property
    def chunks(self) -> int: ...
    def chunk(self, number: int) -> Dataset: ...


@runtime_checkable
class Connected(Protocol):
    """The optional capability of a sampler whose units are tied to others: it is drawn in two steps.

    The first is cheap, makes a skeleton that holds for all, and is told to every chunk. `n` is how many units there
    are, or how many rows of each of several tables. Conditions in `allowed` are met by every unit.
    """

    def world(self, n: "int | Mapping[str, int]", allowed: "Mapping[str, Allowed]", ctx: Context) -> World: ...


@dataclass(frozen=True)
class Curve:
    """The losses of a training after every epoch: on the rows learnt from, and on those kept aside (or none)."""

    train: tuple[float, ...]
    validation: tuple[float, ...]

    @property
    def summary(self) -> str:
        """One line for people."""
        kept = f", validation loss {min(self.validation):.4g}" if self.validation else ""
        return f"{len(self.train)} epochs, loss {self.train[-1]:.4g}{kept}" if self.train else "no training"


@runtime_checkable
class Trained(Protocol):
    """The optional mark of a sampler that was trained step by step."""

    @property
    def training(self) -> Curve: ...


class Method(Protocol):
    """Learns: fitting returns a new Sampler, or a Transform where what was learnt changes data, and changes nothing."""

    def fit(self, data: Dataset, ctx: Context) -> "Sampler | Transform": ...


@dataclass(frozen=True)
class Choice:
    """The method to fit, and why it was picked, in one sentence."""

    method: Spec
    why: str


@runtime_checkable
class Chooser(Protocol):
    """The optional mark of a method that picks another one.

    The choice depends on the data and the options only, so the same call makes the same model anywhere.
    What is fitted, shown and saved is the pick.
    """

    def choose(self, data: Dataset) -> Choice: ...


@runtime_checkable
class Composed(Protocol):
    """The optional mark of a method that works through another one: its options decide what type `fit` returns."""

    def sampler_type(self) -> type: ...


class Transform(Protocol):
    """Changes: the same units, other cells (or more or fewer units, where that is its purpose)."""

    def apply(self, data: Dataset, ctx: Context) -> Dataset: ...


class Metric(Protocol):
    """Judges: one number with its interval and what a real holdout reaches."""

    def score(self, case: "Evidence", ctx: Context) -> "Score": ...


# --------------------------------------------------------------------------- conditions


@dataclass(frozen=True)
class Allowed:
    """The set of values one column may take: some values, an interval, missing or not.

    Cells are in storage form (a date is a `datetime.date`). With `values` None every value between
    `low` and `high` is in; open ends are None; `low_open` and `high_open` leave the end itself out.
    `excluded` values are out in any case.
    """

    values: tuple[Any, ...] | None = None
    low: Any = None
    high: Any = None
    low_open: bool = False
    high_open: bool = False
    excluded: tuple[Any, ...] = ()
    missing: bool = False

    @property
    def only_missing(self) -> bool:
        """Whether an empty cell is the only cell allowed."""
        return self.values == () and self.missing

    @property
    def any_value(self) -> bool:
        """Whether every value that is not missing is in."""
        return self.values is None and self.low is None and self.high is None and not self.excluded

    def both(self, other: "Allowed") -> "Allowed":
        """The cells that are in this set and in the other."""
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            values = tuple(value for value in self.values if value in other.values)
        low, low_open = max(
            ((end.low, end.low_open) for end in (self, other) if end.low is not None), default=(None, False)
        )
        highs = [(end.high, end.high_open) for end in (self, other) if end.high is not None]
        high, high_open = min(highs, key=lambda end: (end[0], not end[1]), default=(None, False))
        excluded = tuple(dict.fromkeys((*self.excluded, *other.excluded)))
        return Allowed(values, low, high, low_open, high_open, excluded, self.missing and other.missing)

    def mask(self, column: pl.Series) -> pl.Series:
        """Which cells are in the set."""
        inside = column.is_not_null()
        if self.values is not None:
            inside &= column.is_in(pl.Series(self.values, dtype=column.dtype).implode())
        if self.low is not None:
            inside &= column > self.low if self.low_open else column >= self.low
        if self.high is not None:
            inside &= column < self.high if self.high_open else column <= self.high
        if self.excluded:
            inside &= ~column.is_in(pl.Series(self.excluded, dtype=column.dtype).implode())
        inside = inside.fill_null(False)
        return inside | column.is_null() if self.missing else inside


# --------------------------------------------------------------------------- judgement


@dataclass(frozen=True)
class Evidence:
    """What a judge may see: units learned from, units never seen, units made.

    `method` is what made the units, for attacks that let it learn again; `domain` holds real units of another
    place or time, on which what was learnt from synthetic units must work.
    """

    train: Dataset
    holdout: Dataset
    synthetic: Dataset
    target: str | None = None
    protected: tuple[str, ...] = ()
    method: Spec | None = None
    domain: Dataset | None = None

    @property
    def has(self) -> frozenset[Need]:
        """What is there beside the three tables."""
        there: dict[Need, bool] = {
            "target": self.target is not None,
            "protected": bool(self.protected),
            "method": self.method is not None,
            "domain": self.domain is not None,
            "links": any(table.links for table in self.train.schema.tables.values()),
        }
        return frozenset(need for need, is_there in there.items() if is_there)

    def of(self, table: str) -> "Evidence":
        """The same about one of several tables; target, groups and domain go with the table that has them."""
        sides = (self.train[table], self.holdout[table], self.synthetic[table])
        columns = sides[0].kinds.columns
        return Evidence(
            *sides,
            target=self.target if self.target in columns else None,
            protected=tuple(column for column in self.protected if column in columns),
            domain=self.domain[table] if self.domain else None,
        )


@dataclass(frozen=True)
class Score:
    """A number that knows itself: its 95 % interval, the best it could be, what real data reaches.

    A metric that cannot be computed here still gives a Score: `value` is NaN and `skipped` says why.
    """

    metric: str
    title: str
    value: float
    low: float
    high: float
    best: float
    worst: float
    reference: float
    """What a real holdout reaches on this very metric: the number to compare with."""
    reference_low: float = float("nan")
    reference_high: float = float("nan")
    family: Literal["fidelity", "utility", "privacy", "fairness", "cost"] = "fidelity"
    meaning: str = ""
    """One sentence in plain words: what this number says."""
    skipped: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further numbers by column or pair; no real record, no small cell."""
    table: str = ""
    """Which of several tables this is about; none where it is about all, or there is one."""
    baseline: float = float("nan")
    """What training rows reach whose columns were shuffled one by one: a score near it says nothing of the whole."""

    @property
    def name(self) -> str:
        """What gates and the report call it: `c2st`, or `orders.c2st` where there are several tables."""
        return f"{self.table}.{self.metric}" if self.table else self.metric

    @classmethod
    def skip(
        cls, metric: str, title: str, reason: str, family: Any = "fidelity", meaning: str = "", table: str = ""
    ) -> "Score":
        """The Score of a metric that does not apply, with the reason."""
        nan = float("nan")
        return cls(
            metric, title, nan, nan, nan, nan, nan, nan, family=family, meaning=meaning, skipped=reason, table=table
        )

    @property
    def distance(self) -> float:
        """How far from the best, as a share of the way from best to worst."""
        span = abs(self.best - self.worst)
        return abs(self.value - self.best) / span if span else 0.0
