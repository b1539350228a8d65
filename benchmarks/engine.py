"""The engine: what it costs beside a bare loop, what a second worker gains, and a large table in parts.

    python benchmarks/engine.py [--rows 100000000]

The table of ten columns is that of declared.py. All is written to parts of Parquet on the disk of this machine; the
command is measured as a user calls it, start included.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import yaml
from _measure import fresh, printed
from declared import ORDERS

from synthesist.core import Context
from synthesist.data.writing import Writer
from synthesist.verbs.named import as_model
from synthesist.writing import planned, written

RUNS = 3
LOOPED = 4_000_000
HUGE = 1_000_000_000
CALL = """
import json, sys, resource
from synthesist.cli import main
code = main()
print(json.dumps({"children_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}), file=sys.stderr)
sys.exit(code)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000_000, help="rows of the large table")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    asked = parser.parse_args()
    loops = [best(lambda name=name: fresh(looped, name)) for name in ("bare loop", "engine, one worker")]
    for found in loops:
        found["times"] = found["cpu_s"] / loops[0]["cpu_s"]
    layout = {f"{LOOPED:,} rows x 10": ("name", ""), "CPU-s": ("cpu_s", ".2f"), "seconds": ("seconds", ".2f")}
    print(printed(loops, {**layout, "times the loop": ("times", ".2f")}, asked.markdown))
    large = [commanded(workers, asked.rows) for workers in (1, 2)]
    for found in large:
        found["gain"] = large[0]["seconds"] / found["seconds"]
    layout = {f"{asked.rows:,} rows x 10": ("name", ""), "seconds": ("seconds", ".1f"), "gain": ("gain", ".2f")}
    layout |= {"million rows/s": ("millions", ".2f"), "GB": ("gb", ".2f"), "MB of a worker": ("worker_mb", ".0f")}
    print(printed(large, {**layout, "hours for 1e9 rows": ("hours", ".2f")}, asked.markdown))


def best(measure: Any) -> dict[str, Any]:
    """The quickest of three runs: others use the machine as well."""
    return min((measure() for _ in range(RUNS)), key=lambda found: found["cpu_s"])


def looped(name: str) -> dict[str, Any]:
    """Parts by a loop of our own, and by the engine in this process; both write the same files."""
    model, ctx = as_model("columns", {"columns": ORDERS}), Context.seeded(0, threads=1)
    model.sample(1)
    with TemporaryDirectory() as folder:
        cpu, wall = process_time(), perf_counter()
        if name == "bare loop":
            world, plan = planned(model, LOOPED, None, ctx, ".parquet")
            (Path(folder) / "table").mkdir()
            for number in range(plan.parts):
                with Writer(Path(folder) / plan.name("table", number), model.schema) as writer:
                    for chunk in plan.chunks_of(number, world):
                        writer.write(world.chunk(chunk))
        else:
            written(model, Path(folder) / "out", LOOPED, None, ctx, None, 2**20, ".parquet")
        return {"name": name, "cpu_s": process_time() - cpu, "seconds": perf_counter() - wall}


def commanded(workers: int, rows: int) -> dict[str, Any]:
    """The command of a user, and the most memory one of its workers took."""
    with TemporaryDirectory() as folder:
        page, out = Path(folder) / "orders.yaml", Path(folder) / "out"
        page.write_text(yaml.safe_dump({"kind": "columns", "columns": ORDERS}, sort_keys=False))
        words = ["sample", str(page), "-n", str(rows), "-o", str(out), "--parts", "--format", "parquet"]
        begun = perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", CALL, *words, "--workers", str(workers)], check=True, capture_output=True, text=True
        )
        seconds = perf_counter() - begun
        size = sum(path.stat().st_size for path in out.rglob("*.parquet"))
        rmtree(out)
        return {
            "name": f"{workers} worker{'s' if workers > 1 else ''}",
            "seconds": seconds,
            "millions": rows / seconds / 1e6,
            "gb": size / 1e9,
            "worker_mb": json.loads(done.stderr.splitlines()[-1])["children_mb"] if workers > 1 else float("nan"),
            "hours": HUGE / rows * seconds / 3600,
        }


if __name__ == "__main__":
    main()
