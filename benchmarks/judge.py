"""What judging costs: shapes and pairs beside SDMetrics on the same rows, and the whole default evaluation.

python benchmarks/judge.py --rows 500000 --whole 1000000

SDMetrics runs if SYNTHESIST_PEERS names the folder of `peers/setup.sh sdmetrics`; the row says when it does not.
"""

import argparse
import json
import os
import subprocess
import tempfile
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import polars as pl
from _measure import fresh, peak_mb, printed
from _sets import table

import synthesist as sy
from synthesist.core import Context, Evidence
from synthesist.judging import as_metrics, called_for, scored

LAYOUT = {
    "job": ("job", ""),
    "rows": ("rows", ",.0f"),
    "CPU-s": ("cpu_s", ".2f"),
    "wall s": ("wall_s", ".1f"),
    "peak MB": ("peak_mb", ".0f"),
    "column shapes": ("shapes", ".4f"),
    "pair trends": ("pairs", ".4f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=500_000, help="rows of shapes and pairs")
    parser.add_argument("--whole", type=int, default=1_000_000, help="rows of the whole evaluation; 0: leave it out")
    parser.add_argument("--markdown", action="store_true")
    given = parser.parse_args()
    found = [fresh(ours, given.rows), rival(given.rows)]
    if given.whole:
        found.append(fresh(whole, given.whole))
    print(printed(found, LAYOUT, given.markdown))
    if "cpu_s" in found[1]:
        print(f"SDMetrics takes {found[1]['cpu_s'] / found[0]['cpu_s']:.1f} times the CPU seconds")


def people(rows: int, seed: int) -> pl.DataFrame:
    """So many rows of Adult, 15 columns, drawn with putting back, their weights moved a little."""
    rng = np.random.default_rng(seed)
    adult = table("adult")
    drawn = adult[rng.integers(0, adult.height, rows)]
    return drawn.with_columns(fnlwgt=pl.col("fnlwgt") + pl.Series(rng.integers(-500, 500, rows)))


def ours(rows: int) -> dict[str, object]:
    """Shapes and pairs of equally many real and synthetic rows; the holdout, which SDMetrics has none of, is small."""
    train = sy.read(people(rows, 1))
    synthetic, holdout = (sy.read(people(count, seed), train.schema) for count, seed in ((rows, 2), (1_000, 3)))
    metrics = as_metrics(("column_shapes", "pair_trends"))
    tiny = (train.with_table(train.table[:500]),) * 3
    scored(Evidence(*tiny), metrics, Context.seeded(0))  # what is loaded once is not counted
    begin, wall = process_time(), perf_counter()
    shapes, pairs = scored(Evidence(train, holdout, synthetic), metrics, Context.seeded(0))
    return {
        "job": "synthesist: shapes and pairs",
        "rows": rows,
        "cpu_s": process_time() - begin,
        "wall_s": perf_counter() - wall,
        "shapes": shapes.value,
        "pairs": pairs.value,
    }


def rival(rows: int) -> dict[str, object]:
    """The same rows by SDMetrics' quality report."""
    job = {"job": "SDMetrics: shapes and pairs", "rows": rows}
    python = Path(os.environ.get("SYNTHESIST_PEERS") or "/nowhere") / "sdmetrics" / "bin" / "python"
    if not python.exists():
        return job | {"job": "SDMetrics: not here, see peers/setup.sh"}
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{name}.parquet" for name in ("real", "synthetic")]
        for path, seed in zip(paths, (1, 2), strict=True):
            people(rows, seed).write_parquet(path)
        program = Path(__file__).with_name("peers") / "quality.py"
        done = subprocess.run([python, program, *paths], check=True, capture_output=True, text=True)
    return job | json.loads(done.stdout.splitlines()[-1])


def whole(rows: int) -> dict[str, object]:
    """Everything a default evaluation asks, with a holdout of a quarter."""
    train = sy.read(people(rows, 1))
    holdout, synthetic = (sy.read(people(count, seed), train.schema) for count, seed in ((rows // 4, 2), (rows, 3)))
    case = Evidence(train, holdout, synthetic, target="income")
    begin, wall = process_time(), perf_counter()
    scored(case, called_for(case), Context.seeded(0))
    took = {"cpu_s": process_time() - begin, "wall_s": perf_counter() - wall, "peak_mb": peak_mb()}
    return {"job": "synthesist: default evaluation", "rows": rows, **took}


if __name__ == "__main__":
    main()
