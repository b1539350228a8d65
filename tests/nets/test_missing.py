"""Without torch, everything else works, and what needs it says how to get it."""

import subprocess
import sys

CODE = """
import sys
sys.modules["torch"] = None
import polars as pl, synthesist as sy
from synthesist.errors import MissingExtraError
frame = pl.DataFrame({"size": ["s", "m", "l", "m"] * 20, "price": range(80)})
sy.fit(frame, "marginals").sample(5)
try:
    sy.fit(frame, "argn")
except MissingExtraError as error:
    assert "pip install 'synthesist[deep]'" in str(error), error
else:
    raise AssertionError("it was learnt without torch")
"""


def test_the_extra_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
