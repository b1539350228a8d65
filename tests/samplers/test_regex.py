"""Columns of a regular expression: which texts, how often each, never one twice, and what is refused."""

import itertools
import re
import time
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import synthesist as sy
from synthesist.codecs.written import written
from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Id, Text
from synthesist.errors import ConditionError, DataError, SpecError
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.automaton import compiled
from synthesist.samplers.columns.grammar import parsed
from synthesist.samplers.columns.language import Language
from synthesist.verbs.drawing import sample


def declared(pattern: str, **options: object) -> Columns:
    return Columns.build({"columns": {"x": {"is": "regex", "pattern": pattern, **options}}})


def one(pattern: str, n: int, start: int = 0, **options: object) -> pl.Series:
    ctx = Context(path=("0", "block", str(start)), start=start)
    return declared(pattern, **options).sample(n, ctx).table["x"]


def filled(spec: Columns, n: int, **allowed: Allowed) -> pl.Series:
    empty = pl.DataFrame({"x": pl.Series([None] * n, dtype=pl.String)})
    return spec.fill(Dataset({spec.table: empty}, spec.schema), allowed, Context.seeded(1)).table["x"]


def texts(language: Language, numbers: np.ndarray) -> list[str]:
    chance = np.random.default_rng(0).integers(2**64, size=len(numbers), dtype=np.uint64)
    return written(*language.signs(numbers, chance)).to_list()


# --------------------------------------------------------------------------- which texts


parts = st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^!-`c-~ ]", "ü", "", "."]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"(?:{p[0]}|{p[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{,2}", "{1,}", "*?"])).map(
            lambda p: f"({p[0]}){p[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(deadline=None, derandomize=True, max_examples=150)
@given(parts)
def test_every_matching_text_has_one_number_in_the_order_of_a_dictionary(pattern: str) -> None:
    pattern = pattern.replace(".", "[abcü]") or "a"
    pattern_in_ascii = pattern.replace("[^", "(?!ü)[^")
    language = Language(compiled(parsed(pattern)), longest=4)
    every = ["".join(signs) for length in range(5) for signs in itertools.product("abcü", repeat=length)]
    matching = sorted(text for text in every if re.fullmatch(pattern_in_ascii, text))
    assert texts(language, np.arange(language.size)) == matching
    assert language.count == len(matching)
    assert [text for text in sorted(every) if language.reads(text)] == matching


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (r"[A-Z]{2}-\d{4}", 6_760_000),
        (r"^\w\W\s\S\D$", 63 * 32 * 1 * 94 * 85),
        ("a|a", 1),
        ("(a|ab)(c|bc)", 3),
        (r"[^a]", 94),
        (r"\[\]\\\.\$", 1),
        (r"[]a-]", 3),
        (r"(?P<year>19|20)\d\d|x}", 201),
        ("[α-ω]{3}", 25**3),
        ("[A-Za-z0-9]{40}", 62**40),
    ],
)
def test_texts_are_counted(pattern: str, count: int) -> None:
    assert Language(compiled(parsed(pattern))).count == count


@pytest.mark.parametrize("pattern", [r"[A-Z]{2}-\d{4}", r"(foo|ba[rz])?\d{1,3}", r"sk_\w{32}", "[ä-ü]{5}|€{2}a?"])
def test_what_is_drawn_matches(pattern: str) -> None:
    for unique in (False, True):
        drawn = one(pattern, 200, unique=unique)
        assert all(re.fullmatch(pattern, text) for text in drawn)


# --------------------------------------------------------------------------- how often


def test_texts_are_equally_likely() -> None:
    counts = one("(a|ab)(c|bc)|[xyz]?d", 20_000).value_counts()
    assert len(counts) == 7
    assert stats.chisquare(counts["count"].to_numpy()).pvalue > 0.001


def test_texts_are_equally_likely_where_there_are_more_than_numbers() -> None:
    """There are three times as many texts of one letter more; every place holds each letter alike."""
    drawn = one("[abc]{16,40}", 30_000)
    lengths = drawn.str.len_chars().value_counts().sort("x", descending=True)["count"].to_numpy()[:6]
    odds = 3.0 ** -np.arange(6)
    assert stats.chisquare(lengths, odds / odds.sum() * lengths.sum()).pvalue > 0.001
    for place in (0, 7, 15):
        counts = drawn.str.slice(place, 1).value_counts()["count"].to_numpy()
        assert stats.chisquare(counts).pvalue > 0.001


def test_missing_cells_come_as_often_as_declared() -> None:
    assert one("[ab]", 20_000, missing=0.2).null_count() / 20_000 == pytest.approx(0.2, abs=0.015)


# --------------------------------------------------------------------------- never twice


@pytest.mark.parametrize("pattern", ["[A-Z]\\d{3}", "a|a|b?", "(a|ab)(c|bc)", "[a-c]{0,3}|[b-d]{0,2}"])
def test_unique_takes_every_text_once_and_blocks_may_be_larger(pattern: str) -> None:
    spec = declared(pattern, unique=True)
    n = Language(compiled(parsed(pattern))).count
    assert spec.block > n
    assert sample(spec, n)["x"].n_unique() == n
    with pytest.raises(DataError, match="different values"):
        sample(spec, n + 1)


@pytest.mark.parametrize("pattern", [r"[A-Z]{6}", r"\w{30}", "(a|[b-z]{20})[0-9]{5}", "[一-龥]{2}|[ab]{50,90}"])
def test_unique_over_blocks_and_without_order(pattern: str) -> None:
    whole = one(pattern, 60_000, unique=True)
    assert whole.n_unique() == 60_000
    assert not whole.is_sorted()
    parts = [one(pattern, 20_000, start=start, unique=True) for start in (0, 20_000, 40_000)]
    assert pl.concat(parts).equals(whole)


@settings(deadline=None, derandomize=True, max_examples=30)
@given(st.sampled_from(["a{0,3}[a-z]{11,14}", "(x|[0-9]{16})(y|[A-Z]{4}){1,3}", "[01]{53}"]), st.integers(0, 2**51))
def test_neighbouring_numbers_are_different_texts_where_there_are_more_texts_than_numbers(pattern, first) -> None:
    language = Language(compiled(parsed(pattern)))
    assert language.count > 2**52 >= language.size > 0.999 * 2**52
    got = texts(language, first % (language.size - 500) + np.arange(500))
    assert got == sorted(set(got))


# --------------------------------------------------------------------------- conditions


@pytest.mark.parametrize("tail", ["", "[a-z]{30}"])
def test_conditions_cut_exactly(tail: str) -> None:
    spec = declared("[a-d]{2}" + tail)
    got = filled(spec, 3000, x=Allowed(low="ab", high="c", excluded=("ba" + "z" * 30, "ba")))
    heads = Counter(got.str.slice(0, 2))
    assert set(heads) == {"ab", "ac", "ad", "ba", "bb", "bc", "bd"} - (set() if tail else {"ba"})
    assert stats.chisquare(list(heads.values())).pvalue > 0.001


def test_named_values_are_drawn_alike_and_shares_follow_bayes() -> None:
    spec = declared("[a-d]", missing=0.5)
    got = filled(spec, 8000, x=Allowed(values=("a", "z", "c"), missing=True))
    assert set(got) == {"a", "c", None}
    assert got.null_count() / 8000 == pytest.approx(0.5 / (0.5 + 0.25), abs=0.02)
    assert sample(spec, 50, where="x != a")["x"].drop_nulls().is_in(["b", "c", "d"]).all()


def test_many_exclusions_leave_the_others_alike() -> None:
    spec = declared("[0-9]{1,4}")
    out = ("7", "0001", *map(str, range(1500, 9990)))
    allowed = Allowed(excluded=(*out, "12x", ""))  # the last two never come
    left = 11_110 - len(out)
    got = filled(spec, 30_000, x=allowed)
    assert not set(got) & set(out)
    assert got.n_unique() == pytest.approx(left, rel=0.01)
    assert spec.columns["x"].share(allowed) == left / 11_110


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ({}, Allowed(values=("abc",))),
        ({}, Allowed(low="e")),
        ({}, Allowed(excluded=tuple("abcd"))),
        ({"unique": True}, Allowed(values=("a",))),
    ],
)
def test_impossible_conditions_say_so(options: dict[str, object], allowed: Allowed) -> None:
    with pytest.raises(ConditionError, match="`x`"):
        filled(declared("[a-d]", **options), 3, x=allowed)


# --------------------------------------------------------------------------- kinds


def test_kinds_and_files(tmp_path) -> None:
    spec = Columns.build(
        {
            "columns": {
                "id": {"is": "regex", "pattern": r"INV-[0-9]{6}", "unique": True},
                "grade": {"is": "regex", "pattern": "[A-C][+-]?"},
                "note": {"is": "regex", "pattern": r"0\d{7} [a-z]{3,9}", "missing": 0.1},
            }
        }
    )
    kinds = spec.schema.table.columns
    assert kinds["id"] == Id(pattern="INV-999999")
    assert kinds["grade"].values.items == ("A", "A+", "A-", "B", "B+", "B-", "C", "C+", "C-")
    assert kinds["note"] == Text(missing=True)
    table = sample(spec, 300).table
    table.write_csv(tmp_path / "t.csv")
    assert sy.read(tmp_path / "t.csv", schema=spec.schema).table.equals(table)
    seen = sy.read(tmp_path / "t.csv")
    assert seen.kinds["id"].pattern == "INV-999999"
    assert seen.table.equals(table)


@pytest.mark.parametrize(
    ("pattern", "shape"),
    [
        ("Ax[0-9a-f]{2}", r"\A\xxx"),
        ("[0-7][A-F]", "9A"),
        (r"\\u[a-z]", r"\\ua"),
        ("a{1,2}", None),
        ("[a-z-]", None),
        ("ab|cd|1-", None),
    ],
)
def test_shapes(pattern: str, shape: str | None) -> None:
    assert Language(compiled(parsed(pattern))).pattern == shape


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("ab(?=c)", r"a look-ahead, `\(\?=` at character 3 of "),
        ("(?<!a)b", "a look-behind"),
        (r"(a)\1", r"a reference, `\\1` at character 4"),
        (r"a\bc", "a word boundary"),
        (r"\p{L}", "an unknown escape"),
        ("(?i)a", "a flag"),
        ("(?>a)", "an atomic group"),
        ("a^b", "an anchor that is not at an end"),
        ("a$b", "an anchor that is not at an end"),
        ("(a", "a group that is not closed"),
        ("a)", "a closing bracket"),
        ("[a", "a class that is not closed"),
        ("[z-a]", "a stretch that does not lead"),
        (r"[a-\d]", "a stretch that does not lead"),
        (r"[^ -~]", "a class without a printable sign"),
        ("*a", "a repeat of nothing"),
        ("a++", "a repeat of a repeat"),
        ("a{3,1}", "a repeat from more to fewer"),
        ("a{1,9999}", "a repeat of more than 1,000"),
        ("a{x}", "a repeat of nothing"),
        ("a\\", "a backslash with nothing after it"),
        ("(" * 60 + ")" * 60, "more than 50 groups"),
        ("a+", "a repeat has no end: give `longest`"),
        ("(a|b)*a(a|b){20}", "more than 10,000 states"),
        ("((((a{1000}){1000}){1000}){1000})", "more than 10,000 states"),
        ("((){1000}){1000}", "more than 10,000 states"),
        ("a{600}b{600}", "1,200 characters"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_place(pattern: str, said: str) -> None:
    begun = time.process_time()
    with pytest.raises(SpecError, match=f"x: .*{said}"):
        declared(pattern)
    assert time.process_time() - begun < 5


def test_texts_longer_than_the_cap_are_none() -> None:
    assert one("a+b", 200, longest=3).str.len_chars().max() == 3
    with pytest.raises(SpecError, match="no text of at most 3 characters matches"):
        declared("abcd+", longest=3)
