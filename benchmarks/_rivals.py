"""Private rivals: each is given public codes of the rows, in an environment of its own, and gives codes back."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import polars as pl
from _public import Layout, decoded, described, encoded, public_codes

from synthesist.data.dataset import Dataset

__all__ = ["RIVALS", "Rival"]

RIVALS = (
    *("dpmm_mst:fine", "dpmm_mst:geometric", "dpmm_mst:own", "dpmm_privbayes:fine", "dpmm_privbayes:geometric"),
    *("smartnoise_mst:fine", "smartnoise_mst:geometric"),
)
"""Those that are run where none are named. AIM of both is known too; it takes hours."""
KNOWN = ("dpmm_mst", "dpmm_aim", "dpmm_privbayes", "smartnoise_mst", "smartnoise_aim")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Rival:
    """A rival and how numbers are cut for it, as in `dpmm_mst:geometric`; `library` names its environment."""

    name: str
    layout: Layout

    @classmethod
    def named(cls, label: str) -> "Rival | None":
        """The rival of a label, if it is one; without a layout, numbers are cut into equal widths."""
        name, _, layout = label.partition(":")
        if name not in KNOWN:
            return None
        if layout not in ("", *get_args(Layout)):
            sys.exit(f"{label}: there is no layout {layout}; choose from {', '.join(get_args(Layout))}.")
        return cls(name, layout or "equal")  # type: ignore[arg-type]

    @property
    def library(self) -> str:
        """The library it is part of."""
        return self.name.partition("_")[0]

    def learn(
        self, data: Dataset, epsilon: float, delta: float, made: Path, *, seed: int, peers: Path | None, limit: int
    ) -> dict[str, Any]:
        """Write as many rows as there are to `made`, and tell what they cost; the seed is for places inside of bins.

        Raises:
            RuntimeError: it is not installed, failed, or was not done after `limit` seconds.
        """
        python = Path(peers or "/nowhere") / self.library / "bin" / "python"
        if not python.is_file():
            raise RuntimeError(f"not installed: there is no {self.library} among the peers")
        codes = public_codes(data.schema, self.layout)
        learnt, about, costs = (made.with_name(file) for file in ("learnt.parquet", "about.json", "costs.json"))
        encoded(data, codes).write_parquet(learnt)
        about.write_text(json.dumps({"epsilon": epsilon, "delta": delta} | described(codes)), "utf-8")
        script = Path(__file__).parent / "peers" / "private.py"
        _run([python, script, self.name, learnt, about, made, costs], limit)
        decoded(pl.read_parquet(made), codes, seed).write_parquet(made)
        found: dict[str, Any] = json.loads(costs.read_text("utf-8"))
        return found


def _run(command: list[str | Path], limit: int) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, env=os.environ | ONE_THREAD, timeout=limit
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"not done after {limit} s") from None
    if done.returncode:
        raise RuntimeError(done.stderr)
