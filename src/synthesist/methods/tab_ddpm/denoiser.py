"""What every cell of a row may be, given what is seen of all of them.

Nothing is seen of a cell, or the cell itself, or, of a number, noisy looks at the place x of its code: their sum
y = γx + √γ ε, where γ is their precision taken together. Looks at different cells err independently, so by Bayes' rule

    p(code | all looks) ∝ share(code) · p(own looks | code) · exp f(code, all looks).

The first two are known exactly (Graves et al. 2023, section 4); a network learns f, what the other cells say.
It is shown no noise either, but what noise means: the features of a cell, averaged over what its own looks leave open.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.codecs.table import TableCodec
from synthesist.nets.blocks import dropout

__all__ = ["Cells", "Denoiser", "Seen", "log_odds"]

FEW = 10  # codes up to which a number is treated as a category: it is seen or not
KNOTS = 32  # features of a number that say which code it is
HIDDEN = -1  # the code of a cell that is not seen


@dataclass(frozen=True)
class Cells:
    """What is known of columns beforehand: the shares of their codes and, of numbers, the places of the codes."""

    shares: tuple[Tensor, ...]
    places: tuple[Tensor | None, ...]

    @classmethod
    def of(cls, codec: TableCodec, device: torch.device) -> "Cells":
        """The columns of a table; missing has a place above all numbers."""
        shares = [column.mass / column.mass.sum() for column in codec.modelled.values()]
        ordered = [column.ordered for column in codec.modelled.values()]
        places = [_places(share) if k > FEW else None for share, k in zip(shares, ordered, strict=True)]
        return cls(
            tuple(torch.tensor(share, dtype=torch.float32, device=device) for share in shares),
            tuple(None if x is None else torch.tensor(x, dtype=torch.float32, device=device) for x in places),
        )

    @cached_property
    def numbers(self) -> list[int]:
        """The columns whose codes have places."""
        return [j for j, place in enumerate(self.places) if place is not None]

    @cached_property
    def categories(self) -> list[int]:
        """The columns that are seen or not."""
        return [j for j, place in enumerate(self.places) if place is None]

    def placed(self, codes: Tensor) -> Tensor:
        """x[row, number]: the places of the numbers of codes[row, column]."""
        return torch.stack([place[codes[:, j]] for j, place in enumerate(self.places) if place is not None], 1)

    @cached_property
    def bases(self) -> list[Tensor]:
        """B[code, feature] of each column: which code it is and, of numbers, two polynomials of its place."""
        return [_basis(share, place) for share, place in zip(self.shares, self.places, strict=True)]

    @cached_property
    def widths(self) -> list[int]:
        """How many features each column has."""
        return [B.shape[1] for B in self.bases]

    @cached_property
    def log_shares(self) -> list[Tensor]:
        """What is thought of a cell of which nothing is seen."""
        return [torch.log(share) for share in self.shares]

    @cached_property
    def features(self) -> list[Tensor]:
        """The features of every code, less their mean; the last row, of a hidden cell, is nought."""
        tables = [B - share @ B for share, B in zip(self.shares, self.bases, strict=True)]
        return [torch.cat([table, torch.zeros_like(table[:1])]) for table in tables]


def _places(share: np.ndarray) -> np.ndarray:
    """Normal scores of codes in order, of mean 0 and spread 1."""
    from scipy.special import ndtri

    x = ndtri(np.clip(np.cumsum(share) - share / 2, 1e-6, 1 - 1e-6))
    x = x - share @ x
    return np.asarray(x / max(share @ x**2, 1e-12) ** 0.5)


def _basis(share: Tensor, place: Tensor | None) -> Tensor:
    one_hot = torch.eye(len(share), device=share.device)
    if place is None:
        return one_hot
    bumps = one_hot if len(share) <= KNOTS else _bumps(share)
    return torch.cat([bumps, place[:, None], (place[:, None] ** 2 - 1) / 2**0.5], dim=1)


def _bumps(share: Tensor) -> Tensor:
    """One feature for each heavy code, and for the others hats at even distances in their cumulated share."""
    heavy = share >= 1 / KNOTS
    light = torch.where(heavy, 0.0, share)
    middle = (light.cumsum(0) - light / 2) / light.sum()
    knots = torch.arange(KNOTS, device=share.device)
    hats = (1 - (middle[:, None] * (KNOTS - 1) - knots).abs()).clamp(min=0) * ~heavy[:, None]
    return torch.cat([torch.eye(len(share), device=share.device)[:, heavy], hats], dim=1)


@dataclass
class Seen:
    """What is seen of rows: codes[row, column] of cells, -1 where hidden; y and γ[row, number] of the looks."""

    codes: Tensor
    y: Tensor
    gamma: Tensor

    @classmethod
    def at(cls, codes: Tensor, cells: Cells) -> "Seen":
        """Some cells, and no look at the others."""
        nothing = torch.zeros(len(codes), len(cells.numbers), device=codes.device)
        return cls(codes.clone(), nothing, nothing.clone())

    def look(self, x: Tensor, precision: Tensor, noise: Tensor) -> None:
        """Add a look at the numbers of places `x`; `noise` is standard normal."""
        self.y = self.y + precision * x + precision.sqrt() * noise
        self.gamma = self.gamma + precision


class Denoiser(nn.Module):
    """A residual network over the features of all cells."""

    def __init__(self, widths: Sequence[int], width: int, depth: int, rate: float = 0.0) -> None:
        super().__init__()
        self.enter = _Enter(widths, width)
        self.blocks = nn.ModuleList(_Block(width, rate) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.leave = _Leave(width, sum(widths))

    def forward(self, x: Tensor, g: torch.Generator | None = None) -> Tensor:
        """f in terms of features, for x[row, feature]; `g` drops units, while it is trained."""
        h = self.enter(x)
        for block in self.blocks:
            h = h + block(h, g)
        out: Tensor = self.leave(self.norm(h))
        return out


class _Enter(nn.Linear):
    """Features of cells come one of a kind, so weights are as large as those of an embedding."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__(sum(widths), width)
        self.spread = len(widths) ** -0.5

    def draw(self, g: torch.Generator) -> None:
        self.weight.normal_(0.0, self.spread, generator=g)
        self.bias.zero_()


class _Leave(nn.Linear):
    """Begins at nought: a network that has learnt nothing holds columns independent."""

    def draw(self, g: torch.Generator) -> None:
        del g
        self.weight.zero_()
        self.bias.zero_()


class _Block(nn.Module):
    def __init__(self, width: int, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, h: Tensor, g: torch.Generator | None) -> Tensor:
        out: Tensor = self.down(dropout(nn.functional.silu(self.up(self.norm(h))), self.rate, g))
        return out


def log_odds(net: Denoiser, cells: Cells, seen: Seen, g: torch.Generator | None = None) -> list[Tensor]:
    """log p(code | all looks) of each column, but for a constant in each row; `g` drops units in training."""
    own = [share.expand(len(seen.codes), -1) for share in cells.log_shares]
    x = [features[seen.codes[:, j]] for j, features in enumerate(cells.features)]
    for k, j in enumerate(cells.numbers):
        place = cells.places[j]
        assert place is not None
        own[j] = own[j] + seen.y[:, k, None] * place - seen.gamma[:, k, None] * (place**2 / 2)
        open_ = (torch.softmax(own[j], 1) - cells.shares[j]) @ cells.bases[j]
        x[j] = torch.where(seen.codes[:, j, None] == HIDDEN, open_, x[j])
    device = seen.codes.device.type
    with torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        f = net(torch.cat(x, 1), g)
    said = f.float().split(cells.widths, 1)
    return [mine + part @ B.T for mine, part, B in zip(own, said, cells.bases, strict=True)]
