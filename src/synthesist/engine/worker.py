"""A process that makes parts: it knows a folder, reads there what is to be made, and is told numbers.

It is a fresh interpreter that is told what to do in lines of JSON. Nothing is pickled, and no `__main__` of the caller
runs again. Where the one who tells it is gone, it ends at once.
"""

import json
import os
import signal
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from synthesist.core import World
from synthesist.engine.apart import peak, said_of
from synthesist.engine.plan import Plan
from synthesist.engine.stage import PLAN, Part, write_part
from synthesist.errors import NotFoundError

__all__ = ["made", "serve"]

WORLD = "synthesist.model", "world_of"
"""What gives the world of a plan: above this floor, and so called by its name."""


def made(folder: str, number: int) -> Part:
    """Make one part of the plan in a folder, wherever this runs.

    Raises:
        NotFoundError: the folder cannot be seen from here.
    """
    place = Path(folder)
    if not (place / PLAN).exists():
        raise NotFoundError(f"{place} is not there on a worker: choose an output that all machines can see.")
    plan = Plan.read(place / PLAN)
    world = _world(folder, plan.identity)
    return write_part((world.chunk(chunk) for chunk in plan.chunks_of(number, world)), place, plan, number)


@lru_cache(maxsize=2)
def _world(folder: str, identity: str) -> World:
    """The world of a plan, made once in a process."""
    del identity  # tells plans of one folder apart
    module, function = WORLD
    world: World = getattr(import_module(module), function)(Path(folder), Plan.read(Path(folder) / PLAN))
    return world


def serve() -> None:
    """Make parts until nobody asks any more: a line `[folder, number]` comes in, the part or a failure goes out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who is asked to stop stops asking
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints must not talk between
    asked: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_listen, args=(asked,), daemon=True).start()
    while True:
        folder, number = asked.get()
        try:
            said = {"part": made(folder, number), "peak": peak()}
        except BaseException as error:  # noqa: BLE001  (every failure goes back to the process that waits for it)
            said = {"failure": said_of(error)}
        answers.write(json.dumps(said) + "\n")
        answers.flush()


def _listen(asked: "SimpleQueue[Any]") -> None:
    for line in sys.stdin:
        asked.put(json.loads(line))
    os._exit(0)  # even in the middle of a part, which is nobody's now
