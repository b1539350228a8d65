"""One private rival learns from a table of codes and draws as many rows: run by the Python of its own environment.

$SYNTHESIST_PEERS/dpmm/bin/python benchmarks/peers/private.py dpmm_mst learnt.parquet about.json made.parquet costs.json

Columns are codes 0 to sizes[column] - 1, of public meaning. Where about.json has bounds for a column instead, it is a
number, and the rival cuts it with a tenth of the budget.
"""

import json
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from fit import peak_mb, seconds

CUTTING = 0.1  # of epsilon, for a rival that finds its own bins
Rival = Callable[[pd.DataFrame, dict[str, Any]], pd.DataFrame]


def main() -> None:
    peer, learnt, page, made, costs = sys.argv[1:]
    frame, about = pd.read_parquet(learnt), json.loads(Path(page).read_text("utf-8"))
    before = seconds()
    rows = PEERS[peer](frame, about)
    spent = {"cpu_s": seconds() - before, "peak_mb": peak_mb(), "by": versions(peer.partition("_")[0])}
    codes = dict.fromkeys(about["sizes"], "int64")
    rows[list(frame.columns)].astype(codes).to_parquet(made)
    Path(costs).write_text(json.dumps(spent), "utf-8")


def dpmm(name: str) -> Rival:
    """A pipeline of dpmm; codes are its categories."""

    def go(frame: pd.DataFrame, about: dict[str, Any]) -> pd.DataFrame:
        from dpmm import pipelines

        bounds, epsilon = about["bounds"], about["epsilon"]
        codes = {column: [str(code) for code in range(size)] for column, size in about["sizes"].items()}
        domain = {column: {"categories": known} for column, known in codes.items()}
        domain |= {column: {"lower": low, "upper": high} for column, (low, high) in bounds.items()}
        table = frame.astype(dict.fromkeys(codes, str))
        table = table.astype({column: pd.CategoricalDtype(known) for column, known in codes.items()})
        model = getattr(pipelines, name)(
            epsilon=epsilon * (1 - CUTTING) if bounds else epsilon,
            delta=about["delta"],
            proc_epsilon=epsilon * CUTTING if bounds else None,
            n_jobs=1,
        )
        model.fit(table, domain)
        return model.generate(len(frame))

    return go


def smartnoise(name: str) -> Rival:
    """A synthesizer of SmartNoise; its labels are fitted to a table of all codes, so that it does not read them."""

    def go(frame: pd.DataFrame, about: dict[str, Any]) -> pd.DataFrame:
        from snsynth import Synthesizer
        from snsynth.transform import LabelTransformer, TableTransformer

        every = pd.DataFrame(
            {
                column: [code % size for code in range(max(about["sizes"].values()))]
                for column, size in about["sizes"].items()
            }
        )
        labels = TableTransformer([LabelTransformer(nullable=False) for _ in every.columns])
        labels.fit(every)
        model = Synthesizer.create(name, epsilon=about["epsilon"], delta=about["delta"])
        model.fit(frame, transformer=labels, preprocessor_eps=0.0)
        return model.sample(len(frame))

    return go


def versions(library: str) -> str:
    """The packages that did the work."""
    packages = {"dpmm": ["dpmm"], "smartnoise": ["smartnoise-synth", "mbi"]}[library]
    return ", ".join(f"{package} {version(package)}" for package in packages)


PEERS: dict[str, Rival] = {
    "dpmm_mst": dpmm("MSTPipeline"),
    "dpmm_aim": dpmm("AIMPipeline"),
    "dpmm_privbayes": dpmm("PrivBayesPipeline"),
    "smartnoise_mst": smartnoise("mst"),
    "smartnoise_aim": smartnoise("aim"),
}


if __name__ == "__main__":
    main()
