"""Tables that are kept in parts: which part a row goes to, and so which rows there may be."""

from synthesist.schemas.relational.constraints import columns_of
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.script import Script
from synthesist.schemas.relational.tables import Check, Table

__all__ = ["attached", "bounded", "closed", "parted"]


def parted(script: Script, at: Cursor, table: Table) -> None:
    """PARTITION BY: how the rows go to their parts; MySQL says the parts at once, PostgreSQL one by one."""
    at.skips("COLUMNS")
    if script.dialect != "mysql":
        table.partitioned = (*columns_of(script, at, table), "")[0]
        return
    table.partitioned, last = at.inside().replace("`", ""), None
    if "," in table.partitioned:
        table.partitioned = ""
    while not at.ended and not at.sees("("):
        at.next()
    for part in at.items() if not at.ended else ():
        while not part.ended and not part.sees("LESS", "IN"):
            part.next()
        if part.takes("LESS", "THAN"):
            last = part.inside() if part.sees("(") else part.next().text
        elif part.takes("IN"):
            table.parts.append(f"{table.partitioned} IN ({part.inside()})")
    if last is not None:
        table.open = last.upper() == "MAXVALUE"
        table.parts.append(f"{table.partitioned} < {last}")


def attached(script: Script, at: Cursor) -> None:
    """PARTITION OF: a part holds rows for its table; what parts there are limits the rows of the whole."""
    whole = script.table(at)
    if whole is not None:
        if at.sees("("):
            at.inside()
        bounded(at, whole)


def bounded(at: Cursor, whole: Table) -> None:
    """The rows that go to one part."""
    by = whole.partitioned
    if at.takes("DEFAULT"):
        whole.open = True
    elif at.takes("FOR", "VALUES", "FROM"):
        low = at.arguments()[0]
        at.takes("TO")
        whole.parts.append(f"{by} >= '{low}' AND {by} < '{at.arguments()[0]}'")
    elif at.takes("FOR", "VALUES", "IN"):
        whole.parts.append(f"{by} IN ({', '.join(repr(value) for value in at.arguments())})")


def closed(script: Script, table: Table) -> None:
    """Hold the rows of a table to the parts that the file creates, once it is read."""
    if table.open or not table.partitioned:
        return
    if table.parts:
        table.checks.append(Check(" OR ".join(f"({part})" for part in table.parts), table.line))
        return
    script.note_of(
        table.line,
        f"`{table.name}` is kept in parts by {table.partitioned}, and the file creates none: create them, "
        f"or no row finds its place",
    )
