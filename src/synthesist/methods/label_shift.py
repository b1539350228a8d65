"""Give the source's classes the shares they must have in the target."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import polars as pl

from synthesist.codecs.domains import ADAPTED_KINDS, Domains
from synthesist.codecs.table import TableCodec
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Duration, Integer, Kind, Moment, Number
from synthesist.errors import DataError
from synthesist.methods._telling import BINS, Teller, drawn_again

__all__ = ["LabelShift"]

MOST_CLASSES = 10
SLICES = 8
STEPS = 200
RIDGE = 1e-3


@dataclass(frozen=True)
class Classes:
    """The classes of a label: words, the rarest together as the last; or where the slices of a number begin."""

    label: str
    words: tuple[str, ...]
    starts: np.ndarray

    @classmethod
    def of(cls, cells: pl.Series, kind: Kind, label: str) -> "Classes":
        counts = cells.drop_nulls().value_counts(sort=True)
        if len(counts) > MOST_CLASSES and isinstance(kind, Number | Integer | Moment | Duration):
            numbers = cells.drop_nulls().to_physical().cast(pl.Float64).to_numpy()
            return cls(label, (), np.unique(np.quantile(numbers, np.arange(1, SLICES) / SLICES)))
        words = counts.sort("count", cells.name, descending=[True, False])[cells.name].cast(pl.String)
        return cls(label, tuple(words.head(MOST_CLASSES)), np.zeros(0))

    def __len__(self) -> int:
        return len(self.words) or len(self.starts) + 1

    def numbers(self, data: Dataset) -> np.ndarray:
        """The class of each row from 0; -1 where the label is missing."""
        cells = data.table[self.label]
        if self.words:
            places = {word: k for k, word in enumerate(self.words)}
            found = cells.cast(pl.String).replace_strict(places, default=len(self.words) - 1, return_dtype=pl.Int64)
        else:
            physical = cells.to_physical().cast(pl.Float64).fill_null(0.0).to_numpy()
            found = pl.Series(np.searchsorted(self.starts, physical, side="right"))
        return found.set(cells.is_null(), -1).to_numpy()


@dataclass(frozen=True)
class Reweighted:
    """Draws rows again, each as often as its class is more frequent in the target."""

    classes: Classes
    shares: np.ndarray
    """The share of each class in the source, and `target`, what it must be in the target."""
    target: np.ndarray

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """As many rows as there are, in their order, some more than once."""
        return drawn_again(data, self.weights(data), ctx.rng("rows"))

    def weights(self, data: Dataset) -> np.ndarray:
        """The weight of each row: that of its class, 1 where the label is missing."""
        found: np.ndarray = np.append(self.target / np.maximum(self.shares, 1e-9), 1.0)[self.classes.numbers(data)]
        return found


class LabelShift(Spec):
    """Gives the source's classes the shares that they must have in the target, whose labels nobody knows.

    Boosted trees learn the label from one half of the source. What they expect of the other half, class by class,
    and of the target says how frequent each class is there: by expectation maximisation (`em`), or by inverting the
    confusion of the classes (`bbse`). Source rows are drawn again in proportion, as many as there are.
    Numbers of more than ten values are cut into eight slices of equally many rows.

    It is right where the same kinds of people come in other shares (label shift, prior shift).

    Reference: Saerens, Latinne and Decaestecker, Neural Computation 14(1), 2002, doi:10.1162/089976602753284446;
    Lipton, Wang and Smola, Detecting and Correcting for Label Shift with Black Box Predictors, ICML 2018,
    arXiv:1802.03916.

    When not to use: where a class looks different in the target than in the source. Everything new then counts as the
    class that it looks most like.
    """

    accepts: ClassVar[frozenset[str]] = ADAPTED_KINDS
    tried_on: ClassVar[str] = "shifted"
    limits: ClassVar[Mapping[str, str]] = {"one_row": "one row has one class, whose share cannot shift"}

    label: str = knob(..., "column that holds the classes", tries=("sector", "smoker"))
    estimate: Literal["em", "bbse"] = knob("em", "how the shares are found", tries=("em", "bbse"))

    def fit(self, data: Dataset, ctx: Context) -> Reweighted:
        """Learn the classes and their shares in the target.

        Raises:
            UnsuitableError, SpecError, DataError: these are no two tables of the same columns with rows, or the label
                has one class only.
        """
        domains = Domains.of(data, self.label)
        source = domains.source.with_table(domains.source.table.filter(pl.col(self.label).is_not_null()))
        classes = Classes.of(source.table[self.label], source.kinds[self.label], self.label)
        if len(classes) < 2:
            raise DataError(f"The label `{self.label}` has one class in the source: no shares can shift.")
        numbers, order = classes.numbers(source), ctx.rng("halves").permutation(source.units)
        learn, aside = np.array_split(order, 2)
        codec = TableCodec.fit(domains.both(), ctx, bins=BINS, min_rows=5, derive=False)
        teller = Teller.fit(codec, source.with_table(source.table[learn]), numbers[learn], len(classes), ctx)
        shares = np.bincount(numbers, minlength=len(classes)) / len(numbers)
        seen, unseen = teller.shares(source.with_table(source.table[aside])), teller.shares(domains.target)
        found = _em(unseen, shares) if self.estimate == "em" else _bbse(seen, numbers[aside], unseen, shares)
        return Reweighted(classes, shares, found)


def _em(unseen: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The shares under which what is expected of the target's rows, reweighted by them, adds up to them."""
    found = shares
    for _ in range(STEPS):
        weighted = unseen * (found / np.maximum(shares, 1e-9))
        found = (weighted / weighted.sum(axis=1, keepdims=True)).mean(axis=0)
    return found


def _bbse(seen: np.ndarray, classes: np.ndarray, unseen: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """The shares that mix what is expected of each class to what is expected of the target."""
    present = np.bincount(classes, minlength=len(shares))
    mixing = np.column_stack(
        [seen[classes == k].mean(axis=0) if n else shares for k, n in enumerate(present)]
    )  # [expected, class]
    ridge = RIDGE * np.eye(len(shares))
    found = np.linalg.solve(mixing.T @ mixing + ridge, mixing.T @ unseen.mean(axis=0) + RIDGE * shares)
    found = np.maximum(found, 0.0)
    positive: np.ndarray = found / found.sum() if found.sum() else shares
    return positive
