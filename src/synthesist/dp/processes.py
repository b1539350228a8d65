"""Whether a process is still at work, as far as that can be told."""

import os
import platform
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Process"]

BOOT = Path("/proc/sys/kernel/random/boot_id")


class Process(BaseModel):
    """A process of some machine; its number may be given to another one later, so the time of its start is noted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int = Field(ge=1)
    started: str = Field(max_length=40)
    machine: str = Field(max_length=64)

    @classmethod
    def this(cls) -> "Process":
        """The one that asks."""
        return cls(number=os.getpid(), started=_started(os.getpid()), machine=_machine())

    @property
    def alive(self) -> bool:
        """Whether it is still at work; of another machine nobody can tell, and the answer is no."""
        return self.machine == _machine() and _started(self.number) == self.started != ""


def _started(number: int) -> str:
    """When a process of this machine began, in ticks; empty where there is none, or no way to know."""
    try:
        state, *rest = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "" if state in "ZX" else rest[18]  # a zombie does no more work


@lru_cache(maxsize=1)
def _machine() -> str:
    """This machine since it was started, or this container in it; a digest, as names may be nobody's business."""
    parts = [platform.node()]
    for source in (lambda: BOOT.read_text("utf-8"), lambda: os.readlink("/proc/self/ns/pid")):
        try:
            parts.append(source())
        except OSError:
            parts.append("")
    return sha256("\n".join(parts).encode()).hexdigest()[:16]
