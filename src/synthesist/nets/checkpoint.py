"""Checkpoints: where training stands, in one file without code in it, written whole or not at all."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np

from synthesist.core import Context
from synthesist.data.atomic import replacing

__all__ = ["Checkpoint"]

EVERY = 20.0  # seconds between two checkpoints: what a kill costs at most, beside the epoch under way


@dataclass
class Checkpoint:
    """The file of one training; without a folder nothing is written or read."""

    path: Path | None
    written: float

    @classmethod
    def of(cls, ctx: Context) -> "Checkpoint":
        """The checkpoint of the training that this context stands for, in the folder it lends."""
        name = f"{ctx.seed('checkpoint'):032x}.npz"
        return cls(ctx.checkpoints / name if ctx.checkpoints else None, monotonic())

    def read(self) -> dict[str, np.ndarray] | None:
        """What was written last; None where there is nothing to go on from, or what is there is damaged."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            with open(self.path, "rb") as content, np.load(content, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return None

    def write(self, state: Mapping[str, np.ndarray], *, last: bool = False) -> None:
        """Keep `state`, unless there is no place or the last one was written just now."""
        if self.path is None or (monotonic() - self.written < EVERY and not last):
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.path) as draft, open(draft, "wb") as file:
            np.savez(file, **state)  # type: ignore[arg-type]
        self.written = monotonic()
