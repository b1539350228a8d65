"""Every file on a shelf is whole: one public Spec, words for everybody, and options that say what they do."""

import importlib

import pytest

from synthesist import catalog
from synthesist.core import Spec
from synthesist.errors import NotFoundError

ALL = [(shelf, name) for shelf in catalog.SHELVES for name in catalog.names(shelf)]
OPTIONS = [(shelf, name, option) for shelf, name in ALL for option in catalog.load(shelf, name).model_fields]
VERB = {"methods": "fit", "samplers": "sample", "transforms": "apply", "metrics": "score"}


def test_no_name_stands_on_two_shelves() -> None:
    names = [name for _, name in ALL]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("shelf", "name"), ALL)
def test_a_file_has_one_public_spec(shelf: str, name: str) -> None:
    spec = catalog.load(shelf, name)
    assert len(importlib.import_module(spec.__module__).__all__) == 1
    assert issubclass(spec, Spec)
    assert spec.name() == name
    assert callable(getattr(spec, VERB[shelf]))


@pytest.mark.parametrize(("shelf", "name"), ALL)
def test_a_docstring_begins_for_everybody_and_says_when_not(shelf: str, name: str) -> None:
    spec = catalog.load(shelf, name)
    first = catalog.summary(spec)
    assert 20 <= len(first) <= 100, f"{len(first)} signs: {first}"
    assert first.endswith(".")
    assert "When not to use: " in (spec.__doc__ or "")


@pytest.mark.parametrize(("shelf", "name", "option"), OPTIONS)
def test_an_option_says_what_it_does(shelf: str, name: str, option: str) -> None:
    field = catalog.load(shelf, name).model_fields[option]
    extra = field.json_schema_extra
    assert field.description
    assert isinstance(extra, dict), "make it by `core.knob`"
    assert len(extra["tries"]) == 2  # type: ignore[arg-type]
    assert extra["affects"] in ("rows", "cost")


@pytest.mark.parametrize(("shelf", "name"), [(s, n) for s, n in ALL if s == "methods"])
def test_a_method_says_which_kinds_it_serves(shelf: str, name: str) -> None:
    assert catalog.load(shelf, name).accepts


def test_what_is_not_there_is_answered_with_what_is_near() -> None:
    with pytest.raises(NotFoundError, match="Did you mean `marginals`"):
        catalog.load("methods", "marginal")
    with pytest.raises(NotFoundError, match="Did you mean `methods`"):
        catalog.names("method")
    with pytest.raises(NotFoundError, match="Did you mean `gaussian_copula`"):
        catalog.find("gausian_copula")


def test_an_arrow_made_of_arrows_stands_on_the_shelf_of_its_verb() -> None:
    assert catalog.find("balance")[0] == "transforms"
    assert catalog.load("transforms", "balance").__module__ == "synthesist.combine.transforms.balance"
