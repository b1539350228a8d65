"""Databases that a server keeps: PostgreSQL, MariaDB and MySQL."""

import socket
from abc import abstractmethod
from contextlib import suppress

from synthesist.data.databases.address import Address
from synthesist.data.databases.connection import Connection
from synthesist.errors import DataError, NotFoundError, OutputError

__all__ = ["ServerConnection", "forbidden", "line"]


class ServerConnection(Connection):
    """A session with a server, prepared before it is used and closed where that fails."""

    def __init__(self, address: Address, writes: bool) -> None:
        super().__init__(address, writes)
        with self._faults():
            self._call(address.known())
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _call(self, address: Address) -> None:
        """Begin the session; `address` holds the password."""

    @abstractmethod
    def _prepare(self) -> None:
        """Agree on how values are written, and on what is seen of what others change."""

    def close(self) -> None:
        with suppress(Exception):  # a session whose server is gone cannot say goodbye
            self._session.close()

    def _silent(self, reason: object) -> NotFoundError:
        return NotFoundError(
            f"{self.address} does not answer: {self.address.hidden(str(reason))}. "
            f"Check host, port, and whether the server runs."
        )

    def _refused(self, message: str) -> DataError:
        return DataError(
            f"{self.address} refuses the user or the password: {message}. Check both, and `${{NAME}}` if one is used."
        )

    def _unknown(self, message: str) -> NotFoundError:
        return NotFoundError(
            f"{self.address}: {message}. Check the name at the end of the address, or make the database."
        )


def forbidden(where: str, message: str) -> OutputError:
    """The user may not do this."""
    return OutputError(f"{where}: {message}. Ask the owner for the right, or use another user.")


def line(host: str, port: int, path: str = "", wait_s: float = 15) -> socket.socket:
    """A line to a server, by its name, or by a path where it is of this machine; an OSError where nobody answers."""
    if not path:
        return socket.create_connection((host, port), wait_s)
    found = socket.socket(socket.AF_UNIX)
    try:
        found.settimeout(wait_s)
        found.connect(path)
    except OSError:
        found.close()
        raise
    return found
