"""Several processes of this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event, Lock, Thread
from typing import Any

from synthesist.engine.apart import ended, raised
from synthesist.engine.stage import Part
from synthesist.errors import SynthesistError

__all__ = ["Processes"]

CHILD = "from synthesist.engine.worker import serve; serve()"
ONE_THREAD = dict.fromkeys(("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
TRIES = 3  # processes that may be lost over one part
WAIT_S = 0.2


@dataclass(frozen=True)
class Processes:
    """So many workers, each a process with one thread; one that is killed is replaced, and its part made again."""

    workers: int

    def run(self, folder: Path, parts: Iterable[int]) -> Iterator[Part]:
        """The parts as they are finished, at most one waiting for each worker.

        Raises:
            SynthesistError: what a worker raised; or a part that several processes did not survive.
        """
        team = _Team(folder, iter(parts), Queue(self.workers))
        threads = [Thread(target=team.drive, daemon=True) for _ in range(self.workers)]
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads) or not team.finished.empty():
                try:
                    said = team.finished.get(timeout=WAIT_S)
                except Empty:
                    continue
                if isinstance(said, BaseException):
                    raise said
                yield said
        finally:
            team.stop.set()
            team.dismiss()
            for thread in threads:
                thread.join()


class _Team:
    """What the workers share: the numbers still to be made, and what is finished."""

    def __init__(self, folder: Path, parts: Iterator[int], finished: "Queue[Any]") -> None:
        self.folder, self.parts, self.finished = folder, parts, finished
        self.stop, self._lock = Event(), Lock()
        self._children: set[subprocess.Popen[str]] = set()

    def drive(self) -> None:
        """Tell one worker after another part to make, until there are no more."""
        child: subprocess.Popen[str] | None = None
        try:
            while not self.stop.is_set() and (number := self._next()) is not None:
                for attempt in range(TRIES):
                    child = child or self._hired()
                    if said := _asked(child, self.folder, number):
                        self._give(raised(said["failure"]) if "failure" in said else said["part"])
                        break
                    code, child = self._dismissed(child), None
                    if self.stop.is_set():
                        return
                    if attempt == TRIES - 1:
                        reason = ended(code, "it said nothing")
                        self._give(SynthesistError(f"Part {number} was not made in {TRIES} tries: {reason}"))
        except Exception as error:  # noqa: BLE001  (it is raised where the parts are waited for)
            self._give(error)
        finally:
            if child is not None:
                self._dismissed(child)

    def dismiss(self) -> None:
        """End all workers at once."""
        with self._lock:
            for child in self._children:
                child.kill()

    def _next(self) -> int | None:
        with self._lock:
            return next(self.parts, None)

    def _give(self, what: Any) -> None:
        while not self.stop.is_set():
            with suppress(Full):
                self.finished.put(what, timeout=WAIT_S)
                return

    def _hired(self) -> "subprocess.Popen[str]":
        ways = os.pathsep.join(path for path in sys.path if path)
        child = subprocess.Popen(
            [sys.executable, "-P", "-c", CHILD],
            env={**os.environ, **ONE_THREAD, "PYTHONPATH": ways},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with self._lock:
            self._children.add(child)
        return child

    def _dismissed(self, child: "subprocess.Popen[str]") -> int:
        """Let a worker go; how it ended."""
        with suppress(OSError):
            child.stdin.close()  # type: ignore[union-attr]
        code = child.wait()
        child.stdout.close()  # type: ignore[union-attr]
        with self._lock:
            self._children.discard(child)
        return code


def _asked(child: "subprocess.Popen[str]", folder: Path, number: int) -> dict[str, Any] | None:
    """What a worker answers; nothing where it is gone."""
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(json.dumps([str(folder), number]) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
    except OSError:
        return None
    return json.loads(line) if line.endswith("\n") else None
