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
    """From noise and a condition to a logit for every option; and of every number, where it is and how surely."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        width, inputs = shape.width, shape.noise + shape.options
        self.first = nn.Sequential(nn.Linear(inputs, width), nn.LayerNorm(width), nn.SiLU())
        self.second = nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width), nn.SiLU())
        self.last = nn.Linear(2 * width, shape.options + 2 * len(shape.numeric))

    def forward(self, noise: Tensor, condition: Tensor) -> Tensor:
        """One row of cells for every row; both layers are read, as in the paper."""
        first = self.first(torch.cat([noise, condition], 1))
        return self.last(torch.cat([first, self.second(first)], 1))


class Discriminator(nn.Module):
    """How real a pack of rows looks under its conditions (PacGAN: a pack shows whether rows differ)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        each = shape.width // 2 + 1
        self.pack = shape.pac * each
        self.row = nn.Sequential(nn.Linear(2 * shape.options + len(shape.numeric), each), nn.LeakyReLU(0.2))
        self.together = nn.Sequential(
            nn.Linear(self.pack, shape.width), nn.LeakyReLU(0.2), nn.Linear(shape.width, shape.width),
            nn.LeakyReLU(0.2), nn.Linear(shape.width, 1),
        )  # fmt: skip

    def forward(self, rows: Tensor) -> Tensor:
        """One number per pack of rows[row, cell]: each row is read alike, then all of a pack together."""
        return self.together(self.row(rows.flatten(0, -2)).reshape(-1, self.pack))


class Table:
    """The options of all columns, side by side, as tensors."""

    def __init__(self, columns: Sequence[Options], shape: Shape, device: torch.device | str = "cpu") -> None:
        self.columns, self.shape, self.device = tuple(columns), shape, torch.device(device)
        self.first = torch.tensor([0, *np.cumsum(shape.sizes)[:-1].tolist()], device=device)
        mine = np.zeros((len(shape.numeric), shape.options))
        for k, j in enumerate(shape.numeric):
            mine[k, sum(shape.sizes[:j]) : sum(shape.sizes[: j + 1])] = columns[j].spread
        center = np.concatenate([column.center for column in columns])
        self.center = torch.tensor(center, dtype=torch.float32, device=device)
        self.modes = torch.tensor(mine, dtype=torch.float32, device=device)
        """1 where an option is a mode of the number, [number, option]."""

    def split(self, x: Tensor) -> Sequence[Tensor]:
        """x[row, option] column by column."""
        return torch.split(x, list(self.shape.sizes), 1)

    def hot(self, options: Tensor) -> Tensor:
        """0 and 1 from options[row, column]; nothing where one is below 0."""
        out = torch.zeros(len(options), self.shape.options, device=self.device)
        return out.scatter_(1, options.clamp_min(0) + self.first, (options >= 0).float())

    def logits(self, said: Tensor) -> Tensor:
        """Logits[row, option] from what the generator said: modes near where it puts a number are likelier."""
        logits, place, surety = torch.split(said, [self.shape.options, *[len(self.modes)] * 2], 1)
        precision = torch.exp(surety.clamp(-3.0, 5.0))
        linear, square = (precision * place) @ self.modes, precision @ self.modes
        return logits + linear * self.center - 0.5 * square * self.center**2

    def soft(self, logits: Tensor, g: torch.Generator) -> Tensor:
        """A differentiable choice of options (Gumbel softmax: Jang et al., Maddison et al., ICLR 2017)."""
        noise = -torch.log(-torch.log(torch.rand(logits.shape, generator=g, device=self.device).clamp(1e-7, 1 - 1e-7)))
        parts = self.split((logits + noise) / TEMPERATURE)
        return torch.cat([torch.softmax(part, 1) for part in parts], 1)

    def cells(self, chosen: Tensor) -> Tensor:
        """Rows as the discriminator reads them: the choice, and the normal score of every number."""
        return torch.cat([chosen, (chosen * self.center) @ self.modes.T], 1)


@dataclass
class Game:
    """The real rows, the two players, and their moves."""

    generator: Generator
    discriminator: Discriminator
    table: Table
    options: Tensor
    """options[row, column]"""
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

    @classmethod
    def of(
        cls, players: tuple[Generator, Discriminator], table: Table, options: np.ndarray, rate: float, matching: float
    ) -> "Game":
        """From the rows as an array, options[row, column]."""
        rows = torch.from_numpy(options.astype(np.int64)).to(table.device)
        return cls(players[0].to(table.device), players[1].to(table.device), table, rows, rate, matching)

    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """One move of each player; how far apart real and made packs are (Wasserstein)."""
        pac = self.table.shape.pac
        n = max(len(rows) // (2 * pac), 1) * 2 * pac
        real, asked = self._asked(n, g)
        condition = self.table.hot(asked)
        noise = torch.randn(n, self.table.shape.noise, generator=g, device=real.device)
        logits = self.table.logits(self.generator(noise, condition))
        made = torch.cat([self.table.cells(self.table.soft(logits, g)), condition], 1)
        real, fake = torch.cat([real, condition], 1), made.detach()
        distance = self.discriminator(real).mean() - self.discriminator(fake).mean()
        self.descents["discriminator"].step(self._penalty(real, fake, g) - distance)
        self.discriminator.requires_grad_(False)
        loss = self._disobedience(logits, asked) - self.discriminator(made).mean()
        if self.matching:
            cells = made.shape[1] - condition.shape[1]
            loss = loss + self.matching * _apart(made[:, :cells], real[:, :cells])
        self.descents["generator"].step(loss)
        self.discriminator.requires_grad_(True)
        return distance.detach()

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """No rows are kept aside: a game has no loss to compare."""
        raise NotImplementedError

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
        options = self.options[rows]
        return self.table.cells(self.table.hot(options)), torch.where(named, options, -1)

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
