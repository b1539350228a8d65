"""Texts that attack whatever reads them, each with what it tests. None of them does harm where cells are data."""

from collections.abc import Mapping
from typing import ClassVar, Literal, NamedTuple

import polars as pl
from pydantic import Field

from synthesist.data.kinds import Kind
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import Way, Wayward, is_text

__all__ = ["ATTACKS", "Attack", "Hostile"]


class Attack(NamedTuple):
    """A family of texts and what they test."""

    tests: str
    texts: tuple[str, ...]


ATTACKS: Mapping[str, Attack] = {
    "sql": Attack(
        "SQL that is put together from text instead of bound (CWE-89)",
        (
            "' OR '1'='1",
            "' OR 1=1 --",
            "'; DROP TABLE customers; --",
            '" OR ""="',
            "1; SELECT pg_sleep(5)",
            "' UNION SELECT NULL, version() --",
            "admin'/*",
            "\\'; SELECT 1; --",
            "O'Brien",
            "100% _sure_",
        ),
    ),
    "xss": Attack(
        "pages that show text as HTML or script (CWE-79)",
        (
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            '"><svg onload=alert(1)>',
            '<a href="javascript:alert(1)">x</a>',
            "</title><script>alert(1)</script>",
            "'-alert(1)-'",
            "{{constructor.constructor('alert(1)')()}}",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        ),
    ),
    "path": Attack(
        "names of files that leave their folder, or that a system reserves (CWE-22)",
        (
            "../../../../etc/passwd",
            "..\\..\\..\\windows\\win.ini",
            "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
            "....//....//etc/passwd",
            "/dev/null",
            "file:///etc/hosts",
            "CON",
            "NUL.txt",
            "a/../b",
            "~root",
        ),
    ),
    "command": Attack(
        "commands of a shell put together from text (CWE-78)",
        ("; id", "| id", "$(id)", "`id`", "&& echo hit", "a\nid", "%PATH%", "-rf", "--help"),
    ),
    "format": Attack(
        "text used as a format or a template (CWE-134, CWE-1336)",
        ("%s%s%s%n", "%x %x %x", "{0}", "{__class__}", "${7*7}", "{{7*7}}", "#{7*7}", "<%= 7*7 %>", "%d", "\\u0041"),
    ),
    "lookup": Attack(
        "loggers, directories and parsers that look things up (CWE-917, CWE-90, CWE-611)",
        (
            "${jndi:ldap://127.0.0.1/x}",
            "*)(uid=*))(|(uid=*",
            '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hosts">]><a>&b;</a>',
            "' or '1'='1' or ''='",
            '{"$gt": ""}',
            "__proto__",
            "constructor",
        ),
    ),
    "formula": Attack(
        "tables opened in a spreadsheet, which computes a cell (CWE-1236)",
        ("=1+1", "+1+1", "-1+1", "@SUM(1;1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://127.0.0.1","x")', "\t=1+1"),
    ),
    "delimiter": Attack(
        "files and logs in which a cell ends a cell, a line or a file (CWE-93, CWE-117)",
        (
            'a,b;c\td|e"f',
            '"',
            '""',
            "first\nsecond",
            "first\r\nSet-Cookie: a=b",
            "2024-01-01 00:00:00 INFO user logged in",
            "a\\",
            "]]>",
            "\x1a",
            "--\n...",
        ),
    ),
    "long": Attack(
        "texts longer than a field, a buffer or a line (CWE-120, CWE-400)",
        ("A" * 256, "A" * 4_096, "A" * 32_768, "ß" * 128, "(" * 1_000, "a" * 40 + "!"),
    ),
    "control": Attack(
        "control signs, and those of terminals (CWE-150)",
        ("a\x00b", "a\x08b", "a\x1b[31mb\x1b[0m", "\x07", "a\x7fb", "a\x0bb", "a\x0cb", "a\x85b"),
    ),
    "invisible": Attack(
        "signs without width, and spaces that are none",
        ("ad\u200bmin", "ad\u200dmin", "\ufeffadmin", "ad\u00admin", "a\u00a0b", "a\u2028b", "\u3000", "\u2800"),
    ),
    "direction": Attack(
        "text that runs from right to left, or claims to (CVE-2021-42574)",
        ("\u202etxt.exe", "a\u2066b\u2069c", "\u200fabc", "مرحبا 123", "שלום abc", "\u202dabc\u202c"),
    ),
    "unicode": Attack(
        "signs of four bytes, that join, that look alike, or whose length changes with their case",
        (
            "😀",
            "👩‍👩‍👧‍👦",
            "🇩🇪",
            "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘",
            "раураl",
            "ﬀ ﬁ ß İ ı ŉ",
            "e\u0301 é",
            "𝕳𝖊𝖑𝖑𝖔",
            "田中さん",
            "①②③ ½ ٣",
        ),
    ),
    "number": Attack(
        "text that is read as a number, a date or a truth value it was not",
        (
            *("1e309", "-1e309", "1e5", "0x1F", "007", "1,000", "1.000,5", "٣", "NaN", "Infinity", "-0", "1_000"),
            *("TRUE", "NO", "MARCH1", "1/2", "12:30", "9007199254740993", "0.1e-400"),
        ),
    ),
    "address": Attack(
        "addresses of mail and web that are valid and unusual, or lead inwards (CWE-918)",
        (
            "a+b@example.org",
            '"a b"@example.org',
            "a@[127.0.0.1]",
            "a@b",
            "http://127.0.0.1:80/",
            "http://[::1]/",
            "http://169.254.0.1/",
            "http://user:pass@example.org/",
            "//example.org",
            "javascript:alert(1)",
        ),
    ),
}
"""Families after OWASP's testing guide and the weaknesses of MITRE's CWE; the texts are ours."""


def _attack(name: str) -> Way:
    """A text of one family."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        del kind
        texts = pl.Series(cells.name, ATTACKS[name].texts, dtype=pl.String)
        return texts.gather(chance.below(len(texts), "text"))

    return way


class Hostile(Wayward):
    """A text that attacks whatever reads it, in place of a cell: the ways are families of weaknesses.

    `sql` `xss` `path` `command` `format` `lookup` `formula` `delimiter` `long` `control` `invisible` `direction`
    `unicode` `number` `address`.
    """

    WAYS: ClassVar[Mapping[str, Way]] = {name: _attack(name) for name in ATTACKS}

    is_: Literal["hostile"] = Field(default="hostile", alias="is")
    as_text: bool = Field(default=False, description="in numbers, dates and the like too: their columns become text")

    def serves(self, kind: Kind) -> bool:
        return is_text(kind)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return pl.Series([True]).new_from_index(0, len(cells))  # an empty field can be filled in, too

    @property
    def writes_text(self) -> bool:
        return self.as_text
