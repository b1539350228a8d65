"""Declared tables: values a second in memory, a table of ten columns to Parquet, and what rules cost.

    python benchmarks/declared.py

The table is measured as a user makes it, by the command, beside a script that draws the same columns with numpy and
writes them with polars; both on all cores, both with their start.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import yaml
from _measure import fresh, peak_mb, printed

import synthesist as sy
from synthesist.core import Context

RUNS = 3
VALUES, ROWS, RULED = 8_000_000, 3_000_000, 500_000
COLUMNS: dict[str, dict[str, Any]] = {
    "uniform": {"is": "uniform"},
    "integers": {"is": "uniform", "low": 0, "high": 1_000, "integers": True},
    "normal": {"is": "normal"},
    "exponential": {"is": "exponential"},
    "lognormal, cents": {"is": "lognormal", "median": 20, "decimals": 2},
    "gamma": {"is": "gamma", "shape": 2},
    "zipf": {"is": "zipf", "high": 1_000},
    "categories": {"is": "categorical", "values": ["a", "b", "c"], "weights": [3, 2, 1]},
    "dates": {"is": "dates", "start": "2020-01-01", "end": "2024-12-31"},
    "keys": {"is": "keys"},
}
ORDERS: dict[str, dict[str, Any]] = {
    "id": {"is": "keys"},
    "customer": {"is": "uniform", "low": 1, "high": 200_000, "integers": True},
    "ordered": {"is": "dates", "start": "2022-01-01", "end": "2024-12-31", "precision": "s"},
    "status": {"is": "categorical", "values": ["open", "paid", "sent", "done"], "weights": [1, 2, 3, 10]},
    "country": {"is": "categorical", "values": ["DE", "FR", "US", "GB", "IT", "ES"]},
    "quantity": {"is": "geometric", "p": 0.4},
    "price": {"is": "lognormal", "median": 20, "sigma": 0.8, "decimals": 2},
    "weight": {"is": "gamma", "shape": 2, "scale": 3, "decimals": 1},
    "gift": {"is": "bernoulli", "p": 0.1},
    "total": {"is": "expression", "formula": "round(price * quantity, 2)"},
}
BY_HAND = """
import sys, numpy as np, polars as pl
n, path = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(0)
quantity, price = rng.geometric(0.4, n), rng.lognormal(np.log(20), 0.8, n).round(2)
seconds = rng.integers(1_640_995_200, 1_735_603_200, n)
pl.DataFrame({
    "id": np.arange(1, n + 1),
    "customer": rng.integers(1, 200_001, n),
    "ordered": pl.Series(seconds * 1_000_000).cast(pl.Datetime("us")),
    "status": pl.Series(["open", "paid", "sent", "done"]).gather(rng.choice(4, n, p=[1/16, 2/16, 3/16, 10/16])),
    "country": pl.Series(["DE", "FR", "US", "GB", "IT", "ES"]).gather(rng.integers(0, 6, n)),
    "quantity": quantity,
    "price": price,
    "weight": rng.gamma(2, 3, n).round(1),
    "gift": rng.random(n) < 0.1,
    "total": (price * quantity).round(2),
}).write_parquet(path)
"""
RULES: dict[str, list[str]] = {
    "none": [],
    "an order": ["sent >= ordered"],
    "an order, if-then": ["sent >= ordered", "if status = 'open' then quantity < 3"],
    "an equation": ["total = price * quantity"],
    "all of them": ["sent >= ordered", "if status = 'open' then quantity < 3", "total = price * quantity"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    markdown = parser.parse_args().markdown
    drawn = [best(lambda name=name: fresh(in_memory, name), "cpu_s") for name in COLUMNS]
    print(printed(drawn, {"column": ("name", ""), "million values/CPU-s": ("millions", ".0f")}, markdown))
    tables = [best(ours, "seconds"), best(by_hand, "seconds")]
    layout = {"3,000,000 orders to Parquet": ("name", ""), "seconds": ("seconds", ".1f"), "MB": ("mb", ".0f")}
    print(printed(tables, {**layout, "million rows/s": ("millions", ".2f")}, markdown))
    ruled = [best(lambda name=name: fresh(under_rules, name), "cpu_s") for name in RULES]
    layout = {"rules": ("name", ""), "million rows/CPU-s": ("millions", ".2f"), "broken": ("broken", ".0f")}
    print(printed(ruled, {**layout, "peak MB": ("peak_mb", ".0f")}, markdown))


def best(measure: Any, by: str) -> dict[str, Any]:
    """The quickest of three runs: others use the machine as well."""
    return min((measure() for _ in range(RUNS)), key=lambda found: found[by])


def in_memory(name: str) -> dict[str, Any]:
    """Values of one column a CPU second, on one thread, once all is compiled and read."""
    columns = {"x": COLUMNS[name]}
    sy.sample("columns", 1, columns=columns)
    before = process_time()
    sy.sample("columns", VALUES, columns=columns, ctx=Context.seeded(0, threads=1))
    spent = process_time() - before
    return {"name": name, "cpu_s": spent, "millions": VALUES / spent / 1e6}


def ours() -> dict[str, Any]:
    """The command of a user."""
    with TemporaryDirectory() as folder:
        page, out = Path(folder) / "orders.yaml", Path(folder) / "orders.parquet"
        page.write_text(yaml.safe_dump({"kind": "columns", "columns": ORDERS}, sort_keys=False))
        return timed("synthesist", ["-m", "synthesist", "sample", str(page), "-n", str(ROWS), "-o", str(out)], out)


def by_hand() -> dict[str, Any]:
    """The script of somebody who writes their own."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "orders.parquet"
        return timed("numpy + polars", ["-c", BY_HAND, str(ROWS), str(out)], out)


def timed(name: str, words: list[str], out: Path) -> dict[str, Any]:
    before = perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    seconds = perf_counter() - before
    return {"name": name, "seconds": seconds, "mb": out.stat().st_size / 1e6, "millions": ROWS / seconds / 1e6}


def under_rules(name: str) -> dict[str, Any]:
    """Rows a CPU second under rules, on one thread, reading the rules included."""
    from synthesist.rules.rule import read_rule

    later = {"is": "dates", "start": "2022-01-01", "end": "2025-01-31", "precision": "s"}
    grid = {"is": "lognormal", "median": 40, "sigma": 1, "decimals": 2}
    columns = {**ORDERS, "sent": later, "total": grid}
    sy.sample("columns", 1, columns=columns)
    before = process_time()
    rows = sy.sample("columns", RULED, columns=columns, rules=RULES[name], ctx=Context.seeded(0, threads=1)).table
    spent = process_time() - before
    broken = sum(int(read_rule(rule).broken(rows).sum()) for rule in RULES[name])
    return {"name": name, "cpu_s": spent, "millions": RULED / spent / 1e6, "broken": broken, "peak_mb": peak_mb()}


if __name__ == "__main__":
    main()
