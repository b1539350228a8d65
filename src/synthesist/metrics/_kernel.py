"""The inner loop of the nearest-row search."""

import numpy as np
from numba import njit

from synthesist.metrics._nearest import ONE

__all__ = ["nearest"]

BLOCK = 2048  # distances held at once: they, and one column of as many rows, stay in the first cache
UNIT = np.int32(ONE)
SIGNATURE = "void(int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1], int32[::1], int32[::1])"


@njit(SIGNATURE, nogil=True)
def nearest(query_numbers, query_codes, numbers, codes, distance, place):  # type: ignore[no-untyped-def]
    """Fill `distance[query]` and `place[query]` from queries `[query, column]` and stock `[column, row]`."""
    rows = max(numbers.shape[1], codes.shape[1])
    far = np.empty(BLOCK, np.int32)
    for query in range(len(distance)):
        distance[query], place[query] = 2**31 - 1, -1
        for start in range(0, rows, BLOCK):
            width = min(BLOCK, rows - start)
            block = far[:width]
            block[:] = 0
            for column in range(numbers.shape[0]):
                own = query_numbers[query, column]
                stock = numbers[column, start : start + width]
                for i in range(width):
                    block[i] += min(np.int32(abs(np.int32(stock[i] - own))), UNIT)
            for column in range(codes.shape[0]):
                code = query_codes[query, column]
                named = codes[column, start : start + width]
                for i in range(width):
                    block[i] += np.int32(named[i] != code) * UNIT
            smallest = block[0]
            for i in range(width):
                smallest = min(smallest, block[i])
            if smallest < distance[query]:
                distance[query] = smallest
                for i in range(width):
                    if block[i] == smallest:
                        place[query] = start + i
                        break
