"""Commands whose SOURCE or OUT is a database."""

from pathlib import Path

import pytest

import synthesist as sy
from synthesist.cli import main


def run(*words: object) -> int:
    return main([str(word) for word in words])


@pytest.fixture
def people(adult_csv: Path, tmp_path: Path) -> str:
    sy.write(sy.read(adult_csv), tmp_path / "people.db")
    return f"sqlite:///{tmp_path / 'people.db'}"


def test_from_database_to_database(people: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("inspect", people) == 0
    assert run("split", people, "-o", tmp_path / "parts") == 0
    assert run("fit", people, "-m", "marginals", "-o", tmp_path / "model.syn") == 0
    assert run("sample", tmp_path / "model.syn", "-n", 300, "-o", f"duckdb:///{tmp_path / 'made.duckdb'}") == 0
    assert run("transform", "mask", people, "--set", "columns={age: {do: drop}}", "-o", tmp_path / "masked.sqlite") == 0
    parts = [tmp_path / "parts" / f"{part}.parquet" for part in ("train", "holdout")]
    made = ["--synthetic", tmp_path / "made.duckdb"]
    assert run("evaluate", "--train", parts[0], "--holdout", parts[1], *made, "--json", tmp_path / "scores.json") == 0
    out = capsys.readouterr().out
    assert f"Wrote duckdb:///{tmp_path / 'made.duckdb'}: 300 rows" in out
    assert sy.read(tmp_path / "made.duckdb").table.height == 300
    assert "age" not in sy.read(tmp_path / "masked.sqlite").table.columns


def test_faults_are_one_message_without_the_password(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (
        ["inspect", "postgresql://ann:pa55word@127.0.0.1:1/shop"],
        ["inspect", tmp_path / "none.db"],
        ["inspect", "oracle://ann@h/shop"],
        ["fit", "mysql://ann:${NOT_SET}@127.0.0.1:1/shop", "-o", tmp_path / "model.syn"],
    ):
        assert run(*words) == 2
        told = capsys.readouterr()
        assert "pa55word" not in told.out + told.err and "Traceback" not in told.err
        assert told.err.strip()


def test_what_is_read_is_not_written(people: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run("transform", "mask", people, "--set", "columns={age: {do: drop}}", "-o", people.removeprefix("sqlite:///"))
        == 2
    )
    assert "read" in capsys.readouterr().err
