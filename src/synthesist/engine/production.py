"""Large drawings: written in parts by whoever is there, or drawn elsewhere and brought here in order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from synthesist.core import Context, World
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.engine.blocks import in_order, isolated
from synthesist.engine.executors import Executor
from synthesist.engine.plan import Plan
from synthesist.engine.stage import PLAN, Part, Stage, staged, write_part
from synthesist.errors import OutputError

__all__ = ["Production", "brought", "produced"]

Leave = Callable[[Path], None]
"""Puts what else a worker must know beside the plan."""


@dataclass(frozen=True)
class Production:
    """What was written: the rows of every table, in how many parts, and how many of these an earlier run had left."""

    rows: Mapping[str, int]
    parts: int = 0
    resumed: int = 0


def produced(
    world: World, plan: Plan, schema: Schema, out: Path, ctx: Context, executor: Executor | None, leave: Leave
) -> Production:
    """Write a drawing to a folder in parts; what an earlier run of the same plan has finished is kept.

    Args:
        executor: who makes the parts; this process where None.

    Raises:
        OutputError: the folder cannot be written; what is finished is kept beside it.
    """
    with staged(out, plan, schema) as stage:
        before = len(stage.done)
        leave(stage.folder)
        try:
            for part in ctx.track(_made(world, stage, executor), "writing parts", len(stage.missing)):
                stage.note(part)
        except OutputError as error:
            raise OutputError(
                f"{error} {len(stage.done):,} of {plan.parts:,} parts are finished and kept in {stage.folder}: "
                f"the same command goes on from there."
            ) from None
        return Production(stage.finish(out), plan.parts, before)


def _made(world: World, stage: Stage, executor: Executor | None) -> Iterator[Part]:
    """The parts that are missing, as they are finished."""
    folder, plan = stage.folder, stage.plan
    if not isolated(world):
        return _one_after_another(world, stage)
    if executor is not None:
        return executor.run(folder, stage.missing)
    return (
        write_part((world.chunk(chunk) for chunk in plan.chunks_of(number, world)), folder, plan, number)
        for number in stage.missing
    )


def _one_after_another(world: World, stage: Stage) -> Iterator[Part]:
    """Parts of blocks that need those before them: all are drawn, and those that are missing are written."""
    blocks, plan = in_order(world), stage.plan
    for number in range(plan.parts):
        here = blocks if number == plan.parts - 1 else islice(blocks, plan.chunks)
        if number in stage.done:
            for _ in here:
                pass
        else:
            yield write_part(here, stage.folder, plan, number)


def brought(world: World, plan: Plan, schema: Schema, executor: Executor, leave: Leave) -> Iterator[Dataset]:
    """The chunks of a drawing in order, made elsewhere and left in a folder that is thrown away."""
    with TemporaryDirectory(prefix="synthesist-") as name:
        folder = Path(name)
        (folder / PLAN).write_text(plan.model_dump_json(), "utf-8")
        for table in schema.tables:
            (folder / table).mkdir()
        leave(folder)
        waiting: dict[int, Part] = {}
        following = 0
        for part in executor.run(folder, range(world.chunks)):
            waiting[part["part"]] = part
            while following in waiting:
                yield _brought(folder, waiting.pop(following), schema)
                following += 1


def _brought(folder: Path, part: Part, schema: Schema) -> Dataset:
    """One chunk; its files are gone then."""
    files = {file["table"]: folder / file["path"] for file in part["files"]}
    tables = {}
    for name, table in schema.tables.items():
        storage = {column: kind.storage for column, kind in table.columns.items()}
        found = pl.read_ipc(files[name]) if name in files else pl.DataFrame(schema=storage)
        tables[name] = found.cast(storage)  # type: ignore[arg-type]
    for path in files.values():
        path.unlink()
    return Dataset(tables, schema)
