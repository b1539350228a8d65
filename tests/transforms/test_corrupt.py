"""Errors on purpose: as often as said, each what it says, labelled so that all can be undone."""

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthesist.core import Context
from synthesist.data.conform import read_column
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Bounds, Categories, Category, Id, Integer, Kind, Moment, Number, Text
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import DataError, NotFoundError, SpecError, UnsuitableError
from synthesist.testing.inside import fits
from synthesist.testing.tables import TABLES
from synthesist.transforms.corrupt import Corrupt
from synthesist.transforms.corrupt.hostile import ATTACKS
from synthesist.transforms.corrupt.labels import written
from synthesist.transforms.corrupt.spelling import LOOKALIKES, ROWS, SOUNDALIKES

LARGEST = float(np.finfo(float).max)
SINCE = Moment(precision="d", bounds=Bounds(low="2024-01-01"))
DAY = Moment(precision="d")
CTX = Context.seeded(3)
WORDS = ["Anna Müller", "Zoë van Dijk", "Jörg Strauß", "Oscar Nilsson", "phil Collier", "Mary Ann Lee"]
CELL_ERRORS: list[dict[str, Any]] = [
    *({"is": name} for name in ("typo", "case", "whitespace", "encoding", "variant", "hostile")),
    *({"is": name} for name in ("outlier", "date", "missing", "replaced", "boundary")),
    {"is": "missing", "disguised": [999, "unknown"]},
    {"is": "unit", "columns": ["income"], "unit": "major", "noted_in": "minor"},
    {"is": "swapped", "columns": ["city", "sector"]},
]
ROW_ERRORS: list[dict[str, Any]] = [
    {"is": "duplicate", "copies": {1: 0.7, 3: 0.3}, "near": [{"is": "typo", "rate": 0.4}], "place": "anywhere"},
    {"is": "duplicate", "new_keys": True, "place": "end"},
    {"is": "removed", "run": 2},
    {"is": "out_of_order", "entity": "sector"},
    {"is": "late", "time": "last_seen", "arrival": "arrived"},
]


def column(cells: list[Any], kind: Kind) -> Dataset:
    """One column `x`."""
    table = TableSchema(columns={"x": kind.model_copy(update={"missing": None in cells})})
    return Dataset({"t": pl.DataFrame({"x": pl.Series(cells, dtype=kind.storage)})}, Schema(tables={"t": table}))


def of_days(written: str) -> list[date]:
    return [date.fromisoformat(day) for day in written.split()]


def corrupted(data: Dataset, *errors: dict[str, Any], ctx: Context = CTX, **options: Any) -> Dataset:
    return Corrupt.build({"errors": errors, "labels": True, **options}).apply(data, ctx)


def restored(made: Dataset, source: Dataset) -> pl.DataFrame:
    """The clean table, from the corrupted one and its labels: as the docstring of `corrupt` says."""
    name = source.name
    table, labels = made.tables[name], made.tables[f"{name}_errors"]
    texts = {c: written(table[c], made.schema.tables[name][c]).to_list() for c in source.table.columns}
    for row, column, before in reversed(labels.select("row", "column", "before").rows()):
        if row is not None and column in texts:
            texts[column][row] = before
    said = labels.filter(pl.col("column").is_null())
    copies = set(said.filter(error="duplicate")["row"])
    moved = dict(said.filter(pl.col("error") != "duplicate").select("source_row", "row").rows())
    gone = labels.filter(pl.col("row").is_null())
    lost: dict[int, dict[str, str]] = {}
    for source_row, column, before in gone.select("source_row", "column", "before").rows():
        lost.setdefault(source_row, {})[column] = before
    rest = iter([row for row in range(table.height) if row not in copies | set(moved.values())])
    where = [None if row in lost else moved[row] if row in moved else next(rest) for row in range(source.units)]
    columns = []
    for column, cells in texts.items():
        clean = [lost[i][column] if row is None else cells[row] for i, row in enumerate(where)]
        raw = pl.Series(column, clean, dtype=pl.String)
        columns.append(raw if source[column].dtype == pl.String else read_column(raw, source.kinds[column]))
    return pl.DataFrame(columns)


# --------------------------------------------------------------------------- labels


@pytest.mark.parametrize("pile_up", [False, True])
@pytest.mark.parametrize("rows", [ROW_ERRORS[:1], ROW_ERRORS])
def test_the_clean_table_can_be_restored_exactly(rows: list[dict[str, Any]], pile_up: bool) -> None:
    source = TABLES["mixed"]()
    errors = [*({**error, "rate": 0.06} for error in CELL_ERRORS), *({**error, "rate": 0.1} for error in rows)]
    made = corrupted(source, *errors, pile_up=pile_up)
    assert len(set(made.tables["table_errors"]["error"])) == len({error["is"] for error in errors})
    assert restored(made, source).equals(source.table)
    fits(made, made.schema)


@pytest.mark.parametrize(
    "as_text", [{"is": "typo"}, {"is": "hostile"}, {"is": "boundary"}], ids=lambda error: error["is"]
)
def test_columns_become_text_where_an_error_says_so(as_text: dict[str, Any]) -> None:
    source = TABLES["mixed"]()
    made = corrupted(source, {"is": "outlier", "rate": 0.1}, {**as_text, "rate": 0.2, "as_text": True})
    assert {made.tables["table"][name].dtype for name in source.table.columns} == {pl.String}
    assert made.schema.tables["table"]["age"].why == "errors wrote text"
    assert restored(made, source).equals(source.table)
    plain = corrupted(source, {**as_text, "rate": 0.2}).tables["table"]
    assert plain["age"].dtype == pl.Int64


def test_a_removed_row_and_moved_ones_are_restored_among_many() -> None:
    source = column(list(range(500)), Integer())
    errors = [{"is": "removed", "rate": 0.1, "run": 3}, {"is": "removed", "rate": 0.1, "run": 4}]
    errors += [{"is": "out_of_order", "rate": 0.4, "places": 9}, {"is": "duplicate", "rate": 0.2, "copies": 2}]
    made = corrupted(source, *errors)
    assert not made.tables["t_errors"].filter(error="removed")["source_row"].is_duplicated().any()
    assert made.tables["t"].height != 500 and not made.tables["t"]["x"].is_sorted()
    assert restored(made, source).equals(source.table)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_of_the_suite_stays_valid(name: str) -> None:
    source = TABLES[name]().map(lambda table: table.head(300))
    cells = [] if name == "only_keys" else [{"is": "missing"}, {"is": "boundary"}, {"is": "replaced"}]
    for error in (*cells, {"is": "duplicate"}, {"is": "removed"}):
        made = corrupted(source, {**error, "rate": 0.3})
        fits(made, made.schema)
        assert restored(made, source).equals(source.table)


# --------------------------------------------------------------------------- how many, and which


@pytest.mark.parametrize("kind", ["typo", "missing", "outlier", "replaced", "boundary"])
def test_rates_are_met_even_by_later_errors_of_the_same_cells(kind: str) -> None:
    n, rate = 20_000, 0.2
    cells, of = ([f"word {i}" for i in range(n)], Text()) if kind == "typo" else ([1.5 + i for i in range(n)], Number())
    made = corrupted(column(cells, of), {"is": "missing", "rate": 0.5}, {"is": kind, "rate": rate, "when": "x == x"})
    labels = made.tables["t_errors"]
    hits = labels["error"].value_counts()
    expected = 0.5 + rate if kind == "missing" else rate
    count = hits.filter(error=kind)["count"][0]
    assert abs(count - n * expected) < 5 * np.sqrt(n * expected * (1 - expected))
    assert labels["row"].n_unique() == labels.height


def test_exact_rates_and_piled_up_errors() -> None:
    data = column([f"word {i}" for i in range(1_000)], Text())
    errors = [{"is": "typo", "rate": 0.6}, {"is": "case", "rate": 0.4}]
    once = corrupted(data, *errors, exact=True).tables["t_errors"]
    assert once["error"].value_counts(sort=True).rows() == [("typo", 600), ("case", 400)]
    assert once["row"].n_unique() == 1_000
    piled = corrupted(data, *errors, exact=True, pile_up=True).tables["t_errors"]
    assert piled.height == 1_000 and piled["row"].n_unique() < 900
    with pytest.raises(SpecError, match=r"`x` add up to more than 1.*pile_up"):
        corrupted(data, *errors, {"is": "missing", "rate": 0.1})


def test_which_rows_are_hit_depends_on_the_seed_and_their_index_alone() -> None:
    errors = [{"is": "typo", "rate": 0.3}, {"is": "duplicate", "rate": 0.2, "near": [{"is": "case", "rate": 0.5}]}]
    few, many = (column([f"word {i}" for i in range(n)], Text()) for n in (300, 2_000))
    one, other = (corrupted(data, *errors).tables["t_errors"] for data in (few, many))
    assert one.equals(other.filter(pl.col("source_row") < 300))
    assert not one.equals(corrupted(few, *errors, ctx=Context.seeded(4)).tables["t_errors"])


def test_cells_get_lost_for_a_reason() -> None:
    n = 5_000
    kinds = {"age": Integer(), "income": Number()}
    table = pl.DataFrame({"age": [18 + i % 60 for i in range(n)], "income": [1.0 * i for i in range(n)]})
    data = Dataset({"t": table}, Schema(tables={"t": TableSchema(columns=kinds)}))
    made = corrupted(data, {"is": "missing", "columns": ["income"], "rate": 0.5, "when": "age < 30"}).tables["t"]
    young = made["age"] < 30
    assert made.filter(~young)["income"].null_count() == 0
    assert made.filter(young)["income"].is_null().mean() == pytest.approx(0.5, abs=0.06)


# --------------------------------------------------------------------------- what each error does


@pytest.mark.parametrize(
    ("error", "kind", "cells", "want"),
    [
        ({"is": "case", "ways": "upper"}, Text(), ["Zoë", "7", None], ["ZOË", "7", None]),
        ({"is": "case", "ways": "locked"}, Text(), ["Zoë"], ["zOË"]),
        ({"is": "whitespace", "ways": "trailing"}, Text(), ["a b"], ["a b "]),
        ({"is": "whitespace", "ways": "nbsp"}, Text(), ["a b c", "ab"], ["a\u00a0b c", "ab"]),
        ({"is": "whitespace", "ways": "joined"}, Text(), ["a b"], ["ab"]),
        ({"is": "encoding", "ways": "cp1252"}, Text(), ["Müller", "plain"], ["MÃ¼ller", "plain"]),
        ({"is": "encoding", "ways": "latin1"}, Text(), ["10 €"], ["10 â\x82¬"]),
        ({"is": "encoding", "ways": "twice"}, Text(), ["ü"], ["ÃƒÂ¼"]),
        ({"is": "encoding", "ways": "bare"}, Text(), ["Łódź Zoë"], ["Łodz Zoe"]),
        ({"is": "encoding", "ways": "question_mark"}, Text(), ["Zoë"], ["Zo?"]),
        ({"is": "encoding", "ways": "replacement"}, Text(), ["Zoë"], ["Zo\ufffd"]),
        ({"is": "encoding", "ways": "html"}, Text(), ["Zoë"], ["Zo&#235;"]),
        ({"is": "encoding", "ways": "decomposed"}, Text(), ["Zoë", "Zoe\u0308"], ["Zoe\u0308", "Zoë"]),
        ({"is": "encoding", "ways": "bom"}, Text(), ["Zoe"], ["\ufeffZoe"]),
        ({"is": "variant", "ways": "separator"}, Category(), ["in stock", "sold-out"], ["in_stock", "sold out"]),
        ({"is": "variant", "ways": "abbreviation"}, Category(), ["Germany", "UK"], ["Ger.", "UK"]),
        ({"is": "variant", "ways": "synonym", "synonyms": {"Germany": ["DE"]}}, Category(), ["Germany"], ["DE"]),
        ({"is": "outlier", "ways": "sign"}, Integer(), [7, 0, None], [-7, 0, None]),
        ({"is": "outlier", "ways": "factor", "factor": 10}, Number(), [1.5, 1e308], [15.0, LARGEST]),
        ({"is": "unit", "columns": ["x"], "unit": "kg", "noted_in": "lb"}, Number(decimals=1), [80.0], [176.4]),
        ({"is": "unit", "columns": ["x"], "unit": "C", "noted_in": "F"}, Integer(), [37, -40], [99, -40]),
        ({"is": "unit", "columns": ["x"], "unit": "cm", "noted_in": "in"}, Number(decimals=0), [254.0], [100.0]),
        ({"is": "unit", "columns": ["x"], "unit": "major", "noted_in": "minor"}, Number(decimals=2), [19.99], [1999.0]),
        ({"is": "unit", "columns": ["x"], "unit": "s", "noted_in": "ms"}, Integer(), [3], [3000]),
        ({"is": "date", "ways": "day_month"}, DAY, of_days("2024-03-04 2024-03-14"), of_days("2024-04-03 2024-03-14")),
        ({"is": "date", "ways": "two_digit_year"}, DAY, of_days("1998-03-04"), of_days("0098-03-04")),
        ({"is": "missing"}, Integer(), [1, 2], [None, None]),
        ({"is": "missing", "disguised": [999, "unknown"]}, Integer(), [1, None], [999, None]),
        ({"is": "missing", "disguised": [999, "unknown"]}, Category(), ["a", None], ["unknown", None]),
        ({"is": "replaced"}, Category(), ["a", "b", "a"], ["b", "a", "b"]),
        ({"is": "boundary", "ways": "bound"}, Integer(bounds=Bounds(low=5, high=5)), [7], [5]),
        ({"is": "boundary", "ways": "beyond"}, Number(decimals=1, bounds=Bounds(high=9.5)), [7.0], [9.6]),
        ({"is": "boundary", "ways": "minus_one"}, Number(), [7.0, None], [-1.0, -1.0]),
        ({"is": "boundary", "ways": "empty"}, Text(), ["a"], [""]),
        ({"is": "boundary", "ways": "beyond"}, SINCE, of_days("2024-05-05"), of_days("2023-12-31")),
    ],
)  # fmt: skip
def test_each_error(error: dict[str, Any], kind: Kind, cells: list[Any], want: list[Any]) -> None:
    made = corrupted(column(cells, kind), {**error, "rate": 1.0})
    assert made.tables["t"]["x"].to_list() == want
    assert made.tables["t_errors"].height == sum(a != b for a, b in zip(cells, want, strict=True))
    fits(made, made.schema)


def one_edit(word: str, other: str) -> bool:
    """Whether a letter was put in, left out or replaced, or two changed places (Damerau 1964)."""
    if len(word) == len(other):
        at = [i for i in range(len(word)) if word[i] != other[i]]
        swapped = len(at) == 2 and at[1] == at[0] + 1 and word[at[0]] + word[at[1]] == other[at[1]] + other[at[0]]
        return len(at) == 1 or swapped
    short, long = sorted((word, other), key=len)
    return len(long) == len(short) + 1 and any(long[:i] + long[i + 1 :] == short for i in range(len(long)))


def test_typos_are_slips_of_one_place() -> None:
    cells = WORDS * 200
    ways = ["neighbour", "swapped", "dropped", "doubled"]
    labels = corrupted(column(cells, Text()), {"is": "typo", "rate": 1, "ways": ways}).tables["t_errors"]
    assert labels.height == len(cells) and set(labels["way"]) == set(ways)
    assert all(one_edit(before, after) for before, after in labels.select("before", "after").rows())
    lengths = labels.with_columns(grown=pl.col("after").str.len_chars().cast(int) - pl.col("before").str.len_chars())
    assert dict(lengths.group_by("way").agg(pl.col("grown").unique().implode().first()).rows()) == {
        "neighbour": [0], "swapped": [0], "dropped": [-1], "doubled": [1]
    }  # fmt: skip
    places = {next(i for i, (a, b) in enumerate(zip(f"{x} ", f"{y} ", strict=False)) if a != b)
              for x, y in labels.select("before", "after").rows()}  # fmt: skip
    assert places >= set(range(10))  # anywhere in the word


@pytest.mark.parametrize("keyboard", sorted(ROWS))
def test_neighbours_lie_beside_each_other_on_the_keyboard(keyboard: str) -> None:
    error = {"is": "typo", "rate": 1, "ways": "neighbour", "keyboard": keyboard}
    labels = corrupted(column(["Aqua yes Zwölf"] * 300, Text()), error).tables["t_errors"]
    at = {sign: (row, place + row / 2) for row, line in enumerate(ROWS[keyboard]) for place, sign in enumerate(line)}
    for before, after in labels.select("before", "after").rows():
        ((old, new),) = ((a, b) for a, b in zip(before, after, strict=True) if a != b)
        (r, p), (s, q) = at[old.lower()], at[new.lower()]
        assert abs(r - s) <= 1 and abs(p - q) <= 1
        assert old.islower() or new == new.upper()


@pytest.mark.parametrize(("way", "table"), [("lookalike", LOOKALIKES), ("soundalike", SOUNDALIKES)])
def test_what_looks_or_sounds_alike(way: str, table: dict[str, Any]) -> None:
    labels = corrupted(column(WORDS * 100, Text()), {"is": "typo", "rate": 1, "ways": way}).tables["t_errors"]
    for before, after in labels.select("before", "after").rows():
        low, lowered = (before.lower(), after.lower()) if way == "soundalike" else (before, after)
        assert any(
            low[:i] + new + low[i + len(old) :] == lowered
            for old, options in table.items() for new in options for i in range(len(low)) if low.startswith(old, i)
        ), (before, after)  # fmt: skip


def test_decimal_points_centuries_days_and_zones() -> None:
    x = corrupted(column([1.0] * 500, Number()), {"is": "outlier", "rate": 1, "ways": "decimal_point"}).tables["t"]["x"]
    assert set(x) == {0.001, 0.01, 0.1, 10.0, 100.0, 1000.0}
    moments = column([datetime(2024, 2, 29, 12, 30)] * 300, Moment(precision="m"))
    way = {
        way: corrupted(moments, {"is": "date", "rate": 1, "ways": way}).tables["t"]["x"]
        for way in ("off_by_one", "zone")
    }
    assert {moment.day for moment in way["off_by_one"]} == {28, 1}
    shifts = (way["zone"] - datetime(2024, 2, 29, 12, 30)).dt.total_minutes().unique()
    assert (shifts % 60 == 0).all() and len(shifts) == 19 and shifts.abs().max() == 720
    days = column([date(2024, 5, 17)] * 200, Moment(precision="d"))
    assert set(corrupted(days, {"is": "date", "rate": 1, "ways": "century"}).tables["t"]["x"].dt.year()) == {1924, 2124}


def test_boundaries_hold_what_programs_stumble_over() -> None:
    days = corrupted(column([date(2024, 5, 17)] * 500, Moment(precision="d")), {"is": "boundary", "rate": 1}).tables[
        "t"
    ]["x"]
    assert {date(9999, 12, 31), date(2038, 1, 19), date(2000, 2, 29), date(1970, 1, 1)} <= set(days)
    whole = corrupted(column([5] * 500, Integer()), {"is": "boundary", "rate": 1}).tables["t"]["x"]
    assert {2**63 - 1, -(2**63), 2**31, 0, -1} <= set(whole)
    texts = corrupted(column([5] * 500, Integer()), {"is": "boundary", "rate": 1, "as_text": True}).tables["t"]["x"]
    assert {"", "N/A", "null", "NaN"} <= set(texts)


def test_hostile_texts_come_from_the_list_of_their_family() -> None:
    labels = corrupted(column(["a"] * 3_000, Text()), {"is": "hostile", "rate": 1}).tables["t_errors"]
    found = {way: set(part["after"]) for (way,), part in labels.group_by("way")}
    assert found == {name: set(attack.texts) for name, attack in ATTACKS.items()}
    assert max(len(text) for text in found["long"]) == 32_768


def test_swapped_fields_hold_each_others_values() -> None:
    source = TABLES["mixed"]()
    made = corrupted(source, {"is": "swapped", "columns": ["city", "sector"], "rate": 0.3})
    rows = made.tables["table_errors"]["row"].unique()
    assert made.tables["table"][rows]["city"].equals(source["sector"][rows], check_names=False)
    assert made.tables["table"][rows]["sector"].equals(source["city"][rows], check_names=False)
    assert 40 < len(rows) < 110


# --------------------------------------------------------------------------- rows


def test_copies_stand_where_said_and_have_errors_of_their_own() -> None:
    n = 2_000
    kinds = {"id": Id(whole=True), "name": Text()}
    table = pl.DataFrame({"id": range(1, n + 1), "name": [f"word {i}" for i in range(n)]})
    data = Dataset({"t": table}, Schema(tables={"t": TableSchema(columns=kinds, key=("id",))}))
    near = {"is": "duplicate", "rate": 0.1, "copies": {1: 0.5, 2: 0.5}, "near": [{"is": "case", "rate": 1}]}
    made = corrupted(data, near)
    labels = made.tables["t_errors"].filter(error="duplicate")
    after = made.tables["t"]["name"]
    assert all(after[row].startswith(("WORD", "wORD", "Word")) for row in labels["row"])
    assert set(labels["source_row"].value_counts()["count"]) == {1, 2}
    assert made.tables["t"]["id"].is_sorted() and made.schema.tables["t"].key == ()
    assert isinstance(made.schema.tables["t"]["id"], Integer)
    keyed = corrupted(data, {"is": "duplicate", "rate": 0.1, "new_keys": True, "place": "end"})
    fits(keyed, keyed.schema)  # keys are unique still
    assert keyed.schema.tables["t"].key == ("id",) and keyed.tables["t"]["name"][:n].equals(table["name"])


def test_late_events_have_an_arrival_or_are_moved_to_it() -> None:
    n = 3_000
    start = datetime(2024, 1, 1)
    table = pl.DataFrame({"at": pl.Series(range(n)).cast(pl.Duration("ms")) * 1000 + start}).cast(pl.Datetime("us"))
    data = Dataset({"t": table}, Schema(tables={"t": TableSchema(columns={"at": Moment()})}))
    late = {"is": "late", "time": "at", "rate": 0.2, "delay_seconds": 30.0}
    told = corrupted(data, {**late, "arrival": "arrived"}).tables["t"]
    delay = (told["arrived"] - told["at"]).dt.total_microseconds() / 1e6
    assert (delay >= 0).all() and (delay > 0).mean() == pytest.approx(0.2, abs=0.04)
    assert delay.filter(delay > 0).mean() == pytest.approx(30, rel=0.2)
    moved = corrupted(data, late)
    assert moved.tables["t"]["at"].equals(told.sort("arrived", maintain_order=True)["at"])
    assert restored(moved, data).equals(table)
    with pytest.raises(DataError, match="not in the order of `at`"):
        corrupted(data.with_table(table.reverse()), late)


def test_rows_out_of_order_pass_rows_of_their_entity() -> None:
    whose = np.random.default_rng(0).integers(0, 5, 1_000)
    kinds = {"who": Integer(), "n": Integer()}
    table = pl.DataFrame({"who": whose, "n": range(1_000)})
    data = Dataset({"t": table}, Schema(tables={"t": TableSchema(columns=kinds)}))
    made = corrupted(data, {"is": "out_of_order", "rate": 0.1, "places": 2, "entity": "who"})
    moved = made.tables["t_errors"]["source_row"]
    still = made.tables["t"].with_row_index("row").filter(~pl.col("n").is_in(moved.implode()))
    passed = [
        still.filter(pl.col("row") < row, pl.col("who") == whose[source_row], pl.col("n") > source_row).height
        for row, source_row in made.tables["t_errors"].select("row", "source_row").rows()
    ]
    assert set(passed) == {0, 1, 2} and np.mean(passed) > 1  # none where the rows it passed have moved themselves
    assert restored(made, data).equals(table)


def test_gaps_in_a_stream() -> None:
    made = corrupted(column(list(range(1_000)), Integer()), {"is": "removed", "rate": 0.01, "run": 5}, exact=True)
    assert 1_000 - 10 * 5 <= made.tables["t"].height <= 1_000 - 46  # two gaps may touch
    assert made.tables["t"]["x"].diff().drop_nulls().max() >= 6  # type: ignore[operator]


# --------------------------------------------------------------------------- schemas and tables


def test_the_schema_promises_no_more_than_the_cells_hold() -> None:
    kinds = {
        "id": Id(whole=True),
        "x": Integer(bounds=Bounds(low=0, high=9), step=3),
        "y": Category(values=Categories(items=("a",))),
    }
    table = TableSchema(columns=kinds, key=("id",), rules=("x >= 0", "id > 0"))
    data = Dataset({"t": pl.DataFrame({"id": [1], "x": [3], "y": ["a"]})}, Schema(tables={"t": table}))
    made = corrupted(data, {"is": "outlier"}, {"is": "missing", "columns": ["y"]}).schema.tables["t"]
    assert made.columns == {"id": kinds["id"], "x": Integer(), "y": Category(missing=True)}
    assert made.rules == ("id > 0",) and made.key == ("id",)


def test_empty_tables_and_zones() -> None:
    source = TABLES["mixed"]()
    errors = [{**error, "rate": 0.05} for error in (*CELL_ERRORS, *ROW_ERRORS)]
    made = corrupted(source.map(lambda table: table.clear()), *errors)
    assert [table.height for table in made.tables.values()] == [0, 0]
    moments = [datetime(2024, 3, 31, hour) for hour in range(24)] * 20
    kind = Moment(timezone="Europe/Berlin")
    zoned = pl.Series(moments).cast(pl.Datetime("us", "UTC")).dt.convert_time_zone("Europe/Berlin").to_list()
    for error in ({"is": "date"}, {"is": "boundary"}):
        far = corrupted(column(zoned, kind), {**error, "rate": 1.0})
        assert far.tables["t"]["x"].dtype == kind.storage and far.tables["t_errors"].height > 470


def test_errors_of_several_tables() -> None:
    customers = TableSchema(columns={"id": Id(whole=True), "name": Text()}, key=("id",))
    orders = TableSchema(
        columns={"customer": Integer(), "total": Number()},
        links=(Link(columns=("customer",), table="customers", to=("id",)),),
    )
    tables = {
        "customers": pl.DataFrame({"id": [1, 2], "name": ["Ann", "Ben"]}),
        "orders": pl.DataFrame({"customer": [1, 1], "total": [2.0, 3.0]}),
    }
    data = Dataset(tables, Schema(tables={"customers": customers, "orders": orders}, unit="customers"))
    made = corrupted(data, {"is": "outlier", "rate": 1}, {"is": "typo", "rate": 1})
    assert list(made.tables) == ["customers", "orders", "customers_errors", "orders_errors"]
    assert made.tables["orders"]["customer"].to_list() == [1, 1]  # keys and links only where they are named
    assert made.schema.tables["orders"].links
    assert not corrupted(data, {"is": "removed", "rate": 1, "table": "customers"}).schema.tables["orders"].links
    assert corrupted(data, {"is": "removed", "rate": 1, "table": "customers"}).tables["orders"].equals(tables["orders"])


# --------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("error", "raises", "says"),
    [
        ({"is": "typo", "columns": ["nam"]}, NotFoundError, "no column `nam`. Did you mean `name`"),
        ({"is": "missing", "when": "agee < 3"}, NotFoundError, "no column `agee`"),
        ({"is": "missing", "when": "age + 3"}, SpecError, "neither true nor false"),
        ({"is": "typo", "table": "x"}, NotFoundError, "no table `x`"),
        ({"is": "typo", "columns": ["age"]}, UnsuitableError, "`age` is a integer.*as_text"),
        ({"is": "encoding", "columns": ["age"]}, UnsuitableError, "`age` is a integer"),
        ({"is": "date"}, UnsuitableError, "no column that date fits"),
        ({"is": "swapped", "columns": ["age", "name"]}, UnsuitableError, "not of one type"),
        ({"is": "late", "time": "age"}, UnsuitableError, "`age` is a integer"),
        ({"is": "late", "time": "age", "arrival": "name"}, UnsuitableError, "`age` is a integer"),
        ({"is": "typo", "ways": "swaped"}, SpecError, "Did you mean `swapped`"),
        ({"is": "typo", "ways": {"dropped": 0}}, SpecError, "one is more than 0"),
        ({"is": "typo", "rate": 1.5}, SpecError, "less than or equal to 1"),
        ({"is": "unit", "columns": ["age"], "unit": "kg", "noted_in": "cm"}, SpecError, "`kg` measures mass"),
        ({"is": "unit", "columns": ["age"], "unit": "kilo", "noted_in": "lb"}, SpecError, "no unit `kilo`"),
        ({"is": "variant", "ways": "synonym"}, SpecError, "give both"),
        ({"is": "duplicate", "copies": 0}, SpecError, "1 to 1000 copies"),
        ({"is": "duplicate", "near": [{"is": "case", "columns": ["nam"]}]}, NotFoundError, "no column `nam`"),
        ({"is": "tpyo"}, SpecError, "no error `tpyo`.*Did you mean `typo`"),
    ],
)  # fmt: skip
def test_errors_that_cannot_be(error: dict[str, Any], raises: type[Exception], says: str) -> None:
    table = TableSchema(columns={"name": Text(), "age": Integer()})
    data = Dataset({"t": pl.DataFrame({"name": ["Ann"], "age": [5]})}, Schema(tables={"t": table}))
    with pytest.raises(raises, match=says):
        corrupted(data, error)
