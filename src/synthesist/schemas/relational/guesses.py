"""Types of columns that a file names without a type, by their names."""

import re

from synthesist.data.databases.types import Type, type_of
from synthesist.schemas.relational.meanings import meaning_of, words_of

__all__ = ["CATEGORIES", "guessed"]

CATEGORIES = ("a", "b", "c", "d")
WORDS = (
    (r"^(is|has|can|was|allow|enable)\b|(active|enabled|flag)$", "boolean"),
    (r"\b(at|timestamp|datetime|time)$", "timestamp"),
    (r"\b(date|day|on|month)$", "date"),
    (r"^id$|\bid$|\bkey$", "integer"),
)


def guessed(name: str, comment: str, written: str | None, dialect: str) -> Type:
    """The type as it is written, or else what the name suggests: text where it suggests nothing.

    >>> guessed("created_at", "", None, "postgres").family, guessed("x", "", "varchar(20)", "postgres").length
    ('timestamp', 20)
    """
    said = re.fullmatch(r"\s*([\w ]+?)\s*(?:\(([^)]*)\))?\s*((?:\[\])*)\s*", written or "")
    if said:
        arguments = [part.strip(" '") for part in (said[2] or "").split(",") if part.strip()]
        return type_of(said[1].lower(), arguments, dialect, len(said[3]) // 2)
    words = words_of(name)
    for pattern, kind in WORDS:
        if re.search(pattern, words):
            return type_of(kind)
    number = meaning_of(name, "", "number")
    if number is not None and meaning_of(name, "", "text") is None:
        return Type("integer") if number.page.get("integers") or number.page["is"] == "geometric" else Type("float")
    return Type("text")
