"""Keys by number: the i-th key of a shape, unique without looking at any other.

The number goes through a keyed permutation of the whole key space and is then written in the
shape's symbols, so keys are unique over blocks and machines and show no order.
"""

from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.cells import emptied
from synthesist.data.kinds import Id
from synthesist.data.schema import Schema
from synthesist.errors import DataError

__all__ = ["Keys", "apart", "hashed", "key_column", "keys_of", "mixed", "permute"]

SYMBOLS = {"9": digits, "A": ascii_uppercase, "a": ascii_lowercase, "x": digits + "abcdef"}
LARGEST = 2**60  # a permutation works on whole numbers that fit comfortably in 64 bits


@dataclass(frozen=True)
class Keys:
    """Keys of one shape.

    `pattern`: 9 stands for a digit, A and a for a letter, x for a hexadecimal digit, a backslash
    makes the next sign literal, every other sign is itself. Without a pattern keys are the whole
    numbers from `first` upwards; with a `last` those up to it come in no order, before any beyond.

    >>> Keys(pattern=r"INV-999").at(np.arange(3), seed=1).n_unique()
    3
    >>> Keys(first=10).at(np.arange(3), seed=1).to_list()
    [10, 11, 12]
    """

    pattern: str | None = None
    first: int = 1
    last: int | None = None

    @classmethod
    def of(cls, kind: Id) -> "Keys":
        """The keys of a column."""
        return cls(None if kind.whole else kind.pattern, kind.first, kind.last)

    def require(self, n: int, column: str) -> None:
        """Refuse more rows than there are keys, before any row is drawn.

        Raises:
            DataError: the pattern of `column` has fewer than n keys.
        """
        if self.pattern is not None and n > (space := _exact(_alphabets(self.pattern))[1]):
            raise DataError(
                f"The key pattern {self.pattern!r} of `{column}` has only {space:,} keys, {n:,} were asked for. "
                f"Make the pattern longer."
            )

    def at(self, index: np.ndarray, seed: int) -> pl.Series:
        """The keys of these numbers, Int64 or String; empty once the keys are used up.

        Whole blocks are drawn of which only the first rows may be handed out: those `require` looks after.
        """
        if self.pattern is None:
            number = index.astype(np.int64)
            if self.last is not None and (known := number <= self.last - self.first).any():
                number[known] = permute(number[known], self.last - self.first + 1, seed)
            return pl.Series(number + self.first)
        alphabets = _alphabets(self.pattern)
        exact, space = _exact(alphabets)
        number = permute(np.minimum(index, space - 1), space, seed)
        filler = hashed(index, seed)
        parts: list[pl.Series | str] = []
        for position in range(len(alphabets) - 1, -1, -1):
            alphabet = alphabets[position]
            if len(alphabet) == 1:
                parts.append(alphabet)
            elif position in exact:
                parts.append(_letters(alphabet, number % len(alphabet)))
                number = number // len(alphabet)
            else:
                filler = mixed(filler)
                parts.append(_letters(alphabet, filler % np.uint64(len(alphabet))))
        columns = [pl.lit(part) for part in reversed(parts)]
        return emptied(pl.DataFrame({"n": index}).select(pl.concat_str(columns)).to_series(), index >= space)


def apart(keys: Keys, given: pl.Series, full: pl.Series) -> pl.Series:
    """The filled column `full` with other keys where one that was drawn equals another of the column.

    Keys that were `given` stay as they are, whatever they are. Where a pattern runs out a cell stays empty.
    """
    drawn = given.is_null() & full.is_not_null()
    twice = drawn & (full.is_in(given.drop_nulls().implode()) | ~full.is_first_distinct())
    if not (missing := int(twice.sum())):
        return full
    spare = keys.at(np.arange(len(full) + missing), seed=0).drop_nulls().cast(full.dtype)
    spare = spare.filter(~spare.is_in(full.implode())).head(missing)
    return full.scatter(twice.arg_true(), spare.extend_constant(None, missing - len(spare)))


def key_column(name: str, kind: Id, n: int, start: int) -> pl.Series:
    """The keys of units start, start + 1 ... of a column.

    Keys of one column are permuted alike in every block, or two blocks could make the same one.
    """
    seed = Context(path=("keys", name)).seed("permutation")
    return Keys.of(kind).at(np.arange(start, start + n), seed).cast(kind.storage).alias(name)


def keys_of(schema: Schema) -> dict[str, Keys]:
    """The keys of every key column of the units."""
    columns = schema.tables[schema.unit].columns
    return {column: Keys.of(kind) for column, kind in columns.items() if isinstance(kind, Id)}


def permute(index: np.ndarray, size: int, seed: int) -> np.ndarray:
    """A keyed permutation of 0..size-1: a four-round Feistel network, walked until it lands inside.

    Reference: Black and Rogaway, Ciphers with arbitrary finite domains, CT-RSA 2002,
    doi:10.1007/3-540-45760-7_9.
    """
    half = max((max(size - 1, 1).bit_length() + 1) // 2, 1)
    low = np.uint64(2**half - 1)
    shift = np.uint64(half)
    out = index.astype(np.uint64)
    walking = np.arange(len(out))
    while len(walking):
        x = out[walking]
        left, right = x >> shift, x & low
        for turn in range(4):
            key = np.uint64((seed >> (16 * turn)) & (2**63 - 1))
            left, right = right, left ^ (mixed(right ^ key ^ np.uint64(turn + 1)) & low)
        out[walking] = (left << shift) | right
        walking = walking[out[walking] >= size]
    return out.astype(np.int64)


def hashed(index: np.ndarray, seed: int) -> np.ndarray:
    """A random 64-bit number for each of these numbers, always the same one."""
    return mixed(index.astype(np.uint64) ^ np.uint64(seed & (2**64 - 1)))


def mixed(x: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64: every bit of the result depends on every bit of x."""
    with np.errstate(over="ignore"):
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def _alphabets(pattern: str) -> list[str]:
    """The possible signs at every place of the pattern."""
    out, literal = [], False
    for sign in pattern:
        if sign == "\\" and not literal:
            literal = True
            continue
        out.append(sign if literal else SYMBOLS.get(sign, sign))
        literal = False
    return out


def _exact(alphabets: list[str]) -> tuple[set[int], int]:
    """The places, from the right, that count the key's number, and how many keys they can tell apart."""
    places: set[int] = set()
    space = 1
    for position in range(len(alphabets) - 1, -1, -1):
        if len(alphabets[position]) > 1:
            if space * len(alphabets[position]) > LARGEST:
                break
            space *= len(alphabets[position])
            places.add(position)
    return places, space


def _letters(alphabet: str, which: np.ndarray) -> pl.Series:
    return pl.Series(list(alphabet), dtype=pl.String).gather(which.astype(np.uint32))
