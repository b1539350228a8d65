"""What servers see: addresses of machines, browsers, requests. All of it is safe to print: it reaches nobody."""

from collections.abc import Mapping
from functools import cache, cached_property
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field

from synthesist.data.kinds import Category
from synthesist.providers.entity import Drawn, Entity, Part
from synthesist.providers.factor import Factor, World
from synthesist.providers.writing import joined

__all__ = ["Web"]

CHROME, SAFARI = (126, 127, 128, 129, 130, 131), ("17.4", "17.5", "17.6", "18.0", "18.1")
FIREFOX = (115, 126, 127, 128, 129, 130, 131, 132)
WINDOWS, MAC = "Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7"
LINUX, ANDROID, IPHONE = "X11; Linux x86_64", "Linux; Android 10; K", "iPhone; CPU iPhone OS 17_6 like Mac OS X"
BLINK = "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0"
AGENTS = (
    ("Chrome", "Windows", "desktop", 0.27, WINDOWS, BLINK + " Safari/537.36", CHROME),
    ("Chrome", "Android", "phone", 0.27, ANDROID, BLINK + " Mobile Safari/537.36", CHROME),
    ("Chrome", "macOS", "desktop", 0.08, MAC, BLINK + " Safari/537.36", CHROME),
    ("Chrome", "Linux", "desktop", 0.03, LINUX, BLINK + " Safari/537.36", CHROME),
    ("Edge", "Windows", "desktop", 0.07, WINDOWS, BLINK + " Safari/537.36 Edg/{v}.0.0.0", CHROME),
    (
        "Safari",
        "iOS",
        "phone",
        0.17,
        IPHONE,
        "Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Mobile/15E148 Safari/604.1",
        SAFARI,
    ),
    (
        "Safari",
        "macOS",
        "desktop",
        0.06,
        MAC,
        "Mozilla/5.0 ({system}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{v} Safari/605.1.15",
        SAFARI,
    ),
    (
        "Firefox",
        "Windows",
        "desktop",
        0.03,
        WINDOWS,
        "Mozilla/5.0 ({system}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
        FIREFOX,
    ),
    (
        "Firefox",
        "Linux",
        "desktop",
        0.02,
        LINUX,
        "Mozilla/5.0 ({system}; rv:{v}.0) Gecko/20100101 Firefox/{v}.0",
        FIREFOX,
    ),
)
METHODS = {"GET": 0.82, "POST": 0.13, "PUT": 0.02, "DELETE": 0.01, "HEAD": 0.01, "OPTIONS": 0.01}
STATUSES = {"200": 0.86, "304": 0.04, "301": 0.02, "302": 0.02, "404": 0.035, "403": 0.01, "500": 0.01, "503": 0.005}
WORDS = (
    "alder amber anchor arbor atlas basil beacon birch cedar clover copper coral delta ember fern flint garnet harbor"
)
WORDS += " hazel indigo iris ivory jade juniper lagoon larch linden maple meadow mint nova oasis olive onyx opal orchid"
WORDS += (
    " pebble pine quartz raven reed river saffron sage slate spruce summit terra thistle topaz violet willow zephyr"
)
PATHS = (
    "",
    "about",
    "contact",
    "products",
    "search",
    "cart",
    "login",
    "help",
    "news",
    "account",
    "api/items",
    "api/orders",
)


class Web(Entity):
    """A visit to a web site: address, browser, system and request; browser, system and user agent go together.

    IPv4 addresses are of private networks (RFC 1918) or of those for documentation (RFC 5737), IPv6 of 2001:db8::/32
    (RFC 3849), MAC addresses locally administered, domains under `.example` (RFC 2606). How often browsers, methods
    and statuses come are defaults of ours.
    """

    is_: Literal["web"] = Field(default="web", alias="is")
    network: Literal["private", "documentation"] = Field(
        default="private", description="IPv4 addresses of 10.0.0.0/8, or of the 768 that are for documentation"
    )

    parts: ClassVar[Mapping[str, Part]] = {
        "ipv4": Part("address of a private network, or for documentation"),
        "ipv6": Part("address of 2001:db8::/32"),
        "mac": Part("hardware address, locally administered"),
        "domain": Part("under .example"),
        "url": Part("a page of the domain"),
        "user_agent": Part("as the browser sends it", "agent", Category()),
        "browser": Part("of the user agent", "agent", Category()),
        "system": Part("of the user agent", "agent", Category()),
        "device": Part("desktop or phone, of the user agent", "agent", Category()),
        "method": Part("of HTTP", "method", Category()),
        "status": Part("of HTTP, three digits", "status", Category()),
    }

    @cached_property
    def worlds(self) -> tuple[World, ...]:
        return (World(1.0, {}, _factors()),)


@cache
def _factors() -> dict[str, Factor]:
    rows = [
        (browser, system, device, share / len(versions), text.format(system=platform, v=version))
        for browser, system, device, share, platform, text, versions in AGENTS
        for version in versions
    ]
    agents = pl.DataFrame(rows, schema=["browser", "system", "device", "weight", "user_agent"], orient="row")
    words = WORDS.split()
    return {
        "agent": Factor.of(agents),
        "method": Factor.of(pl.DataFrame({"method": [*METHODS], "weight": [*METHODS.values()]})),
        "status": Factor.of(pl.DataFrame({"status": [*STATUSES], "weight": [*STATUSES.values()]})),
        "site": Factor.of(pl.DataFrame({"_domain": [f"{a}-{b}.example" for a in words for b in words if a != b]})),
        "page": Factor.of(pl.DataFrame({"_path": PATHS})),
    }


@cache
def _bytes() -> pl.Series:
    """0 to 255, each with the dot before it."""
    return pl.Series([f".{k}" for k in range(256)])


@cache
def _hex(width: int, before: str) -> pl.Series:
    return pl.Series([f"{before}{k:0{width}x}" for k in range(16**width)])


def _random(drawn: Drawn, name: str, count: int, size: int) -> list[np.ndarray]:
    """`count` whole numbers a row below `size`."""
    return list(drawn.asked.block.rng(name).integers(size, size=(count, drawn.n), dtype=np.uint32))


def _ipv4(drawn: Drawn) -> pl.Series:
    if drawn.entity.network == "private":  # type: ignore[attr-defined]
        return joined("10", *(_bytes().gather(k) for k in _random(drawn, "ipv4", 3, 256)))
    net, last = _random(drawn, "ipv4", 2, 256 * len(DOCUMENTATION))
    return joined(pl.Series(DOCUMENTATION).gather(net % len(DOCUMENTATION)), _bytes().gather(last % 256))


DOCUMENTATION = ("192.0.2", "198.51.100", "203.0.113")


def _ipv6(drawn: Drawn) -> pl.Series:
    return joined("2001:db8", *(_hex(4, ":").gather(k) for k in _random(drawn, "ipv6", 6, 2**16)))


def _mac(drawn: Drawn) -> pl.Series:
    return joined("02", *(_hex(2, ":").gather(k) for k in _random(drawn, "mac", 5, 2**8)))


def _url(drawn: Drawn) -> pl.Series:
    return joined("https://www.", drawn["domain"], "/", drawn.gathered("_path", "page"))


Web.made = {
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "mac": _mac,
    "domain": lambda drawn: drawn.gathered("_domain", "site"),
    "url": _url,
}
