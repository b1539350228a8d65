"""The audit from the command line."""

import json
from pathlib import Path

import pytest

from synthesist.dp import private


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_clean_audit(call) -> None:
    ended = call("audit", "dp_copula", "--set", "epsilon=2", "--pairs", "4", "--runs", "8", "--json", "found.json")
    assert ended.code == 0, ended.err
    assert "promises broken                       0" in ended.out
    assert "promised   (delta 1e-09)" in ended.out
    found = json.loads(Path("found.json").read_text())
    assert found["method"]["epsilon"] == 2
    assert found["pairs"] == 4
    assert found["bounds"]["as given"]["runs"] == 4


def test_a_broken_promise_fails(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(private.PrivateData, "_products", lambda self, query: 2 * right(self, query))
    ended = call("audit", "dp_copula", "--pairs", "6", "--runs", "0")
    assert ended.code == 1
    assert "- correlations: one unit changes it by" in ended.out
    assert "dp_copula breaks" in ended.err


right = private.PrivateData._products


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("trees",), "promises no privacy"),
        (("dp_copula", "--pairs", "0"), "at least one pair"),
        (("nothing",), "nothing"),
    ],
)
def test_faults_of_the_call(call, words: tuple[str, ...], said: str) -> None:
    ended = call("audit", *words)
    assert ended.code == 2
    assert said in ended.err
