"""What a call leaves behind: text on the terminal, a moved global random state, a changed input."""

import io
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from synthesist.data.dataset import Dataset

__all__ = ["Traces", "watched"]

T = TypeVar("T")


@dataclass(frozen=True)
class Traces(Generic[T]):
    """The result of a call and every trace it left, each as one sentence."""

    result: T
    faults: tuple[str, ...]

    def clean(self) -> None:
        """Raise AssertionError if there is any trace."""
        assert not self.faults, " ".join(self.faults)


def watched(call: Callable[[], T], *inputs: Dataset) -> Traces[T]:
    """Do the call, and look at everything it should have left alone."""
    before, random_before = [_content(data) for data in inputs], _random_state()
    result, text, warned = _overheard(call)
    moved = not _equal(_random_state(), random_before)
    if moved:  # perhaps only by a library that was imported for the first time: what moves it twice counts
        random_before = _random_state()
        result, *_ = _overheard(call)
        moved = not _equal(_random_state(), random_before)
    faults = []
    if text:
        faults.append(f"It printed {text[:200]!r}: library code prints nothing; show progress by `ctx.track`.")
    if warned:
        faults.append(f"It warned: {warned[0].message} ({warned[0].filename}, line {warned[0].lineno}).")
    if moved:
        faults.append("It moved a global random state: draw from `ctx.rng(...)` only.")
    if [_content(data) for data in inputs] != before:
        faults.append("It changed its input: make a new table.")
    return Traces(result, tuple(faults))


def _overheard(call: Callable[[], T]) -> tuple[T, str, list[warnings.WarningMessage]]:
    """The result of a call, what it printed, and its warnings."""
    terminal = io.StringIO()
    with (
        _from_below(terminal),
        redirect_stdout(terminal),
        redirect_stderr(terminal),
        warnings.catch_warnings(record=True) as warned,
    ):
        warnings.simplefilter("always")
        result = call()
    return result, terminal.getvalue(), list(warned)


def _content(data: Dataset) -> list[Any]:
    """The cells as plain values: a clone of a frame would share its memory, and change with it."""
    return [(name, table.schema, table.rows()) for name, table in data.tables.items()]


def _random_state() -> tuple[Any, ...]:
    return random.getstate(), np.random.get_state(legacy=True)  # noqa: NPY002


def _equal(one: Any, other: Any) -> bool:
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(_equal, one, other))
    return bool(np.array_equal(one, other))


@contextmanager
def _from_below(terminal: io.StringIO) -> Iterator[None]:
    """Catch also what native code writes, past Python's own streams."""
    sys.stdout.flush()
    sys.stderr.flush()
    with tempfile.TemporaryFile() as file:
        kept = [os.dup(1), os.dup(2)]
        try:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            yield
        finally:
            for number, old in zip((1, 2), kept, strict=True):
                os.dup2(old, number)
                os.close(old)
            file.seek(0)
            terminal.write(file.read().decode(errors="replace"))
