"""Drawing what is too large for memory, or for one process: to a file, a folder, in parts, on a cluster."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from synthesist.core import Context, World
from synthesist.data.dataset import Dataset
from synthesist.data.places import Place
from synthesist.data.targets import target
from synthesist.data.writing import written_as
from synthesist.engine.blocks import isolated
from synthesist.engine.plan import ROWS_OF_A_PART, Plan
from synthesist.engine.production import Production, brought, produced
from synthesist.errors import SpecError
from synthesist.model import Model
from synthesist.rules.conditions import Where

if TYPE_CHECKING:
    from synthesist.engine.executors import Executor
    from synthesist.engine.paced import Punctuality
    from synthesist.samplers.events.load import Load

__all__ = ["executor_of", "planned", "streamed", "written"]


def written(
    model: Model,
    out: str | Place,
    n: int | Mapping[str, int],
    where: Where,
    ctx: Context,
    executor: "Executor | None",
    rows_per_part: int | None,
    ending: str,
    inputs: tuple[str | Place, ...] = (),
) -> Production:
    """Draw n units and write them, as `synthesist.write` says; in parts where `rows_per_part` is given."""
    if rows_per_part is not None:
        world, plan = planned(model, n, where, ctx, ending, rows_per_part)
        return produced(world, plan, model.schema, Path(str(out)), ctx, executor, model.leave)
    with target(out, model.schema, ending=ending, inputs=inputs) as to:
        for block in _drawn(model, n, where, ctx, executor):
            to.write(block)
    return Production(dict(to.rows))


def streamed(
    model: Model,
    out: str | Place,
    n: int | Mapping[str, int],
    where: Where,
    ctx: Context,
    executor: "Executor | None",
    load: "Load",
    speed: float,
    inputs: tuple[str | Place, ...] = (),
) -> "Punctuality":
    """Draw at most n units and hand each on when the load says, until it is over; a column `at` tells when that was."""
    from synthesist.engine.paced import AT, paced, timed

    to = target(out, timed(model.schema), inputs=inputs)
    with paced(to, load, ctx.at("load"), speed=speed, column=AT) as pace:
        for block in _drawn(model, n, where, ctx, executor):
            pace.write(block)
            if pace.over:
                break
    return pace.punctuality


def planned(
    model: Model, n: int | Mapping[str, int], where: Where, ctx: Context, ending: str, rows: int = ROWS_OF_A_PART
) -> tuple[World, Plan]:
    """What is drawn, and the page by which parts of about so many rows are made of it."""
    if rows < 1:
        raise SpecError(f"Parts of {rows:,} rows: they have at least 1.")
    world = model.world(n, where, ctx)
    return world, model.plan(world, n, where, ctx, written_as(ending, "parts"), Plan.chunks_in_a_part(world, rows))


def executor_of(workers: int, cluster: str | None = None) -> "Executor | None":
    """Who draws: this process, several, or a cluster."""
    if workers < 1:
        raise SpecError(f"{workers} workers: at least 1 has to draw.")
    if cluster is not None:
        from synthesist.engine.executors.cluster import Dask

        return Dask(cluster)
    if workers == 1:
        return None
    from synthesist.engine.executors.processes import Processes

    return Processes(workers)


def _drawn(
    model: Model, n: int | Mapping[str, int], where: Where, ctx: Context, executor: "Executor | None"
) -> Iterator[Dataset]:
    """The blocks in order, from other processes where there is an executor."""
    if executor is None:
        return model.blocks(n, where, ctx=ctx)
    world = model.world(n, where, ctx)
    if not isolated(world):
        return model.blocks(n, where, ctx=ctx)
    plan = model.plan(world, n, where, ctx, ".arrow", 1)
    return iter(ctx.track(brought(world, plan, model.schema, executor, model.leave), "sampling", world.chunks))
