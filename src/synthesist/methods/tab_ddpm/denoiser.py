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
from math import log

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.codecs.category import CategoryCodec
from synthesist.codecs.number import NumberCodec
from synthesist.codecs.presence import PresenceCodec
from synthesist.codecs.serial import SerialCodec
from synthesist.codecs.table import TableCodec
from synthesist.nets.blocks import dropout

__all__ = ["Cells", "Denoiser", "Seen", "log_odds"]

FEW = 10  # codes up to which a number is treated as a category: it is seen or not
KNOTS = 32  # hats over the ranges of a number
HIDDEN = -1  # the code of a cell that is not seen
SHARPEST = 400.0  # the precision of all looks together: beyond, the other cells have no more to say
SLOWEST = 0.25  # of what is not known, in the mean: the pace of a column is 1/3 at least and 3 at most
FOLLOWED = 0.02  # the share of a step in what is known of schedules


@dataclass(frozen=True)
class Cells:
    """What is known of columns beforehand: the shares of their codes and, of numbers, the places of the codes.

    `bases[column]` is B[code, feature]: which code it is and, of numbers, on which values it lies.
    """

    shares: tuple[Tensor, ...]
    places: tuple[Tensor | None, ...]
    bases: tuple[Tensor, ...]

    @classmethod
    def of(cls, codec: TableCodec, device: torch.device) -> "Cells":
        """The columns of a table; missing has a place above all numbers."""
        shares, places, bases = [], [], []
        for column in codec.modelled.values():
            share = column.mass / column.mass.sum()
            number = column.ordered > FEW
            place = _places(share) if number else None
            shares.append(torch.tensor(share, dtype=torch.float32, device=device))
            places.append(torch.tensor(place, dtype=torch.float32, device=device) if number else None)
            basis = np.eye(len(share)) if place is None else _basis(place, _points(column))
            bases.append(torch.tensor(basis, dtype=torch.float32, device=device))
        return cls(tuple(shares), tuple(places), tuple(bases))

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
    def widths(self) -> list[int]:
        """How many features each column has."""
        return [B.shape[1] for B in self.bases]

    @cached_property
    def log_shares(self) -> list[Tensor]:
        """What is thought of a cell of which nothing is seen."""
        return [torch.log(share) for share in self.shares]

    @cached_property
    def entropies(self) -> tuple[Tensor, Tensor]:
        """What is not known of a cell by itself, in nats, of each column: at time 0 and at time 1."""
        most = torch.stack(
            [-(share @ log_share) for share, log_share in zip(self.shares, self.log_shares, strict=True)]
        )
        least = torch.zeros_like(most)
        least[self.numbers] = (most[self.numbers] - 0.5 * log(1.0 + SHARPEST)).clamp_min(0.0)
        return least, most

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


def _points(column: NumberCodec | CategoryCodec | SerialCodec | PresenceCodec) -> np.ndarray:
    """Which codes stand for one value, or for missing, and not for a range."""
    number = column.number if isinstance(column, SerialCodec) else column
    points = np.ones(number.size, bool)
    if isinstance(number, NumberCodec):
        points[: number.ordered] = number.knots[:, 0] == number.knots[:, -1]
    return points


def _basis(place: np.ndarray, points: np.ndarray) -> np.ndarray:
    """A feature of each code that is a point, hats over the ranges, and two polynomials of the place.

    Hats stand at even distances along the places, coarser than codes, so that a network does not tell rows
    apart by them.
    """
    ranges = not points.all() and np.ptp(place[~points]) > 0
    features = [np.eye(len(place))[:, points | (not ranges)], place, (place**2 - 1) / 2**0.5]
    if ranges:
        ends = place[~points].min(), place[~points].max()
        at = np.linspace(*ends, KNOTS)
        features.append(np.maximum(1 - np.abs(place[:, None] - at) / (at[1] - at[0]), 0) * ~points[:, None])
    return np.column_stack(features)


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

    def sight(self, u: Tensor, gamma: Tensor) -> "Seen":
        """The same cells, and numbers seen as u = cos θ x + sin θ ε, of precision γ = 1/tan² θ."""
        return Seen(self.codes, u * (gamma * (1 + gamma)).sqrt(), gamma.expand_as(u))


class Schedules(nn.Module):
    """How noise grows with time in each column: its share is t to the power of the column's own pace.

    The paces are learnt along with the network, so that in every column what is not known, the cross entropy of its
    cells, grows evenly with time: a column that others tell early is let out of the noise late (Dieleman et al. 2022,
    doi:10.48550/arXiv.2211.15089, section 5; a schedule for each column: Shi et al. 2025).
    """

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.register_buffer("unknown", torch.empty(columns))
        self.unknown: Tensor
        """The mean share not known, over all shares of noise: 1/2 where noise is all that hides a cell."""

    def draw(self, g: torch.Generator) -> None:
        """Columns that know nothing of each other."""
        del g
        self.unknown.fill_(0.5)

    @property
    def pace(self) -> Tensor:
        """pace[column]. Where the share not known is noise to some power, that power is 1 / unknown - 1."""
        unknown = self.unknown.clamp(SLOWEST, 1.0 - SLOWEST)
        return unknown / (1.0 - unknown)

    @torch.no_grad()
    def follow(self, t: Tensor, lost: Tensor, cells: "Cells") -> None:
        """Move towards what was lost[column, row] at t[row]; rows whose time is no number do not count."""
        own = ~t.isnan()
        pace, t, lost = self.pace, t[own, None], lost[:, own].T
        least, most = cells.entropies
        found = ((lost - least) * pace * t ** (pace - 1.0)).mean(0) / (most - least).clamp_min(1e-6)
        self.unknown.lerp_(found, FOLLOWED)


class Denoiser(nn.Module):
    """A residual network over the features of all cells."""

    def __init__(self, widths: Sequence[int], width: int, depth: int, rate: float = 0.0) -> None:
        super().__init__()
        self.schedule = Schedules(len(widths))
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
