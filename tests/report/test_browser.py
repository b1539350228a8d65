"""The page in a real browser: it asks no network, logs no error, can be used by keyboard and read aloud, and prints."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from synthesist.core import Context, Evidence, Score
from synthesist.report import Report, build
from synthesist.report.comparison import Comparison
from synthesist.report.gates import outcomes
from synthesist.report.privacy import CURATOR

CHROMIUM = which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")

HOW = {
    "method": "dp_copula",
    "privacy": {
        "epsilon": 1.0,
        "delta": 1e-9,
        "unit": "a row",
        "neighbours": "one unit more or less",
        "noise": "of the operating system",
        "arithmetic": "exact",
        "bought": {"values": 0.25, "correlations": 0.75},
    },
}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def whole(report: Report) -> Report:
    """A report with every part: gates, an earlier run, parts of a score, an explanation."""
    parts = [
        {"group": "age", "value": 0.5, "reference": 0.4, "rows": 1200},
        {"group": "town", "value": 0.1, "reference": 0.1, "rows": 20},
    ]
    slices = [{"where": "`age` > 60", "real": 0.2, "synthetic": 0.25, "low": 0.01, "high": 0.09}]
    scores = [*report.scores, replace(report.scores[0], metric="queries", title="Queries", details={"parts": parts})]
    return replace(
        report,
        scores=tuple(scores),
        gates=outcomes(report.scores, ["c2st<=0.6", "tstr<=0.001"]),
        previous=report.scores,
        explanations={
            "": {
                "reasons": [{"sentence": "`age` = 40 is 3.0 points too rare.", "columns": ["age"]}],
                "columns": {"age": 0.7, "town": 0.3},
                "slices": slices,
                "surrogate": slices,
            }
        },
    )  # fmt: skip


@pytest.fixture
def opened(browser, tmp_path: Path) -> Iterator[Callable]:
    """Open a page as a file; every request beyond it, every word on the console and every error is kept."""
    contexts = []

    def open_page(html: str, **options):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, "utf-8")
        contexts.append(browser.new_context(**options))
        page, heard = contexts[-1].new_page(), []
        page.on("request", lambda request: heard.append(request.url) if request.url != path.as_uri() else None)
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.goto(path.as_uri())
        return page, heard

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])  # no rule is about both at once
def test_silent_and_accessible(whole: Report, opened: Callable, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    viewport = {"width": width, "height": 900}
    comparison = Comparison.of("People", {"a.csv": whole, "b.csv": whole})
    for html in (whole.to_html(), comparison.to_html()):
        page, heard = opened(html, color_scheme=scheme, viewport=viewport, bypass_csp=True)
        for details in page.query_selector_all("details"):
            details.evaluate("element => element.open = true")
        assert heard == []
        found = Axe().run(page).response["violations"]
        serious = [
            (rule["id"], [node["html"] for node in rule["nodes"][:3]]) for rule in found if rule["impact"] in SERIOUS
        ]
        assert serious == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_pages_on_private_rows_are_silent_and_accessible(case: Evidence, scores: list[Score], opened: Callable) -> None:
    from axe_playwright_python.sync_playwright import Axe

    report = build(case, scores, Context.seeded(0), title="People", provenance=HOW)
    for html, marks in ((report.to_html(), 7), (report.released().to_html(), 0)):
        page, heard = opened(html, viewport={"width": 390, "height": 900}, bypass_csp=True)
        assert heard == []
        assert page.locator("h1").count() == 1 and "epsilon 1" in page.locator("h1").inner_text()
        assert page.locator(".curator", has_text=CURATOR).count() >= marks
        assert (marks > 0) == page.locator(".curator").first.is_visible()
        found = Axe().run(page).response["violations"]
        assert [rule["id"] for rule in found if rule["impact"] in SERIOUS] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, "the page scrolls sideways"


def test_every_part_is_reached_by_keyboard(whole: Report, opened: Callable) -> None:
    page, _ = opened(whole.to_html())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    links = [link.get_attribute("href") for link in page.query_selector_all("nav a")]
    assert len(links) >= 8 and all(page.query_selector(link) for link in links)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.parentElement.open")


def test_paper_holds_the_whole_page(whole: Report, tmp_path: Path) -> None:
    whole.save(tmp_path / "report.pdf")
    content = (tmp_path / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12
