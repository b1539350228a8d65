"""The shapes of codes and keys: AAA-999, a UUID, a running number, and names that say "id"."""

import re

import polars as pl

__all__ = ["all_match", "code_pattern", "is_prose", "names_a_key", "names_things", "number_key", "shapes", "text_key"]

_KEY_WORDS = "id key uuid guid pk idx index no nr num number code ref serial rowid barcode sku iban"
_KEY_NAME = re.compile(rf"(?:^|[_\W])(?:{'|'.join(_KEY_WORDS.split())})$|^ids?(?:_|$)", re.IGNORECASE)
_KEY_CAMEL = re.compile(r"[a-z](?:Id|ID|Key|Nr|No|Num|Number|Code|Index|Uuid|UUID)$")
_COUNT_NAME = re.compile(r"^(?:n|no|num|number|count|total)(?:_|_?of_)", re.IGNORECASE)
_THING_NAME = re.compile(
    r"(?:^|[_\W])(?:id|uuid|guid|zip|zipcode|zip_code|postcode|post_code|postal_code|plz|fips|phone|telephone)$|^id_",
    re.IGNORECASE,
)
_CALENDAR_NAME = re.compile(
    r"year|month|week|day|hour|minute|second|quarter|date|time|age|epoch|rank|score", re.IGNORECASE
)
_UNNAMED = re.compile(r"(?:Unnamed: \d+|column_?\d*|index|level_0|_?rowid_?|__index_level_0__)?", re.IGNORECASE)
_CLASSES = {"9": r"\d", "A": r"\p{Lu}", "a": r"\p{Ll}"}
_SEQUENCE_EVIDENCE = 20  # rows; ages in a class of five may well be five whole numbers in a row
_SHAPE_EVIDENCE = 5
_PROSE_WORDS, _PROSE_LENGTH = 4, 40


def all_match(texts: pl.Series, pattern: str) -> bool:
    """A thousand cells refuse most patterns before half a million are asked."""
    return bool(texts.head(1000).str.contains(pattern).all() and texts.str.contains(pattern).all())


def shapes(texts: pl.Series) -> pl.Series:
    """Every digit as 9, capital as A, small letter as a: `AB-12` is `AA-99`."""
    return texts.str.replace_all(r"\p{Ll}", "a").str.replace_all(r"\p{Lu}", "A").str.replace_all(r"\d", "9")


def names_a_key(name: str) -> bool:
    """Whether a column is called like a key: customer_id, OrderNo, key; but not number_of_rooms."""
    return bool((_KEY_NAME.search(name) or _KEY_CAMEL.search(name)) and not _COUNT_NAME.match(name))


def names_things(name: str) -> bool:
    """Whether numbers under this name count nothing: shop_id, zip_code."""
    thing = _THING_NAME.search(name) or re.search(r"[a-z](?:Id|ID)$", name)
    return bool(thing and not _CALENDAR_NAME.search(name))


def number_key(name: str, numbers: pl.Series) -> str:
    """Why unique whole numbers are a key, in a few words; empty where they are not.

    Being unique is not enough: weights and prices often are. The name must say so, or the numbers
    fill at least half of their range, as those of a running number do in a sample of four fifths.
    """
    if names_a_key(name):
        return "called an id"
    span = numbers.max() - numbers.min() + 1  # type: ignore[operator]
    named_otherwise = _CALENDAR_NAME.search(name) and not _UNNAMED.fullmatch(name)
    if len(numbers) >= _SEQUENCE_EVIDENCE and 2 * len(numbers) >= span and not named_otherwise:
        return "a running number"
    return ""


def text_key(name: str, texts: pl.Series) -> tuple[str, str | None]:
    """Why unique texts are a key, and their pattern: ("looks like AAA-999", "AAA-999"); ("", None) where not."""
    pattern = code_pattern(texts)
    if pattern and ("9" in pattern or "x" in pattern) and (len(texts) >= _SHAPE_EVIDENCE or names_a_key(name)):
        return f"looks like {pattern if len(pattern) <= 40 else pattern[:37] + '...'}", pattern
    if all_match(texts, r"^\S{1,64}$"):
        if names_a_key(name):
            return "called an id", pattern
        if len(texts) < _SEQUENCE_EVIDENCE:
            return "", None
        if all_match(texts, r"^[A-Za-z]{1,5}[-_/#]?\d+[A-Za-z]{0,3}$"):
            return "letters and a number", None
        if all_match(texts, "^[A-Z0-9]{2,}$") and texts.str.len_chars().n_unique() == 1:
            return "codes of one length", pattern
    return "", None


def code_pattern(texts: pl.Series) -> str | None:
    """The one shape that all of these codes have: 9 a digit, A and a letters, x hexadecimal, else literal.

    Letters that never change stay literal (INV-9999), unless they could be mistaken for a class.
    """
    first = str(texts[0])
    if len(first) < 2 or re.search(r"\s", first) or (texts.str.len_chars() != len(first)).any():
        return None
    if len(first) >= 8 and all_match(texts, r"^[0-9a-fA-F-]+$") and texts.str.contains("[a-fA-F]").any():
        return re.sub("[0-9a-fA-F]", "x", first)
    shape = str(shapes(texts.head(1))[0])
    if not all_match(texts, f"^{''.join(_CLASSES.get(sign, re.escape(sign)) for sign in shape)}$"):
        return None
    fixed = [i for i, sign in enumerate(first) if sign.isalpha() and (texts.str.slice(i, 1) == sign).all()]
    if any(first[i] in "Aax" for i in fixed):
        return shape
    return "".join(first[i] if i in fixed else sign for i, sign in enumerate(shape))


def is_prose(texts: pl.Series, counts: pl.Series) -> bool:
    """Whether distinct texts with these counts are written language rather than names of classes."""
    sample = texts.head(5000)
    words = float(sample.str.count_matches(r"\S+").mean())  # type: ignore[arg-type]
    length = float(sample.str.len_chars().mean())  # type: ignore[arg-type]
    share = len(texts) / max(int(counts.sum()), 1)
    if len(texts) >= 20 and share > 0.9:
        return True  # hardly a value comes twice: nothing to learn about it as a class
    long = words >= _PROSE_WORDS or length >= _PROSE_LENGTH
    return (long and share > 0.5) or (length >= 5 * _PROSE_LENGTH and share > 0.05)
