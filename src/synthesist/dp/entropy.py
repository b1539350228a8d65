"""Where the random bits of private noise come from: the operating system, and for a replay a source of one's own.

No seed is ever taken or stored. A source of one's own is for tests and audits: noise from it protects nobody.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import shake_256

import numpy as np

from synthesist.errors import SpecError

__all__ = ["ByteSource", "byte_source", "coins", "fill", "random_bytes", "replayed", "replaying"]

ByteSource = Callable[[int], bytes]
"""Given a number, so many bytes, each of them uniform and independent of all others."""
LEAST, MOST = 64, 2**18  # bytes asked for at once
BYTES_A_DRAW = 10  # about what one draw of noise reads; more are fetched where it reads more

_injected: ContextVar[tuple[int, ByteSource] | None] = ContextVar("byte_source", default=None)


@contextmanager
def byte_source(source: ByteSource) -> Iterator[None]:
    """Take the bytes of all noise drawn inside from `source`: for tests and replays, never for a release.

    It holds for this thread of this process: a fork or another thread goes back to the operating system, so that no
    two of them ever draw the same noise.

    >>> from synthesist.dp.noise import discrete_gaussian
    >>> def replay(n: int) -> bytes: return bytes(i * 89 % 251 for i in range(n))
    >>> with byte_source(replay): first = discrete_gaussian(3, 4)
    >>> with byte_source(replay): bool((discrete_gaussian(3, 4) == first).all())
    True
    """
    token = _injected.set((os.getpid(), source))
    try:
        yield
    finally:
        _injected.reset(token)


@contextmanager
def replaying(name: str = "noise") -> Iterator[None]:
    """Private noise that is the same every time: it protects nobody, and makes a test repeatable."""
    asked = 0

    def source(n: int) -> bytes:
        nonlocal asked
        asked += 1
        return shake_256(f"{name} {asked}".encode()).digest(n)

    with byte_source(source):
        yield


def replayed() -> bool:
    """Whether noise comes from a source of somebody's own, and so protects nobody."""
    return _source() is not os.urandom


def fill(kernel: Callable[..., tuple[int, int]], out: np.ndarray, *arguments: object) -> np.ndarray:
    """Have the compiled `kernel` fill `out`, feeding it random words until it is done.

    A draw for which the words did not suffice is read again from its own first bit once there are more behind them.
    To start it afresh instead would favour draws that read little, and so change the law.

    Args:
        kernel: (out, done, words, at, *arguments) -> (done, at): how many of `out` it has filled by now, and the four
            bits at which the next draw begins.
    """
    from synthesist.dp.coins import DIGITS

    words, done, at = np.empty(0, np.int64), 0, 0
    while done < len(out):
        rest = words[at // DIGITS :]
        wanted = min(max(BYTES_A_DRAW * (len(out) - done), LEAST), MOST)
        fresh = np.frombuffer(random_bytes(8 * -(-max(wanted, rest.nbytes) // 8)), np.int64)
        words = np.concatenate([rest, fresh])
        done, at = kernel(out, done, words, at % DIGITS, *arguments)
    return out


def coins(n: int) -> np.ndarray:
    """n tosses of a fair coin, as booleans."""
    return np.unpackbits(np.frombuffer(random_bytes(-(-n // 8)), np.uint8), count=n).view(np.bool_)


def random_bytes(n: int) -> bytes:
    """n bytes that were never handed out before."""
    if len(found := _source()(n)) != n:
        raise SpecError(
            f"The byte source was asked for {n} bytes and gave {len(found)}. It must give as many as asked."
        )
    return found


def _source() -> ByteSource:
    """The one that was injected in this very process, else the operating system."""
    pid, source = _injected.get() or (os.getpid(), os.urandom)
    return source if pid == os.getpid() else os.urandom
