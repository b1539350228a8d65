"""Columns of JSON: every cell a document, as deep as declared, of the values declared."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from scipy import stats

from synthesist.core import Context
from synthesist.errors import ConditionError, SpecError
from synthesist.samplers.columns import Columns
from synthesist.verbs.drawing import sample

DEEP: dict[str, Any] = {
    "is": "json",
    "fields": {
        'a "name"': {"is": "categorical", "values": ["ä", 'x"y']},
        "at": {"is": "dates", "start": "2024-01-01", "end": "2024-02-01", "precision": "s"},
        "took": {"is": "durations", "unit": "h", "of": {"is": "uniform", "low": 2, "high": 2, "integers": True}},
        "age": {"is": "poisson", "mean": 30, "missing": 0.3},
        "items": {
            "is": "array",
            "of": {"is": "json", "fields": {"price": {"is": "gamma", "decimals": 2}}},
            "length": {"is": "binomial", "trials": 3},
        },
    },
}


def one(declared: dict[str, Any], n: int = 5_000) -> list[str]:
    return Columns.build({"columns": {"x": declared}}).sample(n, Context.seeded(0)).table["x"].to_list()


def test_every_cell_is_a_document_of_the_declared_values() -> None:
    made = [json.loads(cell) for cell in one(DEEP)]
    assert all(document.keys() == DEEP["fields"].keys() for document in made)
    assert {document['a "name"'] for document in made} == {"ä", 'x"y'}
    assert all(datetime(2024, 1, 1) <= datetime.fromisoformat(d["at"]) < datetime(2024, 2, 2) for d in made)
    assert {document["took"] for document in made} == {"PT2H"}
    ages = [document["age"] for document in made]
    assert ages.count(None) / len(ages) == pytest.approx(0.3, abs=0.03)
    lengths = Counter(len(document["items"]) for document in made)
    assert stats.chisquare([lengths[k] for k in range(4)], stats.binom(3, 0.5).pmf(range(4)) * 5_000).pvalue > 0.001
    prices = [item["price"] for document in made for item in document["items"]]
    assert stats.kstest(prices, stats.gamma(2).cdf).statistic < 0.02


def test_an_array_may_be_empty_and_of_plain_values() -> None:
    made = one({"is": "array", "of": {"is": "regex", "pattern": "[a-c]"}, "length": {"is": "poisson", "mean": 0.5}})
    assert made.count("[]") / len(made) == pytest.approx(stats.poisson(0.5).pmf(0), abs=0.03)
    assert {value for cell in made for value in json.loads(cell)} == {"a", "b", "c"}


def test_more_rows_begin_with_the_same_documents() -> None:
    few, many = (sample("columns", n, columns={"x": DEEP})["x"] for n in (10, 70_000))
    assert few.to_list() == many.head(10).to_list()
    assert len(set(many.tail(4_000))) > 1_000


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"is": "json", "fields": {"a": {"is": "keys"}}}, "no distribution `keys`"),
        ({"is": "json", "fields": {"a": {"is": "regex", "pattern": "a", "unique": True}}}, "cannot be unique"),
        ({"is": "array", "of": {"is": "normal"}, "length": {"is": "normal"}}, "a length is a whole number"),
        ({"is": "array", "of": {"is": "normal"}, "length": {"is": "poisson", "missing": 0.1}}, "missing"),
    ],
)
def test_what_cannot_be_written_is_refused(declared: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        one(declared)


def test_documents_cannot_be_asked_for_by_value() -> None:
    with pytest.raises(ConditionError, match="only whether it is empty"):
        sample("columns", 5, columns={"x": DEEP, "y": {"is": "normal"}}, where={"x": "{}"})
