"""A model file fills our own types or is refused; it never runs code, crashes or takes memory it did not earn."""

import json
import zipfile
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import synthesist as sy
from synthesist.data.kinds import Integer, Kind
from synthesist.engine.pack import read_pack, write_pack
from synthesist.errors import ModelFileError, NotFoundError, OutputError


@dataclass(frozen=True)
class Leaf:
    value: float
    names: tuple[str, ...]


@dataclass(frozen=True)
class State:
    kind: Kind
    numbers: np.ndarray
    parts: dict[str, Leaf]
    maybe: Leaf | None
    table: pl.DataFrame

    def __post_init__(self) -> None:
        if self.numbers.max(initial=0) > 100:
            raise ValueError("a number beyond the table")


def state(**changed):
    content = {
        "kind": Integer(step=5),
        "numbers": np.arange(6, dtype=np.int32).reshape(2, 3),
        "parts": {"ä": Leaf(1.5, ("x", "y")), "b": Leaf(2.0, ())},
        "maybe": None,
        "table": pl.DataFrame({"k": ["a", None], "v": [1.5, 2.5]}),
    }
    return State(**{**content, **changed})


def written(tmp_path, value=None):
    path = tmp_path / "m.syn"
    write_pack(path, {"method": {"kind": "none"}}, value or state())
    return path


def test_what_goes_in_comes_out(tmp_path):
    header, back = read_pack(written(tmp_path), lambda header: State)
    assert header["method"] == {"kind": "none"}
    assert back.kind == Integer(step=5) and back.parts == state().parts and back.maybe is None
    assert (back.numbers == state().numbers).all() and back.numbers.dtype == np.int32
    assert back.table.equals(state().table)


def test_the_same_state_gives_the_same_bytes(tmp_path):
    assert written(tmp_path).read_bytes() == written(tmp_path).read_bytes()


def refused(path, match):
    with pytest.raises(ModelFileError, match=match):
        read_pack(path, lambda header: State)


def rewritten(path, change):
    """The file with its JSON page and numbers changed by hand."""
    with zipfile.ZipFile(path) as file:
        page, block = json.loads(file.read("model.json")), file.read("arrays.bin")
    page, block = change(page, block)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.json", page if isinstance(page, bytes) else json.dumps(page))
        file.writestr("arrays.bin", block)
    return path


def edit(**changed):
    return lambda page, block: ({**page, **changed}, block)


def edit_state(**changed):
    return lambda page, block: ({**page, "state": {**page["state"], **changed}}, block)


HOSTILE = {
    "later format": (edit(format=99), "later version"),
    "no format": (edit(format=None), "no format number"),
    "object arrays": (edit(arrays=[{"dtype": "object", "shape": [6]}]), "array of 'object'"),
    "arrays beyond the file": (edit(arrays=[{"dtype": "int32", "shape": [10**12]}]), "past the end"),
    "negative shape": (edit(arrays=[{"dtype": "int32", "shape": [-6]}]), "impossible shape"),
    "numbers left over": (lambda page, block: (page, block + b"x"), "more numbers"),
    "an array that is not there": (edit_state(numbers={"array": 7}), "not there"),
    "another class": (edit_state(parts={"items": [["a", {"is": "Popen", "args": ["id"]}]]}), "'Popen' where Leaf"),
    "an unknown kind": (edit_state(kind={"kind": "exploit"}), "does not fit"),
    "text for a number": (edit_state(parts={"items": [["a", {"is": "Leaf", "value": "1", "names": []}]]}), "str where"),
    "a missing field": (edit_state(maybe={"is": "Leaf", "value": 1.0}), "names"),
    "values out of bounds": (
        lambda page, block: (page, np.full(6, 1000, dtype=np.int32).tobytes()), "beyond the table"),
    "nested without end": (lambda page, block: (b"[" * 200_000 + b"]" * 200_000, block), "damaged"),
    "no JSON": (lambda page, block: (b"\x80\x04cposix\nsystem\n", block), "damaged"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_are_refused(tmp_path, case):
    change, match = HOSTILE[case]
    refused(rewritten(written(tmp_path), change), match)


def test_a_bomb_is_refused_before_it_unpacks(tmp_path):
    path = tmp_path / "bomb.syn"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.json", "{}")
        file.writestr("arrays.bin", b"\0" * (300 * 2**20))
    path = rewritten_sizes(path)
    refused(path, "damaged|more than a model may hold")


def rewritten_sizes(path):
    """A file that claims to unpack to far more than it could hold."""
    content = bytearray(path.read_bytes())
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    path.write_bytes(bytes(content))
    return path


def test_other_members_are_refused(tmp_path):
    path = written(tmp_path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("../../evil.py", "import os")
    refused(path, "should hold model.json and arrays.bin only")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "x.syn").write_text("hello")
    refused(tmp_path / "x.syn", "damaged or no synthesist model")
    with pytest.raises(NotFoundError, match="No model file"):
        read_pack(tmp_path / "none.syn", lambda header: State)


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        write_pack(tmp_path / "no" / "m.syn", {}, state())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    rng = np.random.default_rng(0)
    model = sy.fit({"x": rng.normal(size=300), "c": rng.choice(["a", "b", "c"], 300)}, "gaussian_copula")
    path = tmp_path_factory.mktemp("models") / "m.syn"
    model.save(path)
    return path.read_bytes()


@settings(deadline=None, derandomize=True, max_examples=120)
@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255), cut=st.booleans())
def test_damage_anywhere_is_refused_or_harmless(small_model, tmp_path_factory, place, value, cut):
    content = bytearray(small_model)
    at = int(place * len(content))
    content = content[:at] if cut else content
    if not cut:
        content[at] = value
    path = tmp_path_factory.getbasetemp() / "damaged.syn"
    path.write_bytes(bytes(content))
    try:
        model = sy.load(path)
    except ModelFileError:
        return
    assert model.sample(20).units == 20 if hasattr(model.sample(20), "units") else True
