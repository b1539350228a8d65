"""The training loop of every network: batches, validation, early stopping, checkpoints.

Random numbers are addressed by epoch, so what an epoch does depends on the weights it begins with and on
nothing else: a training that was killed goes on from its last checkpoint and ends with the same bits.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from math import cos, isfinite, pi
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor

from synthesist.core import Context, Curve
from synthesist.errors import DataError
from synthesist.nets.blocks import generator, mixed_precision, one_thread
from synthesist.nets.checkpoint import Checkpoint
from synthesist.nets.descent import Descent

__all__ = ["Learner", "Schedule", "batch_of", "train"]

VALIDATED = 20_000  # rows at most to validate on
HALVINGS = 3


@dataclass(frozen=True)
class Schedule:
    """How long to train and in what steps.

    After `patience` epochs without a better validation loss the rate is halved where `decay` is "plateau", and
    training ends where it is not or was halved three times; a patience of 0 never ends early. "cosine" lets the
    rate fall to nothing over the epochs. The weights of the best validation loss are kept.
    """

    epochs: int
    batch: int
    patience: int = 0
    decay: Literal["plateau", "cosine", "none"] = "none"
    validation: float = 0.1
    """The share of rows kept to validate on; 0 where nothing is validated."""


def batch_of(rows: int) -> int:
    """How many rows to take at a time: 500, fewer where an epoch would be less than 40 steps, 32 at least."""
    return min(max(rows // 40, 32), 500)


class Learner(Protocol):
    """What is trained. It holds its data and is given the numbers of rows."""

    @property
    def descents(self) -> Mapping[str, Descent]: ...
    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """Take one step on these rows; the loss there was, without its graph."""

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """The mean loss on rows that were not learnt from; called without gradients."""


@dataclass
class _State:
    """Where training stands, beside the weights on their way."""

    losses: list[float] = field(default_factory=list)
    validated: list[float] = field(default_factory=list)
    halvings: int = 0
    since: int = 0
    """Epochs since the last better loss or halving."""
    best: dict[str, dict[str, Tensor]] = field(default_factory=dict)


def train(learner: Learner, rows: int, schedule: Schedule, ctx: Context, label: str = "training") -> Curve:
    """Train to the end of the schedule and leave every network of `learner` with the weights to keep.

    Args:
        learner: what to train.
        rows: how many rows it has.
        schedule: how long.
        ctx: lends randomness, progress, and a folder for checkpoints.
        label: what the progress bar says before the losses.

    Raises:
        DataError: the loss became infinite or no number.
    """
    order = ctx.rng("validation").permutation(rows)
    kept = min(int(rows * schedule.validation), VALIDATED)
    aside, mine = torch.from_numpy(order[:kept]), order[kept:]
    state = _State()
    place = Checkpoint.of(ctx)
    if (saved := place.read()) is not None:
        _resume(learner, state, saved)

    def shown() -> str:
        return " ".join([label, *(f"{x:.4g}" for x in (*state.losses[-1:], *state.validated[-1:]))])

    with one_thread(), mixed_precision(_device(learner)):
        left = range(len(state.losses), 0 if _over(state, schedule) else schedule.epochs)
        for epoch in ctx.track(left, shown):
            for descent in learner.descents.values():
                descent.scale(_rate(state, schedule))
            loss = _epoch(learner, mine, schedule.batch, ctx.at("epoch", epoch))
            validated = _validated(learner, aside, schedule.batch, ctx) if kept else None
            if not isfinite(loss):
                raise DataError(f"Training diverged in epoch {epoch + 1}: the loss is {loss}. Lower the rate.")
            _note(learner, state, schedule, loss, validated)
            over = _over(state, schedule)
            place.write(_saved(learner, state), last=over or epoch + 1 == schedule.epochs)
            if over:
                break
    for name, descent in learner.descents.items():
        descent.net.load_state_dict(state.best.get(name) or descent.weights())
    return Curve(tuple(state.losses), tuple(state.validated))


def _epoch(learner: Learner, rows: np.ndarray, batch: int, ctx: Context) -> float:
    """The mean loss of one pass over the rows."""
    order = torch.from_numpy(ctx.rng("batches").permutation(rows))
    g = generator(ctx, "noise", _device(learner))
    parts = torch.tensor_split(order, max(round(len(order) / batch), 1))
    return float(torch.stack([learner.learn(part, g) for part in parts]).mean())


@torch.no_grad()
def _validated(learner: Learner, rows: Tensor, batch: int, ctx: Context) -> float:
    """The mean loss on the rows kept aside, under the same noise every time."""
    g = generator(ctx, "validation noise", _device(learner))
    with ExitStack() as stack:
        for descent in learner.descents.values():
            stack.enter_context(descent.averaged_in())
        losses = [learner.judge(part, g) * len(part) for part in torch.split(rows, max(batch, 1024))]
    return float(torch.stack(losses).sum()) / len(rows)


def _note(learner: Learner, state: _State, schedule: Schedule, loss: float, validated: float | None) -> None:
    """Write down one epoch, keep the weights if they are the best, and halve the rate where that is due."""
    better = validated is not None and validated < min(state.validated, default=float("inf"))
    state.losses.append(loss)
    if validated is None:
        return
    state.validated.append(validated)
    state.since = 0 if better else state.since + 1
    if better:
        state.best = {name: descent.weights() for name, descent in learner.descents.items()}
    if schedule.patience and state.since >= schedule.patience:
        state.halvings += 1
        state.since = 0


def _over(state: _State, schedule: Schedule) -> bool:
    return state.halvings > (HALVINGS if schedule.decay == "plateau" else 0)


def _rate(state: _State, schedule: Schedule) -> float:
    """The share of the first rate that the coming epoch has."""
    if schedule.decay == "cosine":
        return 0.5 * (1.0 + cos(pi * len(state.losses) / schedule.epochs))
    return 0.5**state.halvings if schedule.decay == "plateau" else 1.0


def _device(learner: Learner) -> torch.device:
    return next(iter(learner.descents.values())).device


def _saved(learner: Learner, state: _State) -> dict[str, np.ndarray]:
    """Everything as arrays."""
    out = {"losses": np.array(state.losses), "validated": np.array(state.validated)}
    out |= {"counts": np.array([state.halvings, state.since])}
    for name, descent in learner.descents.items():
        out |= {f"{name}/{key}": array for key, array in descent.state().items()}
        out |= {f"{name}/best/{key}": value.cpu().numpy() for key, value in state.best.get(name, {}).items()}
    return out


def _resume(learner: Learner, state: _State, saved: Mapping[str, np.ndarray]) -> None:
    """Put everything back."""
    state.losses, state.validated = saved["losses"].tolist(), saved["validated"].tolist()
    state.halvings, state.since = (int(count) for count in saved["counts"])
    for name, descent in learner.descents.items():
        mine = {key[len(name) + 1 :]: array for key, array in saved.items() if key.startswith(f"{name}/")}
        best = {key[5:]: torch.from_numpy(mine.pop(key)) for key in list(mine) if key.startswith("best/")}
        descent.restore(mine)
        if best:
            state.best[name] = {key: value.to(descent.device) for key, value in best.items()}
