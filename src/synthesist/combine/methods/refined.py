"""Any method, with a critic that chooses among what it draws."""

from collections.abc import Mapping
from dataclasses import dataclass, make_dataclass, replace
from typing import Any, ClassVar, get_type_hints

import numpy as np
import polars as pl

from synthesist import catalog
from synthesist.boosting.booster import Growth
from synthesist.boosting.critic import Critic, take_each
from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.combine.classes import MethodName, method_of
from synthesist.core import Allowed, Chooser, Composed, Context, Filler, Sampler, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Text
from synthesist.data.schema import Schema
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SpecError, UnsuitableError

__all__ = ["Refined"]

DRAWN = 3  # rows drawn per real row for each step of the critic


class Refined(Spec):
    """Draws more rows than asked for with another method, and keeps those that make the whole look real.

    A critic learns the ratio of the real density to that of what the method draws, and how common each value and each
    leaf of its trees is in reality; drawn rows are weighted by the ratio and raked to these shares while they are
    taken. What the method cannot draw at all, no critic can add.

    When not to use: with `trees`, `argn`, `tvae` and `ctgan`, which have such a critic already; where drawing is slow,
    as it takes `candidates` rows for each that is kept; with a method that holds real records. `synthesist refine`
    tries it and says whether it helps.

    Reference: Sugiyama, Suzuki and Kanamori, Density Ratio Estimation in Machine Learning, 2012,
    doi:10.1017/CBO9781139035613; Turner, Hung, Frank, Saatci and Yosinski, Metropolis-Hastings Generative Adversarial
    Networks, ICML 2019, arXiv:1811.11357, for choosing among what a generator draws.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i % 20 for i in range(400)], "y": [(i % 20 - 10) ** 2 for i in range(400)]})
    >>> model = sy.fit(frame, "refined", drawn_by="gaussian_copula", candidates=4)
    >>> model.sample(30).height
    30
    """

    accepts = TABLE_KINDS
    limits: ClassVar[Mapping[str, str]] = {"only_keys": "a critic can tell nothing of keys and texts"}
    tiny: ClassVar[Mapping[str, Any]] = {"drawn_by": "marginals", "candidates": 2, "steps": 1, "rounds": 5}

    drawn_by: MethodName = knob(
        "gaussian_copula", "the method that draws: its name, or a mapping with `kind` and its options",
        tries=("marginals", "gaussian_copula"),
    )  # fmt: skip
    candidates: int = knob(12, "rows drawn for each that is kept", tries=(2, 4), ge=2, le=64)
    steps: int = knob(3, "rounds of correction: each finds what the last left", tries=(1, 2), ge=1, le=6)
    rounds: int = knob(300, "trees of each round at most", tries=(2, 40), ge=1, le=2000)
    bins: int = knob(128, "codes of a column that the critic tells apart at most", tries=(4, 32), ge=2, le=250)
    min_rows: int = knob(5, "rows a cell must have for its share to count by itself", tries=(1, 40), ge=1, le=1000)

    def fit(self, data: Dataset, ctx: Context) -> "Reweighed":
        """Learn with the method, then learn what it got wrong."""
        base, seen = self._base(), _judged(data)
        if not seen.kinds.columns:
            raise UnsuitableError(
                f"Table `{data.name}` has keys and texts only, of which a critic can tell nothing. Use marginals."
            )
        inner: Sampler = base.fit(data, ctx.at("inner"))  # type: ignore[attr-defined]
        if not isinstance(inner, Filler):
            raise UnsuitableError(f"refined needs a method that meets conditions, and {base.name()} does not.")
        codec = TableCodec.fit(seen, ctx, bins=self.bins, min_rows=self.min_rows, derive=False)
        real = codec.shuffled(seen, ctx)

        def draw(n: int, here: Context) -> np.ndarray:
            made = _judged(inner.sample(n, here.at("draw")))
            return _codes(codec, made, here)

        growth = Growth(6, 0.1, 10.0, self.rounds, patience=15, tries=24, rows=40_000, least_gain=0.0)
        critic = Critic.fit(real, draw, codec.sizes, growth, self.steps, self.min_rows, ctx.at("critic"))
        return Reweighed(inner, codec, critic, self.candidates)

    def sampler_type(self) -> type:
        """What `fit` returns, around what the method returns."""
        base = self._base()
        inner = base.sampler_type() if isinstance(base, Composed) else get_type_hints(base.fit)["return"]  # type: ignore[attr-defined]
        return make_dataclass("Reweighed", [("inner", inner)], bases=(Reweighed,), frozen=True)

    def _base(self) -> Spec:
        kind, options = method_of(self.drawn_by)
        base = catalog.load("methods", kind).build(options)
        if isinstance(base, Chooser) or base.holds_records:
            why = "it holds real records" if base.holds_records else "name the one it picks"
            raise SpecError(f"refined cannot work with {kind}: {why}.")
        if isinstance(base, PrivateMethod):
            raise SpecError(
                f"refined cannot work with {kind}: its critic learns from real rows, and nothing pays for that. "
                f"Use {kind} alone."
            )
        return base


@dataclass(frozen=True)
class Reweighed:
    """`inner` draws candidates, the critic chooses among their codes."""

    inner: Sampler
    codec: TableCodec
    critic: Critic
    candidates: int
    block: ClassVar[int] = 4_096
    per_hole: ClassVar[int] = 12
    """Candidates for a row with holes of its own."""

    def __post_init__(self) -> None:
        if len(self.critic.code_shares) != len(self.codec.modelled) or not 2 <= self.candidates <= 64:
            raise ValueError("a critic of other columns than the table has")
        if self.codec.sizes.max(initial=0) > 256:
            raise ValueError("more codes than a critic can read")

    @property
    def schema(self) -> Schema:
        """That of the method."""
        return self.inner.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw many rows and keep n."""
        drawn = self.inner.sample(n * self.candidates, ctx.at("draw"))
        codes = _codes(self.codec, _judged(drawn), ctx)
        return _kept(drawn, self.critic.chosen(codes, n, ctx.at("choose")), n)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Fill every row several times and keep one, as likely as the critic makes it."""
        n = rows.units
        many = rows.with_table(pl.concat([rows.table] * self.per_hole))
        full = self.inner.fill(many, allowed, ctx.at("draw"))  # type: ignore[attr-defined]
        codes = _codes(self.codec, _judged(full), ctx)
        weight = self.critic.log_ratio(codes).reshape(self.per_hole, n).T
        return _kept(full, take_each(weight, 1, ctx.rng("take"))[:, 0] * n + np.arange(n), n)

    def effective(self, n: int, ctx: Context) -> float:
        """The effective sample size of the candidates, as a share of them (Kish 1965): 1 where all weigh the same."""
        codes = _codes(self.codec, _judged(self.inner.sample(n, ctx.at("draw"))), ctx)
        weight = np.exp(self.critic.log_ratio(codes))
        return float(weight.sum() ** 2 / (weight**2).sum() / len(weight))


def _judged(data: Dataset) -> Dataset:
    """The columns a critic can judge: keys and texts are made without a model."""
    kept = {c: kind for c, kind in data.kinds.columns.items() if not isinstance(kind, Id | Text)}
    if len(kept) == len(data.kinds.columns):
        return data
    kinds = data.kinds.model_copy(update={"columns": kept, "key": (), "links": (), "unique": (), "rules": ()})
    schema = data.schema.model_copy(update={"tables": {data.name: kinds}})
    return Dataset({data.name: data.table.select(list(kept))}, schema)


def _codes(codec: TableCodec, data: Dataset, ctx: Context) -> np.ndarray:
    """codes[column, row] in uint8."""
    return np.ascontiguousarray(codec.complete(data, ctx).T.astype(np.uint8))


def _kept(data: Dataset, rows: np.ndarray, n: int) -> Dataset:
    """Some of the rows; keys are those of the first n, as they count places and not candidates."""
    keys = [name for name, kind in data.kinds.columns.items() if isinstance(kind, Id)]
    table = data.table[rows]
    filled = (pl.when(table[key].is_null()).then(None).otherwise(data.table[key].head(n)).alias(key) for key in keys)
    return replace(data, tables={data.name: table.with_columns(filled)})
