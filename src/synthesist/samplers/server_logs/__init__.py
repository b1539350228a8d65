"""Logs of web servers: who asked for what, and what came back."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import model_validator

from synthesist.codecs.keys import hashed
from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Categories, Category, Id, Integer, Moment, Number, Text
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.samplers.columns.distribution import Guide
from synthesist.samplers.columns.moments import Dates, Weight
from synthesist.samplers.server_logs.answers import Answers, Server
from synthesist.samplers.server_logs.incidents import KINDS, Incident, Window, windows
from synthesist.samplers.server_logs.site import BROWSERS, CRAWLERS, PAGES, REFERRERS, SCANNERS, Site, client_text
from synthesist.samplers.server_logs.visits import EXTERNAL, HOUR, HUMAN, SCANNER, Requests, Traffic

__all__ = ["ServerLogs"]

HOURS_A_YEAR = 8_765.82
CROWD = 4.0  # visits more than usual in a crowd, as a multiple
VISITS_AN_HOUR = 2**24  # visits are numbered by the hour they begin in
DAYTIME = {"0-5": 0.4, "6-8": 0.9, "9-21": 1.3, "22-23": 0.8}


class ServerLogs(Spec):
    """The access log of a web server: visitors and crawlers, pages and their files, failures and crowds.

    A unit is an hour: a row of `hours`, and all `requests` in it, in the order of their time. Visits begin as a Poisson
    process by the profile of hours and weekdays; each is a walk over pages by popularity, with the files that a browser
    fetches, referrers, and cached answers. Response times grow with the load of the minute as in a queue. In
    windows that come at random, or are declared, requests fail (`outage`, `errors`), are `slow`, or many (`crowd`):
    the column `incident` tells, so that what detects them can be judged. Written as a page:

        kind: server_logs
        start: 2024-05-01
        visits_per_hour: 300
        weekdays: {sat-sun: 0.7}
        pages: {"/": 10, "/products/{n}": 50, "POST /cart": 3}
        incidents_per_week: 0
        incidents: [{is: outage, start: 2024-05-02T14:10, minutes: 25}]
        combined: true

    With `combined` the column `line` holds each request in the Combined Log Format of Apache and nginx. Clients have
    addresses of 10.0.0.0/8, which belong to nobody on the net.

    When not to use: where a real log exists whose pages and visitors matter; or to size a server, as the response
    times follow a textbook.

    Reference: Arlitt and Williamson, Web server workload characterization, SIGMETRICS 1996,
    doi:10.1145/233013.233034.
    """

    block: ClassVar[int] = 24
    tiny: ClassVar[Mapping[str, Any]] = {"visits_per_hour": 12}

    start: date | datetime = knob(date(2024, 1, 1), "the first hour (UTC)", tries=("2024-01-01", "2024-06-01T12:00"))
    table: str = knob("requests", "name of the table of requests", tries=("requests", "log"), min_length=1)
    host: str = knob("www.example.org", "name of the site in referrers", tries=("www.example.org", "a.example"))
    visits_per_hour: float = knob(200.0, "visits that begin in an hour, on average", tries=(8, 12), gt=0, le=1e6)
    hours: dict[str, Weight] = knob(DAYTIME, "weights of the hours of the day", tries=(DAYTIME, {}))
    weekdays: dict[str, Weight] = knob({}, "weights of mon tue wed thu fri sat sun", tries=({}, {"tue": 0.2}))
    trend: float = knob(0.0, "growth per year: 0.1 is 10 % more each year", tries=(0.0, 1e6), gt=-1)
    pages: dict[str, float] = knob(
        dict(PAGES), "paths and their weights; {n} is the number of an item", tries=({"/": 1}, {"/": 1, "/x/{n}": 2})
    )
    items: int = knob(500, "how many items {n} counts", tries=(500, 20), ge=1, le=100_000)
    item_exponent: float = knob(0.9, "how much more often the first items are asked for (Zipf)", tries=(0.9, 2.0), ge=0)
    visitors: int = knob(20_000, "people who come, some of them again and again", tries=(20_000, 5), ge=1, le=2**40)
    pages_per_visit: float = knob(2.0, "pages a visitor sees, on average", tries=(2.0, 1.5), ge=1, le=1_000)
    think_seconds: float = knob(25.0, "median time between two pages", tries=(25.0, 60.0), gt=0)
    bots: float = knob(0.4, "share of visits by crawlers", tries=(0.4, 0.0), ge=0, le=1)
    scanners: float = knob(0.01, "share of visits by scanners for holes", tries=(0.01, 0.2), ge=0, le=1)
    broken: float = knob(0.02, "share of links that lead nowhere", tries=(0.02, 0.2), ge=0, le=1)
    error_rate: float = knob(0.0005, "share of requests that fail on an ordinary day", tries=(0.0005, 0.1), ge=0, le=1)
    page_ms: float = knob(60.0, "median time a page takes, without load", tries=(60.0, 90.0), gt=0)
    capacity_per_second: float = knob(50.0, "requests the server can answer in a second", tries=(50.0, 1.0), gt=0)
    incidents_per_week: float = knob(1.0, "windows in which something is wrong", tries=(1.0, 200.0), ge=0, le=10_000)
    incidents: tuple[Incident, ...] = knob(
        (), "such windows by their time", tries=((), ({"is": "outage", "start": "2024-01-01T01:30"},))
    )
    combined: bool = knob(False, "whether a column `line` has the Combined Log Format", tries=(False, True))

    @model_validator(mode="after")
    def _can_be_drawn(self) -> "ServerLogs":
        begin = self._begin
        if begin.tzinfo is not None or begin.minute or begin.second or begin.microsecond:
            raise ValueError("start: hours are whole and in UTC, as in 2024-01-01T08:00, without a zone")
        if self.bots + self.scanners > 1:
            raise ValueError("bots and scanners are shares of all visits: together at most 1")
        if not self.pages or min(self.pages.values()) < 0 or not 0 < sum(self.pages.values()) < np.inf:
            raise ValueError("pages: weights are 0 or more, and one is more than 0")
        if wrong := [page for page in self.pages if not page.split(" ", 1)[-1].startswith("/")]:
            raise ValueError(f"pages: `{wrong[0]}` is no path: write `/about`, or `POST /login`")
        self._week  # noqa: B018  (reads the weights)
        return self

    @property
    def schema(self) -> Schema:  # type: ignore[override]  # pydantic's own is deprecated
        """The hours and their requests."""
        count = Integer(bounds=Bounds(low=0))
        incident = Category(missing=True, values=Categories(items=KINDS))
        hours = {
            "hour": Id(whole=True, first=0),
            "starts_at": Moment(precision="s"),
            "visits": count,
            "requests": count,
        }
        hours |= {"failures": count, "mean_ms": Number(missing=True, decimals=1), "incident": incident}
        requests = {
            "hour": count,
            "at": Moment(precision="ms"),
            "client": Category(pii="ip"),
            "visit": count,
            "visitor": Category(values=Categories(items=("human", "crawler", "scanner"))),
            "method": Category(),
            "path": Category(),
            "protocol": Category(),
            "status": Integer(bounds=Bounds(low=100, high=599)),
            "bytes": Integer(missing=True, bounds=Bounds(low=0)),
            "referrer": Category(missing=True),
            "agent": Category(missing=True),
            "milliseconds": Number(decimals=1, bounds=Bounds(low=0)),
            "incident": incident,
            **({"line": Text()} if self.combined else {}),
        }
        link = Link(columns=("hour",), table="hours", to=("hour",))
        tables = {
            "hours": TableSchema(columns=hours, key=("hour",)),
            self.table: TableSchema(columns=requests, links=(link,)),
        }
        return Schema(tables=tables, unit="hours")

    def sample(self, n: int, ctx: Context) -> Dataset:
        """Hours `ctx.start` to `ctx.start + n` of the log."""
        run, hours = Context(path=ctx.path[:1]).at(self.table), range(ctx.start, ctx.start + n)
        found = windows(self.incidents, self.incidents_per_week, self._begin, hours, run)
        before = range(hours.start - 1, hours.stop)  # visits that began an hour before are still there
        begins = {hour: self._begins(hour, found, run) for hour in before}
        parts = [self._traffic.hour(begins[hour], run.at("visits", hour)) for hour in before]
        visits = np.concatenate(
            [(hour + 1) * VISITS_AN_HOUR + part.visit for hour, part in zip(before, parts, strict=True)]
        )
        asked = Requests.joined(parts)
        order = np.argsort(asked.at, kind="stable")
        order = order[(asked.at[order] >= HOUR * hours.start) & (asked.at[order] < HOUR * hours.stop)]
        asked, visits = asked.where(order), visits[order]
        answers = self._server.answer(asked, found, run)
        requests = self._requests(asked, visits, answers, found)
        counts = np.array([len(begins[hour]) for hour in hours])
        return Dataset({"hours": self._hours(hours, counts, requests, found), self.table: requests}, self.schema)

    def _begins(self, hour: int, found: list[Window], run: Context) -> np.ndarray:
        """When the visits of one hour begin, in seconds since the start of the log."""
        rng = run.at("begins", hour).rng("times")
        first, rate = HOUR * hour, self.visits_per_hour * self._weight(hour)
        times = [first + HOUR * rng.random(rng.poisson(rate))]
        for low, high, kind in found:
            low, high = max(low, first), min(high, first + HOUR)
            if kind == "crowd" and high > low:
                extra = run.at("crowd", hour, int(low * 1000)).rng("times")
                times.append(low + (high - low) * extra.random(extra.poisson(CROWD * rate * (high - low) / HOUR)))
        return np.concatenate(times)

    def _requests(self, asked: Requests, visits: np.ndarray, answers: Answers, found: list[Window]) -> pl.DataFrame:
        """The table of requests, in the order of their time."""
        site, kinds = self._site, pl.Series([kind for _, _, kind in found] + [None], dtype=pl.String)
        paths = site.paths.gather(asked.address)
        own = pl.concat([f"https://{self.host}" + site.paths, pl.Series([None], dtype=pl.String)])
        outside = pl.Series([text or None for text in REFERRERS], dtype=pl.String).gather(asked.outside)
        human, scans = asked.who == HUMAN, asked.who == SCANNER
        newer = human & (hashed(asked.client, 4) % np.uint64(10) < 7)
        agents = [client_text(texts, asked.client) for texts in (BROWSERS, CRAWLERS, SCANNERS)]
        table = pl.DataFrame(
            {
                "hour": (asked.at // HOUR).astype(np.int64),
                "at": self._moments(asked.at),
                "client": _addresses(asked.client),
                "visit": visits,
                "visitor": pl.Series(["human", "crawler", "scanner"]).gather(asked.who),
                "method": site.methods.gather(asked.address).set(pl.Series(answers.head), "HEAD"),
                "path": paths,
                "protocol": pl.Series(["HTTP/1.1", "HTTP/2.0"]).gather(newer.astype(np.int64)),
                "status": answers.status,
                "bytes": pl.Series(answers.size).set(pl.Series(answers.size < 0), None),
                "referrer": own.gather(asked.referrer).zip_with(pl.Series(asked.referrer != EXTERNAL), outside),
                "agent": agents[0].zip_with(pl.Series(human), agents[2].zip_with(pl.Series(scans), agents[1])),
                "milliseconds": answers.milliseconds,
                "incident": kinds.gather(answers.window),
            }
        )
        return table.with_columns(line=_combined()) if self.combined else table

    def _hours(self, hours: range, visits: np.ndarray, requests: pl.DataFrame, found: list[Window]) -> pl.DataFrame:
        """The table of hours: what their requests add up to."""
        counts = requests.group_by("hour").agg(
            requests=pl.len().cast(pl.Int64),
            failures=(pl.col("status") >= 500).sum().cast(pl.Int64),
            mean_ms=pl.col("milliseconds").mean().round(1),
        )
        named = [next((k for a, b, k in found if a < HOUR * (hour + 1) and b > HOUR * hour), None) for hour in hours]
        starts = self._moments(HOUR * np.array(hours, dtype=np.float64))
        frame = pl.DataFrame({"hour": np.array(hours), "starts_at": starts, "visits": visits})
        whole = frame.join(counts, on="hour", how="left", maintain_order="left")
        return whole.with_columns(
            pl.col("requests", "failures").fill_null(0), incident=pl.Series(named, dtype=pl.String)
        )

    def _moments(self, seconds: np.ndarray) -> pl.Series:
        """Times as moments, down to whole milliseconds."""
        first = int(np.datetime64(self._begin, "ms").astype(np.int64))
        ticks = pl.Series(first + np.floor(seconds * 1000).astype(np.int64))
        return (ticks * 1000).cast(pl.Datetime("us"))

    def _weight(self, hour: int) -> float:
        """How much more visits begin in an hour than on average."""
        moment = self._begin + timedelta(hours=hour)
        grown = (1 + self.trend) ** (hour / HOURS_A_YEAR)
        return self._week[moment.weekday() * 24 + moment.hour] * grown

    @property
    def _begin(self) -> datetime:
        return self.start if isinstance(self.start, datetime) else datetime.combine(self.start, datetime.min.time())

    @cached_property
    def _week(self) -> tuple[float, ...]:
        """The weight of every hour of a week that begins on a Monday; 1 on average."""
        week = {"start": datetime(2024, 1, 1), "end": datetime(2024, 1, 7, 23), "precision": "h"}
        weights = {"weekdays": self.weekdays, "hours": self.hours}
        by_hour = Dates.model_validate({"is": "dates", **week, **weights}).by_hour
        return tuple((by_hour / by_hour.mean()).tolist())

    @cached_property
    def _site(self) -> Site:
        return Site(self.pages, self.items, self.item_exponent)

    @cached_property
    def _traffic(self) -> Traffic:
        guide = Guide.over(np.cumsum(self._site.weights))
        shares = self.bots, self.scanners, self.broken
        return Traffic(self._site, self.visitors, self.pages_per_visit, self.think_seconds, *shares, guide)

    @cached_property
    def _server(self) -> Server:
        return Server(self._site, self.page_ms, self.capacity_per_second, self.error_rate)


def _addresses(clients: np.ndarray) -> pl.Series:
    """An address of 10.0.0.0/8 for each client, always the same one."""
    mixed = hashed(clients, 3)
    parts = [pl.Series((mixed >> np.uint64(8 * k)) % np.uint64(256)).cast(pl.String) for k in range(3)]
    return pl.select(pl.concat_str(pl.lit("10"), *parts, separator=".")).to_series()


def _combined() -> pl.Expr:
    """The Combined Log Format."""
    return pl.format(
        '{} - - [{}] "{} {} {}" {} {} "{}" "{}"',
        "client",
        pl.col("at").dt.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "method",
        "path",
        "protocol",
        "status",
        pl.col("bytes").cast(pl.String).fill_null("-"),
        pl.col("referrer").fill_null("-"),
        pl.col("agent").fill_null("-"),
    )
