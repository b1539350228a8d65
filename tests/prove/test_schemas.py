"""Schemas of SQL, proved by the servers they were written for: rows load with all constraints on."""

import importlib.util
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

import servers
from synthesist.data.dataset import Dataset
from synthesist.verbs.named import as_model

pytestmark = pytest.mark.prove

TESTS = Path(__file__).parents[1]
DDL = TESTS / "schemas" / "ddl"


def loaded(path: Path) -> ModuleType:
    """A file of Python that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


engines = loaded(TESTS.parent / "benchmarks" / "_engines.py")


@pytest.mark.parametrize("name", ["shop.postgres.sql", "petclinic.postgres.sql"])
def test_rows_load_into_postgresql(name: str) -> None:
    data = as_model(DDL / name, {}).sample(1_500, seed=1)
    with servers.postgres() as server:
        server.says((DDL / name).read_text("utf-8"))
        for table, file in files(data, server.folder).items():
            columns = ", ".join(f'"{column}"' for column in data.tables[table].columns)
            server.says(f"\\copy \"{table}\" ({columns}) FROM '{file}' WITH (FORMAT csv, HEADER, NULL 'NULL')")
            assert int(server.says(f'SELECT count(*) FROM "{table}"')) == data.tables[table].height


def test_rows_load_into_mariadb() -> None:
    source = DDL / "petclinic.mysql.sql"
    data = as_model(source, {}).sample(1_500, seed=1)
    with servers.mariadb() as server:
        server.says("CREATE DATABASE t; USE t; " + source.read_text("utf-8"))
        for table, file in files(data, server.folder).items():
            columns = ", ".join(f"`{column}`" for column in data.tables[table].columns)
            form = "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' ESCAPED BY '' IGNORE 1 LINES"
            server.says(
                f"SET sql_mode = 'STRICT_ALL_TABLES'; "
                f"LOAD DATA INFILE '{file}' INTO TABLE t.`{table}` {form} ({columns})"
            )
            assert int(server.says(f"SELECT count(*) FROM t.`{table}`")) == data.tables[table].height


@pytest.mark.parametrize(
    ("name", "dialect"), [("constructs.postgres.sql", "postgres"), ("constructs.mysql.sql", "mysql")]
)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of what is held by columns being empty
def test_every_construct_that_is_read_is_one_a_server_takes_rows_of(name: str, dialect: str, tmp_path: Path) -> None:
    data = as_model(DDL / name, {}).sample(400, seed=1)
    with engines.OPEN:
        assert engines.fault_of(dialect, (DDL / name).read_text("utf-8"), data.tables, tmp_path) == ""


def files(data: Dataset, folder: Path) -> dict[str, Path]:
    """A file for every table, in the order in which they can be loaded; servers of other users may read them."""
    folder.chmod(0o755)
    out = {}
    for name, rows in data.tables.items():
        rows.with_columns(pl.col(pl.Boolean).cast(pl.Int8)).write_csv(
            path := folder / f"{name}.csv", null_value="NULL", quote_style="non_numeric"
        )
        path.chmod(0o644)
        out[name] = path
    return out
