"""Which columns each column depends on: a network of bounded treewidth, grown column by column.

Like Prim's algorithm for a spanning tree, the column that gains most comes next, with the parents it gains most
from. Parents stand together in one earlier family (a column and its parents), so families form a junction
tree, and inference is exact at a cost known beforehand. With one parent this is the tree of Chow and Liu.

A gain is the predictive log-probability of a column given its parents, each row predicted by a table that
did not count it (leave-one-out): it grows with what parents tell and falls with what a larger table costs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from synthesist.boosting.axis import ranks_by
from synthesist.graphical.network import Network

__all__ = ["Family", "families", "groups_of_codes", "learnt_network", "shares_given"]

ROWS = 30_000  # looked at for the structure, at most
PARTNERS = 12  # the columns a column may have several parents from
PRIORS = (1.0, 4.0, 16.0, 64.0, 256.0)  # rows by which a table may lean on the one with a parent less
LARGEST = 2**20  # cells of a table, at most


@dataclass(frozen=True)
class Family:
    """A column and its parents, strongest first; `home` is the place of the earlier family that holds the parents."""

    column: int
    parents: tuple[int, ...]
    home: int


def learnt_network(codes: np.ndarray, sizes: np.ndarray, ordered: np.ndarray, parents: int, groups: int) -> Network:
    """The network of codes[column, row], rows in random order: at most so many parents, each seen in so many groups."""
    group = groups_of_codes(codes, sizes, ordered, groups)
    seen = np.take_along_axis(group, codes.astype(np.int64), axis=1)
    counts = group.max(axis=1).astype(np.int64) + 1
    made = families(seen, counts, sizes, parents)
    tables = [
        shares_given(codes[j], j, group[j, : sizes[j]], seen, counts, f.parents) for f in made for j in (f.column,)
    ]
    return Network(
        np.array([f.column for f in made], np.int64),
        np.array([[*f.parents, *[-1] * (parents - len(f.parents))] for f in made], np.int64).reshape(-1, parents),
        np.array([f.home for f in made], np.int64),
        group,
        tuple(table.astype(np.float32) for table in tables),
    )


def families(groups: np.ndarray, counts: np.ndarray, sizes: np.ndarray, most: int) -> list[Family]:
    """The families of groups[column, row], in an order in which parents come first.

    Args:
        counts: how many groups each column has.
        sizes: how many codes each column has.
        most: parents of a column, at most.
    """
    groups = groups[:, :ROWS]
    d, least = len(groups), np.log(max(groups.shape[1], 2))  # gains below that come by chance
    alone = [_gain(groups, counts, j, ()) for j in range(d)]
    pair = np.array(
        [[_gain(groups, counts, j, (k,)) - alone[j] if j != k else 0.0 for k in range(d)] for j in range(d)]
    )
    near = [set(np.argsort(-gains, kind="stable")[:PARTNERS].tolist()) for gains in pair]
    made: list[Family] = []
    best = {j: (-np.inf, Family(j, (), -1)) for j in range(d)}
    if d:
        best[int(pair.sum(axis=1).argmax())] = (np.inf, best[int(pair.sum(axis=1).argmax())][1])
    while best:
        column = max(best, key=lambda j: best[j][0])
        made.append(best.pop(column)[1])
        for j in best:
            for subset in _subsets(made[-1], near[j], most):
                parents = tuple(sorted(subset, key=lambda i: -pair[j, i]))
                if np.prod(counts[list(parents)]) * sizes[j] > LARGEST:
                    continue
                gain = pair[j, column] if len(parents) == 1 else _gain(groups, counts, j, parents) - alone[j]
                if gain > max(best[j][0], least):
                    best[j] = (gain, Family(j, parents, len(made) - 1))
    return made


def groups_of_codes(codes: np.ndarray, sizes: np.ndarray, ordered: np.ndarray, most: int) -> np.ndarray:
    """group[column, code]: at most `most` of even mass, of neighbours or, where codes have no order, of likes."""
    out = np.zeros((len(codes), 256), np.uint8)
    for j, size in enumerate(int(size) for size in sizes):
        out[j, :size] = _even(np.bincount(codes[j], minlength=size), np.arange(size), most)
    rough = np.take_along_axis(out, codes.astype(np.int64), axis=1)[:, :ROWS]
    for unordered in np.flatnonzero(~ordered & (sizes > most) & (len(sizes) > 1)):
        j, size = int(unordered), int(sizes[unordered])
        others = [k for k in range(len(sizes)) if k != j]
        nearest = max(others, key=lambda k: _gain(rough, out.max(axis=1) + 1, j, (k,)))
        ranks = ranks_by(codes[j], size, codes[nearest], int(sizes[nearest]))
        out[j, :size] = _even(np.bincount(codes[j], minlength=size), np.argsort(ranks[:size]), most)
    return out


def _even(mass: np.ndarray, order: np.ndarray, most: int) -> np.ndarray:
    """The group of each code: runs of codes in `order`, of about even mass, numbered without gaps."""
    if len(mass) <= most:
        return np.arange(len(mass))
    middle = np.cumsum(mass[order]) - mass[order] / 2
    group = np.empty(len(mass), np.int64)
    group[order] = np.minimum(middle / mass.sum() * most, most - 1).astype(np.int64)
    return np.unique(group, return_inverse=True)[1]


def _subsets(family: Family, near: set[int], most: int) -> Iterator[tuple[int, ...]]:
    """Sets of parents that a new family offers and no earlier one did: those with its column."""
    yield (family.column,)
    others = [i for i in family.parents if i in near] if family.column in near else []
    for size in range(1, most):
        for rest in combinations(others, size):
            yield (family.column, *rest)


def _gain(groups: np.ndarray, counts: np.ndarray, j: int, parents: Sequence[int]) -> float:
    """The predictive log-probability of column j given its parents."""
    return _learnt(groups[j], np.zeros(counts[j], np.int64), groups, counts, parents)[1]


def shares_given(
    y: np.ndarray, j: int, group: np.ndarray, groups: np.ndarray, counts: np.ndarray, parents: Sequence[int]
) -> np.ndarray:
    """shares[config, code] of the codes y[row] of column j: of its groups, times those inside each group.

    The two lean on fewer parents each as far as suits it: what is inside a group depends on parents less.
    """
    outer, _ = _learnt(groups[j], np.zeros(counts[j], np.int64), groups, counts, parents)
    inner, _ = _learnt(y, group.astype(np.int64), groups, counts, parents)
    return outer[:, group] * inner


def _learnt(
    y: np.ndarray, block: np.ndarray, groups: np.ndarray, counts: np.ndarray, parents: Sequence[int]
) -> tuple[np.ndarray, float]:
    """shares[config, code] inside the block of each code, and their predictive log-probability.

    Every table leans on the one with a parent less, by as many rows as predict best.
    """
    config, shares = np.zeros(len(y), np.int64), (1 / np.bincount(block))[block][None]
    for parent in (None, *parents):
        if parent is not None:
            config, shares = config * counts[parent] + groups[parent], np.repeat(shares, counts[parent], axis=0)
        table = np.bincount(config * len(block) + y, minlength=shares.size).reshape(shares.shape).astype(np.float64)
        total = (table @ np.eye(block.max() + 1)[block])[:, block]
        seen = np.nonzero(table)
        n, whole, lean = table[seen], total[seen], shares[seen]
        found = [float((n * np.log((n - 1 + prior * lean) / (whole - 1 + prior))).sum()) for prior in PRIORS]
        prior = PRIORS[int(np.argmax(found))]
        shares = (table + prior * shares) / (total + prior)
    return shares, max(found)
