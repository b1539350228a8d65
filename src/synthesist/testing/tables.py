"""Small tables, each with one thing that breaks careless code."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import cache, wraps
from types import MappingProxyType

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Id, Integer, Kind, Moment, Number
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.data.sources import read

__all__ = ["TABLES", "mixed", "once", "related", "shifted", "visited"]

ROWS = 240


def once(make: Callable[[], pl.DataFrame | Dataset]) -> Callable[[], Dataset]:
    """Read at the first call only, as hundreds of cases ask for the same rows; each call gives frames of its own."""
    made = cache(lambda: read(make()))
    return wraps(make)(lambda: made().map(pl.DataFrame.clone))


def mixed(rows: int = ROWS) -> pl.DataFrame:
    """Every kind of column, related to each other: the table that knobs are turned on."""
    rng = Context.seeded(0).rng("mixed")
    age = rng.integers(18, 90, rows)
    income = np.round(800 + 40 * age + rng.gamma(2.0, 300.0, rows), 2)
    city = np.array(["Bergen", "Oslo", "Tromsø"] + [f"Village {i}" for i in range(12)])
    city = city[np.minimum(rng.geometric(0.35, rows) - 1, len(city) - 1)]
    joined = [date(2015, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 3_000, rows)]
    seen = [datetime(2024, 1, 1) + timedelta(minutes=int(m)) for m in rng.integers(0, 500_000, rows)]
    frame = pl.DataFrame(
        {
            "patient": [f"P-{i:06d}" for i in range(rows)],
            "age": age,
            "income": income,
            "smoker": rng.random(rows) < 0.25,
            "city": city,
            "sector": np.where(income > 3_500, "private", "public"),
            "joined": joined,
            "last_seen": seen,
            "stay": [timedelta(hours=int(h)) for h in rng.integers(1, 200, rows)],
            "note": [_complaint(i) for i in range(rows)],
            "country": ["Norway"] * rows,
        }
    )
    return frame.with_columns(_holes(pl.col("income"), rng, rows), _holes(pl.col("city"), rng, rows))


@once
def related() -> Dataset:
    """Tables that refer to each other: a shop, its countries, and a log that nothing leads to."""
    rng = Context.seeded(0).rng("related")
    customers, products, orders, lines = 120, 150, 300, 900
    places = {"NO": "Norway", "SE": "Sweden", "DK": "Denmark", "IS": "Iceland", "FI": "Finland"}
    frames = {
        "countries": pl.DataFrame({"code": list(places), "name": list(places.values())}),
        "customers": pl.DataFrame(
            {
                "id": np.arange(1, customers + 1),
                "country": rng.choice(list(places)[:4], customers),
                "advised_by": [None if i < 2 else int(rng.integers(1, i)) for i in range(1, customers + 1)],
            }
        ),
        "products": pl.DataFrame({"id": np.arange(1, products + 1), "price": rng.gamma(2.0, 20.0, products).round(2)}),
        "orders": pl.DataFrame(
            {
                "id": np.arange(1, orders + 1),
                "customer": rng.integers(1, customers + 1, orders),
                "total": rng.gamma(2.0, 40.0, orders).round(2),
            }
        ),
        "lines": pl.DataFrame(
            {
                "order": np.sort(rng.integers(1, orders + 1, lines)),
                "line": np.arange(1, lines + 1),
                "product": rng.integers(1, products + 1, lines),
            }
        ),
        "notes": pl.DataFrame(
            {"id": np.arange(1, 201), "product": rng.integers(1, products + 1, 200), "text": ["fine", "broken"] * 100}
        ),
        "visits": pl.DataFrame({"id": np.arange(1, 401), "customer": rng.integers(1, customers + 1, 400)}),
    }
    return read(
        frames, Schema(tables={name: _related(name, frame) for name, frame in frames.items()}, unit="customers")
    )


def visited(patients: int = 600) -> Dataset:
    """Patients of two wards and their visits, each of like the one before: the tables of series."""
    rng = Context.seeded(0).rng("visited")
    age = rng.integers(18, 90, patients)
    visits = rng.poisson(age / 15)
    patient = np.repeat(np.arange(patients), visits)
    days = rng.integers(1, 60, len(patient)).cumsum()
    pressure = np.repeat(rng.normal(120, 10, patients), visits) + rng.normal(0, 4, len(patient))
    frames = {
        "wards": pl.DataFrame({"ward": ["east", "west"]}),
        "patients": pl.DataFrame(
            {"id": np.arange(patients), "age": age, "ward": rng.choice(["east", "west"], patients)}
        ),
        "visits": pl.DataFrame(
            {
                "patient": patient,
                "on": pl.Series(days).cast(pl.Int32).cast(pl.Date),
                "pressure": pressure.round(1),
                "urgent": pressure > 125,
            }
        ),
    }
    tables = {
        "wards": {"columns": {"ward": Category()}, "key": ("ward",)},
        "patients": {
            "columns": {"id": Id(whole=True), "age": Integer(), "ward": Category()},
            "key": ("id",),
            "links": (Link(columns=("ward",), table="wards", to=("ward",)),),
        },
        "visits": {
            "columns": {"patient": Integer(), "on": Moment(precision="d"), "pressure": Number(), "urgent": Boolean()},
            "links": (Link(columns=("patient",), table="patients", to=("id",)),),
        },
    }
    return read(frames, Schema.model_validate({"tables": tables, "unit": "patients"}))


@once
def shifted() -> Dataset:
    """Two tables of the same columns: a source, and a target of older people, in one city, paid in other units."""
    whole = read(mixed(4 * ROWS)).table.drop("note")
    source, target = whole.head(2 * ROWS), whole.tail(2 * ROWS).filter(pl.col("age") > 35)
    target = target.with_columns(pl.col("income") * 1.7 + 300, city=pl.lit("Oslo"))
    kinds = read(source).kinds
    return Dataset(
        {"source": source, "target": target}, Schema(tables={"source": kinds, "target": kinds}, unit="source")
    )


def _related(name: str, frame: pl.DataFrame) -> TableSchema:
    """What a table of the shop means."""
    leads = {
        "customers": {"country": ("countries", "code"), "advised_by": ("customers", "id")},
        "orders": {"customer": ("customers", "id")},
        "lines": {"order": ("orders", "id"), "product": ("products", "id")},
        "notes": {"product": ("products", "id")},
    }.get(name, {})
    key = {"lines": ("order", "line"), "countries": ("code",)}.get(name, ("id",))
    columns: dict[str, Kind] = {
        column: Category() if dtype == pl.String else Number(decimals=2) if dtype.is_float() else Integer(missing=True)
        for column, dtype in frame.schema.items()
    }
    if key == ("id",):
        columns["id"] = Id(whole=True)
    links = tuple(Link(columns=(column,), table=table, to=(to,)) for column, (table, to) in leads.items())
    return TableSchema(columns=columns, key=key, links=links)


def _complaint(i: int) -> str:
    """A short sentence; every tenth holds a word that no other does."""
    name = f" by Dr {'XQZVJK'[i % 6]}{i}" if i % 10 == 0 else ""
    return f"{WORDS[i % 9]} pain in the {PLACES[i % 7]}, seen{name} and told to {WORDS[i % 5]} come again"


WORDS = ("sharp", "dull", "slowly", "hardly", "soon", "burning", "mild", "constant", "sudden")
PLACES = ("knee", "left shoulder", "lower back", "chest", "right foot", "neck", "jaw")


def _holes(column: pl.Expr, rng: np.random.Generator, rows: int) -> pl.Expr:
    return pl.when(pl.Series(rng.random(rows) < 0.9)).then(column)


def _nulls() -> pl.DataFrame:
    """Every column may be empty, one of them nearly always is, and some rows are empty as a whole."""
    rng = Context.seeded(0).rng("nulls")
    frame = mixed().select("age", "income", "smoker", "city", "joined")
    frame = frame.with_columns(_holes(pl.col(column), rng, ROWS) for column in frame.columns)
    rare = pl.Series("rare", [1.5 if i % 60 == 0 else None for i in range(ROWS)], dtype=pl.Float64)
    return pl.concat([frame.with_columns(rare), pl.DataFrame(schema={**frame.schema, "rare": pl.Float64}).clear(5)])


def _many_categories() -> Dataset:
    """10,000 categories, each in two rows."""
    rng = Context.seeded(0).rng("many")
    codes = rng.permutation(np.arange(20_000) % 10_000)
    frame = pl.DataFrame({"code": [f"c{i}" for i in codes], "size": codes % 7 + rng.integers(0, 2, 20_000)})
    schema = TableSchema(columns={"code": Category(), "size": Integer()})
    return read(frame, Schema(tables={"many": schema}))


def _infinities() -> pl.DataFrame:
    rng = Context.seeded(0).rng("infinities")
    x = rng.normal(size=ROWS)
    x[::40], x[1::40], x[2::40] = np.inf, -np.inf, np.nan
    return pl.DataFrame({"x": x, "huge": 1e300 * rng.random(ROWS), "tiny": 1e-300 * rng.random(ROWS)})


def _unicode() -> pl.DataFrame:
    """Names and values in many scripts, among them marks that join, a quote, and a name with blanks around it."""
    rng = Context.seeded(0).rng("unicode")
    words = np.array(["Zoë", "Zoe\u0308", "李雷", "🙂👩‍🚀", "مرحبا", "a,b", 'say "hi"', "two\nlines"])
    return pl.DataFrame(
        {
            "名前": words[rng.integers(len(words), size=ROWS)],
            "größe in m²": rng.normal(1.7, 0.1, ROWS).round(2),
            " x ": rng.integers(0, 5, ROWS),
            "a.b[c]{d}": rng.random(ROWS) < 0.5,
            "class": words[rng.integers(3, size=ROWS)],
        }
    )


def _early_dates() -> pl.DataFrame:
    rng = Context.seeded(0).rng("early dates")
    born = [date(1581, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 150_000, ROWS)]
    died = [day + timedelta(days=int(d)) for day, d in zip(born, rng.integers(0, 30_000, ROWS), strict=True)]
    filed = [
        datetime(1901, 12, 31, 23, 59, 59, 999_999) + timedelta(seconds=int(s)) for s in rng.integers(0, 9**9, ROWS)
    ]
    return pl.DataFrame({"born": born, "died": died, "filed": filed})


def _free_text() -> pl.DataFrame:
    return mixed().select("note", "age")


def _key() -> pl.DataFrame:
    rng = Context.seeded(0).rng("key")
    return pl.DataFrame(
        {"id": np.arange(1_000, 1_000 + ROWS), "x": rng.normal(size=ROWS), "kind": ["a", "b"] * (ROWS // 2)}
    )


def _one_row() -> Dataset:
    """One row of kinds that a larger table declared: alone, every cell would be a constant."""
    whole = read(mixed().drop("note"))
    return whole.with_table(whole.table.head(1))


def _one_category() -> pl.DataFrame:
    rng = Context.seeded(0).rng("one category")
    return pl.DataFrame({"only": ["yes"] * (ROWS - 20) + [None] * 20, "x": rng.normal(size=ROWS)})


def _constant() -> pl.DataFrame:
    rng = Context.seeded(0).rng("constant")
    return pl.DataFrame(
        {"seven": [7] * ROWS, "half": [0.5] * ROWS, "word": ["same"] * ROWS, "x": rng.normal(size=ROWS)}
    )


def _all_missing() -> pl.DataFrame:
    empty = pl.Series("empty", [None] * ROWS, dtype=pl.Float64)
    return mixed().select("age", "city").with_columns(empty, pl.lit(None, dtype=pl.String).alias("blank"))


def _duplicates() -> pl.DataFrame:
    return pl.concat([mixed(16).select("age", "income", "city", "joined").drop_nulls()] * 20)


def _only_keys() -> pl.DataFrame:
    return pl.DataFrame({"id": np.arange(1, ROWS + 1)})


TABLES: Mapping[str, Callable[[], Dataset]] = MappingProxyType(
    {
        "mixed": once(mixed),
        "nulls": once(_nulls),
        "one_row": once(_one_row),
        "one_category": once(_one_category),
        "constant": once(_constant),
        "all_missing": once(_all_missing),
        "many_categories": once(_many_categories),
        "unicode": once(_unicode),
        "early_dates": once(_early_dates),
        "infinities": once(_infinities),
        "duplicate_rows": once(_duplicates),
        "key": once(_key),
        "only_keys": once(_only_keys),
        "free_text": once(_free_text),
    }
)
"""Each table's name and how to make it; the same rows every time."""
