"""From noise and conditions to codes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from synthesist.boosting.critic import take, take_each
from synthesist.codecs.pieces import Given, Limit
from synthesist.core import Context
from synthesist.methods.ctgan.net import Generator, Table
from synthesist.nets.blocks import generator, one_thread

__all__ = ["Drawing"]

STEP = 8_192  # rows made together
ROWS = 1_024  # rows with evidence of their own at a time
LEAST = 1e-30  # the least chance of a code, so that what is allowed can always be drawn
DOUBT = 0.02  # the weight of a column's own shares beside what the generator says: it may be wrong


@dataclass(frozen=True)
class Drawing:
    """A generator over the options of a table."""

    net: Generator
    table: Table

    def free(self, n: int, ctx: Context) -> np.ndarray:
        """codes[column, row] of n rows, each made under one condition, which comes as often as in reality."""
        columns = self.table.columns
        known = np.full((n, len(columns)), -1, np.int64)
        which = ctx.rng("column").integers(len(columns), size=n)
        for j, column in enumerate(columns):
            mine = np.flatnonzero(which == j)
            known[mine, j] = ctx.rng(f"asked {j}").choice(len(column.mass), len(mine), p=column.mass)
        return self._made(known, ctx.at("made"), forced=False)

    def together(self, n: int, limits: Mapping[int, Limit], ctx: Context) -> np.ndarray:
        """n rows under one condition, as likely as the generator holds it."""
        codes, log_weight = self._within(np.full((n, len(self.table.columns)), -1), limits, ctx)
        return codes[:, take(log_weight, n, ctx.rng("thin"), repeat=True)]

    def one_by_one(self, given: Given, each: int, ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """`each` candidates in turn for every row of the evidence, and their log-weights."""
        codes, log_weight = [], []
        for first in range(0, len(given.codes), ROWS):
            group = np.repeat(np.arange(first, min(first + ROWS, len(given.codes))), each)
            limits = {j: limit.rows(group) for j, limit in given.limits.items()}
            made, weight = self._within(given.codes[group], limits, ctx.at("rows", first))
            codes.append(made)
            log_weight.append(weight)
        return np.concatenate(codes, axis=1), np.concatenate(log_weight)

    def _within(self, known: np.ndarray, limits: Mapping[int, Limit], ctx: Context) -> tuple[np.ndarray, np.ndarray]:
        """codes[column, row] with the known[row, column] ones (-1 is open) and inside the limits; log-weights[row].

        Limited columns are drawn one after another, each given what is settled so far; how likely that made them
        is the row's weight.
        """
        known, log_weight = known.astype(np.int64), np.zeros(len(known))
        for j in sorted(limits, key=lambda j: float(limits[j].weights.mean(0) @ self.table.columns[j].mass)):
            column, here = self.table.columns[j], ctx.at("limit", j)
            free = known[:, j] < 0
            allowed = limits[j].weights[limits[j].which] * np.maximum(column.mass, LEAST)
            if (known >= 0).any():
                chances = (1 - DOUBT) * self._chances(known, j, here) + DOUBT * column.shares
                allowed = allowed * (chances / np.maximum(column.shares, LEAST))[:, column.option]
            mass = allowed.sum(1)
            drawn = take_each(np.log(np.maximum(allowed, 1e-300)), 1, here.rng("code"))[:, 0]
            log_weight += np.where(free, np.log(np.maximum(mass, 1e-300)), 0.0)
            known[:, j] = np.where(free, drawn, known[:, j])
        return self._made(known, ctx.at("made"), forced=True), log_weight

    def _chances(self, known: np.ndarray, j: int, ctx: Context) -> np.ndarray:
        """p[row, option] of column j, given what is known."""
        out = np.empty((len(known), self.table.columns[j].size))
        with one_thread(), torch.no_grad():
            for first in range(0, len(known), STEP):
                logits = self._asked(known[first : first + STEP], ctx.at(first))
                out[first : first + STEP] = torch.softmax(self.table.split(logits)[j], 1).numpy()
        return out

    def _made(self, known: np.ndarray, ctx: Context, *, forced: bool) -> np.ndarray:
        """codes[column, row] under conditions: what is asked for is an option, or `forced` the very code."""
        out = np.empty((len(self.table.columns), len(known)), np.uint8)
        with one_thread(), torch.no_grad():
            for first in range(0, len(known), STEP):
                here, asked = ctx.at(first), known[first : first + STEP]
                logits = self._asked(asked, here)
                rows = slice(first, first + len(asked))
                for j, (column, part) in enumerate(zip(self.table.columns, self.table.split(logits), strict=True)):
                    noise = torch.rand(part.shape, generator=generator(here, f"choice {j}")).clamp(1e-12, 1 - 1e-7)
                    option = torch.argmax(part - torch.log(-torch.log(noise)), 1).numpy()
                    option = np.where(asked[:, j] >= 0, column.option[asked[:, j]], option)
                    code = column.code(option, here.rng(f"inside {j}").random(len(option)))
                    out[j, rows] = np.where(asked[:, j] >= 0, asked[:, j], code) if forced else code
        return out

    def _asked(self, known: np.ndarray, ctx: Context) -> torch.Tensor:
        """Logits[row, option] where these codes[row, column] are asked for."""
        options = np.stack([column.option[known[:, j]] for j, column in enumerate(self.table.columns)], 1)
        options = np.where(known >= 0, options, -1).astype(np.int64)
        noise = torch.randn(len(known), self.table.shape.noise, generator=generator(ctx, "noise"))
        return self.table.logits(self.net(noise, self.table.hot(torch.from_numpy(options))))
