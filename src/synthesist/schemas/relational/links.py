"""Keys, unique groups and foreign keys, turned into references and columns that hold them exactly.

A foreign key of one column or several becomes one link. A key or unique group holds where one of its columns never
repeats, or where it is the place of a row within its owner, or where the rows of one owner look up others without
repeating: whichever of these its columns allow, the most natural first. What no way holds is named.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synthesist.schemas.relational.tables import Column, Database, ForeignKey, Group, Table

__all__ = ["Link", "Ties", "tied"]

PLACED = {"is": "geometric", "p": 0.3, "high": 12}  # rows that are counted within their owner
SOME_EACH = {"is": "uniform", "low": 1, "high": 6, "integers": True}  # rows that others of their owner refer to
PAIRED = {"is": "geometric", "p": 0.4, "high": 6}  # rows of a table between two others
SOME = {"is": "bernoulli", "p": 0.7}  # rows that belong to one other each
POPULAR = {"is": "zipf", "exponent": 0.5}  # some rows are referred to more often
NONE = 0.05  # share of references that may be missing and are
MANY = ("integer", "text", "uuid", "date", "timestamp", "decimal", "float", "bytes", "inet", "macaddr", "cidr")


@dataclass
class Link:
    """Columns that hold a key of another table together."""

    name: str
    to: str
    columns: dict[str, str]
    """Column of this table -> column of the other."""
    options: dict[str, Any] = field(default_factory=dict)
    line: int = 0
    late: bool = False
    """Whether it leads to a table that is loaded later."""

    @property
    def owns(self) -> bool:
        """Whether its rows are counted by rows of the other table."""
        return "each" in self.options


@dataclass
class Ties:
    """How one table hangs together, and with others."""

    links: list[Link] = field(default_factory=list)
    unique: set[str] = field(default_factory=set)
    """Columns in which no value comes twice."""
    placed: set[str] = field(default_factory=set)
    """Columns that count the rows of one owner."""
    absent: set[str] = field(default_factory=set)
    """Columns that are left empty."""
    present: set[str] = field(default_factory=set)
    """Columns that others refer to, and that are never empty."""
    rules: list[str] = field(default_factory=list)
    """What holds between rows, in the words of rules."""
    itself: set[str] = field(default_factory=set)
    """Columns that refer to their own row."""
    key: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def owner(self) -> Link | None:
        """The link to the table that owns the rows of this one."""
        return next((link for link in self.links if link.owns), None)

    @property
    def linked(self) -> dict[str, Link]:
        """The link of every column that is in one."""
        return {column: link for link in self.links for column in link.columns}


def tied(database: Database) -> dict[str, Ties]:
    """How every table hangs together."""
    return _Tying(database).all()


class _Tying:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.ties = {name: Ties(absent=_empty(table)) for name, table in database.tables.items()}
        self.owners: dict[str, str] = {}
        self.owned: dict[str, str] = {}
        """Tables whose rows belong to those of another, as rows of several refer to each other; the column of it."""

    def all(self) -> dict[str, Ties]:
        wanted = {name: list(self._wanted(table)) for name, table in self.database.tables.items()}
        self._make_targets_unique(wanted)
        for name, table in self.database.tables.items():
            self.ties[name].links = list(self._links(table, wanted[name]))
        self._give_owners()
        self._break_circles()
        for name, table in self.database.tables.items():
            self._refer_to_itself(table, self.ties[name])
        referred = {link.to: tuple(link.columns.values()) for ties in self.ties.values() for link in ties.links
                    if len(link.columns) > 1}  # fmt: skip
        for name, table in self.database.tables.items():
            self._hold(table, self.ties[name], referred.get(name, ()))
        self._require_targets()
        return self.ties

    # --------------------------------------------------------------- foreign keys

    def _wanted(self, table: Table) -> Iterator[tuple[ForeignKey, Table, dict[str, str]]]:
        """The foreign keys whose tables and columns are there."""
        seen: set[Any] = set()
        for foreign in table.foreign:
            other = self.database.find(foreign.table)
            if any((name := table.spelt(column)) and table.columns[name].absent for column in foreign.columns):
                continue  # what is empty refers to nothing
            if other is None:
                self._note(table, foreign.line, f"refers to `{foreign.table}`, which is no table of this file: "
                                                f"{', '.join(foreign.columns)} is drawn by its type")  # fmt: skip
                continue
            targets = foreign.others or other.key
            columns = [table.spelt(name) for name in foreign.columns]
            others = [other.spelt(name) for name in targets]
            if None in columns or None in others or len(columns) != len(others):
                self._note(table, foreign.line, f"the foreign key to `{other.name}` names columns that are not there")
                continue
            pairs = {str(mine): str(its) for mine, its in zip(columns, others, strict=True)}
            if (mark := (other.name, tuple(sorted(pairs.items())))) not in seen:
                seen.add(mark)
                yield foreign, other, pairs

    def _make_targets_unique(self, wanted: Mapping[str, Sequence[tuple[ForeignKey, Table, dict[str, str]]]]) -> None:
        """What is referred to is unique, even where a database does not insist."""
        for _, other, pairs in (entry for entries in wanted.values() for entry in entries):
            target = tuple(pairs.values())
            known = [set(other.key), *(set(group.columns) for group in other.unique)]
            if set(target) not in known:
                other.unique.append(Group(target, other.line))

    def _links(self, table: Table, wanted: Sequence[tuple[ForeignKey, Table, dict[str, str]]]) -> Iterator[Link]:
        """The links of a table: each column is in one, the longest foreign keys come first."""
        held: dict[str, Link] = {}
        for link in self._siblings(table, wanted):
            held.update(dict.fromkeys(link.columns, link))
            yield link
        for foreign, other, pairs in sorted(wanted, key=lambda entry: -len(entry[2])):
            if set(pairs) <= held.keys() and any(link.options.get("own") for link in map(held.__getitem__, pairs)):
                continue
            if other is table and set(pairs) == set(pairs.values()):
                continue
            over = [held[column] for column in pairs if column in held]
            if not over:
                name = next(iter(pairs)) if len(pairs) == 1 else f"{other.name}_{len(held)}"
                link = Link(name, other.name, pairs, line=foreign.line)
                held.update(dict.fromkeys(pairs, link))
                yield link
            elif not self._implied(pairs, other, over[0]):
                free = [column for column in pairs if column not in held and table.columns[column].nullable]
                if free:
                    self.ties[table.name].absent.add(free[0])
                    continue
                said = f"the foreign key ({', '.join(pairs)}) to `{other.name}`"
                self._note(table, foreign.line, f"{said} shares columns with that to `{over[0].to}` and is not kept")

    def _siblings(self, table: Table, wanted: Sequence[tuple[ForeignKey, Table, dict[str, str]]]) -> list[Link]:
        """Foreign keys of two columns that share one, as that of a tenant: rows of the same owner as this one."""
        for shared in table.columns:
            pairs = [(other, pairs, key.line) for key, other, pairs in wanted if len(pairs) == 2 and shared in pairs]
            above = {self._above(other, pairs[shared]) for other, pairs, _ in pairs if other is not table}
            if len(pairs) < 2 or len(above) != 1 or None in above:
                continue
            (top,) = above
            assert top is not None
            links = [Link(shared, top[0], {shared: top[1]}, {"each": dict(SOME_EACH)}, line=table.line)]
            for other, its, line in pairs:
                (mine,) = set(its) - {shared}
                other.unique.append(Group((its[mine],), other.line))
                options = {"own": True, "before": True} if other is table else {"own": True}
                links.append(Link(mine, other.name, {mine: its[mine]}, options, line))
            if len({name for link in links for name in link.columns}) < len(links):
                continue  # one column more is shared
            self.owned |= {other.name: its[shared] for other, its, _ in pairs} | {table.name: shared}
            return links
        return []

    def _above(self, table: Table, column: str) -> tuple[str, str] | None:
        """The table and column that a column refers to by itself."""
        for foreign in table.foreign:
            other = self.database.find(foreign.table)
            if foreign.columns == (column,) and other is not None and other is not table:
                targets = foreign.others or other.key
                return (other.name, targets[0]) if len(targets) == 1 else None
        return None

    def _implied(self, pairs: Mapping[str, str], other: Table, link: Link) -> bool:
        """Whether a foreign key holds because the columns it is about hold those of a table that has it too."""
        if not set(pairs) <= set(link.columns):
            return False
        through = {link.columns[mine]: its for mine, its in pairs.items()}
        between = self.database.tables[link.to]
        for foreign in between.foreign:
            target = self.database.find(foreign.table)
            others = foreign.others or (target.key if target else ())
            if target is other and dict(zip(foreign.columns, others, strict=False)) == through:
                return True
        return False

    def _give_owners(self) -> None:
        """Tables whose rows are found by their owner have one, with a row at least for each of its rows."""
        for name, column in self.owned.items():
            link = next((link for link in self.ties[name].links if list(link.columns) == [column]), None)
            if link is not None and not link.late and self._can_own(self.database.tables[name], link):
                link.options = {"each": dict(SOME_EACH)}
                self.owners[name] = link.to
        for name, ties in self.ties.items():
            for link in list(ties.links):
                if link.options.get("own") and not {name, link.to} <= self.owners.keys():
                    ties.links.remove(link)
                    self._note(
                        self.database.tables[name],
                        link.line,
                        f"the foreign key of {link.name} to `{link.to}` is not kept",
                    )

    def _break_circles(self) -> None:
        """Tables that refer to each other in a circle are loaded one after the other only where a link stays empty."""
        for name, table in self.database.tables.items():
            while (circle := self._circle(name)) is not None:
                open_ = next(((t, link) for t, link in circle if self._may_be_empty(t, link)), None)
                if open_ is not None:
                    other, link = open_
                    columns = self.database.tables[other].columns
                    self.ties[other].links.remove(link)
                    self.ties[other].absent.update(c for c in link.columns if columns[c].nullable)
                    continue
                _, link = circle[0]
                link.late = True
                way = " -> ".join(f"`{t}`" for t, _ in (*circle, circle[0]))
                said = f"tables refer to each other in a circle ({way}), and no cell of it may be empty"
                self._note(table, link.line, f"{said}: load it with the check of {', '.join(link.columns)} deferred")

    def _may_be_empty(self, table: str, link: Link, *, whole: bool = False) -> bool:
        """Whether one of its columns may be empty, so that it refers to nothing, or all of them."""
        columns = self.database.tables[table].columns
        return (all if whole else any)(
            columns[name].nullable and name not in self.database.tables[table].key for name in link.columns
        )

    def _circle(self, start: str) -> list[tuple[str, Link]] | None:
        """Links that lead from a table back to it, by way of others."""
        came: dict[str, tuple[str, Link]] = {}
        waiting = [start]
        while waiting:
            table = waiting.pop()
            for link in self.ties[table].links:
                if link.late:
                    continue
                if link.to == start and table != start:
                    path = [(table, link)]
                    while path[0][0] != start:
                        path.insert(0, came[path[0][0]])
                    return path
                if link.to not in came and link.to not in (start, table):
                    came[link.to] = (table, link)
                    waiting.append(link.to)
        return None

    def _refer_to_itself(self, table: Table, ties: Ties) -> None:
        """Links to earlier rows of the same table; a row refers to itself where no cell may be empty."""
        for link in [link for link in ties.links if link.to == table.name]:
            alone = any(set(group) == set(link.columns) for group in self._groups(table))
            if link.options.get("own"):
                continue
            if self._may_be_empty(table.name, link, whole=True) and not alone:
                link.options = {"before": True, "missing": NONE}
            elif self._may_be_empty(table.name, link):
                ties.links.remove(link)
                ties.absent.update(c for c in link.columns if table.columns[c].nullable)
            else:
                ties.links.remove(link)
                ties.itself.update(link.columns)

    # --------------------------------------------------------------- keys

    def _groups(self, table: Table) -> list[tuple[str, ...]]:
        """The columns of the key and of every unique group, the shortest first."""
        groups = [group for group in (table.key, *(g.columns for g in table.unique)) if group]
        known = [tuple(name for name in group if name in table.columns) for group in groups]
        return sorted(dict.fromkeys(known), key=len)

    def _hold(self, table: Table, ties: Ties, referred: tuple[str, ...]) -> None:
        groups = self._groups(table)
        single = [group[0] for group in groups if len(group) == 1]
        ties.unique |= {name for name in single if name not in ties.linked and name not in ties.itself}
        if referred:
            ties.unique |= {
                name for name in referred if name not in ties.linked and not self._to_be_placed(table, ties, referred)
            }
        alone = [link for link in ties.links if set(link.columns) in [set(group) for group in groups]]
        for link in alone:
            link.options = {"distinct": True}
        if len(alone) == 1 and self._can_own(table, alone[0]):
            self._own(table, alone[0], SOME)
        for group in groups:
            if not self._holds(group, ties) and not self._made_to_hold(table, group, ties):
                self._note(table, table.line, f"unique ({', '.join(group)}) is not kept: rows may repeat")
        for link in ties.links:
            if not link.owns:
                self._look_up(table, link)
        ties.key = self._key(table, ties, referred)

    def _to_be_placed(self, table: Table, ties: Ties, referred: tuple[str, ...]) -> bool:
        """Whether a key that others refer to has one free column, a whole number beside a link."""
        free = [name for name in referred if name not in ties.linked]
        held = [link for link in ties.links if set(link.columns) <= set(referred)]
        return (
            len(free) == 1
            and bool(held)
            and table.columns[free[0]].type.family == "integer"
            and free[0] not in ties.unique
        )

    def _holds(self, group: Sequence[str], ties: Ties) -> bool:
        if ties.unique & set(group) or ties.absent & set(group):
            return True
        held = [link for link in ties.links if set(link.columns) <= set(group)]
        half = [
            link
            for link in ties.links
            if any(n in group and c in self.ties[link.to].unique for n, c in link.columns.items())
        ]
        if any(link.options.get("distinct") for link in (*held, *half)) and ties.owner is None:
            return True
        if ties.owner in held and ties.owner is not None:
            one = ties.owner.options["each"] == SOME
            return one or bool(ties.placed & set(group)) or any(link.options.get("distinct") for link in held)
        return False

    def _made_to_hold(self, table: Table, group: Sequence[str], ties: Ties) -> bool:
        """Make a group of columns unique, in the most natural of the ways that it allows."""
        free = [name for name in group if name not in ties.linked and name not in ties.itself]
        held = [link for link in ties.links if set(link.columns) <= set(group) and link.to != table.name]
        owners = [link for link in held if link.owns or (ties.owner is None and self._can_own(table, link))]
        whole = [
            name for name in free if table.columns[name].type.family == "integer" and not table.columns[name].values
        ]
        wide = [name for name in free if self._wide(table.columns[name])]
        if owners and whole and tuple(group) == table.key:
            self._own(table, owners[0], PLACED)
            ties.placed.add(whole[-1])
        elif owners and len(held) > 1 and not wide:
            self._own(table, owners[0], PAIRED)
            next(link for link in held if link is not owners[0]).options = {"distinct": True}
        elif wide:
            ties.unique.add(wide[-1])
        elif owners:
            self._own(table, owners[0], SOME)
        elif held and ties.owner is None:
            held[0].options = {"distinct": True}
        elif ties.owner is None and (half := self._half_held(group, ties)) is not None:
            half.options = {"distinct": True}
        elif free and len(free) == len(group):
            ties.rules.append(f"unique({', '.join(free)})")
            return True
        elif nullable := [name for name in group if table.columns[name].nullable and name not in table.key]:
            ties.absent.add(nullable[-1])
            ties.links = [link for link in ties.links if nullable[-1] not in link.columns]
        elif free:
            ties.unique.add(max(free, key=lambda name: _room(table.columns[name])))
        return self._holds(group, ties)

    def _half_held(self, group: Sequence[str], ties: Ties) -> Link | None:
        """A link that is partly in a group, by a column that the other table can hold without repeating."""
        for link in ties.links:
            for name in set(link.columns) & set(group) if link.to not in self.owners else ():
                other, column = self.ties[link.to], link.columns[name]
                free = column not in {*other.linked, *other.placed, *other.itself, *other.absent}
                if free and self._wide(self.database.tables[link.to].columns[column]):
                    other.unique.add(column)
                    return link
        return None

    def _wide(self, column: Column) -> bool:
        """Whether there are values enough for a column in which none comes twice."""
        return column.type.family in MANY and not column.values and _room(column) >= 1e6

    def _can_own(self, table: Table, link: Link) -> bool:
        """Whether rows of the other table can own rows of this one, and nobody owns itself by way of others."""
        if link.to == table.name or link.late or "before" in link.options:
            return False
        above = link.to
        while above in self.owners:
            above = self.owners[above]
            if above == table.name:
                return False
        return True

    def _own(self, table: Table, link: Link, each: Mapping[str, Any]) -> None:
        if link.owns and link.options["each"] in (SOME, SOME_EACH):
            return
        link.options = {"each": dict(each)}
        self.owners[table.name] = link.to

    def _look_up(self, table: Table, link: Link) -> None:
        """What is said of a link that only looks rows up."""
        if not link.options:
            link.options = {"weights": dict(POPULAR)}
        if self._may_be_empty(table.name, link, whole=True) and "before" not in link.options:
            link.options["missing"] = NONE

    def _key(self, table: Table, ties: Ties, referred: tuple[str, ...]) -> tuple[str, ...]:
        key = referred or table.key
        if not key or not self._holds(key, ties) or set(key) & (ties.absent | ties.itself):
            return ()
        if any(link.options.get("missing") for name, link in ties.linked.items() if name in key):
            return ()
        return tuple(key)

    def _require_targets(self) -> None:
        """Links to columns whose cells do not follow from their row cannot be kept."""
        for name, ties in self.ties.items():
            for link in list(ties.links):
                other = self.ties[link.to]
                targets = set(link.columns.values())
                other.present |= targets
                follow = targets <= other.unique | other.placed | other.linked.keys()
                if not follow or (len(targets) > 1 and set(other.key) != targets):
                    ties.links.remove(link)
                    said = f"{', '.join(link.columns)} refers to {', '.join(link.columns.values())} of `{link.to}`"
                    note = f"{said}, which is not made unique here: not kept"
                    self._note(self.database.tables[name], link.line, note)

    def _note(self, table: Table, line: int, words: str) -> None:
        self.ties[table.name].notes.append(f"line {line}: `{table.name}`: {words}.")


def _empty(table: Table) -> set[str]:
    return {name for name, column in table.columns.items() if column.absent}


def _room(column: Column) -> float:
    """About how many different values there are."""
    kind = column.type
    if column.values or kind.values:
        return len(column.values or kind.values)
    if kind.low is not None and kind.high is not None:
        return float(kind.high) - max(kind.low, 0)
    if kind.digits is not None:
        return 10.0**kind.digits
    if kind.length is not None:
        return 26.0 ** min(kind.length, 12)
    return {"boolean": 2.0, "date": 20_000.0, "year": 150.0, "json": 0.0}.get(kind.family, 1e12)
