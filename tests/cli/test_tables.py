"""Related tables from the command line: a page in, a folder out."""

from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.testing.inside import fits

PAGE = Path(__file__).parents[2] / "examples" / "tables" / "shop.yaml"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_page_becomes_a_folder_with_the_rows_of_the_verb(call):
    words = ["-n", "300", "-n", "lines=2_500", "-n", "suppliers=7", "--where", "country = PL", "--seed", "3"]
    ended = call("sample", str(PAGE), *words, "-o", "shop")
    assert ended.code == 0, ended.err
    assert "customers 300 rows" in ended.out and "lines 2,500 rows" in ended.out and "suppliers 7 rows" in ended.out
    data = sy.read("shop")
    fits(data, data.schema, 300)
    wanted = sy.sample(str(PAGE), {"customers": 300, "lines": 2_500, "suppliers": 7}, {"country": "PL"}, seed=3)
    assert data.tables["reviews"].equals(wanted.tables["reviews"])
    ended = call("inspect", "shop")
    assert ended.code == 0 and "lines: 2,500 rows, 6 columns, key order, line; order -> orders (id)" in ended.out


def test_the_format_of_the_files_can_be_chosen(call):
    assert call("sample", str(PAGE), "-n", "50", "-o", "shop", "--format", "parquet").code == 0
    assert pl.read_parquet("shop/orders.parquet").height > 0 and not Path("shop/orders.csv").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-n", "50", "-o", "shop.csv"], "There are several tables, and shop.csv is one file. Name a folder"),
        (["-n", "line=50", "-o", "shop"], "there is no table `line`. Did you mean `lines`?"),
        (["-n", "50", "-n", "customers=6", "-o", "shop"], "the rows of `customers` are given twice"),
        (["-n", "suppliers=50", "-o", "shop"], "How many `customers`? They are the units"),
        (["-n", "50", "-o", "shop", "--format", "foo"], "cannot write `.foo` files"),
        (["-n", "50", "-n", "lines=3", "-o", "shop"], "`lines` cannot have 3 rows"),
    ],
)
def test_what_cannot_be_is_one_message(call, words, says):
    ended = call("sample", str(PAGE), *words)
    assert ended.code == 2 and says in ended.err and "Traceback" not in ended.err
    assert not any(Path().iterdir())


def test_verbs_for_one_table_refuse_a_folder(call):
    assert call("sample", str(PAGE), "-n", "50", "-o", "shop").code == 0
    ended = call("fit", "shop", "-o", "model.syn")
    assert ended.code == 2 and "This is for one table, and there are 10" in ended.err
