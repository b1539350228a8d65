"""Gower distance (1971, doi:10.2307/2528823) to the nearest row, by brute force at memory speed.

Each column adds between 0 and 1: numbers their gap as a share of the real range, categories 0 when
equal and 1 when not; missing to missing adds 0, missing to a value 1. Everything is counted in
whole 2**-20 so that equal distances are equal, and sums do not depend on their order.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from synthesist.metrics._columns import Column, Columns, Side

__all__ = ["ONE", "Gower"]

ONE = 1 << 20
MISSING = 1 << 23  # farther from every number than one range, and at 0 from itself
Ints = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int64]
_REAL: tuple[Side, Side] = ("train", "holdout")


@dataclass(frozen=True)
class Gower:
    """The columns of three tables, and the real range of each numeric one."""

    columns: Columns
    ranges: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, columns: Columns) -> "Gower":
        """Ranges are those of train and holdout together."""
        ranges = {}
        for column in columns.all:
            real = [column[side][~column.missing(side)] for side in _REAL]
            seen = [cells for cells in real if len(cells)]
            if column.numeric:
                low = min((float(cells.min()) for cells in seen), default=0.0)
                ranges[column.name] = low, max((float(cells.max()) for cells in seen), default=low)
        return cls(columns, ranges)

    def nearest(self, side: Side, rows: Rows, among: Side, others: Rows, threads: int = 1) -> tuple[Ints, Ints]:
        """For each of `rows` the distance to the nearest of `others`, and which of `others` that is."""
        distance, place = self.nearest_few(side, rows, among, others, 1, threads)
        return distance[:, 0], place[:, 0]

    def nearest_few(
        self, side: Side, rows: Rows, among: Side, others: Rows, few: int, threads: int = 1
    ) -> tuple[Ints, Ints]:
        """The same for the `few` nearest, `[row, rank]`; there are at least so many others."""
        from synthesist.metrics._kernel import nearest

        return self._search(nearest, side, rows, among, others, few, threads)

    def nearest_without(self, side: Side, rows: Rows, among: Side, others: Rows, threads: int = 1) -> tuple[Ints, Ints]:
        """The same by all columns but one, `[row, column left out]`; the last place leaves none out."""
        from synthesist.metrics._kernel import nearest_without

        ordered = sorted(range(len(self.columns.all)), key=lambda j: not self.columns.all[j].numeric)
        found = self._search(nearest_without, side, rows, among, others, len(ordered) + 1, threads)
        back = [*np.argsort(ordered), len(ordered)]
        return found[0][:, back], found[1][:, back]

    def _search(
        self, kernel: Callable[..., None], side: Side, rows: Rows, among: Side, others: Rows, width: int, threads: int
    ) -> tuple[Ints, Ints]:
        numbers, codes = (cells.T.copy() for cells in self._scaled(side, rows))
        stock = self._scaled(among, others)
        distance, place = np.empty((len(rows), width), np.int32), np.empty((len(rows), width), np.int32)

        def part(span: slice) -> None:
            kernel(numbers[span], codes[span], *stock, distance[span], place[span])

        step = -(-len(rows) // max(threads, 1))
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            list(pool.map(part, (slice(start, start + step) for start in range(0, len(rows), max(step, 1)))))
        return distance, place

    def _scaled(self, side: Side, rows: Rows) -> tuple[Ints, Ints]:
        """`numbers[column, row]` in steps of the range, and `codes[column, row]`."""
        numbers = [self._steps(column, column[side][rows]) for column in self.columns.all if column.numeric]
        codes = [column[side][rows] for column in self.columns.all if not column.numeric]
        shaped = (np.array(cells, dtype=np.int32).reshape(len(cells), len(rows)) for cells in (numbers, codes))
        return next(shaped), next(shaped)

    def _steps(self, column: Column, cells: npt.NDArray[np.float64]) -> Ints:
        low, high = self.ranges[column.name]
        share = (cells - low) / (high - low if high > low else 1.0)
        steps = np.round(np.clip(share, -1, 2) * ONE)
        return np.where(np.isnan(steps), MISSING, steps).astype(np.int32)
