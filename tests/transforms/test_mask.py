"""What masking hides, what it keeps, and what it refuses."""

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synthesist.core import Context, SecretRef
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Audio, Bounds, Categories, Category, Constant, Id, Integer, Kind, Moment, Number, Text
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import NotFoundError, SpecError, UnsuitableError
from synthesist.transforms.mask import Mask

CTX = Context.seeded(0)


def column(cells: list[Any], kind: Kind) -> Dataset:
    """One column `x`."""
    table = TableSchema(columns={"x": kind})
    return Dataset({"t": pl.DataFrame({"x": pl.Series(cells, dtype=kind.storage)})}, Schema(tables={"t": table}))


def masked(data: Dataset, **columns: Mapping[str, Any]) -> Dataset:
    return Mask.build({"columns": columns}).apply(data, CTX)


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("MASK_KEY", "correct horse battery staple")
    return {"env": "MASK_KEY"}


# --------------------------------------------------------------------------- what each action does


@pytest.mark.parametrize(
    ("action", "kind", "cells", "want"),
    [
        ({"do": "redact"}, Text(), ["Ann", "", None], ["****", "****", None]),
        ({"do": "redact", "text": "[name]"}, Text(), ["Ann", None], ["[name]", None]),
        ({"do": "redact", "keep_last": 4}, Category(), ["0301234", "030-551234", None], ["****", "****1234", None]),
        ({"do": "redact", "keep_first": 1, "keep_last": 1}, Category(), ["Grüße", "ab"], ["G****e", "****"]),
        ({"do": "redact", "keep_first": 2}, Integer(), [123456, None], ["12****", None]),
        ({"do": "round", "step": 5}, Integer(), [37, 38, -7, -8, None], [35, 40, -5, -10, None]),
        ({"do": "round", "step": 10}, Integer(), [5, 15, -5], [10, 20, 0]),
        ({"do": "round", "step": 0.05}, Number(), [0.12, 0.13, None], [0.1, 0.15, None]),
        ({"do": "round", "step": 1000}, Number(), [1499.9, 1500.0], [1000.0, 2000.0]),
        (
            {"do": "round", "unit": "month"},
            Moment(precision="d"),
            [date(1969, 12, 31), None],
            [date(1969, 12, 1), None],
        ),
        ({"do": "round", "unit": "year"}, Moment(), [datetime(2024, 5, 6, 7)], [date(2024, 1, 1)]),
        ({"do": "round", "unit": "day"}, Moment(), [datetime(2024, 5, 6, 7)], [date(2024, 5, 6)]),
        ({"do": "null"}, Integer(), [1, 2], [None, None]),
    ],
)
def test_each_action(action: dict[str, Any], kind: Kind, cells: list[Any], want: list[Any]) -> None:
    made = masked(column(cells, kind), x=action)
    assert made["x"].to_list() == want
    assert made["x"].dtype == made.kinds["x"].storage


def test_drop_removes_the_column_its_key_and_the_rules_that_name_it() -> None:
    kinds = {"id": Id(whole=True), "a": Integer(), "b": Integer()}
    table = TableSchema(columns=kinds, key=("id",), rules=("a <= b", "b >= 0"))
    data = Dataset({"t": pl.DataFrame({"id": [1, 2], "a": [1, 2], "b": [3, 4]})}, Schema(tables={"t": table}))
    made = masked(data, id={"do": "drop"}, a={"do": "drop"})
    assert made.table.columns == ["b"]
    assert made.kinds.key == () and made.kinds.rules == ("b >= 0",)
    assert data.table.columns == ["id", "a", "b"]


@pytest.mark.parametrize(
    ("action", "before", "after"),
    [
        (
            {"do": "round", "step": 10},
            Integer(bounds=Bounds(low=17, high=94, origin="detected"), stored="Int32"),
            Integer(bounds=Bounds(low=20, high=90, origin="detected"), stored="Int32", step=10),
        ),
        (
            {"do": "round", "step": 0.25},
            Number(decimals=3, bounds=Bounds(low=0.111, high=9.9)),
            Number(decimals=2, bounds=Bounds(low=0.0, high=10.0)),
        ),
        (
            {"do": "round", "unit": "year"},
            Moment(bounds=Bounds(low="1931-04-05T00:00:00", high=None)),
            Moment(precision="d", bounds=Bounds(low="1931-01-01T00:00:00")),
        ),
        ({"do": "null"}, Category(values=Categories(items=("HIV", "flu"))), Constant(missing=True)),
        (
            {"do": "redact"},
            Category(values=Categories(items=("HIV", "flu")), pii="diagnosis"),
            Category(values=Categories(items=("****",)), why="redacted"),
        ),
        ({"do": "pseudonym"}, Integer(bounds=Bounds(low=17, high=94)), Category(why="pseudonyms")),
        ({"do": "pseudonym"}, Id(whole=True, missing=True), Id(why="pseudonyms", missing=True)),
    ],
)
def test_the_schema_tells_no_more_than_the_cells(action: dict[str, Any], before: Kind, after: Kind) -> None:
    assert masked(column([None], before), x=action).kinds["x"] == after


# --------------------------------------------------------------------------- pseudonyms


def test_the_same_value_gets_the_same_pseudonym_in_every_table(key: dict[str, str]) -> None:
    patients = TableSchema(columns={"id": Id(whole=True)}, key=("id",))
    visits = TableSchema(columns={"id": Number()}, links=(Link(columns=("id",), table="patients", to=("id",)),))
    data = Dataset(
        {"patients": pl.DataFrame({"id": [1, 2, 3]}), "visits": pl.DataFrame({"id": [3.0, None, 1.0, 3.0]})},
        Schema(tables={"patients": patients, "visits": visits}, unit="patients"),
    )
    made = Mask.build({"key": key, "columns": {"id": {"do": "pseudonym", "prefix": "P-"}}}).apply(data, CTX)
    one, two, three = made.tables["patients"]["id"]
    assert made.tables["visits"]["id"].to_list() == [three, None, one, three]
    assert len({one, two, three}) == 3 and all(code.startswith("P-") and len(code) == 18 for code in (one, two, three))
    assert made.schema.tables["patients"].key == ("id",) and made.schema.tables["visits"].links


def by_hand(key: bytes, value: bytes) -> str:
    """A pseudonym as the docstring describes it: 16 bits of the code for each of 16 characters."""
    bits = blake2b(value, key=blake2b(key).digest()).digest()
    shares = [int.from_bytes(bits[2 * i : 2 * i + 2], "big") / 2**16 for i in range(16)]
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[int(share * 32)] for share in shares)


def test_pseudonyms_follow_from_the_key_alone(key: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    data, columns = column(["Ann", "Bob"], Text()), {"x": {"do": "pseudonym"}}
    keyed = Mask.build({"key": key, "columns": columns})
    first = keyed.apply(data, CTX)["x"].to_list()
    assert first == keyed.apply(data, Context.seeded(9))["x"].to_list()
    assert first == [by_hand(b"correct horse battery staple", name) for name in (b"Ann", b"Bob")]
    monkeypatch.setenv("MASK_KEY", "another key, as long as needed")
    assert first != keyed.apply(data, CTX)["x"].to_list()


def test_without_a_key_no_two_calls_can_be_linked() -> None:
    data = column(["Ann"], Text())
    assert masked(data, x={"do": "pseudonym"})["x"][0] != masked(data, x={"do": "pseudonym"})["x"][0]


def test_pseudonyms_that_may_collide_are_refused_and_the_length_that_is_needed_is_told() -> None:
    data = column(list(range(2000)), Integer())
    with pytest.raises(SpecError, match=r"`x` has 2,000 different values.*Take a length of 9 or more"):
        masked(data, x={"do": "pseudonym", "length": 8})
    assert masked(data, x={"do": "pseudonym", "length": 9})["x"].n_unique() == 2000
    assert set("".join(masked(data, x={"do": "pseudonym", "length": 32, "alphabet": "äbc"})["x"])) == set("äbc")


# --------------------------------------------------------------------------- secrets


def test_a_secret_is_never_held_nor_shown(key: dict[str, str]) -> None:
    mask = Mask.build({"key": key, "columns": {"x": {"do": "pseudonym"}}})
    mask.apply(column(["Ann"], Text()), CTX)
    assert "horse" not in f"{mask!r} {mask.describe()} {mask.__dict__}"


def test_a_secret_can_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("sixteen bytes or more\n")
    assert SecretRef(file=str(tmp_path / "key")).reveal() == b"sixteen bytes or more"


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ({"env": "NOT_SET_ANYWHERE"}, "no secret in the environment variable NOT_SET_ANYWHERE"),
        ({"file": "/nowhere/key"}, "Cannot read the secret from the file /nowhere/key"),
        ({"env": "SHORT"}, "has 5 bytes"),
        ({"env": "A", "file": "b"}, "one place"),
        ({}, "one place"),
        ({"value": "hunter2"}, "no such option"),
    ],
)
def test_secrets_that_cannot_be_used(reference: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHORT", "short")
    with pytest.raises(SpecError, match=said):
        Mask.build({"key": reference, "columns": {"x": {"do": "pseudonym"}}}).apply(column(["Ann"], Text()), CTX)


# --------------------------------------------------------------------------- refusals


def test_unknown_columns_are_all_named_with_hints() -> None:
    with pytest.raises(NotFoundError, match=r"no column `X`[\s\S]*no column `xx`\. Did you mean `x`"):
        masked(column([1], Integer()), X={"do": "drop"}, xx={"do": "drop"})


@pytest.mark.parametrize(
    ("action", "kind", "said"),
    [
        ({"do": "round", "step": 5}, Category(), "is a category and cannot be rounded"),
        ({"do": "round", "unit": "year"}, Integer(), "`unit` is for dates"),
        ({"do": "round", "step": 5}, Moment(), "`step` is for numbers"),
        ({"do": "round", "step": 0.5}, Integer(), "give a whole step"),
        ({"do": "pseudonym"}, Audio(), "is a audio"),
    ],
)
def test_actions_that_do_not_fit_their_column(action: dict[str, Any], kind: Kind, said: str) -> None:
    with pytest.raises(UnsuitableError, match=said):
        masked(column([None], kind), x=action)


@pytest.mark.parametrize(
    "action",
    [
        {"do": "round"},
        {"do": "round", "step": 5, "unit": "day"},
        {"do": "round", "step": -1},
        {"do": "blur"},
        {"do": "redact", "keep": 4},
        {"do": "pseudonym", "alphabet": "aa"},
        {"do": "pseudonym", "length": 0},
    ],
)
def test_actions_that_make_no_sense(action: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"columns\.x"):
        masked(column([1], Integer()), x=action)


def test_a_link_with_one_side_masked_is_refused() -> None:
    patients = TableSchema(columns={"id": Id(whole=True)}, key=("id",))
    visits = TableSchema(columns={"who": Integer()}, links=(Link(columns=("who",), table="patients", to=("id",)),))
    data = Dataset(
        {"patients": pl.DataFrame({"id": [1]}), "visits": pl.DataFrame({"who": [1]})},
        Schema(tables={"patients": patients, "visits": visits}, unit="patients"),
    )
    with pytest.raises(UnsuitableError, match=r"`who` refers to `patients\.id`"):
        masked(data, id={"do": "pseudonym"})
