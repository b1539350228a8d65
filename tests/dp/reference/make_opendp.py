"""Counts of noise drawn by OpenDP's exact samplers, between the same edges as in the test.

Needs opendp 0.16.0, in an environment of its own: python make_opendp.py > opendp.json
"""

import json
from importlib.metadata import version

import numpy as np
import opendp.prelude as dp

DRAWS, CHUNK = 400_000, 100_000
CASES = [
    ("gaussian", 0.625),
    ("gaussian", 3.5),
    ("gaussian", 300.0),
    ("laplace", 0.625),
    ("laplace", 3.5),
    ("laplace", 300.0),
]


def main() -> None:
    dp.enable_features("contrib")
    cases = [counted(family, scale) for family, scale in CASES]
    print(json.dumps({"made_by": "tests/dp/reference/make_opendp.py", "opendp": version("opendp"), "cases": cases}))


def counted(family: str, scale: float) -> dict:
    """Draws up to each edge, beyond the one before; those beyond the last come last."""
    edges = np.unique(np.linspace(-4 * scale, 4 * scale, 33).round().astype(int))
    draws = np.concatenate([noise(family, scale) for _ in range(DRAWS // CHUNK)])
    counts = np.bincount(np.searchsorted(edges, draws), minlength=len(edges) + 1)
    return {"family": family, "scale": scale, "edges": edges.tolist(), "counts": counts.tolist()}


def noise(family: str, scale: float) -> np.ndarray:
    domain = dp.vector_domain(dp.atom_domain(T="i64"), size=CHUNK)
    if family == "gaussian":
        return np.array(dp.m.make_gaussian(domain, dp.l2_distance(T=float), scale=scale)([0] * CHUNK))
    return np.array(dp.m.make_laplace(domain, dp.l1_distance(T="i64"), scale=scale)([0] * CHUNK))


if __name__ == "__main__":
    main()
