"""How quickly rows come into databases and out of them: a million rows of ten columns, beside pandas where it is there.

`python benchmarks/databases.py [ROWS]`. PostgreSQL and MariaDB are started in folders of their own, with their logs
written but not synchronised, and reached by a socket; SQLite and DuckDB are files.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from _measure import fresh, peak_mb, printed

from synthesist.data.databases import DatabaseWriter, opened
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Boolean, Category, Id, Integer, Moment, Number, Text
from synthesist.data.schema import Schema, TableSchema

ROWS = 1_000_000
BLOCK = 65_536
KINDS = {
    "id": Id(whole=True), "amount": Number(decimals=2), "weight": Number(), "visits": Integer(), "paid": Boolean(),
    "day": Moment(precision="d"), "at": Moment(precision="us"), "town": Category(), "street": Text(), "note": Text(),
}  # fmt: skip
SCHEMA = Schema(tables={"orders": TableSchema(columns=KINDS, key=("id",))})
LAYOUT = {
    "database": ("database", ""),
    "how": ("how", ""),
    "rows": ("rows", ",d"),
    "seconds": ("seconds", ".1f"),
    "CPU s": ("cpu", ".1f"),
    "rows a second": ("speed", ",.0f"),
    "peak MB": ("mb", ",.0f"),
}


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import servers

    found = []
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        places = {"SQLite": f"sqlite:///{folder}/orders.db", "DuckDB": f"duckdb:///{folder}/orders.duckdb"}
        for name, start in (("PostgreSQL", servers.postgres), ("MariaDB", servers.mariadb)):
            server = stack.enter_context(start())
            server.says("CREATE DATABASE orders;")
            places[name] = server.url.format("orders")
        for name, address in places.items():
            found.append({"database": name, "how": "write", **fresh(write, address, rows)})
            found.append({"database": name, "how": "read in blocks", **fresh(read, address)})
            if name in PANDAS and find_spec("sqlalchemy") and find_spec("pandas"):
                found.append(
                    {"database": name, "how": "pandas.to_sql, multi", **fresh(pandas_write, name, address, rows)}
                )
    print(printed(found, LAYOUT, markdown=False))


def write(address: str, rows: int) -> dict[str, Any]:
    """Blocks are made before each is written; only the writing is timed."""

    def work(clock: "Clock") -> None:
        with clock.running():
            writer = DatabaseWriter(address, SCHEMA, "create").__enter__()
        for block in blocks(rows):
            with clock.running():
                writer.write(Dataset({"orders": block}, SCHEMA))
        with clock.running():
            writer.__exit__(None, None, None)

    return measured(work, rows)


def read(address: str) -> dict[str, Any]:
    with opened(address) as database:
        rows = database.count("orders")

        def work(clock: "Clock") -> None:
            with clock.running():
                assert sum(block.height for block in database.blocks("orders")) == rows

        return measured(work, rows)


PANDAS: dict[str, str] = {"PostgreSQL": "postgresql+pg8000", "MariaDB": "mysql+pymysql"}


def pandas_write(name: str, address: str, rows: int) -> dict[str, Any]:
    """What most people do: rows of INSERT by way of SQLAlchemy, a thousand at a time; a fiftieth of the rows."""
    from sqlalchemy import create_engine

    socket = address.rpartition("=")[2]
    key = "unix_sock" if name == "PostgreSQL" else "unix_socket"
    socket = f"{socket}/.s.PGSQL.5432" if name == "PostgreSQL" else socket
    engine = create_engine(f"{PANDAS[name]}://{'postgres' if name == 'PostgreSQL' else 'root'}@/orders?{key}={socket}")

    def work(clock: "Clock") -> None:
        with engine.begin() as connection:
            for block in blocks(rows // 50):
                frame = block.to_pandas()
                with clock.running():
                    frame.to_sql(
                        "by_pandas", connection, if_exists="append", index=False, method="multi", chunksize=1_000
                    )

    return measured(work, rows // 50)


class Clock:
    """Adds up seconds, of the wall and of this process."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    def running(self) -> "Clock":
        return self

    def __enter__(self) -> None:
        self._from = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._from[0]
        self.cpu += time.process_time() - self._from[1]


def measured(work: Callable[[Clock], None], rows: int) -> dict[str, Any]:
    clock = Clock()
    work(clock)
    return {"rows": rows, "seconds": clock.wall, "cpu": clock.cpu, "speed": rows / clock.wall, "mb": peak_mb()}


def blocks(rows: int) -> Iterator[pl.DataFrame]:
    draw = np.random.default_rng(0)
    for start in range(0, rows, BLOCK):
        n = min(BLOCK, rows - start)
        yield pl.DataFrame(
            {
                "id": np.arange(start, start + n),
                "amount": draw.lognormal(3, 1, n).round(2),
                "weight": draw.normal(size=n),
                "visits": draw.integers(0, 10**6, n),
                "paid": draw.random(n) < 0.5,
                "day": draw.integers(0, 20_000, n).astype(np.int32),
                "at": draw.integers(0, 2 * 10**15, n),
                "town": draw.integers(0, 20, n).astype(str),
                "street": np.char.add(draw.integers(0, 10**9, n).astype(str), " Main St."),
                "note": np.char.add(draw.integers(0, 10**12, n).astype(str), "\tüx"),
            }
        ).with_columns(pl.col("day").cast(pl.Date), pl.col("at").cast(pl.Datetime("us")))


if __name__ == "__main__":
    main()
