"""All providers: what they are listed with, and what each promises."""

import re
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.codecs.checkdigits import gtin, luhn
from synthesist.core import Context
from synthesist.errors import SpecError
from synthesist.providers import PROVIDERS, Asked, listing, lists, provider
from synthesist.providers.grammar import Grammar
from synthesist.providers.locales import LOCALES
from synthesist.providers.markov import english


def drawn(name: str, n: int = 3_000, **options: Any) -> pl.DataFrame:
    kind = PROVIDERS[name]
    columns = {part: {"is": "provided", "by": f"it.{part}"} for part in kind.parts}
    table: pl.DataFrame = sy.sample("columns", n, entities={"it": {"is": name, **options}}, columns=columns).table
    return table


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_part_is_drawn_of_its_kind_and_means_something(name: str) -> None:
    rows, entity = drawn(name), provider(name)
    for part, about in entity.parts.items():
        assert about.meaning
        assert rows[part].dtype == entity.kind(part).storage
        assert part == "iban" or rows[part].null_count() == 0
        assert part == "iban" or rows[part].n_unique() > 1 or about.of == "world"


def test_the_listing_names_every_provider_and_part() -> None:
    assert list(listing()) == ["person", "address", "geo", "company", "web", "product", "medical", "financial", "text"]
    assert {name: set(parts) for name, parts in listing().items()} == {k: set(v.parts) for k, v in PROVIDERS.items()}


@pytest.mark.parametrize("name", [name for name, kind in PROVIDERS.items() if "locale" in kind.model_fields])
def test_every_locale_serves(name: str) -> None:
    rows = drawn(name, 4_000, locale=dict.fromkeys(LOCALES, 1))
    assert set(rows["locale"]) == set(LOCALES)
    assert rows.select(pl.col(pl.String).exclude("iban").str.len_chars().min() > 0).row(0) == (True,) * sum(
        dtype == pl.String for column, dtype in rows.schema.items() if column != "iban"
    )


def test_addresses_hold_their_own_parts() -> None:
    rows = drawn("address", 3_000, locale=dict.fromkeys(LOCALES, 1))
    for part in ("street", "city", "postcode"):
        assert rows.select(pl.col("address").str.contains(pl.col(part), literal=True).all()).item(), part
    assert rows.select(pl.col("street").str.contains(pl.col("street_name"), literal=True).all()).item()
    belgian = drawn("address", 500, locale="nl_BE")
    assert belgian["region"].unique().to_list() == ["Vlaanderen"]


def test_points_lie_near_their_city() -> None:
    rows = drawn("geo", 20_000, locale="fr_FR", spread_km=8)
    middle = (
        lists.places("FR").group_by("city", "postcode").agg(pl.col("latitude", "longitude").first().name.suffix("0"))
    )
    rows = rows.join(middle, on=["city", "postcode"])
    north = (rows["latitude"] - rows["latitude0"]).to_numpy() * 111.2
    east = (
        (rows["longitude"] - rows["longitude0"]).to_numpy() * 111.2 * np.cos(np.radians(rows["latitude0"].to_numpy()))
    )
    assert np.hypot(north, east).mean() == pytest.approx(8, rel=0.03)
    assert (rows["coordinates"] == rows.select(pl.format("{}, {}", "latitude", "longitude")).to_series()).all()


def test_a_company_is_reached_at_its_own_domain() -> None:
    rows = drawn("company", 3_000, locale={"de_DE": 1, "ja_JP": 1, "en_US": 1})
    for part in ("email", "contact_email"):
        assert (rows[part].str.extract("@(.*)$") == rows["domain"]).all()
    assert (rows["url"] == "https://www." + rows["domain"] + "/").all()
    assert rows["domain"].str.contains(r"^[a-z]+(-[a-z]+)?\.example$").all()
    assert rows.select(pl.col("name").str.contains(pl.col("legal_form"), literal=True).all()).item()
    assert rows.filter(locale="ja_JP").select(pl.col("name").str.starts_with(pl.col("legal_form")).all()).item()


def test_the_web_reaches_nobody() -> None:
    rows = drawn("web")
    assert rows["ipv4"].str.contains(r"^10(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$").all()
    assert rows["ipv6"].str.contains(r"^2001:db8(:[0-9a-f]{4}){6}$").all()
    assert rows["mac"].str.contains(r"^02(:[0-9a-f]{2}){5}$").all()
    assert rows["domain"].str.ends_with(".example").all()
    assert rows.select(pl.col("url").str.contains(pl.col("domain"), literal=True).all()).item()
    assert rows.filter(browser="Firefox")["user_agent"].str.contains("Firefox/").all()
    assert rows.filter(system="Android")["device"].unique().to_list() == ["phone"]
    documented = drawn("web", 2_000, network="documentation")["ipv4"]
    assert documented.str.contains(r"^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$").all()


def test_products_cost_what_such_things_cost() -> None:
    rows = drawn("product", 60_000, price_level=10)
    prices = rows.group_by("thing").agg(pl.col("price").median())
    assert prices.filter(thing="sofa")["price"].item() == pytest.approx(6_990, rel=0.05)
    assert prices.filter(thing="pen")["price"].item() == pytest.approx(40, rel=0.05)
    assert rows.select(pl.col("name").str.contains(pl.col("thing"), literal=True).all()).item()
    digits = np.array([[*map(int, code)] for code in rows["ean"].head(500)])
    assert (gtin(digits[:, :-1]) == digits[:, -1]).all()
    assert rows["ean"].str.starts_with("20").all()


def test_codes_go_with_their_meaning() -> None:
    rows = drawn("medical", 20_000)
    known = dict(lists.diagnoses().select("code", "diagnosis").iter_rows())
    assert all(known[code] == title for code, title in rows.select("code", "diagnosis").unique().iter_rows())
    assert rows.filter(code="I10")["chapter"].unique().to_list() == ["Circulatory system"]
    assert (rows["blood_group"] == "O+").mean() == pytest.approx(0.374, abs=0.012)
    assert (
        sy.sample(
            "columns",
            50,
            "chapter = Neoplasms",
            columns={k: {"is": "provided", "by": f"medical.{k}"} for k in ("code", "chapter")},
        )
        .table["code"]
        .str.contains("^[CD]")
        .all()
    )


def test_cards_and_accounts_have_right_check_digits() -> None:
    rows = drawn("financial", 3_000, locale={"de_DE": 1, "en_US": 1, "nl_NL": 1})
    for length in (15, 16):
        digits = np.array([[*map(int, card)] for card in rows["card_number"] if len(card) == length])
        assert (luhn(digits[:, :-1]) == digits[:, -1]).all()
    assert rows.filter(card_network="American Express")["card_number"].str.contains(r"^37\d{13}$").all()
    assert rows.filter(card_network="Mastercard")["card_number"].str.contains(r"^5[1-5]\d{14}$").all()
    assert rows.filter(locale="de_DE")["iban"].str.contains(r"^DE\d{20}$").all()
    assert rows.filter(locale="en_US")["iban"].null_count() == rows.filter(locale="en_US").height
    whole = [int("".join(str(int(sign, 36)) for sign in iban[4:] + iban[:4])) for iban in rows["iban"].drop_nulls()]
    assert {number % 97 for number in whole} == {1}
    assert dict(rows.select("locale", "currency").unique().iter_rows()) == {
        "de_DE": "EUR",
        "en_US": "USD",
        "nl_NL": "EUR",
    }
    assert rows["card_expiry"].str.contains(r"^(0[1-9]|1[0-2])/(2[5-9])$").all()


def test_sentences_are_made_of_pairs_of_words_of_the_corpus() -> None:
    sentences = english().sentences(500, np.random.default_rng(0))
    corpus = (lists.DATA / "corpus.txt").read_text("utf-8").splitlines()
    pairs = {pair for line in corpus for pair in zip(["", *line.split()], [*line.split(), ""], strict=True)}
    for sentence in sentences:
        words = sentence.split()
        assert set(zip(["", *words], [*words, ""], strict=True)) <= pairs or len(words) == 40
    assert sentences.n_unique() > 250
    assert not set(sentences) <= set(corpus)


def test_texts_by_a_grammar() -> None:
    grammar = {
        "start": ["{who} {did} {thing}."],
        "who": ["Ann", "Bob"],
        "did": ["sold", "bought"],
        "thing": ["a {thing}", "hat"],
    }
    rows = drawn("text", 2_000, grammar=grammar, sentences=[3, 3])
    assert rows["written"].str.contains(r"^(Ann|Bob) (sold|bought) (a )*hat\.$").all()
    assert rows["written"].n_unique() > 20
    assert all(len(re.findall(r"[.?!](?= |$)", text)) == 3 for text in rows["paragraph"].head(100))


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"begin": ["x"]}, "begins with the rule `start`"),
        ({"start": ["{nmae}"], "name": ["x"]}, "Did you mean `name`"),
        ({"start": ["{start} again"]}, "never ends"),
        ({"start": []}, "has no text"),
    ],
)
def test_a_grammar_that_cannot_be_is_refused(rules: dict[str, list[str]], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        drawn("text", 1, grammar=rules)


def test_deep_grammars_end() -> None:
    assert Grammar({"a": ["{a}{a}{a}", "x"]}).texts("a", 3, np.random.default_rng(1)).str.contains("^x+$").all()


def test_entities_are_values() -> None:
    one, other = provider("person"), provider("person")
    one.draw(Asked(np.arange(3), Context(), Context()))
    assert one == other
    assert hash(one) == hash(other)
    assert one != PROVIDERS["person"](locale="de_DE")  # type: ignore[call-arg]
