"""The loop ends where it would have ended, however often it was stopped on the way."""

import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from synthesist.core import Context
from synthesist.errors import DataError
from synthesist.nets import checkpoint
from synthesist.nets.blocks import dropout, fresh, generator, one_thread
from synthesist.nets.descent import Descent
from synthesist.nets.training import Schedule, train

ROWS = 600
SCHEDULE = Schedule(epochs=12, batch=50, patience=2, decay="plateau", validation=0.2)


class Line:
    """Learns y = x·w by a network with dropout, so that the noise of every step counts."""

    def __init__(self, average: float = 0.9, rate: float = 0.05) -> None:
        rng = Context.seeded(1).rng("line")
        self.x = torch.from_numpy(rng.normal(size=(ROWS, 5)).astype(np.float32))
        self.y = self.x @ torch.tensor([1.0, -2.0, 0.5, 0.0, 3.0])
        net = fresh(lambda: torch.nn.Linear(5, 1), generator(Context.seeded(2), "weights"))
        self.descents = {"net": Descent(net, rate, average=average)}

    def learn(self, rows: torch.Tensor, g: torch.Generator) -> torch.Tensor:
        loss = self._loss(rows, g)
        self.descents["net"].step(loss)
        return loss.detach()

    def judge(self, rows: torch.Tensor, g: torch.Generator) -> torch.Tensor:
        return self._loss(rows, None)

    def _loss(self, rows: torch.Tensor, g: torch.Generator | None) -> torch.Tensor:
        return ((self.descents["net"].net(dropout(self.x[rows], 0.1, g))[:, 0] - self.y[rows]) ** 2).mean()

    @property
    def weights(self) -> np.ndarray:
        return self.descents["net"].net.weight.detach().numpy()


class StoppedError(Exception):
    pass


def stopping_after(epochs: int) -> Any:
    """A tracker that raises after so many steps, as a user who cancels does."""

    def tracker(steps: Iterable[Any], label: Any, total: int | None) -> Iterator[Any]:
        for count, step in enumerate(steps):
            if count == epochs:
                raise StoppedError
            yield step

    return tracker


def test_it_learns_and_keeps_the_best_weights() -> None:
    line = Line()
    curve = train(line, ROWS, replace(SCHEDULE, epochs=60), Context.seeded(0))
    truth = 0.9 * np.array([1.0, -2.0, 0.5, 0.0, 3.0])  # dropout shrinks
    np.testing.assert_allclose(line.weights[0], truth, atol=0.1)
    assert len(curve.validation) == len(curve.train) <= 60
    assert curve.train[-1] < curve.train[0] / 5
    rows = torch.from_numpy(Context.seeded(0).rng("validation").permutation(ROWS)[: ROWS // 5])
    assert float(line.judge(rows, torch.Generator()).detach()) == pytest.approx(min(curve.validation), rel=1e-4)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_what_was_stopped_ends_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, average: float) -> None:
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    whole, parts = Line(average), Line(average)
    expected = train(whole, ROWS, SCHEDULE, Context.seeded(0))
    for epochs in (1, 4):
        parts = Line(average)
        with pytest.raises(StoppedError):
            train(parts, ROWS, SCHEDULE, Context.seeded(0, checkpoints=tmp_path, tracker=stopping_after(epochs)))
    parts = Line(average)
    assert train(parts, ROWS, SCHEDULE, Context.seeded(0, checkpoints=tmp_path)) == expected
    assert (parts.weights == whole.weights).all()


def test_a_finished_training_is_not_done_again(tmp_path: Path) -> None:
    train(Line(), ROWS, SCHEDULE, Context.seeded(0, checkpoints=tmp_path))
    again = Line()
    train(again, ROWS, SCHEDULE, Context.seeded(0, checkpoints=tmp_path, tracker=stopping_after(0)))
    whole = Line()
    train(whole, ROWS, SCHEDULE, Context.seeded(0))
    assert (again.weights == whole.weights).all()


def test_a_damaged_checkpoint_is_no_checkpoint(tmp_path: Path) -> None:
    ctx = Context.seeded(0, checkpoints=tmp_path)
    train(Line(), ROWS, SCHEDULE, ctx)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    line, whole = Line(), Line()
    assert train(line, ROWS, SCHEDULE, ctx) == train(whole, ROWS, SCHEDULE, Context.seeded(0))


def test_early_stopping_and_no_validation() -> None:
    stopped = train(Line(rate=0.5), ROWS, Schedule(200, 50, patience=3), Context.seeded(0))
    assert len(stopped.train) < 200
    assert train(Line(), ROWS, Schedule(3, 50, validation=0.0), Context.seeded(0)).validation == ()


def test_a_training_that_diverges_says_so() -> None:
    line = Line()
    line.y = line.y * torch.inf
    with pytest.raises(DataError, match=r"epoch 1.*Lower the rate"):
        train(line, ROWS, SCHEDULE, Context.seeded(0))


def test_torch_is_left_as_it_was() -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    train(Line(), ROWS, SCHEDULE, Context.seeded(0))
    with one_thread(), one_thread():
        assert torch.get_num_threads() == 1
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == threads


FIT = """
import polars as pl, numpy as np, synthesist as sy
from synthesist.nets import checkpoint
checkpoint.EVERY = 0.0
x = np.arange(1500) % 50
frame = pl.DataFrame({"x": x, "y": (x * 7 + np.arange(1500) // 50) % 40, "z": np.where(x > 20, "a", "b")})
rows = sy.fit(frame, "argn", epochs=6, width=32, checkpoints=folder).sample(200)
"""


def test_a_killed_process_goes_on_to_the_same_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that goes on is this one, where a training that nobody stopped is the measure."""
    killed = subprocess.Popen([sys.executable, "-c", f"folder = {str(tmp_path / 'notes')!r}{FIT}"])
    while not list(tmp_path.glob("notes/*/*.npz")) and killed.poll() is None:
        time.sleep(0.01)
    killed.kill()
    assert killed.wait() != 0 and list(tmp_path.glob("notes/*/*.npz"))
    monkeypatch.setattr(checkpoint, "EVERY", 0.0)
    resumed, whole = ({"folder": tmp_path / name} for name in ("notes", "other"))
    for names in (resumed, whole):
        exec(FIT, names)
    assert resumed["rows"].equals(whole["rows"])
    assert not list(tmp_path.glob("notes/*"))
