"""The two players: what makes rows under a condition, what tells packs of rows apart, and how they learn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.methods.ctgan.options import Options, Shape
from synthesist.nets.descent import Descent

__all__ = ["Discriminator", "Game", "Generator", "Table"]

TEMPERATURE = 0.3  # of the soft choices the generator learns by
PENALTY = 10.0  # weight of the gradient penalty (Gulrajani et al. 2017)
BETAS = (0.5, 0.9)


class Generator(nn.Module):
    """From noise and a condition to logits[row, option] and the place[row, number] inside the option."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inputs = shape.width, shape.noise + shape.options
        self.first = nn.Sequential(nn.Linear(inputs, width), nn.LayerNorm(width), nn.SiLU())
        self.second = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.SiLU())
        self.last = nn.Linear(2 * width, shape.options + len(shape.numeric))
        self.options = shape.options

    def forward(self, noise: Tensor, condition: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and places; both layers are read, as in the paper."""
        first = self.first(torch.cat([noise, condition], 1))
        out = self.last(torch.cat([first, self.second(first)], 1))
        return out[:, : self.options], torch.sigmoid(2.0 * out[:, self.options :])


class Discriminator(nn.Module):
    """How real a pack of rows looks under its conditions (PacGAN: a pack shows whether rows differ)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.inputs = shape.pac * (2 * shape.options + len(shape.numeric))
        self.layers = nn.Sequential(
            nn.Linear(self.inputs, shape.width), nn.LeakyReLU(0.2), nn.Linear(shape.width, shape.width),
            nn.LeakyReLU(0.2), nn.Linear(shape.width, 1),
        )  # fmt: skip

    def forward(self, rows: Tensor) -> Tensor:
        """One number per pack of rows[row, cell]."""
        return self.layers(rows.reshape(-1, self.inputs))


@dataclass(frozen=True)
class Table:
    """The options of all columns, side by side, as tensors."""

    columns: tuple[Options, ...]
    shape: Shape
    device: torch.device

    def split(self, x: Tensor) -> Sequence[Tensor]:
        """x[row, option] column by column."""
        return torch.split(x, list(self.shape.sizes), 1)

    def hot(self, options: Tensor) -> Tensor:
        """0 and 1 from options[row, column]; nothing where one is below 0."""
        first = torch.tensor([0, *np.cumsum(self.shape.sizes)[:-1].tolist()], device=self.device)
        known = (options >= 0).float()
        out = torch.zeros(len(options), self.shape.options, device=self.device)
        return out.scatter_(1, options.clamp_min(0) + first, known)

    def soft(self, logits: Tensor, g: torch.Generator) -> Tensor:
        """A differentiable choice of options (Gumbel softmax: Jang et al., Maddison et al., ICLR 2017)."""
        noise = -torch.log(-torch.log(torch.rand(logits.shape, generator=g, device=self.device).clamp(1e-7, 1 - 1e-7)))
        parts = self.split((logits + noise) / TEMPERATURE)
        return torch.cat([torch.softmax(part, 1) for part in parts], 1)

    def cells(self, chosen: Tensor, places: Tensor) -> Tensor:
        """Rows as the discriminator reads them: the choice, and every number's share among the spread rows."""
        parts = self.split(chosen)
        shares = [chosen[:, :0]]
        for k, j in enumerate(self.shape.numeric):
            low, high = (
                torch.as_tensor(end, dtype=torch.float32, device=self.device)
                for end in (self.columns[j].low, self.columns[j].high)
            )
            shares.append((parts[j] * (low + places[:, k, None] * (high - low))).sum(1, keepdim=True))
        return torch.cat([chosen, *shares], 1)


@dataclass
class Game:
    """The real rows, the two players, and their moves."""

    generator: Generator
    discriminator: Discriminator
    table: Table
    options: Tensor
    """options[row, column]"""
    low: Tensor
    high: Tensor
    """Between which places of its option each number lies, [row, number]."""
    rate: float
    matching: float
    descents: Mapping[str, Descent] = field(init=False)
    shelves: list[tuple[Tensor, Tensor, Tensor, Tensor]] = field(init=False)
    """Of each column: the rows in the order of their option, each option's first, count and chance to be asked for."""

    def __post_init__(self) -> None:
        self.descents = {
            "generator": Descent(self.generator, self.rate, BETAS, average=0.995),
            "discriminator": Descent(self.discriminator, self.rate, BETAS),
        }
        self.shelves = []
        for j, size in enumerate(self.table.shape.sizes):
            count = torch.bincount(self.options[:, j], minlength=size)
            order = torch.argsort(self.options[:, j], stable=True)
            chance = torch.log1p(count.float())
            self.shelves.append((order, torch.cumsum(count, 0) - count, count, chance / chance.sum()))

    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """One move of each player; how far apart real and made packs are (Wasserstein)."""
        pac = self.table.shape.pac
        n = max(len(rows) // (2 * pac), 1) * 2 * pac
        real, asked = self._asked(n, g)
        condition = self.table.hot(asked)
        made = self._made(condition, g)[0]
        real = torch.cat([real, condition], 1)
        with torch.no_grad():
            fake = torch.cat([made, condition], 1)
        distance = self.discriminator(real).mean() - self.discriminator(fake).mean()
        self.descents["discriminator"].step(self._penalty(real, fake, g) - distance)
        self._answer(made, real, condition, asked, g)
        return distance.detach()

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """No rows are kept aside: a game has no loss to compare."""
        raise NotImplementedError

    def _answer(self, made: Tensor, real: Tensor, condition: Tensor, asked: Tensor, g: torch.Generator) -> None:
        """The generator's move: look real, keep to the condition, and have the pairs of cells real rows have."""
        made, logits = self._made(condition, g)
        loss = -self.discriminator(torch.cat([made, condition], 1)).mean()
        loss = loss + self._disobedience(logits, asked)
        if self.matching:
            loss = loss + self.matching * _apart(made, real[:, : made.shape[1]])
        self.descents["generator"].step(loss)

    def _made(self, condition: Tensor, g: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows made under conditions, and their logits."""
        noise = torch.randn(len(condition), self.table.shape.noise, generator=g, device=condition.device)
        logits, places = self.generator(noise, condition)
        return self.table.cells(self.table.soft(logits, g), places), logits

    def _asked(self, n: int, g: torch.Generator) -> tuple[Tensor, Tensor]:
        """Real rows that meet conditions, and the conditions[row, column]; -1 where nothing is asked.

        A column is picked evenly and its option by the log of its count (training by sampling), then a row that
        has it. Half of the conditions name further columns of that row, so that several can be met at once.
        """
        device, columns = self.options.device, len(self.shelves)
        column = torch.randint(columns, (n,), generator=g, device=device)
        rows = torch.empty(n, dtype=torch.long, device=device)
        for j, (order, first, count, chance) in enumerate(self.shelves):
            mine = torch.nonzero(column == j)[:, 0]
            if len(mine):
                option = torch.multinomial(chance, len(mine), replacement=True, generator=g)
                within = torch.rand(len(mine), generator=g, device=device) * count[option]
                rows[mine] = order[first[option] + within.long().clamp_max(count[option] - 1)]
        more = torch.rand(n, 2, generator=g, device=device)
        named = torch.rand(n, columns, generator=g, device=device) < (more[:, :1] * (more[:, 1:] < 0.5))
        named[torch.arange(n, device=device), column] = True
        low, high = self.low[rows], self.high[rows]
        places = low + torch.rand(low.shape, generator=g, device=device) * (high - low)
        options = self.options[rows]
        return self.table.cells(self.table.hot(options), places), torch.where(named, options, -1)

    def _disobedience(self, logits: Tensor, asked: Tensor) -> Tensor:
        """The cross entropy of what was asked for, per row and column named."""
        total = logits.new_zeros(())
        for j, part in enumerate(self.table.split(logits)):
            if part.shape[1] > 1:
                total = total + nn.functional.cross_entropy(part, asked[:, j], ignore_index=-1, reduction="sum")
        return total / (asked >= 0).sum()

    def _penalty(self, real: Tensor, fake: Tensor, g: torch.Generator) -> Tensor:
        """Between real and made packs the discriminator's slope should be 1 (Gulrajani et al., equation 3)."""
        pac = self.table.shape.pac
        share = torch.rand(len(real) // pac, 1, 1, generator=g, device=real.device)
        packs = [x.reshape(len(share), pac, -1) for x in (real, fake)]
        between = (packs[0] + share * (packs[1] - packs[0])).requires_grad_(True)
        (slope,) = torch.autograd.grad(self.discriminator(between).sum(), between, create_graph=True)
        return PENALTY * ((slope.flatten(1).norm(dim=1) - 1.0) ** 2).mean()


def _apart(made: Tensor, real: Tensor) -> Tensor:
    """The squared distance between the mean products of each two cells, without bias: two halves are multiplied."""
    halves = []
    for half in range(2):
        a, b = made[half::2], real[half::2]
        halves.append((a.T @ a - b.T @ b) / len(a))
    return (halves[0] * halves[1]).sum()
