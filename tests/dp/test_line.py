"""A line's cells hold round numbers and values of a grid as they are, and its cuts stay on it."""

import numpy as np
import polars as pl
import pytest

from synthesist.data.kinds import Bounds, Integer, Moment, Number
from synthesist.dp.line import NUMERIC, Line
from synthesist.errors import SpecError


@pytest.mark.parametrize("high", [1, 7, 10, 1000])
def test_any_round_value_is_a_cell_of_its_own(high: int) -> None:
    line = Line.of(Number(bounds=Bounds(low=0, high=high)))
    for number in np.arange(1, 10) * high / 10:
        cell = int(line._holding(np.array([number]))[0])
        assert line.codec(np.array([0, cell, cell + 1])).encode(pl.Series([number])).tolist() == [1]
        assert line.value(cell) == pytest.approx(number, rel=1e-15)
        assert cell in line.parts(0, line.cells, 50) or high == 7


def test_each_value_of_a_grid_has_a_cell() -> None:
    for decimals in (1, 2, 3):
        values = np.arange(0, 500) / 10.0**decimals
        line = Line.of(Number(decimals=decimals, bounds=Bounds(low=0, high=float(values[-1]))))
        assert line.codec(np.arange(line.cells)).encode(pl.Series(values)).tolist() == list(range(500))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Integer(bounds=Bounds(low=10, high=1)), "have no value between them"),
        (Integer(step=10, bounds=Bounds(low=11, high=19)), "have no value between them"),
        (Number(bounds=Bounds(low=-1.7e308, high=1.7e308)), "too far apart"),
        (Integer(bounds=Bounds(low="a", high=5)), "is no integer: write it as 100"),
        (Moment(precision="d", bounds=Bounds(low="2023-13-01", high="2024-01-01")), "is no moment: write it as"),
    ],
)
def test_bounds_that_make_no_line_are_refused(kind: NUMERIC, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Line.of(kind)


def test_cuts_of_a_line_do_not_leave_it() -> None:
    line = Line.of(Number(bounds=Bounds(low=-3.0, high=1e9)))
    for cuts in (line.parts(0, line.cells, 50), line.parts(17, 18, 10), line.crowded()):
        assert (np.diff(cuts) > 0).all() and cuts.min() >= 0 and cuts.max() < line.cells
