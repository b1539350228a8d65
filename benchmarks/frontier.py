"""Fidelity against copying: how true to life are the rows, and how much do they owe to single real rows?

A set is split at random in two equal halves. A method learns from A and makes as many rows; B was never
seen. Every pair of set and method runs in a process of its own. `copy` hands A out again, and shows
which numbers copying buys and which it cannot.

    python benchmarks/frontier.py --sets adult,magic --methods trees,trees:refinements=0,gaussian_copula
    python benchmarks/frontier.py --out rows.json --into docs/benchmarks/trees.md
"""

import argparse
import json
import sys
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

from _measure import auc, fresh, insert, options, peak_mb, printed, warm_up
from _sets import TARGETS, available, halves

import synthesist as sy
from synthesist.metrics.dcr_share import DCRShare
from synthesist.metrics.exact_copies import ExactCopies
from synthesist.metrics.membership import Membership
from synthesist.metrics.tstr import TSTR

METHODS = "trees,gaussian_copula,marginals,copy"
LAYOUT = {
    "set": ("set", ""),
    "method": ("label", ""),
    "AUC B": ("auc_unseen", ".3f"),
    "AUC A": ("auc_learnt", ".3f"),
    "DCR share": ("dcr_share", ".3f"),
    "(real)": ("dcr_share_real", ".3f"),
    "membership": ("membership", ".3f"),
    "± 95 %": ("membership_error", ".3f"),
    "copies A": ("copies_learnt", ".2%"),
    "copies B": ("copies_unseen", ".2%"),
    "gap": ("utility_gap", "+.3f"),
    "fit CPU-s": ("fit_cpu_s", ".1f"),
    "sample CPU-s": ("sample_cpu_s", ".2f"),
    "peak MB": ("peak_mb", ".0f"),
    "compile s": ("compile_cpu_s", ".1f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="", help="names separated by commas; all where nothing is said")
    parser.add_argument("--methods", default=METHODS, help="names separated by commas, as in trees:orders=1:bins=64")
    parser.add_argument("--set", action="append", default=[], metavar="K=V", help="an option for every method")
    parser.add_argument("--seed", type=int, default=0, help="of fitting and sampling; the halves stay the same")
    parser.add_argument("--out", type=Path, help="keep the rows as JSON")
    parser.add_argument("--show", type=Path, help="run nothing, print the rows kept here")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--into", type=Path, help="write the Markdown table into this page")
    parser.add_argument("--mark", default="frontier", help="between which marks of the page")
    asked = parser.parse_args()
    if asked.show:
        rows = json.loads(asked.show.read_text("utf-8"))
    else:
        rows = measured(available(asked.sets), asked.methods.split(","), asked.set, asked.seed, asked.out)
    print(printed(rows, LAYOUT, asked.markdown))
    if asked.into:
        insert(printed(rows, LAYOUT, markdown=True), asked.into, asked.mark)


def measured(sets: list[str], methods: list[str], shared: list[str], seed: int, out: Path | None) -> list[Any]:
    """A row for every set and method; kept after each, since all of them take long."""
    rows: list[Any] = []
    for name in sets:
        for label in methods:
            method, *own = label.split(":")
            rows.append({"set": name, "label": ":".join([method, *shared, *own])})
            rows[-1] |= fresh(run, name, method, options([*shared, *own]), seed)
            print(f"{name} {label}: done", file=sys.stderr, flush=True)
            if out:
                out.write_text(json.dumps(rows, indent=1), "utf-8")
    return rows


def run(name: str, method: str, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Learn from A, draw as many rows, and judge them."""
    learnt, unseen = halves(name)
    if method == "copy":
        return judged(learnt, unseen, learnt, TARGETS.get(name)) | {"auc_learnt": None}  # each row is there twice
    times = [process_time()]
    warm_up(method)
    times.append(process_time())
    model = sy.fit(learnt, method, seed=seed, **settings)
    times.append(process_time())
    made = model.sample(learnt.units, seed=seed)
    times.append(process_time())
    cost = dict(zip(("compile_cpu_s", "fit_cpu_s", "sample_cpu_s"), laps(times), strict=True))
    cost["peak_mb"] = peak_mb()  # before the judges take theirs
    return cost | judged(learnt, unseen, made, TARGETS.get(name))


def judged(learnt: sy.Dataset, unseen: sy.Dataset, made: sy.Dataset, target: str | None) -> dict[str, Any]:
    """Fidelity, copying and utility of the rows made."""
    case, ctx = sy.Evidence(learnt, unseen, made, target=target), sy.Context.seeded(0, threads=2)
    share = DCRShare(stock=learnt.units).score(case, ctx)
    member = Membership().score(case, ctx)
    copies = ExactCopies().score(case, ctx)
    return {
        "rows": learnt.units,
        "columns": len(learnt.kinds.columns),
        "auc_unseen": auc(unseen, made),
        "auc_learnt": auc(learnt, made),
        "dcr_share": share.value,
        "dcr_share_real": share.reference,
        "membership": member.value,
        "membership_error": (member.high - member.low) / 2,
        "membership_power": member.details["power"],
        "copies_learnt": copies.details["share_in_train"],
        "copies_unseen": copies.details["share_in_holdout"],
        "utility_gap": TSTR().score(case, ctx).value,
    }


def laps(times: list[float]) -> list[float]:
    """Seconds between each two readings of the clock."""
    return [later - earlier for earlier, later in pairwise(times)]


if __name__ == "__main__":
    main()
