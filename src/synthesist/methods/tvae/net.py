"""The networks of the variational autoencoder: what encodes rows, what decodes them, and the prior between."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log, pi

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.methods.tvae.shape import BELLS, Shape
from synthesist.nets.descent import Descent

__all__ = ["Autoencoder", "Decoded", "Decoder", "Lesson"]

NARROWEST, WIDEST = -4.5, 1.0  # logs of the standard deviations of bells; a number has one of 1
SHARPEST, FLATTEST = -6.0, 1.0  # the same of what the encoder says
LOG_2PI = log(2.0 * pi)


@dataclass(frozen=True)
class Decoded:
    """What rows at some latent places may be: independent columns.

    `logits[column][row, category]`; log-weights, means and log-scales[row, number, bell] of the numbers.
    """

    logits: tuple[Tensor, ...]
    weight: Tensor
    mean: Tensor
    log_scale: Tensor

    def log_likelihood(self, categories: Tensor, numbers: Tensor, spread: Tensor) -> Tensor:
        """log p(row | z); numbers count where they are spread."""
        total = torch.zeros(len(categories), device=numbers.device)
        for j, column in enumerate(self.logits):
            if column.shape[1] > 1:
                total = total - nn.functional.cross_entropy(column, categories[:, j], reduction="none")
        if numbers.shape[1]:
            away = (numbers[:, :, None] - self.mean) * torch.exp(-self.log_scale)
            each = torch.logsumexp(self.weight - self.log_scale - 0.5 * away**2, 2)
            total = total + ((each - 0.5 * LOG_2PI) * spread).sum(1)
        return total


class Regions(nn.Module):
    """The prior: a mixture of axis-aligned Gaussians, learnt with the rest, so that it is where the rows are."""

    def __init__(self, count: int, latent: int) -> None:
        super().__init__()
        self.logits = nn.Parameter(torch.empty(count))
        self.means = nn.Parameter(torch.empty(count, latent))
        self.log_scales = nn.Parameter(torch.empty(count, latent))

    def draw(self, g: torch.Generator) -> None:
        """First weights."""
        self.logits.zero_()
        self.means.normal_(generator=g)
        self.log_scales.fill_(-0.3)

    def log_density(self, z: Tensor) -> Tensor:
        """log p(z[row, axis])."""
        precision = torch.exp(-2.0 * self.log_scales)
        squares = z**2 @ precision.T - 2.0 * z @ (self.means * precision).T + (self.means**2 * precision).sum(1)
        each = torch.log_softmax(self.logits, 0) - self.log_scales.sum(1) - 0.5 * squares
        return torch.logsumexp(each, 1) - 0.5 * LOG_2PI * z.shape[1]

    def sample(self, n: int, g: torch.Generator) -> Tensor:
        """z[row, axis] of n rows."""
        which = torch.multinomial(torch.softmax(self.logits, 0), n, replacement=True, generator=g)
        noise = torch.randn(n, self.means.shape[1], generator=g)
        return self.means[which] + noise * torch.exp(self.log_scales[which])


class Decoder(nn.Module):
    """From the prior to rows: all that sampling needs."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.layers = _layers(shape.latent, shape.width, shape.outputs)
        self.prior = Regions(shape.regions, shape.latent)

    def forward(self, z: Tensor) -> Decoded:
        """What rows at z[row, axis] may be."""
        bells = 3 * BELLS * len(self.shape.numeric)
        *logits, numbers = torch.split(self.layers(z), [*self.shape.sizes, bells], 1)
        weight, mean, log_scale = numbers.reshape(len(z), len(self.shape.numeric), 3, BELLS).unbind(2)
        apart = torch.linspace(-1.5, 1.5, BELLS, device=z.device)
        scale = (log_scale - 1.0).clamp(NARROWEST, WIDEST)
        return Decoded(tuple(logits), torch.log_softmax(weight, 2), mean + apart, scale)


class Autoencoder(nn.Module):
    """Encoder and decoder over one table's channels."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.sizes = shape.sizes
        self.encoder = _layers(shape.inputs, shape.width, 2 * shape.latent)
        self.decoder = Decoder(shape)

    def encode(self, categories: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-scale of the latent places of rows."""
        mean, log_scale = self.encoder(_flat(categories, numbers, self.sizes)).chunk(2, 1)
        return mean, log_scale.clamp(SHARPEST, FLATTEST)


@dataclass
class Lesson:
    """The rows to learn from, as categories and as shares between which each number lies, and the step."""

    net: Autoencoder
    categories: Tensor
    low: Tensor
    high: Tensor
    rate: float
    kl: float
    descents: Mapping[str, Descent] = field(init=False)

    @classmethod
    def of(cls, net: Autoencoder, rows: Sequence[np.ndarray], rate: float, kl: float, device: torch.device) -> "Lesson":
        """From the rows as arrays: categories[row, column], low[row, number] and high[row, number]."""
        categories, low, high = (torch.from_numpy(part).to(device) for part in rows)
        return cls(net.to(device), categories.long(), low, high, rate, kl)

    def __post_init__(self) -> None:
        self.descents = {"net": Descent(self.net, self.rate, clip=5.0, average=0.995)}

    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """Take one step."""
        loss = self.judge(rows, g)
        self.descents["net"].step(loss)
        return loss.detach()

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """The negative evidence lower bound per row, in nats (Kingma and Welling, equation 7)."""
        categories, low, high = self.categories[rows], self.low[rows], self.high[rows]
        spread = (high > low).float()
        share = low + torch.rand(low.shape, generator=g, device=low.device) * (high - low)
        numbers = torch.special.ndtri(share.clamp(1e-5, 1 - 1e-5)) * spread
        mean, log_scale = self.net.encode(categories, numbers)
        noise = torch.randn(mean.shape, generator=g, device=mean.device)
        z = mean + noise * torch.exp(log_scale)
        log_q = (-0.5 * noise**2 - log_scale).sum(1) - 0.5 * LOG_2PI * z.shape[1]
        kl = log_q - self.net.decoder.prior.log_density(z)
        return (self.kl * kl - self.net.decoder(z).log_likelihood(categories, numbers, spread)).mean()


def _layers(inputs: int, width: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(inputs, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, outputs)
    )


def _flat(categories: Tensor, numbers: Tensor, sizes: Sequence[int]) -> Tensor:
    """Rows as the encoder reads them."""
    first = torch.tensor([0, *np.cumsum(sizes)[:-1].tolist()], device=numbers.device)
    hot = torch.zeros(len(categories), sum(sizes), device=numbers.device)
    return torch.cat([hot.scatter_(1, categories + first, 1.0), numbers], 1)
