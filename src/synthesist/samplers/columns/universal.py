"""UUIDs and ULIDs: 128 bits; UUIDs of version 7 and ULIDs begin with a time and sort by it.

References: RFC 9562 (UUIDs, doi:10.17487/RFC9562; time by its method 3, section 6.2: the 12 bits behind
the milliseconds count parts of one) and https://github.com/ulid/spec.
"""

import numpy as np
import polars as pl

from synthesist.codecs.keys import mixed
from synthesist.codecs.written import written

__all__ = ["MOST", "most", "ticks", "ulids", "uuid_pattern", "uuids"]

MOST = 2**60  # 48 bits of milliseconds and 12 bits of parts of one
PER_MILLISECOND = 4096
HEXADECIMAL = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)
CROCKFORD = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype=np.uint8)
DASHES = (8, 13, 18, 23)
DIGITS = [place for place in range(36) if place not in DASHES]


def ticks(index: np.ndarray, start: int, per_second: float) -> np.ndarray:
    """When each row is made, in 1/4096 milliseconds since 1970; `start` is in microseconds."""
    whole, part = divmod(_step(per_second), 1)
    first = start * PER_MILLISECOND // 1000
    return (first + index * int(whole) + np.floor(index * part).astype(np.int64)).astype(np.int64) & (MOST - 1)


def most(start: int, per_second: float) -> int:
    """How many rows are made before the 48 bits of milliseconds run over, in the year 10889."""
    return int((MOST - start * PER_MILLISECOND // 1000 - 1) / _step(per_second))


def uuid_pattern(version: int) -> str:
    """The shape of these UUIDs as keys; 8 is one of the four digits that name the variant."""
    return f"xxxxxxxx-xxxx-{version}xxx-8xxx-xxxxxxxxxxxx"


def uuids(version: int, number: np.ndarray, chance: np.ndarray) -> pl.Series:
    """UUIDs whose first 60 bits beside the version are `number`; the other 62 are random."""
    number = number.astype(np.uint64)
    high = number >> np.uint64(12) << np.uint64(16) | np.uint64(version << 12) | number & np.uint64(0xFFF)
    low = mixed(chance) >> np.uint64(2) | np.uint64(2**63)
    bytes_ = np.column_stack([high, low]).astype(">u8").view(np.uint8)
    signs = np.full((len(number), 36), ord("-"), dtype=np.uint8)
    signs[:, DIGITS[0::2]] = HEXADECIMAL[bytes_ >> 4]
    signs[:, DIGITS[1::2]] = HEXADECIMAL[bytes_ & 15]
    return written(signs)


def ulids(number: np.ndarray, chance: np.ndarray) -> pl.Series:
    """ULIDs whose first 60 bits are `number`; the other 68 are random."""
    high = number.astype(np.uint64) << np.uint64(4) | chance >> np.uint64(60)
    low = mixed(chance)
    signs = np.empty((len(number), 26), dtype=np.uint8)
    for place in range(26):
        shift = 5 * (25 - place)
        if shift >= 64:
            five = high >> np.uint64(shift - 64)
        elif shift:
            five = low >> np.uint64(shift) | high << np.uint64(64 - shift)
        else:
            five = low
        signs[:, place] = CROCKFORD[five & np.uint64(31)]
    return written(signs)


def _step(per_second: float) -> float:
    """Ticks from one row to the next: at least four, so that no two rows share one."""
    return 1000 * PER_MILLISECOND / per_second
