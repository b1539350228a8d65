"""The inner loops of the nearest-row search."""

import numpy as np
from numba import njit

from synthesist.metrics._nearest import ONE

__all__ = ["nearest", "nearest_without"]

BLOCK = 2048  # distances held at once: they, and one column of as many rows, stay in the first cache
UNIT = np.int32(ONE)
FAR = np.int32(2**31 - 1)
TABLES = "int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1], int32[:,::1]"


@njit(f"void({TABLES})", nogil=True, cache=True)
def nearest(query_numbers, query_codes, numbers, codes, distance, place):  # type: ignore[no-untyped-def]
    """Fill `distance[query, rank]` and `place[query, rank]` from queries `[query, column]` and stock `[column, row]`.

    Of rows equally near the first in the stock comes first.
    """
    rows = max(numbers.shape[1], codes.shape[1])
    last = distance.shape[1] - 1
    far = np.empty(BLOCK, np.int32)
    for query in range(len(distance)):
        distance[query], place[query] = FAR, -1
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
            if smallest >= distance[query, last]:
                continue
            for i in range(width):
                if block[i] < distance[query, last]:
                    rank = last
                    while rank > 0 and distance[query, rank - 1] > block[i]:
                        distance[query, rank] = distance[query, rank - 1]
                        place[query, rank] = place[query, rank - 1]
                        rank -= 1
                    distance[query, rank] = block[i]
                    place[query, rank] = start + i


@njit(f"void({TABLES})", nogil=True, cache=True)
def nearest_without(query_numbers, query_codes, numbers, codes, distance, place):  # type: ignore[no-untyped-def]
    """The nearest row by all columns but one: fill `distance[query, column left out]` and `place[...]`.

    The columns are the numbers, then the codes; behind them stands what no column is left out of. All are found
    in one pass, since a sum without one part is the sum less that part.
    """
    rows, split = max(numbers.shape[1], codes.shape[1]), numbers.shape[0]
    columns = split + codes.shape[0]
    parts = np.zeros((columns + 1, BLOCK), np.int32)
    total = np.empty(BLOCK, np.int32)
    for query in range(len(distance)):
        distance[query], place[query] = FAR, -1
        for start in range(0, rows, BLOCK):
            width = min(BLOCK, rows - start)
            block = total[:width]
            block[:] = 0
            for column in range(split):
                own = query_numbers[query, column]
                stock, part = numbers[column, start : start + width], parts[column, :width]
                for i in range(width):
                    part[i] = min(np.int32(abs(np.int32(stock[i] - own))), UNIT)
                    block[i] += part[i]
            for column in range(split, columns):
                code = query_codes[query, column - split]
                named, part = codes[column - split, start : start + width], parts[column, :width]
                for i in range(width):
                    part[i] = np.int32(named[i] != code) * UNIT
                    block[i] += part[i]
            for column in range(columns + 1):
                part = parts[column, :width]
                smallest = FAR
                for i in range(width):
                    smallest = min(smallest, np.int32(block[i] - part[i]))
                if smallest < distance[query, column]:
                    distance[query, column] = smallest
                    for i in range(width):
                        if np.int32(block[i] - part[i]) == smallest:
                            place[query, column] = start + i
                            break
