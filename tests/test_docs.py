"""What is written is true: every example runs, and everything there is, is written about."""

import doctest
import importlib
import importlib.util
import pkgutil
import re
import shlex
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import synthesist
from synthesist import catalog
from synthesist.cli import main, whole
from synthesist.cli.app import COMMANDS
from synthesist.data import examples

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").rglob("*.md"))]
WRITTEN = "\n".join(page.read_text("utf-8") for page in PAGES)
MODULES = [
    module.name for module in pkgutil.walk_packages(synthesist.__path__, "synthesist.") if "__main__" not in module.name
]
BLOCK = re.compile(
    r'^```(python|bash|yaml|sql)(?: title="(?P<title>[^"]+)")?\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page: Path, adult: pl.DataFrame, adult_csv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of a page run in order, in one folder that holds adult.csv; a titled block of YAML or SQL is a file.

    The table that comes with the package is its first rows here, also for `synthesist demo`.
    """
    monkeypatch.chdir(adult_csv.parent)
    adult.write_parquet("adult.parquet")
    monkeypatch.setattr(examples, "ADULT", adult_csv.with_suffix(".parquet"))
    monkeypatch.setattr(whole, "DEMO_ROWS", 2_000)
    monkeypatch.setenv("MASK_KEY", "0123456789abcdef0123456789abcdef")
    names: dict[str, Any] = {}
    for block in BLOCK.finditer(page.read_text("utf-8")):
        language, code = block[1], block["code"]
        if language == "python":
            exec(compile(code, f"{page.name}: {code.strip().splitlines()[0]}", "exec"), names)
        elif language in ("yaml", "sql") and block["title"]:
            Path(block["title"]).write_text(code, "utf-8")
        elif language == "bash":
            for line in code.replace("\\\n", " ").splitlines():
                run(line)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda page: str(page.relative_to(ROOT)))
def test_no_mark_of_a_merge_is_left(page: Path) -> None:
    assert not re.search(r"^(<{7}|>{7}) ", page.read_text("utf-8"), re.MULTILINE)


def run(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "synthesist", f"a bash block holds commands of ours only, use sh for others: {line}"
    assert main(words) == 0, line


@pytest.mark.parametrize("command", [function.__name__.rstrip("_") for function in COMMANDS])
def test_every_command_is_written_about(command: str) -> None:
    assert re.search(rf"synthesist {command}\b", WRITTEN)


def test_every_name_has_a_page_with_every_option(pages: dict[str, str]) -> None:
    for shelf in catalog.SHELVES:
        for name in catalog.names(shelf):
            page = pages[f"reference/{name}.md"]
            assert f"[`{name}`]({name}.md)" in pages["reference/index.md"]
            assert "When not to use" in page
            for option in catalog.load(shelf, name).model_fields:
                assert f"| `{option}` |" in page


def test_every_command_and_error_is_in_the_reference(pages: dict[str, str]) -> None:
    for function, example in COMMANDS.items():
        assert f"## synthesist {function.__name__.rstrip('_')}\n" in pages["reference/cli.md"]
        assert example in pages["reference/cli.md"]
    for name in vars(synthesist.errors):
        assert not name.endswith("Error") or name == "SynthesistError" or f"`{name}`" in pages["reference/errors.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path, pages: dict[str, str]) -> None:
    generated = {ROOT / "docs" / path for path in pages}
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        path = (page.parent / target).resolve()
        assert path.exists() or path in generated, f"{page.name} links to {target}, which is not there"


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.fixture(scope="session")
def pages() -> dict[str, str]:
    """The pages of the reference by their paths, from the script that writes them."""
    spec = importlib.util.spec_from_file_location("gen_reference", ROOT / "docs" / "gen_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()
