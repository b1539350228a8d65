"""A file of SQL cut into the statements that say what tables are like; all else is passed over.

Dumps hold much that is not about tables: settings, owners, data, functions, comments of the server. Statements are
found by their quotes and semicolons alone, so nothing of that needs to be understood.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Statement", "Token", "dialect_of", "statements"]

BACKSLASHED = r"'(?:[^'\\]|\\.|'')*'"
PLAIN = r"'(?:[^']|'')*'"
DOLLARS = r"\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$"
COMMENT = r"--[^\n]*|/\*.*?\*/"
DELIMITER = r"^[ \t]*DELIMITER[ \t]+(?!;)(?P<end>\S+).*?^[ \t]*DELIMITER[ \t]+;"
COPIED = r"^COPY\b[^;]*\bFROM\s+stdin\b[^;]*;.*?^\\\."
CONSOLE = r"^\\[^\n]*"
MATTERS = re.compile(
    r"\s*(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:(?:UNLOGGED|FOREIGN|VIRTUAL)\s+)?"
    r"(?:TABLE|TYPE|DOMAIN|SCHEMA|UNIQUE\s+(?:CLUSTERED\s+)?INDEX)|(?:ALTER|DROP)\s+(?:TABLE|TYPE|INDEX)|COMMENT\s+ON\s+COLUMN)\b",
    re.IGNORECASE,
)
MARKS = {
    "mysql": r"`\w+`|\bENGINE\s*=|\bAUTO_INCREMENT\b|\b(?:TINY|MEDIUM|LONG)(?:TEXT|BLOB|INT)\b|\bUNSIGNED\b|"
    r"\bLOCK TABLES\b",
    "sqlite": r"\bAUTOINCREMENT\b|\bWITHOUT\s+ROWID\b|\bPRAGMA\b|\bsqlite_|\bINTEGER\s+PRIMARY\s+KEY\b",
    "duckdb": r"\bHUGEINT\b|\bU(?:BIG|SMALL|TINY)INT\b|\bSTRUCT\s*\(|\bMAP\s*\(|\bUINTEGER\b|\bATTACH\b|"
    r"\bread_(?:csv|parquet)",
    "postgres": r"::|\b(?:BIG|SMALL)?SERIAL\b|\bcharacter\s+varying\b|\bWITH(?:OUT)?\s+TIME\s+ZONE\b|\bJSONB\b|"
    r"\bBYTEA\b|"
    r"\bTIMESTAMPTZ\b|\bALTER\s+TABLE\s+ONLY\b|\bOWNER\s+TO\b|\bnextval\b|\$\$|\bCREATE\s+(?:TYPE|DOMAIN|EXTENSION)\b",
}
NAMES = {"postgres": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite", "duckdb": "duckdb"}
FOREIGN = {
    "SQL Server": r"\bNVARCHAR\s*\(\s*MAX\s*\)|\bIDENTITY\s*\(\s*1\s*,\s*1\s*\)|"
    r"^SET\s+QUOTED_IDENTIFIER\b|\bCLUSTERED\b.*^GO\b",
    "Oracle": r"\bVARCHAR2\b|\bNUMBER\s*\(\s*\d",
}


@dataclass(frozen=True)
class Token:
    """A word, a name in quotes, a text or a sign; `text` is without quotes."""

    kind: str
    text: str
    start: int
    end: int
    line: int

    def is_(self, *words: str) -> bool:
        """Whether it is one of these words or signs, outside quotes."""
        return self.kind in ("word", "sign") and self.text.upper() in words


@dataclass(frozen=True)
class Statement:
    """A statement: its tokens, and the text they are cut from."""

    text: str
    tokens: tuple[Token, ...]

    def between(self, first: Token, last: Token) -> str:
        """The text from one token to another, both included."""
        return self.text[first.start : last.end]


def dialect_of(text: str, name: str = "") -> str:
    """Whose SQL this is: whose name is in that of the file, or who has most of the words that only one database has.

    >>> dialect_of("CREATE TABLE `t` (`id` int AUTO_INCREMENT)"), dialect_of("create table t (id int)")
    ('mysql', 'postgres')
    """
    for word, dialect in NAMES.items():
        if word in name.lower():
            return dialect
    bare = _without_texts(text)
    found = {name: len(re.findall(marks, bare, re.IGNORECASE)) for name, marks in MARKS.items()}
    best = max(found, key=lambda name: found[name])
    return best if found[best] else "postgres"


def _without_texts(text: str) -> str:
    """The beginning of a file without quoted texts and comments, whosever they are."""
    flags = re.DOTALL | re.MULTILINE
    return re.sub(rf"^[ \t]*#[^\n]*|{COMMENT}|{PLAIN}", "", text[:2_000_000], flags=flags)


def stranger(text: str) -> str | None:
    """A database whose SQL is not read here, where the text is of one."""
    flags = re.IGNORECASE | re.MULTILINE | re.DOTALL
    bare = _without_texts(text)
    return next((name for name, marks in FOREIGN.items() if re.search(marks, bare, flags)), None)


def statements(text: str, dialect: str) -> Iterator[Statement]:
    """Every statement that creates, alters or drops what tables are made of."""
    string = BACKSLASHED if dialect == "mysql" else rf"\b[eE]{BACKSLASHED}|{PLAIN}"
    comment = _comment(dialect)
    skipped = rf"(?P<skipped>{DELIMITER}|{COPIED}|{CONSOLE})"
    special = re.compile(
        rf"{skipped}|(?P<comment>{comment})|(?P<over>;)|{string}|\"[^\"]*\"|`[^`]*`|{DOLLARS}",
        re.DOTALL | re.MULTILINE | re.IGNORECASE,
    )
    begin = 0
    for found in special.finditer(text):
        match found.lastgroup:
            case "over":
                if MATTERS.match(text, begin, found.start()):
                    yield Statement(text, tuple(_tokens(text, begin, found.start(), dialect)))
                begin = found.end()
            case "comment" if not text[begin : found.start()].strip():
                begin = found.end()  # so that a statement begins with its first word
            case _ if found["skipped"]:
                begin = found.end()
    if MATTERS.match(text, begin):
        yield Statement(text, tuple(_tokens(text, begin, len(text), dialect)))


def _comment(dialect: str) -> str:
    return rf"{COMMENT}|#[^\n]*" if dialect == "mysql" else COMMENT


def _tokens(text: str, begin: int, end: int, dialect: str) -> Iterator[Token]:
    bracketed = r"|(?P<bracketed>\[[^\]\d'][^\]]*\])" if dialect == "sqlite" else ""
    string = BACKSLASHED if dialect == "mysql" else PLAIN
    token = re.compile(
        rf"(?P<space>\s+|{_comment(dialect)})|(?P<string>(?:\b[eEnNxXbB])?{string}|{DOLLARS})|"
        rf"(?P<quoted>\"(?:[^\"]|\"\")*\"|`[^`]*`)"
        rf"{bracketed}|(?P<word>[^\W\d][\w$]*|\d+(?:\.\d+)?)|(?P<sign>::|.)",
        re.DOTALL,
    )
    line, seen = text.count("\n", 0, begin) + 1, begin
    for found in token.finditer(text, begin, end):
        line += text.count("\n", seen, found.start())
        seen = found.start()
        kind = next(
            name for name in ("space", "string", "quoted", "bracketed", "word", "sign") if found.groupdict().get(name)
        )
        if kind != "space":
            yield Token(
                "quoted" if kind == "bracketed" else kind, _bare(kind, found[0]), found.start(), found.end(), line
            )


def _bare(kind: str, text: str) -> str:
    """A token without its quotes."""
    match kind:
        case "string":
            inner = (
                text[text.index("'") + 1 : -1] if "'" in text and not text.startswith("$") else text.split("$", 2)[2]
            )
            return inner.replace("''", "'")
        case "quoted":
            return text[1:-1].replace(text[0] * 2, text[0])
        case "bracketed":
            return text[1:-1]
    return text
