"""Messages over a junction tree, and rows drawn from it, compiled.

Families stand at places, the parents of each in the family at its home, an earlier place. A family's cells are
its configurations (of its parents' groups) times the groups of its column.
"""

import numpy as np
from numba import njit

from synthesist.boosting.splitmix import uniform

__all__ = ["draw_rows"]


@njit(nogil=True, cache=True)
def draw_rows(  # type: ignore[no-untyped-def]
    column, parents, home, group_of, groups, size, table, table_first, by_group, belief, cell_first,
    to_config, map_first, known, set_of, which, weights, state, out,
):  # fmt: skip
    """out[column, row]: codes drawn given everything that is known of a row; known codes stay.

    What is known goes up to the roots as messages, then columns are drawn from the roots down.

    Args:
        column, parents, home: of each place; parents are -1 where there are fewer.
        group_of: group[column, code]; groups, size: how many groups and codes a column has.
        table, by_group: p(code | config) and p(group | config) of every place, one behind the other.
        belief: memory for all cells: what families below say of each; cell_first: where those of a place begin.
        to_config: for each cell of the home the configuration it means for a place; map_first: where those begin.
        known: known[column, row], -1 where open; set_of: the limit of each column or -1, which[limit, row] its set.
        weights: weights[set, code], how much of a code is allowed.
        state: of the random numbers, an array of one uint64.
    """
    heavy = np.zeros(len(column), np.bool_)
    group, chance = np.zeros(len(group_of), np.int64), np.empty(group_of.shape[1])
    for i in range(known.shape[1]):
        if i == 0 or not alike(known, which, i):
            gather(
                column, home, group_of, groups, size, table, table_first, by_group, belief, cell_first,
                to_config, map_first, known[:, i], set_of, which[:, i], weights, heavy,
            )  # fmt: skip
        for p in range(len(column)):
            j = column[p]
            if known[j, i] >= 0:
                out[j, i], group[j] = known[j, i], group_of[j, known[j, i]]
                continue
            config = 0
            for parent in parents[p]:
                if parent >= 0:
                    config = config * groups[parent] + group[parent]
            base, cells = table_first[p] + config * size[j], cell_first[p] + config * groups[j]
            total = 0.0
            for c in range(size[j]):
                chance[c] = table[base + c]
                if set_of[j] >= 0:
                    chance[c] *= weights[which[set_of[j], i], c]
                if heavy[p]:
                    chance[c] *= belief[cells + group_of[j, c]]
                total += chance[c]
            mark, drawn, c = uniform(state) * total, -1, 0
            while c < size[j]:
                if chance[c] > 0.0:
                    drawn = c
                    mark -= chance[c]
                    if mark < 0.0:
                        break
                c += 1
            out[j, i] = max(drawn, 0)
            group[j] = group_of[j, out[j, i]]


@njit(nogil=True, cache=True)
def alike(known, which, i):  # type: ignore[no-untyped-def]
    """Whether row i has the evidence of the row before."""
    return (known[:, i] == known[:, i - 1]).all() and (which[:, i] == which[:, i - 1]).all()


@njit(nogil=True, cache=True)
def gather(  # type: ignore[no-untyped-def]
    column, home, group_of, groups, size, table, table_first, by_group, belief, cell_first,
    to_config, map_first, known, set_of, which, weights, heavy,
):  # fmt: skip
    """Fill `belief` of every place below which something is known, and mark those places as `heavy`."""
    heavy[:] = False
    for p in range(len(column)):
        belief[cell_first[p] : cell_first[p + 1]] = 1.0
    for p in range(len(column) - 1, -1, -1):
        j = column[p]
        if not (heavy[p] or known[j] >= 0 or set_of[j] >= 0) or home[p] < 0:
            continue
        configs = (cell_first[p + 1] - cell_first[p]) // groups[j]
        message, top = np.zeros(configs), 0.0
        for config in range(configs):
            base, cells = table_first[p] + config * size[j], cell_first[p] + config * groups[j]
            if known[j] >= 0:
                message[config] = table[base + known[j]] * belief[cells + group_of[j, known[j]]]
            elif set_of[j] >= 0:
                for c in range(size[j]):
                    message[config] += table[base + c] * weights[which[set_of[j]], c] * belief[cells + group_of[j, c]]
            else:
                for g in range(groups[j]):
                    message[config] += by_group[cells + g] * belief[cells + g]
            top = max(top, message[config])
        if top <= 0.0:
            continue
        q = home[p]
        heavy[q] = True
        for cell in range(cell_first[q + 1] - cell_first[q]):
            belief[cell_first[q] + cell] *= message[to_config[map_first[p] + cell]] / top
