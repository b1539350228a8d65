"""People: every row is one coherent person, and names and cities come as often as they do."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import chisquare

import synthesist as sy
from synthesist.errors import SpecError
from synthesist.providers import lists
from synthesist.providers.locales import LOCALES

PARTS = (
    "first_name last_name full_name sex title birth_date age email user_name locale country country_code region "
    "region_code city postcode street phone"
)
EVERYWHERE = dict.fromkeys(LOCALES, 1.0)


def people(n: int, options: Mapping[str, Any], where: Any = None, seed: int = 0) -> pl.DataFrame:
    columns = {part: {"is": "provided", "by": f"somebody.{part}"} for part in PARTS.split()}
    entities = {"somebody": {"is": "person", **options}}
    return sy.sample("columns", n, where, seed=seed, entities=entities, columns=columns).table


def incoherent(rows: pl.DataFrame) -> dict[str, int]:
    """How many rows contradict themselves, by what is contradicted."""
    names = pl.concat(lists.names(each).with_columns(locale=pl.lit(each)) for each in LOCALES)
    places = pl.concat(
        lists.places(each).with_columns(country_code=pl.lit(each)) for each in rows["country_code"].unique()
    )
    first = names.filter(pl.col("list") != "L").select("locale", sex="list", first_name="name", f="latin")
    last = names.filter(list="L").select(
        "locale", pl.col("latin").alias("l"), F=pl.coalesce("female", "name"), M="name"
    )
    last = last.unpivot(["F", "M"], index=["locale", "l"], variable_name="sex", value_name="last_name").unique()
    about = pl.DataFrame(
        [
            (code, each.name, each.country, sex, title)
            for code, each in LOCALES.items()
            for sex, title in zip("FM", each.titles, strict=True)
        ],
        schema=["locale", "country", "country_code", "sex", "title"],
        orient="row",
    )
    full = rows.with_row_index("row")
    spelt = full.join(first, on=["locale", "sex", "first_name"]).join(last, on=["locale", "sex", "last_name"])
    begins = pl.format("^({}[._]?|{}[.]?){}", "f", pl.col("f").str.head(1), "l")
    pattern = pl.concat_str(begins, pl.lit("([0-9][0-9])?$"))
    year = pl.col("user_name").str.extract(r"(\d\d)$").cast(pl.Int32)
    spelt = spelt.filter(
        pl.col("user_name").str.contains(pattern), year.is_null() | (year == pl.col("birth_date").dt.year() % 100)
    )
    phone = (
        pl.lit("^") + pl.col("phone_right").str.replace_all("+", r"\+", literal=True).str.replace_all("#", r"\d") + "$"
    )
    where = ["country_code", "region", "region_code", "city", "postcode"]
    placed = full.join(places, on=where).filter(pl.col("phone").str.contains(phone))
    ages = pl.struct("birth_date").map_batches(lambda s: pl.Series(whole_years(s.struct.field("birth_date"))))
    ordered = (
        pl.when(pl.col("locale").is_in(["hu_HU", "ja_JP", "zh_CN"]))
        .then(
            pl.concat_str(
                pl.col("last_name"), pl.when(locale="zh_CN").then(pl.lit("")).otherwise(pl.lit(" ")), "first_name"
            )
        )
        .otherwise(pl.concat_str("first_name", pl.lit(" "), "last_name"))
    )
    return {
        "name, sex, locale, user name": full.height - spelt["row"].n_unique(),
        "city, postcode, region, telephone": full.height - placed["row"].n_unique(),
        "country, title": full.height - full.join(about, on=about.columns, how="semi").height,
        "e-mail": full.filter(
            pl.col("email").str.extract("^(.*)@example[.](com|org|net)$") != pl.col("user_name")
        ).height,
        "full name": full.filter(ordered != pl.col("full_name")).height,
        "age": full.filter(pl.col("age") != ages).height,
    }


def whole_years(days: pl.Series) -> list[int]:
    return [2025 - day.year - ((day.month, day.day) > (1, 1)) for day in days]


def test_every_row_is_one_person() -> None:
    found = incoherent(people(30_000, {"locale": EVERYWHERE}))
    assert found == dict.fromkeys(found, 0)


def test_the_checker_finds_what_is_incoherent() -> None:
    rows = people(2_000, {"locale": EVERYWHERE})
    for part in ("first_name", "city", "title", "email", "full_name", "age", "phone", "birth_date"):
        mixed = rows.with_columns(rows[part].reverse())
        assert sum(incoherent(mixed).values()) > 500, part


@pytest.mark.parametrize("locale", ["en_US", "pt_BR", "sv_SE"])
def test_names_and_cities_come_as_often_as_they_do(locale: str) -> None:
    rows, country = people(200_000, {"locale": locale}), LOCALES[locale].country
    names, places = lists.names(locale), lists.places(country)
    for sex in "FM":
        assert fits(rows.filter(sex=sex)["first_name"], names.filter(list=sex).select("name", "weight"))
    assert fits(rows["last_name"], names.filter(list="L").select("name", "weight"))
    assert fits(rows["city"], places.group_by("city").agg(pl.col("weight").sum()).sort("city"))
    assert not fits(
        rows.filter(sex="F")["first_name"], names.filter(list="F").select("name", weight=1 / pl.col("weight"))
    )


def fits(drawn: pl.Series, expected: pl.DataFrame) -> bool:
    """Whether a chi-square test lets the counts pass; what is expected fewer than five times is taken together."""
    name, weight = expected.columns[0], (expected["weight"] / expected["weight"].sum()).cast(pl.Float64)
    counts = drawn.value_counts(name="count").rename({drawn.name: name})
    table = expected.with_columns(weight=weight * len(drawn)).join(counts, on=name, how="left").fill_null(0)
    assert table["count"].sum() == len(drawn)
    rare = table["weight"] < 5
    observed = np.append(table.filter(~rare)["count"].to_numpy(), table.filter(rare)["count"].sum())
    wanted = np.append(table.filter(~rare)["weight"].to_numpy(), max(table.filter(rare)["weight"].sum(), 1e-9))
    if not rare.any():
        observed, wanted = observed[:-1], wanted[:-1]
    return bool(chisquare(observed, wanted * observed.sum() / wanted.sum()).pvalue > 1e-4)


def test_ages_and_sexes_are_those_of_the_residents() -> None:
    rows = people(100_000, {"locale": "ja_JP", "age": (20, 79)})
    people_of = lists.ages("JP").filter(pl.col("age_from").is_between(20, 75))
    women = people_of.filter(sex="F")["people"].sum() / people_of["people"].sum()
    assert (rows["sex"] == "F").mean() == pytest.approx(women, abs=0.006)
    bands = people_of.group_by("age_from").agg(pl.col("people").sum()).sort("age_from").rename({"people": "weight"})
    assert fits((rows["age"] // 5 * 5).cast(pl.Int16).alias("age"), bands)
    assert rows["age"].min() == 20
    assert rows["age"].max() == 79


def test_options_of_a_person() -> None:
    options = {
        "female": 0.25,
        "ages": {"18-29": 3, "60-69": 1},
        "as_of": "2020-02-29",
        "email_domains": ["hospital.example"],
    }
    rows = people(20_000, options)
    assert (rows["sex"] == "F").mean() == pytest.approx(0.25, abs=0.015)
    assert (rows["age"] < 30).mean() == pytest.approx(0.75, abs=0.015)
    assert set(rows["age"].unique()) == {*range(18, 30), *range(60, 70)}
    assert rows["birth_date"].max() <= date(2002, 2, 28)
    assert rows["email"].str.ends_with("@hospital.example").all()
    assert people(2_000, {"ages": "uniform", "age": (40, 40)})["age"].unique().to_list() == [40]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"locale": "de_ED"}, "Did you mean `de_DE`"),
        ({"locale": {"de_DE": 0}}, "weighs more than 0"),
        ({"age": [50, 20]}, "ages rise from 0 to 110"),
        ({"ages": {"young": 1}}, "written as in 18-29"),
        ({"ages": {"18-29": 1, "29-35": 1}}, "overlaps"),
        ({"ages": {"5-9": 1}}, "nobody is 18 to 90"),
        ({"female": 2}, "less than or equal to 1"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        people(1, options)


def test_unique_addresses_are_unique_in_every_block() -> None:
    columns = {
        "mail": {"is": "provided", "by": "person.email", "unique": True},
        "user": {"is": "provided", "by": "person.user_name"},
        "first": {"is": "provided", "by": "person.first_name"},
    }
    rows = sy.sample("columns", 150_000, columns=columns).table
    assert rows["mail"].is_unique().all()
    assert (rows["mail"].str.extract("^(.*)@") == rows["user"]).all()
    assert rows["mail"].head(10_000).str.extract(r"(\d+)@").cast(pl.Int64).max() < 10_000
    assert (
        not sy.sample("columns", 5_000, columns={"m": {"is": "provided", "by": "person.email"}})
        .table["m"]
        .is_unique()
        .all()
    )
