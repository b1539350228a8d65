"""First and last names of every locale: what was published, made into one small file a locale.

    python tools/providers/names.py SOURCES OUT

SOURCES holds, as they were published (src/synthesist/providers/SOURCES.md says by whom and under which licence):

    census/   us_first_names_1990.parquet, us_last_names_1990.parquet    US Census Bureau
    names/    CC.females.csv, CC.males.csv, CC.surnames.csv              name,count; statistical offices and Wikidata
    nat2020.csv                                                          Insee, first names by year of birth
    bubennamen.csv, madchennamen.csv                                     Statistics Austria, 1984 to 2020
    ch.csv                                                        Swiss BFS, residents by first name
    nl.csv                                                               last names of 2007 (CC0, from Meertens)
    ibge-fem-10000.csv, ibge-mas-10000.csv                               IBGE, census of 2010
    surnames.csv                                                         popular-names-by-country-dataset (CC0)

and the packages Faker, mimesis and pypinyin are installed. A file of OUT has the columns list (F and M: first names,
L: last names), name, female (the form of a last name that women bear, where it is another), latin (as in an e-mail
address) and weight; weights of a list sum to 1, and are all the same where no frequency is known.
"""

import csv
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

import polars as pl

MOST = {"F": 1_500, "M": 1_500, "L": 4_000}
Counts = dict[str, float]


def main(sources: Path, out: Path) -> None:
    for locale, read in LOCALES.items():
        lists = {code: largest(tidy(counts), MOST[code]) for code, counts in zip("FML", read(sources), strict=True)}
        rows = [(code, name, count) for code, counts in lists.items() for name, count in counts]
        table = pl.DataFrame(rows, schema=["list", "name", "weight"], orient="row").with_columns(
            female=pl.Series(list(map(FEMALE.get(locale, str), (name for _, name, _ in rows)))),
            latin=pl.Series([latin(name, locale) for _, name, _ in rows]),
        )
        table = table.filter(pl.col("latin") != "").with_columns(
            pl.when(pl.col("list") == "L", pl.col("female") != pl.col("name")).then(pl.col("female")).alias("female"),
            (pl.col("weight") / pl.col("weight").sum().over("list")).cast(pl.Float32),
        )
        table.select("list", "name", "female", "latin", "weight").write_parquet(
            out / f"{locale}.parquet", compression_level=19, statistics=False
        )
        print(locale, dict(table.group_by("list").len().sort("list").iter_rows()))


# ------------------------------------------------------------------------------------- reading what was published


def counted(path: Path, fewest: int = 1) -> Counts:
    """A file of names and counts without a header."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.reader(lines) if len(row) >= 2 and row[1].strip().isdigit()]
    return {row[0]: float(row[1]) for row in rows if int(row[1]) >= fewest}


def official(country: str, last: Callable[[Path], Counts]) -> Callable[[Path], list[Counts]]:
    """First names as a statistical office counted them."""

    def read(at: Path) -> list[Counts]:
        return [counted(at / f"names/{country}.{sex}.csv") for sex in ("females", "males")] + [last(at)]

    return read


def wikidata(country: str) -> Callable[[Path], Counts]:
    """Last names of the people that Wikidata knows of a country."""
    return lambda at: counted(at / f"names/{country}.surnames.csv", fewest=3)


def faker(locale: str) -> Callable[[Path], list[Counts]]:
    """The lists of Faker, with its weights where it has them."""

    def weights(names: object) -> Counts:
        return dict(names) if isinstance(names, dict) else dict.fromkeys(names, 1.0)  # type: ignore[call-overload]

    def read(at: Path) -> list[Counts]:
        del at
        provider = import_module(f"faker.providers.person.{locale}").Provider
        return [weights(getattr(provider, f"{of}")) for of in ("first_names_female", "first_names_male", "last_names")]

    return read


def united_states(at: Path) -> list[Counts]:
    first = pl.read_parquet(at / "census/us_first_names_1990.parquet")
    last = pl.read_parquet(at / "census/us_last_names_1990.parquet")
    out = [dict(first.filter(sex=sex).select("name", "percent").iter_rows()) for sex in ("female", "male")]
    return [*out, dict(last.select("name", "percent").iter_rows())]


def france(at: Path) -> list[Counts]:
    """Births of 1935 to 2005: whoever is alive and of age, by and large."""
    births = pl.read_csv(at / "nat2020.csv", separator=";", infer_schema=False).filter(
        pl.col("annais").str.contains(r"^\d+$"), ~pl.col("preusuel").str.starts_with("_")
    )
    births = births.filter(pl.col("annais").cast(pl.Int32).is_between(1935, 2005))
    births = births.group_by("sexe", "preusuel").agg(pl.col("nombre").cast(pl.Float64).sum()).sort("preusuel")
    out = [dict(births.filter(sexe=sex).select("preusuel", "nombre").iter_rows()) for sex in ("2", "1")]
    return [*out, wikidata("fr")(at)]


def austria(at: Path) -> list[Counts]:
    def births(name: str) -> Counts:
        with (at / name).open(encoding="utf-8", newline="") as lines:
            rows = [(row[0].strip(), row[2].replace(".", "").strip()) for row in csv.reader(lines) if len(row) > 2]
        return {name: float(count) for name, count in rows if count.isdigit()}

    return [births("madchennamen.csv"), births("bubennamen.csv"), wikidata("at")(at)]


def switzerland(at: Path) -> list[Counts]:
    with (at / "ch.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.reader(lines) if len(row) == 3]
    out = [{row[0]: float(row[k]) for row in rows if row[k].isdigit()} for k in (1, 2)]
    return [*out, wikidata("ch")(at)]


def brazil(at: Path) -> list[Counts]:
    """The census wrote names without accents: each has those it has in the lists of Faker or Mimesis."""
    listed = [name for names in faker("pt_BR")(at)[:2] for name in names]
    more = mimesis("pt-br", "names", "female") + mimesis("pt-br", "names", "male")
    marks = written(listed, more, accented=False)

    def census(name: str) -> Counts:
        with (at / name).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return {marks.get(plain(row["nome"]), row["nome"]): float(row["freq"]) for row in rows}

    return [census("ibge-fem-10000.csv"), census("ibge-mas-10000.csv"), wikidata("br")(at)]


def spain(at: Path) -> list[Counts]:
    """INE writes names without accents: each word gets those it has in the lists of Faker and Mimesis."""
    listed = [word for names in faker("es_ES")(at) for name in names for word in name.split()]
    more = mimesis("es", "names", "female") + mimesis("es", "names", "male") + mimesis("es", "surnames")
    marks = written(listed, more, accented=True)

    def marked(counts: Counts) -> Counts:
        return {" ".join(marks.get(plain(w), w) for w in cased(name).split()): n for name, n in counts.items()}

    return [marked(counts) for counts in official("es", lambda at: counted(at / "names/es.surnames.csv"))(at)]


def britain(at: Path) -> list[Counts]:
    return [*official("gb", wikidata("gb"))(at)[:2], faker("en_GB")(at)[2]]


def turkey(at: Path) -> list[Counts]:
    return [*faker("tr_TR")(at)[:2], wikidata("tr")(at)]


def netherlands(at: Path) -> list[Counts]:
    with (at / "nl.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [*faker("nl_NL")(at)[:2], {row["natural name"]: float(row["count in 2007"]) for row in rows}]


def japan(at: Path) -> list[Counts]:
    with (at / "surnames.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["Country"] == "JP" and row["Count"]]
    rows = [row for row in rows if not row["Localized Name"].isascii()]
    return [*faker("ja_JP")(at)[:2], {row["Localized Name"]: float(row["Count"].replace(",", "")) for row in rows}]


def czechia(at: Path) -> list[Counts]:
    """Wikidata counts both forms of a last name: those of men are kept, that of women is made from each."""
    female, male, last = official("cz", wikidata("cz"))(at)
    return [female, male, {name: n for name, n in last.items() if not name.endswith(("á", "ová"))}]


def poland(at: Path) -> list[Counts]:
    female, male, last = official("pl", wikidata("pl"))(at)
    return [female, male, {name: n for name, n in last.items() if not name.endswith(("ska", "cka", "dzka"))}]


LOCALES: dict[str, Callable[[Path], list[Counts]]] = {
    "cs_CZ": czechia,
    "da_DK": official("dk", wikidata("dk")),
    "de_AT": austria,
    "de_CH": switzerland,
    "de_DE": official("de", wikidata("de")),
    "en_GB": britain,
    "en_US": united_states,
    "es_AR": faker("es_AR"),
    "es_ES": spain,
    "fi_FI": official("fi", lambda at: counted(at / "names/fi.surnames.csv")),
    "fr_BE": faker("fr_BE"),
    "fr_FR": france,
    "hu_HU": faker("hu_HU"),
    "it_IT": official("it", wikidata("it")),
    "ja_JP": japan,
    "nb_NO": official("no", wikidata("no")),
    "nl_BE": faker("nl_BE"),
    "nl_NL": netherlands,
    "pl_PL": poland,
    "pt_BR": brazil,
    "sv_SE": faker("sv_SE"),
    "tr_TR": turkey,
    "zh_CN": faker("zh_CN"),
}


# ------------------------------------------------------------------------------------------------ writing names well


def tidy(counts: Counts) -> Counts:
    """Names as they are written, each once; whatever is no name is left out."""
    out: Counts = {}
    for name, count in counts.items():
        name = unicodedata.normalize("NFC", " ".join(name.replace("’", "'").split()))
        if (
            re.fullmatch(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*", name)
            and count > 0
            and (len(name) > 1 or not name.isascii())
        ):
            name = cased(name)
            out[name] = out.get(name, 0.0) + count
    return out


def cased(name: str) -> str:
    """A name in capitals as people write it."""
    if name != name.upper() or name == name.lower():
        return name
    words = re.sub(r"[^\W\d_]+", lambda word: word[0][0] + word[0][1:].lower(), name)
    return re.sub(r"\bMc(\w)", lambda match: "Mc" + match[1].upper(), words)


def largest(counts: Counts, most: int) -> list[tuple[str, float]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]


def plain(text: str) -> str:
    """Lower case without any accent."""
    split = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in split if not unicodedata.combining(sign)).casefold()


def written(*sources: Iterable[str], accented: bool) -> dict[str, str]:
    """How each name is written with its accents: by the first source that has it.

    Where a source has it both ways, the one is taken that `accented` says.
    """
    forms: dict[str, str] = {}
    for source in sources:
        here: dict[str, str] = {}
        for name in map(cased, source):
            bare = plain(name) == name.casefold()
            if plain(name) not in here or bare != accented:
                here[plain(name)] = name
        forms = {**here, **forms}
    return forms


def mimesis(locale: str, part: str, sex: str = "") -> list[str]:
    import json

    import mimesis as package

    page = json.loads((Path(package.__file__).parent / f"datasets/{locale}/person.json").read_text("utf-8"))[part]
    return list(page[sex] if sex else page)


SPELT = {"de": {"ä": "ae", "ö": "oe", "ü": "ue"}, "da": {"å": "aa"}, "nb": {"å": "aa"}}
LETTERS = {"ß": "ss", "ø": "oe", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ı": "i", "ð": "d", "þ": "th"}


def latin(name: str, locale: str) -> str:
    """The name in the letters a to z, as its country writes it where only those are to be had."""
    if locale == "ja_JP":
        return ROMAJI().get(name, "")
    if locale == "zh_CN":
        from pypinyin import lazy_pinyin

        return "".join(lazy_pinyin(name)).replace("ü", "v")
    text = name.casefold().replace("i̇", "i")
    for sign, letters in {**SPELT.get(locale[:2], {}), **LETTERS}.items():
        text = text.replace(sign, letters)
    return re.sub(r"[^a-z]", "", plain(text))


def ROMAJI() -> dict[str, str]:  # noqa: N802
    """How the Japanese names sound, as Faker and the list of surnames say."""
    if not _romaji:
        pairs = import_module("faker.providers.person.ja_JP").Provider
        for names in (pairs.first_name_female_pairs, pairs.first_name_male_pairs, pairs.last_name_pairs):
            _romaji.update({kanji: plain(romaji).replace(" ", "") for kanji, _, romaji in names})
        with (Path(sys.argv[1]) / "surnames.csv").open(encoding="utf-8-sig", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["Country"] == "JP":
                    _romaji.setdefault(row["Localized Name"], re.sub("[^a-z]", "", plain(row["Romanized Name"])))
    return _romaji


_romaji: dict[str, str] = {}


def czech(name: str) -> str:
    """The form of a Czech last name that women bear."""
    if name.endswith("ý"):
        return name[:-1] + "á"
    if name.endswith(("ů", "í", "ě")):
        return name
    for ending, stem in (("ek", "k"), ("ec", "c"), ("a", ""), ("o", ""), ("e", "")):
        if name.endswith(ending):
            return name[: -len(ending)] + stem + "ová"
    return name + "ová"


def polish(name: str) -> str:
    """The form of a Polish last name that women bear."""
    return name[:-1] + "a" if name.endswith(("ski", "cki", "dzki", "żki")) else name


FEMALE: dict[str, Callable[[str], str]] = {"cs_CZ": czech, "pl_PL": polish}

if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
