"""The lists that come with the package: each has a source, and is what that source says."""

import re
from pathlib import Path

import polars as pl
import pytest

from synthesist import providers
from synthesist.providers import lists
from synthesist.providers.locales import LOCALES

HERE = Path(providers.__file__).parent
SOURCES = (HERE / "SOURCES.md").read_text("utf-8")
ROWS = {
    row[0]: row for row in re.findall(r"^\| (\w\w_\w\w) \| (\w+) \| (.+?) \| (\w+) \| (.+?) \|$", SOURCES, re.MULTILINE)
}
COUNTED = {"residents", "births"}
REAL = {"da_DK", "de_AT", "de_CH", "de_DE", "en_GB", "en_US", "es_AR", "es_ES", "fi_FI", "fr_BE", "fr_FR", "hu_HU"} | {
    "nb_NO",
    "nl_BE",
    "pt_BR",
    "sv_SE",
}
"""Where an office counted first names; of all others the page says that nobody did."""


def test_every_list_has_a_source() -> None:
    files = {path.name for path in (HERE / "data").iterdir() if path.is_file()}
    assert files == set(re.findall(r"^\| (\w+\.\w+) \|", SOURCES, re.MULTILINE))
    assert {path.stem for path in (HERE / "data" / "names").iterdir()} == set(ROWS) == set(LOCALES)
    assert {path.stem for path in (HERE / "data" / "places").iterdir()} == {each.country for each in LOCALES.values()}


def test_which_locales_have_real_frequencies() -> None:
    assert {locale for locale, row in ROWS.items() if row[1] in COUNTED} == REAL


@pytest.mark.parametrize("locale", LOCALES)
def test_frequencies_are_what_the_page_says(locale: str) -> None:
    names = lists.names(locale)
    assert names.select(pl.col("name", "latin", "weight").is_not_null().all()).row(0) == (True, True, True)
    assert names["latin"].str.contains("^[a-z]+$").all()
    for code, kind in zip("FML", (ROWS[locale][1], ROWS[locale][1], ROWS[locale][3]), strict=True):
        weights = names.filter(list=code)["weight"]
        assert weights.len() >= 20
        assert weights.sum() == pytest.approx(1.0, abs=1e-4)
        assert (weights.n_unique() == 1) == (kind == "equal")
        assert names.filter(list=code)["name"].is_unique().all()


@pytest.mark.parametrize("country", sorted({locale.country for locale in LOCALES.values()}))
def test_places_are_whole(country: str) -> None:
    places = lists.places(country)
    assert places.null_count().sum_horizontal()[0] == 0
    assert places["weight"].sum() == pytest.approx(1.0, abs=1e-4)
    assert places.select(pl.struct("region", "city", "postcode").is_unique().all()).item()
    assert places["phone"].str.contains(r"^\+\d[\d ]*#[# ]*$").all()
    assert places["latitude"].is_between(-60, 72).all()
    assert lists.ages(country).group_by("sex").len()["len"].to_list() == [21, 21]


@pytest.mark.parametrize(
    ("country", "city", "postcode", "phone"),
    [
        ("US", "Chicago", r"^60[67]\d\d$", r"^\+1 \d{3} 555 01##$"),
        ("GB", "Manchester", r"^M\d+ \d[A-Z]{2}$", r"^\+44 161 496 0###$"),
        ("DE", "München", r"^8\d{4}$", r"^\+49 89 99998 ###$"),
        ("FR", "Lyon", r"^6900\d$", r"^\+33 4 65 71 "),
        ("IT", "Milano", r"^20\d{3}$", r"^\+39 02 "),
        ("NL", "Amsterdam", r"^1\d{3} [A-Z]{2}$", r"^\+31 20 "),
        ("JP", "札幌市", r"^0\d\d-\d{4}$", r"^\+81 11 "),
        ("PL", "Kraków", r"^3\d-\d{3}$", r"^\+48 12 "),
        ("BR", "São Paulo", r"^0\d{4}-\d{3}$", r"^\+55 11 "),
    ],
)
def test_postcodes_and_telephones_are_those_of_the_city(country: str, city: str, postcode: str, phone: str) -> None:
    places = lists.places(country).filter(city=city)
    assert places.height
    assert places["postcode"].str.contains(postcode).all()
    assert places["phone"].str.contains(phone).all()


def test_the_lists_stay_small() -> None:
    assert sum(path.stat().st_size for path in (HERE / "data").rglob("*") if path.is_file()) < 3_000_000
