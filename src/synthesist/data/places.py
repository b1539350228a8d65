"""Before any long work: are the inputs there, and can the outputs be written?"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from synthesist.data.atomic import writable
from synthesist.data.databases import Address, is_address
from synthesist.data.files import KNOWN
from synthesist.errors import NotFoundError, OutputError, did_you_mean

__all__ = ["Place", "check_folder", "check_inputs", "check_outputs", "folder", "place"]

Place: TypeAlias = Path | Address
"""Where data is read from or written to: a file, a folder, or a database."""

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "table": (*KNOWN, ".avro", ".sql"),
    "database": (".sql",),
    "model": (".syn",),
    "page": (".html",),
    "report": (".html", ".pdf", ".md", ".json", ".xml"),
    "release": (".html", ".pdf", ".md", ".json"),
    "comparison": (".html", ".json"),
    "card": (".md",),
    "explanation": (".md", ".json"),
    "rounds": (".json",),
    "scores": (".json",),
    "schema": (".yaml", ".yml"),
}
"""How the names of files end, by what they hold."""

Outputs = Mapping[str, str | Place | Sequence[str | Place] | None]


def place(text: str | Place) -> Place:
    """The place that a text names: a database where it is the address of one, else a path.

    >>> place("postgresql://localhost/shop").name, place("shop.csv").name
    ('shop', 'shop.csv')
    """
    return Address.of(text) if is_address(text) else Path(str(text))


def check_inputs(paths: Iterable[str | Place | None]) -> None:
    """Refuse files that are not there; a file that looks like the one meant is named. Servers are not asked.

    Raises:
        NotFoundError: there is no such file.
    """
    for source in _files(paths):
        if not source.exists():
            if not source.parent.is_dir():
                raise NotFoundError(f"No file {source}: there is no folder {source.parent}. Check the path.")
            beside = [entry.name for entry in sorted(source.parent.iterdir()) if not entry.name.startswith(".")]
            raise NotFoundError(f"No file {source}. {did_you_mean(source.name, beside)}")


def check_outputs(outputs: Outputs, inputs: Iterable[str | Place | None] = ()) -> None:
    """Refuse outputs that could not be written at the end, or would overwrite an input or each other.

    Args:
        outputs: the path of each output, or the paths, by what it holds: a key of ENDINGS.
        inputs: what will be read.

    Raises:
        OutputError: the ending is another, the folder is missing or may not be written, or two paths are one.
    """
    inputs = [path for path in inputs if path is not None]
    taken: dict[str, Place] = {os.path.realpath(path): path for path in _files(inputs)}
    for holds, path in ((holds, path) for holds, written in outputs.items() for path in _each(written)):
        if isinstance(where := place(path), Address):
            _check_database(where, inputs)
            if where.is_file:
                taken[os.path.realpath(writable(where.known().database))] = where
            continue
        target, endings = writable(where), ENDINGS[holds]
        if target.suffix.lower() not in endings:
            raise OutputError(
                f"Cannot write {target}: {'an' if holds[0] in 'aeiou' else 'a'} {holds} file "
                f"ends in {' or '.join(endings)}, this one in {target.suffix!r}. Rename it."
            )
        real = os.path.realpath(target)
        if real in taken:
            raise OutputError(f"Cannot write {target}: {taken[real]} is the same file. Choose another name.")
        taken[real] = target


def _each(written: str | Place | Sequence[str | Place] | None) -> Sequence[str | Place]:
    if written is None:
        return ()
    return written if isinstance(written, list | tuple) else (written,)


def _files(paths: Iterable[str | Place | None]) -> list[Path]:
    """The files among some places, those of databases included."""
    places = [place(path) for path in paths if path is not None]
    known = [Path(each.known().database) if isinstance(each, Address) and each.is_file else each for each in places]
    return [each for each in known if isinstance(each, Path)]


def _check_database(where: Address, inputs: Iterable[str | Place | None]) -> None:
    """Refuse to write into the database that is read."""
    for each in inputs:
        if is_address(each) and str(place(each or "")) == str(where):
            raise OutputError(f"Cannot write {where}: it is read, too. Choose another database.")


def check_folder(path: Path, inputs: Iterable[str | Place | None] = ()) -> None:
    """Refuse a folder of tables that could not be written at the end.

    Raises:
        OutputError: it is named like a file, is one, or may not be written.
    """
    if path.suffix.lower() in KNOWN and not path.is_dir():
        raise OutputError(f"There are several tables, and {path} is one file. Name a folder, as in `-o {path.stem}/`.")
    if os.path.realpath(path) in {os.path.realpath(given) for given in _files(inputs)}:
        raise OutputError(f"Cannot write {path}: it is read, too. Choose another name.")
    folder(path)


def folder(path: str | Path) -> Path:
    """The path of a folder that is there and may be written, or can be made.

    Raises:
        OutputError: it is a file, may not be written, or the folder above it is missing.
    """
    target = Path(path)
    if target.is_dir():
        if not os.access(target, os.W_OK):
            raise OutputError(f"The folder {target} may not be written. Choose another.")
        return target
    if target.exists():
        raise OutputError(f"{target} is a file, a folder is needed. Choose another name.")
    return writable(target)
