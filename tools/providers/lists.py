"""The small lists: streets, ages, classifications of merchants and diagnoses, currencies.

    python tools/providers/lists.py SOURCES OUT

SOURCES holds age_pyramids_2020.parquet, mcc_codes.parquet, icd10_categories.parquet, currency_codes.parquet and
country_codes.parquet (src/synthesist/providers/SOURCES.md says by whom and under which licence); mimesis is installed.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
from phones import DIAL

MOST_STREETS = 400
SOURCES = Path(sys.argv[1])


def main(out: Path) -> None:
    for name, table in {
        "streets": streets(),
        "ages": ages(),
        "merchants": merchants(),
        "diagnoses": diagnoses(),
        "currencies": currencies(),
    }.items():
        table.write_parquet(out / f"{name}.parquet", compression_level=19, statistics=False)
        print(name, table.height, table.head(2).rows())


# -------------------------------------------------------------------------------------------------------- streets


def streets() -> pl.DataFrame:
    """Names of streets as they stand in an address, an even choice of each list."""
    rows = []
    for locale, (page, written) in STREETS.items():
        names = list(dict.fromkeys(name for each in listed(page) if (name := written(each)) and fits(name)))
        step = max(len(names) / MOST_STREETS, 1.0)
        rows += [(locale, names[int(k * step)]) for k in range(min(len(names), MOST_STREETS))]
    return pl.DataFrame(rows, schema=["locale", "street"], orient="row")


def listed(page: str) -> list[str]:
    if page == "fi":
        return [f"{word}{kind}" for word in FINNISH.split() for kind in ("katu", "tie", "kuja", "polku")]
    import mimesis

    text = (Path(mimesis.__file__).parent / f"datasets/{page}/address.json").read_text("utf-8")
    return list(json.loads(text)["street"]["name"])


def fits(name: str) -> bool:
    return 3 <= len(name) <= 32 and not re.search(r"[\d()/;:]|\.{2}", name)


def as_is(ending: str = "") -> Callable[[str], str]:
    """A list that holds whole names; only those with an `ending`, where one is given."""
    return lambda name: name if re.search(ending, name) and not name[0].islower() else ""


def before(*words: str) -> Callable[[str], str]:
    """The kind of street stands before its name, as in `rue Abel Gance`."""
    return lambda name: (
        "" if re.match(r"(Av\b|Calle|Rúa|Alameda|Travesía|Plaza|Praza)", name) else _turn(words, name, 0)
    )


def behind(*words: str) -> Callable[[str], str]:
    """The kind of street stands behind its name, as in `Acacia Avenue`."""
    return lambda name: _turn(words, name, 1)


def _turn(words: tuple[str, ...], name: str, behind: int) -> str:
    word = words[sum(name.encode()) % len(words)]
    name = re.sub(r"\b(De|Du|Des|Et|La|Le|Les)(?= )", lambda small: small[0].lower(), name)
    return f"{name}{word}" if behind else f"{word}{name}"


def hungarian(name: str) -> str:
    return behind(" utca", " út", " utca", " tér")(name.title())


def chinese(name: str) -> str:
    return "" if name.endswith(("街", "路", "道")) else behind("路", "街", "大道")(name)


FINNISH = (
    "Asema Haka Harju Ilves Järvi Kallio Kanerva Kangas Karhu Kartano Kataja Kevät Kettu Kirkko Koivu Koulu Kuusi "
    "Lehto Leppä Lintu Meri Metsä Mylly Mänty Niitty Orava Paju Pelto Pihlaja Puisto Puro Ranta Rauhan "
    "Ruusu Saari Satama Syreeni Tammi Tehtaan Tuomi Vaahtera Vuori"
)
AMERICAN = (" Street", " Avenue", " Road", " Drive", " Lane", " Court", " Boulevard", " Way")
BRITISH = (" Road", " Street", " Lane", " Close", " Avenue", " Drive", " Gardens", " Way")
STREETS: dict[str, tuple[str, Callable[[str], str]]] = {
    "cs_CZ": ("cs", as_is()),
    "da_DK": ("da", as_is(r"(vej|gade|allé|stræde|plads|vænge|toften)$")),
    "de_AT": ("de-at", as_is(r"(gasse|straße|weg|platz|allee)$")),
    "de_CH": ("de-ch", as_is(r"(strasse|weg|gasse|platz)$")),
    "de_DE": ("de", as_is(r"(straße|weg|platz|allee|Straße|Weg|ring)$")),
    "en_GB": ("en", behind(*BRITISH)),
    "en_US": ("en", behind(*AMERICAN)),
    "es_AR": ("es-mx", as_is()),
    "es_ES": ("es", before("Calle ", "Calle ", "Avenida ", "Plaza ")),
    "fi_FI": ("fi", as_is()),
    "fr_BE": ("fr", before("rue ", "avenue ", "rue ", "place ")),
    "fr_FR": ("fr", before("rue ", "avenue ", "rue ", "boulevard ", "place ", "allée ")),
    "hu_HU": ("hu", hungarian),
    "it_IT": ("it", before("Via ", "Via ", "Viale ", "Piazza ")),
    "ja_JP": ("ja", as_is(r"^\w{1,4}$")),
    "nb_NO": ("no", as_is(r"(veien|vegen|gata|gaten|gate|vei|plass|bakken|svingen)$")),
    "nl_BE": ("nl-be", as_is(r"(straat|laan|weg|plein|steenweg|lei)$")),
    "nl_NL": ("nl", as_is(r"(straat|laan|weg|plein|steeg|gracht|kade)$")),
    "pl_PL": ("pl", before("ul. ")),
    "pt_BR": ("pt-br", lambda name: name if name.startswith(("Rua ", "Avenida ", "Travessa ", "Alameda ")) else ""),
    "sv_SE": ("sv", as_is(r"(vägen|gatan|gränd|stigen|torget|backen)$")),
    "tr_TR": ("tr", behind(" Caddesi", " Sokağı", " Sokağı")),
    "zh_CN": ("zh", chinese),
}


# --------------------------------------------------------------------------------------------------- other lists


def ages() -> pl.DataFrame:
    """Residents by country, sex and five years of age."""
    codes = dict(country_codes().select("cldr_display_name", "iso3166_1_alpha_2").iter_rows())
    codes |= {"United States of America": "US", "United Kingdom": "GB", "Czechia": "CZ", "Turkey": "TR"}
    codes |= {"China": "CN", "Netherlands": "NL"}
    table = pl.read_parquet(SOURCES / "age_pyramids_2020.parquet").with_columns(
        pl.col("country").replace_strict(codes, default=None), pl.col("sex").replace({"male": "M", "female": "F"})
    )
    table = table.filter(pl.col("country").is_in([*COUNTRIES])).rename({"population_thousands": "people"})
    missing = set(COUNTRIES) - set(table["country"])
    if missing:
        raise SystemExit(f"no ages of {missing}")
    return table.select("country", "sex", pl.col("age_from").cast(pl.Int16), pl.col("people").cast(pl.Float32)).sort(
        "country", "sex", "age_from"
    )


def country_codes() -> pl.DataFrame:
    return pl.read_parquet(SOURCES / "country_codes.parquet")


COUNTRIES = tuple(DIAL)


def merchants() -> pl.DataFrame:
    """Merchant category codes, but for those of single airlines, car rentals and hotels (3000 to 3999)."""
    table = pl.read_parquet(SOURCES / "mcc_codes.parquet").select(code="mcc", description="edited_description")
    return (
        table.filter(~pl.col("code").is_between(pl.lit("3000"), pl.lit("3999")))
        .drop_nulls()
        .unique("code")
        .sort("code")
    )


def diagnoses() -> pl.DataFrame:
    """Categories and subcategories of ICD-10-CM of three or four characters, with the title of their chapter."""
    table = pl.read_parquet(SOURCES / "icd10_categories.parquet").filter(pl.col("code").str.len_chars() <= 4)
    chapters = pl.DataFrame(CHAPTERS, schema=["first", "last", "chapter"], orient="row")
    table = table.with_columns(head=pl.col("code").str.head(3)).unique("code").sort("head", "code")
    table = table.join_asof(chapters.sort("first"), left_on="head", right_on="first")
    table = table.filter(pl.col("head") <= pl.col("last"), pl.col("title").str.len_chars() > 0)
    dotted = pl.when(pl.col("code").str.len_chars() > 3).then(pl.col("head") + "." + pl.col("code").str.slice(3))
    return table.select(code=dotted.otherwise(pl.col("code")), diagnosis="title", chapter="chapter")


CHAPTERS = [
    ("A00", "B99", "Infectious and parasitic diseases"),
    ("C00", "D49", "Neoplasms"),
    ("D50", "D89", "Blood and immune mechanism"),
    ("E00", "E89", "Endocrine, nutritional and metabolic diseases"),
    ("F01", "F99", "Mental and behavioral disorders"),
    ("G00", "G99", "Nervous system"),
    ("H00", "H59", "Eye and adnexa"),
    ("H60", "H95", "Ear and mastoid process"),
    ("I00", "I99", "Circulatory system"),
    ("J00", "J99", "Respiratory system"),
    ("K00", "K95", "Digestive system"),
    ("L00", "L99", "Skin and subcutaneous tissue"),
    ("M00", "M99", "Musculoskeletal system and connective tissue"),
    ("N00", "N99", "Genitourinary system"),
    ("O00", "O9A", "Pregnancy, childbirth and the puerperium"),
    ("P00", "P96", "Conditions of the perinatal period"),
    ("Q00", "Q99", "Congenital malformations"),
    ("R00", "R99", "Symptoms and abnormal findings"),
    ("S00", "T88", "Injury, poisoning and other external causes"),
    ("V00", "Y99", "External causes of morbidity"),
    ("Z00", "Z99", "Factors influencing health status"),
]


def currencies() -> pl.DataFrame:
    """Currencies that are in use, without funds, metals and test codes."""
    table = pl.read_parquet(SOURCES / "currency_codes.parquet").filter(pl.col("WithdrawalDate").is_null())
    table = table.filter(~pl.col("AlphabeticCode").str.starts_with("X"), pl.col("MinorUnit").is_in(["0", "2", "3"]))
    table = table.select(code="AlphabeticCode", currency="Currency").drop_nulls().unique("code").sort("code")
    return table.filter(~pl.col("currency").str.contains("(?i)fund|unidad|WIR|next day|mvdol"))


if __name__ == "__main__":
    main(Path(sys.argv[2]))
