"""A live database gives the same subset as the same tables in memory, and only its keys are read on the way."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.data.databases import Database, opened
from synthesist.data.dataset import Dataset
from synthesist.errors import ConditionError, OutputError, SpecError
from synthesist.testing.tables import related
from synthesist.transforms.subset import Subset
from synthesist.transforms.subset.live import Live
from synthesist.transforms.subset.memory import Memory

OPTIONS = [
    {"share": 0.2},
    {"where": {"customers": "country = 'NO' AND id > 20"}, "share": 0.5, "links": {"lines.order": {"most": 1}}},
    {"keys": {"orders": [3, 7]}, "links": {"notes": {"of": "all"}, "customers.advised_by": {"cut": True}}},
    {"share": {"orders": 0.3}, "lookups": 0, "without": ("products",), "virtual": ("visits.customer -> customers.id",)},
    {"where": {"visits": "customer < 30"}, "share": 0.5, "others": "whole"},
]


@pytest.fixture(scope="module")
def shop() -> Dataset:
    """The shop, whose visits have no key."""
    data = related()
    visits = data.schema.tables["visits"].model_copy(update={"key": ()})
    return Dataset(data.tables, data.schema.model_copy(update={"tables": {**data.schema.tables, "visits": visits}}))


@pytest.fixture(scope="module")
def address(shop: Dataset, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same in a database."""
    where = f"sqlite:///{tmp_path_factory.mktemp('live') / 'shop.db'}"
    sy.write(shop, where)
    return where


@pytest.mark.parametrize("options", OPTIONS, ids=range(len(OPTIONS)))
def test_a_database_gives_the_rows_that_memory_gives(shop: Dataset, address: str, options: dict) -> None:
    spec = Subset(**options)
    want = spec.select(Memory(shop), Context.seeded(5))
    with opened(address) as database:
        database.schema = database.schema.model_copy(update={"unit": "customers"})
        got = spec.select(Live(database), Context.seeded(5))
        made = got.data
    told = [chosen.account.tables.sort("table") for chosen in (want, got)]
    assert told[0].equals(told[1])
    for name, table in want.data.tables.items():
        assert made.tables[name].sort(table.columns).rows() == table.sort(table.columns).rows(), name
        key = made.schema.tables[name].key
        assert not key or made.tables[name].equals(made.tables[name].sort(key))


def test_only_keys_are_read_before_the_rows(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, frozenset[str]]] = []

    def watched(name: str) -> Callable[..., object]:
        real = getattr(Database, name)

        def call(self: Database, table: str, *args: object, **named: object) -> object:
            columns = {"matching": 2, "blocks": 0}[name]
            wanted = args[columns] if len(args) > columns else named.get("columns")
            read.append((table, frozenset(wanted or self.schema.tables[table].columns)))
            return real(self, table, *args, **named)

        return call

    for name in ("matching", "blocks"):
        monkeypatch.setattr(Database, name, watched(name))
    with opened(address) as database:
        chosen = Subset(where={"customers": "id < 30"}, others="whole").select(Live(database), Context.seeded(0))
        assert ("orders", frozenset({"id", "customer"})) in read
        assert all("total" not in columns and "price" not in columns for _, columns in read)
        read.clear()
        assert chosen.data.tables["orders"].columns == ["id", "customer", "total"]
        assert ("orders", frozenset({"id", "customer", "total"})) in read


def test_conditions_may_be_in_the_words_of_the_database(address: str) -> None:
    made = sy.subset(address, where={"orders": ({"sql": "abs(total) < 60 and id % 2 = 0"}, "total > 20")}).data
    assert made is not None
    drawn = made.tables["orders"]
    assert drawn.height and drawn["total"].is_between(20, 60).all() and (drawn["id"] % 2 == 0).all()
    with pytest.raises(ConditionError, match="No row"):
        sy.subset(address, where={"orders": {"sql": "1 = 0"}})


def test_from_a_database_masked_into_another(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASK_KEY", "0123456789abcdef0123456789abcdef")
    key = {"do": "pseudonym"}
    small, other = (f"sqlite:///{tmp_path / name}.db" for name in ("small", "masked"))
    kept = sy.subset(address, small, share={"orders": 0.1}).account
    hidden = sy.transform("mask", small, columns={"code": key, "country": key}, key={"env": "MASK_KEY"})
    sy.write(hidden, other)
    made = sy.read(other)
    assert {name: made.tables[name].height for name in made.tables} == dict(kept.tables.select("table", "kept").rows())
    codes = made.tables["countries"]["code"]
    assert codes.str.len_chars().min() > 4
    assert set(made.tables["customers"]["country"].drop_nulls()) <= set(codes)
    assert [link.table for link in made.schema.tables["customers"].links if link.columns == ("country",)] == [
        "countries"
    ]


def test_a_database_is_not_written_into_itself_and_has_its_own_schema(address: str, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="it is read, too"):
        sy.subset(address, address, share={"orders": 0.1})
    with pytest.raises(SpecError, match="name links in `virtual`"):
        sy.subset(address, share=0.1, schema=tmp_path / "schema.yaml")


def test_memory_is_for_what_is_kept(tmp_path: Path) -> None:
    """Of a large table without a key only rows of the subset are remembered."""
    rows = 200_000
    logs = pl.DataFrame({"user": range(rows), "text": ["x" * 50] * rows})
    where = f"sqlite:///{tmp_path / 'logs.db'}"
    sy.write({"logs": logs, "users": pl.DataFrame({"id": [1]})}, where)
    with opened(where) as database:
        live = Live(database)
        chosen = Subset(share={"logs": 0.01}, others="empty").select(live, Context.seeded(0))
        assert len(chosen.closure.rows["logs"]) == rows // 100
        assert live._known("logs").apart.height < rows // 50
        assert sum(block.tables["logs"].height for block in chosen.blocks()) == rows // 100
