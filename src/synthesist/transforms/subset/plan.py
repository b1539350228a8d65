"""What a subset is to do, checked against the tables: where it starts, which links it follows, what stays out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from synthesist.data.databases.declaring import ordered
from synthesist.data.schema import Schema
from synthesist.errors import SpecError, SynthesistError, did_you_mean
from synthesist.transforms.subset.condition import Condition
from synthesist.transforms.subset.tie import Tie, named, read_tie, ties_of

if TYPE_CHECKING:
    from synthesist.transforms.subset import Subset

__all__ = ["Down", "Follow", "Native", "Plan", "Seed", "planned"]

OFTEN = 10
"""How often a row of a table that is looked up is referred to at least, on average."""


class Native(BaseModel):
    """A condition in the words of the database that is read; it goes there as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sql: str = Field(min_length=1)


class Follow(BaseModel):
    """What is done with the rows that refer to a kept row by some link."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: Literal["belonging", "all", "none"] | None = Field(
        default=None, description="which kept rows bring those that refer to them: those that belong, all, or none"
    )
    most: int | None = Field(default=None, ge=0, description="how many of them each row brings at most")
    where: str | None = Field(default=None, description="what they must meet to be brought")
    cut: bool = Field(default=False, description="whether the rows referred to are not needed: such cells are emptied")


@dataclass(frozen=True)
class Seed:
    """The rows of a table a subset starts from: a share of those that meet the conditions, and those of given keys."""

    conditions: tuple[Condition, ...] = ()
    sql: tuple[str, ...] = ()
    """Conditions in the words of the database."""
    share: float | None = None
    keys: tuple[Any, ...] = ()

    @property
    def only_keys(self) -> bool:
        """Whether no other rows than those of the keys are meant."""
        return bool(self.keys) and not self.conditions and not self.sql and self.share is None


@dataclass(frozen=True)
class Down:
    """A link that is followed from a row to the rows that refer to it."""

    tie: Tie
    of_all: bool
    """Whether from every kept row, not only from those that belong to the seeds."""
    most: int | None = None
    condition: Condition | None = None


@dataclass(frozen=True)
class Plan:
    """All of it, by table."""

    seeds: Mapping[str, Seed]
    whole: tuple[str, ...]
    ties: tuple[Tie, ...]
    """The links between tables that stay."""
    downs: tuple[Down, ...]
    cut: Mapping[Tie, tuple[str, ...]]
    """Links that are not followed up, and the columns that are emptied where they lead to no kept row."""
    loose: Mapping[Tie, tuple[str, ...]]
    """Links that are followed up, and the columns that are emptied where they lead to no row of the source."""
    late: Mapping[str, Seed]
    """Tables that no link leads to: once all is found, some of their rows that refer to kept rows only; in order."""
    far: tuple[str, ...]
    """Tables that stay empty, since no link leads to them."""
    schema: Schema
    """Of what comes out."""

    def up(self, table: str) -> list[Tie]:
        """The links by which its rows need others."""
        return [tie for tie in self.ties if tie.child == table and tie not in self.cut]

    def down(self, table: str, *, of_all: bool) -> list[Down]:
        """The links by which its rows bring others."""
        return [down for down in self.downs if down.tie.parent == table and down.of_all is of_all]

    @property
    def needed(self) -> dict[str, list[str]]:
        """The columns that following the links reads, by table."""
        out: dict[str, list[str]] = {name: [] for name in self.schema.tables}
        for tie in self.ties:
            out[tie.child] += tie.columns
            out[tie.parent] += tie.to
        for down in self.downs:
            out[down.tie.child] += down.condition.columns if down.condition else ()
        return {name: list(dict.fromkeys(columns)) for name, columns in out.items()}


def planned(spec: "Subset", schema: Schema, rows: Mapping[str, int]) -> Plan:
    """The plan of a subset of tables with so many rows.

    Raises:
        SpecError: the options do not fit the tables; the message names all faults.
    """
    return _Planner(spec, schema, rows).plan()


@dataclass
class _Planner:
    spec: "Subset"
    schema: Schema
    rows: Mapping[str, int]
    faults: list[str] = field(default_factory=list)

    def plan(self) -> Plan:
        for option in ("without", "whole", "keys", "where"):
            self._known(option, getattr(self.spec, option))
        known = self._ties()
        ties = [tie for tie in known if not {tie.child, tie.parent} & {*self.spec.without}]
        seeds = self._seeds()
        follow = {tie: asked for tie, asked in self._follow(known).items() if tie in ties}
        gone = [tie for tie in known if tie not in ties and tie.child not in self.spec.without]
        cut = self._cut([*gone, *(tie for tie, (asked, _) in follow.items() if asked.cut)])
        if self.faults:
            raise SpecError("This is no subset of these tables:\n  " + "\n  ".join(dict.fromkeys(self.faults)))
        whole = [*self.spec.whole, *self._lookups(ties, seeds)]
        far, late = self._unreached(seeds, whole, ties, follow), dict[str, Seed]()
        if self.spec.others == "whole":
            whole, far = [*whole, *far], []
        elif self.spec.others == "drawn" and self.spec.common_share is not None:
            in_order = ordered({table: self.schema.tables[table] for table in far})
            late, far = dict.fromkeys(in_order, Seed(share=self.spec.common_share)), []
        downs = _downs(ties, follow, {*seeds, *late})
        loose = {tie: self._free(tie) for tie in ties if tie not in cut and self.spec.orphans == "emptied"}
        return Plan(seeds, tuple(whole), tuple(ties), tuple(downs), cut, loose, late, tuple(far), self._left(seeds))

    def _known(self, option: str, tables: Collection[str]) -> None:
        self.faults += [
            f"{option}: no table `{table}`. {did_you_mean(table, self.schema.tables)}"
            for table in tables
            if table not in self.schema.tables
        ]

    def _ties(self) -> list[Tie]:
        found = ties_of(self.schema)
        for text in self.spec.virtual:
            try:
                found.append(read_tie(text, self.schema))
            except SpecError as error:
                self.faults.append(f"virtual: {error}")
        return list(dict.fromkeys(found))

    # ---------------------------------------------------------------- where it starts

    def _seeds(self) -> dict[str, Seed]:
        spec = self.spec
        shares: dict[str, float] = dict(spec.share) if isinstance(spec.share, Mapping) else {}
        self._known("share", shares)
        if isinstance(spec.share, float):
            shares = dict.fromkeys(spec.where or [self.schema.unit], spec.share)
        out: dict[str, Seed] = {}
        for table in dict.fromkeys([*spec.where, *shares, *spec.keys]):
            if table in self.schema.tables:
                out[table] = self._seed(table, shares.get(table))
            for option in ("without", "whole"):
                if table in getattr(spec, option):
                    self.faults.append(f"{option}: `{table}` is where the subset starts. Leave it out here or there.")
        if not out and not self.faults:
            self.faults.append("nothing says where it starts: give `where`, `share` or `keys`.")
        return out

    def _seed(self, table: str, share: float | None) -> Seed:
        given = self.spec.where.get(table, ())
        texts = [given] if isinstance(given, str | Native) else given
        conditions = [self._condition("where", text, table) for text in texts if isinstance(text, str)]
        sql = tuple(text.sql for text in texts if isinstance(text, Native))
        keys, key = self.spec.keys.get(table, ()), self.schema.tables[table].key
        if keys and not key:
            self.faults.append(f"keys: `{table}` has no key. Name its rows by `where`.")
        elif wrong := [one for one in keys if (len(one) if isinstance(one, tuple) else 1) != len(key)]:
            self.faults.append(f"keys: {wrong[0]!r} is no key of `{table}`, which is {', '.join(key)}.")
        return Seed(tuple(found for found in conditions if found), sql, share, keys)

    def _condition(self, option: str, text: str, table: str) -> Condition | None:
        try:
            return Condition.read(text, self.schema.tables[table])
        except SynthesistError as error:
            self.faults.append(f"{option}, `{table}`: {error}")
            return None

    # ---------------------------------------------------------------- what is left out, and what is whole

    def _cut(self, ties: Sequence[Tie]) -> dict[Tie, tuple[str, ...]]:
        """The columns that are emptied where rows they refer to are not kept."""
        out = {tie: self._free(tie) for tie in ties}
        for tie in (tie for tie, columns in out.items() if not columns):
            self.faults.append(
                f"without: `{tie.parent}` is needed by `{tie.start}`, which may not be empty. "
                f"Keep it, or leave `{tie.child}` out, too."
                if tie.parent in self.spec.without
                else f"links: `{tie.start}` may not be empty, so it cannot be cut."
            )
        return out

    def _free(self, tie: Tie) -> tuple[str, ...]:
        """The columns of a link that may be emptied; those of no other link, where there are such."""
        table = self.schema.tables[tie.child]
        free = [name for name in tie.columns if table.columns[name].missing and name not in table.key]
        others = {
            name for link in ties_of(self.schema) if link.child == tie.child and link != tie for name in link.columns
        }
        alone = [name for name in free if name not in others]
        return tuple(alone or free)

    def _lookups(self, ties: Sequence[Tie], seeds: Collection[str]) -> list[str]:
        """Small tables that refer only to tables that are whole, and to which many rows refer, or none."""
        given = {*self.spec.whole}
        barred = {*seeds, *given, *self.spec.without}
        found = {name for name in self.schema.tables if name not in barred and self._is_small(name, ties)}
        while wrong := {tie.child for tie in ties if tie.child in found and tie.parent not in found | given}:
            found -= wrong
        return [name for name in self.schema.tables if name in found]

    def _is_small(self, table: str, ties: Sequence[Tie]) -> bool:
        others = [self.rows[tie.child] for tie in ties if tie.parent == table and tie.child != table]
        return self.rows[table] <= min(self.spec.lookups, max(others) / OFTEN if others else self.spec.lookups)

    def _left(self, seeds: Mapping[str, Seed]) -> Schema:
        """The schema without what is left out."""
        tables = {}
        for name, table in self.schema.tables.items():
            if name not in self.spec.without:
                links = tuple(link for link in table.links if link.table not in self.spec.without)
                tables[name] = table.model_copy(update={"links": links})
        unit = self.schema.unit if self.schema.unit in tables else next(iter(seeds))
        return self.schema.model_copy(update={"tables": tables, "unit": unit})

    # ---------------------------------------------------------------- which links are followed

    def _follow(self, ties: Sequence[Tie]) -> dict[Tie, tuple[Follow, Condition | None]]:
        """What is asked for each link; what names one link counts more than what names a table."""
        out: dict[Tie, tuple[Follow, Condition | None]] = {}
        for text, follow in sorted(self.spec.links.items(), key=lambda item: item[0] not in self.schema.tables):
            try:
                found = named(text, ties)
            except SpecError as error:
                self.faults.append(f"links: {error}")
                continue
            condition = None if follow.where is None else self._condition("links", follow.where, found[0].child)
            out |= dict.fromkeys(found, (follow, condition))
        return out

    def _unreached(
        self, seeds: Mapping[str, Seed], whole: Sequence[str], ties: Sequence[Tie], follow: "_Asked"
    ) -> list[str]:
        """The tables to which no link leads from the seeds."""
        downs = _downs(ties, follow, seeds)
        belonging, kept = {*seeds}, {*seeds, *whole}
        size = -1
        while size != len(belonging) + len(kept):
            size = len(belonging) + len(kept)
            belonging |= {d.tie.child for d in downs if d.tie.parent in (kept if d.of_all else belonging)}
            kept |= belonging
            kept |= {tie.parent for tie in ties if tie.child in kept and not follow.get(tie, NOTHING)[0].cut}
        return [name for name in self.schema.tables if name not in kept and name not in self.spec.without]


_Asked = Mapping[Tie, tuple[Follow, Condition | None]]
NOTHING = (Follow(), None)


def _downs(ties: Sequence[Tie], follow: _Asked, seeds: Collection[str]) -> list[Down]:
    """The links that are followed downwards: all but those into a table of seeds, where nothing else is asked for."""
    out = []
    for tie in ties:
        asked, condition = follow.get(tie, NOTHING)
        silent = asked.of is None and asked.most is None and asked.where is None
        of = asked.of or ("none" if silent and tie.child in seeds else "belonging")
        if of != "none":
            out.append(Down(tie, of == "all", asked.most, condition))
    return out
