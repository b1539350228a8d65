"""An adversarial random forest: leaves of independent columns, any condition answered exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from synthesist.codecs.table import TABLE_KINDS, TableCodec
from synthesist.core import Allowed, Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.methods.arf.forest import Forest

__all__ = ["AdversarialRandomForest"]


class AdversarialRandomForest(Spec):
    """Divides the rows into many small groups of like rows and draws each cell from its group, in seconds.

    A forest is grown as long as an adversary could still tell real rows from rows whose columns are drawn
    one by one within a leaf. What it cannot tell apart is drawn so: a tree, a leaf, and every cell from the
    leaf. The paper draws such rows and learns to tell them, again and again; here what the adversary would
    gain is computed, so no round is needed. Missing cells are codes like others. As the columns of a leaf are
    independent, conditions and imputation are exact whatever is given: each leaf is weighed by the
    probability of what is known, and nothing is rejected.

    When not to use: below some 200 rows; where a sharp dependence between many columns must hold in every
    row (`trees` is closer there, at a few times the cost); when a formal guarantee is needed, which only
    differential privacy gives.

    Reference: Watson, Blesch, Kapar and Wright, Adversarial Random Forests for Density Estimation and
    Generative Modeling, AISTATS 2023, PMLR 206, doi:10.48550/arXiv.2205.09435.

    >>> import polars as pl, synthesist as sy
    >>> frame = pl.DataFrame({"x": [i // 2 for i in range(600)], "y": [i // 200 for i in range(600)]})
    >>> rows = sy.fit(frame, "arf").sample(100, where={"x": (">=", 250)})
    >>> rows.height, rows["x"].min() >= 250
    (100, True)
    """

    accepts = TABLE_KINDS
    tiny: ClassVar[Mapping[str, int]] = {"trees": 5}

    bins: int = knob(250, "codes a column may have at most", tries=(8, 64), ge=2, le=250)
    min_rows: int = knob(5, "rows a category, bin or word must have to be drawn", tries=(1, 12), ge=1, le=1000)
    trees: int = knob(20, "trees of the forest", tries=(2, 5), ge=1, le=500)
    leaf: int = knob(40, "rows a leaf has at least", tries=(10, 60), ge=2)
    penalty: float = knob(2.0, "how many times its length a question must save the adversary", tries=(0.1, 5.0), ge=0.0)
    prior: float = knob(2.0, "how much a leaf leans on the branch around it, in rows", tries=(0.0, 50.0), ge=0.0)

    def fit(self, data: Dataset, ctx: Context) -> "Grouped":
        """Learn the codes and grow the forest."""
        codec = TableCodec.fit(data, ctx, bins=self.bins, min_rows=self.min_rows)
        ordered = np.array([column.ordered > 0 for column in codec.modelled.values()], bool)
        codes = codec.shuffled(data, ctx)
        forest = Forest.grown(codes, codec.sizes, ordered, self.trees, self.leaf, self.penalty, self.prior, ctx)
        return Grouped(codec, forest)


@dataclass(frozen=True)
class Grouped:
    """A fitted forest over the codes of a table."""

    codec: TableCodec
    forest: Forest
    block: ClassVar[int] = 16_384

    def __post_init__(self) -> None:
        if len(self.forest.table) != len(self.codec.sizes):
            raise ValueError("a forest of other columns than the table has")
        for j, size in enumerate(self.codec.sizes):
            if (self.forest.order[:, j, :size] >= size).any() or self.forest.table[j, size:].any():
                raise ValueError("a forest of other codes than the table has")
            if max(self.forest.in_leaf[j].max(), self.forest.in_branch[j].max()) >= size:
                raise ValueError("a forest of other codes than the table has")

    @property
    def schema(self) -> Schema:
        """What is produced."""
        return self.codec.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Draw n rows."""
        codes = self.forest.draw(np.full((len(self.codec.modelled), n), -1, np.int64), {}, ctx)
        return self.codec.drawn(codes.T, ctx)

    def fill(self, rows: Dataset, allowed: Mapping[str, Allowed], ctx: Context) -> Dataset:
        """Draw the holes of `rows` within `allowed`, from leaves weighed by all that is known."""
        given = self.codec.given(rows, allowed)
        codes = self.forest.draw(given.codes.T.astype(np.int64), given.limits, ctx)
        return self.codec.drawn(codes.T, ctx, given, rows, allowed)
