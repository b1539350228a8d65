"""Logs of a web server: traffic by the hour, sessions that make sense, incidents that show, lines that can be read."""

import re
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.errors import SpecError
from synthesist.samplers.server_logs import ServerLogs

LINE = re.compile(
    r'^(\S+) - - \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000)\] "(GET|POST|HEAD) (/\S*) (HTTP/\d\.\d)" '
    r'(\d{3}) (\d+|-) "([^"]*)" "([^"]*)"$'
)
OUTAGE = {"is": "outage", "start": datetime(2024, 1, 2, 10, 15), "minutes": 40}


def log(n: int = 48, **page: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The hours and the requests."""
    made = sy.sample("server_logs", n, seed=1, **{"visits_per_hour": 60, "incidents_per_week": 0, **page})
    return made.tables["hours"], made.tables["requests"]


def test_lines_can_be_read_back() -> None:
    _, requests = log(6, combined=True)
    for row in requests.iter_rows(named=True):
        found = LINE.match(row["line"])
        assert found, row["line"]
        client, at, method, path, protocol, status, size, referrer, agent = found.groups()
        assert (client, method, path, protocol) == (row["client"], row["method"], row["path"], row["protocol"])
        assert datetime.strptime(at, "%d/%b/%Y:%H:%M:%S %z").replace(tzinfo=None) == row["at"].replace(microsecond=0)
        assert int(status) == row["status"] and (None if size == "-" else int(size)) == row["bytes"]
        assert [None if cell == "-" else cell for cell in (referrer, agent)] == [row["referrer"], row["agent"]]


def test_requests_come_in_the_order_of_time_and_add_up_to_their_hours() -> None:
    hours, requests = log()
    assert requests["at"].is_sorted() and hours["starts_at"][0] == datetime(2024, 1, 1)
    failed = (pl.col("status") >= 500).sum().alias("failed")
    counted = requests.group_by("hour", maintain_order=True).agg(pl.len(), failed)
    assert counted["len"].to_list() == hours["requests"].to_list()
    assert counted["failed"].to_list() == hours["failures"].to_list()
    assert requests["at"].dt.truncate("1h").equals(hours["starts_at"].gather(requests["hour"]), check_names=False)


def test_visits_begin_by_the_profile() -> None:
    page = {"hours": {"0-11": 1, "12-23": 3}, "weekdays": {"sat-sun": 0.5}, "visits_per_hour": 100}
    hours, _ = log(24 * 14, **page)
    mean = (5 + 2 * 0.5) / 7 * 2  # of the weights
    day = pl.col("starts_at").dt.weekday() >= 6
    for weekend, late, weight in ((False, False, 1), (False, True, 3), (True, False, 0.5), (True, True, 1.5)):
        some = hours.filter(day == weekend, (pl.col("starts_at").dt.hour() >= 12) == late)["visits"]
        assert abs(some.sum() - 100 * weight / mean * len(some)) < 5 * np.sqrt(100 * weight / mean * len(some))
    counts = log(24 * 14, hours={}, visits_per_hour=50)[0]["visits"]
    assert counts.var() / counts.mean() == pytest.approx(1, abs=0.4)  # Poisson


def test_popular_pages_follow_the_law_of_zipf() -> None:
    _, requests = log(24, visits_per_hour=400, pages={"/p/{n}": 1}, items=50, item_exponent=1.2, broken=0, bots=0)
    pages = requests.filter(pl.col("path").str.starts_with("/p/"))["path"].value_counts()
    rank = pages["path"].str.slice(3).cast(pl.Int64).to_numpy()
    share = pages["count"].to_numpy() / pages["count"].sum()
    expected = rank**-1.2 / (np.arange(1, 51) ** -1.2).sum()
    assert np.abs(share - expected).max() < 0.01
    assert share[rank == 1] > 10 * share[rank == 20]


def test_a_visit_is_one_client_that_goes_from_page_to_page() -> None:
    _, requests = log(24, scanners=0.05)
    lasts = pl.col("at").max() - pl.col("at").min()
    visits = requests.group_by("visit").agg(pl.col("client", "agent", "visitor").n_unique(), lasts)
    assert visits.select(pl.col("client", "agent", "visitor").max()).row(0) == (1, 1, 1)
    assert visits["at"].max() <= pl.select(pl.duration(hours=1)).item()  # type: ignore[operator]
    human = requests.filter(visitor="human")
    inner = human.filter(pl.col("referrer").str.starts_with("https://www.example.org").fill_null(False))
    known = set(human.select("visit", url="https://www.example.org" + pl.col("path")).rows())
    linked = [(visit, url) in known for visit, url in inner.select("visit", "referrer").rows()]
    assert np.mean(linked) > 0.99  # but for pages seen before the log began
    assert requests.filter(pl.col("visitor") != "human")["referrer"].is_null().all()
    scans = requests.filter(visitor="scanner")
    assert set(scans["status"]) <= {403, 404, 500, 502, 503, 504} and scans.height > 100
    assert human.filter(pl.col("path").str.ends_with(".css")).height > 0
    assert requests.filter(visitor="crawler", path="/robots.txt").height > 0
    assert (requests["bytes"].is_null() == ((requests["status"] == 304) | (requests["method"] == "HEAD"))).all()


def test_incidents_show_and_are_told() -> None:
    page = {"visits_per_hour": 200, "error_rate": 0.001}
    hours, requests = log(48, incidents=[OUTAGE, {**OUTAGE, "is": "slow", "start": datetime(2024, 1, 2, 20)}], **page)
    within = requests["at"].is_between(datetime(2024, 1, 2, 10, 15), datetime(2024, 1, 2, 10, 55), closed="left")
    assert (requests["incident"] == "outage").fill_null(False).equals(within, check_names=False)
    failed = requests["status"] >= 500
    assert failed.filter(within).mean() > 0.85 > 0.01 > failed.filter(requests["incident"].is_null()).mean()  # type: ignore[operator]
    slow = requests.filter(incident="slow")["milliseconds"].median()
    assert slow > 8 * requests.filter(pl.col("incident").is_null())["milliseconds"].median()  # type: ignore[operator]
    assert hours.filter(pl.col("incident").is_not_null())["hour"].to_list() == [34, 44]
    crowd = {"is": "crowd", "start": datetime(2024, 1, 1, 6), "minutes": 60}
    crowded, _ = log(24, incidents=[crowd], **page)
    usual, _ = log(24, **page)
    assert crowded["visits"][6] / usual["visits"][6] == pytest.approx(5, rel=0.4)
    assert crowded["visits"][7:].equals(usual["visits"][7:])


def test_incidents_at_random_come_at_their_rate() -> None:
    hours, _ = log(24 * 60, visits_per_hour=4, incidents_per_week=7, bots=0, scanners=0)
    begins = hours["incident"].is_not_null() & hours["incident"].shift(1).is_null().fill_null(True)
    assert 35 < begins.sum() < 80  # sixty are expected, some touch
    assert set(hours["incident"].drop_nulls()) == {"outage", "errors", "slow", "crowd"}


def test_answers_take_longer_under_load() -> None:
    _, idle = log(24, visits_per_hour=200, capacity_per_second=1_000)
    _, busy = log(24, visits_per_hour=200, capacity_per_second=1.5)
    assert busy["path"].equals(idle["path"])  # the same traffic
    load = pl.len().over(pl.col("at").dt.truncate("1m")) / 60 / 1.5
    both = idle.with_columns(load=load, slower=busy["milliseconds"] / idle["milliseconds"], same=busy["status"])
    plain = both.filter(pl.col("load") < 0.9, pl.col("same") == pl.col("status"), pl.col("milliseconds") > 20)
    off = (plain["slower"] * (1 - plain["load"]) - 1).abs()
    assert off.max() < 0.05 and plain["slower"].max() > 5  # type: ignore[operator]
    assert (busy["status"] == 503).sum() > 20 * ((idle["status"] == 503).sum() + 1)


def test_an_hour_is_the_same_wherever_it_is_drawn() -> None:
    few, many = (log(hours, incidents_per_week=50)[1] for hours in (30, 60))
    assert many.filter(pl.col("hour") < 30).equals(few)


def test_visits_go_on_over_the_ends_of_hours_and_blocks() -> None:
    _, requests = log(ServerLogs.block + 1, visits_per_hour=400, think_seconds=120)
    visits = {hour: set(part["visit"]) for (hour,), part in requests.group_by("hour")}
    assert min(visits[0]) < 2**24  # began before the log
    assert all(visits[hour] & visits[hour + 1] for hour in range(ServerLogs.block))


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ({"start": datetime(2024, 1, 1, 8, 30)}, "hours are whole"),
        ({"bots": 0.7, "scanners": 0.7}, "together at most 1"),
        ({"pages": {"about": 1}}, "`about` is no path"),
        ({"pages": {"/": 0}}, "one is more than 0"),
        ({"hours": {"25": 1}}, "there is no `25`"),
        ({"incidents": [{"is": "fire", "start": date(2024, 1, 1)}]}, "incidents"),
    ],
)
def test_pages_that_cannot_be(page: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        ServerLogs.build(page)
