"""SQL: the CREATE TABLE statements and constraints of PostgreSQL, MySQL and MariaDB, SQLite and DuckDB."""

from typing import Any

from synthesist.errors import SpecError
from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "SQL (.sql, .ddl) of PostgreSQL, MySQL, MariaDB, SQLite or DuckDB"
SUFFIXES = (".sql", ".ddl")


def recognises(source: Source) -> bool:
    """Whether its name ends so."""
    return source.suffix in SUFFIXES


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `tables`, or of `columns` for one table; what is not kept is warned of.

    Raises:
        SpecError: a statement about tables cannot be read, there is none, or it is of another database.
    """
    from synthesist.schemas.relational.ddl import read_sql
    from synthesist.schemas.relational.pages import told
    from synthesist.schemas.relational.statements import dialect_of, stranger

    text = source.text
    if (other := stranger(text)) is not None:
        raise SpecError(
            f"{source.path} is of {other}, whose SQL is not read here. Known are {TITLE.partition(') of ')[2]}."
        )
    try:
        database = read_sql(text, dialect_of(text, source.path.name))
    except SpecError as error:
        raise SpecError(f"{source.path}: {error}") from None
    return told(database, source.path)
