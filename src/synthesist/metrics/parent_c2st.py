"""Whether a classifier can tell parents with their children from real ones."""

from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Kind, Number
from synthesist.data.schema import Schema
from synthesist.data.units import place_of
from synthesist.metrics._columns import encoded
from synthesist.metrics._discriminator import FEWEST, chance, told_apart
from synthesist.metrics._estimate import mean_of
from synthesist.metrics._relations import REAL_AND_MADE, Relation, comparable, not_related, owners, relations, side_of
from synthesist.metrics._scale import Scale

__all__ = ["ParentC2ST"]

Array = npt.NDArray[Any]

SCALE = Scale(
    metric="parent_c2st",
    title="Two-sample test of parents with their children (AUC)",
    family="fidelity",
    best=0.5,
    worst=1.0,
    meaning="How well boosted trees tell a synthetic parent, with sums over its children, from a real one; "
    "0.5 is a coin toss.",
)


class ParentC2ST(Spec):
    """How well trees tell parents with their children from real ones kept aside: 0.5 is a coin toss.

    To every row of a parent table the rows that refer to it are added as columns: how many, the mean of each
    number, how many different values of each category. Then it is as `c2st`, with its interval and p-value; of a
    table that is no unit itself one row is drawn of each unit, so that rows are independent. The value is the mean
    over parent tables whose rows follow the unit; its interval takes their errors as one, which is on the safe side.

    Hudovernik, Jurkovic and Strumbelj 2024, Benchmarking the Fidelity and Utility of Synthetic Relational Data,
    arXiv:2410.03411 (their discriminative detection with aggregation), judged against a holdout.

    When not to use: with fewer than a few hundred parents a side.
    """

    standard = 42
    needs = frozenset({"links"})
    tried_on = "related"

    rows: int = knob(20_000, "most parents drawn from each side", tries=(30, 60), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Compare synthetic with holdout; the reference compares train with holdout."""
        if reason := not_related(case):
            return SCALE.skip(reason)
        mine = owners(case)
        within = [each for each in relations(case.train.schema) if each.within and each.child != each.link.table]
        parts, found, real = [], [], []
        for parent in dict.fromkeys(each.link.table for each in within):
            links = [each for each in within if each.link.table == parent]
            place = ctx.at(parent)
            joined = {
                side: with_children(side_of(case, side), parent, links, _one_each(mine[side][parent], place.at(side)))
                for side in REAL_AND_MADE
            }
            part = Evidence(joined["train"], joined["holdout"], joined["synthetic"])
            columns = encoded(part)
            if columns.unusable or min(columns.rows.values()) < FEWEST:
                continue
            made = told_apart(columns, "synthetic", self.rows, place.at("synthetic"))
            reference = told_apart(columns, "train", self.rows, place.at("train"))
            p_value = chance(columns, "synthetic", self.rows, place.at("synthetic"))
            found.append(made.auc)
            real.append(reference.auc)
            parts.append(
                {
                    "a": parent,
                    **made.auc._asdict(),
                    "reference": reference.auc.value,
                    "p_value": p_value,
                    "rows": made.rows,
                }
            )
        if not found:
            return SCALE.skip(f"No table with rows that refer to it has {FEWEST} units on every side.")
        return SCALE.score(mean_of(found), mean_of(real), {"parts": parts})


def _one_each(owner: Array, ctx: Context) -> Array:
    """One row of each unit, at random; of rows that belong to nobody none."""
    order = ctx.rng("one of each unit").permutation(len(owner))
    _, first = np.unique(owner[order], return_index=True)
    rows = np.sort(order[first])
    kept: Array = rows[owner[rows] >= 0]
    return kept


def with_children(data: Dataset, parent: str, links: list[Relation], rows: Array) -> Dataset:
    """These rows of a parent table with what their children come to, as one table."""
    table = data.tables[parent]
    kinds: dict[str, Kind] = comparable(data, parent)
    frame = table.select(*kinds)
    for each in links:
        child = data.tables[each.child]
        place = pl.Series(" parent", place_of(child, each.link, table))
        prefix = f"{each.child} by {', '.join(each.link.columns)}"
        sums = [pl.len().alias(f"{prefix}: rows")]
        for name, kind in comparable(data, each.child).items():
            if kind.kind in ("category", "boolean"):
                sums.append(pl.col(name).n_unique().alias(f"{prefix}: different {name}"))
            else:
                number = pl.col(name).to_physical().cast(pl.Float64)
                sums.append(number.filter(number.is_finite()).mean().alias(f"{prefix}: mean {name}"))
        found = child.with_columns(place).group_by(" parent").agg(sums)
        frame = (
            frame.with_columns(pl.int_range(pl.len()).alias(" parent"))
            .join(found, on=" parent", how="left", maintain_order="left")
            .drop(" parent")
        )
        added = [name for name in frame.columns if name not in kinds]
        frame = frame.with_columns(pl.col(f"{prefix}: rows").fill_null(0)).with_columns(pl.col(added).cast(pl.Float64))
        kinds |= dict.fromkeys(added, Number(missing=True))
    return Dataset({parent: frame[rows]}, Schema(tables={parent: {"columns": kinds}}, unit=parent))
