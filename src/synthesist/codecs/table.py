"""One table as codes: what a model learns from, and the way back.

Every column goes one of three ways: it is *modelled* (numbers, categories, moments: a matrix of
codes), it is *derived* (recomputed from others, exactly), or it stands *aside* (keys, free text,
constants: made without the model).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.category import CategoryCodec
from synthesist.codecs.derived import Formula, Lookup, find_formulas, find_lookups, find_twins
from synthesist.codecs.keys import key_column
from synthesist.codecs.number import NumberCodec, ticks
from synthesist.codecs.pieces import Given, Limit, Pieces
from synthesist.codecs.presence import PresenceCodec
from synthesist.codecs.serial import SerialCodec, informative
from synthesist.codecs.text import TextCodec
from synthesist.core import Allowed, Context
from synthesist.data.cells import emptied
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Constant, Id, Kind, Text
from synthesist.data.schema import Schema
from synthesist.errors import ConditionError, DataError, UnsuitableError

__all__ = ["TABLE_KINDS", "TableCodec"]

FEWEST_KEYS = 500  # rows it takes to see whether keys tell anything

TABLE_KINDS = frozenset({"number", "integer", "boolean", "category", "moment", "duration", "text", "id", "constant"})
"""The kinds of column a table codec serves."""


@dataclass(frozen=True)
class TableCodec:
    """The fitted codec of one table; `modelled` are the columns of the code matrix, in order."""

    schema: Schema
    modelled: dict[str, NumberCodec | CategoryCodec | SerialCodec | PresenceCodec]
    derived: tuple[Lookup | Formula, ...]
    texts: dict[str, TextCodec]

    @classmethod
    def fit(cls, data: Dataset, ctx: Context, *, bins: int, min_rows: int, derive: bool = True) -> "TableCodec":
        """Learn the codes of every column.

        Args:
            data: one table of at least one row.
            ctx: lends nothing but progress: fitting a codec draws no random number.
            bins: codes a column may have at most.
            min_rows: how many rows a category, bin or word must have to be drawn.
            derive: whether to look for columns that others determine.

        Raises:
            DataError: the table has no rows.
        """
        frame, kinds = data.table, dict(data.kinds.columns)
        if frame.is_empty():
            raise DataError(f"Table `{data.name}` has no rows: there is nothing to learn from.")
        inner = {c: k for c, k in kinds.items() if not isinstance(k, Id | Text | Constant)}
        inner = {c: k for c, k in inner.items() if frame[c].null_count() < frame.height}
        rules: list[Lookup | Formula] = []
        if derive and len(inner) > 1:
            twins = find_twins(frame, inner)
            single = {c: k for c, k in inner.items() if c not in {twin.column for twin in twins}}
            rules += [*twins, *find_lookups(frame, single), *find_formulas(frame, single)]
        derived = _untangled(rules)
        free = [c for c in inner if c not in {d.column for d in derived}]
        likeness = _likeness(frame, inner)
        plain: dict[str, NumberCodec | CategoryCodec] = {}
        for c in ctx.track(free, "encoding columns"):
            fit = CategoryCodec.fit if isinstance(inner[c], Category | Boolean) else NumberCodec.fit
            extra = {"likeness": likeness} if fit == CategoryCodec.fit else {}
            plain[c] = fit(frame[c], inner[c], bins, min_rows, **extra)
        modelled: dict[str, NumberCodec | CategoryCodec | SerialCodec | PresenceCodec] = {**plain}
        for c, kind in kinds.items():
            if isinstance(kind, Id | Text) and 0 < frame[c].null_count() < frame.height:
                modelled[c] = PresenceCodec.fit(frame[c])
            if not isinstance(kind, Id) or not kind.whole or frame.height < FEWEST_KEYS:
                continue
            if not frame[c].null_count() and informative(frame[c], frame, plain):
                modelled[c] = SerialCodec.fit(frame[c], kind, bins, min_rows)
        texts = {c: TextCodec.fit(frame[c], k, min_rows) for c, k in kinds.items() if isinstance(k, Text)}
        kept = tuple(_kept(d, plain.get(d.by)) if isinstance(d, Lookup) else d for d in derived)
        return cls(data.schema, modelled, kept, texts)

    @property
    def names(self) -> list[str]:
        """The modelled columns, in the order of the code matrix."""
        return list(self.modelled)

    @property
    def sizes(self) -> np.ndarray:
        """How many codes each modelled column has."""
        return np.array([codec.size for codec in self.modelled.values()], dtype=np.int64)

    def encode(self, frame: pl.DataFrame) -> np.ndarray:
        """codes[row, column] of the modelled columns; -1 where a cell is unknown to its codec."""
        out = np.empty((frame.height, len(self.modelled)), dtype=np.int32)
        for j, (name, codec) in enumerate(self.modelled.items()):
            out[:, j] = codec.encode(frame[name])
        return out

    def complete(self, data: Dataset, ctx: Context) -> np.ndarray:
        """codes[row, column] of rows to learn from; a cell too rare to have a code takes a common one's."""
        codes = self.encode(data.table)
        for j, (name, codec) in enumerate(self.modelled.items()):
            unknown = np.flatnonzero(codes[:, j] < 0)
            upto = np.cumsum(codec.mass) / codec.mass.sum()
            codes[unknown, j] = np.searchsorted(upto, ctx.at("rare").rng(name).random(len(unknown)), side="right")
        return codes

    def shuffled(self, data: Dataset, ctx: Context) -> np.ndarray:
        """The same rows as codes[column, row] in random order, uint8, for compiled loops."""
        return np.ascontiguousarray(
            self.complete(data, ctx)[ctx.rng("rows").permutation(data.units)].T.astype(np.uint8)
        )

    def given(self, rows: Dataset, allowed: Mapping[str, Allowed]) -> Given:
        """What the filled cells of `rows` and the conditions say about every modelled column.

        A condition on, or a cell of, a column that follows from another by a table limits that other.

        Raises:
            ConditionError: nothing the data holds satisfies a condition.
        """
        frame = self._mirrored(rows.table)
        known = np.full((frame.height, len(self.modelled)), -1, dtype=np.int32)
        for j, (name, codec) in enumerate(self.modelled.items()):
            if not (holes := frame[name].is_null()).all():
                known[:, j] = np.where(holes.to_numpy(), -1, codec.encode(frame[name]))
        limits: dict[int, Limit] = {}
        for name, want in self._inside(allowed).items():
            pieces = self.modelled[name].pieces(want)
            if not pieces.weight.sum() > 0:
                raise ConditionError(f"No `{name}` that the model knows satisfies the condition. {self._seen(name)}")
            limits[self.names.index(name)] = Limit(np.zeros(len(known), dtype=np.int64), (pieces,))
        for rule in self.derived:
            if isinstance(rule, Lookup) and rule.by in self.modelled and not frame[rule.column].is_null().all():
                j = self.names.index(rule.by)
                limits[j] = self._follow(rule, frame[rule.column], limits.get(j))
        return Given(known, limits)

    def drawn(
        self,
        codes: np.ndarray,
        ctx: Context,
        given: Given | None = None,
        rows: Dataset | None = None,
        allowed: Mapping[str, Allowed] | None = None,
    ) -> Dataset:
        """Rows from codes[row, column] alone: each cell anywhere inside its code that the limits of `given` allow."""
        u = ctx.rng("inside").random(codes.shape)
        for j, limit in (given.limits if given else {}).items():
            u[:, j] = limit.place(codes[:, j], u[:, j])
        return self.decode(codes, u, ctx.at("aside"), rows=rows, allowed=allowed)

    def require(self, data: Dataset, fewest: int, method: str) -> None:
        """Refuse what a method that learns the joint distribution from many rows cannot learn from.

        Raises:
            UnsuitableError: there are fewer rows than `fewest`, or no column to learn from.
        """
        if data.units < fewest:
            raise UnsuitableError(
                f"Table `{data.name}` has {data.units} rows; {method} learns from {fewest} at least. "
                f"Use gaussian_copula or marginals, or give more rows."
            )
        if not self.modelled:
            raise UnsuitableError(
                f"Table `{data.name}` has no column that {method} could learn: keys, texts and constants are made "
                f"without a model. Use marginals."
            )

    def decode(
        self,
        codes: np.ndarray,
        u: np.ndarray,
        ctx: Context,
        *,
        rows: Dataset | None = None,
        allowed: Mapping[str, Allowed] | None = None,
    ) -> Dataset:
        """Rows from codes[row, column] and the place u[row, column] inside each code.

        The filled cells of `rows` are kept as they are; keys, texts and derived columns are made here.
        """
        inside = self._inside(allowed or {})
        drawn, empty = [], {}
        for j, (name, codec) in enumerate(self.modelled.items()):
            if isinstance(codec, PresenceCodec):
                empty[name] = codec.empty(codes[:, j])
                continue
            if isinstance(codec, SerialCodec):
                column = codec.decode(codes[:, j], u[:, j], ctx.start)
            else:
                column = codec.decode(codes[:, j], u[:, j])
            column = codec.settle(column, inside[name]) if name in inside else column
            drawn.append(column.alias(name))
        frame = pl.DataFrame([_over(rows, column) for column in drawn])
        kinds = self.schema.table.columns
        if rows is not None:
            for rule in self.derived:
                if isinstance(rule, Formula) and not rows.table[rule.column].is_null().all():
                    frame = rule.balance(frame, rows.table, kinds)
        for rule in self.derived:
            known = rule.asking(frame, pl.DataFrame(drawn)) if rows is not None and isinstance(rule, Lookup) else frame
            frame = frame.with_columns(_over(rows, rule.compute(known, kinds[rule.column]).alias(rule.column)))
        aside = [
            _over(rows, emptied(self._aside(c, k, len(codes), ctx.at(c)), empty.get(c, np.zeros(len(codes), bool))))
            for c, k in kinds.items()
            if c not in frame.columns
        ]
        frame = pl.DataFrame([*frame.get_columns(), *aside])
        return Dataset(
            {self.schema.unit: frame.select(pl.col(c).cast(k.storage) for c, k in kinds.items())}, self.schema
        )

    def _inside(self, allowed: Mapping[str, Allowed]) -> dict[str, Allowed]:
        """The conditions that bear on modelled columns."""
        out: dict[str, Allowed] = {}
        lookups = {d.column: d for d in self.derived if isinstance(d, Lookup)}
        for name, want in allowed.items():
            name = self._twins.get(name, name)
            if rule := lookups.get(name):
                agreeing = rule.table.filter(want.mask(rule.table[rule.column]))[rule.by]
                name = rule.by
                want = Allowed(tuple(agreeing.drop_nulls().to_list()), missing=bool(agreeing.null_count()))
            if name in self.modelled:
                out[name] = out[name].both(want) if name in out else want
        return out

    @property
    def _twins(self) -> dict[str, str]:
        """Columns that equal another one -> that other."""
        return {d.column: d.of[0] for d in self.derived if isinstance(d, Formula) and d.operation == "same"}

    def _mirrored(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The rows with cells that are given in a twin given in its original too."""
        return frame.with_columns(pl.coalesce(of, column).alias(of) for column, of in self._twins.items())

    def _follow(self, rule: Lookup, column: pl.Series, limit: Limit | None) -> Limit:
        """Limit the determining column of a lookup to what agrees with the cells given for the other."""
        codec = self.modelled[rule.by]
        free = limit.pieces[0] if limit else Pieces.of([(k, 0.0, 1.0) for k in range(codec.size)], codec.size)
        pieces, which = [free], np.zeros(len(column), dtype=np.int64)
        for value in column.drop_nulls().unique(maintain_order=True):
            agreeing = rule.table.filter(pl.col(rule.column) == value)[rule.by]
            piece = codec.pieces(Allowed(tuple(agreeing.drop_nulls().to_list()), missing=bool(agreeing.null_count())))
            if piece.weight.sum() > 0:
                which[(column == value).fill_null(False).to_numpy()] = len(pieces)
                pieces.append(piece)
        return Limit(which, tuple(pieces))

    def _seen(self, name: str) -> str:
        """What the condition could have asked for."""
        codec = self.modelled[name]
        if isinstance(codec, CategoryCodec):
            shown = ", ".join(repr(v) for v in codec.values[:8])
            return f"It holds {shown}{' and more' if len(codec.values) > 8 else ''}."
        if isinstance(codec, PresenceCodec):
            return "Its values are made up, so only whether it is empty can be asked for."
        number = codec.number if isinstance(codec, SerialCodec) else codec
        ends = number.decode(np.array([0, number.ordered - 1]), np.array([0.0, 1.0]))
        return f"It lies between {ends[0]} and {ends[1]}."

    def _aside(self, name: str, kind: Kind, n: int, ctx: Context) -> pl.Series:
        """A column made without the model: keys by number, invented text, the one constant."""
        if isinstance(kind, Id):
            return key_column(name, kind, n, ctx.start)
        if isinstance(kind, Text) and name in self.texts:
            return self.texts[name].draw(n, ctx).alias(name)
        value = kind.value if isinstance(kind, Constant) else None
        column = pl.Series(name, [value], dtype=kind.storage).new_from_index(0, n)
        return column


def _over(rows: Dataset | None, column: pl.Series) -> pl.Series:
    """The drawn column under the cells that were given."""
    if rows is None:
        return column
    given = rows.table[column.name]
    return pl.select(pl.coalesce(pl.lit(given), pl.lit(column.cast(given.dtype))).alias(column.name)).to_series()


def _untangled(derived: Iterable[Lookup | Formula]) -> tuple[Lookup | Formula, ...]:
    """Each column derived once, and in an order in which everything needed is there."""
    done: dict[str, Lookup | Formula] = {}
    for rule in derived:
        needs = (rule.by,) if isinstance(rule, Lookup) else rule.of
        if rule.column not in done and not any(_reaches(done, need, rule.column) for need in needs):
            done[rule.column] = rule
    ordered: list[Lookup | Formula] = []

    def place(column: str) -> None:
        rule = done.get(column)
        if rule is None or rule in ordered:
            return
        for need in (rule.by,) if isinstance(rule, Lookup) else rule.of:
            place(need)
        ordered.append(rule)

    for column in done:
        place(column)
    return tuple(ordered)


def _reaches(done: Mapping[str, Lookup | Formula], start: str, goal: str) -> bool:
    """Whether `start` is computed, by however many steps, from `goal`."""
    if start == goal:
        return True
    rule = done.get(start)
    if rule is None:
        return False
    return any(_reaches(done, need, goal) for need in ((rule.by,) if isinstance(rule, Lookup) else rule.of))


def _kept(rule: Lookup, codec: NumberCodec | CategoryCodec | None) -> Lookup:
    """The table of a lookup without the values its column never shows: they may be somebody's."""
    if isinstance(codec, CategoryCodec):
        shown = rule.table[rule.by].cast(pl.String).is_in(pl.Series(codec.values, dtype=pl.String).implode())
        return Lookup(rule.column, rule.by, rule.table.filter(shown | rule.table[rule.by].is_null()))
    return rule


def _likeness(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> np.ndarray:
    """One number per row: the first principal component of its ranked numbers and common categories.

    It serves only to put like values of a very large category side by side.
    """
    parts = []
    for name, kind in kinds.items():
        column = frame[name]
        if isinstance(kind, Category | Boolean):
            top = column.value_counts(sort=True)[name].drop_nulls().head(5)
            parts += [(column == value).fill_null(False).cast(pl.Float64).to_numpy() for value in top]
        else:
            x = np.zeros(frame.height)
            x[column.is_not_null().to_numpy()] = ticks(column.drop_nulls(), kind)
            parts.append(np.argsort(np.argsort(x, kind="stable"), kind="stable") / frame.height)
    if not any(k for k in kinds.values() if isinstance(k, Category) and k.high_cardinality) or not parts:
        return np.zeros(frame.height)
    X = np.column_stack(parts)
    X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    _, vectors = np.linalg.eigh(X.T @ X)
    axis = vectors[:, -1] * np.sign(vectors[np.abs(vectors[:, -1]).argmax(), -1])
    return X @ axis
