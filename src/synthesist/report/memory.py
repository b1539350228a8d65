"""How much memory a piece of work takes at its peak."""

import sys
from math import nan
from pathlib import Path
from threading import Event, Thread
from types import TracebackType

__all__ = ["Watch"]

EVERY = 0.02  # seconds between two looks
STATM = Path("/proc/self/statm")


class Watch:
    """Looks at the size of this process, again and again, as long as the block runs.

    `growth` is the peak less the size at the beginning, in bytes; on systems without /proc it is the
    growth of the highest size ever, which is 0 for work that stays below an earlier peak, or NaN.
    """

    def __enter__(self) -> "Watch":
        self.first = self.peak = resident()
        self._over = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self.peak = max(self.peak, resident())

    @property
    def growth(self) -> float:
        """Bytes at the peak beyond those at the beginning."""
        return self.peak - self.first

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.peak = max(self.peak, resident())


def resident() -> float:
    """The size of this process in memory, in bytes; NaN where the system does not say."""
    try:
        if STATM.exists():
            from resource import getpagesize

            return float(STATM.read_text().split()[1]) * getpagesize()
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return nan
    return float(getrusage(RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)
