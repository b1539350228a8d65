"""UUIDs and ULIDs: versions, order, times, and never one twice."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import polars as pl
import pytest
from scipy import stats

import synthesist as sy
from synthesist.core import Context
from synthesist.data.kinds import Id
from synthesist.errors import DataError, SpecError
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.universal import ulids, uuids
from synthesist.verbs.drawing import sample

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SEVEN = {"uuid": 7, "start": "2024-01-01"}
ULID = {"ulid": True, "start": "2024-01-01"}


def declared(**options: object) -> Columns:
    return Columns.build({"columns": {"x": {"is": "keys", **options}}})


def one(n: int, row: int = 0, seed: int = 0, **options: object) -> pl.Series:
    return declared(**options).sample(n, Context(path=(str(seed), "block", str(row)), start=row)).table["x"]


def number(ulid: str) -> int:
    value = 0
    for sign in ulid:
        value = 32 * value + CROCKFORD.index(sign)
    return value


@pytest.mark.parametrize("options", [{"uuid": 4}, SEVEN], ids=["4", "7"])
def test_uuids_are_of_their_version_and_unique_over_blocks(options: dict[str, object]) -> None:
    whole = one(20_000, **options)
    assert whole.n_unique() == 20_000
    assert {(key.version, key.variant) for key in map(UUID, whole)} == {(options["uuid"], "specified in RFC 4122")}
    assert all(str(UUID(key)) == key for key in whole.head(100))
    assert pl.concat([one(10_000, row=s, **options) for s in (0, 10_000)]).equals(whole)
    assert not set(whole) & set(one(20_000, seed=1, **options))


@pytest.mark.parametrize("options", [SEVEN, ULID], ids=["uuid", "ulid"])
@pytest.mark.parametrize("per_second", [1e-6, 1 / 7, 1.0, 333.3, 1e6])
def test_keys_sort_as_their_rows_come_and_tell_when(options: dict[str, object], per_second: float) -> None:
    start = 10_000_000 if per_second >= 1 else 0
    keys = one(5000, row=start, per_second=per_second, **options)
    assert keys.is_sorted() and keys.n_unique() == 5000
    first = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    for i in (0, 1, 4999):
        milliseconds = UUID(keys[i]).int >> 80 if "uuid" in options else number(keys[i]) >> 80
        assert milliseconds == pytest.approx(1000 * (first + (start + i) / per_second), abs=1.001)


def test_ulids_are_26_signs_of_crockford_and_hold_all_128_bits() -> None:
    keys = one(2000, **ULID)
    assert keys.str.contains(f"^[0-7][{CROCKFORD}]{{25}}$").all()
    high = np.array([0, 2**60 - 1, 0x0123456789ABCDE], dtype=np.int64)
    made = [number(text) for text in ulids(high, np.full(3, 2**64 - 1, dtype=np.uint64))]
    assert [value >> 68 for value in made] == high.tolist()
    assert [value >> 64 & 15 for value in made] == [15] * 3


def test_uuids_hold_their_number() -> None:
    high = [0, 2**60 - 1, 0x0123456789ABCDE]
    made = [UUID(text).int for text in uuids(7, np.array(high), np.zeros(3, dtype=np.uint64))]
    assert [value >> 80 << 12 | value >> 64 & 0xFFF for value in made] == high


@pytest.mark.parametrize("options", [{"uuid": 4}, ULID], ids=["uuid", "ulid"])
def test_random_signs_are_even(options: dict[str, object]) -> None:
    for place in (-1, -6, -12):
        counts = one(20_000, **options).str.slice(place, 1).value_counts()["count"].to_numpy()
        assert stats.chisquare(counts).pvalue > 0.001


def test_kinds_and_files(tmp_path) -> None:
    spec = Columns.build({"columns": {"a": {"is": "keys", "uuid": 4}, "b": {"is": "keys", **ULID}}})
    assert spec.schema.table.columns["a"] == Id(pattern="xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx")
    assert spec.schema.table.columns["b"] == Id()
    table = sample(spec, 100).table
    table.write_csv(tmp_path / "t.csv")
    assert sy.read(tmp_path / "t.csv", schema=spec.schema).table.equals(table)
    seen = sy.read(tmp_path / "t.csv")
    assert seen.table.equals(table) and {kind.kind for kind in seen.kinds.columns.values()} == {"id"}


def test_time_ends_in_the_year_10889() -> None:
    spec = declared(uuid=7, start="9999-12-31", per_second=1e-6)
    assert 20_000 < spec.most["x"] < 40_000
    assert sample(spec, spec.most["x"])["x"].is_sorted()
    with pytest.raises(DataError, match="different values"):
        sample(spec, spec.most["x"] + 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"uuid": True}, "Input should be 4 or 7"),
        ({"uuid": 1}, "Input should be 4 or 7"),
        ({"uuid": 4, "pattern": "99"}, "give `pattern` or `uuid`, not both"),
        ({"uuid": 7, "ulid": True, "start": "2024-01-01"}, "give `uuid` or `ulid`, not both"),
        ({"uuid": 7}, "give `start`"),
        ({"ulid": True}, "give `start`"),
        ({"uuid": 4, "start": "2024-01-01"}, "are for `uuid: 7` and `ulid: true`"),
        ({"per_second": 5}, "are for `uuid: 7` and `ulid: true`"),
        ({"uuid": 4, "first": 5}, "`first` is for whole numbers"),
        ({"uuid": 7, "start": "1969-12-31"}, "from 1970 on"),
        ({"uuid": 7, "start": "2024-01-01T08:00:00Z"}, "leave the zone out"),
        ({"uuid": 7, "start": "2024-01-01", "per_second": 1e9}, "less than or equal to 1000000"),
    ],
)
def test_faults(options: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        declared(**options)
