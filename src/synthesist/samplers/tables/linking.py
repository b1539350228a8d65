"""Who refers to whom, and who belongs to whom: the links of declared tables, and what is wrong with them."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from synthesist.errors import SpecError, did_you_mean
from synthesist.rules.rule import Unique, read_rule
from synthesist.samplers.columns.keys import Keys
from synthesist.samplers.columns.references import Position, Reference, bounds_of
from synthesist.samplers.tables.plan import Family, Link
from synthesist.samplers.tables.table import Table

__all__ = [
    "Fault",
    "Links",
    "Tables",
    "families",
    "faults_of_keys",
    "key_of",
    "linked",
    "owned",
    "owners",
    "settled",
]

Fault = tuple[str, str]
"""Where it is, and what is wrong."""
Tables = Mapping[str, Table]
Links = Mapping[str, Mapping[str, Link]]
"""The links of every table, by their names."""


def key_of(table: Table) -> tuple[str, ...]:
    """The key as declared, else the first column of `keys`, else the first that is `unique`."""
    unique = [name for name, column in table.columns.items() if column.by_index and not column.missing]
    return table.key or tuple(sorted(unique, key=lambda name: not isinstance(table.columns[name], Keys))[:1])


def linked(tables: Tables) -> tuple[Links, list[Fault]]:
    """The links of every table; columns of one link are together."""
    faults: list[Fault] = []
    links: dict[str, dict[str, Link]] = {}
    for table, declared in tables.items():
        found: dict[str, Link] = {}
        for column, reference in declared.columns.items():
            if isinstance(reference, Reference):
                faults += _add(found, table, column, reference, tables)
        for link in found.values():
            faults += _faults_of_columns(link, tables, found)
        links[table] = found
    return links, faults


def _add(found: dict[str, Link], table: str, column: str, reference: Reference, tables: Tables) -> list[Fault]:
    """Add a column to its link, a new one or one that is there."""
    place, to = f"{table}.{column}", reference.to
    if to not in tables:
        return [(f"{place}.to", f"there is no table `{to}`. {did_you_mean(to, tables)}")]
    key = key_of(tables[to])
    if reference.column is None and len(key) != 1:
        choice = f"one of its key: {', '.join(key)}" if key else "it has no key"
        return [(place, f"say which `column` of `{to}` it holds ({choice})")]
    target = reference.column or key[0]
    if target not in tables[to].columns:
        known = tables[to].columns
        return [(f"{place}.column", f"there is no column `{target}` in `{to}`. {did_you_mean(target, known)}")]
    name = reference.link or (to if len(key) > 1 and target in key else column)
    link = found.setdefault(name, Link(name, table, to, {}))
    if link.to != to:
        return [(place, f"the link `{name}` already leads to `{link.to}`: give this one another name by `link`")]
    if target in link.columns.values():
        return [(place, f"the link `{name}` already holds `{to}.{target}`: give this one another name by `link`")]
    said = {option: getattr(link, option) for option in reference.says if getattr(link, option)}
    if unlike := [option for option, value in reference.says.items() if said.get(option, value) != value]:
        return [(f"{place}.{unlike[0]}", f"another column of the link `{name}` says it differently: say it once")]
    options: dict[str, Any] = reference.says
    found[name] = replace(link, columns={**link.columns, column: target}, **options)
    return []


def _faults_of_columns(link: Link, tables: Tables, links: Mapping[str, Link]) -> Iterator[Fault]:
    """A link holds the whole key, or one column that is unique by itself."""
    targets, to = list(link.columns.values()), tables[link.to]
    place = f"{link.table}.{next(iter(link.columns))}"
    alone = len(targets) == 1 and to.columns[targets[0]].by_index
    if not alone and set(targets) != set(key := key_of(to)):
        missing = [column for column in key if column not in targets]
        if set(targets) < set(key):
            lacks = ", ".join(f"`{column}`" for column in missing)
            yield place, f"the key of `{link.to}` has {len(key)} columns: the link `{link.name}` lacks {lacks}"
        else:
            yield place, f"`{link.to}.{targets[0]}` is no key: link to {', '.join(key) or 'a column of `keys`'}"
    if link.apart:
        yield from _faults_of_apart(link, place, links)
    if link.before and link.to != link.table:
        yield f"{place}.before", f"earlier rows are those of the same table, and this links to `{link.to}`"


def _faults_of_apart(link: Link, place: str, links: Mapping[str, Link]) -> Iterator[Fault]:
    """What is wrong with the link that one is kept apart from."""
    other = links.get(link.apart)
    if other is None or other is link:
        known = [name for name in links if name != link.name]
        yield f"{place}.apart", f"there is no other link `{link.apart}`. {did_you_mean(link.apart, known)}"
    elif other.to != link.to:
        yield f"{place}.apart", f"`{link.apart}` leads to `{other.to}`, and this to `{link.to}`: leave it out"
    elif other.apart:
        yield f"{place}.apart", f"`{link.apart}` is itself kept apart from `{other.apart}`: say it of one of them"


# --------------------------------------------------------------------------- who belongs to whom


def owned(links: Links) -> tuple[Mapping[str, str], list[Fault]]:
    """The table that owns each table which has an owner."""
    faults: list[Fault] = []
    found: dict[str, str] = {}
    for table, its in links.items():
        owning = [link for link in its.values() if link.each is not None]
        for link in owning[1:]:
            why = f"`{table}` already belongs to `{owning[0].to}`, and a table has one owner at most"
            faults.append((f"{table}.{next(iter(link.columns))}.each", f"{why}: leave `each` out, to look rows up"))
        if owning:
            found[table] = owning[0].to
    for table in found:
        chain = [table]
        while (above := found.get(chain[-1])) is not None and above not in chain:
            chain.append(above)
        if above == table:
            circle = " -> ".join(f"`{name}`" for name in (*chain, table))
            cure = "give `before: true` instead of `each`" if len(chain) == 1 else "leave `each` out of one link"
            faults.append((table, f"rows belong to each other in a circle: {circle}: {cure}"))
    return found, faults


def owners(table: str, owner: Mapping[str, str]) -> list[str]:
    """The table itself, the one it belongs to, and so on up."""
    out = [table]
    while out[-1] in owner:
        out.append(owner[out[-1]])
    return out


def families(tables: Tables, owner: Mapping[str, str]) -> Mapping[str, Family]:
    """Every table without an owner, with those below it, owners first."""
    above = {table: owners(table, owner) for table in tables}
    roots = [table for table in tables if table not in owner]
    of = {root: sorted((t for t in tables if above[t][-1] == root), key=lambda t: len(above[t])) for root in roots}
    return {root: Family(root, tuple(below)) for root, below in of.items()}


def settled(links: Links, owner: Mapping[str, str]) -> tuple[Links, list[Fault]]:
    """The links with what follows from who belongs to whom: where `own` rows are, and whether there may be none."""
    faults: list[Fault] = []
    out = {table: dict(its) for table, its in links.items()}
    for table, its in out.items():
        for name, link in its.items():
            place = f"{table}.{next(iter(link.columns))}"
            if link.distinct and link.weights is not None and table not in owner:
                faults.append(
                    (f"{place}.distinct", "rows that nobody owns take each row equally often: leave `weights` out")
                )
            if link.distinct and link.apart and table not in owner:
                why = "rows that nobody owns are handed out in turn, without a look at other links"
                faults.append((f"{place}.apart", f"{why}: leave `distinct` or `apart` out"))
            if not link.own:
                continue
            under = _under(link, owner)
            if under is None:
                faults.append((f"{place}.own", f"no row owns both rows of `{table}` and of `{link.to}`"))
                continue
            its[name] = replace(link, under=under, has_none=_may_be_none(link, under, links, owner))
    return out, faults


def _under(link: Link, owner: Mapping[str, str]) -> str | None:
    """The nearest table whose row owns both; a row owns itself, unless both are of one table."""
    if link.to == link.table:
        return owner.get(link.table)
    above = owners(link.to, owner)
    return next((table for table in owners(link.table, owner) if table in above), None)


def _may_be_none(link: Link, under: str, links: Links, owner: Mapping[str, str]) -> bool:
    """Whether a row may own none of the rows that are linked to."""
    if link.to == link.table:
        return False
    table = link.to
    while table != under:
        each = next(each for its in links[table].values() if (each := its.each) is not None)
        if bounds_of(each)[0] == 0:
            return True
        table = owner[table]
    return False


# --------------------------------------------------------------------------- keys


def faults_of_keys(tables: Tables, links: Links, owner: Mapping[str, str]) -> Iterator[Fault]:
    """Keys whose columns may be empty, or may come twice."""
    for table, declared in tables.items():
        key = key_of(declared)
        lost = {column for loss in declared.lost for column in loss.columns}
        of = {column: link for link in links[table].values() for column in link.columns}
        for column in key:
            if declared.columns[column].missing or column in lost or (column in of and of[column].may_miss):
                yield f"{table}.key", f"`{column}` may be empty, which no column of a key is"
        if key and not _unique(table, set(key), tables, links[table], owner):
            said = f"the same {', '.join(key)} may come twice"
            cure = "a column of `keys`, the `position` beside the owner, or `distinct: true` at a link"
            yield f"{table}.key", f"{said}: add {cure}"


def _unique(table: str, key: set[str], tables: Tables, links: Mapping[str, Link], owner: Mapping[str, str]) -> bool:
    """Whether the columns can be told never to come twice."""
    declared = tables[table]
    if any(declared.columns[column].by_index for column in key):
        return True
    if any(columns <= key for columns in _said_unique(declared)):
        return True
    held = [link for link in links.values() if set(link.columns) <= key or _alone(link, key, tables)]
    distinct = any(link.distinct for link in held)
    placed = any(isinstance(declared.columns[column], Position) for column in key)
    if table not in owner:
        return distinct or placed
    each = next((link.each for link in held if link.each is not None), None)
    return each is not None and (distinct or placed or bounds_of(each)[1] == 1)


def _alone(link: Link, key: set[str], tables: Tables) -> bool:
    """Whether a column of the key tells the rows that a link leads to apart by itself."""
    return any(name in key and tables[link.to].columns[its].by_index for name, its in link.columns.items())


def _said_unique(declared: Table) -> Iterator[set[str]]:
    """Columns that a rule says are unique together."""
    for written in declared.rules:
        with suppress(SpecError):  # what is no rule is named where the rules are read
            if isinstance(rule := read_rule(written), Unique):
                yield set(rule.columns)
