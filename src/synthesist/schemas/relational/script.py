"""What is known of a file of SQL while its statements are read one after the other."""

from dataclasses import dataclass, field

from synthesist.data.databases.types import Type
from synthesist.schemas.relational.cursor import Cursor
from synthesist.schemas.relational.tables import Check, Database, Table

__all__ = ["Script"]


@dataclass
class Script:
    """The database as the statements read so far leave it."""

    database: Database
    named: dict[str, tuple[Type, tuple[Check, ...]]] = field(default_factory=dict)
    """Types and domains of the file, by their name."""
    space: str = ""
    """The schema whose statements are read."""

    @property
    def dialect(self) -> str:
        """The database the file is for."""
        return self.database.dialect

    def qualified(self, at: Cursor) -> tuple[str, str]:
        """The schema of the name that comes next, empty where there is none, and the name."""
        names = [at.name(self.dialect)]
        while at.takes("."):
            names.append(at.name(self.dialect))
        return (names[-2] if len(names) > 1 else self.space), names[-1]

    def full_name(self, at: Cursor) -> str:
        """The name that comes next, with its schema before it."""
        schema, name = self.qualified(at)
        return f"{schema}.{name}" if schema else name

    def table(self, at: Cursor) -> Table | None:
        """The table whose name comes next."""
        return self.database.find(self.full_name(at))

    def note(self, at: Cursor, words: str) -> None:
        """Tell the user what of the file is not kept."""
        self.note_of(at.line, words)

    def note_of(self, line: int, words: str) -> None:
        """Tell what of a line is not kept."""
        self.database.notes.append(f"line {line}: {words}.")
