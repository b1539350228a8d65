"""Nothing of the rows is in what a private run leaves: files, logs, errors, whatever was fed to it."""

import logging
import struct
import zipfile
from pathlib import Path

import polars as pl
import pytest
import yaml

import synthesist as sy
from synthesist import catalog
from synthesist.cli import main
from synthesist.dp.ledger import Ledger
from synthesist.dp.method import PrivateMethod
from synthesist.errors import SynthesistError

TEXT, NAME, NUMBER, WHOLE, DAY = "MARKER-q7x", "ZZTOP-w3k", 7654.321, 48_151_623, "1987-06-05"
RARE = {"person": "MARK-person-91", "group": TEXT, "town": NAME, "pay": NUMBER, "age": WHOLE, "seen": DAY}
MARKS = [*(str(value).encode() for value in RARE.values()), struct.pack("<d", NUMBER), struct.pack("<q", WHOLE)]
PAGE = {
    "tables": {
        "people": {
            "columns": {
                "person": {"kind": "id"},
                "group": {"kind": "category", "values": ["a", "b"], "missing": True},
                "town": {"kind": "category", "missing": True},
                "pay": {"kind": "number", "decimals": 3, "bounds": [0, 9_000], "missing": True},
                "age": {"kind": "integer", "bounds": [0, 120], "missing": True},
                "seen": {"kind": "moment", "precision": "d", "format": "%Y-%m-%d", "missing": True},
            }
        }
    }
}
DAYS = "2020-01-01"
FAULTS = {
    "none": {},
    "text for numbers": {"pay": TEXT, "age": NAME},
    "text for dates": {"seen": TEXT},
    "infinities": {"pay": "inf", "age": "-inf", "seen": "9999-99-99"},
    "a formula": {"group": "=1+1", "town": f"{NAME}\n{TEXT}"},
}
PRIVATE = [name for name in catalog.names("methods") if issubclass(catalog.load("methods", name), PrivateMethod)]
RECIPE = {
    "version": 1,
    "source": "people.csv",
    "schema": "schema.yaml",
    "method": {"kind": "dp_copula", "epsilon": 3},
    "sample": {"n": 50},
    "output": {"data": "drawn.csv", "model": "drawn.syn", "release": "page.html"},
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("schema.yaml").write_text(yaml.safe_dump(PAGE))
    Ledger.create("spent.ledger", 50, 1e-6, additive=1e-7)
    return tmp_path


def table(**odd: object) -> pl.DataFrame:
    usual = [
        {"person": f"P{i}", "group": "ab"[i % 2], "town": "Oslo", "pay": f"{i * 20}.5", "age": i % 90, "seen": DAYS}
        for i in range(400)
    ]
    return pl.DataFrame([{k: str(v) for k, v in row.items()} for row in [*usual, RARE, {**RARE, **odd}]])


def marked(content: bytes) -> list[bytes]:
    return [mark for mark in MARKS if mark in content]


def left(folder: Path, given: set[str]) -> list[str]:
    """The files that hold a mark, archives opened."""
    found = []
    for path in folder.rglob("*"):
        if not path.is_file() or path.name in given:
            continue
        contents = [path.read_bytes()]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name) for name in archive.namelist()]
        found += [f"{path.name}: {mark!r}" for content in contents for mark in marked(content)]
    return found


@pytest.mark.parametrize("fault", FAULTS)
def test_a_run_leaves_nothing_of_its_rows(
    fault: str, place: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    table(**FAULTS[fault]).write_csv("people.csv")
    method = PRIVATE[list(FAULTS).index(fault) % len(PRIVATE)]
    model = sy.fit("people.csv", method, schema="schema.yaml", epsilon=3, ledger="spent.ledger")
    model.save("people.syn")
    repr(model)
    Path("shown.txt").write_text(f"{model!r} {model._repr_html_()} {dict(model.provenance)}")
    sy.write(model.sample(300), "fake.csv")
    words = ["fit", "people.csv", "-m", "dp_copula", "--schema", "schema.yaml", "-o", "again.syn"]
    assert main(words) == 0
    assert main(["ledger", "show", "spent.ledger"]) == 0
    Path("recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    assert main(["run", "recipe.yaml"]) == 0
    said = capfd.readouterr()
    assert not marked((said.out + said.err + caplog.text).encode())
    assert not left(place, {"people.csv"})


@pytest.mark.parametrize(
    ("changed", "options"),
    [
        ({"pay": TEXT}, {"epsilon": 60}),  # more than the ledger has
        ({}, {"epsilon": 1e-6}),  # too little to see a range
        ({}, {"unit": "town"}),
        ({}, {"unit": "nobody"}),
        ({}, {"share": 7}),
    ],
)
def test_an_error_says_nothing_of_the_rows(place: Path, changed: dict[str, object], options: dict[str, object]) -> None:
    rows = table(**changed)
    with pytest.raises(SynthesistError) as raised:
        sy.fit(rows, "dp_copula", schema="schema.yaml", ledger="spent.ledger", **options)
    error: BaseException | None = raised.value
    while error is not None:
        assert not marked(str(error).encode())
        error = error.__cause__
    assert not left(place, set())


def test_the_search_finds_what_is_there(place: Path) -> None:
    (place / "leak.txt").write_bytes(b"x" + struct.pack("<d", NUMBER))
    assert left(place, set())
