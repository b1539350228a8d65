"""What visitors, crawlers and scanners ask for in visits that begin in one hour."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from synthesist.codecs.keys import hashed
from synthesist.core import Context
from synthesist.samplers.columns.distribution import Guide
from synthesist.samplers.server_logs.site import IMAGES, PROBES, REFERRERS, SHARED, Site

__all__ = ["CRAWLER", "EXTERNAL", "HOUR", "HUMAN", "SCANNER", "Requests", "Traffic"]

HOUR = 3600.0
HUMAN, CRAWLER, SCANNER = 0, 1, 2
SEEN = 1  # seed of what a client is
EXTERNAL, NONE = -2, -1  # referrers: outside by `outside`, or none


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests in no order, one array a column; all randomness of a line is drawn with it."""

    at: np.ndarray
    """Seconds since the start of the log."""
    visit: np.ndarray
    """The number of the visit among those of its hour."""
    client: np.ndarray
    who: np.ndarray
    """HUMAN, CRAWLER or SCANNER."""
    address: np.ndarray
    """Which of the site."""
    referrer: np.ndarray
    """The address it was linked from; below 0 none of the site."""
    outside: np.ndarray
    cached: np.ndarray
    """Whether the visitor has it already and only asks whether it is new."""
    u: np.ndarray
    """A number in [0, 1) that the status comes from."""
    z: np.ndarray
    """A standard normal number that the response time comes from."""

    @classmethod
    def joined(cls, parts: "Sequence[Requests]") -> "Requests":
        """All requests of several hours."""
        return cls(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(cls)))

    def where(self, rows: np.ndarray) -> "Requests":
        """Some of the requests, by mask or by place."""
        return Requests(*(getattr(self, each.name)[rows] for each in fields(self)))


@dataclass(frozen=True, eq=False)
class Traffic:
    """How visits go."""

    site: Site
    visitors: int
    pages_per_visit: float
    think_seconds: float
    bots: float
    scanners: float
    broken: float
    guide: Guide

    def hour(self, begins: np.ndarray, ctx: Context) -> Requests:
        """All requests of visits that begin at these times; a visit is over after an hour."""
        rng, n = ctx.rng("visits"), len(begins)
        who = np.searchsorted([1 - self.bots - self.scanners, 1 - self.scanners], rng.random(n), side="right")
        client = np.where(who == HUMAN, rng.integers(0, self.visitors, n), self.visitors + rng.integers(0, 40, n))
        client = np.where(who == SCANNER, self.visitors + 40 + rng.integers(0, 2**20, n), client)
        mean = np.array([self.pages_per_visit, self.pages_per_visit, 2 * len(PROBES)])[who]
        visit = np.repeat(np.arange(n), rng.geometric(1 / mean))
        m, kind = len(visit), who[visit]
        first = np.diff(visit, prepend=-1) > 0
        gap = self.think_seconds * np.exp(1.2 * rng.standard_normal(m))
        gap = np.where(kind == HUMAN, gap, rng.standard_exponential(m) * np.where(kind == CRAWLER, 8.0, 0.7))
        at = begins[visit] + _within(np.where(first, 0.0, gap), first)
        page = self._pages(kind, rng)
        known = np.append(-1, page[:-1])
        referrer = np.where(kind == HUMAN, np.where(first, EXTERNAL, known), NONE)
        outside = rng.choice(len(REFERRERS), m, p=np.array(list(REFERRERS.values())) / sum(REFERRERS.values()))
        new, u, z = np.zeros(m, dtype=bool), rng.random(m), rng.standard_normal(m)
        views = Requests(at, visit, client[visit], kind, page, referrer, outside, new, u, z)
        every = Requests.joined([views, *self._files(views, first, rng)])
        return every.where(every.at < begins[every.visit] + HOUR)

    def _pages(self, kind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The address of each view: by popularity, by turns, or a probe; some links are broken."""
        m, site = len(kind), self.site
        popular = self.guide.places(rng.random(m) * self.guide.edges[-1])
        any_page = rng.integers(0, site.count, m)
        probe = site.first_probe + rng.integers(0, len(PROBES), m)
        page = np.choose(kind, [popular, any_page, probe])
        gone = (kind != SCANNER) & (rng.random(m) < self.broken)
        page = np.where(gone, site.first_gone + rng.integers(0, site.items, m), page)
        return np.where((kind == CRAWLER) & (rng.random(m) < 0.1), site.robots, page)

    def _files(self, views: Requests, first: np.ndarray, rng: np.random.Generator) -> list[Requests]:
        """The files that browsers fetch with a page: shared ones once a visit, images with every page."""
        site, out = self.site, []
        seen = hashed(views.client, SEEN) % np.uint64(10) < np.uint64(3)  # has been here before
        shown = (views.who == HUMAN) & (views.address < site.count)
        for k in range(len(SHARED) + IMAGES):
            shared = k < len(SHARED)
            wanted = np.flatnonzero(shown & (first if shared else rng.random(len(shown)) < 0.5))
            page, n = views.where(wanted), len(wanted)
            image = site.first_image + IMAGES * page.address + k - len(SHARED)
            number = np.full(n, site.first_shared + k) if shared else image
            at = page.at + 0.03 + rng.standard_exponential(n) * 0.2
            cached = seen[wanted] & (rng.random(n) < (0.6 if shared else 0.2))
            none, u, z = np.zeros(n, dtype=np.int64), rng.random(n), rng.standard_normal(n)
            out.append(Requests(at, page.visit, page.client, page.who, number, page.address, none, cached, u, z))
        return out


def _within(gaps: np.ndarray, first: np.ndarray) -> np.ndarray:
    """Sums of gaps since the last `first`."""
    total = np.cumsum(gaps)
    return total - np.maximum.accumulate(np.where(first, total, -np.inf))
