"""Whether every row that refers to another table refers to a row that is there."""

from collections.abc import Mapping

import polars as pl

from synthesist.core import Context, Evidence, Score, Spec
from synthesist.data.units import NOBODY, place_of
from synthesist.metrics._estimate import clopper_pearson
from synthesist.metrics._relations import Relation, not_related, relations
from synthesist.metrics._scale import Scale

__all__ = ["Orphans"]

SCALE = Scale(
    metric="orphans",
    title="Orphans",
    family="fidelity",
    best=0.0,
    worst=1.0,
    meaning="The share of references that lead to no row; 0 is none, as a database asks.",
)


class Orphans(Spec):
    """The share of references between tables that lead nowhere: 0 is none.

    A row with an empty cell in its link refers to nothing and does not count. The value is taken over the
    references of all links; `parts` has the rate of each. A holdout row whose parent went to train is no
    orphan: real references may lead to either. The interval is exact for independent rows.

    When not to use: to see whether rows refer to the right ones; `parent_c2st` and `cardinality` do.
    """

    standard = 41
    needs = frozenset({"links"})

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Follow the links of synthetic; the reference follows those of the holdout."""
        del ctx
        if reason := not_related(case):
            return SCALE.skip(reason)
        links = relations(case.train.schema)
        made = [_lost(each, case.synthetic.tables, case.synthetic.tables) for each in links]
        parents = {name: pl.concat([table, case.train.tables[name]]) for name, table in case.holdout.tables.items()}
        real = [_lost(each, case.holdout.tables, parents) for each in links]
        found, reference = (
            clopper_pearson(sum(lost for lost, _ in side), max(sum(n for _, n in side), 1)) for side in (made, real)
        )
        parts = [
            {**each.about, "rate": of_made[0] / max(of_made[1], 1), "reference": of_real[0] / max(of_real[1], 1)}
            for each, of_made, of_real in zip(links, made, real, strict=True)
        ]
        return SCALE.score(found, reference, {"parts": parts})


def _lost(
    relation: Relation, tables: Mapping[str, pl.DataFrame], parents: Mapping[str, pl.DataFrame]
) -> tuple[int, int]:
    """How many references lead nowhere, and how many there are."""
    child = tables[relation.child]
    refers = child.select(pl.all_horizontal(pl.col(relation.link.columns).is_not_null())).to_series().to_numpy()
    place = place_of(child, relation.link, parents[relation.link.table])
    return int((refers & (place == NOBODY)).sum()), int(refers.sum())
