"""What changed in the meaning of tables: columns, kinds, keys, links, rules; and in a page, option by option."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from synthesist.data.kinds import Kind
from synthesist.data.schema import Schema, TableSchema

__all__ = ["Change", "changes_of_pages", "changes_of_schemas"]


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was; `before` or `after` is empty where it is new or gone."""

    where: str
    what: str
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        if not self.before:
            return f"+ {self.where}: {self.what} {self.after}".rstrip()
        if not self.after:
            return f"- {self.where}: {self.what} {self.before}".rstrip()
        return f"~ {self.where}: {self.what} {self.before} -> {self.after}"


def changes_of_schemas(before: Schema, after: Schema) -> list[Change]:
    """Every change between two schemas."""
    out = list(_named("table", before.tables, after.tables, lambda table: f"({len(table.columns)} columns)"))
    for name, table in before.tables.items():
        if name in after.tables:
            out += _of_tables(name, table, after.tables[name])
    if before.unit != after.unit and {before.unit, after.unit} <= before.tables.keys() & after.tables.keys():
        out.append(Change("schema", "unit", before.unit, after.unit))
    return out


def _of_tables(name: str, before: TableSchema, after: TableSchema) -> Iterator[Change]:
    for change in _named("column", before.columns, after.columns, lambda kind: f"({kind.kind})"):
        yield Change(f"{name}.{change.where}", change.what, change.before, change.after)
    for column in before.columns.keys() & after.columns.keys():
        for what, (was, now) in _of_kinds(before.columns[column], after.columns[column]).items():
            yield Change(f"{name}.{column}", what, was, now)
    if before.key != after.key:
        yield Change(name, "key", ", ".join(before.key) or "none", ", ".join(after.key) or "none")
    pairs = {"link": (before.links, after.links), "rule": (before.rules, after.rules)}
    for what, (old, new) in pairs.items():
        yield from (Change(name, what, before=str(each)) for each in old if each not in new)
        yield from (Change(name, what, after=str(each)) for each in new if each not in old)


def _of_kinds(before: Kind, after: Kind) -> dict[str, tuple[str, str]]:
    """What is not alike of two kinds; details count where they are declared, as others follow from the rows."""
    pairs = {"kind": (before.kind, after.kind), "may be empty": (_yes(before.missing), _yes(after.missing))}
    for what in ("decimals", "step", "precision", "timezone", "pattern", "bounds", "values"):
        was, now = _declared(before, what), _declared(after, what)
        if before.kind == after.kind and not before.why and not after.why:
            pairs[what] = was, now
    return {what: (was or "none", now or "none") for what, (was, now) in pairs.items() if was != now}


def _declared(kind: Kind, what: str) -> str:
    value = getattr(kind, what, None)
    if getattr(value, "origin", "declared") != "declared":
        return ""
    if what == "bounds" and value is not None:
        return "" if value.low is None and value.high is None else f"{_end(value.low)} to {_end(value.high)}"
    if what == "values" and value is not None:
        return ", ".join(map(str, value.items))
    return "" if value is None else str(value)


def _end(bound: Any) -> str:
    return "open" if bound is None else str(bound)


def _yes(truth: bool) -> str:
    return "yes" if truth else "no"


def _named(what: str, before: Mapping[str, Any], after: Mapping[str, Any], shown: Any) -> Iterator[Change]:
    """What is gone and what is new, by name."""
    yield from (Change(name, what, before=shown(each)) for name, each in before.items() if name not in after)
    yield from (Change(name, what, after=shown(each)) for name, each in after.items() if name not in before)


def changes_of_pages(before: Any, after: Any, where: str = "") -> Iterator[Change]:
    """Every option of a page that is another one; places are written as `--set` takes them."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in (*before, *(name for name in after if name not in before)):
            place = f"{where}.{name}" if where else str(name)
            if name not in after:
                yield Change(place, "option", before=_brief(before[name]))
            elif name not in before:
                yield Change(place, "option", after=_brief(after[name]))
            else:
                yield from changes_of_pages(before[name], after[name], place)
    elif before != after:
        yield Change(where, "option", _brief(before), _brief(after))


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
