"""A small table, a model of it, and the command line called as a user calls it."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from synthesist.cli import main

METHOD = "trees"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture(scope="session")
def method() -> str:
    """The method that is learnt with throughout."""
    return METHOD


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """people.csv and people.syn, made once."""
    folder = tmp_path_factory.mktemp("material")
    draw = random.Random(1)
    lines = ["age,sex,income,vote"]
    for _ in range(240):
        age = draw.randint(18, 90)
        income = round(draw.lognormvariate(3, 0.5) + age / 9, 1)
        lines.append(f"{age},{draw.choice(['f', 'm'])},{income},{'yes' if draw.random() < age / 100 else 'no'}")
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    assert main(["fit", str(folder / "people.csv"), "-m", METHOD, "-o", str(folder / "people.syn")]) == 0
    return folder


@pytest.fixture
def folder(material: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder of one's own that holds the material."""
    here = tmp_path / "here"
    shutil.copytree(material, here)
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """The real entry point, in this process."""

    def called(*words: str) -> Ended:
        capsys.readouterr()
        code = main(list(words))
        out, err = capsys.readouterr()
        return Ended(code, out, err)

    return called
