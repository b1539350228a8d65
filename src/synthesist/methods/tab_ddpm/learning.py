"""How the denoiser is trained: rows are hidden to a random degree, and it says what is hidden."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.core import Context, Curve
from synthesist.methods.tab_ddpm.denoiser import HIDDEN, SHARPEST, Cells, Denoiser, Seen, log_odds
from synthesist.nets.blocks import fresh, generator
from synthesist.nets.descent import Descent
from synthesist.nets.training import Schedule, train

__all__ = ["Denoising", "learnt", "looked_at", "noise_at", "precision"]

GIVEN = 0.4  # the share of rows in which some cells are given from the start
ALONE = 0.5  # the share of those in which nothing is seen of the others
BATCHES = 8  # steps an epoch has at least, so that a small table is learnt in small steps
SMALLEST = 32  # rows of such a step
DROPPED = 0.2  # the share of units dropped in training
ASIDE = 0.1  # the share of rows kept to validate on


def learnt(
    codes: np.ndarray, cells: Cells, size: tuple[int, int], steps: int, batch: int, rate: float, ctx: Context
) -> tuple[Denoiser, Curve]:
    """A network of `size` (width, depth), trained on codes[row, column]."""
    rows, device = len(codes), cells.shares[0].device
    widths = cells.widths
    net = fresh(lambda: Denoiser(widths, *size, DROPPED), generator(ctx, "weights")).to(device)
    descent = Descent(net, rate, clip=1.0, average=0.995)
    learner = Denoising(torch.from_numpy(codes).long().to(device), cells, net, descent)
    learning = rows - int(rows * ASIDE)
    batch = min(batch, max(SMALLEST, learning // BATCHES))
    epochs = max(round(steps / max(round(learning / batch), 1)), 1)
    schedule = Schedule(epochs, batch, decay="cosine", validation=ASIDE)
    curve = train(learner, rows, schedule, ctx, label="denoising")
    return net, curve


def noise_at(t: Tensor, pace: Tensor) -> Tensor:
    """The share of noise[row, column] at t[row], where it grows at pace[column]."""
    return t[:, None] ** pace


def precision(noise: Tensor) -> Tensor:
    """γ at a share of noise, none at 1, so that ½ log(1 + γ), what looks tell of a normal number, grows evenly."""
    return torch.expm1((1.0 - noise) * log(1.0 + SHARPEST))


@dataclass
class Denoising:
    """What the training loop asks for; the loss is the mean of -log p(code) over all cells, 0 for those seen."""

    codes: Tensor
    cells: Cells
    net: Denoiser
    descent: Descent

    @property
    def descents(self) -> Mapping[str, Descent]:
        """The one network."""
        return {"denoiser": self.descent}

    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """One step, and a small one of the schedules."""
        t, lost = self._lost(rows, self.net.schedule.pace, g, g)
        loss = lost.mean()
        self.descent.step(loss)
        self.net.schedule.follow(t, lost.detach(), self.cells)
        return loss.detach()

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """The loss under noise from `g`; at the same pace always, as less noise would look like a better network."""
        return self._lost(rows, torch.ones_like(self.net.schedule.pace), g, None)[1].mean()

    def _lost(
        self, rows: Tensor, pace: Tensor, g: torch.Generator, dropping: torch.Generator | None
    ) -> tuple[Tensor, Tensor]:
        """The time of every row, and -log p(code)[column, row], 0 where it is seen."""
        codes = self.codes[rows.to(self.codes.device)]
        t, seen = looked_at(codes, self.cells, pace, g)
        lost = [
            nn.functional.cross_entropy(odds, codes[:, j], reduction="none") * (seen.codes[:, j] == HIDDEN)
            for j, odds in enumerate(log_odds(self.net, self.cells, seen, dropping))
        ]
        return t, torch.stack(lost)


def looked_at(codes: Tensor, cells: Cells, pace: Tensor, g: torch.Generator) -> tuple[Tensor, Seen]:
    """t[row], at random, and what is seen of rows then.

    In some rows some cells are given from the start, which teaches conditions; in some of these nothing is seen of
    the others, which teaches to draw cells one after the other. The time of these is no number.
    """
    n, d = codes.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=g, device=codes.device)

    t = (torch.arange(n, device=codes.device) + uniform(n)) / n  # rows come in random order, so times may come evenly
    lot = uniform(n)
    given = (uniform(n, d) < uniform(n, 1)) & (lot < GIVEN)[:, None]
    noise = noise_at(torch.where(lot < GIVEN * ALONE, 1.0, t), pace)
    hidden = uniform(n, d) < noise
    hidden[:, cells.numbers] = True
    seen = Seen.at(torch.where(hidden & ~given, HIDDEN, codes), cells)
    if cells.numbers:
        x = cells.placed(codes)
        seen.gamma = precision(noise[:, cells.numbers])
        seen.y = seen.gamma * x + seen.gamma.sqrt() * torch.randn(x.shape, generator=g, device=codes.device)
    return torch.where(lot < GIVEN, torch.nan, t), seen
