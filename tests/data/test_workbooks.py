"""Related tables in one workbook: read back with their keys and links."""

from pathlib import Path

import fastexcel
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.data.workbooks import WorkbookWriter
from synthesist.errors import OutputError
from synthesist.testing.inside import fits, same

PAGE = Path(__file__).parents[2] / "examples" / "tables" / "shop.yaml"


def test_a_workbook_of_related_tables_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(PAGE), "-n", "25", "--seed", "2", "-o", "shop.xlsx"]) == 0
    book = fastexcel.read_excel("shop.xlsx")
    wanted: Dataset = sy.sample(str(PAGE), 25, seed=2)
    assert book.sheet_names[:-1] == list(wanted.tables)
    data = sy.read("shop.xlsx")
    fits(data, wanted.schema, 25)
    same(data, wanted, "The workbook")


def test_a_workbook_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    data: Dataset = sy.sample(str(PAGE), 5)
    with pytest.raises(KeyError), WorkbookWriter(tmp_path / "shop.xlsx", data.schema) as writer:
        writer.write(data)
        raise KeyError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a" * 32, "to/from", "'q'", "History", "SCHEMA.yaml"])
def test_names_that_no_sheet_can_have(tmp_path: Path, name: str) -> None:
    one = sy.read({"x": [1, 2]}).kinds
    schema = Schema(tables={"one": one, name: one}, unit="one")
    with pytest.raises(OutputError, match="No sheet of Excel can be called"):
        WorkbookWriter(tmp_path / "shop.xlsx", schema)
