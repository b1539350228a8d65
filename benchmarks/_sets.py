"""The tables that benchmarks run on: one comes with the package, the others lie where SYNTHESIST_DATA says."""

import os
from pathlib import Path

import numpy as np
import polars as pl

import synthesist as sy
from synthesist.data.examples import ADULT

__all__ = ["TARGETS", "available", "halves", "parts", "table"]

TARGETS = {
    "adult": "income",
    "magic": "class",
    "shoppers": "Revenue",
    "beijing": "pm2_5",
    "default": "default_payment_next_month",
    "california_housing": "median_house_value",
    "nist_national2019": "PINCP_DECILE",
    "news_subset": "shares",
    "traffic_volume": "traffic_volume",
}
"""The column of each set that a model would predict; the order is that of the result tables."""

ADULT_TRAIN = 32_561  # of the rows that come with the package, those that its authors learnt from come first


def available(wanted: str) -> list[str]:
    """Those of the sets, separated by commas, that are here; each that is missing is named."""
    names = wanted.split(",") if wanted else list(TARGETS)
    found = [name for name in names if _files(name)]
    for name in names:
        if name not in found:
            print(f"{name}: skipped, there is no $SYNTHESIST_DATA/{name} with train.parquet and test.parquet")
    return found


def table(name: str) -> pl.DataFrame:
    """All rows of a set: train and test together."""
    return pl.concat([pl.read_parquet(file) for file in _files(name)])


def halves(name: str) -> tuple[sy.Dataset, sy.Dataset]:
    """Two equal parts at random, A to learn from and B never seen; the schema is detected in A alone."""
    rows = table(name)
    order, half = np.random.default_rng(0).permutation(rows.height), rows.height // 2
    first = sy.read(rows[order[:half]])
    return first, sy.read(rows[order[half : 2 * half]], first.schema)


def parts(name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Train and test, as the set is usually parted."""
    files = [pl.read_parquet(file) for file in _files(name)]
    return (files[0].head(ADULT_TRAIN), files[0].slice(ADULT_TRAIN)) if len(files) == 1 else (files[0], files[1])


def _files(name: str) -> list[Path]:
    folder = Path(os.environ.get("SYNTHESIST_DATA") or "/nowhere") / name
    files = [folder / "train.parquet", folder / "test.parquet"]
    if all(file.is_file() for file in files):
        return files
    return [ADULT] if name == "adult" else []
