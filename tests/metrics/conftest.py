"""Small tables whose truth is known: real rows from one population, and synthetic rows wrong in one way."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from synthesist.core import Context, Evidence
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.methods.marginals import Marginals

KINDS = {
    "age": {"kind": "integer", "bounds": [0, 120]},
    "income": {"kind": "number", "decimals": 2, "missing": True},
    "city": {"kind": "category", "values": ["a", "b", "c", "d"], "missing": True},
    "member": {"kind": "boolean"},
    "since": {"kind": "moment", "precision": "d"},
    "buys": {"kind": "category", "values": ["no", "yes"]},
    "row": {"kind": "id", "whole": True},
    "note": {"kind": "text"},
}


def people(rows: int, seed: int) -> pl.DataFrame:
    """Rows of one population in which every column depends on age."""
    rng = np.random.default_rng([seed, rows])
    age = rng.integers(18, 90, rows)
    income = np.round(np.exp(rng.normal(7 + age / 40, 0.5, rows)), 2)
    city = np.array(list("abcd"))[np.minimum(rng.poisson(age / 40, rows), 3)]
    buys = rng.random(rows) < 1 / (1 + np.exp(-(age - 50) / 8))
    return pl.DataFrame(
        {
            "age": age,
            "income": pl.Series(income).set(pl.Series(rng.random(rows) < 0.1), None),
            "city": pl.Series(city).set(pl.Series(rng.random(rows) < 0.05), None),
            "member": rng.random(rows) < 0.3 + age / 200,
            "since": pl.Series(18_000 - age * 100 + rng.integers(0, 90, rows), dtype=pl.Int32).cast(pl.Date),
            "buys": np.where(buys, "yes", "no"),
            "row": np.arange(rows) + seed * 1_000_000,
            "note": [f"note {seed} {k}" for k in range(rows)],
        }
    )


def dataset(table: pl.DataFrame, kinds: dict) -> Dataset:
    """A Dataset of one table whose cells are cast to the storage of their kinds."""
    schema = Schema(tables={"people": {"columns": {name: kinds[name] for name in table.columns}}})
    storage = {name: kind.storage for name, kind in schema.table.columns.items()}
    return Dataset({"people": table.cast(storage)}, schema)


@pytest.fixture
def case() -> Callable[..., Evidence]:
    """`case(train, holdout, synthetic, kinds=..., target=..., protected=...)`: an Evidence of frames."""

    def build(*tables: pl.DataFrame, kinds: dict | None = None, domain: pl.DataFrame | None = None, **more) -> Evidence:
        train, holdout, synthetic = (dataset(table, kinds or KINDS) for table in tables)
        other = None if domain is None else dataset(domain, kinds or KINDS)
        return Evidence(train, holdout, synthetic, method=Marginals(), domain=other, **more)

    return build


@pytest.fixture
def real() -> Callable[[int, int], pl.DataFrame]:
    """`real(rows, seed)`: rows of the population."""
    return people


@pytest.fixture
def shuffled() -> Callable[[pl.DataFrame, int], pl.DataFrame]:
    """`shuffled(table, seed)`: every column in an order of its own, so that all pairs are lost."""

    def shuffle(table: pl.DataFrame, seed: int = 0) -> pl.DataFrame:
        return table.select(column.shuffle(seed=seed + k) for k, column in enumerate(table.iter_columns()))

    return shuffle


@pytest.fixture
def ctx() -> Context:
    """A context with a fixed seed."""
    return Context.seeded(0)
