"""The shelf of tabular methods beside its rivals: fidelity, usefulness, copying and cost, on the same halves.

The protocol is that of `frontier.py`: learn from A, make as many rows, judge against B, which was never seen. Rivals
run in environments of their own (`benchmarks/peers/setup.sh` makes them under $SYNTHESIST_PEERS); one that is not
there, or fails, is a row that says so. Everything is held to one thread, so that CPU seconds compare.

    export SYNTHESIST_DATA=folder SYNTHESIST_PEERS=folder
    python benchmarks/tabular.py --out rows.json --into docs/benchmarks/tabular.md
    python benchmarks/tabular.py --sets adult --methods trees,argn,mostlyai
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

from _measure import fresh, insert, options, pair_distance, peak_mb, printed, warm_up
from _sets import TARGETS, available, halves
from frontier import judged

import synthesist as sy

SETS = "adult,default,shoppers,magic,beijing,california_housing,nist_national2019"
OURS = "trees,argn,tab_ddpm,tvae,ctgan,arf,mixture,bayes_net,gaussian_copula,marginals"
PEERS = {"mostlyai": "mostlyai", "synthpop": "synthpop", "sdv_ctgan": "sdv", "sdv_tvae": "sdv", "sdv_copula": "sdv"}
LAYOUT = {
    "set": ("set", ""),
    "method": ("label", ""),
    "AUC B": ("auc_unseen", ".3f"),
    "AUC A": ("auc_learnt", ".3f"),
    "pair TVD": ("pair_distance", ".3f"),
    "gap": ("utility_gap", "+.3f"),
    "DCR share": ("dcr_share", ".3f"),
    "membership": ("membership", ".3f"),
    "copies A": ("copies_learnt", ".2%"),
    "copies B": ("copies_unseen", ".2%"),
    "CPU-s": ("cpu_s", ".1f"),
    "wall s": ("wall_s", ".1f"),
    "peak MB": ("peak_mb", ".0f"),
    "failed": ("failed", ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=SETS, help="names separated by commas")
    parser.add_argument("--methods", default=",".join([OURS, *PEERS]), help="as in argn:epochs=20,sdv_tvae")
    parser.add_argument("--seed", type=int, default=0, help="of fitting and sampling; the halves stay the same")
    parser.add_argument("--out", type=Path, help="keep the rows as JSON; those that are there are not done again")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    rows = json.loads(asked.out.read_text("utf-8")) if asked.out and asked.out.is_file() else []
    for name in available(asked.sets):
        for label in asked.methods.split(","):
            if any(row["set"] == name and row["label"] == label for row in rows):
                continue
            rows.append({"set": name, "label": label, **measured(name, label, asked.seed)})
            print(printed(rows[-1:], LAYOUT, markdown=False), file=sys.stderr, flush=True)
            if asked.out:
                asked.out.write_text(json.dumps(rows, indent=1), "utf-8")
    print(printed(rows, LAYOUT, markdown=False))
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, "tabular")


def measured(name: str, label: str, seed: int) -> dict[str, Any]:
    """One row; what a method or rival dies of is part of it."""
    method, *settings = label.split(":")
    with TemporaryDirectory() as folder:
        made = Path(folder, "made.parquet")
        try:
            costs = rival(name, method, made) if method in PEERS else fresh(own, name, method, settings, seed, made)
            return costs | fresh(scored, name, made)
        except (RuntimeError, sy.SynthesistError) as error:
            return {"failed": str(error).strip().splitlines()[-1][:120]}


def own(name: str, method: str, settings: list[str], seed: int, made: Path) -> dict[str, Any]:
    """A method of ours, in a process of its own."""
    learnt, _ = halves(name)
    warm_up(method)
    cpu, wall = process_time(), perf_counter()
    ctx = sy.Context.seeded(seed, threads=1)
    rows = sy.fit(learnt, method, ctx=ctx, **options(settings)).sample(learnt.units, ctx=ctx)
    costs = {"cpu_s": process_time() - cpu, "wall_s": perf_counter() - wall, "peak_mb": peak_mb()}
    rows.table.write_parquet(made)
    return costs


def rival(name: str, peer: str, made: Path) -> dict[str, Any]:
    """A rival, by the Python of its own environment."""
    python = Path(os.environ.get("SYNTHESIST_PEERS") or "/nowhere") / PEERS[peer] / "bin" / "python"
    if not python.is_file():
        raise RuntimeError(f"not installed: there is no $SYNTHESIST_PEERS/{PEERS[peer]}")
    learnt, costs = made.with_name("learnt.parquet"), made.with_name("costs.json")
    halves(name)[0].table.write_parquet(learnt)
    script = Path(__file__).parent / "peers" / "fit.py"
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    done = subprocess.run(
        [python, script, peer, learnt, made, costs], capture_output=True, text=True, check=False, env=os.environ | one
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(costs.read_text("utf-8"))
    return found


def scored(name: str, made: Path) -> dict[str, Any]:
    """What the rows are worth."""
    learnt, unseen = halves(name)
    rows = sy.read(made, learnt.schema)
    return judged(learnt, unseen, rows, TARGETS.get(name)) | {"pair_distance": pair_distance(learnt, rows)}


if __name__ == "__main__":
    main()
