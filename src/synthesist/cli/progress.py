"""Progress bars with the time left: on standard error, and only where somebody watches."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from synthesist.core import Context, Label

__all__ = ["running"]


@contextmanager
def running(seed: int) -> "Iterator[Context]":
    """The root context of one command, with bars; they change no result."""
    from synthesist.core import Context

    if not sys.stderr.isatty():
        yield Context.seeded(seed)
        return
    with _bars() as bars:

        def tracked(steps: Iterable[Any], label: "Label", total: int | None) -> Iterator[Any]:
            text = label if callable(label) else lambda: label
            task = bars.add_task(text() or "working", total=total)
            try:
                for step in steps:
                    yield step
                    bars.update(task, advance=1, description=text() or "working")
            finally:
                bars.remove_task(task)

        yield Context.seeded(seed, tracker=tracked)


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
