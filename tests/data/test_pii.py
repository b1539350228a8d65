"""Hints of personal data: what is found, and what must not be."""

import polars as pl
import pytest

from synthesist.data.detect import detect
from synthesist.data.pii import personal_hint

CARDS = ["4111111111111111", "5500005555555559", "4012888888881881", "378282246310005", "6011111111111117"]


@pytest.mark.parametrize(
    ("name", "cells", "hint"),
    [
        ("contact", ["ann@example.org", "bob.b@mail.example.com"], "email"),
        ("x", ["192.168.1.1", "10.0.0.7"], "ip"),
        ("version", ["1.2.3", "1.2.4"], ""),
        ("ssn", ["123-45-6789", "987-65-4321"], "national id"),
        ("national_id", ["AB123456C", "CD654321D"], "national id"),
        ("phone", ["030 123456", "089/765432"], "phone"),
        ("x", ["(555) 123-4567", "555-123-4567"], "phone"),
        ("weight", ["1234567", "7654321"], ""),
        ("card_number", CARDS, "credit card"),
        ("article", ["4111111111111112", "5500005555555558"] * 6, ""),
        ("iban", ["DE89370400440532013000", "GB29NWBK60161331926819"], "iban"),
        ("first_name", ["Ann", "Bob", "Zoë"], "name"),
        ("LastName", ["O'Neil", "Müller-Lüdenscheidt"], "name"),
        ("name", ["Braund, Mr. Owen Harris", "Heikkinen, Miss. Laina"], "name"),
        ("name", ["American Airlines Inc.", "Delta Air Lines Inc."], ""),
        ("product_name", ["Garden Hose", "Table Lamp", "Oak Desk"], ""),
        ("file_name", ["a1.csv", "b2.csv"], ""),
        ("address", ["12 Main Street", "5 Oak Ave"], "address"),
        ("Adresse", ["Hauptstraße 5", "Lindenweg 17"], "address"),
        ("ip_address", ["wired", "wireless"], ""),
        ("city", ["Berlin", "Paris"], ""),
        ("sex", ["Male", "Female"], ""),
    ],
)
def test_hint(name, cells, hint):
    assert personal_hint(name, pl.Series(cells)) == hint


def test_a_bare_name_in_a_table_of_people_is_a_person():
    cells = pl.Series(["Xu Qing", "Ngozi Eze"])
    assert personal_hint("name", cells, "customers") == "name"
    assert personal_hint("name", cells, "airports") == ""


def test_personal_values_are_never_listed():
    table = pl.DataFrame({"first_name": ["Ann", "Bob"] * 20, "phone": ["555-123-4567", "555-123-4568"] * 20})
    page = str({name: kind.model_dump() for name, kind in detect(table)[0].columns.items()})
    assert all(cell not in page for cell in ("Ann", "Bob", "4567"))


def test_one_row_of_personal_data_is_no_constant():
    kind = detect(pl.DataFrame({"email": ["ann@example.org"]}))[0]["email"]
    assert (kind.kind, kind.pii) == ("text", "email")


def test_birth_dates_and_numbers():
    table = pl.DataFrame({"birth_date": ["1969-07-20", "1971-01-02"], "card": [int(card) for card in CARDS[:2]]})
    schema, _ = detect(table.with_columns(credit_card_number=pl.col("card")))
    assert schema["birth_date"].pii == "birth date"
    assert schema["credit_card_number"].pii == "credit card"
