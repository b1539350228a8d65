"""Which conditions of tables become rules, and what is settled so that the others hold as well.

Rules are for columns that are made from their own table alone. A condition on others, or in words that rules do not
know, is held by settling its columns; as that can take a column out of a link or a key, tables are tied anew then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from synthesist.rules.rule import read_rule
from synthesist.schemas.relational.checks import Checked, Part, said
from synthesist.schemas.relational.limits import Limits
from synthesist.schemas.relational.links import Link, Ties, tied
from synthesist.schemas.relational.settling import Known, Settled, choices, settled_by, truth
from synthesist.schemas.relational.tables import Column, Database, Table

__all__ = ["handed_up", "held", "narrowed"]

ROUNDS = 8


def handed_up(database: Database, conditions: Mapping[str, Checked]) -> None:
    """Give limits of a column that refers to another to that one: it holds no other values."""
    for _ in range(ROUNDS):
        changed = False
        for table in database.tables.values():
            for mine, other, its in _pairs(database, table):
                limits = conditions[table.name].limits.get(mine)
                if limits is None or other is table:
                    continue
                handed = replace(limits, present=False, absent=False)
                known = conditions[other.name].limits.get(its, Limits())
                both = known.both(handed)
                if both is not None and both != known and not set(handed.excluded) & set(known.excluded):
                    conditions[other.name].limits[its] = both
                    changed = True
        if not changed:
            return


def _pairs(database: Database, table: Table) -> Iterator[tuple[str, Table, str]]:
    """Every column of a foreign key, with the table and column it refers to."""
    for foreign in table.foreign:
        other = database.find(foreign.table)
        for mine, its in zip(foreign.columns, foreign.others or (other.key if other else ()), strict=False):
            spelt, there = table.spelt(mine), other.spelt(its) if other else None
            if other is not None and spelt is not None and there is not None:
                yield spelt, other, there


def narrowed(database: Database, conditions: Mapping[str, Checked]) -> None:
    """Tell columns what their checks leave, which settles how many different values there are."""
    for name, table in database.tables.items():
        for column, limits in conditions[name].limits.items():
            its = table.columns[column]
            its.nullable &= not limits.present
            its.absent |= limits.absent
            if limits.values is not None:
                its.values = its.values or limits.values
            elif its.type.family == "integer":
                ends = [end if isinstance(end, int) else known
                        for end, known in ((limits.low, its.type.low), (limits.high, its.type.high))]  # fmt: skip
                its.type = replace(its.type, low=ends[0], high=ends[1])


def held(database: Database, conditions: Mapping[str, Checked]) -> tuple[dict[str, Ties], dict[str, list[str]]]:
    """How tables hang together, and the rules of each, once every condition is held or named."""
    targets: dict[str, set[str]] = {name: set() for name in database.tables}
    for table in database.tables.values():
        for _, other, its in _pairs(database, table):
            targets[other.name].add(its)
    for _ in range(ROUNDS):
        ties = tied(database)
        changed = False
        for name, table in database.tables.items():
            conditions[name].parts += conditions[name].apart
            conditions[name].apart = []
            for part in list(conditions[name].parts):
                changed |= _Holding(table, ties[name], conditions[name], targets[name]).hold(part)
        if not changed:
            break
    return ties, {name: [part.rule for part in its.parts] for name, its in conditions.items()}


class _Holding:
    """The conditions of one table, as its columns are tied."""

    def __init__(self, table: Table, ties: Ties, conditions: Checked, targets: set[str]) -> None:
        self.table, self.ties, self.conditions, self.targets = table, ties, conditions, targets
        self.fixed = frozenset(
            {*ties.linked, *ties.itself, *ties.placed, *ties.unique, *ties.absent, *table.key, *self.targets}
        )

    def hold(self, part: Part) -> bool:
        """Leave a condition as a rule, or hold it by its columns; whether columns are settled by that."""
        if part.rule and not set(read_rule(part.rule).columns) & self.fixed and not self._generated(part):
            return False
        self.conditions.parts.remove(part)
        ways = choices(part.node, self.table, fixed=self.fixed)
        if False not in truth(part.node, {name: its[0] for name, its in ways.items()}):
            return False
        if self._kept_apart(part):
            self.conditions.apart.append(part)
            return False
        found = settled_by(part.node, self._possible(ways)) or self._defaults(part, ways)
        if found is None:
            self._note(part, "is not kept: rows may break it")
            return False
        for name, cell in found.items():
            _settle(self.table.columns[name], cell)
        self._note(part, f"is held by {' and '.join(_words(name, cell) for name, cell in found.items())} in all rows")
        return True

    def _possible(self, ways: Mapping[str, list[Settled]]) -> dict[str, list[Settled]]:
        """What others refer to is never left empty."""
        return {name: [way for way in its if way != "empty" or name not in self.targets] for name, its in ways.items()}

    def _generated(self, part: Part) -> bool:
        return any(self.table.columns[name].generated for name in read_rule(part.rule).columns)

    def _defaults(self, part: Part, ways: Mapping[str, list[Settled]]) -> dict[str, Settled] | None:
        """The values that columns hold by default, which must meet what a table says of itself."""
        found: dict[str, Settled] = {}
        for name in ways:
            column = self.table.columns[name]
            if column.default is not None and name not in self.fixed and not column.values:
                found[name] = Known(column.default)
        known = {name: found.get(name, its[0]) for name, its in ways.items()}
        return found if found and True in truth(part.node, known) else None

    def _kept_apart(self, part: Part) -> bool:
        """Whether two links of a row are kept from leading to the same row, or need not be."""
        from sqlglot import exp

        node = part.node
        columns = list(node.find_all(exp.Column))
        if not isinstance(node, exp.NEQ | exp.NullSafeNEQ) or len(columns) != 2:
            return False
        first, second = (self._single(column.name) for column in columns)
        for link, other in ((first, columns[1].name), (second, columns[0].name)):
            if link is not None and link.options.get("before") and link.columns == {link.name: other}:
                return True  # an earlier row is another one
        if first is None or second is None or first.to != second.to or not _same(first, second):
            return False
        for one, of in ((second, first), (first, second)):
            alone = one.options.get("distinct") and self.ties.owner is None
            if not one.owns and not alone and "before" not in one.options and one.to != self.table.name:
                one.options["apart"] = of.name
                return True
        return False

    def _single(self, name: str) -> Link | None:
        link = self.ties.linked.get(name)
        return link if link is not None and len(link.columns) == 1 else None

    def _note(self, part: Part, words: str) -> None:
        self.conditions.notes.append(said(part.check, self.table, words))


def _same(first: Link, second: Link) -> bool:
    return list(first.columns.values()) == list(second.columns.values())


def _settle(column: Column, cell: Settled) -> None:
    if isinstance(cell, Known):
        column.values, column.nullable = (cell.value,), False
    elif cell == "there":
        column.nullable = False
    else:
        column.absent = True


def _words(name: str, cell: Settled) -> str:
    if isinstance(cell, Known):
        return f"{cell.value!r} in `{name}`"
    return f"`{name}` being {'there' if cell == 'there' else 'empty'}"
