"""A file of lines that only grows: each line is on the disk before its writer goes on, and sealed by all before it.

    {"about":"patients of 2026","delta":1e-09,...,"seal":"9c1e..."}
    {"kind":"begun","run":"4f0d...",...,"seal":"07ab..."}

A seal is the SHA-256 of the seal before and of the line without its own, so a line that was edited, moved or taken out
from between others is seen. It does not bind who can compute hashes; and lines taken off the end are seen only by who
knows the last seal. What stands behind the last line end was being written when its process died, and counts as
nothing. Whoever reads or writes holds a lock on the file; the system lets go of it when a process dies.
"""

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from synthesist.errors import DataError, NotFoundError, OutputError

__all__ = ["Place", "append", "created", "locked", "read_on"]

Entry = dict[str, Any]
LONGEST = 1 << 16  # bytes of a line
MOST = 1 << 28  # bytes of a file


@dataclass(frozen=True)
class Place:
    """Up to where a file was read."""

    offset: int = 0
    line: bytes = b""
    number: int = 0
    seal: str = ""


def created(path: Path, entry: Entry) -> None:
    """Begin a file with its first line.

    Raises:
        OutputError: it is there already, or cannot be written.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        raise OutputError(
            f"{path} is there already, and what is spent is never forgotten. Name another file."
        ) from None
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror}. Choose another place.") from None
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            _lock(file, path, writing=True)
            append(file, path, Place(), entry)
            _sync_folder(path)
        except OutputError:
            path.unlink()
            raise


@contextmanager
def locked(path: Path, *, writing: bool) -> Iterator[BinaryIO]:
    """The file, which nobody else writes meanwhile.

    Raises:
        NotFoundError: there is none.
        DataError: it is something else than a file.
        OutputError: it may not be read, or written.
    """
    try:
        handle = os.open(path, (os.O_RDWR if writing else os.O_RDONLY) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        raise NotFoundError(
            f"No file {path}. Begin one: `synthesist ledger open {path} --epsilon E --delta D`."
        ) from None
    except OSError as error:
        does = "write" if writing else "read"
        raise OutputError(f"Cannot {does} {path}: {error.strerror}. Nothing was asked of the data.") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise DataError(f"{path} is no file, so it can be no ledger.")
    with os.fdopen(handle, "r+b" if writing else "rb", buffering=0) as file:
        _lock(file, path, writing=writing)
        yield file


def read_on(file: BinaryIO, path: Path, place: Place) -> Iterator[tuple[Entry, Place]]:
    """The whole lines behind a place, each with the place behind it.

    Raises:
        DataError: a line is not as it was written, or lines that were there are gone.
    """
    file.seek(place.offset - len(place.line))
    if file.read(len(place.line)) != place.line:
        raise DataError(
            f"{path} was changed while a run wrote to it: a line that was there is gone. Nothing was asked."
        )
    if os.fstat(file.fileno()).st_size > MOST:
        raise DataError(f"{path} has more than {MOST:,} bytes: no ledger is so large.")
    data, start = file.read(), 0
    while (end := data.find(b"\n", start, start + LONGEST) + 1) > 0:
        line, start = data[start:end], end
        entry, seal = _opened(line, path, place)
        place = Place(place.offset + len(line), line, place.number + 1, seal)
        yield entry, place
    if len(data) - start >= LONGEST:
        raise DataError(f"{path}, line {place.number + 1}: it is longer than any line of a ledger.")


def append(file: BinaryIO, path: Path, place: Place, entry: Entry) -> Place:
    """Write a line behind the last whole one; when this returns, it is on the disk.

    Raises:
        OutputError: it could not be written.
    """
    seal = _seal(place.seal, entry)
    line = _text({**entry, "seal": seal}) + b"\n"
    try:
        file.seek(place.offset)
        file.truncate()
        rest = memoryview(line)
        while rest:  # a disk that is nearly full takes a part, and says why at the next one
            rest = rest[file.write(rest) :]
        os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            file.truncate(place.offset)
        raise OutputError(f"Cannot write {path}: {error.strerror}. Nothing was asked of the data.") from None
    return Place(place.offset + len(line), line, place.number + 1, seal)


def _opened(line: bytes, path: Path, place: Place) -> tuple[Entry, str]:
    """What a line says, and its seal."""
    try:
        entry = json.loads(line)
        seal = entry.pop("seal")
        if _text({**entry, "seal": seal}) + b"\n" == line and seal == _seal(place.seal, entry):
            return entry, seal
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        pass
    raise DataError(
        f"{path}, line {place.number + 1}: it is not as it was written, so nobody knows what is spent. "
        "Take the file from a backup that is no older than the last run, or treat the budget as spent."
    )


def _seal(before: str, entry: Entry) -> str:
    return sha256(before.encode() + _text(entry)).hexdigest()


def _text(entry: Entry) -> bytes:
    """The one way to write an entry."""
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _lock(file: BinaryIO, path: Path, *, writing: bool) -> None:
    try:
        import fcntl
    except ImportError:  # as on Windows: without locks two runs could both take the last of a budget
        raise OutputError(f"Cannot use {path}: this system has no locks of files, and a ledger needs them.") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX if writing else fcntl.LOCK_SH)
    except OSError as error:
        raise OutputError(f"Cannot lock {path}: {error.strerror}. Put the ledger on a disk that has locks.") from None


def _sync_folder(path: Path) -> None:
    """See that the name of a new file is on the disk, too."""
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
