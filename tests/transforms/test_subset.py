"""A subset has every row that its rows refer to, what belongs to the seeds, and nothing else."""

import random
from dataclasses import dataclass, field

import polars as pl
import pytest

import synthesist as sy
from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Category, Id, Integer, Moment
from synthesist.data.schema import Link, Schema, TableSchema
from synthesist.errors import ConditionError, NotFoundError, SpecError
from synthesist.testing.tables import related
from synthesist.transforms.subset import Subset
from synthesist.transforms.subset.condition import Condition
from synthesist.transforms.subset.memory import Memory
from synthesist.transforms.subset.selection import Selection


def select(data: Dataset, *, seed: int = 0, **options) -> Selection:
    return Subset(**options).select(Memory(data), Context.seeded(seed))


def orphans(data: Dataset) -> dict[str, int]:
    """How many rows refer to no row, by link."""
    out = {}
    for name, table in data.schema.tables.items():
        for link in table.links:
            refers = data.tables[name].drop_nulls(link.columns)
            lost = refers.join(data.tables[link.table], left_on=link.columns, right_on=link.to, how="anti").height
            if lost:
                out[f"{name}.{link}"] = lost
    return out


# --------------------------------------------------------------------------- against brute force


@dataclass
class World:
    """Random tables of plain rows, with links in circles, keys of two columns, holes and orphans."""

    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rows: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    links: dict[str, list[Link]] = field(default_factory=dict)

    @classmethod
    def drawn(cls, seed: int) -> "World":
        rng, world = random.Random(seed), cls()
        names = [f"t{i}" for i in range(rng.randint(1, 6))]
        for name in names:
            world.keys[name] = rng.choice([("a",), ("a", "b"), ()])
            pairs = rng.sample([(a, b) for a in range(9) for b in range(9)], rng.randint(0, 25))
            world.rows[name] = [
                {"a": place if world.keys[name] == ("a",) else a, "b": b, "flag": int(rng.random() < 0.15)}
                for place, (a, b) in enumerate(pairs)
            ]
            world.links[name] = []
        for number in range(rng.randint(1, 8)):
            child, parent = rng.choice(names), rng.choice(names)
            to = world.keys[parent] or ("a",)
            columns = tuple(f"l{number}{column}" for column in to)
            world.links[child].append(Link(columns=columns, table=parent, to=to))
            for row in world.rows[child]:
                known = rng.choice(world.rows[parent]) if world.rows[parent] and rng.random() < 0.9 else None
                for column, there in zip(columns, to, strict=True):
                    row[column] = None if rng.random() < 0.2 else known[there] if known else rng.randint(50, 60)
        return world

    @property
    def data(self) -> Dataset:
        tables, kinds = {}, {}
        for name, rows in self.rows.items():
            columns = ["a", "b", "flag", *(column for link in self.links[name] for column in link.columns)]
            tables[name] = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.Int64))
            kinds[name] = TableSchema(
                columns={column: Integer(missing=True) for column in columns},
                key=self.keys[name],
                links=tuple(self.links[name]),
            )
        return Dataset(tables, Schema(tables=kinds, unit=next(iter(tables))))

    def refers(self, child: str, row: dict[str, object], link: Link, to: dict[str, object]) -> bool:
        return all(row[a] is not None and row[a] == to[b] for a, b in zip(link.columns, link.to, strict=True))

    def closure(self, start: str, of_all: set[str]) -> dict[str, set[int]]:
        """The definition, read literally: go through all pairs of rows until nothing is added."""
        seeds = {(start, i) for i, row in enumerate(self.rows[start]) if row["flag"]}
        kept, belonging, size = set(seeds), set(seeds), -1
        while size != len(kept) + len(belonging):
            size = len(kept) + len(belonging)
            for child, links in self.links.items():
                for link in links:
                    for i, row in enumerate(self.rows[child]):
                        for j, to in enumerate(self.rows[link.table]):
                            if not self.refers(child, row, link, to):
                                continue
                            if (child, i) in kept:
                                kept.add((link.table, j))
                            bringing = kept if child in of_all else belonging
                            if (link.table, j) in bringing and (child != start or child in of_all):
                                kept.add((child, i))
                                belonging.add((child, i))
        return {name: {i for table, i in kept if table == name} for name in self.rows}


@pytest.mark.parametrize("seed", range(100))
def test_random_tables_are_closed_as_by_brute_force(seed: int) -> None:
    world = World.drawn(seed)
    rng = random.Random(seed)
    start = rng.choice(list(world.rows))
    of_all = {name for name, links in world.links.items() if links and rng.random() < 0.2}
    if not any(row["flag"] for row in world.rows[start]):
        world.rows[start].append(dict.fromkeys(world.data.tables[start].columns) | {"a": 99, "b": 9, "flag": 1})
    data = world.data
    links = {name: {"of": "all"} for name in of_all}
    chosen = select(data, where={start: "flag = 1"}, links=links, lookups=0, others="empty")
    want = world.closure(start, of_all)
    assert {name: set(rows.tolist()) for name, rows in chosen.closure.rows.items()} == want
    for name, places in want.items():
        assert chosen.data.tables[name].equals(data.tables[name][sorted(places)])
    lost = orphans(chosen.data)
    assert sum(lost.values()) == sum(chosen.closure.orphans.values())
    assert all(n <= orphans(data)[link] for link, n in lost.items())


# --------------------------------------------------------------------------- where it starts


def test_a_share_is_of_the_unit_and_exact() -> None:
    data = related()
    chosen = select(data, share=0.25)
    line = {row["table"]: row for row in chosen.account.tables.iter_rows(named=True)}
    assert line["customers"]["seeds"] == 30
    assert line["countries"]["whole"] == 5
    assert line["notes"]["seeds"] == 50  # no link leads there: the same share
    assert 0.1 < line["lines"]["kept"] / line["lines"]["rows"] < 0.4
    assert orphans(chosen.data) == {}


def test_a_smaller_share_lies_within_a_larger_one_and_order_does_not_matter() -> None:
    data = related()
    small, large = (set(select(data, share=share).data.tables["orders"]["id"]) for share in (0.1, 0.4))
    assert small < large
    mixed = data.map(lambda table: table.sample(fraction=1, shuffle=True, seed=3))
    assert set(select(mixed, share=0.1).data.tables["orders"]["id"]) == small
    assert set(select(data, share=0.1, seed=1).data.tables["orders"]["id"]) != small


def test_conditions_shares_and_keys_go_together() -> None:
    data = related()
    norway = data.tables["customers"].filter(pl.col("country") == "NO")["id"]
    chosen = select(
        data,
        where={"customers": ("country = 'NO'", "id > 10")},
        keys={"lines": [tuple(data.tables["lines"].row(5)[:2])]},
    )
    seeds = chosen.closure.why["customers"]["seeds"]
    assert seeds == (norway > 10).sum()
    assert chosen.closure.why["lines"]["seeds"] == 1
    half = select(data, where={"customers": "country = 'NO'"}, share=0.5)
    assert half.closure.why["customers"]["seeds"] == round(len(norway) / 2)


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("country = 'DE' AND born >= '1990-05-01'", [0]),
        ('country = "DE" and born >= date("1990-05-01")', [0]),
        ("country IN ('DE', 'FR') OR n IS NULL", [0, 1, 2, 3]),
        ("n is missing", [3]),
        ("born between '1980-01-01' and '1989-12-31'", [1, 2]),
        ("n * 2 > 3", [1, 2]),
        ("NOT (n > 1)", [0]),
    ],
)
def test_conditions_are_sql_or_rules_and_the_unknown_is_out(text: str, want: list[int]) -> None:
    schema = TableSchema(columns={"country": Category(), "born": Moment(precision="d"), "n": Integer(missing=True)})
    born = pl.Series(["1990-05-01", "1985-01-01", "1980-01-01", None]).str.to_date()
    table = pl.DataFrame({"country": ["DE", "FR", "FR", "DE"], "born": born, "n": [1, 2, 3, None]})
    met = Condition.read(text, schema).met(table.with_row_index())
    assert met["index"].to_list() == want


# --------------------------------------------------------------------------- what is followed


def test_each_row_brings_at_most_so_many_not_the_first_and_the_same_ones_again() -> None:
    data = related()
    chosen = select(data, share={"customers": 1.0}, links={"orders.customer": {"most": 2}, "lines": {"most": 1}})
    orders = chosen.data.tables["orders"]
    had = data.tables["orders"]["customer"].value_counts().with_columns(pl.col("count").clip(0, 2)).sort("customer")
    assert orders["customer"].value_counts().sort("customer").equals(had)
    first = data.tables["orders"].group_by("customer").agg(pl.col("id").sort().head(2)).explode("id")["id"]
    assert set(orders["id"]) != set(first)
    assert chosen.data.tables["lines"]["order"].is_unique().all()
    few = select(data, share={"customers": 0.1}, links={"orders.customer": {"most": 2}, "lines": {"most": 1}})
    kept = few.data.tables["orders"]["id"]
    assert set(kept) <= set(orders["id"])


def test_links_can_be_narrowed_widened_and_cut() -> None:
    data = related()
    rules = {"orders": {"where": "total > 50"}, "notes.product -> products.id": {"of": "all"}}
    chosen = select(data, share={"customers": 0.2}, links={**rules, "customers.advised_by": {"cut": True}})
    made = chosen.data.tables
    assert made["orders"].height and (made["orders"]["total"] > 50).all()
    assert set(made["notes"]["id"]) == set(
        data.tables["notes"].filter(pl.col("product").is_in(made["products"]["id"].implode()))["id"]
    )
    assert made["customers"].height == 24  # and none that are only needed as advisers
    assert made["customers"]["advised_by"].null_count() > 1
    assert orphans(chosen.data) == {}


def test_rows_of_a_table_of_seeds_are_brought_by_none() -> None:
    data = related()
    chosen = select(data, where={"customers": "id = 1"})
    assert chosen.data.tables["customers"]["id"].to_list() == [1]
    everyone = select(data, where={"customers": "id = 1"}, links={"customers.advised_by": {"of": "belonging"}})
    assert everyone.data.tables["customers"].height > 10


def test_a_long_chain_ends() -> None:
    n = 20_000
    table = pl.DataFrame({"id": range(n), "before": [None, *range(n - 1)]})
    schema = TableSchema(
        columns={"id": Id(whole=True), "before": Integer(missing=True)},
        key=("id",),
        links=(Link(columns=("before",), table="events", to=("id",)),),
    )
    data = Dataset({"events": table}, Schema(tables={"events": schema}))
    assert select(data, keys={"events": [n // 2]}).data.units == n // 2 + 1


# --------------------------------------------------------------------------- whole, left out, far


def test_small_tables_that_many_rows_refer_to_are_whole() -> None:
    data = related()
    chosen = select(data, where={"orders": "id = 7"}, lookups=150)
    assert {table for table, why in chosen.closure.why.items() if why["whole"]} == {
        "countries"
    }  # 900 lines, 150 products
    assert select(data, where={"orders": "id = 7"}, lookups=0).data.tables["countries"].height <= 3
    alone = select(data, where={"orders": "id = 7"}, lookups=400)
    assert alone.closure.why["visits"]["whole"] == 400


def test_a_table_is_left_out_where_no_key_needs_it() -> None:
    made = select(related(), share=0.2, without=("products", "visits")).data
    assert made.schema.tables.keys() == {"countries", "customers", "orders", "lines", "notes"}
    assert made.tables["lines"].height and made.tables["lines"]["product"].null_count() == made.tables["lines"].height
    assert [link.table for link in made.schema.tables["lines"].links] == ["orders"]
    select(related(), share=0.2, without=("notes",), links={"notes.product": {"of": "all"}})  # which says nothing now


def test_tables_no_link_leads_to_are_drawn_empty_or_whole() -> None:
    data = related()
    for others, want in (("drawn", 40), ("empty", 0), ("whole", 400)):
        assert select(data, share=0.1, others=others).data.tables["visits"].height == want
    assert "`visits`" in str(select(data, where={"customers": "id < 5"}).account)


def test_orphans_are_counted_and_kept_or_emptied() -> None:
    data = related()
    lost = data.tables["orders"].with_columns(
        pl.when(pl.col("id") % 3 == 0).then(9999).otherwise("customer").alias("customer")
    )
    data = Dataset({**data.tables, "orders": lost}, data.schema)
    chosen = select(data, share={"orders": 1.0})
    assert chosen.account.orphans.rows() == [("orders.customer -> customers.id", 100)]
    assert orphans(chosen.data) == {"orders.customer -> customers (id)": 100}
    assert "100 kept rows refer by orders.customer" in str(chosen.account)
    emptied = select(data, share={"orders": 1.0}, orphans="emptied").data
    assert orphans(emptied) == {}
    assert emptied.tables["orders"]["customer"].null_count() == 100


# --------------------------------------------------------------------------- what is wrong is said


def test_all_faults_are_told_at_once() -> None:
    data = related()
    with pytest.raises(SpecError) as told:
        select(
            data,
            where={"custmers": "id = 1", "orders": "totl > 3"},
            keys={"notes": [(1, 2)]},
            links={"lines.ordr": {"most": 1}, "lines.order": {"cut": True}},
            whole=("orders",),
            virtual=("visits.custmer -> customers.id",),
        )
    for part in ("Did you mean `customers`", "Did you mean `total`", "no key of `notes`", "Did you mean `lines.order`",
                 "may not be empty", "where the subset starts", "Did you mean `customer`"):  # fmt: skip
        assert part in str(told.value)


@pytest.mark.parametrize(
    ("options", "error", "part"),
    [
        ({}, SpecError, "nothing says where it starts"),
        ({"where": {"orders": "id > 5000"}}, ConditionError, "No row meets"),
        ({"keys": {"orders": [1, 7000]}}, NotFoundError, "no row with the key 7000"),
        ({"keys": {"orders": ["x"]}}, ConditionError, "'x' is no id, as `id` needs"),
        ({"where": {"orders": "total + 1"}}, SpecError, "neither true nor false"),
        ({"where": {"orders": "customer.country = 'NO'"}}, SpecError, "of another table"),
        ({"where": {"orders": {"sql": "total > 5"}}}, ConditionError, "live database"),
        ({"share": 0.5, "without": ("products",)}, SpecError, "Keep it, or leave `lines` out"),
    ],
)
def test_what_is_wrong_is_said(options: dict, error: type[Exception], part: str) -> None:
    schema = related().schema
    strict = schema.tables["lines"].model_copy(
        update={"columns": {name: Integer() for name in schema.tables["lines"].columns}}
    )
    data = Dataset(related().tables, schema.model_copy(update={"tables": {**schema.tables, "lines": strict}}))
    with pytest.raises(error, match=part.replace("(", r"\(")):
        select(data, **options)


def test_the_verb_takes_a_folder() -> None:
    made = sy.transform("subset", related(), share=0.1)
    assert made.units < 60
