"""How a server answers: status, size and time, by what is asked, by its load, and by what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthesist.core import Context
from synthesist.samplers.server_logs.incidents import Window, struck
from synthesist.samplers.server_logs.site import Site
from synthesist.samplers.server_logs.visits import CRAWLER, Requests

__all__ = ["Answers", "Server"]

BUSIEST = 0.95  # beyond it requests are turned away
FAILING = {"outage": 0.9, "errors": 0.2, "slow": 0.05}
"""The share of requests that fail while something is wrong."""
SLOWER = {"slow": 12.0, "outage": 3.0}
TIMEOUT_MS = 30_000.0
FILE_MS = 3.0
MOVED = 0.05


@dataclass(frozen=True, eq=False)
class Answers:
    """One array a column."""

    status: np.ndarray
    size: np.ndarray
    """Bytes; -1 where none are sent."""
    milliseconds: np.ndarray
    window: np.ndarray
    """The number of the incident; -1 none."""
    head: np.ndarray
    """Whether only the head was asked for."""


@dataclass(frozen=True, eq=False)
class Server:
    """What it takes to answer, and how much of that there is."""

    site: Site
    page_ms: float
    capacity_per_second: float
    error_rate: float

    def answer(self, asked: Requests, found: Sequence[Window], run: Context) -> Answers:
        """The answers to all requests of some hours. Waiting grows with the load of the minute as in a queue M/M/1:
        by 1 / (1 - load)."""
        window = struck(asked.at, found)
        wrong = np.array([kind for _, _, kind in found] + ["none"])[window]
        minute = np.floor(asked.at / 60).astype(np.int64)
        minute -= minute.min(initial=0)
        load = np.bincount(minute)[minute] / (60 * self.capacity_per_second)
        status, failed = self._status(asked, wrong, load)
        page = asked.address < self.site.count
        busy = 1 / (1 - np.minimum(load, BUSIEST))
        slower = np.select([wrong == kind for kind in SLOWER], list(SLOWER.values()), 1.0)
        ms = np.where(page, self.page_ms, FILE_MS) * np.exp(0.6 * asked.z) * busy * slower
        ms = np.where(status == 504, TIMEOUT_MS * (1 + 0.01 * np.abs(asked.z)), np.where(status == 304, ms / 4, ms))
        head = (asked.who == CRAWLER) & (asked.u * 997 % 1 < 0.03)
        size = np.where(failed, 530, np.where(status == 301, 178, self.site.sizes(run)[asked.address]))
        size = np.where((status == 304) | head, -1, size)
        return Answers(status, size, np.round(ms, 1), window, head)

    def _status(self, asked: Requests, wrong: np.ndarray, load: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The status of every answer, and which are failures of the server."""
        site, u = self.site, asked.u
        probed = (asked.address >= site.first_probe) & (asked.address < site.first_gone)
        status = np.where(asked.cached, 304, 200)
        status = np.where((asked.address < site.count) & (u >= 1 - MOVED), 301, status)
        status = np.where(asked.address >= site.first_probe, 404, status)
        status = np.where(probed & (u > 0.8), 403, status)
        share = np.select([wrong == kind for kind in FAILING], list(FAILING.values()), self.error_rate)
        turned_away = (load > BUSIEST) & (u < 0.3)
        failed = (u < share) | turned_away
        late = np.where(wrong == "slow", 504, np.choose((u * 1_000 % 3).astype(np.int64), [502, 503, 504]))
        failure = np.where(np.isin(wrong, ("outage", "slow")), late, np.where(turned_away, 503, 500))
        return np.where(failed, failure, status), failed
