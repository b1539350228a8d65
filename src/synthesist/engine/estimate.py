"""What a drawing would come to, from a few of its chunks: rows, bytes, time."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from synthesist.core import World
from synthesist.data.schema import Schema
from synthesist.engine.plan import Plan
from synthesist.engine.stage import write_part

__all__ = ["Estimate", "estimated"]

TRIED = 4  # chunks that are drawn to see how large they are
PATIENCE_S = 2.0  # after which no further one is


@dataclass(frozen=True)
class Estimate:
    """Rows and bytes of every table, seconds of one core, and in how many parts."""

    rows: Mapping[str, int]
    bytes: Mapping[str, float]
    cpu_seconds: float
    parts: int
    exact: frozenset[str]
    """The tables whose rows are known, and not estimated."""

    def seconds(self, workers: int) -> float:
        """The time on so many workers, of which none waits longer than for one part."""
        return self.cpu_seconds / min(workers, max(self.parts, 1))


def estimated(world: World, plan: Plan, schema: Schema) -> Estimate:
    """Draw and write some chunks from all over, in a folder that is thrown away; the rest will be like them."""
    chosen = np.unique(np.linspace(0, world.chunks - 1, TRIED).round().astype(int))
    rows, size, spent, drawn = dict.fromkeys(schema.tables, 0), dict.fromkeys(schema.tables, 0.0), 0.0, 0
    with TemporaryDirectory(prefix="synthesist-") as name:
        folder = Path(name)
        for table in schema.tables:
            (folder / table).mkdir()
        for chunk in chosen:
            if spent > PATIENCE_S:
                break
            begun, drawn = perf_counter(), drawn + 1
            part = write_part([world.chunk(int(chunk))], folder, plan, int(chunk))
            spent += perf_counter() - begun
            for file in part["files"]:
                rows[file["table"]] += file["rows"]
                size[file["table"]] += file["bytes"]
    times = world.chunks / drawn
    every = {table: world.rows.get(table, round(rows[table] * times)) for table in schema.tables}
    each = {table: size[table] / rows[table] if rows[table] else 0.0 for table in schema.tables}
    made, known = sum(rows.values()), sum(every.values())
    return Estimate(
        rows=every,
        bytes={table: each[table] * every[table] for table in schema.tables},
        cpu_seconds=spent * (known / made if made else times),
        parts=plan.parts,
        exact=frozenset(world.rows),
    )
