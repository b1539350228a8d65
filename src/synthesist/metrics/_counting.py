"""The inner loop that counts the rows which meet a predicate."""

import numpy as np
from numba import njit

__all__ = ["matches"]

SIGNATURE = "void(int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1], int64, int64[::1], int64[::1])"


@njit("int64(int32[::1], int32[::1], int32)", nogil=True, cache=True)
def _start(cells, order, value):  # type: ignore[no-untyped-def]
    """The first place in `order` of a cell that is at least `value`."""
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if cells[order[middle]] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(SIGNATURE, nogil=True, cache=True)
def matches(column, low, high, cells, order, most, count, row):  # type: ignore[no-untyped-def]
    """Fill `count[predicate]`, up to `most`, and `row[predicate]`, one that meets it.

    Only the rows that meet the condition which fewest rows meet are looked at.
    """
    rows, width = order.shape[1], column.shape[1]
    for asked in range(len(count)):
        best, start, stop = 0, 0, rows
        for k in range(width):
            j = column[asked, k]
            begin = _start(cells[j], order[j], low[asked, k])
            end = rows
            if high[asked, k] < np.int32(2**31 - 1):
                end = _start(cells[j], order[j], np.int32(high[asked, k] + 1))
            if end - begin < stop - start or k == 0:
                best, start, stop = k, begin, end
        found = 0
        for i in range(start, stop):
            each = order[column[asked, best], i]
            meets = True
            for k in range(width):
                if k != best:
                    cell = cells[column[asked, k], each]
                    meets = meets and low[asked, k] <= cell <= high[asked, k]
            if meets:
                row[asked] = each
                found += 1
                if found >= most:
                    break
        count[asked] = found
