"""Where the bits of noise come from: never twice the same, and never lost on the way."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from synthesist.dp import entropy
from synthesist.dp.entropy import byte_source, coins
from synthesist.dp.noise import discrete_gaussian, discrete_laplace
from synthesist.errors import SpecError

FORKED = """
import os, sys
import numpy as np
from synthesist.dp.entropy import byte_source
from synthesist.dp.noise import discrete_gaussian
with byte_source(np.random.Generator(np.random.Philox(0)).bytes):
    child = os.fork()
    if child:
        os.waitpid(child, 0)  # one writes after the other
    print("parent" if child else "child", discrete_gaussian(8, 10**6).tolist(), flush=True)
    if not child:
        os._exit(0)
"""


@pytest.mark.parametrize("most", [8, 24, 1000])
def test_draws_do_not_depend_on_how_bytes_arrive(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draw that runs out of bits goes on where it was: to begin it afresh would favour short ones."""
    with byte_source(stream()):
        whole = discrete_gaussian(2_000, 10**6)
    monkeypatch.setattr(entropy, "MOST", most)
    with byte_source(stream()):
        assert (discrete_gaussian(2_000, 10**6) == whole).all()


def test_the_source_is_the_operating_system_unless_replaced() -> None:
    with byte_source(stream()):
        first = discrete_laplace(20, 1000)
        with byte_source(stream()):
            assert (discrete_laplace(20, 1000) == first).all()
        assert (discrete_laplace(20, 1000) != first).any()
    draws = [discrete_laplace(20, 1000).tobytes() for _ in range(50)]
    assert len({*draws, first.tobytes()}) == 51


def test_noise_has_no_seed() -> None:
    np.random.seed(0)  # noqa: NPY002
    first = discrete_gaussian(20, 10**6)
    np.random.seed(0)  # noqa: NPY002
    assert (discrete_gaussian(20, 10**6) != first).any()


def test_two_processes_and_a_fork_never_share_a_stream() -> None:
    said = [
        line
        for _ in range(2)
        for line in subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORKED], capture_output=True, text=True, check=True, env=os.environ
        ).stdout.splitlines()
    ]
    with byte_source(stream()):
        replay = f"parent {discrete_gaussian(8, 10**6).tolist()}"
    assert said[1::2] == [replay, replay]
    assert len({replay.removeprefix("parent"), *(line.removeprefix("child") for line in said[::2])}) == 3


def test_a_thread_never_shares_a_stream() -> None:
    with byte_source(stream()):
        first = discrete_gaussian(20, 10**6)
    with byte_source(stream()), ThreadPoolExecutor(1) as other:
        assert (other.submit(discrete_gaussian, 20, 10**6).result() != first).any()


@pytest.mark.parametrize("length", [0, 1, 10_000])
def test_a_source_that_gives_another_number_of_bytes_is_refused(length: int) -> None:
    with byte_source(lambda n: bytes(length)), pytest.raises(SpecError, match="asked for"):
        discrete_gaussian(3, 4)


def test_coins_are_all_bits_of_the_source() -> None:
    with byte_source(lambda n: bytes([0b1010_0001, 0xFF])[:n]):
        assert coins(11).tolist() == [True, False, True, False, False, False, False, True, True, True, True]


def stream() -> entropy.ByteSource:
    return np.random.Generator(np.random.Philox(0)).bytes
