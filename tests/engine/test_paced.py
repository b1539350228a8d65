"""Rows at the pace of a load: when they are due, with the time of their event, and how late that was."""

import io
import json
import os
from datetime import datetime, timedelta

import numpy as np
import pytest

from synthesist.core import Context
from synthesist.data.dataset import Dataset
from synthesist.data.stream import StreamWriter
from synthesist.engine.paced import paced, timed
from synthesist.errors import SpecError
from synthesist.samplers.events.load import Load
from synthesist.verbs.named import as_model

MODEL = as_model("columns", {"columns": {"id": {"is": "keys"}, "x": {"is": "uniform", "low": 0, "high": 1}}})
CTX = Context.seeded(0)


class Clock:
    """A clock that goes by sleeping, and by what a slow reader takes."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float, /) -> None:
        self.now += seconds


class Reader(io.BytesIO):
    """Notes when each write came; takes its time."""

    def __init__(self, clock: Clock, seconds: float = 0.0) -> None:
        super().__init__()
        self.clock, self.seconds, self.at = clock, seconds, []

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.clock.now += self.seconds
        self.at += [self.clock.now - 1_000.0] * data.count(b"\n")
        return super().write(data)


def rows(n: int) -> Dataset:
    made: Dataset = MODEL.sample(n)
    return made


def sent(load: str, n: int, *, slow: float = 0.0, speed: float = 1.0, arrivals: str = "poisson"):
    clock = Clock()
    reader = Reader(clock, slow)
    target = StreamWriter(reader, timed(MODEL.schema))
    with paced(target, Load.read(load, arrivals=arrivals), CTX, speed=speed, column="at", clock=clock) as writer:
        for block in (rows(n), rows(n)):
            writer.write(block)
    lines = [json.loads(line) for line in reader.getvalue().decode().splitlines()]
    moments = [datetime.fromisoformat(line["at"]) - datetime(2024, 1, 1) for line in lines]
    return writer, lines, np.array([moment / timedelta(seconds=1) for moment in moments]), np.array(reader.at)


def test_rows_come_when_they_are_due_and_carry_their_time() -> None:
    writer, lines, at, came = sent("50..150/s over 4s, 150/s", 300)
    assert [line["id"] for line in lines] == [*range(1, 301)] * 2 and writer.rows == {"table": 600}
    due = np.concatenate(list(Load.read("50..150/s over 4s").times(CTX)))[:200]
    assert np.abs(at[:200] - due).max() < 2e-6
    assert (came >= at - 1e-6).all() and (came - at).max() <= 0.0011  # the shortest sleep
    assert writer.punctuality.rows == 600 and writer.punctuality.latest < 0.0011 and not writer.over


def test_a_load_can_be_run_faster() -> None:
    _, _, at, came = sent("10/s", 50, speed=10, arrivals="even")
    assert np.allclose(at, np.arange(100) / 10 + 0.05) and np.abs(came - at / 10).max() < 0.0011


def test_a_slow_reader_is_waited_for_and_told_of() -> None:
    writer, lines, at, came = sent("100/s", 100, slow=0.05, arrivals="even")
    assert len(lines) == 200 and (came >= at).all()
    found = writer.punctuality
    assert found.latest == pytest.approx((came - at).max(), abs=1e-6) and 0.05 < found.latest < 0.12
    assert found.quantile(0.5) == pytest.approx(np.median(came - at), rel=0.1)
    assert "200 rows in 2.1 s, planned 2.0 s" in str(found) and "the latest" in str(found)


def test_rows_beyond_the_end_of_a_load_are_not_sent() -> None:
    writer, lines, _, _ = sent("20/s for 10s", 150, arrivals="even")
    assert len(lines) == 200 and writer.over and writer.punctuality.planned == pytest.approx(9.975)


def test_a_reader_that_has_gone_is_a_broken_pipe() -> None:
    out, into = os.pipe()
    os.close(out)
    with (
        pytest.raises(BrokenPipeError),
        os.fdopen(into, "wb", buffering=0) as stream,
        paced(StreamWriter(stream, MODEL.schema), Load.read("1000/s"), CTX, clock=Clock()) as writer,
    ):
        writer.write(rows(100))


def test_what_cannot_be_is_told() -> None:
    with pytest.raises(SpecError, match="A speed of 0 cannot be"):
        paced(StreamWriter(io.BytesIO(), MODEL.schema), Load.read("5/s"), CTX, speed=0)
    with pytest.raises(SpecError, match="has a column `x` already"):
        timed(MODEL.schema, "x")
