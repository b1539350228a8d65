"""The network of `argn`: every column predicted from any others, all columns and rows of a batch at once."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear, silu

from synthesist.nets.blocks import one_thread
from synthesist.nets.descent import Descent

__all__ = ["AnyOrderNet", "Drawing", "Learning", "waves"]

EMBEDDING = 16  # numbers that stand for a cell
WAVES = 6  # cosines along an ordered column, so that neighbouring codes begin alike


class AnyOrderNet(nn.Module):
    """logits of column i from the cells of the columns that are seen.

    A cell is embedded; the embeddings of all columns lie side by side, those that are not seen are zero. Each
    column has its own `width` hidden units over them, so what column i may see is a mask on the weights.
    `sizes[j]` codes of column j; `waves[code]` features along the order of its codes.
    """

    waves: Tensor

    def __init__(self, sizes: Sequence[int], width: int, depth: int) -> None:
        super().__init__()
        self.sizes, self.width = list(sizes), width
        columns, codes = len(sizes), int(sum(sizes))
        self.first = [int(k) for k in np.cumsum([0, *sizes])[:-1]]
        self.cell = nn.Parameter(torch.empty(codes, EMBEDDING))
        self.along = nn.Parameter(torch.empty(columns, WAVES, EMBEDDING))
        self.into = nn.Parameter(torch.empty(columns, EMBEDDING, columns, width))
        self.start = nn.Parameter(torch.empty(columns, width))
        self.deeper = nn.Parameter(torch.empty(depth, columns, width, width))
        self.offset = nn.Parameter(torch.empty(depth, columns, width))
        self.out = nn.Parameter(torch.empty(codes, width))
        self.out_along = nn.Parameter(torch.empty(columns, WAVES, width))
        self.level = nn.Parameter(torch.empty(codes))
        self.register_buffer("waves", torch.empty(codes, WAVES))

    def draw(self, g: torch.Generator) -> None:
        """Set the weights at random; `waves` and `level` are set by `prepare`."""
        columns = len(self.sizes)
        self.cell.normal_(0.0, 0.5, generator=g)
        self.along.normal_(0.0, 0.5, generator=g)
        self.into.normal_(0.0, (EMBEDDING * max(columns, 1) / 2) ** -0.5, generator=g)
        self.deeper.normal_(0.0, self.width**-0.5, generator=g)
        for still in (self.start, self.offset, self.out, self.out_along):
            still.zero_()

    @torch.no_grad()
    def prepare(self, waves: np.ndarray, shares: np.ndarray) -> None:
        """Begin at the marginal `shares` of all codes."""
        self.waves.copy_(torch.from_numpy(waves))
        self.level.copy_(torch.from_numpy(np.log(shares)))

    def cells(self) -> Tensor:
        """embeddings[code]."""
        return self.cell + self._along_codes(self.along)

    def heads(self) -> Tensor:
        """weights[code, hidden] of the last layer."""
        return self.out + self._along_codes(self.out_along)

    def _along_codes(self, weights: Tensor) -> Tensor:
        """What the waves of each code make of the weights[column, wave, :] of its column."""
        parts = zip(self.waves.split(self.sizes), weights, strict=True)
        return torch.cat([waves @ weight for waves, weight in parts]) if self.sizes else self.waves @ weights.sum(0)

    def hidden(self, h: Tensor, columns: Sequence[int] | slice) -> Tensor:
        """The deeper layers: h[column, row, hidden] to the same, with a way around each."""
        h = silu(h)
        for weight, offset in zip(self.deeper[:, columns], self.offset[:, columns], strict=True):
            h = h + silu(torch.baddbmm(offset[:, None], h, weight))
        return h

    def learnt(self, codes: Tensor, seen: Tensor) -> Tensor:
        """The mean over rows of the negative log-likelihood of all cells, each given those that its column sees.

        seen[i, j]: whether column i sees column j.
        """
        x = embedding(codes + torch.tensor(self.first, device=codes.device), self.cells()).flatten(1)
        weight = self.into * seen.T[:, None, :, None]
        h = (x @ weight.flatten(2).flatten(0, 1)).view(len(codes), len(self.sizes), self.width)
        h = self.hidden((h + self.start).transpose(0, 1), slice(None))
        loss: Tensor = Surprise.apply(h, self.heads(), self.level, codes, self.first, self.sizes)
        return loss

    def logits(self, i: int, embedded: Tensor, heads: Tensor) -> Tensor:
        """logits[row, code] of column i from embedded[row, column, :], zero where not seen."""
        h = embedded.flatten(1) @ self.into[:, :, i].flatten(0, 1) + self.start[i]
        h = self.hidden(h[None], [i])[0]
        part = slice(self.first[i], self.first[i] + self.sizes[i])
        return linear(h, heads[part], self.level[part])


class Surprise(torch.autograd.Function):
    """The cross-entropy of all columns, summed over columns and averaged over rows.

    Columns have different numbers of codes, so there is no one softmax. The gradient, softmax less truth, falls out
    of the loss on the way, which halves the work that a graph of many small steps would be.
    """

    @staticmethod
    @torch.amp.custom_fwd(device_type="cuda", cast_inputs=torch.float32)
    def forward(
        ctx: Any, h: Tensor, heads: Tensor, level: Tensor, codes: Tensor, first: list[int], sizes: list[int]
    ) -> Tensor:
        """From h[column, row, hidden], heads[code, hidden], level[code] and codes[row, column]."""
        dh, dheads, dlevel = torch.empty_like(h), torch.empty_like(heads), torch.empty_like(level)
        total, rows = h.new_zeros(()), codes.shape[0]
        for i, (start, size) in enumerate(zip(first, sizes, strict=True)):
            part = slice(start, start + size)
            score = torch.addmm(level[part], h[i], heads[part].T)
            true = codes[:, i : i + 1]
            score -= score.logsumexp(1, keepdim=True)
            total = total - score.gather(1, true).sum()
            slope = score.exp_()
            slope.scatter_add_(1, true, slope.new_full(true.shape, -1.0))
            torch.mm(slope, heads[part], out=dh[i])
            torch.mm(slope.T, h[i], out=dheads[part])
            torch.sum(slope, 0, out=dlevel[part])
        ctx.save_for_backward(dh.div_(rows), dheads.div_(rows), dlevel.div_(rows))
        return total / rows

    @staticmethod
    @torch.amp.custom_bwd(device_type="cuda")
    def backward(ctx: Any, *outer: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients found on the way."""
        dh, dheads, dlevel = ctx.saved_tensors
        return dh * outer[0], dheads * outer[0], dlevel * outer[0], None, None, None


class Learning:
    """Training on codes[row, column]: every batch in another order of the columns."""

    def __init__(self, net: AnyOrderNet, codes: np.ndarray, rate: float, device: torch.device) -> None:
        self.net = net.to(device)
        self.codes = torch.from_numpy(codes)
        self.descents: Mapping[str, Descent] = {"net": Descent(self.net, rate, average=0.995, shrink=0.01)}

    def learn(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """One step; the loss in nats a row."""
        loss = self.judge(rows, g)
        self.descents["net"].step(loss)
        return loss.detach()

    def judge(self, rows: Tensor, g: torch.Generator) -> Tensor:
        """The loss in an order of the columns drawn from g."""
        place = torch.rand(len(self.net.sizes), generator=g, device=g.device).argsort().argsort()
        seen = (place[:, None] > place[None, :]).to(self.net.into.dtype)
        codes = self.codes[rows].to(g.device, torch.int64)
        return self.net.learnt(codes, seen)


class Drawing:
    """Rows on their way: known[row, column], -1 where open, and the embeddings of what is known so far."""

    @torch.no_grad()
    def __init__(self, net: AnyOrderNet, known: np.ndarray) -> None:
        self.net, self.cells, self.heads = net, net.cells(), net.heads()
        self.embedded = torch.zeros(*known.shape, EMBEDDING)
        for j in range(known.shape[1]):
            rows = np.flatnonzero(known[:, j] >= 0)
            self.see(j, rows, known[rows, j])

    @one_thread()
    @torch.no_grad()
    def shares(self, j: int, rows: np.ndarray) -> np.ndarray:
        """shares[row, code] of column j given all that is known of these rows; the column itself is open in them."""
        score = self.net.logits(j, self.embedded[torch.from_numpy(rows)], self.heads)
        shares: np.ndarray = torch.softmax(score.double(), 1).numpy()
        return shares

    @torch.no_grad()
    def see(self, j: int, rows: np.ndarray, codes: np.ndarray) -> None:
        """Column j of these rows is known from now on."""
        self.embedded[torch.from_numpy(rows), j] = self.cells[torch.from_numpy(codes).long() + self.net.first[j]]


def waves(sizes: Sequence[int], ordered: Sequence[int], mass: Sequence[np.ndarray]) -> np.ndarray:
    """waves[code, w]: cosines of the cumulated share along the ordered codes of each column, 0 elsewhere."""
    out = np.zeros((int(sum(sizes)), WAVES), np.float32)
    first = np.cumsum([0, *sizes])
    for j, count in enumerate(ordered):
        if count > 2:
            share = mass[j][:count] / mass[j][:count].sum()
            middle = np.cumsum(share) - share / 2
            out[first[j] : first[j] + count] = 2**0.5 * np.cos(np.pi * middle[:, None] * np.arange(1, WAVES + 1))
    return out
