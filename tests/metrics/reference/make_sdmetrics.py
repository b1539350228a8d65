"""Reference values of SDMetrics for the tests, made in an environment of its own.

    python3.11 -m venv sdm && sdm/bin/pip install sdmetrics==0.32.0
    sdm/bin/python tests/metrics/reference/make_sdmetrics.py

Writes sdmetrics.json beside this file. The tables are made by `tables()` below, which needs numpy
only, so that the tests make the very same ones.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np

KINDS = {"f": "number", "i": "integer", "b": "boolean", "c": "category", "d": "moment"}
Table = dict[str, list]


def tables() -> dict[str, tuple[dict[str, str], Table, Table]]:
    """Kinds, real and synthetic cells by table; None is missing, a moment is microseconds since 1970."""
    return {
        "plain": _pair(1, 700, 500, "ffcc", missing=0.0),
        "missing": _pair(2, 400, 600, "fficcb", missing=0.15),
        "dates": _pair(3, 300, 300, "ddfbi", missing=0.1),
        "many": _pair(4, 1000, 800, "ccif", missing=0.05, levels=200),
        "small": _pair(5, 12, 9, "fcbd", missing=0.2),
    }


def _pair(seed: int, real: int, synthetic: int, letters: str, missing: float, levels: int = 5):
    rng = np.random.default_rng(seed)
    names = {f"{letter}{k}": letter for k, letter in enumerate(letters)}
    kinds = {name: KINDS[letter] for name, letter in names.items()}
    return kinds, _table(rng, real, names, missing, levels, 0.0), _table(rng, synthetic, names, missing, levels, 0.4)


def _table(rng, rows: int, names: dict[str, str], missing: float, levels: int, shift: float) -> Table:
    common = rng.normal(shift, 1, rows)
    table = {}
    for name, letter in names.items():
        x = common * rng.uniform(0.2, 1) + rng.normal(0, 1, rows)
        cells = {
            "f": lambda x: np.round(x * 10, 2).tolist(),
            "i": lambda x: np.round(np.exp(x)).astype(int).tolist(),
            "b": lambda x: (x > 0.3).tolist(),
            "c": lambda x: [f"v{int(k)}" for k in np.clip((x + 3) / 6 * levels, 0, levels - 1)],
            "d": lambda x: (1_500_000_000_000_000 + (x * 1e7).astype(int) * 1_000_000).tolist(),
        }[letter](x)
        empty = rng.random(rows) < missing
        table[name] = [None if gone else cell for cell, gone in zip(cells, empty, strict=True)]
    return table


def main() -> None:
    """Ask SDMetrics for every column and pair."""
    import pandas as pd
    import sdmetrics
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    pd.options.mode.copy_on_write = True
    found = {}
    for name, (kinds, real, synthetic) in tables().items():
        numeric = {column for column, kind in kinds.items() if kind in ("number", "integer", "moment")}

        def frame(table: Table, kinds=kinds, numeric=numeric) -> pd.DataFrame:
            data = pd.DataFrame(table, dtype=object)
            for column, kind in kinds.items():
                if kind == "moment":
                    data[column] = pd.to_datetime(pd.Series(table[column], dtype="Int64"), unit="us")
                elif column in numeric:
                    data[column] = data[column].astype(float)
            return data

        a, b = frame(real), frame(synthetic)
        shapes = {c: (KSComplement if c in numeric else TVComplement).compute(a[c], b[c]) for c in kinds}
        for column, kind in kinds.items():
            if kind == "moment":  # its ContingencySimilarity cuts numbers only
                for data in (a, b):
                    empty = data[column].isna()
                    data[column] = data[column].astype("int64").astype(float)
                    data.loc[empty, column] = np.nan
        pairs = []
        for c, d in combinations(kinds, 2):
            if c in numeric and d in numeric:
                score = CorrelationSimilarity.compute(a[[c, d]], b[[c, d]])
            else:
                cut = [column for column in (c, d) if column in numeric]
                score = ContingencySimilarity.compute(a[[c, d]], b[[c, d]], continuous_column_names=cut or None)
            pairs.append({"a": c, "b": d, "score": float(score)})
        found[name] = {"column_shapes": {c: float(s) for c, s in shapes.items()}, "pair_trends": pairs}
    page = {"made_by": "tests/metrics/reference/make_sdmetrics.py", "sdmetrics": sdmetrics.__version__, "tables": found}
    Path(__file__).with_name("sdmetrics.json").write_text(json.dumps(page, indent=1) + "\n")


if __name__ == "__main__":
    main()
