"""Private methods beside their rivals: what is left of a table at each epsilon, and what that costs.

Every side knows of a table what its public page says, and nothing else; epsilon and delta are the same, and one scorer
judges all rows. Ours are called as a user would call them. Rivals run in environments of their own
(`benchmarks/peers/setup.sh` makes them under $SYNTHESIST_PEERS); one that is not there, fails or takes too long is a
row that says so. Noise that pays for privacy has no seed, so fits are repeated, and the table shows their mean.

    export SYNTHESIST_DATA=folder SYNTHESIST_PEERS=folder
    python benchmarks/private.py --out rows.json --into docs/benchmarks/privacy.md
    python benchmarks/private.py --set adult --epsilon 1 --methods mst,dpmm_mst --seeds 3
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import Row, auc, fresh, insert, options, peak_mb, printed
from _rivals import RIVALS, Rival
from _sets import TARGETS, available, parts
from _utility import marginal_distances, usefulness

import synthesist as sy
from synthesist.catalog import load, names
from synthesist.data.schema import Schema
from synthesist.dp.method import PrivateMethod

SETS = "adult,shoppers,default,nist_national2019,beijing"
EPSILONS = "0.1,0.5,1,3,10"
DELTA = 1e-9
REAL = "(real rows)"
HIGHER = {"tstr"}  # of the measures: the others are better when they are lower
MEASURES = {"TVD 1": "tvd1", "TVD 2": "tvd2", "TVD 3": "tvd3", "C2ST": "c2st", "TSTR": "tstr"}
LAYOUT = {
    "set": ("set", ""),
    "epsilon": ("epsilon", "g"),
    "method": ("label", ""),
    **{title: (key, ".3f") for title, key in MEASURES.items()},
    "± TSTR": ("tstr_spread", ".3f"),
    "CPU-s": ("cpu_s", ".1f"),
    "peak MB": ("peak_mb", ".0f"),
    "fits": ("fits", "d"),
    "failed": ("failed", ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", default=SETS, help="names separated by commas")
    parser.add_argument("--epsilon", default=EPSILONS, help="numbers separated by commas")
    parser.add_argument("--methods", default="", help="as in mst:bins=16,dpmm_mst:geometric; all where not given")
    parser.add_argument("--peers", type=Path, default=os.environ.get("SYNTHESIST_PEERS"), help="their environments")
    parser.add_argument("--seeds", type=int, default=1, help="how often each is fitted")
    parser.add_argument("--limit", type=int, default=3600, help="seconds a rival may take")
    parser.add_argument("--out", type=Path, help="keep every fit as JSON; those that are there are not done again")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    asked = parser.parse_args()
    fits = json.loads(asked.out.read_text("utf-8")) if asked.out and asked.out.is_file() else []
    done = {(fit["set"], fit["epsilon"], fit["label"], fit["seed"]) for fit in fits}
    for plan in planned(asked):
        if tuple(plan.values()) in done:
            continue
        fits.append(plan | measured(plan, asked.peers, asked.limit))
        print(printed(fits[-1:], LAYOUT, markdown=False).splitlines()[-1], file=sys.stderr, flush=True)
        if asked.out:
            asked.out.write_text(json.dumps(fits, indent=1), "utf-8")
    rows = means(fits)
    print(printed(rows, LAYOUT, markdown=False), *lost(rows), sep="\n")
    if asked.into:
        text = [printed(rows, LAYOUT, markdown=True), "", *lost(rows), "", measured_by(fits)]
        insert("\n".join(text), asked.into, "private")


def planned(asked: argparse.Namespace) -> Iterable[dict[str, Any]]:
    """Every fit that was asked for, as its set, epsilon, label and seed; real rows first."""
    labels = asked.methods.split(",") if asked.methods else [*ours(), *RIVALS]
    for name in available(asked.set):
        yield {"set": name, "epsilon": None, "label": REAL, "seed": 0}
        for epsilon in map(float, asked.epsilon.split(",")):
            for label in labels:
                for seed in range(asked.seeds):
                    yield {"set": name, "epsilon": epsilon, "label": label, "seed": seed}


def ours() -> list[str]:
    """The private methods of the catalogue."""
    return [name for name in names("methods") if issubclass(load("methods", name), PrivateMethod)]


def measured(plan: Row, peers: Path | None, limit: int) -> dict[str, Any]:
    """One fit and what its rows are worth; what a method or rival dies of is part of it."""
    name, epsilon, seed = plan["set"], plan["epsilon"], plan["seed"]
    method, *settings = plan["label"].split(":")
    with TemporaryDirectory() as folder:
        made = Path(folder, "made.parquet")
        try:
            if method == REAL:
                return fresh(real, name)
            if rival := Rival.named(plan["label"]):
                learnt = sy.read(halves(name)[0], page(name))
                costs = rival.learn(learnt, epsilon, DELTA, made, seed=seed, peers=peers, limit=limit)
            else:
                costs = fresh(own, name, epsilon, method, settings, seed, made)
            return costs | fresh(scored, name, made)
        except (ArithmeticError, LookupError, RuntimeError, ValueError, sy.SynthesistError) as error:
            return {"failed": (str(error).strip() or type(error).__name__).splitlines()[-1][:120]}


def halves(name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows to learn from and rows to test with, in the columns of the public page."""
    learnt, test = parts(name)
    columns = list(Schema.load(page(name)).table.columns)
    return learnt.select(columns), test.select(columns)


def page(name: str) -> Path:
    """What is public of a set."""
    here = Path(__file__).parent
    return (
        here.parent / "examples" / "adult.public.yaml" if name == "adult" else here / "public" / f"{name}.public.yaml"
    )


def own(name: str, epsilon: float, method: str, settings: list[str], seed: int, made: Path) -> dict[str, Any]:
    """A method of ours, in a process of its own, called as a user calls it."""
    learnt, _ = halves(name)
    ctx = sy.Context.seeded(seed, threads=1)
    cpu = process_time()
    model = sy.fit(learnt, method, schema=page(name), ctx=ctx, epsilon=epsilon, delta=DELTA, **options(settings))
    rows = model.sample(learnt.height, ctx=ctx)
    costs = {"cpu_s": process_time() - cpu, "peak_mb": peak_mb(), "by": f"synthesist {sy.__version__}"}
    rows.write_parquet(made)
    return costs


def real(name: str) -> dict[str, Any]:
    """What no method can be better than: test rows in the place of made ones, and what is learnt from the real rows."""
    learnt, test = halves(name)
    schema = Schema.load(page(name))
    some = learnt.sample(test.height, seed=0)  # files keep an order
    return marginal_distances(learnt, test) | {
        "c2st": auc(sy.read(some, schema), sy.read(test, schema)),
        "tstr": usefulness(learnt, test, TARGETS[name]),
    }


def scored(name: str, made: Path) -> dict[str, Any]:
    """What the rows are worth."""
    learnt, test = halves(name)
    schema = Schema.load(page(name))
    rows = sy.read(pl.read_parquet(made), schema)
    frame = rows.to_polars()
    return marginal_distances(learnt, frame) | {
        "c2st": auc(sy.read(learnt, schema), rows),
        "tstr": usefulness(frame, test, TARGETS[name]),
    }


def means(fits: Sequence[Row]) -> list[dict[str, Any]]:
    """The fits of each method, set and epsilon as one row."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for fit in fits:
        groups.setdefault((fit["set"], fit["epsilon"], fit["label"]), []).append(fit)
    return [_mean(key, groups[key]) for key in sorted(groups, key=_place)]


def _place(key: tuple[Any, ...]) -> tuple[int, float, bool]:
    """Where a row stands in the table: by set, then epsilon, ours before rivals."""
    name, epsilon, label = key
    order = SETS.split(",")
    return order.index(name) if name in order else len(order), epsilon or 0.0, Rival.named(label) is not None


def _mean(key: tuple[Any, ...], group: Sequence[Row]) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(("set", "epsilon", "label"), key, strict=True))
    whole = [fit for fit in group if "failed" not in fit]
    if not whole:
        return row | {"failed": group[0]["failed"]}
    for measure in (*MEASURES.values(), "cpu_s", "peak_mb"):
        if measure in whole[0]:
            row[measure] = float(np.mean([fit[measure] for fit in whole]))
    spread = float(np.std([fit["tstr"] for fit in whole], ddof=1)) if len(whole) > 1 else None
    return row | {"tstr_spread": spread, "fits": len(whole)}


def lost(rows: Sequence[Row]) -> list[str]:
    """Where a rival is better than the best of ours, a line each."""
    lines = []
    for row in rows:
        if not Rival.named(row["label"]) or "failed" in row:
            continue
        same = [r for r in rows if (r["set"], r["epsilon"]) == (row["set"], row["epsilon"]) and "tstr" in r]
        own = [r for r in same if not Rival.named(r["label"])]
        for title, measure in MEASURES.items():
            sign = 1 if measure in HIGHER else -1
            best = max(own, key=lambda r: sign * r[measure], default=None)
            if best and sign * row[measure] > sign * best[measure]:
                lines.append(
                    f"- lost: {row['set']}, epsilon {row['epsilon']:g}, {title}: {row['label']} {row[measure]:.3f}, "
                    f"ours at best {best[measure]:.3f} ({best['label']})"
                )
    return lines


def measured_by(fits: Sequence[Row]) -> str:
    """What ran, and on what."""
    libraries = sorted({fit["by"] for fit in fits if "by" in fit})
    return (
        f"Measured {date.today():%B %Y} with Python {platform.python_version()} on {os.cpu_count()} cores "
        f"({platform.machine()}, {platform.system()}): {'; '.join(libraries)}."
    )


if __name__ == "__main__":
    main()
