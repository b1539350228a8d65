"""Nothing is ever half-written: a file or folder appears under its name only when it is complete."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from synthesist.errors import OutputError

__all__ = ["replacing", "replacing_folder", "writable"]


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


@contextmanager
def replacing_folder(path: str | Path) -> Iterator[Path]:
    """A temporary folder beside `path`, which becomes it at the end; gone without trace on any error.

    Where `path` is a folder already, the files are moved into it, over those of their names.

    Raises:
        OutputError: the folder above is missing, or cannot be written.
    """
    target = Path(path)
    if target.exists() and not target.is_dir():
        raise OutputError(f"{target} is a file, a folder is needed. Choose another name.")
    beside = target if target.is_dir() else writable(target).parent
    try:
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=beside))
    except OSError as error:
        raise OutputError(f"Cannot write {target}: {error.strerror}. Choose another place.") from None
    try:
        yield temporary
        if target.is_dir():
            for file in sorted(temporary.iterdir()):
                os.replace(file, target / file.name)
        else:
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o777 & ~mask)
            os.rename(temporary, target)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"Cannot write {target}: {error.strerror or error}. Nothing was changed.") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


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
