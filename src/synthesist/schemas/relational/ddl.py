"""Statements of SQL read into tables: what columns there are, and what must hold between their rows.

Statements are read by their structure, which all databases share: a name, and a list in parentheses of columns and
constraints. Words of one database only (engines, storage, collations) are passed over where they stand. Conditions and
formulas are kept as they are written.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from synthesist.data.databases.types import SERIALS, Type, type_of
from synthesist.errors import SpecError
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.statements import Statement, statements
from synthesist.schemas.relational.tables import Check, Column, Database, ForeignKey, Group, Table

__all__ = ["read_sql"]

EXECUTED = re.compile(r"/\*M?!\d*((?:'(?:[^'\\]|\\.)*'|[^'*]|\*(?!/))*)\*/")
KINDS = ("UNLOGGED", "FOREIGN", "OR", "REPLACE")
STARTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE")
NESTED = ("STRUCT", "MAP", "UNION", "ROW")
INDEXES = ("KEY", "INDEX", "FULLTEXT", "SPATIAL", "PERIOD")
NO_TYPE = (
    "CONSTRAINT", "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE", "GENERATED", "AS",
    "AUTOINCREMENT", "COMMENT",
)  # fmt: skip
"""Words behind a column that has no type, as SQLite allows."""


def read_sql(text: str, dialect: str) -> Database:
    """The tables that a file of SQL creates.

    Raises:
        SpecError: a statement about tables cannot be read; the message has its line.
    """
    reader = _Reader(Database(dialect=dialect))
    text = EXECUTED.sub(_executed, text) if dialect == "mysql" else text
    for statement in statements(text, dialect):
        reader.read(statement)
    return reader.finished()


def _executed(comment: re.Match[str]) -> str:
    """What stands in a comment that MySQL executes, at its place."""
    return " " * (comment.start(1) - comment.start()) + comment[1] + "  "


class _Reader:
    """Reads statements one after the other into a database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.named: dict[str, tuple[Type, tuple[Check, ...]]] = {}
        """Types and domains of the file, by their name."""
        self.space = ""
        """The schema whose statements are read."""

    def read(self, statement: Statement) -> None:
        cursor = Cursor(statement)
        try:
            self._statement(cursor)
        except EOFError:
            first = statement.tokens[0]
            begun = " ".join(statement.text[first.start : statement.tokens[-1].end].split())[:60]
            raise SpecError(
                f"line {first.line}: this statement ends too early, or a parenthesis is missing: `{begun} ...`. "
                f"Correct it."
            ) from None

    def finished(self) -> Database:
        """The database, once all statements are read."""
        for table in list(self.database.tables.values()):
            if not table.columns:
                del self.database.tables[table.name]
            if table.open or not table.partitioned:
                continue
            if not table.parts:
                self.database.notes.append(
                    f"line {table.line}: `{table.name}` is kept in parts by {table.partitioned}, and the file creates "
                    f"none: create them, or no row finds its place."
                )
            else:
                table.checks.append(Check(" OR ".join(f"({part})" for part in table.parts), table.line))
        return self.database

    def _statement(self, at: Cursor) -> None:
        if at.takes("CREATE"):
            while at.sees(*KINDS):
                at.next()
            if at.takes("TABLE"):
                self._table(at)
            elif at.takes("TYPE"):
                self._enumeration(at)
            elif at.takes("DOMAIN"):
                self._domain(at)
            elif at.takes("UNIQUE"):
                self._index(at)
            elif at.takes("SCHEMA"):
                self._schema(at)
            elif at.takes("VIRTUAL"):
                self._note(at, "a virtual table is made by its own module and is left out")
        elif at.takes("DROP", "TABLE"):
            self._drop(at)
        elif at.takes("DROP", "INDEX"):
            at.skips("CONCURRENTLY")
            at.skips("IF", "EXISTS")
            _, name = self._qualified(at)
            for table in self.database.tables.values():
                table.unique = [group for group in table.unique if group.name != name.lower()]
        elif at.takes("ALTER", "TABLE"):
            self._alter(at)
        elif at.takes("ALTER", "TYPE"):
            self._changed_type(at)
        elif at.takes("COMMENT", "ON", "COLUMN"):
            self._comment(at)

    def _note(self, at: Cursor, words: str) -> None:
        self.database.notes.append(f"line {at.line}: {words}.")

    def _schema(self, at: Cursor) -> None:
        """CREATE SCHEMA with the statements of what is in it, which no semicolon parts."""
        at.skips("IF", "NOT", "EXISTS")
        self.space = "" if at.ended or at.sees("AUTHORIZATION") else at.name(self.database.dialect)
        rest = at.tokens[at.at :]
        begins = [i for i, token in enumerate(rest) if token.is_("CREATE")]
        for begin, end in pairwise([*begins, len(rest)]):
            self._statement(Cursor(at.statement, rest[begin:end]))
        self.space = ""

    # ---------------------------------------------------------------- tables

    def _table(self, at: Cursor) -> None:
        at.skips("IF", "NOT", "EXISTS")
        line, schema, name = at.line, *self._qualified(at)
        table = Table(name, schema=schema, line=line)
        known = self.database.tables.get(name)
        if known is not None and known.schema.casefold() == schema.casefold():
            return  # as IF NOT EXISTS has it
        if known is not None:
            table.name = f"{schema}.{name}"
        if at.takes("PARTITION", "OF"):
            self._partition(at)
            return
        if at.takes("LIKE"):
            self._like(at, table)
        elif at.sees("("):
            items = list(at.items())
            if at.takes("INHERITS"):
                for parent in at.items():
                    self._like(parent, table)
            for item in sorted(items, key=lambda item: item.sees(*STARTS)):  # keys are of columns wherever those stand
                self._item(item, table)
        elif at.sees("AS"):
            self._note(at, f"`{table.name}` is made by a query and is left out")
            return
        while not at.ended and not at.sees("PARTITION"):
            at.next()
        if at.takes("PARTITION", "BY") and (at.takes("RANGE") or at.takes("LIST")):
            self._parted(at, table)
        self.database.tables[table.name] = table

    def _parted(self, at: Cursor, table: Table) -> None:
        """How the rows of a table go to its parts; MySQL says the parts at once, PostgreSQL one by one."""
        at.skips("COLUMNS")
        if self.database.dialect != "mysql":
            table.partitioned = (*self._columns(at, table), "")[0]
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

    def _item(self, at: Cursor, table: Table) -> None:
        """A column or a constraint of a table."""
        if at.takes("LIKE"):
            self._like(at, table)
        elif at.sees(*STARTS):
            self._constraint(at, table)
        elif at.sees(*INDEXES) and self._is_index(at):
            pass
        elif not at.ended:
            self._column(at, table)

    def _is_index(self, at: Cursor) -> bool:
        """Whether KEY, INDEX and the like begin an index of MySQL, and not a column of that name."""
        return self.database.dialect == "mysql" or (at.sees("PERIOD") and at.peek(1).is_("FOR"))

    def _like(self, at: Cursor, table: Table, first: bool = False) -> None:
        _, name = self._qualified(at)
        model = self.database.find(name)
        if model is None:
            self._note(
                at, f"`{table.name}` is like `{name}`, which is no table of this file: its columns are not known"
            )
            return
        copied = {
            name: replace(one, nullable=one.nullable and name not in model.key) for name, one in model.columns.items()
        }
        table.columns = {**copied, **table.columns} if first else {**table.columns, **copied}
        table.checks += model.checks
        if not first and (at.sees("INCLUDING") or self.database.dialect != "postgres"):
            table.key, table.unique = model.key, list(model.unique)

    # --------------------------------------------------------------- columns

    def _column(self, at: Cursor, table: Table) -> str:
        line, name = at.line, at.name(self.database.dialect)
        kind, checks, words = self._type(at)
        column = Column(name, kind, line=line, counted=words in SERIALS)
        table.columns[name] = column
        if column.counted:
            column.nullable = False
        table.checks += [replace(check, column=name, of_domain=True) for check in checks if check.sql]
        if any(not check.sql for check in checks):
            column.nullable = False
        while not at.ended:
            self._said_of(at, table, column)
        if self.database.dialect == "sqlite" and table.key == (name,) and words == "integer":
            column.counted = True  # an alias of the number of the row
        return name

    def _said_of(self, at: Cursor, table: Table, column: Column) -> None:
        """One of the constraints behind the type of a column."""
        line, here = at.line, (column.name,)
        if at.takes("NOT", "NULL"):
            column.nullable = False
        elif at.takes("PRIMARY", "KEY") or (self.database.dialect == "mysql" and at.takes("KEY")):
            table.key = here
        elif at.takes("UNIQUE"):
            at.skips("KEY")
            table.unique.append(Group(here, line))
        elif at.takes("CHECK"):
            table.checks.append(Check(at.inside(), line, column.name))
        elif at.takes("REFERENCES"):
            table.foreign.append(self._reference(at, here, line))
        elif at.takes("DEFAULT"):
            column.counted |= at.sees("NEXTVAL")
            column.default = at.literal()
            at.expression()
        elif at.takes("GENERATED"):
            at.takes("ALWAYS") or at.takes("BY", "DEFAULT")
        elif at.takes("AS", "IDENTITY") or at.takes("IDENTITY"):
            column.counted, column.nullable = True, False
        elif at.sees("AS") and at.peek(1).is_("("):
            at.next()
            for read in re.findall(r"\bjson_\w+\(\s*[\"`]?(\w+)", at.inside(), re.IGNORECASE):
                table.checks.append(Check(f"json_valid({read})", line))  # else the database could not compute it
            column.generated = True
        elif at.takes("AUTO_INCREMENT") or at.takes("AUTOINCREMENT"):
            column.counted = True
        elif at.takes("COMMENT"):
            column.comment = at.next().text
        elif at.takes("ON", "UPDATE") or at.takes("COLLATE") or at.takes("CONSTRAINT"):
            at.next()
        elif at.sees("("):
            at.inside()
        else:
            at.next()

    def _type(self, at: Cursor) -> tuple[Type, tuple[Check, ...], str]:
        """The type of a column, and the checks that come with it where it is a domain."""
        words: list[str] = []
        arguments: list[str] = []
        arrays, size, qualified = 0, None, False
        while not at.ended:
            if at.sees("(") and len(words) == 1 and words[0].upper() in NESTED and self.database.dialect == "duckdb":
                kind = self._nested(words[0].upper(), at)
                return self._listed(kind, at), (), ""
            if at.sees("(") and words and not arguments:
                arguments = at.arguments()
            elif at.sees("["):
                while not (token := at.next()).is_("]"):
                    size = int(token.text) if token.text.isdigit() else None
                arrays += 1
            elif at.takes("ARRAY"):
                arrays += not at.sees("[")
            elif words and at.takes("."):
                words, qualified = [at.next().text], True
            elif at.takes("CHARACTER", "SET"):
                at.next()
            elif at.continues_type() if words else not at.sees(*NO_TYPE):
                words.append(at.next().text)
            else:
                break
        name = " ".join(words).lower()
        known = type_of(name, arguments, self.database.dialect).family
        if name in self.named and (qualified or known == "unknown" or self.database.dialect != "postgres"):
            kind, checks = self.named[name]
            if arrays and any(check.sql for check in checks):
                kind = Type("unknown", written=name)  # which leaves the empty list
            for _ in range(arrays):
                kind = Type("array", of=kind, written=f"{name}[]")
            return kind, () if arrays else checks, name
        found = type_of(name, arguments, self.database.dialect, arrays)
        sized = arrays and size is not None and self.database.dialect == "duckdb"  # PostgreSQL does not hold to it
        return replace(found, length=size, fixed=True) if sized else found, (), name

    def _nested(self, word: str, at: Cursor) -> Type:
        """DuckDB's types that are made of others."""
        begin = at.peek()
        items = list(at.items())
        written = f"{word}{at.statement.between(begin, at.peek(-1))}"
        if word == "MAP":
            return Type("map", fields=tuple(self._type(item)[0] for item in items), written=written)
        if word == "UNION":
            return Type("unknown", written=written)
        names = tuple(item.next().text for item in items)
        return Type("struct", values=names, fields=tuple(self._type(item)[0] for item in items), written=written)

    def _listed(self, kind: Type, at: Cursor) -> Type:
        while at.takes("["):
            size = at.next()
            sized = size.text.isdigit()
            kind = Type(
                "array", of=kind, written=f"{kind.written}[]", length=int(size.text) if sized else None, fixed=sized
            )
            if sized:
                at.skips("]")
        return kind

    # ----------------------------------------------------------- constraints

    def _constraint(self, at: Cursor, table: Table) -> None:
        line, name = at.line, ""
        if at.takes("CONSTRAINT") and not at.sees(*STARTS[1:]):
            name = at.next().text.lower()
        if at.takes("PRIMARY", "KEY"):
            table.key = self._columns(at, table)
        elif at.takes("UNIQUE"):
            self._unique(at, table, line, name)
        elif at.takes("FOREIGN", "KEY"):
            columns = self._columns(at, table)
            if at.takes("REFERENCES"):
                table.foreign.append(replace(self._reference(at, columns, line), name=name))
        elif at.takes("CHECK"):
            table.checks.append(Check(at.inside(), line, name=name))
        elif at.takes("EXCLUDE"):
            self._excluded(at, table, line)

    def _excluded(self, at: Cursor, table: Table, line: int) -> None:
        """What may not overlap does not where what must be equal for that never is."""
        while not at.sees("("):
            at.next()
        equal: list[str] = []
        read: list[str] = []
        for item in at.items():
            found = [name for token in item.tokens if token.kind != "string" and (name := table.spelt(token.text))]
            read += found
            if item.tokens[-1].is_("=") and len(item.tokens) == 3:
                equal += found
        empty = [name for name in read if table.columns[name].nullable and name not in table.key]
        if equal:
            table.unique.append(Group(tuple(equal), line))
        elif empty:
            table.columns[empty[0]].absent = True
            self.database.notes.append(
                f"line {line}: `{table.name}`: EXCLUDE is held by `{empty[0]}` being empty in all rows."
            )
        else:
            self.database.notes.append(f"line {line}: `{table.name}`: EXCLUDE is not kept: rows may overlap.")

    def _unique(self, at: Cursor, table: Table, line: int, name: str) -> None:
        if not name and not at.sees("("):
            name = at.peek(at.peek().is_("KEY", "INDEX")).text.lower()  # as MySQL has it
        if columns := self._columns(at, table):
            table.unique.append(Group(columns, line, name))

    def _columns(self, at: Cursor, table: Table) -> tuple[str, ...]:
        """The columns named in the next parentheses; of an expression those it reads."""
        while not at.sees("("):
            at.next()
        found: list[str] = []
        for item in at.items():
            first = item.peek()
            spelt = table.spelt(first.text)
            if spelt is not None and not (
                len(item.tokens) > 1 and item.peek(1).is_("(") and not item.peek(2).text.isdigit()
            ):
                found.append(spelt)
                if len(item.tokens) > 2 and item.peek(1).is_("("):
                    self._shortened(table.columns[spelt], int(item.peek(2).text))
            else:
                read = [spelt for token in item.tokens if (spelt := table.spelt(token.text)) and token.kind != "string"]
                if read and table.columns[read[0]].type.family == "json":
                    return ()  # a field that is not drawn is missing, and what is missing repeats nothing
                if read and any(token.is_("COALESCE", "IFNULL") for token in item.tokens):
                    table.columns[read[0]].nullable = False  # what is empty there repeats what is empty elsewhere
                found += read[:1]
                if not read:
                    self._note(item, f"`{table.name}`: the unique index on {first.text} is not kept")
                    return ()
        return tuple(dict.fromkeys(found))

    def _shortened(self, column: Column, length: int) -> None:
        """Only the first characters of a column are in a key: what differs in them is unique."""
        if column.type.family in ("text", "bytes") and (column.type.length or length) >= length:
            column.type = replace(column.type, length=length)

    def _reference(self, at: Cursor, columns: tuple[str, ...], line: int) -> ForeignKey:
        schema, name = self._qualified(at)
        others: tuple[str, ...] = ()
        if at.sees("("):
            others = tuple(item.next().text for item in at.items())
        while at.takes("ON", "DELETE") or at.takes("ON", "UPDATE"):
            at.takes("SET") or at.takes("NO")
            at.next()
            if at.sees("("):
                at.inside()
        return ForeignKey(columns, f"{schema}.{name}" if schema else name, others, line)

    def _index(self, at: Cursor) -> None:
        at.skips("CLUSTERED")
        if not at.takes("INDEX"):
            return
        called = ""
        while not at.takes("ON"):
            called = at.next().text.lower()
        at.skips("ONLY")
        line, (_, name) = at.line, self._qualified(at)
        if (table := self.database.find(name)) is not None:
            self._unique(at, table, line, called)

    # ----------------------------------------------------------- other things

    def _enumeration(self, at: Cursor) -> None:
        at.skips("IF", "NOT", "EXISTS")
        _, name = self._qualified(at)
        kind = Type("unknown", written=name)
        if at.takes("AS", "ENUM"):
            kind = Type("enum", values=tuple(at.arguments()), written=name)
        elif at.takes("AS", "RANGE"):
            said = {item.peek().text.lower(): item for item in at.items() if item.peek(1).is_("=")}
            if (of := said.get("subtype")) is not None:
                of.next(), of.next()
                kind = Type("range", of=self._type(of)[0], written=name)
        elif at.takes("AS") and at.sees("("):
            fields = [(item.next(), self._type(item)) for item in at.items()]
            kind = Type("record", fields=tuple(_field(of, checks) for _, (of, checks, _) in fields), written=name)
        elif self.database.dialect == "duckdb" and not at.ended:
            kind = self._type(at)[0]
        self.named[name.lower()] = (kind, ())

    def _changed_type(self, at: Cursor) -> None:
        """ALTER TYPE: another name, or other values of an enumeration, in all columns of the type."""
        _, name = self._qualified(at)
        old, checks = self.named.get(name.lower(), (Type("unknown"), ()))
        values = list(old.values)
        if at.takes("RENAME", "TO"):
            self.named[at.name(self.database.dialect).lower()] = self.named.pop(name.lower(), (old, checks))
        elif at.takes("RENAME", "VALUE"):
            value = at.next().text
            at.skips("TO")
            values = [at.peek().text if one == value else one for one in values]
        elif at.takes("ADD", "VALUE"):
            at.skips("IF", "NOT", "EXISTS")
            values += [at.next().text]
        if values == list(old.values):
            return
        new = replace(old, values=tuple(dict.fromkeys(values)))
        self.named[name.lower()] = (new, checks)
        for table in self.database.tables.values():
            for column in table.columns.values():
                if column.type == old:
                    column.type = new
                elif column.type.of == old:
                    column.type = replace(column.type, of=new)

    def _domain(self, at: Cursor) -> None:
        _, name = self._qualified(at)
        at.skips("AS")
        kind, checks, _ = self._type(at)
        found = list(checks)
        while not at.ended:
            line = at.line
            if at.takes("CHECK"):
                found.append(Check(at.inside(), line))
            elif at.takes("NOT", "NULL"):
                found.append(Check("", line))
            elif at.takes("CONSTRAINT"):
                at.next()
            elif at.takes("DEFAULT"):
                at.expression()
            else:
                at.next()
        self.named[name.lower()] = (kind, tuple(found))

    def _drop(self, at: Cursor) -> None:
        at.skips("IF", "EXISTS")
        while not at.ended:
            _, name = self._qualified(at)
            gone = self.database.tables.pop(name, None)
            if gone is not None and self.database.dialect == "postgres":  # others keep keys by the name of the table
                for table in self.database.tables.values():
                    table.foreign = [link for link in table.foreign if link.table.rpartition(".")[2] != gone.name]
            while not at.ended and not at.next().is_(","):
                pass

    def _comment(self, at: Cursor) -> None:
        names = [at.next().text]
        while at.takes("."):
            names.append(at.next().text)
        table = self.database.find(".".join(names[:-1]))
        if table is not None and at.takes("IS") and (column := table.spelt(names[-1])):
            table.columns[column].comment = at.next().text

    def _alter(self, at: Cursor) -> None:
        at.skips("IF", "EXISTS")
        at.skips("ONLY")
        schema, name = self._qualified(at)
        table = self.database.find(f"{schema}.{name}" if schema else name)
        if table is None:
            return
        for action in at.actions():
            self._action(action, table)

    def _action(self, at: Cursor, table: Table) -> None:
        if at.takes("ADD"):
            if at.sees(*STARTS):
                self._constraint(at, table)
            elif not (at.sees(*INDEXES) and self._is_index(at)):
                at.skips("COLUMN")
                at.skips("IF", "NOT", "EXISTS")
                for item in at.items() if at.sees("(") else [at]:
                    self._item(item, table)
        elif at.takes("ATTACH", "PARTITION"):
            _, name = self._qualified(at)
            if (part := self.database.find(name)) is not None:
                del self.database.tables[part.name]
            self._bounds(at, table)
        elif at.takes("ALTER"):
            at.skips("COLUMN")
            self._changed(at, table)
        elif at.takes("MODIFY") or at.takes("CHANGE"):
            changes = at.peek(-1).is_("CHANGE")
            at.skips("COLUMN")
            old = table.spelt(at.next().text if changes else at.peek().text)
            self._redefined(at, table, old)
        elif at.takes("DROP"):
            self._dropped(at, table)
        elif at.takes("RENAME"):
            self._renamed(at, table)
        elif at.takes("INHERIT"):
            self._like(at, table, first=True)

    def _changed(self, at: Cursor, table: Table) -> None:
        """ALTER COLUMN: what is said of it from now on."""
        name = table.spelt(at.next().text)
        if name is None:
            return
        column = table.columns[name]
        if at.takes("SET", "NOT", "NULL"):
            column.nullable = False
        elif at.takes("DROP", "NOT", "NULL"):
            column.nullable = True
        elif at.takes("SET", "DEFAULT"):
            column.counted |= at.sees("NEXTVAL")
            column.default = at.literal()
        elif at.takes("ADD", "GENERATED"):
            column.counted, column.nullable = True, False
        elif at.takes("SET", "DATA", "TYPE") or at.takes("TYPE"):
            column.type, _, _ = self._type(at)

    def _redefined(self, at: Cursor, table: Table, old: str | None) -> None:
        """MySQL's MODIFY and CHANGE: the column anew, at its place and in its keys."""
        order, was = list(table.columns), None if old is None else table.columns.pop(old)
        new = self._column(at, table)
        if was is not None and old is not None:
            table.columns[new].counted |= was.counted and new != old
            places = {new if name == old else name: None for name in order}
            table.columns = {name: table.columns[name] for name in places}
            _rename(table, old, new)

    def _dropped(self, at: Cursor, table: Table) -> None:
        if at.takes("PRIMARY", "KEY"):
            table.key = ()
            return
        if at.takes("FOREIGN", "KEY") or (at.sees("CONSTRAINT", "INDEX", "KEY", "CHECK") and at.next()):
            at.skips("IF", "EXISTS")
            _without(table, at.next().text.lower())
            return
        at.skips("COLUMN")
        at.skips("IF", "EXISTS")
        if (name := table.spelt(at.next().text)) is not None:
            del table.columns[name]
            table.unique = [group for group in table.unique if name not in group.columns]
            table.foreign = [link for link in table.foreign if name not in link.columns]
            table.checks = [check for check in table.checks if not _reads(check, name)]
            table.key = tuple(one for one in table.key if one != name)

    def _renamed(self, at: Cursor, table: Table) -> None:
        if at.takes("TO"):
            _, new = self._qualified(at)
            tables = {new if name == table.name else name: one for name, one in self.database.tables.items()}
            for one in tables.values():
                one.foreign = [
                    replace(link, table=new)
                    if link.table.rpartition(".")[2].casefold() == table.name.casefold()
                    else link
                    for link in one.foreign
                ]
            table.name, self.database.tables = new, tables
            return
        at.skips("COLUMN")
        old = table.spelt(at.next().text)
        if old is not None and at.takes("TO"):
            new = at.name(self.database.dialect)
            table.columns = {new if name == old else name: one for name, one in table.columns.items()}
            table.columns[new].name = new
            _rename(table, old, new)
            for one in self.database.tables.values():
                one.foreign = [
                    replace(link, others=tuple(new if name == old else name for name in link.others))
                    if self.database.find(link.table) is table
                    else link
                    for link in one.foreign
                ]

    def _partition(self, at: Cursor) -> None:
        """A part of a table holds its rows for it; what parts there are limits the rows of the whole."""
        schema, name = self._qualified(at)
        whole = self.database.find(f"{schema}.{name}" if schema else name)
        if whole is not None:
            if at.sees("("):
                at.inside()
            self._bounds(at, whole)

    def _bounds(self, at: Cursor, whole: Table) -> None:
        by = whole.partitioned
        if at.takes("DEFAULT"):
            whole.open = True
        elif at.takes("FOR", "VALUES", "FROM"):
            low = at.arguments()[0]
            at.takes("TO")
            whole.parts.append(f"{by} >= '{low}' AND {by} < '{at.arguments()[0]}'")
        elif at.takes("FOR", "VALUES", "IN"):
            whole.parts.append(f"{by} IN ({', '.join(repr(value) for value in at.arguments())})")

    def _qualified(self, at: Cursor) -> tuple[str, str]:
        """A name with the schema before it; empty where there is none."""
        names = [at.name(self.database.dialect)]
        while at.takes("."):
            names.append(at.name(self.database.dialect))
        return (names[-2] if len(names) > 1 else self.space), names[-1]


def _without(table: Table, name: str) -> None:
    """Take the constraint of this name from a table; one without a name has that which PostgreSQL gives it."""

    def is_it(constraint: Check | Group | ForeignKey) -> bool:
        if constraint.name:
            return constraint.name == name
        if isinstance(constraint, Check):
            middle = re.fullmatch(rf"{re.escape(table.name)}_(?:(.*)_)?check\d*", name, re.IGNORECASE)
            return middle is not None and (not middle[1] or _reads(constraint, middle[1]))
        end = "key" if isinstance(constraint, Group) else "fkey"
        return name == "_".join([table.name, *constraint.columns, end]).lower()

    table.checks = [check for check in table.checks if not is_it(check)]
    table.unique = [group for group in table.unique if not is_it(group)]
    table.foreign = [link for link in table.foreign if not is_it(link)]
    if name == f"{table.name}_pkey".lower():
        table.key = ()


def _reads(check: Check, column: str) -> bool:
    return check.column == column or re.search(rf"\b{re.escape(column)}\b", check.sql, re.IGNORECASE) is not None


def _field(kind: Type, checks: Sequence[Check]) -> Type:
    """The type of a part of a record; one with checks of its own is not drawn, which may be left empty or not."""
    if not any(check.sql for check in checks):
        return kind
    return Type("unknown", fixed=any(not check.sql for check in checks))


def _rename(table: Table, old: str, new: str) -> None:
    """The new name of a column in its keys."""

    def said(columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in columns)

    table.key = said(table.key)
    table.checks = [
        replace(
            check,
            sql=re.sub(rf"\b{re.escape(old)}\b", new, check.sql),
            column=new if check.column == old else check.column,
        )
        for check in table.checks
    ]
    table.unique = [replace(group, columns=said(group.columns)) for group in table.unique]
    table.foreign = [replace(link, columns=said(link.columns)) for link in table.foreign]
