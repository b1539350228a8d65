"""Drawings written in parts: the same bytes whoever makes them, whatever is killed on the way."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.core import Context
from synthesist.engine.blocks import isolated
from synthesist.engine.executors.processes import Processes
from synthesist.engine.plan import Plan, plain, written_where
from synthesist.engine.stage import MANIFEST
from synthesist.errors import NotFoundError, OutputError, SpecError, UnsuitableError
from synthesist.model import Model
from synthesist.samplers.columns import Columns
from synthesist.samplers.tables import Tables

SHOP: dict[str, Any] = {
    "customers": {"columns": {"id": {"is": "keys"}, "age": {"is": "uniform", "low": 18, "high": 90, "integers": True}}},
    "orders": {
        "columns": {
            "id": {"is": "keys"},
            "customer": {"is": "reference", "to": "customers", "each": {"is": "poisson", "mean": 2}},
            "total": {"is": "lognormal", "median": 20, "decimals": 2},
        }
    },
}
N, PART = 150_000, 100_000


def shop() -> Model:
    spec = Tables.build({"tables": SHOP})
    return Model(spec, spec)


def written(out: Path, **options: Any) -> str:
    """The digest of all that is in the folder that a drawing is written to."""
    sy.write(shop(), out, N, parts=True, rows_per_part=PART, ending=".parquet", **options)
    return digest(out)


def digest(folder: Path) -> str:
    out = sha256()
    for path in sorted(folder.rglob("*")):
        out.update(str(path.relative_to(folder)).encode() + (path.read_bytes() if path.is_file() else b""))
    return out.hexdigest()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("whole") / "shop")


def test_parts_hold_what_sample_draws(tmp_path: Path, whole: str) -> None:
    assert written(tmp_path / "shop") == whole
    assert not (tmp_path / "shop.partial").exists()
    there, drawn = sy.read(tmp_path / "shop"), shop().sample(N)
    assert there.schema == drawn.schema
    for name, table in drawn.tables.items():
        assert there.tables[name].equals(table)
    manifest = json.loads((tmp_path / "shop" / MANIFEST).read_text())
    assert manifest["rows"] == {name: table.height for name, table in drawn.tables.items()}
    for file in manifest["files"]:
        assert sha256((tmp_path / "shop" / file["path"]).read_bytes()).hexdigest() == file["sha256"]


def test_workers_change_no_byte(tmp_path: Path, whole: str) -> None:
    assert written(tmp_path / "shop", workers=3) == whole


def test_a_cluster_of_dask_changes_no_byte(tmp_path: Path, whole: str, cluster: str) -> None:
    assert written(tmp_path / "shop", cluster=cluster) == whole


def test_a_cluster_gives_blocks_in_order(tmp_path: Path, cluster: str) -> None:
    columns = {"id": {"is": "keys"}, "x": {"is": "normal"}}
    sy.write("columns", tmp_path / "x.csv", 200_000, cluster=cluster, columns=columns)
    sy.write("columns", tmp_path / "y.csv", 200_000, columns=columns)
    assert (tmp_path / "x.csv").read_bytes() == (tmp_path / "y.csv").read_bytes()


def test_no_scheduler_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"No scheduler of Dask at tcp://127\.0\.0\.1:1"):
        import dask

        with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
            written(tmp_path / "shop", cluster="tcp://127.0.0.1:1")
    assert not (tmp_path / "shop").exists()


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster of one process, as each takes seconds to start, that works at two parts at once."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as made:
        yield made.scheduler_address


# --------------------------------------------------------------------------- kills


@pytest.mark.parametrize("number", range(3))
def test_what_was_killed_goes_on_with_the_same_bytes(tmp_path: Path, whole: str, number: int) -> None:
    assert killed_at_random(tmp_path, random.Random(number), 1 + number % 2) == whole


@pytest.mark.prove
@pytest.mark.parametrize("number", range(200))
def test_two_hundred_kills(tmp_path: Path, whole: str, number: int) -> None:
    assert killed_at_random(tmp_path, random.Random(1_000 + number), 1 + number % 2) == whole


def killed_at_random(tmp_path: Path, chance: random.Random, workers: int) -> str:
    """Kill the run once at a random moment of its work, with or without its workers, and let it go on."""
    words = said(tmp_path, workers)
    command = [sys.executable, "-m", "synthesist", *words]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    while not (tmp_path / "shop.partial").exists() and run.poll() is None:
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 2.5))
    if run.poll() is None:
        (os.killpg if chance.random() < 0.5 else os.kill)(run.pid, signal.SIGKILL)
    run.communicate()
    assert main(words) == 0
    assert not (tmp_path / "shop.partial").exists()
    return digest(tmp_path / "shop")


def said(folder: Path, workers: int) -> list[str]:
    """The words of the command that writes the shop in parts."""
    page = folder / "shop.yaml"
    page.write_text(json.dumps({"kind": "tables", "tables": SHOP}), "utf-8")
    words = ["sample", str(page), "-n", str(N), "-o", str(folder / "shop"), "--parts", "--format", "parquet"]
    return [*words, "--rows-per-part", str(PART), "--workers", str(workers)]


def test_a_worker_that_is_killed_is_replaced(tmp_path: Path, whole: str) -> None:
    out, killed = tmp_path / "shop", []

    def tracked(parts: Any, label: Any, total: Any) -> Iterator[Any]:
        for part in parts:
            if not killed:
                killed.append(one_worker())
                os.kill(killed[0], signal.SIGKILL)
            yield part

    assert written(out, workers=2, ctx=Context.seeded(0, tracker=tracked)) == whole
    assert killed


def one_worker() -> int:
    """The number of a process that draws for this one."""
    children = (int(child) for task in Path("/proc/self/task").glob("*/children") for child in task.read_text().split())
    return next(child for child in children if b"engine.worker" in Path(f"/proc/{child}/cmdline").read_bytes())


# --------------------------------------------------------------------------- what goes wrong


def test_another_plan_is_refused_and_nothing_is_lost(tmp_path: Path, whole: str) -> None:
    out = tmp_path / "shop"
    half_done(out)
    before = digest(tmp_path / "shop.partial")
    with pytest.raises(OutputError, match=r"shop.partial holds an unfinished run that differs in `n`.*remove that"):
        sy.write(shop(), out, N + 1, parts=True, rows_per_part=PART, ending=".parquet")
    assert digest(tmp_path / "shop.partial") == before
    assert not out.exists()
    done = sy.write(shop(), out, N, parts=True, rows_per_part=PART, ending=".parquet")
    assert done.resumed == 1
    assert digest(out) == whole


def test_parts_that_were_harmed_are_made_again(tmp_path: Path, whole: str) -> None:
    half_done(tmp_path / "shop")
    part = tmp_path / "shop.partial" / "orders" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    assert written(tmp_path / "shop") == whole


def half_done(out: Path) -> None:
    """A run that is stopped after its first part."""

    def tracked(parts: Any, label: Any, total: Any) -> Iterator[Any]:
        for number, part in enumerate(parts):
            if number:
                raise KeyboardInterrupt
            yield part

    ctx = Context.seeded(0, tracker=tracked)
    with pytest.raises(KeyboardInterrupt):
        sy.write(shop(), out, N, parts=True, rows_per_part=PART, ending=".parquet", ctx=ctx)
    assert not out.exists()


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    def tracked(parts: Any, label: Any, total: Any) -> Iterator[Any]:
        with pytest.raises(OutputError, match="Another process is writing to"):
            written(tmp_path / "shop")
        yield from parts

    written(tmp_path / "shop", ctx=Context.seeded(0, tracker=tracked))


def test_an_earlier_run_makes_room_and_other_files_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "shop"
    written(out)
    (out / "notes.txt").write_text("mine")
    sy.write(shop(), out, 10, parts=True, ending=".parquet")
    assert sy.read(out).units == 10
    assert (out / "notes.txt").read_text() == "mine"
    (out / "orders" / "more.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"more\.txt is in the way of the parts of `orders`"):
        written(out)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_once_and_the_target_unharmed(
    tmp_path: Path, workers: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shop"
    sy.write(shop(), out, 10, parts=True, ending=".parquet")
    before = digest(out)
    with no_file_larger_than(100_000):
        code = main(said(tmp_path, workers))
    errors = capsys.readouterr().err
    assert code == 2
    assert "Cannot write" in errors
    assert "0 of 5 parts are finished and kept in" in errors
    assert errors.count("\n") == 1, errors
    assert digest(out) == before


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is full; for processes that are started meanwhile, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="0 workers"):
        sy.write("columns", tmp_path / "x.csv", 10, workers=0, columns={"x": {"is": "normal"}})
    with pytest.raises(SpecError, match="say how many rows"):
        sy.write({"a": [1]}, tmp_path / "x", parts=True)
    with pytest.raises(OutputError, match="is a file, and parts"):
        (tmp_path / "file").write_text("")
        sy.write("columns", tmp_path / "file", 10, parts=True, columns={"x": {"is": "normal"}})

    class Own(Columns):
        pass

    own = Own.build({"columns": {"x": {"is": "normal"}}})
    with pytest.raises(UnsuitableError, match="Other processes know no sampler"):
        sy.write(own, tmp_path / "own", 10, parts=True)


# --------------------------------------------------------------------------- what is drawn


def test_conditions_travel() -> None:
    where = {"a": (">=", 3), "b": ["x", "y"], "c": "z", "d": ("in", [1, 2])}
    assert written_where(json.loads(json.dumps(plain(where)))) == where
    assert written_where(json.loads(json.dumps(plain(["a >= 3"])))) == ["a >= 3"]


def test_a_fitted_model_under_conditions(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [i % 7 for i in range(200)], "c": ["a", "b"] * 100})
    model = sy.fit(frame, "marginals")
    for workers in (1, 2):
        sy.write(model, tmp_path / f"w{workers}", 3_000, {"c": "a"}, parts=True, rows_per_part=1_000, workers=workers)
    assert digest(tmp_path / "w1") == digest(tmp_path / "w2")
    there = sy.read(tmp_path / "w1")
    assert there.units == 3_000
    assert there.table["c"].unique().to_list() == ["a"]


def test_rows_that_need_those_before_them_are_made_in_order(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": range(3_000), "c": ["a", "b"] * 1_500})
    model = sy.fit(frame, "marginals", rules=["unique(x, c)"])
    assert not isolated(model.world(100, None, Context.seeded(0)))
    half = tmp_path / "half"
    done = sy.write(model, half, 2_500, parts=True, rows_per_part=500, workers=2)
    assert done.rows == {"table": 2_500}
    assert sy.read(half).table.equals(model.sample(2_500, ctx=Context.seeded(0)))


def test_a_table_without_rows_is_there(tmp_path: Path) -> None:
    tables = {**SHOP, "orders": {"columns": {**SHOP["orders"]["columns"]}}}
    tables["orders"]["columns"]["customer"] = {
        "is": "reference", "to": "customers", "each": {"is": "constant", "value": 0},
    }  # fmt: skip
    sy.write("tables", tmp_path / "shop", 10, parts=True, tables=tables)
    assert sy.read(tmp_path / "shop").tables["orders"].height == 0


def test_blocks_from_other_processes_come_in_order(tmp_path: Path) -> None:
    for workers in (1, 2):
        sy.write(shop(), tmp_path / f"w{workers}", N, workers=workers, ending=".csv")
    assert digest(tmp_path / "w1") == digest(tmp_path / "w2")


def test_a_failure_in_another_process_is_told_as_it_is(tmp_path: Path) -> None:
    model = shop()
    world = model.world(N, None, Context.seeded(0))
    plan = model.plan(world, N, None, Context.seeded(0), ".parquet", 1)
    (tmp_path / "plan.json").write_text(plan.model_dump_json().replace('"tables"', '"tabels"', 1))
    with pytest.raises(NotFoundError, match="tabels"):
        list(Processes(1).run(tmp_path, range(2)))


def test_a_plan_has_a_name_of_its_own() -> None:
    model, ctx = shop(), Context.seeded(0)
    world = model.world(N, None, ctx)
    names = {model.plan(world, N, where, ctx, ".csv", 1).identity for where in (None, {"age": 30})}
    plan = model.plan(world, N, None, ctx, ".csv", 3)
    assert len({*names, plan.identity}) == 3
    assert Plan.model_validate_json(plan.model_dump_json()) == plan
    assert [len(plan.chunks_of(number, world)) for number in range(plan.parts)] == [3] * (plan.parts - 1) + [
        world.chunks - 3 * (plan.parts - 1)
    ]
