"""Long proofs about fitted models: hostile files, a million rows in little memory, the same bytes anywhere."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.data.examples import ADULT

pytestmark = pytest.mark.prove

METHODS = ["trees", "gaussian_copula", "marginals"]
SLOWEST_CPU_S = 2.0  # what any file may take
MOST_MB = 1024
Page = dict[str, Any]


def proved(program: str, *words: object) -> list[str]:
    """What a program says in a process of its own; it must end well."""
    done = subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, f"ended with {done.returncode}\n{done.stdout[-500:]}\n{done.stderr[-4000:]}"
    return done.stdout.splitlines()


@pytest.fixture(scope="module", params=METHODS)
def model_file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = pl.read_parquet(ADULT).head(1_000)
    path = tmp_path_factory.mktemp(request.param) / "good.syn"
    sy.fit(rows, request.param).save(path)
    return path


# ------------------------------------------------------------------ files nobody should trust

# A model that was altered but still fits together is no fault: then it must draw what was asked for.
LOAD_ALL = """
import sys, time
import synthesist as sy
paths = sys.argv[1:]
sy.load(paths[0]).sample(30)  # what is compiled once does not count
for path in paths:
    start, why = time.process_time(), ""
    try:
        outcome = "drew" if len(sy.load(path).sample(30)) == 30 else "fewer"
    except sy.SynthesistError:
        outcome = "refused"
    except Exception as error:
        outcome, why = "crashed", repr(error)[:200]
    print(outcome, time.process_time() - start, path, why.replace(chr(10), " "), flush=True)
"""


def test_200_hostile_files_are_refused_or_harmless(model_file: Path) -> None:
    rng = np.random.default_rng(0)
    files = [model_file]
    for k in range(200):
        files.append(model_file.with_name(f"bad-{k}.syn"))
        files[-1].write_bytes(damaged(model_file.read_bytes(), rng) if k % 2 else altered(model_file, rng))
    outcomes = [line.split(maxsplit=2) for line in proved(LOAD_ALL, *files)]
    assert len(outcomes) == 201 and outcomes[0][0] == "drew"
    assert not [line for line in outcomes if line[0] not in ("drew", "refused")]
    assert not [line for line in outcomes if float(line[1]) > SLOWEST_CPU_S]


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes changed, a piece cut out, or the end torn off."""
    out, at = bytearray(content), int(rng.integers(len(content)))
    match int(rng.integers(3)):
        case 0:
            for place in rng.integers(len(out), size=8):
                out[place] = rng.integers(256)
        case 1:
            del out[at : at + int(rng.integers(1, 2_000))]
        case _:
            del out[at:]
    return bytes(out)


def altered(path: Path, rng: np.random.Generator) -> bytes:
    """The file well formed, its contents not: somebody who knows the format changed it."""
    with zipfile.ZipFile(path) as file:
        page, block = json.loads(file.read("model.json")), file.read("arrays.bin")
    page, block = ALTERATIONS[rng.integers(len(ALTERATIONS))](page, bytearray(block), rng)
    made = path.with_name("altered.syn")
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("model.json", json.dumps(page))
        file.writestr("arrays.bin", bytes(block))
    return made.read_bytes()


def numbers(page: Page, block: bytearray, rng: np.random.Generator) -> tuple[Page, bytearray]:
    """Some numbers of the arrays set to anything."""
    for place in rng.integers(len(block), size=int(rng.choice([1, 30, 1_000]))):
        block[place] = rng.integers(256)
    return page, block


def whole_array(page: Page, block: bytearray, rng: np.random.Generator) -> tuple[Page, bytearray]:
    """Every bit of one array set."""
    sizes = [int(np.dtype(a["dtype"]).itemsize * np.prod(a["shape"], dtype=int)) for a in page["arrays"]]
    k = int(rng.integers(len(sizes)))
    start = sum(sizes[:k])
    block[start : start + sizes[k]] = bytes([int(rng.choice([0x00, 0x7F, 0xFF]))]) * sizes[k]
    return page, block


def shape(page: Page, block: bytearray, rng: np.random.Generator) -> tuple[Page, bytearray]:
    """One array of another shape or type."""
    entry = page["arrays"][rng.integers(len(page["arrays"]))]
    if rng.random() < 0.5:
        entry["shape"] = rng.permutation([*entry["shape"], 1]).tolist() if rng.random() < 0.5 else [10**9, 10**9]
    else:
        entry["dtype"] = str(rng.choice(["uint8", "int8", "float64", "object", "bool"]))
    return page, block


def cell(page: Page, block: bytearray, rng: np.random.Generator) -> tuple[Page, bytearray]:
    """One value of the page, anywhere, set to something else; or left out."""
    place: Any = page
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = keys[rng.integers(len(keys))]
        if isinstance(place[key], dict | list) and place[key]:
            place = place[key]
        elif rng.random() < 0.2:
            del place[key]
            return page, block
        else:
            place[key] = [None, -1, 10**12, 1e308, "", "x" * 10_000, [], {}, True][rng.integers(9)]
            return page, block


def swapped(page: Page, block: bytearray, rng: np.random.Generator) -> tuple[Page, bytearray]:
    """Two arrays in each other's place."""
    text, count = json.dumps(page["state"]), len(page["arrays"])
    first, second = (f'{{"array": {k}}}' for k in rng.integers(count, size=2))
    text = text.replace(first, "\0").replace(second, first).replace("\0", second)
    return {**page, "state": json.loads(text)}, block


ALTERATIONS: list[Callable[[Page, bytearray, np.random.Generator], tuple[Page, bytearray]]] = [
    numbers, whole_array, shape, cell, cell, swapped,
]  # fmt: skip


# ------------------------------------------------------------------ a million rows, five processes

STREAM = """
import sys
from pathlib import Path
import synthesist as sy
model = sy.load(sys.argv[1])
print(sum(block.units for block in model.blocks(1_000_000)))
(line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(int(line.split()[1]) / 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much memory a process held")
def test_a_million_rows_stream_under_a_gigabyte(tmp_path: Path) -> None:
    sy.fit(pl.read_parquet(ADULT), "trees").save(tmp_path / "m.syn")
    rows, peak_mb = proved(STREAM, tmp_path / "m.syn")
    assert int(rows) == 1_000_000
    assert float(peak_mb) < MOST_MB


SAME = """
import hashlib, sys
from pathlib import Path
import polars as pl, synthesist as sy
from synthesist.data.examples import ADULT
threads, method, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
ctx = sy.Context.seeded(7, threads=threads)
model = sy.fit(pl.read_parquet(ADULT).head(3_000), method, ctx=ctx)
model.save(path)
where = {"sex": "Female", "age": (">=", 40)}
for rows in (model.sample(20_000, ctx=ctx), model.sample(500, where, ctx=ctx)):
    print(hashlib.sha256(rows.write_csv().encode()).hexdigest())
print(hashlib.sha256(Path(path).read_bytes()).hexdigest())
"""


@pytest.mark.parametrize("method", METHODS)
def test_five_processes_make_the_same_bytes(method: str, tmp_path: Path) -> None:
    """The model file, free rows and conditioned rows, with one thread, two or three."""
    made = {tuple(proved(SAME, threads, method, tmp_path / f"{k}.syn")) for k, threads in enumerate([1, 2, 1, 3, 2])}
    assert len(made) == 1
