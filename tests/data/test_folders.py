"""Several tables: written to a folder whole or not at all, read back as they were, and handled by name."""

from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import synthesist as sy
from synthesist.data.dataset import Dataset
from synthesist.data.folders import FolderWriter, read_folder, write_folder
from synthesist.data.inspect import inspect
from synthesist.data.kinds import Category, Id, Integer, Moment
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.data.sources import read
from synthesist.errors import DataError, NotFoundError, OutputError

SCHEMA = Schema(
    unit="people",
    tables={
        "people": TableSchema(columns={"id": Id(whole=True), "born": Moment(precision="d")}, key=("id",)),
        "visits": TableSchema(
            columns={"person": Integer(), "ward": Category(missing=True)},
            links=(Link(columns=("person",), table="people", to=("id",)),),
        ),
    },
)


def dataset() -> Dataset:
    people = pl.DataFrame({"id": [1, 2], "born": ["1970-01-31", "2001-12-01"]}).with_columns(
        pl.col("born").str.to_date()
    )
    return Dataset({"people": people, "visits": pl.DataFrame({"person": [2, 2, 1], "ward": ["a", None, "b"]})}, SCHEMA)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".jsonl", ".arrow", ".xlsx"])
def test_a_folder_is_read_back_as_it_was(tmp_path: Path, ending: str) -> None:
    write_folder(dataset(), tmp_path / "out", ending=ending)
    back = read(tmp_path / "out")
    assert back.schema == SCHEMA
    for name, table in dataset().tables.items():
        assert_frame_equal(back.tables[name], table)


def test_a_folder_is_written_in_blocks_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("mine")
    (tmp_path / "people.csv").write_text("old")
    empty = dataset().map(lambda table: table.head(0))
    with FolderWriter(tmp_path, SCHEMA) as writer:
        for block in (dataset(), empty, dataset()):
            writer.write(block)
    assert writer.rows == {"people": 4, "visits": 6}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.md", "people.csv", "schema.yaml", "visits.csv"]
    assert read_folder(tmp_path).tables["visits"].height == 6


@pytest.mark.parametrize("there", [True, False])
def test_nothing_is_left_of_a_folder_that_fails(tmp_path: Path, there: bool) -> None:
    out = tmp_path / "out"
    if there:
        out.mkdir()
        (out / "people.csv").write_text("old")
    with pytest.raises(RuntimeError), FolderWriter(out, SCHEMA) as writer:
        writer.write(dataset())
        raise RuntimeError
    assert out.exists() == there and [path.name for path in tmp_path.iterdir()] == (["out"] if there else [])
    assert not there or [(path.name, path.read_text()) for path in out.iterdir()] == [("people.csv", "old")]


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, a folder is needed"):
        write_folder(dataset(), tmp_path / "file")
    with pytest.raises(DataError, match=r"cannot write `\.foo` files"):
        write_folder(dataset(), tmp_path / "out", ending=".foo")
    escaping = Schema(unit="../x", tables={"../x": SCHEMA.tables["people"]})
    with pytest.raises(OutputError, match="No file can be called"):
        FolderWriter(tmp_path / "out", escaping)


def test_what_is_wrong_with_a_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds no table"):
        read(tmp_path)
    write_folder(dataset(), tmp_path)
    (tmp_path / "visits.csv").rename(tmp_path / "visit.csv")
    with pytest.raises(NotFoundError, match=r"no file of the table `visits`. Did you mean `visit`\?"):
        read(tmp_path)
    (tmp_path / "visit.parquet").write_bytes(b"")
    with pytest.raises(DataError, match=r"holds `visit` twice: visit.csv and visit.parquet"):
        read(tmp_path)


def test_without_a_schema_tables_are_understood_one_by_one(tmp_path: Path) -> None:
    write_folder(dataset(), tmp_path)
    (tmp_path / "schema.yaml").unlink()
    back = read(tmp_path)
    assert back.schema.unit == "people" and back.schema.tables["people"].columns["born"].kind == "moment"
    assert_frame_equal(read(tmp_path, SCHEMA).tables["people"], dataset().tables["people"])


def test_frames_by_name_are_several_tables() -> None:
    data = read(dataset().tables, SCHEMA)
    assert data.schema == SCHEMA and data.units == 2
    assert list(read(dataset().tables)) == ["people", "visits"]
    with pytest.raises(NotFoundError, match="There is no table `visits`"):
        read({"people": dataset().tables["people"]}, SCHEMA)


def test_one_of_several_tables_is_a_dataset_of_its_own() -> None:
    visits = dataset()["visits"]
    assert visits.name == "visits" and visits["person"].to_list() == [2, 2, 1]
    assert visits.to_polars().columns == ["person", "ward"]
    assert list(visits) == ["person", "ward"]
    with pytest.raises(NotFoundError, match=r"No table `visit`\. Did you mean `visits`"):
        dataset()["visit"]


def test_a_verb_for_one_table_says_so(tmp_path: Path) -> None:
    write_folder(dataset(), tmp_path)
    with pytest.raises(DataError, match=r'for one table, and there are 2: people, visits. .* data\["people"\]'):
        sy.fit(tmp_path, "marginals")


def test_links_are_shown() -> None:
    assert "visits: 3 rows, 2 columns; person -> people (id)" in str(inspect(dataset()))
    assert "  person -> people (id)" in str(SCHEMA)
