"""A plugin for pytest: rows, related tables and filled databases as fixtures, from the page a project declares.

    [pytest]
    synthesist_schema = schema.yaml

    def test_total(synth_table):
        orders = synth_table("orders", n=100, where="status = open")

pytest finds it by itself, as `synthesist` is installed. A project that uses no fixture of it pays for this one file.
Rows follow from a seed, and the seed from the name of the test, so a test sees the same rows in every run, alone or
beside others, on any worker. When it fails, the report says what was drawn and how to draw it again.
"""

import secrets
from collections import ChainMap
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from synthesist.errors import SpecError, SynthesistError, did_you_mean

if TYPE_CHECKING:
    from synthesist.testing.filled import Filled
    from synthesist.testing.pages import Pages, Wanted

__all__ = ["SynthTable", "SynthTables", "synth_database", "synth_table", "synth_tables"]

ROWS = 100
SETTINGS = ("schema", "n", "where", "seed", "frame", "database")
RANDOM = "random"


# --------------------------------------------------------------------------- fixtures


@pytest.fixture
def synth_table(request: pytest.FixtureRequest, _synth_pages: "Pages") -> "SynthTable":
    """Rows of one table, as in `synth_table("orders", n=100, where="status = open")`."""
    return SynthTable(Drawn.of(request), _synth_pages)


@pytest.fixture
def synth_tables(request: pytest.FixtureRequest, _synth_pages: "Pages") -> "SynthTables":
    """All related tables by name, as in `synth_tables(n={"customers": 10, "orders": 50})["orders"]`."""
    return SynthTables(Drawn.of(request), _synth_pages)


@pytest.fixture
def synth_database(
    request: pytest.FixtureRequest, _synth_pages: "Pages", tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Filled]":
    """A database filled with all tables, of which each test sees its own; `@pytest.mark.synth(n=20)` says how many."""
    drawn = Drawn.of(request)
    with drawn.told():
        wanted = drawn.settings({}, seed=0)  # tests share what is filled, unless their seed is set
        data = _synth_pages.tables(_wanted(wanted))
        drawn.note(_synth_pages, wanted, data.described)
        address = wanted["database"]
        filled = _synth_pages.filled(data, address, lambda: tmp_path_factory.mktemp("synthesist"))
    with ExitStack() as stack:
        with drawn.told():
            database = stack.enter_context(filled)
        yield database


@pytest.fixture(scope="session")
def _synth_pages(request: pytest.FixtureRequest) -> "Pages":
    """The pages of the project: each is read once a session, and rows that were drawn are kept."""
    from synthesist.testing.pages import Pages

    return Pages(tuple(request.config.getini("synthesist_schema")), request.config.rootpath)


@dataclass(frozen=True)
class SynthTable:
    """What the fixture `synth_table` is: call it for rows."""

    drawn: "Drawn"
    pages: "Pages"

    def __call__(
        self,
        name: str = "",
        n: int | None = None,
        *,
        where: Any = None,
        seed: int | None = None,
        schema: str | Path | None = None,
        frame: str | None = None,
        **options: Any,
    ) -> Any:
        """Exactly n rows of a table, all of which meet the conditions.

        Args:
            name: the table; it may be left out where the page has only one.
            n: how many rows.
            where: conditions, as in `"status = open"`, a list of such, or `{"age": (">=", 65)}`.
            seed: the same seed gives the same rows; it follows from the name of the test where not said.
            schema: a page or schema file, instead of those in `synthesist_schema`.
            frame: "polars" (which it is where not said), "pandas", "pyarrow", or "rows", a list of dicts.
            options: options of the page, as in `unit="customers"`.
        """
        with self.drawn.told():
            said = {"n": n, "where": where, "seed": seed, "schema": schema, "frame": frame}
            wanted = self.drawn.settings(said)
            data = self.pages.table(name, _wanted(wanted, options, self.drawn.here))
            self.drawn.note(self.pages, wanted, data.described)
            return data.as_(wanted["frame"])


@dataclass(frozen=True)
class SynthTables:
    """What the fixture `synth_tables` is: call it for related tables."""

    drawn: "Drawn"
    pages: "Pages"

    def __call__(
        self,
        n: int | Mapping[str, int] | None = None,
        *,
        where: Any = None,
        seed: int | None = None,
        schema: str | Path | None = None,
        frame: str | None = None,
        **options: Any,
    ) -> dict[str, Any]:
        """Every table of the page by its name, without an orphan.

        Args:
            n: how many units, or rows by table, as in `{"customers": 10, "orders": 50}`.
            where: conditions on the table that is the unit.
            seed, schema, frame, options: as `synth_table` has them.
        """
        with self.drawn.told():
            said = {"n": n, "where": where, "seed": seed, "schema": schema, "frame": frame}
            wanted = self.drawn.settings(said)
            data = self.pages.tables(_wanted(wanted, options, self.drawn.here))
            self.drawn.note(self.pages, wanted, data.described)
            return data.all_as(wanted["frame"])


# --------------------------------------------------------------------------- what a test asks for, and is told


def _wanted(
    settings: Mapping[str, Any], options: Mapping[str, Any] | None = None, here: Path | None = None
) -> "Wanted":
    from synthesist.testing.pages import Wanted

    n, where, seed, schema = (settings[name] for name in ("n", "where", "seed", "schema"))
    return Wanted(n, where, seed, schema, options or {}, here)


@dataclass(frozen=True)
class Drawn:
    """What one test drew, for the report of its failure; and what its marks and the command line settle."""

    item: Any
    lines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, request: pytest.FixtureRequest) -> "Drawn":
        """The one of this test, which all its fixtures share."""
        drawn: Drawn = request.node.stash.setdefault(DRAWN, cls(request.node))
        return drawn

    @property
    def here(self) -> Path:
        """The folder of the test."""
        folder: Path = self.item.path.parent
        return folder

    def settings(self, said: Mapping[str, Any], seed: int | None = None) -> dict[str, Any]:
        """The call before the marks, the nearest first, before the command line, before the ini file."""
        marks = [dict(mark.kwargs) for mark in self.item.iter_markers("synth")]
        for name in (name for mark in marks for name in mark):
            if name not in SETTINGS:
                raise SpecError(f"@pytest.mark.synth has no setting `{name}`. {did_you_mean(name, SETTINGS)}")
        config = self.item.config
        chosen = config.getoption("synth_seed")
        settled: dict[str, Any] = {
            "schema": None,
            "n": config.getoption("synth_rows") or _whole("synthesist_rows", config.getini("synthesist_rows") or ROWS),
            "where": None,
            "seed": seed if seed is not None and not chosen else seed_of(_name(self.item), chosen),
            "frame": config.getini("synthesist_frame"),
            "database": config.getoption("synth_database") or config.getini("synthesist_database"),
        }
        known = ({name: value for name, value in each.items() if value is not None} for each in (said, *marks))
        return dict(ChainMap(*known, settled))

    def note(self, pages: "Pages", wanted: Mapping[str, Any], described: str) -> None:
        """Write down what was drawn."""
        line = f"{described}, seed {wanted['seed']}"
        if line not in self.lines:
            self.lines.append(line)
        self.lines.extend(note for note in pages.notes if note not in self.lines)

    def told(self) -> "_Told":
        """Turns a mistake in a page or a call into one message, without the stack of our own calls."""
        return _Told()


class _Told:
    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, at: Any) -> None:
        if isinstance(error, SynthesistError):
            pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)


DRAWN: pytest.StashKey[Drawn] = pytest.StashKey()


def seed_of(name: str, chosen: str = "") -> int:
    """The seed of a test: the number that was chosen, or one that follows from its name.

    >>> seed_of("test_orders.py::test_total"), seed_of("test_orders.py::test_total", "7")
    (2024518457, 7)
    """
    if chosen and not chosen.startswith(RANDOM):
        return int(chosen)
    base = chosen.removeprefix(RANDOM).removeprefix(":")
    return int.from_bytes(blake2b(f"{base}/{name}".encode(), digest_size=4).digest(), "big")


def _name(item: Any) -> str:
    """The node id of a test, without the group that xdist may add to it."""
    return f"{item.parent.nodeid}::{item.name}"


def _whole(where: str, written: Any) -> int:
    text = str(written).replace("_", "")
    if not text.isdecimal() or not int(text):
        raise SpecError(f"{where} = {written}: that is no whole number of at least 1. Write one, as in 100.")
    return int(text)


# --------------------------------------------------------------------------- hooks of pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the command line and the ini file."""
    group = parser.getgroup("synthesist", "synthetic rows")
    group.addoption(
        "--synth-seed",
        default="",
        metavar="SEED",
        help="the seed of all rows, as the report of a failure names it; `random` for other rows in every run",
    )
    group.addoption("--synth-rows", type=int, default=0, metavar="N", help="how many rows where a test does not say")
    group.addoption("--synth-database", default="", metavar="ADDRESS", help="the database that synth_database fills")
    parser.addini("synthesist_schema", "pages or schema files that say what tables are like", type="paths")
    parser.addini("synthesist_rows", f"how many rows where a test does not say ({ROWS})", default="")
    parser.addini("synthesist_frame", "polars, pandas, pyarrow, or rows: a list of dicts", default="polars")
    parser.addini("synthesist_database", "the database that synth_database fills; else SQLite", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and settle a random seed once for all workers."""
    config.addinivalue_line("markers", f"synth({', '.join(SETTINGS)}): what the fixtures of synthesist draw by default")
    chosen, sign, base = str(config.getoption("synth_seed") or "").partition(":")
    if not (chosen.isdecimal() and not sign) and chosen not in ("", RANDOM):
        raise pytest.UsageError(f"--synth-seed={chosen}{sign}{base}: write a whole number, or `{RANDOM}`.")
    if chosen == RANDOM and not base:  # xdist hands the options on to its workers
        config.option.synth_seed = f"{RANDOM}:{secrets.randbits(32)}"
    if config.getoption("synth_rows") < 0:
        raise pytest.UsageError("--synth-rows: that is a whole number of at least 1.")


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what was chosen at random."""
    chosen = config.getoption("synth_seed")
    return f"synthesist: --synth-seed={chosen}" if chosen else None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Add to the report of a failure what was drawn, and how to draw it again."""
    outcome: Any = yield
    report = outcome.get_result()
    drawn = item.stash.get(DRAWN, None)
    if report.failed and drawn is not None and drawn.lines:
        seeds = {line.rpartition("seed ")[2] for line in drawn.lines if ", seed " in line}
        again = f"again: pytest '{_name(item)}' --synth-seed={seeds.pop()}" if len(seeds) == 1 else ""
        report.sections.append(("synthesist", "\n".join(filter(None, (*drawn.lines, again)))))
