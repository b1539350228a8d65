"""Delta tables: a new version at once, or none; read back as they were."""

from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.data.dataset import Dataset
from synthesist.data.delta import DeltaWriter
from synthesist.errors import DataError, OutputError
from synthesist.testing.inside import fits

deltalake = pytest.importorskip("deltalake")
PAGE = Path(__file__).parents[2] / "examples" / "tables" / "shop.yaml"
COLUMNS = {
    "id": {"is": "keys"},
    "at": {"is": "dates", "start": "2024-01-01", "end": "2024-12-31", "precision": "us", "missing": 0.2},
    "day": {"is": "dates", "start": "2024-01-01", "end": "2024-12-31"},
    "state": {"is": "categorical", "values": ["open", "paid"], "missing": 0.1},
    "right": {"is": "bernoulli", "p": 0.5},
    "price": {"is": "lognormal", "decimals": 2},
}


def rows(n: int, seed: int = 0) -> Dataset:
    made: Dataset = sy.sample("columns", n, seed=seed, columns=COLUMNS)
    return made


def test_one_table_in_blocks_is_read_back(tmp_path: Path) -> None:
    data = rows(5_000)
    with DeltaWriter(tmp_path / "orders.delta", data.schema) as writer:
        for start in range(0, 5_000, 2_000):
            writer.write(data.with_table(data.table.slice(start, 2_000)))
    assert writer.rows == {"table": 5_000}
    back = sy.read(tmp_path / "orders.delta")
    fits(back, data.schema, 5_000)
    assert back.table.sort("id").equals(data.table.sort("id"))
    assert pl.DataFrame(deltalake.DeltaTable(tmp_path / "orders.delta").to_pyarrow_table()).height == 5_000


def test_a_new_version_replaces_or_adds_and_the_old_ones_stay(tmp_path: Path) -> None:
    path, sizes = tmp_path / "orders.delta", []
    for mode, n in (("replace", 100), ("append", 50), ("replace", 30)):
        data = rows(n, seed=n)
        with DeltaWriter(path, data.schema, mode) as writer:
            writer.write(data)
        sizes.append(sy.read(path).units)
    assert sizes == [100, 150, 30]
    assert deltalake.DeltaTable(path, version=1).count() == 150


def test_an_error_leaves_all_as_it_was(tmp_path: Path) -> None:
    path, data = tmp_path / "orders.delta", rows(20)
    with pytest.raises(KeyError), DeltaWriter(path, data.schema) as writer:
        writer.write(data)
        raise KeyError
    assert not path.exists()
    with DeltaWriter(path, data.schema) as writer:
        writer.write(data)
    before = sorted(file.name for file in path.rglob("*"))
    with pytest.raises(KeyError), DeltaWriter(path, data.schema) as writer:
        writer.write(data)
        raise KeyError
    assert sorted(file.name for file in path.rglob("*")) == before and sy.read(path).units == 20


def test_related_tables_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(PAGE), "-n", "25", "--seed", "2", "-o", "shop.delta"]) == 0
    wanted: Dataset = sy.sample(str(PAGE), 25, seed=2)
    data = sy.read("shop.delta")
    fits(data, wanted.schema, 25)
    assert all(data.tables[name].sort(pl.all()).equals(table.sort(pl.all())) for name, table in wanted.tables.items())


def test_what_cannot_be_is_told(tmp_path: Path) -> None:
    data = rows(5)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file.txt").write_text("x")
    with pytest.raises(OutputError, match="holds no Delta tables"):
        DeltaWriter(tmp_path / "other", data.schema)
    waits = sy.sample("columns", 5, columns={"x": {"is": "durations", "unit": "s", "of": {"is": "exponential"}}})
    with pytest.raises(DataError, match=r"no type for `table\.x`"):
        DeltaWriter(tmp_path / "waits.delta", waits.schema)
    (tmp_path / "bad.delta" / "_delta_log").mkdir(parents=True)
    (tmp_path / "bad.delta" / "_delta_log" / f"{0:020}.json").write_text("{}")
    with pytest.raises(DataError, match="is damaged"):
        sy.read(tmp_path / "bad.delta")
