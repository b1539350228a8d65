"""Columns of entities: conditions are exact, given cells move the rest, rules and groups reach them."""

from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Allowed, Context
from synthesist.errors import ConditionError, SpecError
from synthesist.providers import lists
from synthesist.samplers.columns import Columns

ENTITIES = {"buyer": {"is": "person", "locale": {"de_DE": 3, "fr_FR": 1, "en_US": 2}}}
PARTS = {
    "first": "first_name",
    "last": "last_name",
    "sex": "sex",
    "born": "birth_date",
    "age": "age",
    "mail": "email",
    "city": "city",
    "state": "region_code",
    "region": "region",
    "zip": "postcode",
    "country": "country_code",
    "locale": "locale",
}
COLUMNS: dict[str, Any] = {"id": {"is": "keys"}} | {k: {"is": "provided", "by": f"buyer.{v}"} for k, v in PARTS.items()}


def drawn(n: int, where: Any = None, **more: Any) -> pl.DataFrame:
    table: pl.DataFrame = sy.sample("columns", n, where, entities=ENTITIES, columns=COLUMNS, **more).table
    return table


@pytest.mark.parametrize(
    ("where", "meets"),
    [
        ("sex = F", pl.col("sex") == "F"),
        ("country = FR", pl.col("locale") == "fr_FR"),
        ("state = CA", (pl.col("country") == "US") & (pl.col("region") == "California")),
        ("city in Berlin, Paris", pl.col("city").is_in(["Berlin", "Paris"])),
        ("first = Peter", pl.col("sex") == "M"),
        ("last != Müller", pl.col("last") != "Müller"),
        ("age between 30 and 33", pl.col("born").is_between(pl.date(1991, 1, 2), pl.date(1995, 1, 1))),
        ("born < 1950-06-01", pl.col("age") >= 74),
        (
            ["sex = M", "country = DE", "region = Bayern", "age >= 80"],
            (pl.col("age") >= 80) & (pl.col("country") == "DE"),
        ),
    ],
    ids=str,
)
def test_conditions_hold(where: Any, meets: pl.Expr) -> None:
    assert drawn(3_000, where).select(meets.all()).item()


def test_conditions_take_what_is_left_of_the_distribution() -> None:
    every = drawn(300_000).filter(pl.col("sex") == "F", pl.col("age") >= 60)
    rows = drawn(60_000, ["sex = F", "age >= 60"])
    for part in ("country", "region"):
        shares = [table[part].value_counts(normalize=True) for table in (every, rows)]
        both = shares[0].join(shares[1], on=part)
        assert both.select((pl.col("proportion") - pl.col("proportion_right")).abs().max()).item() < 0.01
    assert rows["age"].mean() == pytest.approx(every["age"].mean(), abs=0.15)


def test_conditions_nobody_meets_say_so() -> None:
    with pytest.raises(ConditionError, match="`city` never takes a value"):
        drawn(5, "city = Atlantis")
    with pytest.raises(ConditionError, match="No person meets the conditions on `city`, `country_code` together"):
        drawn(5, ["city = Berlin", "country = FR"])
    with pytest.raises(ConditionError, match="made up"):
        drawn(5, "mail = a@example.org")


def filled(**given: list[Any]) -> pl.DataFrame:
    spec = Columns.build({"entities": ENTITIES, "columns": COLUMNS})
    n = len(next(iter(given.values())))
    cells = {
        name: pl.Series(given.get(name, [None] * n), dtype=kind.storage)
        for name, kind in spec.schema.table.columns.items()
    }
    rows = spec._dataset(pl.DataFrame(cells))
    return spec.fill(rows, {name: Allowed() for name in PARTS}, Context.seeded(3)).table


def test_given_cells_move_the_rest_of_the_person() -> None:
    n = 2_000
    rows = filled(sex=["M", "F"] * n, city=["Berlin", None, "Marseille", "San Francisco"] * (n // 2))
    assert rows["sex"].to_list() == ["M", "F"] * n
    for city, country in (("Berlin", "DE"), ("Marseille", "FR"), ("San Francisco", "US")):
        assert rows.gather_every(4, offset=["Berlin", None, "Marseille", "San Francisco"].index(city))[
            "country"
        ].unique().to_list() == [country]
    assert rows.filter(pl.col("city") == "San Francisco").select((pl.col("zip").str.starts_with("941")).all()).item()
    men, women = (set(rows.filter(sex=sex)["first"]) for sex in "MF")
    assert len(men & women) < 0.1 * len(men)
    open_ = rows.gather_every(4, offset=1)
    assert set(open_["country"]) == {"DE", "FR", "US"}
    assert (open_["country"] == "DE").mean() == pytest.approx(0.5, abs=0.06)


def test_given_names_and_ages_tell_of_sex_country_and_birth() -> None:
    n = 1_000
    rows = filled(first=["Pierre", "Günther", "Linda", None] * n, age=[None, 40, None, 70] * n)
    by = rows.group_by("first", maintain_order=True).agg(pl.col("country").unique(), pl.col("sex").unique()).head(3)
    assert by.filter(first="Günther")["country"].item().to_list() == ["DE"]
    assert by.filter(first="Linda")["sex"].item().to_list() == ["F"]
    weights = {"de_DE": 3, "fr_FR": 1, "en_US": 2}  # and by Bayes' theorem:
    likely = {k: w * lists.names(k).filter(list="M", name="Pierre")["weight"].sum() for k, w in weights.items()}
    share = rows.filter(first="Pierre").select((pl.col("country") == "FR").mean()).item()
    assert share == pytest.approx(likely["fr_FR"] / sum(likely.values()), abs=0.04)
    forty = rows.filter(pl.col("first") == "Günther")
    assert forty.select(pl.col("born").is_between(pl.date(1984, 1, 2), pl.date(1985, 1, 1)).all()).item()
    assert forty["mail"].str.contains("^(guenther|g)").all()


def test_a_cell_in_no_list_stays_and_moves_nothing() -> None:
    rows = filled(city=["Atlantis"] * 400, sex=["F"] * 400)
    assert rows["city"].unique().to_list() == ["Atlantis"]
    assert rows["sex"].unique().to_list() == ["F"]
    assert rows["country"].n_unique() == 3


def test_cells_that_contradict_each_other_keep_the_first() -> None:
    rows = filled(sex=["F"] * 300, first=["Hans"] * 300, country=["DE"] * 300)
    assert set(rows["locale"]) == {"de_DE"}
    assert rows.select("sex", "first").unique().rows() == [("F", "Hans")]


def test_a_default_entity_and_missing_cells() -> None:
    columns = {
        "city": {"is": "provided", "by": "address.city", "missing": 0.3},
        "zip": {"is": "provided", "by": "address.postcode"},
    }
    rows = sy.sample("columns", 20_000, columns=columns).table
    assert rows["city"].is_null().mean() == pytest.approx(0.3, abs=0.015)
    assert rows["zip"].null_count() == 0
    alone = sy.sample("columns", 20_000, columns={"zip": columns["zip"]}).table
    assert alone["zip"].equals(rows["zip"]), "a part does not hang on which others are asked for"


def test_groups_and_rules_reach_into_a_person() -> None:
    more = {
        "income": {"is": "lognormal", "median": 30_000},
        "since": {"is": "dates", "start": "1990-01-01", "end": "2024-12-31"},
    }
    table = sy.sample(
        "columns",
        20_000,
        entities=ENTITIES,
        columns={**COLUMNS, **more},
        correlated=[{"columns": ["age", "income"], "spearman": 0.6}],
    ).table
    assert table.select(pl.corr("age", "income", method="spearman")).item() == pytest.approx(0.6, abs=0.03)
    years = (
        2025 - table["born"].dt.year() - ((table["born"].dt.month() > 1) | (table["born"].dt.day() > 1)).cast(pl.Int32)
    )
    assert (years == table["age"]).all()
    ruled = sy.sample("columns", 5_000, entities=ENTITIES, columns={**COLUMNS, **more}, rules=["born < since"]).table
    assert (ruled["born"] < ruled["since"]).all()
    assert ruled["born"].dt.year().max() > 1995
    with pytest.raises(SpecError, match="parts of one entity"):
        drawn(1, correlated=[{"columns": ["age", "born"], "spearman": 0.1}])
    with pytest.raises(SpecError, match="made of other parts"):
        drawn(1, rules=["mail != first"])


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ({"by": "buyr.first_name"}, "Did you mean `buyer`"),
        ({"by": "buyer.firstname"}, "Did you mean `first_name`"),
        ({"by": "buyer"}, "an entity and one of its parts"),
        ({"by": "buyer.city", "unique": True}, "`unique` is for `email` and `user_name`"),
    ],
)
def test_what_is_no_part_is_refused(column: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        sy.sample("columns", 1, entities=ENTITIES, columns={"a": {"is": "provided", **column}})


def test_the_same_people_on_one_thread_or_three_and_whatever_n() -> None:
    one, three = (drawn(70_000, seed=5, ctx=Context.seeded(5, threads=threads)) for threads in (1, 3))
    assert one.equals(three)
    assert drawn(10, seed=5).equals(one.head(10))
    assert not np.array_equal(drawn(10, seed=6)["last"], one.head(10)["last"])
