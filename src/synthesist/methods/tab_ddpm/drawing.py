"""How rows come out of noise: from no look at any cell, look by look at cells that the denoiser itself draws."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from synthesist.codecs.pieces import Limit
from synthesist.methods.tab_ddpm.denoiser import HIDDEN, Cells, Denoiser, Seen, log_odds
from synthesist.methods.tab_ddpm.learning import noise_at, precision

__all__ = ["denoised", "filled"]

CHUNK = 2048  # rows that go through the network together
CROWD, LEAST = 16, 4  # candidates per row where several columns are limited, and where very many are


@torch.inference_mode()
def filled(
    net: Denoiser, cells: Cells, codes: np.ndarray, limits: Mapping[int, Limit], stages: int, g: torch.Generator
) -> np.ndarray:
    """codes[row, column] with the holes (-1) drawn, given all other cells and within the limits."""
    device = cells.shares[0].device
    out = np.empty_like(codes)
    limits = {j: limit for j, limit in limits.items() if limit.weights.min() < 1 - 1e-9}  # others let all through
    for start in range(0, len(codes), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(codes)))
        known = torch.from_numpy(codes[rows]).long().to(device)
        if limits:
            known = _within(net, cells, known, {j: limit.rows(rows) for j, limit in limits.items()}, g)
        out[rows] = denoised(net, cells, known, stages, g).cpu().numpy()
    return out


def denoised(net: Denoiser, cells: Cells, codes: Tensor, stages: int, g: torch.Generator) -> Tensor:
    """The holes of codes[row, column] drawn in so many stages.

    Numbers begin as noise and follow the flow that keeps every stage's distribution (Song et al. 2021,
    doi:10.48550/arXiv.2011.13456, equation 13). With u = cos θ x + sin θ ε, where γ = 1/tan² θ, it is

        du/dθ = (cos θ u - E[x | all looks]) / sin θ

    in which normal numbers stand still, so that few steps of Heun's rule are enough (Karras et al. 2022,
    doi:10.48550/arXiv.2206.00364). A category is drawn and kept when its turn comes, in another order in every
    row. At the last stage numbers are drawn as codes.
    """
    seen = Seen.at(codes, cells)
    u = torch.randn(seen.y.shape, generator=g, device=codes.device)
    times = 1 - torch.arange(stages, device=codes.device) / stages
    pace = net.schedule.pace
    turn = _turns(codes[:, cells.categories] == HIDDEN, pace[cells.categories], stages, g)
    gamma = precision(noise_at(times, pace)[:, cells.numbers])
    theta = torch.asin((1 + gamma) ** -0.5)

    def flow(stage: int, u: Tensor, odds: Sequence[Tensor]) -> Tensor:
        return (torch.cos(theta[stage]) * u - _expected(odds, cells)) / torch.sin(theta[stage])

    for stage in range(stages):
        odds = log_odds(net, cells, seen)
        for k, j in enumerate(cells.categories):
            rows = torch.nonzero(turn[:, k] == stage)[:, 0]
            seen.codes[rows, j] = _drawn(odds[j][rows], g)
        if cells.numbers and stage < stages - 1:
            step = theta[stage + 1] - theta[stage]
            first = flow(stage, u, odds)
            ahead = seen.sight(u + step * first, gamma[stage + 1])
            second = flow(stage + 1, u + step * first, log_odds(net, cells, ahead))
            u = u + step * (first + second) / 2
            seen = seen.sight(u, gamma[stage + 1])
    for j in cells.numbers:
        seen.codes[:, j] = torch.where(codes[:, j] == HIDDEN, _drawn(odds[j], g), codes[:, j])
    return seen.codes


def _expected(odds: Sequence[Tensor], cells: Cells) -> Tensor:
    """E[x] of every number."""
    return torch.stack(
        [torch.softmax(odds[j], 1) @ place for j, place in enumerate(cells.places) if place is not None], 1
    )


def _turns(hidden: Tensor, pace: Tensor, stages: int, g: torch.Generator) -> Tensor:
    """The stage at which each category is kept: in the order of their times, spread evenly; -1 where it is known.

    Categories kept at one stage do not see each other, so no two share one where there are enough.
    """
    time = torch.rand(hidden.shape, generator=g, device=hidden.device) ** (1 / pace)
    rank = torch.where(hidden, -time, 2.0).argsort(1).argsort(1)
    within = torch.rand(len(hidden), 1, generator=g, device=hidden.device)
    count = hidden.sum(1, keepdim=True).clamp(min=1)
    turn = ((rank + within) * (stages / count)).long().clamp(max=stages - 1)
    return torch.where(hidden, turn, -1)


def _within(net: Denoiser, cells: Cells, codes: Tensor, limits: Mapping[int, Limit], g: torch.Generator) -> Tensor:
    """Holes of limited columns drawn within their limits, one column after the other.

    A later column may be unlikely to meet its limit after what an earlier one took. So where several columns are
    limited each row is drawn as a crowd, and one is taken in proportion to how likely the limits were met
    (importance resampling): exact in the limit of large crowds, and nothing is rejected.
    """
    crowd = max(min(CROWD, 4 * CROWD // len(limits)), LEAST) if len(limits) > 1 else 1
    masks = {
        j: (torch.from_numpy(limit.which), torch.from_numpy(np.log(np.maximum(limit.weights, 1e-300))).float())
        for j, limit in limits.items()
    }
    out = []
    for rows in torch.arange(len(codes)).split(CHUNK // crowd):
        seen = Seen.at(codes[rows].repeat_interleave(crowd, 0), cells)
        met = torch.zeros(len(seen.codes), device=codes.device)
        for j, (which, log_weights) in masks.items():
            odds = torch.log_softmax(log_odds(net, cells, seen)[j], 1)
            odds = odds + log_weights[which[rows].repeat_interleave(crowd)].to(codes.device)
            hole = seen.codes[:, j] == HIDDEN
            met = met + torch.where(hole, torch.logsumexp(odds, 1), 0.0)
            seen.codes[:, j] = torch.where(hole, _drawn(odds, g), seen.codes[:, j])
        chosen = _drawn(met.view(-1, crowd), g)
        out.append(seen.codes.view(len(rows), crowd, -1)[torch.arange(len(rows), device=codes.device), chosen])
    return torch.cat(out)


def _drawn(log_odds: Tensor, g: torch.Generator) -> Tensor:
    """A code for every row of log odds[row, code]; never one without a chance, as u is above 0 and at most 1."""
    upto = torch.softmax(log_odds, 1).cumsum(1)
    u = 1.0 - torch.rand(len(upto), 1, generator=g, device=upto.device)
    return (upto < u * upto[:, -1:]).sum(1)
