"""Numbers as people write them: reading and writing are inverse."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.data.numerals import Numeral
from synthesist.errors import SpecError

FORMATS = [
    "0.00",
    "#,##0.00",
    "$#,##0.00",
    "#.##0,00 €",
    "# ##0,0",
    "0.0",
    "0.0%",
    "CHF #'##0.00",
    "#,##0",
    "#.##0",
    "0,000",
]


@pytest.mark.parametrize(
    ("texts", "format", "numbers"),
    [
        (["12", "-3"], None, [12, -3]),
        (["1.5", ".5", "5."], None, [1.5, 0.5, 5]),
        (["1,234", "56"], "#,##0", [1234, 56]),
        (["1,234", "5,6"], "0,#", [1.234, 5.6]),
        (["0,123", "1,234"], "0,000", [0.123, 1.234]),
        (["1.234.567", "12"], "#.##0", [1234567, 12]),
        (["1.234,5", "2,0"], "#.##0,0", [1234.5, 2]),
        (["1.234 €", "12 €"], "#.##0 €", [1234, 12]),
        (["$1,234.50", "-$3.20"], "$#,##0.00", [1234.5, -3.2]),
        (["12%", "3.5%"], "0.#%", [12, 3.5]),
        (["1 234,5", "3"], "# ##0,#", [1234.5, 3]),
        (["1.0", "2.0"], "0.0", [1, 2]),
    ],
)
def test_learn_read_write(texts, format, numbers):
    numeral = Numeral.learn(pl.Series(texts))
    assert numeral.format == format
    frame = pl.DataFrame({"text": texts}).with_columns(number=numeral.read(pl.col("text")))
    assert frame["number"].to_list() == numbers
    written = frame.select(numeral.write(pl.col("number"))).to_series()
    assert Numeral.of(format).read(pl.lit(written[0])) is not None
    assert pl.DataFrame({"t": written}).select(Numeral.of(format).read(pl.col("t"))).to_series().to_list() == numbers


@pytest.mark.parametrize("texts", [["1", "x"], ["$1", "€2"], ["007"], ["1,2,3"], ["12 kg"], ["1.2.3"], ["$"], ["-"]])
def test_no_number(texts):
    assert Numeral.learn(pl.Series(texts)) is None


@given(st.sampled_from(FORMATS), st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=20))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_round_trip(format, scaled):
    numeral = Numeral.of(format)
    numbers = [value / 10 ** (numeral.decimals or 0) for value in scaled]
    frame = pl.DataFrame({"x": numbers}, schema={"x": pl.Float64})
    texts = frame.select(numeral.write(pl.col("x"))).to_series()
    back = texts.to_frame("x").select(numeral.read(pl.col("x"))).to_series()
    assert back.to_list() == pytest.approx(numbers, rel=1e-12)
    assert numeral.format == format


def test_an_unreadable_format_is_refused():
    with pytest.raises(SpecError, match="as in a spreadsheet"):
        Numeral.of("%.2f")
