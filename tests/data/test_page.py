"""Pages are read without surprises."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.data.page import overridden, read_page, scalar
from synthesist.errors import NotFoundError, SpecError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("1_000", 1000),
        ("1e6", 1e6),
        ("1e-3", 0.001),
        (".5", 0.5),
        ("0.5", 0.5),
        (".inf", float("inf")),
        ("true", True),
        ("False", False),
        ("no", "no"),
        ("on", "on"),
        ("007", "007"),
        ("12:30", "12:30"),
        ("0x1F", "0x1F"),
        ("2024-01-01", "2024-01-01"),
        ("", None),
        ("null", None),
        ("[a, {b: 1}]", ["a", {"b": 1}]),
    ],
)
def test_values_mean_what_they_look_like(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@settings(deadline=None, derandomize=True)
@given(st.one_of(st.integers(), st.floats(allow_nan=False), st.booleans()))
def test_numbers_come_back(value):
    text = {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
    assert scalar(text.replace("inf", ".inf")) == value


@pytest.mark.parametrize("text", ["{a: 1, a: 2}", "[1,", "a: b: c", "!!python/object/apply:os.system [ls]", "\x00"])
def test_what_is_no_page_is_refused(text, tmp_path):
    (tmp_path / "page.yaml").write_text(text)
    with pytest.raises(SpecError, match=r"page\.yaml"):
        read_page(tmp_path / "page.yaml")


def test_a_page_is_a_small_mapping_in_utf8(tmp_path):
    page = tmp_path / "page.yaml"
    for content in (b"- 1", b"", b"\xff\xfe\x00", b"a: 1\n" + b"#" * 1_000_001):
        page.write_bytes(content)
        with pytest.raises(SpecError, match=r"page\.yaml"):
            read_page(page)
    with pytest.raises(NotFoundError):
        read_page(tmp_path / "none.yaml")


def test_overrides_reach_into_lists_and_leave_the_page_alone():
    tree = {"then": [{"kind": "mask"}], "seed": 1}
    assert overridden(tree, ["then.0.kind=other", "seed=2", "a.b=[1]"]) == {
        "then": [{"kind": "other"}],
        "seed": 2,
        "a": {"b": [1]},
    }
    assert tree == {"then": [{"kind": "mask"}], "seed": 1}


@pytest.mark.parametrize("text", ["seed", "=1", "seed.x=1", "then.3=1", "then.x=1"])
def test_overrides_that_lead_nowhere(text):
    with pytest.raises(SpecError):
        overridden({"then": [1], "seed": 1}, [text])
