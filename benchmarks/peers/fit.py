"""One rival learns from a table and draws as many rows: run by the Python of the rival's own environment.

$SYNTHESIST_PEERS/sdv/bin/python benchmarks/peers/fit.py sdv_ctgan learnt.parquet made.parquet costs.json
"""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd

EPOCHS = 50
MINUTES = 5  # the limit TabularARGN is given


def main() -> None:
    peer, learnt, made, costs = sys.argv[1:]
    frame = pd.read_parquet(learnt)
    texts = [c for c in frame if not pd.api.types.is_numeric_dtype(frame[c]) or frame[c].dtype == bool]
    for column in texts:  # a missing category is a category for every rival
        frame[column] = frame[column].astype(object).where(frame[column].notna(), "?").astype(str)
    before, wall = seconds(), time.perf_counter()
    rows = PEERS[peer](frame)
    spent = {"cpu_s": seconds() - before, "wall_s": time.perf_counter() - wall, "peak_mb": peak_mb()}
    rows = rows[list(frame.columns)]
    for column in texts:
        rows[column] = rows[column].astype(object).where(rows[column] != "?", None)
    rows.to_parquet(made)
    Path(costs).write_text(json.dumps(spent), "utf-8")


def sdv(name: str, **options: Any) -> Any:
    """A synthesizer of SDV: every number a number, all else a category."""

    def go(frame: pd.DataFrame) -> pd.DataFrame:
        from sdv import single_table
        from sdv.metadata import Metadata

        kinds = {
            c: {"sdtype": "numerical" if pd.api.types.is_numeric_dtype(frame[c]) else "categorical"} for c in frame
        }
        about = Metadata.load_from_dict({"tables": {"rows": {"columns": kinds}}})
        model = getattr(single_table, name)(about, **options)
        model.fit({"rows": frame})
        made = model.sample(num_rows=len(frame))
        return made["rows"] if isinstance(made, dict) else made

    return go


def mostlyai(frame: pd.DataFrame) -> pd.DataFrame:
    """TabularARGN, in the five steps of its engine."""
    from mostlyai import engine

    place = Path(tempfile.mkdtemp())
    engine.split(workspace_dir=place, tgt_data=frame, model_type="TABULAR")
    engine.analyze(workspace_dir=place)
    engine.encode(workspace_dir=place)
    engine.train(workspace_dir=place, max_training_time=MINUTES)
    engine.generate(workspace_dir=place, sample_size=len(frame))
    return pd.read_parquet(place / "SyntheticData")


def synthpop(frame: pd.DataFrame) -> pd.DataFrame:
    """CART, one tree a column."""
    from synthpop import Synthpop

    kinds = {c: {"i": "int", "u": "int", "f": "float"}.get(frame[c].dtype.kind, "category") for c in frame}
    model = Synthpop(seed=0)
    model.fit(frame.astype({c: kind for c, kind in kinds.items() if kind == "category"}), kinds)
    return model.generate(len(frame))


PEERS = {
    "sdv_ctgan": sdv("CTGANSynthesizer", epochs=EPOCHS),
    "sdv_tvae": sdv("TVAESynthesizer", epochs=EPOCHS),
    "sdv_copula": sdv("GaussianCopulaSynthesizer"),
    "mostlyai": mostlyai,
    "synthpop": synthpop,
}


def seconds() -> float:
    """CPU seconds of this process and of those it waited for."""
    uses = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(use.ru_utime + use.ru_stime for use in uses)


def peak_mb() -> float:
    """The most memory this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
