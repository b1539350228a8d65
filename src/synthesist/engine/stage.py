"""Where parts are collected until all are there: a folder beside the output, which survives a kill.

    shop.partial/plan.json                  what is made
    shop.partial/model.syn                  the model it is drawn from, where there is one
    shop.partial/done.jsonl                 the parts that are finished, one a line
    shop.partial/orders/part-00000.parquet

A part appears under its name when it is complete, and counts once its line is written: what was under way when a
process was killed is made again, with the same bytes. At the end the tables move to the output in one step each.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from synthesist.data.atomic import replacing
from synthesist.data.dataset import Dataset
from synthesist.data.files import KNOWN
from synthesist.data.folders import PAGE, parts_of
from synthesist.data.schema import Schema
from synthesist.data.writing import Writer, write_file
from synthesist.engine.plan import Plan
from synthesist.errors import OutputError

__all__ = ["MANIFEST", "PLAN", "Part", "Stage", "staged", "write_part"]

PLAN, DONE, MANIFEST = "plan.json", "done.jsonl", "manifest.json"
FINISHING = "finishing"
Part = dict[str, Any]
"""`part`, its number, and `files`: of each the path, table, rows, bytes and sha256."""


@dataclass
class Stage:
    """The folder, and the parts that are finished."""

    folder: Path
    plan: Plan
    schema: Schema
    done: dict[int, Part]
    _log: IO[str]

    @property
    def missing(self) -> list[int]:
        """The parts that are still to be made."""
        return [number for number in range(self.plan.parts) if number not in self.done]

    def note(self, part: Part) -> None:
        """A part is finished."""
        self._say(part)
        self.done[part["part"]] = part

    def finish(self, out: Path) -> dict[str, int]:
        """Move all tables to the output, with a page on what they mean and a list of all files; returns their rows."""
        files = [file for number in sorted(self.done) for file in self.done[number]["files"]]
        files.sort(key=lambda file: file["path"])
        self._say({FINISHING: True})
        rows = {name: sum(file["rows"] for file in files if file["table"] == name) for name in self.schema.tables}
        for name in (name for name, count in rows.items() if not count):
            files.append(_empty(self.folder, self.plan, self.schema, name))
        out.mkdir(exist_ok=True)
        for name in self.schema.tables:
            self._move(name, out)
        with replacing(out / PAGE) as page:
            page.write_text(self.schema.to_yaml(), "utf-8")
        every = hashlib.sha256("".join(f"{file['sha256']}  {file['path']}\n" for file in files).encode()).hexdigest()
        about = {"plan": self.plan.model_dump(mode="json"), "rows": rows, "sha256": every, "files": files}
        with replacing(out / MANIFEST) as manifest:
            manifest.write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", "utf-8")
        os.rename(self.folder, _over(self.folder))  # in one step no plan is unfinished any more
        shutil.rmtree(_over(self.folder))
        return rows

    def _say(self, what: Mapping[str, Any]) -> None:
        """Write a line."""
        self._log.write(json.dumps(what) + "\n")
        self._log.flush()

    def _move(self, table: str, out: Path) -> None:
        """Put the folder of a table in its place; one of an earlier run makes room."""
        _clear(made := self.folder / table)
        if not any(made.iterdir()):
            return  # moved already, before a kill
        if (there := out / table).is_dir():
            os.rename(there, self.folder / f".{table}.before")
        os.rename(made, there)


@contextmanager
def staged(out: Path, plan: Plan, schema: Schema) -> Iterator[Stage]:
    """The stage of an output, with what an earlier run of the same plan has left there.

    Raises:
        OutputError: another plan is unfinished there, another process is at work, or the output is in the way.
    """
    _refuse_in_the_way(out, schema)
    folder = out.with_name(f"{out.name}.partial")
    try:
        shutil.rmtree(_over(folder), ignore_errors=True)
        folder.mkdir(exist_ok=True)
        with ExitStack() as stack:
            log = stack.enter_context((folder / DONE).open("a+", encoding="utf-8"))
            _lock(log, folder)
            _begin(folder, plan)
            for name in schema.tables:
                (folder / name).mkdir(exist_ok=True)
                _clear(folder / name)
            yield Stage(folder, plan, schema, _finished(folder, log), log)
    except OSError as error:
        if isinstance(error, OutputError):
            raise
        raise OutputError(
            f"Cannot write {folder}: {error.strerror or error}. What is finished is kept there."
        ) from None


def write_part(blocks: Iterable[Dataset], folder: Path, plan: Plan, number: int) -> Part:
    """Write the files of one part; each appears when it is complete."""
    rows: dict[str, int] = {}
    with ExitStack() as stack:
        writers: dict[str, Writer] = {}
        for block in blocks:
            for name, table in block.tables.items():
                if not table.height:
                    continue
                schema = Schema(tables={name: block.schema.tables[name]}, unit=name)
                if name not in writers:
                    writers[name] = stack.enter_context(Writer(folder / plan.name(name, number), schema))
                writers[name].write(Dataset({name: table}, schema))
                rows[name] = rows.get(name, 0) + table.height
    return {"part": number, "files": [_file(folder, plan, name, number, count) for name, count in rows.items()]}


def _clear(folder: Path) -> None:
    """Remove what was under way when a process was killed."""
    for left in folder.glob(".*"):
        left.unlink()


def _over(folder: Path) -> Path:
    """What a stage is called while it is cleared away."""
    return folder.with_name(f".{folder.name}.over")


def _file(folder: Path, plan: Plan, table: str, number: int, rows: int) -> dict[str, Any]:
    path = plan.name(table, number)
    return {"path": path, "table": table, "rows": rows, **_measured(folder / path)}


def _measured(path: Path) -> dict[str, Any]:
    """The size and the digest of a file."""
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": file.tell()}


def _empty(folder: Path, plan: Plan, schema: Schema, table: str) -> dict[str, Any]:
    """A table without rows has one file, which holds its columns."""
    import polars as pl

    only = Schema(tables={table: schema.tables[table]}, unit=table)
    columns = {name: kind.storage for name, kind in only.table.columns.items()}
    write_file(Dataset({table: pl.DataFrame(schema=columns)}, only), folder / plan.name(table, 0))
    return _file(folder, plan, table, 0, 0)


def _begin(folder: Path, plan: Plan) -> None:
    """Note the plan, or see that the one noted is the same."""
    if not (page := folder / PLAN).exists():
        with replacing(page) as file:
            file.write_text(plan.model_dump_json(), "utf-8")
        return
    if (other := Plan.read(page)) != plan:
        changed = [name for name in Plan.model_fields if getattr(plan, name) != getattr(other, name)]
        raise OutputError(
            f"{folder} holds an unfinished run that differs in {', '.join(f'`{name}`' for name in changed)}. "
            f"Finish it by the command that began it, or remove that folder."
        )


def _finished(folder: Path, log: IO[str]) -> dict[int, Part]:
    """The parts whose line is whole and whose files are there as they were written."""
    log.seek(0)
    found: dict[int, Part] = {}
    for line in log.read().splitlines():
        with suppress(ValueError):  # the last line may be torn
            said = json.loads(line)
            if FINISHING in said:
                return found  # files are on their way to the output
            found[said["part"]] = said
    return {number: part for number, part in found.items() if all(_whole(folder, file) for file in part["files"])}


def _whole(folder: Path, file: Mapping[str, Any]) -> bool:
    """Whether a file is there as it was written: the machine may have gone down before all was on its disk."""
    path = folder / file["path"]
    return path.exists() and _measured(path) == {name: file[name] for name in ("sha256", "bytes")}


def _lock(log: IO[str], folder: Path) -> None:
    """Keep other processes out, as long as the file is open; a kill lets go."""
    try:
        import fcntl
    except ImportError:  # systems without it have no such locks
        return
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise OutputError(f"Another process is writing to {folder}. Wait for it, or choose another output.") from None


def _refuse_in_the_way(out: Path, schema: Schema) -> None:
    """Refuse to replace what was not written in parts."""
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file, and parts are written to a folder. Choose another name.")
    for name in schema.tables:
        if Path(name).name != name or name.startswith("."):
            raise OutputError(f"No folder can be called as the table `{name}` is. Give it another name.")
        there = out / name
        strange = [path for path in there.iterdir() if path not in parts_of(there)] if there.is_dir() else []
        beside = out.iterdir() if out.is_dir() else ()
        strange += [path for path in beside if path.stem == name and path.suffix.lower() in KNOWN and path.is_file()]
        if strange:
            raise OutputError(
                f"{strange[0]} is in the way of the parts of `{name}`: move it, or choose another output."
            )
