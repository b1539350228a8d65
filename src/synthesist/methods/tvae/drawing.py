"""From latent places to codes, freely or given what is known: columns are independent given the place."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from synthesist.boosting.critic import take, take_each
from synthesist.codecs.channels import Channels, Split
from synthesist.codecs.pieces import Given, Limit
from synthesist.core import Context
from synthesist.methods.tvae.net import Decoded, Decoder
from synthesist.nets.blocks import generator, one_thread

__all__ = ["Drawing"]

STEP = 8_192  # places decoded together
POOL = 4_096  # places among which the likely ones are sought for a row with cells of its own
LEAST = 1e-30  # the least chance of a code
ROWS = 256  # such rows at a time


@dataclass(frozen=True)
class Drawing:
    """A decoder, and the channels its columns are."""

    decoder: Decoder
    channels: Channels

    def free(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows."""
        return self._rows(self._places(n, ctx), ctx)

    def together(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows under the same limits: places are drawn again by how likely they make them."""
        z = self._places(n, ctx)
        log_weight = np.zeros(n)
        with one_thread(), torch.no_grad():
            for first in range(0, n, STEP):
                decoded = self.decoder(z[first : first + STEP])
                for j, limit in limits.items():
                    log_weight[first : first + STEP] += _log(self._chances(decoded, j) @ limit.weights[0])
        kept = take(log_weight, n, ctx.rng("thin"), repeat=True)
        return self._rows(z[kept], ctx, limits)

    def one_by_one(self, given: Given, each: int, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """`each` candidates in turn for every row of the evidence, at places as likely as it makes them."""
        n = len(given.codes)
        z = self._places(POOL, ctx)
        tables = self._tables(given, z)
        picked = np.empty((n, each), np.int64)
        for first in range(0, n, ROWS):
            rows = slice(first, min(first + ROWS, n))
            log_weight = np.zeros((rows.stop - first, POOL))
            for table, which in tables:
                log_weight += table[which[rows]]
            picked[rows] = take_each(log_weight, each, ctx.rng(f"pick {first}"))
        group = np.repeat(np.arange(n), each)
        limits = {j: limit.rows(group) for j, limit in given.limits.items()}
        codes = self._rows(z[picked.ravel()], ctx, limits)
        known = given.codes[group].T
        return np.where(known >= 0, known, codes).astype(np.uint8), np.zeros(len(group))

    def _tables(self, given: Given, z: Tensor) -> list[tuple[np.ndarray, np.ndarray]]:
        """For each column of evidence: table[what is known, place], its log-likelihood, and which[row] is known."""
        out = []
        with one_thread(), torch.no_grad():
            decoded = self.decoder(z)
            for j, split in enumerate(self.channels.splits):
                known, limit = given.codes[:, j], given.limits.get(j)
                if limit is None and (known < 0).all():
                    continue
                chances = self._chances(decoded, j)
                parts = [_log(chances.T), np.zeros((1, len(z)))]  # the last: nothing is known
                which = np.where(known >= 0, known, len(split.category))
                if limit is not None:
                    parts.append(_log(limit.weights @ chances.T))
                    which = np.where(known >= 0, known, len(split.category) + 1 + limit.which)
                out.append((np.concatenate(parts).astype(np.float32), which))
        return out

    def _places(self, n: int, ctx: Context) -> Tensor:
        with one_thread(), torch.no_grad():
            return self.decoder.prior.sample(n, generator(ctx, "places"))

    def _rows(self, z: Tensor, ctx: Context, limits: Mapping[int, Limit] | None = None) -> np.ndarray:
        """codes[column, row] at z[row, axis], those of limited columns within their limits."""
        out = np.empty((len(self.channels.splits), len(z)), np.uint8)
        with one_thread(), torch.no_grad():
            for first in range(0, len(z), STEP):
                here = ctx.at("rows", first)
                decoded = self.decoder(z[first : first + STEP])
                rows = slice(first, first + len(decoded.weight))
                out[:, rows] = self._freely(decoded, generator(here, "cells")).T
                for j, limit in (limits or {}).items():
                    chances = self._chances(decoded, j) * limit.weights[limit.which[rows]]
                    out[j, rows] = take_each(_log(chances), 1, here.rng(f"within {j}"))[:, 0]
        return out

    def _freely(self, decoded: Decoded, g: torch.Generator) -> np.ndarray:
        """codes[row, column]."""
        categories = torch.stack([_picked(logits, g) for logits in decoded.logits], 1).numpy()
        numbers = np.zeros((len(categories), 0))
        if self.channels.numeric:
            bell = _picked(decoded.weight, g)[..., None]
            noise = torch.randn(bell.shape, generator=g)
            drawn = decoded.mean.gather(2, bell) + torch.exp(decoded.log_scale.gather(2, bell)) * noise
            numbers = drawn[..., 0].double().numpy()
        return self.channels.decode(categories, numbers, np.zeros(categories.shape))[0]

    def _chances(self, decoded: Decoded, j: int) -> np.ndarray:
        """p(code | z) of one column, [row, code]; never nothing, so that what is allowed can always be drawn."""
        split = self.channels.splits[j]
        chances = torch.softmax(decoded.logits[j], 1).double().numpy()[:, split.category]
        if split.numeric:
            k = self.channels.numeric.index(j)
            inside = split.high > split.low
            chances[:, inside] *= _between(split, decoded.weight[:, k], decoded.mean[:, k], decoded.log_scale[:, k])
        return np.maximum(chances, LEAST)


def _between(split: Split, weight: Tensor, mean: Tensor, log_scale: Tensor) -> np.ndarray:
    """The share of a mixture of bells that lies in each spread code, [row, code]."""
    highs = torch.from_numpy(split.high[split.high > split.low]).float()
    edges = torch.special.ndtri(highs[:-1])
    upto = torch.zeros(len(weight), len(edges))
    for bell in range(weight.shape[1]):
        scale = torch.exp(-log_scale[:, bell, None])
        upto += torch.exp(weight[:, bell, None]) * torch.special.ndtr((edges - mean[:, bell, None]) * scale)
    ends = torch.cat([torch.zeros(len(upto), 1), upto, torch.ones(len(upto), 1)], 1)
    return torch.diff(ends, dim=1).clamp_min(0.0).double().numpy()


def _picked(logits: Tensor, g: torch.Generator) -> Tensor:
    """A draw along the last axis: the largest of logits with Gumbel noise (Gumbel 1954)."""
    noise = torch.rand(logits.shape, generator=g).clamp(1e-12, 1.0 - 1e-7)
    return torch.argmax(logits - torch.log(-torch.log(noise)), -1)


def _log(x: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(x, 1e-300))
