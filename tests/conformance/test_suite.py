"""The suite finds what it is there to find: each check is broken on purpose."""

from typing import ClassVar

import numpy as np
import polars as pl
import pytest

from synthesist.codecs.table import TABLE_KINDS
from synthesist.core import Context, Sampler, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.errors import SpecError, UnsuitableError
from synthesist.methods.marginals import Marginals
from synthesist.testing import TABLES, Case, cases
from synthesist.testing.inside import fits, same
from synthesist.testing.traces import watched


class Careless(Spec):
    """A method with one fault of every sort that a signature does not show."""

    accepts = TABLE_KINDS

    dead: int = knob(1, "read by nobody", tries=(1, 2))
    costly: int = knob(128, "said to affect cost only", tries=(4, 128), affects="cost", ge=2)

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        print("fitting")
        np.random.rand()  # noqa: NPY002
        sampler: Sampler = Marginals(bins=self.costly).fit(data, ctx)
        return sampler


class Restless(Spec):
    """A method whose rows come from outside its context."""

    accepts = TABLE_KINDS

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        outside = Context.seeded(int(np.random.default_rng().integers(2**60)))
        codec = Marginals().fit(data, ctx)
        return Elsewhere(codec, outside)


class Elsewhere:
    """A sampler that draws where it likes."""

    block = 256

    def __init__(self, inner: Sampler, place: Context) -> None:
        self.inner, self.place, self.schema = inner, place, inner.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        return self.inner.sample(n, self.place)


class Humble(Spec):
    """A method that declares what it cannot do, and one thing that it can."""

    accepts = TABLE_KINDS
    limits: ClassVar[dict[str, str]] = {"leaves_no_trace": "it prints", "text": "a limit that is none"}

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        print("fitting")
        sampler: Sampler = Marginals().fit(data, ctx)
        return sampler


class Choosy(Spec):
    """A method that serves numbers only, and two tables not at all; one of them it would."""

    accepts = frozenset({"number", "integer"})
    limits: ClassVar[dict[str, str]] = {"one_row": "one row shows no spread", "nulls": "a limit that is none"}

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        if data.units < 2:
            raise UnsuitableError("One row shows no spread: bring more.")
        sampler: Sampler = Marginals().fit(data, ctx)
        return sampler


def found(spec: type[Spec], check: str) -> Case:
    return next(case for case in cases(spec) if str(case).endswith(check))


@pytest.mark.parametrize(
    ("spec", "check", "fault"),
    [
        (Careless, "leaves_no_trace-key", "It printed 'fitting.*global random state"),
        (Careless, "knob-dead", "dead knob"),
        (Careless, "knob-costly", "cost only, and changes"),
        (Restless, "same_seed-key", "`x` differs"),
        (Restless, "blocks", "repeats|holds the same value twice"),
        (Humble, "-text", "no longer holds"),
        (Choosy, "refuses_table-nulls", "no longer holds"),
    ],
)
def test_a_fault_is_found(spec: type[Spec], check: str, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        found(spec, check).run()


def test_a_declared_limit_is_one_case_that_fails() -> None:
    found(Humble, "leaves_no_trace").run()
    assert sum(case.check == "leaves_no_trace" for case in cases(Humble)) == 1


def test_a_method_is_tried_on_the_columns_and_tables_it_serves() -> None:
    made = cases(Choosy)
    for name in ("refuses_table-one_row", "schema-mixed", "refuses-category"):
        found(Choosy, name).run()
    assert not [case for case in made if case.check == "schema" and case.on in ("one_row", "nulls", "only_keys")]


def test_a_limit_of_no_check_is_refused() -> None:
    class Dreaming(Spec):
        accepts = TABLE_KINDS
        limits: ClassVar[dict[str, str]] = {"flies": "it does not"}

        def fit(self, data: Dataset, ctx: Context) -> Sampler:
            raise NotImplementedError

    with pytest.raises(AssertionError, match="`limits` names no check: flies"):
        cases(Dreaming)


def test_what_is_no_arrow_is_refused() -> None:
    with pytest.raises(SpecError, match="no arrow"):
        cases(Spec)


@pytest.mark.parametrize(
    ("column", "cells", "fault"),
    [
        ("age", pl.Series([200]), "leaves its bounds"),
        ("income", pl.Series([2000.125]), "more than 2 decimals"),
        ("income", pl.Series([float("nan")]), "NaN"),
        ("city", pl.Series(["Atlantis"]), "'Atlantis', which is no category"),
        ("sector", pl.Series([None], dtype=pl.String), "empty cells"),
        ("country", pl.Series(["Sweden"]), "always 'Norway'"),
        ("smoker", pl.Series(["yes"]), "stored as String"),
    ],
)
def test_a_cell_outside_its_schema_is_found(column: str, cells: pl.Series, fault: str) -> None:
    data = TABLES["mixed"]()
    broken = data.with_table(data.table.head(1).with_columns(cells.alias(column)))
    fits(data, data.schema)
    with pytest.raises(AssertionError, match=fault):
        fits(broken, data.schema)


def test_a_repeated_key_is_found() -> None:
    data = TABLES["key"]()
    with pytest.raises(AssertionError, match="same value twice"):
        fits(data.with_table(pl.concat([data.table.head(1)] * 2)), data.schema)


def test_a_changed_input_is_found() -> None:
    data = TABLES["key"]()

    def change() -> None:
        data.table.replace_column(1, data.table["x"] + 1)

    assert "It changed its input" in watched(change, data).faults[0]


def test_rows_that_differ_are_shown() -> None:
    data = TABLES["mixed"]()
    with pytest.raises(AssertionError, match="`patient` differs, first in row 0"):
        same(data, data.with_table(data.table.reverse()), "Reversed")
    with pytest.raises(AssertionError, match=r"\(240, 11\) and \(3, 11\)"):
        same(data, data.with_table(data.table.head(3)), "Cut")
