"""What a web site consists of and who comes: pages, files, browsers, crawlers, scanners. The lists are ours."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from synthesist.codecs.keys import hashed
from synthesist.core import Context

__all__ = ["BROWSERS", "CRAWLERS", "PAGES", "PROBES", "REFERRERS", "SCANNERS", "SHARED", "Site", "client_text"]

PAGES: Mapping[str, float] = {
    "/": 14,
    "/products/{n}": 40,
    "/articles/{n}": 22,
    "/search?q={n}": 8,
    "/categories/{n}": 6,
    "/about": 2,
    "/contact": 2,
    "/feed.xml": 3,
    "POST /cart": 2,
    "POST /login": 1,
}
"""Paths and how often each is asked for; {n} is the number of an item."""
SHARED = ("/static/style.css", "/static/app.js", "/static/logo.png", "/favicon.ico")
"""Files that every page needs, once in a visit."""
REFERRERS: Mapping[str, float] = {
    "": 45,
    "https://www.google.com/": 32,
    "https://www.bing.com/": 4,
    "https://duckduckgo.com/": 3,
    "https://www.reddit.com/": 4,
    "https://www.facebook.com/": 4,
    "https://news.example.com/": 5,
    "https://blog.example.net/links": 3,
}
"""Where visits come from; empty: nobody knows."""
BROWSERS: Mapping[str, float] = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
    "Safari/537.36": 30,
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
    "Mobile Safari/537.36": 26,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Mobile/15E148 Safari/604.1": 18,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Safari/605.1.15": 8,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0": 7,
    "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0": 4,
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 "
    "Safari/537.36 Edg/124.0.0.0": 7,
}
CRAWLERS: Mapping[str, float] = {
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": 40,
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)": 20,
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)": 15,
    "DuckDuckBot/1.1; (+http://duckduckgo.com/duckduckbot.html)": 5,
    "UniversalFeedParser/4.2 +http://feedparser.org/": 12,
    "Monitor/1.0 (+https://status.example.com)": 8,
}
SCANNERS: Mapping[str, float] = {"python-requests/2.31.0": 4, "curl/8.5.0": 2, "": 4, "Go-http-client/1.1": 3}
PROBES = (
    *("/.env", "/.git/config", "/wp-login.php", "/xmlrpc.php", "/admin", "/phpmyadmin/", "/config.json", "/backup.zip"),
    *("/server-status", "/cgi-bin/test", "/login.action", "/vendor/phpunit/phpunit/phpunit.xml", "/.aws/credentials"),
)
"""What scanners look for."""
GONE = "/old/{n}"
"""Where links lead that are broken."""
IMAGES = 3  # at most on a page


@dataclass(frozen=True, eq=False)
class Site:
    """All addresses of a site by number: pages first, then their images, the shared files, probes and gone pages."""

    pages: Mapping[str, float]
    items: int
    exponent: float

    @cached_property
    def _weighted(self) -> tuple[list[str], np.ndarray]:
        """Every page, as method and path, and its weight; items follow a law of Zipf."""
        ranks = np.arange(1, self.items + 1.0) ** -self.exponent
        every: list[str] = []
        weights: list[float] = []
        for page, weight in self.pages.items():
            numbered = "{n}" in page
            every += [page.replace("{n}", str(n)) for n in range(1, self.items + 1)] if numbered else [page]
            weights += list(weight * ranks / ranks.sum()) if numbered else [weight]
        return every, np.array(weights) / sum(weights)

    @property
    def count(self) -> int:
        """How many pages there are; they are numbered first."""
        return len(self._weighted[0])

    @property
    def weights(self) -> np.ndarray:
        """How often each page is asked for."""
        return self._weighted[1]

    @cached_property
    def methods(self) -> pl.Series:
        """The method of every address."""
        written = [page.split(" ")[0] if " " in page.split("?")[0] else "GET" for page in self._weighted[0]]
        return pl.Series(written + ["GET"] * (len(self.paths) - len(written)), dtype=pl.String)

    @cached_property
    def paths(self) -> pl.Series:
        """The path of every address."""
        pages = [page.split(" ", 1)[-1] for page in self._weighted[0]]
        images = [f"/images/{n}-{k}.jpg" for n in range(len(pages)) for k in range(IMAGES)]
        gone = [GONE.replace("{n}", str(n)) for n in range(1, self.items + 1)]
        return pl.Series([*pages, *images, *SHARED, "/robots.txt", *PROBES, *gone], dtype=pl.String)

    @property
    def first_image(self) -> int:
        """The number of the first image of the first page; each page has so many after each other."""
        return self.count

    @property
    def first_shared(self) -> int:
        """The number of the first shared file."""
        return self.count * (1 + IMAGES)

    @property
    def robots(self) -> int:
        """The number of robots.txt."""
        return self.first_shared + len(SHARED)

    @property
    def first_probe(self) -> int:
        """The number of the first address that scanners look for."""
        return self.robots + 1

    @property
    def first_gone(self) -> int:
        """The number of the first page that is gone."""
        return self.first_probe + len(PROBES)

    def sizes(self, ctx: Context) -> np.ndarray:
        """How many bytes each address answers with; the same always."""
        rng = ctx.rng("sizes")
        median = np.full(len(self.paths), 12_000.0)
        median[self.first_image : self.first_shared] = 38_000.0
        median[self.first_shared : self.robots] = 8_000.0
        median[self.robots] = 120.0
        median[self.first_probe :] = 310.0
        spread = np.where(median > 1_000, 0.9, 0.1)
        return np.maximum(median * np.exp(spread * rng.standard_normal(len(median))), 40).astype(np.int64)


def client_text(texts: Mapping[str, float], clients: np.ndarray) -> pl.Series:
    """One of the texts for each client, always the same one, as often as it weighs."""
    edges = np.cumsum(list(texts.values()))
    u = (hashed(clients, len(texts)) >> np.uint64(11)) * 2.0**-53
    place = np.searchsorted(edges[:-1], u * edges[-1], side="right")
    return pl.Series([text or None for text in texts], dtype=pl.String).gather(place)
