"""Addresses: their parts, and what is never shown of them."""

from pathlib import Path

import pytest

from synthesist.data.databases import Address, is_address
from synthesist.data.places import place
from synthesist.errors import SpecError


@pytest.mark.parametrize(
    "text",
    ["postgresql://h/d", "postgresql+psycopg2://h/d", "mariadb://h/d", "sqlite:///x.db", "duckdb:///x", "a/b.DB", Path("x.sqlite3"), "x.duckdb"],
)  # fmt: skip
def test_what_is_an_address(text: str | Path) -> None:
    assert is_address(text)
    assert isinstance(place(text), Address)


@pytest.mark.parametrize("text", ["x.csv", "folder", "https://h/d.csv", 3, None, {"a": [1]}, Path("x.parquet")])
def test_what_is_none(text: object) -> None:
    assert not is_address(text)


def test_parts() -> None:
    found = Address.of("postgresql://ann:p%40ss@db.example.org:5433/my%20shop?tables=a,b&sslmode=require&mode=replace")
    assert (found.user, found.password, found.host, found.port) == ("ann", "p@ss", "db.example.org", "5433")
    assert (found.database, found.tables, found.option("mode")) == ("my shop", ("a", "b"), "replace")
    assert found.for_driver == {"sslmode": "require"}
    assert Address.of("mysql://root@[::1]:3307/shop").host == "::1"
    assert Address.of("sqlite:////tmp/x.db").database == "/tmp/x.db"
    assert Address.of("sqlite:///x.db") == Address.of("x.db") == Address.of(Address.of(Path("x.db")))


def test_secrets_are_taken_from_the_environment_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP", "geh/eim@:")
    found = Address.of("mysql://ann:${SHOP}@h/d")
    assert found.known().password == "geh/eim@:"
    for address in (found, found.known(), Address.of("mysql://ann:geheim@h/d")):
        assert "geh" not in repr(address) and str(address) == "mysql://ann:***@h/d"
    assert found.hidden("Access denied: geh/eim@:") == "Access denied: ***"
    with pytest.raises(SpecError, match="NOWHERE"):
        Address.of("mysql://ann:${NOWHERE}@h/d").known()


@pytest.mark.parametrize("text", ["postgresql://h", "oracle://h/d", "x.csv", "sqlite://"])
def test_what_cannot_be_one_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        Address.of(text)
