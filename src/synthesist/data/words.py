"""Text that is no number, moment or truth: ids, personal data, prose, or else categories."""

from synthesist.data.column import Column
from synthesist.data.kinds import Categories, Category, Id, Kind, Text
from synthesist.data.numerals import leading_zeros
from synthesist.data.patterns import code_pattern, is_prose, names_a_key, text_key
from synthesist.data.pii import personal_hint

__all__ = ["category", "personal", "words"]

_LISTED = 1000  # more categories than this are no longer read by anyone in a schema
_NEARLY_ALL = 0.9
_CODED = ("phone", "credit card", "national id", "iban", "ip")  # codes that follow a pattern


def words(column: Column) -> Kind:
    """An id, personal data, prose, or else categories."""
    column = column.natively("String")
    texts = column.values
    zeros = "codes with leading zeros" if leading_zeros(texts) else ""
    if column.unique and (key := _key(column, zeros)):
        return key
    if not zeros and is_prose(texts, column.counts):
        hint = personal_hint(column.name, texts, column.table)
        return personal(column, hint) if hint else Text(**column.about(f"{len(texts):,} different texts"))
    return category(column.noting(zeros or _nearly_numbers(column)))


def category(column: Column, levels: list[str] | None = None) -> Kind:
    """Categories; of personal data no list is kept, and nothing is copied, so it becomes text."""
    if hint := personal_hint(column.name, column.values, column.table):
        return personal(column, hint)
    items = tuple(levels if levels is not None else column.values.sort())
    evidence = f"{len(column.values):,} distinct value{'s' * (len(column.values) != 1)}"
    listed = Categories(items=items, origin="detected") if len(items) <= _LISTED else None
    return Category(values=listed, **column.natively("String").about(evidence))


def personal(column: Column, hint: str) -> Kind:
    """Personal data: new values of the same pattern where there is one, else text."""
    column = column.natively("String")
    evidence = f"looks like personal data: {hint}"
    if column.unique and hint in _CODED and (pattern := code_pattern(column.values)):
        return Id(pattern=pattern, pii=hint, **column.about("unique", evidence))
    return Text(pii=hint, **column.about(evidence))


def _key(column: Column, zeros: str) -> Kind | None:
    hint = personal_hint(column.name, column.values, column.table)
    if hint:
        return personal(column, hint)
    reason, pattern = text_key(column.name, column.values)
    if not reason or (zeros and not names_a_key(column.name)):
        return None
    return Id(pattern=pattern, **column.about(f"unique in all {column.filled:,} filled rows", reason, zeros))


def _nearly_numbers(column: Column) -> str:
    """A warning where a few stray cells alone keep a column from being numbers."""
    numeric = column.values.str.contains(r"^[-+]?\d+(?:\.\d+)?$")
    stray = column.values.filter(~numeric)
    if len(column.values) < 10 or int(column.counts.filter(numeric).sum()) < _NEARLY_ALL * column.filled:
        return ""
    return f"numbers but for {', '.join(f'`{text}`' for text in stray[:3])}: if that means empty, add it to `markers`"
