"""Hints that a column holds personal data, from the shape of its cells and its name.

A hint keeps values out of schemas and reports, so shapes must be met by nearly all cells, and shapes
that other things share (names, telephone numbers, addresses) need the column's name as well.
"""

import re

import polars as pl

__all__ = ["birth_hint", "personal_hint"]

_NEARLY_ALL = 0.9
_LUHN_EVIDENCE = 10  # one in ten numbers passes by chance
_EMAIL = r"^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$"
_IP = (
    r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$|^(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}$"
)
_PHONE = r"^\+?[\d\s()./-]{6,24}(?:\s*(?:x|ext\.?)\s*\d+)?$"
_PHONE_WRITTEN = r"^(?:\+\d[\d\s().-]{6,}|\(?\d{3}\)[\s.-]?\d{3}[\s.-]\d{4}|\d{3}[-.]\d{3}[-.]\d{4})$"
_CARD = r"^(?:\d{4}[ -]?){3,4}\d{1,4}$"
_SSN = r"^\d{3}-\d{2}-\d{4}$"
_IBAN = r"^[A-Z]{2}\d{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,4}$"
_STREET = (
    r"(?i)^\d+[a-z]?,?\s+\S.*\b(?:st|street|ave|avenue|rd|road|blvd|boulevard|lane|ln|drive|dr|way|court|ct|square)\b"
    r"|(?:straße|strasse|str\.|weg|gasse|platz|laan|straat)\s*\d+|^(?:rue|via|calle|avenida|av\.|rua)\s"
)
_PERSON = r"^[\p{Lu}\p{Ll}][\p{L}.'’\-]*(?:[ ,]{1,2}[\p{L}(\"][\p{L}.'’\-\")]*){0,7}$"
_TITLED = r"\b(?:Mr|Mrs|Miss|Ms|Dr|Prof|Master|Herr|Frau|Rev|Mme)\b\.?"
_FIRST_NAMES = (
    r"\b(?:John|James|Robert|Michael|William|David|Richard|Thomas|Charles|Daniel|Peter|Paul|Mark|Mary|Maria|Anna|Anne|"
    r"Elizabeth|Jennifer|Linda|Susan|Sarah|Karen|Laura|Julia|Jose|Juan|Carlos|Luis|Ana|Ali|Mohammed|Muhammad|Ahmed|Fatima|"
    r"Wei|Li|Jean|Pierre|Marie|Hans|Klaus|Jan|Lars|Giovanni|Marco|Ivan|Olga|Yuki|Hiroshi|Priya|Raj|Emma|Jane|Alice|Bob)\b"
)
_NAMED = {
    "phone": r"phone|mobile|\bcell\b|\bfax\b|\btel\b|handy|telefon",
    "credit card": r"credit card|card (?:number|no)|cc num|\bpan\b",
    "national id": r"\bssn\b|social security|national id|passport|\bnhs\b|\bnino\b|tax id|personnummer|\bcpf\b|aadhaar",
    "address": r"\baddress\b|street|\baddr\b|adresse|strasse|straße",
    "name": r"(?:first|last|middle|full|maiden|given|family|patient|person|contact|employee|player|holder) ?names?\b"
    r"|surname|\b(?:vor|nach)name\b|\bpr[eé]nom\b|\bname (?:first|last|given)\b|\b(?:customer|author) name\b",
}
_NOT_POSTAL = r"\b(?:ip|mac|web|url|email|e mail)\b"
_PEOPLE = r"people|person|customer|patient|employee|user|player|passenger|student|client|member|staff|artist|teacher"


def personal_hint(name: str, texts: pl.Series, table: str = "") -> str:
    """What personal data these distinct texts look like: "email", "phone", "name" ...; empty where none."""
    sample = texts.drop_nulls().head(2000)
    if sample.is_empty():
        return ""
    words = _words(name)
    for hint, shape in (("email", _EMAIL), ("ip", _IP), ("national id", _SSN)):
        if _share(sample, shape) >= _NEARLY_ALL:
            return hint
    if _share(sample, _CARD) >= _NEARLY_ALL and _luhn(sample, _named("credit card", words)):
        return "credit card"
    if _share(sample, _IBAN) >= _NEARLY_ALL and _share(sample, r"\d{6}") >= _NEARLY_ALL:
        return "iban"
    if _share(sample, _PHONE) >= _NEARLY_ALL and (
        _named("phone", words) or _share(sample, _PHONE_WRITTEN) >= _NEARLY_ALL
    ):
        return "phone"
    if _named("national id", words) and _share(sample, r"\d{4}") >= _NEARLY_ALL:
        return "national id"
    if _share(sample, _STREET) >= 0.7 or _is_address(words, sample):
        return "address"
    return "name" if _is_person(words, sample, _words(table)) else ""


def birth_hint(name: str) -> str:
    """Whether a column of dates is called a date of birth."""
    return "birth date" if re.search(r"\bdob\b|birth|\bborn\b|geburt|naissance", _words(name)) else ""


def _words(name: str) -> str:
    """`ContactName`, `contact_name` and `contact-name` as `contact name`."""
    return re.sub(r"[_\W]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).lower()


def _named(hint: str, words: str) -> bool:
    return bool(re.search(_NAMED[hint], words))


def _share(texts: pl.Series, pattern: str) -> float:
    return float(texts.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]


def _luhn(texts: pl.Series, named: bool) -> bool:
    """Whether all numbers carry the check digit of ISO/IEC 7812 that cards have."""
    numbers = texts.str.replace_all(r"\D", "")
    if len(numbers) < (2 if named else _LUHN_EVIDENCE):
        return False
    digits = numbers.str.reverse().str.split("").list.eval(pl.element().cast(pl.Int64, strict=False).drop_nulls())
    sums = [sum(d if i % 2 == 0 else d * 2 - 9 * (d > 4) for i, d in enumerate(row)) for row in digits.to_list()]
    return all(total % 10 == 0 for total in sums) and bool((numbers.str.len_chars() >= 13).all())


def _is_address(words: str, sample: pl.Series) -> bool:
    named = _named("address", words) and not re.search(_NOT_POSTAL, words)
    return named and _share(sample, r"\d") >= 0.5 and _share(sample, r"\p{L}{2}") >= _NEARLY_ALL


def _is_person(words: str, sample: pl.Series, table: str) -> bool:
    """Explicit names need the shape; a bare `name` also needs titles, first names or a table of people."""
    if _share(sample, _PERSON) < 0.8 or _share(sample, r"\d") > 0.05:
        return False
    if _named("name", words):
        return True
    if not re.fullmatch(r"(?:\w+ )?name", words):
        return False
    people = _share(sample, _FIRST_NAMES) >= 0.08 or _share(sample, _TITLED) >= 0.5
    return people or (words == "name" and bool(re.search(_PEOPLE, table)))
