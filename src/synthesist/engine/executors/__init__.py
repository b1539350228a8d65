"""Where parts are made: in this process, in several of this machine, or on a cluster."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from synthesist.engine.stage import Part

__all__ = ["Executor"]


class Executor(Protocol):
    """Makes the parts of a plan. They are pulled as there is room, and come back as they are finished."""

    def run(self, folder: Path, parts: Iterable[int]) -> Iterator[Part]: ...
