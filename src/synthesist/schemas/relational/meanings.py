"""Names and comments of columns, and what usually stands in them.

A meaning is looked up by the words of a name (`billingPostalCode` is "billing postal code"), then by those of its
comment, among the families it is known for; the first that fits is taken. What it gives is a distribution, which the
type and the limits of the column then cut.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Meaning", "meaning_of", "words_of"]

TEXT, WHOLE, NUMBER, MOMENT, TRUTH = "text", "integer", "number", "moment", "boolean"
COUNTRIES = ("US", "CN", "IN", "DE", "FR", "GB", "BR", "JP", "MX", "ES", "IT", "CA", "PL", "NL", "SE", "AU", "ZA", "KR")
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "CHF", "CAD", "AUD", "SEK", "PLN", "BRL")
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "ja", "zh")
LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "ja_JP")
ZONES = ("UTC", "Europe/Berlin", "Europe/Paris", "America/New_York", "Asia/Tokyo")
FILES = ("application/pdf", "image/png", "image/jpeg", "text/plain", "text/csv")
FIRSTS = ("Anna", "Ben", "Clara", "David", "Elena", "Felix", "Grace", "Hugo", "Ines", "Jonas", "Kira", "Leo", "Maria")
LASTS = ("Adler", "Brown", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jansen", "Kowalski")
CITIES = ("Berlin", "Paris", "Madrid", "Rome", "Vienna", "Lisbon", "London", "Oslo", "Prague", "Tokyo", "Toronto")
STREETS = "[1-9][0-9]? (Oak|Mill|Park|Hill|Lake|Church|Station) (Street|Road|Lane)"
SENTENCE = "[A-Z][a-z]{2,8}( [a-z]{2,8}){2,5}"
ROOM: Mapping[str, int] = {
    "email": 40, "user_name": 28, "first_name": 15, "last_name": 20, "full_name": 30, "phone": 16, "street": 36,
    "city": 30, "postcode": 5,
}  # fmt: skip
"""Parts of a person, and how long they get."""
NUMBERED = ("email", "user_name")
WORDS = "[A-Z][a-z]{3,9}( [a-z]{3,9}){0,2}"


@dataclass(frozen=True)
class Meaning:
    """What stands in a column of such a name."""

    name: str
    words: str
    """A regular expression over the words of the name."""
    families: tuple[str, ...]
    page: Mapping[str, Any]
    """The distribution, as on a page."""
    provided: str = ""
    """The part of a person that it is, coherent with the other parts in the row."""
    room: int = 0
    """How long such a part gets."""
    numbered: bool = False
    """Whether such a part can be made unique."""
    missing: float | None = None
    """How much of it is usually missing, where it may be."""


def _texts(name: str, words: str, pattern: str, part: str = "") -> Meaning:
    return Meaning(name, words, (TEXT,), {"is": "regex", "pattern": pattern}, **_part(part))


def _listed(name: str, words: str, values: tuple[str, ...], part: str = "") -> Meaning:
    return Meaning(name, words, (TEXT,), {"is": "categorical", "values": list(values)}, **_part(part))


def _part(part: str) -> dict[str, Any]:
    return {"provided": f"person.{part}", "room": ROOM[part], "numbered": part in NUMBERED} if part else {}


def _whole(name: str, words: str, **page: Any) -> Meaning:
    return Meaning(
        name,
        words,
        (WHOLE, NUMBER),
        {**page, "integers": True} if "low" in page and page["is"] != "geometric" else page,
    )


def _number(name: str, words: str, **page: Any) -> Meaning:
    return Meaning(name, words, (NUMBER, WHOLE), page)


MEANINGS: tuple[Meaning, ...] = (
    _texts("email", r"e ?mail|mail( address)?$", r"[a-z]{3,8}\.[a-z]{3,9}@example\.(com|net|org)", "email"),
    _listed("first name", r"(first|given|fore) ?name|fname", FIRSTS, "first_name"),
    _listed("last name", r"(last|family|sur) ?name|lname", LASTS, "last_name"),
    _texts("user name", r"user ?name|login|nick ?name|account name|screen name", "[a-z]{4,8}[0-9]{2,3}", "user_name"),
    _texts(
        "person",
        r"(full|contact|display|customer|employee|author|person|patient|member|actor|owner|manager) ?name$|^author$",
        f"({'|'.join(FIRSTS)}) ({'|'.join(LASTS)})",
        "full_name",
    ),
    _texts("telephone", r"phone|mobile|\bfax|\btel\b|cell", r"\+1 555 01[0-9]{2}|\+1 555 [0-9]{3} [0-9]{4}", "phone"),
    _texts(
        "web address",
        r"\burl\b|\buri\b|website|homepage|\blink\b|href|webhook|endpoint|avatar|image|photo|picture|logo|thumbnail",
        r"https://(www\.)?example\.(com|net|org)/[a-z0-9]{4,12}",
    ),
    _texts("ip address", r"\bip\b|ip ?addr(ess)?|remote addr", r"10\.[1-9][0-9]?\.[1-9][0-9]?\.[1-9][0-9]?"),
    _texts("host", r"host( ?name)?$|domain|server", r"[a-z]{3,8}\.example\.(com|net|org)"),
    _texts("street", r"street|address( ?line)?( ?[12])?$|\baddr\b", STREETS, "street"),
    _listed("city", r"city|town|locality", CITIES, "city"),
    _texts("postcode", r"zip|post(al)? ?code", "[1-9][0-9]{4}", "postcode"),
    _listed("country code", r"country ?(code|iso)|iso ?country|^iso2$", COUNTRIES),
    _listed(
        "country",
        r"country|nation(ality)?$",
        ("Germany", "France", "Spain", "Italy", "Brazil", "Japan", "Canada"),
    ),
    _listed("currency", r"currency", CURRENCIES),
    _listed("locale", r"locale", LOCALES),
    _listed("language", r"lang(uage)?( code)?$", LANGUAGES),
    _listed("time zone", r"time ?zone|\btz\b", ZONES),
    _listed("gender", r"gender|\bsex\b", ("female", "male", "other")),
    _listed("mime type", r"mime|content type|media type", FILES),
    Meaning("iban", r"\biban\b", (TEXT,), {"is": "identifier", "scheme": "iban", "country": "DE"}),
    Meaning(
        "card",
        r"credit card|card ?(number|no)$",
        (TEXT,),
        {"is": "identifier", "scheme": "luhn", "prefix": "4", "length": 16},
    ),
    Meaning("isbn", r"\bisbn", (TEXT,), {"is": "identifier", "scheme": "isbn13"}),
    Meaning("barcode", r"\bean\b|barcode|\bgtin\b", (TEXT,), {"is": "identifier", "scheme": "ean13"}),
    _texts("uuid", r"uuid|guid", "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    _texts(
        "hash", r"password|passwd|\bpwd\b|hash|digest|checksum|secret|token|api key|salt|signature|etag", "[0-9a-f]{32}"
    ),
    _texts("colour", r"colou?r", "#[0-9a-f]{6}"),
    _texts("version", r"version|release", r"[1-9]\.[0-9]{1,2}\.[0-9]{1,2}"),
    _texts("path", r"path|file ?name|\bfile\b|directory|folder", r"/[a-z]{3,8}/[a-z]{3,8}\.(txt|csv|pdf|png)"),
    _texts("slug", r"slug|permalink", "[a-z]{3,8}(-[a-z]{3,8}){1,3}"),
    _listed("status", r"status|state$|phase|stage", ("active", "pending", "closed")),
    _texts(
        "code",
        r"code$|\bsku\b|reference|number$|\bno\b|\bnum\b|identifier$|^key$|serial|plate|\bkey$|\bid$",
        "[A-Z]{2}[0-9]{6}",
    ),
    _listed("level", r"priority|severity|level", ("low", "medium", "high")),
    _texts(
        "company",
        r"company|organi[sz]ation|employer|vendor|supplier|manufacturer|brand",
        "(Nova|Alpha|Blue|North|Green|Prime) (Works|Systems|Trading|Foods|Labs|Group)",
    ),
    _listed(
        "kind",
        r"(type|kind|category|class|group|mode|method|source|channel|segment)( name)?$",
        ("standard", "basic", "special", "other"),
    ),
    _texts("title", r"title|subject|headline|label|caption|summary", "[A-Z][a-z]{3,9}( [a-z]{3,9}){1,4}"),
    _texts("name", r"name$", WORDS),
    _texts(
        "prose",
        r"description|desc$|comment|note|remark|message|body|content|text|bio|about|reason|detail|feedback|abstract",
        SENTENCE,
    ),
    # numbers
    _whole("age", r"\bage\b", **{"is": "normal", "mean": 42, "std": 16, "low": 0, "high": 100}),
    _whole("year", r"year\b|\byr\b", **{"is": "uniform", "low": 1990, "high": 2024}),
    _whole("month", r"^month$|month (no|num|number)$", **{"is": "uniform", "low": 1, "high": 12}),
    _whole("day", r"day of month|^day$", **{"is": "uniform", "low": 1, "high": 28}),
    _whole("hour", r"^hour$", **{"is": "uniform", "low": 0, "high": 23}),
    _number("latitude", r"\blat(itude)?\b", **{"is": "uniform", "low": -60, "high": 70, "decimals": 6}),
    _number("longitude", r"\b(lng|lon|long|longitude)\b", **{"is": "uniform", "low": -180, "high": 180, "decimals": 6}),
    _number(
        "share",
        r"percent(age)?|\bpct\b|rate\b|ratio|discount|\btax\b|\bvat\b|share|probability|confidence|margin",
        **{"is": "beta", "alpha": 2, "beta": 6},
    ),
    _number(
        "money",
        r"price|amount|total|cost|fee|salary|wage|income|revenue|balance|budget|payment|value|credit|"
        r"debit|freight|limit",
        **{"is": "lognormal", "median": 40, "sigma": 1, "decimals": 2},
    ),
    _whole(
        "count",
        r"quantity|\bqty\b|count|\bnum(ber)?\b|units?\b|stock|\bn\b|copies|items|seats|pieces|"
        r"attempts|views|likes|votes",
        **{"is": "geometric", "p": 0.2},
    ),
    _number("score", r"score|rating|stars|grade|rank", **{"is": "uniform", "low": 1, "high": 5}),
    _number(
        "measure",
        r"weight|height|width|length|depth|distance|area|volume|size|mass|speed|temperature|duration|"
        r"seconds|minutes|millis|bytes",
        **{"is": "gamma", "shape": 3, "scale": 20},
    ),
    _whole(
        "order", r"position|sort|order$|sequence|\bseq\b|index|ordinal|priority|level", **{"is": "geometric", "p": 0.1}
    ),
    _whole(
        "status", r"status|state|type|kind|mode|flag|flags|category|version", **{"is": "uniform", "low": 0, "high": 4}
    ),
    # times
    Meaning("birth", r"birth|\bdob\b|born", (MOMENT,), {"is": "dates", "start": "1945-01-01", "end": "2006-12-31"}),
    Meaning(
        "gone",
        r"delet|remov|archiv|cancel|revok|terminat|death|died",
        (MOMENT,),
        {"is": "dates", "start": "2024-01-01", "end": "2024-12-31"},
        missing=0.9,
    ),
    Meaning(
        "ends",
        r"expir|valid (to|until)|\bend(s|ed)?\b|until|\bdue\b|finish|complet|return|clos|updat|modif|last",
        (MOMENT,),
        {"is": "dates", "start": "2024-01-01", "end": "2024-12-31"},
        missing=0.2,
    ),
    Meaning(
        "begins",
        r"creat|insert|added|regist|start|begin|from|open|sign|join|hire|order|publish",
        (MOMENT,),
        {"is": "dates", "start": "2020-01-01", "end": "2023-12-31"},
    ),
    # true or false
    Meaning(
        "rare",
        r"delet|archiv|block|lock|banned|disabled|hidden|error|fail|test|admin|super|revok|expired",
        (TRUTH,),
        {"is": "bernoulli", "p": 0.05},
    ),
    Meaning(
        "usual",
        r"active|enabled|valid|visible|verified|confirmed|public|success",
        (TRUTH,),
        {"is": "bernoulli", "p": 0.9},
    ),
)


def meaning_of(name: str, comment: str, family: str) -> Meaning | None:
    """What a column of this name and comment holds, in a family; None where nothing is known.

    >>> meaning_of("billingPostalCode", "", "text").name
    'postcode'
    """
    for words in (words_of(name), words_of(comment)[:60]):
        for meaning in MEANINGS if words else ():
            if family in meaning.families and re.search(meaning.words, words):
                return meaning
    return None


def words_of(name: str) -> str:
    """The words of a name in small letters, a space between them.

    >>> words_of("billingPostalCode"), words_of("IP_Address2")
    ('billing postal code', 'ip address2')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return " ".join(re.sub(r"[\W_]+", " ", parted).lower().split())
