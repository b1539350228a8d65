"""Gower distance (1971, doi:10.2307/2528823) to the nearest row, by brute force at memory speed.

Each column adds between 0 and 1: numbers their gap as a share of the real range, categories 0 when
equal and 1 when not; missing to missing adds 0, missing to a value 1. Everything is counted in
whole 2**-20 so that equal distances are equal, and sums do not depend on their order.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthesist.metrics._columns import Columns, Side

__all__ = ["ONE", "Gower"]

ONE = 1 << 20
MISSING = 1 << 23  # farther from every number than one range, and at 0 from itself
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Gower:
    """The tables on one common scale: `numbers[column, row]` and `codes[column, row]` by side."""

    numbers: Mapping[Side, Ints]
    codes: Mapping[Side, Ints]

    @classmethod
    def of(cls, columns: Columns) -> "Gower":
        """Scale the numbers by the range of train and holdout together."""
        numbers: dict[Side, list[Ints]] = {side: [] for side in columns.rows}
        codes: dict[Side, list[Ints]] = {side: [] for side in columns.rows}
        for column in columns.all:
            if not column.numeric:
                for side in columns.rows:
                    codes[side].append(column[side].astype(np.int32))
                continue
            real = np.concatenate([column["train"], column["holdout"]])
            real = real[~np.isnan(real)]
            low, high = (real.min(), real.max()) if len(real) else (0.0, 0.0)
            for side in columns.rows:
                share = (column[side] - low) / (high - low if high > low else 1.0)
                steps = np.round(np.clip(share, -1, 2) * ONE)
                numbers[side].append(np.where(np.isnan(steps), MISSING, steps).astype(np.int32))
        stack = {
            name: {
                side: np.array(rows, dtype=np.int32).reshape(len(rows), columns.rows[side]) for side, rows in x.items()
            }
            for name, x in (("numbers", numbers), ("codes", codes))
        }
        return cls(stack["numbers"], stack["codes"])

    def nearest(
        self, side: Side, rows: npt.NDArray[np.int64], among: Side, others: npt.NDArray[np.int64], threads: int = 1
    ) -> tuple[Ints, Ints]:
        """For each of `rows` the distance to the nearest of `others`, and which of `others` that is."""
        from synthesist.metrics._kernel import nearest

        queries = (self.numbers[side][:, rows].T.copy(), self.codes[side][:, rows].T.copy())
        stock = (self.numbers[among][:, others].copy(), self.codes[among][:, others].copy())
        distance, place = np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)

        def part(span: slice) -> None:
            nearest(*(q[span] for q in queries), *stock, distance[span], place[span])

        step = -(-len(rows) // max(threads, 1))
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            list(pool.map(part, (slice(start, start + step) for start in range(0, len(rows), max(step, 1)))))
        return distance, place
