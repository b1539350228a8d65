"""Nothing is ever half-written: a file appears under its name only when it is complete."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synthesist.errors import OutputError

__all__ = ["replacing", "writable"]


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary file beside `path`, moved over it at the end; gone without trace on any error.

    Raises:
        OutputError: the folder is missing, or the file cannot be written there.
    """
    target = writable(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=target.suffix, dir=target.parent)
        os.close(handle)
    except OSError as error:
        raise OutputError(f"Cannot write {target}: {error.strerror}. Choose another place.") from None
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"Cannot write {target}: {error.strerror or error}. Nothing was changed.") from None
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def writable(path: str | Path) -> Path:
    """The path, after the plain reasons why nothing could be written there were looked for.

    Raises:
        OutputError: it is a folder, or its folder is missing or may not be written.
    """
    target = Path(path)
    if target.is_dir():
        raise OutputError(f"Cannot write {target}: it is a folder. Name a file in it.")
    if not target.parent.is_dir():
        raise OutputError(f"Cannot write {target}: the folder {target.parent} does not exist. Make it first.")
    if not os.access(target.parent, os.W_OK):
        raise OutputError(f"Cannot write {target}: the folder {target.parent} may not be written. Choose another.")
    return target
