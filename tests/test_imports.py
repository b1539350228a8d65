"""What is loaded, and when: modules are counted, as a stopwatch on a shared machine lies."""

import subprocess
import sys

import pytest

HEAVY = ("numpy", "polars", "pandas", "torch", "scipy", "sklearn", "lightgbm", "numba", "pyarrow", "pydantic")
LATE = ("pandas", "torch", "scipy", "sklearn", "lightgbm", "numba", "pyarrow")
LIST_ALL = """
from synthesist import catalog
for shelf in catalog.SHELVES:
    for name in catalog.names(shelf):
        catalog.summary(catalog.load(shelf, name))
"""


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import synthesist", HEAVY),
        ("import synthesist; dir(synthesist)", HEAVY),
        ("import synthesist; synthesist.read", LATE),
        (LIST_ALL, LATE),
        ("import synthesist.cli", HEAVY),
    ],
    ids=["package", "dir", "verbs", "catalogue", "cli"],
)
def test_nothing_heavy_is_loaded(code: str, absent: tuple[str, ...]) -> None:
    assert not loaded(code) & set(absent)


def test_reading_and_sampling_do_not_need_pandas() -> None:
    code = """
import polars as pl, synthesist as sy
sy.fit(pl.DataFrame({"size": ["s", "m", "l", "m"] * 20, "price": range(80)}), "marginals").sample(5)
"""
    assert not loaded(code) & {"pandas", "torch"}


def test_every_public_name_is_there() -> None:
    loaded("import synthesist\nfor name in synthesist.__all__: getattr(synthesist, name)")


def loaded(code: str) -> set[str]:
    """The top-level modules a fresh interpreter has after running the code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {name.split(".")[0] for name in done.stdout.split()}
