"""The page: it renders whatever comes, runs nothing and asks no network."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import polars as pl
import pytest

from synthesist.core import Curve
from synthesist.report import Report

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a`b`<b>",
    "ſnow ☃ 雪",
    "\u202eevil\x07",
    "'; --",
]


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def offline(text: str) -> None:
    tags = Tags(text).seen
    names = {tag for tag, _ in tags}
    assert not names & {
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "form",
        "image",
        "use",
        "foreignobject",
    }
    for tag, attributes in tags:
        assert tag != "a" or (attributes.get("href") or "").startswith("#")
        attributes = {name: value for name, value in attributes.items() if tag != "a" or name != "href"}
        assert not attributes.keys() & {"src", "href", "xlink:href", "srcset", "action", "background", "ping"}
        assert not [name for name in attributes if name.startswith("on")]
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.S))
    assert "url(" not in style and "@import" not in style and "</" not in style


def test_page_holds_every_part_and_is_offline(report: Report) -> None:
    page = report.to_html()
    offline(page)
    assert page.startswith("<!doctype html>")
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    for heading in ("Scores", "What stands out", "Columns", "Pairs of columns", "How it was made", "does not prove"):
        assert heading in page
    assert all(name in page for name in ("Fidelity: good", "Utility: good", "Privacy: good", "prefers-color-scheme"))
    assert page.count("<svg") == page.count("</svg>") == page.count("aria-hidden") + page.count('role="img"')


def test_the_losses_of_a_training_are_drawn(report: Report) -> None:
    assert "Losses of the training" not in report.to_html()
    trained = replace(report, training=Curve((20.5, 19.0, 18.5), (20.0, 19.4, 19.6)))
    page = trained.to_html()
    offline(page)
    assert "Losses of the training" in page and page.count('<polyline class="loss') == 2 and ">20.5<" in page
    assert Report.from_json(trained.to_json()).training == trained.training


def test_notebook_fragment_is_self_contained(report: Report) -> None:
    fragment = report._repr_html_()
    offline(fragment)
    assert "<style>" in fragment and "<html" not in fragment


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_and_values_are_text(
    built: Callable[..., Report], scored: Callable[..., object], name: str
) -> None:
    table = pl.DataFrame({name: [name] * 30 + ["other"] * 30, "n": range(60)})
    columns = {name: {"score": 0.5, "reference": 0.9, "measure": "TV"}}
    pairs = [{"a": name, "b": "n", "score": 0.5, "reference": 0.9}]
    bad = [
        scored("column_shapes", 0.5, 1, 0, 0.9, details={"columns": columns}),
        scored("pair_trends", 0.5, 1, 0, 0.9, details={"pairs": pairs}),
        scored("c2st", 0.9, 0.5, 1, 0.5, details={"importance": {name: 1.0}}),
    ]
    report = built({name: "category", "n": "integer"}, bad, train=table, holdout=table, synthetic=table)
    assert len(report.findings) == 3
    page = report.to_html()
    offline(page)
    assert "\u202e" not in page and "\x07" not in page
    if "<" in name:
        assert name not in page
    assert Report.from_json(report.to_json()).columns[0].name == name
    str(report)


def test_hostile_words_of_a_metric_are_text(built: Callable[..., Report], scored: Callable[..., object]) -> None:
    evil = scored("x", 0.5, 1, 0, 0.5, meaning="<script>m</script>", details={"power": 0.3})
    table = pl.DataFrame({"n": range(60)})
    offline(built({"n": "integer"}, [evil], train=table, holdout=table, synthetic=table).to_html())


@pytest.mark.parametrize("rows", [0, 1, 9, 60])
def test_few_rows(built: Callable[..., Report], rows: int) -> None:
    table = pl.DataFrame({"n": range(rows), "t": ["x"] * rows}, schema={"n": pl.Int64, "t": pl.String})
    offline(built({"n": "integer", "t": "category"}, train=table, holdout=table, synthetic=table).to_html())


def test_all_missing_constant_and_every_kind(built: Callable[..., Report]) -> None:
    n = 200
    table = pl.DataFrame(
        {
            "empty": pl.Series([None] * n, dtype=pl.Float64),
            "same": [3.5] * n,
            "fixed": ["x"] * n,
            "day": pl.date_range(pl.date(1965, 1, 1), pl.date(1965, 7, 19), eager=True),
            "time": pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 1, 3, 19), "1m", eager=True),
            "took": pl.Series(range(n)).cast(pl.Int64) * 60_000_000,
            "note": ["word " * (i % 17 + 1) for i in range(n)],
            "key": range(n),
            "inf": [float("inf"), *map(float, range(n - 1))],
        }
    ).with_columns(pl.col("took").cast(pl.Duration("us")))
    kinds = {
        "empty": "number",
        "same": "number",
        "fixed": {"kind": "constant", "value": "x"},
        "day": {"kind": "moment", "precision": "d"},
        "time": "moment",
        "took": "duration",
        "note": "text",
        "key": {"kind": "id", "whole": True},
        "inf": "number",
    }
    report = built(kinds, train=table, holdout=table, synthetic=table)
    offline(report.to_html())
    by_name = {column.name: column for column in report.columns}
    assert by_name["empty"].missing == {"train": 1.0, "holdout": 1.0, "synthetic": 1.0}
    assert by_name["took"].unit == "hours" and by_name["note"].unit == "characters"
    assert all(by_name[name].cells for name in ("same", "fixed", "day", "time", "took", "note", "inf"))
    assert "1965" in by_name["day"].cells.labels[0]


def test_sixty_columns_stay_small(built: Callable[..., Report], scored: Callable[..., object]) -> None:
    names = [f"column_{i}" for i in range(60)]
    tables = [
        pl.DataFrame({name: [(i * 37 + k * s) % 991 for i in range(300)] for k, name in enumerate(names, 1)})
        for s in (1, 2, 3)
    ]
    pairs = [
        {"a": a, "b": b, "score": 0.8 if "7" in a else 0.99, "reference": 0.98}
        for i, a in enumerate(names)
        for b in names[:i]
    ]
    trends = scored("pair_trends", 0.9, 1, 0, 0.98, details={"pairs": pairs})
    kinds = dict.fromkeys(names, "integer")
    page = built(kinds, [trends], train=tables[0], holdout=tables[1], synthetic=tables[2]).to_html()
    offline(page)
    assert len(page.encode()) < 1_500_000
    assert page.count('class="heat"') <= 40 * 39
