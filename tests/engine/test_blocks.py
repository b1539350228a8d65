from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Integer
from synthesist.data.schema import Schema
from synthesist.engine.blocks import blocks, joined
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.samplers.columns import Columns

SCHEMA = Schema(tables={"t": {"columns": {"id": Id(whole=True), "x": Integer()}}}, unit="t")


@dataclass(frozen=True)
class Counting:
    """Draws whole numbers below 100; cannot fill."""

    block: int = 10
    schema: Schema = SCHEMA

    def sample(self, n: int, ctx: Context) -> Dataset:
        ids = np.arange(ctx.start, ctx.start + n)
        return Dataset({"t": pl.DataFrame({"id": ids, "x": ctx.rng("x").integers(0, 100, n)})}, SCHEMA)


def draw(n, allowed=None, threads=1):
    return joined(blocks(Counting(), n, Context.seeded(5, threads=threads), allowed)).table


def test_the_first_rows_do_not_depend_on_n():
    assert draw(7).equals(draw(35).head(7))
    assert draw(20).equals(draw(35).head(20))


def test_threads_change_nothing():
    assert draw(95, threads=3).equals(draw(95))


def test_exactly_n_rows_and_dense_keys():
    rows = draw(23)
    assert rows["id"].to_list() == list(range(23))


def test_a_condition_without_fill_is_met_by_bounded_rejection():
    rows = draw(30, {"x": Allowed(low=90)})
    assert rows.height == 30 and rows["x"].min() >= 90
    assert rows["id"].to_list() == list(range(30))
    assert rows.head(5).equals(draw(5, {"x": Allowed(low=90)}))


def test_a_condition_that_is_never_met_says_how_often_it_was_tried():
    with pytest.raises(ConditionError, match=r"on `x` was met by 0 of 2,000 drawn rows"):
        draw(5, {"x": Allowed(low=100)})


def test_every_key_of_a_short_pattern_can_be_had_and_no_more():
    """A block may be larger than what there are keys for: only rows that are handed out need one."""
    short = Columns.build({"columns": {"id": {"is": "keys", "pattern": "99"}}})
    assert short.block > 100
    assert joined(blocks(short, 100, Context.seeded(5))).table["id"].drop_nulls().n_unique() == 100
    with pytest.raises(DataError, match="`id` has only 100 keys, 101 were asked for"):
        next(blocks(short, 101, Context.seeded(5)))


@pytest.mark.parametrize("n", [0, -3, 2.5, "10", True])
def test_a_count_that_is_none_is_refused(n):
    with pytest.raises(SpecError, match="whole number of at least 1"):
        draw(n)
