import polars as pl

from synthesist.codecs.text import TextCodec
from synthesist.core import Context
from synthesist.data.kinds import Text

NAMES = [f"{title} {first} {last}" for title in ("Mr.", "Mrs.") for first in ("Anna", "Bela", "Cyril") for last in (
    f"Surname{i}" for i in "abcdefgh")]  # fmt: skip


def test_common_words_are_kept_and_seldom_words_invented():
    column = pl.Series(NAMES)
    drawn = TextCodec.fit(column, Text(), 7).draw(200, Context.seeded(0))
    text = " ".join(drawn.to_list())
    assert "Mr." in text and "Anna" in text
    assert "Surname" not in text
    assert drawn.n_unique() > 30


def test_a_secret_of_one_row_is_never_repeated():
    column = pl.Series(["please call me back"] * 50 + ["the password is tulip9431x"])
    drawn = TextCodec.fit(column, Text(), 5).draw(2000, Context.seeded(1))
    assert not drawn.str.contains("tulip|9431|password").any()


def test_no_text_comes_out_empty():
    """A seldom opening gives way to what is usual, and nothing is more usual than the end of a text."""
    column = pl.Series(["yes"] * 60 + ["yes no"] * 40 + ["x" * k for k in range(2, 12)])
    drawn = TextCodec.fit(column, Text(), 5).draw(3000, Context.seeded(4))
    assert drawn.null_count() == 0
    assert (drawn.str.strip_chars() == drawn).all() and (drawn != "").all()


def test_empty_and_odd_texts_are_no_trouble():
    column = pl.Series(["", "  ", "\n\t", "日本語 テキスト", "🙂", None] * 3)
    drawn = TextCodec.fit(column, Text(), 2).draw(200, Context.seeded(3))
    assert len(drawn) == 200 and not (drawn == "").any()
