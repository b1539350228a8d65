"""Where a database is: `postgresql://user:${PASSWORD}@host:5432/shop?tables=orders,lines`, or the file of one."""

import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

from synthesist.data.kinds import Dialect
from synthesist.errors import SpecError, did_you_mean

__all__ = ["Address", "is_address"]

SYSTEMS: dict[str, Dialect] = {
    "postgresql": "postgres",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
}
ENDINGS: dict[str, Dialect] = {".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".duckdb": "duckdb"}
URL = re.compile(r"([a-z]+)(?:\+\w+)?://(.*)", re.DOTALL)
VARIABLE = re.compile(r"\$\{(\w+)\}")
OURS = ("tables", "schema", "mode")


def is_address(text: Any) -> bool:
    """Whether this leads to a database: the URL of one, or a path that ends as their files do.

    >>> is_address("postgresql://localhost/shop"), is_address("shop.db"), is_address("shop.csv")
    (True, True, False)
    """
    if isinstance(text, Address):
        return True
    if not isinstance(text, str | Path):
        return False
    url = URL.fullmatch(str(text))
    return url[1] in SYSTEMS if url else Path(text).suffix.lower() in ENDINGS


@dataclass(frozen=True)
class Address:
    """The parts of an address; shown and compared without the password, which only `secret` gives away."""

    dialect: Dialect
    database: str
    host: str = ""
    port: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: "str | Path | Address") -> "Address":
        """The parts of a URL, or of the path of a database's file.

        Raises:
            SpecError: it is no address, or lacks the name of the database.
        """
        if isinstance(text, Address):
            return text
        if not (url := URL.fullmatch(str(text))):
            if (ending := Path(text).suffix.lower()) not in ENDINGS:
                raise SpecError(f"{text} is no database: give a URL, or a file that ends in {', '.join(ENDINGS)}.")
            return cls(ENDINGS[ending], str(text))
        if url[1] not in SYSTEMS:
            raise SpecError(f"No databases of `{url[1]}://`. {did_you_mean(url[1], SYSTEMS)}")
        before, _, query = url[2].partition("?")
        place, _, database = before.partition("/")
        login, _, server = place.rpartition("@")
        user, _, password = login.partition(":")
        host, port = re.fullmatch(r"(\[.*\]|[^:]*):?(.*)", server, re.DOTALL).groups()  # type: ignore[union-attr]
        found = cls(
            SYSTEMS[url[1]],
            unquote(database),
            unquote(host).strip("[]"),
            port,
            unquote(user),
            unquote(password),
            tuple(parse_qsl(query, keep_blank_values=True)),
        )
        if not found.database:
            example = "sqlite:///shop.db" if found.is_file else f"{url[1]}://host/shop"
            raise SpecError(f"{found} names no database. Write it at the end, as in {example}.")
        return found

    @property
    def is_file(self) -> bool:
        """Whether the database is a file."""
        return self.dialect in ("sqlite", "duckdb")

    @property
    def name(self) -> str:
        """The name of the database, for messages and titles."""
        return Path(self.database).name

    @property
    def stem(self) -> str:
        """The name of the database without an ending."""
        return Path(self.database).stem

    suffix = ""
    """A database is no kind of file that a table could be written to."""

    def option(self, name: str, usual: str = "") -> str:
        """What the address says after its question mark."""
        return dict(self.options).get(name, usual)

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables it asks for; all where it names none."""
        return tuple(name for name in self.option("tables").split(",") if name)

    @property
    def for_driver(self) -> dict[str, str]:
        """What it says to the driver, variables filled in."""
        return {name: _filled(text) for name, text in self.options if name not in OURS}

    def known(self) -> "Address":
        """The same with its variables taken from the environment.

        Raises:
            SpecError: there is no such variable.
        """
        host, port, user = _filled(self.host), _filled(self.port), _filled(self.user)
        secret, database = _filled(self.password), _filled(self.database)
        return replace(self, host=host, port=port, user=user, password=secret, database=database)

    def hidden(self, text: str) -> str:
        """A message of the driver, with the password struck out."""
        try:
            secret = _filled(self.password)
        except SpecError:
            return text
        return text.replace(secret, "***") if secret else text

    def __str__(self) -> str:
        system = next(name for name, dialect in SYSTEMS.items() if dialect == self.dialect)
        if self.is_file:
            return f"{system}:///{self.database}"
        login = f"{self.user}:***@" if self.password else f"{self.user}@" if self.user else ""
        return f"{system}://{login}{self.host}{f':{self.port}' if self.port else ''}/{self.database}"


def _filled(text: str) -> str:
    for name in VARIABLE.findall(text):
        if name not in os.environ:
            raise SpecError(
                f"The address needs the environment variable {name}, which is not set. Set it, or write it out."
            )
    return VARIABLE.sub(lambda match: os.environ[match[1]], text)
