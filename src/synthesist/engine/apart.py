"""Work in a process of its own: what it takes is nobody else's, and what kills it kills nothing else.

The process is a fresh interpreter that is told a function by its name and a folder by its path; data
goes in and out through that folder. Nothing is pickled, and no `__main__` of the caller runs again.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from math import nan
from pathlib import Path
from time import perf_counter, process_time
from types import TracebackType

import polars as pl

from synthesist import errors
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.errors import SynthesistError, reason_of

__all__ = ["Cost", "Meter", "apart", "bring", "ended", "leave", "peak", "raised", "said_of"]

STATUS = Path("/proc/self/status")
_SCHEMA, _COST, _FAILURE = "schema.json", "cost.json", "failure.json"
_CHILD = "import sys; from synthesist.engine.apart import work; work(*sys.argv[1:])"


@dataclass(frozen=True)
class Cost:
    """What a piece of work took: seconds on the clock and of all cores, and bytes of memory at the peak.

    The peak is that of a whole process, libraries included, and NaN where the process was not its own.
    """

    seconds: float = nan
    cpu_seconds: float = nan
    memory: float = nan


class Meter:
    """Measures the block it stands around; `cost` is there when the block is left."""

    def __enter__(self) -> "Meter":
        self._begun = perf_counter(), process_time()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        wall, cpu = self._begun
        self.cost = Cost(perf_counter() - wall, process_time() - cpu)


def apart(task: Callable[[Path], Cost], folder: Path) -> Cost:
    """Let `task`, a public function of a module, work on `folder` in a fresh process; what it returns, with its peak.

    Raises:
        SynthesistError: what the task raised, as the same kind of error; or how its process was ended.
    """
    name = f"{task.__module__}:{task.__qualname__}"
    ways = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-P", "-c", _CHILD, name, str(folder)],
        env={**os.environ, "PYTHONPATH": ways},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if (failure := folder / _FAILURE).exists():
        raise raised(json.loads(failure.read_text("utf-8")))
    if done.returncode:
        raise SynthesistError(ended(done.returncode, done.stderr.decode(errors="replace")))
    return Cost(**json.loads((folder / _COST).read_text("utf-8")))


def work(name: str, path: str) -> None:
    """The other side of `apart`: do the task and leave its cost, or why it failed, in the folder."""
    module, _, function = name.partition(":")
    folder = Path(path)
    try:
        cost = getattr(import_module(module), function)(folder)
    except Exception as error:  # noqa: BLE001  (every error goes back to the process that waits for it)
        (folder / _FAILURE).write_text(json.dumps(said_of(error)), "utf-8")
        return
    (folder / _COST).write_text(json.dumps({**asdict(cost), "memory": peak()}), "utf-8")


def said_of(error: BaseException) -> dict[str, str]:
    """An error as plain data, to be told to another process."""
    kind = type(error).__name__ if isinstance(error, SynthesistError) else "SynthesistError"
    return {"kind": kind if hasattr(errors, kind) else "SynthesistError", "reason": reason_of(error)}


def raised(said: Mapping[str, str]) -> SynthesistError:
    """The error that `said_of` told."""
    error: SynthesistError = getattr(errors, said["kind"])(said["reason"])
    return error


def leave(data: Dataset, folder: Path) -> None:
    """Put a Dataset into a folder, for `bring` on the other side."""
    folder.mkdir()
    for place, table in enumerate(data.tables.values()):
        table.write_ipc(folder / f"{place}.arrow")
    names = list(data.tables)
    page = {"names": names, "schema": data.schema.model_dump(mode="json")}
    (folder / _SCHEMA).write_text(json.dumps(page), "utf-8")


def bring(folder: Path) -> Dataset:
    """The Dataset that `leave` put there."""
    page = json.loads((folder / _SCHEMA).read_text("utf-8"))
    tables = {name: pl.read_ipc(folder / f"{place}.arrow") for place, name in enumerate(page["names"])}
    return Dataset(tables, Schema.model_validate(page["schema"]))


def peak() -> float:
    """The most memory this process has held, in bytes; NaN where the system does not say.

    Linux's own high-water mark: what getrusage reports there also counts the process that started this one.
    """
    if STATUS.exists():
        (line,) = (line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return nan
    return float(getrusage(RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def ended(code: int, told: str) -> str:
    """How a process ended that could not say so itself."""
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = str(-code)
        killed = " Most likely it needed more memory than there is: bring fewer rows." if name == "SIGKILL" else ""
        return f"its process was ended by {name}.{killed}"
    last = told.strip().splitlines()[-1:] or ["it said nothing"]
    return f"its process ended with code {code}: {last[0]}"
