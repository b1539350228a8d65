"""A hierarchical mixture over the columns of a table: exact under any condition, and quick."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.methods.mixture.circuit import Circuit

__all__ = ["Mixture"]


class Mixture(Spec):
    """Sorts rows into hidden groups and draws from them; any condition is met exactly.

    Beside every column stands a hidden variable of a few dozen states. The hidden variables form a tree that
    joins the columns which tell most of each other (a hidden Chow-Liu tree, a probabilistic circuit); given
    its state, a column depends on nothing else. Any set of cells and limits has an exact probability in such a
    model, so rows under conditions and imputed cells come from the true conditional distribution, at the
    price of one pass over the tree. The number of states, how smooth they are and when learning ends are settled by
    rows held out. Tables of fewer than 100 rows are taken to have independent columns.

    When not to use: when fidelity counts most, `trees` is closer to the data. States blur what is sharp: numbers
    that nearly equal one another (the bill of this month and of the last), sums and running numbers, unless
    they follow by a formula that is recognised. What three columns say together and no two of them show
    (an exclusive or) may be missed, as the tree is drawn by pairs.

    Reference: Liu and Van den Broeck, Tractable Regularization of Probabilistic Circuits, NeurIPS 2021,
    doi:10.48550/arXiv.2106.02264; the tree: Chow and Liu, IEEE Transactions on Information Theory 14(3), 1968,
    doi:10.1109/TIT.1968.1054142; the learner: Cappé and Moulines, On-line expectation-maximization, Journal
    of the Royal Statistical Society B 71(3), 2009, doi:10.1111/j.1467-9868.2009.00698.x.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i // 2 for i in range(600)], "y": [i // 200 for i in range(600)]})
    >>> rows = sy.fit(frame, "mixture").sample(100, where={"x": (">=", 250)})
    >>> rows.height, rows["x"].min() >= 250
    (100, True)
    """

    accepts = TABLE_KINDS
    tiny: ClassVar[Mapping[str, object]] = {"states": 8, "passes": 2, "bins": 32}

    bins: int = knob(128, "codes a column may have at most", tries=(4, 32), ge=2, le=1024)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    states: int = knob(128, "states a hidden variable may have at most", tries=(1, 8), ge=1, le=1024)
    passes: int = knob(10, "passes over the rows for each number of states", tries=(1, 3), ge=1, le=1000)

    def fit(self, data: Dataset, ctx: Context) -> "HiddenTree":
        """Learn the codes, the tree and its distributions."""
        from synthesist.methods.mixture.learning import learn
        from synthesist.methods.mixture.shape import hidden_tree

        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        codes = codec.encode(data.table)
        order, parents = hidden_tree(codes, codec)
        return HiddenTree(codec, learn(codes, codec, order, parents, self.states, self.passes, ctx))


@dataclass(frozen=True)
class HiddenTree:
    """A circuit over the codes of a table."""

    codec: TableCodec
    circuit: Circuit
    block: ClassVar[int] = 16_384

    def __post_init__(self) -> None:
        if [len(B) for B in self.circuit.emissions] != self.codec.sizes.tolist():
            raise ValueError("a circuit over other columns than the table has")
        self.circuit.check()

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        codes = self.circuit.draw(n, ctx)
        return self.codec.drawn(codes, ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` from their exact distribution given the other cells and `allowed`."""
        given = self.codec.given(rows, allowed)
        codes = self.circuit.draw(rows.units, ctx, given)
        return self.codec.drawn(codes, ctx, given, rows, allowed)
