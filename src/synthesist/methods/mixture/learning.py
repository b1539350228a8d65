"""Learning a circuit: expectation-maximisation on few rows at a time, states doubled as long as unseen rows gain.

A doubled state is two copies that differ at random; learning drives them apart. Counts are averaged
over batches, later ones moving them less and less.

Reference: Cappé and Moulines, Journal of the Royal Statistical Society B 71(3), 2009,
doi:10.1111/j.1467-9868.2009.00698.x.
"""

from dataclasses import dataclass, replace

import numpy as np

from synthesist.codecs.table import TableCodec
from synthesist.core import Context
from synthesist.methods.mixture.circuit import Circuit
from synthesist.methods.mixture.counting import Counts
from synthesist.methods.mixture.smoothing import Smoothing

__all__ = ["learn"]

FEWEST = 100  # rows to learn more than columns from
HELD_OUT, MOST_HELD = 0.1, 5_000  # rows that judge
LEAST_BATCH, BATCH, STEPS = 32, 512, 16  # rows of a step, and steps a pass has at least
PASS = 50_000  # rows of a pass at most
FIRST = 8  # states to begin with
DECAY = 0.6  # step k moves the averaged counts by k^-0.6: between 1/2 and 1 they converge, near 1/2 quickly
NOISE = 0.5  # standard deviation of the logarithms by which the halves of a state differ
LEAST_GAIN = 1e-3  # nats a row, for a pass not to be idle
REAL = 1 / 4  # of what learnt rows gain by more states, unseen rows must gain too: the rest would be memory
IDLE = 3  # passes without gain end a stage
LAST = 3  # times as many passes for the number of states that is kept


def learn(
    codes: np.ndarray, codec: TableCodec, order: np.ndarray, parents: np.ndarray, states: int, passes: int, ctx: Context
) -> Circuit:
    """The circuit of codes[row, column] (-1: unknown) on this tree, with as many states as unseen rows ask for."""
    from threadpoolctl import threadpool_limits

    smoothing = Smoothing.of(codec)
    one = tuple(np.ones((1, 1), np.float32) for _ in order)
    independent = Circuit(order, parents, one, smoothing.shares)
    if len(codes) < FEWEST or len(order) < 2:
        return independent
    shuffled = codes[ctx.rng("held out").permutation(len(codes))]
    held = min(int(len(codes) * HELD_OUT), MOST_HELD)
    stage = Stage(independent, smoothing, shuffled[held:], shuffled[:held])
    with threadpool_limits(1, user_api="blas"):  # or sums would depend on the number of threads
        for more in _doublings(states):
            here = ctx.at("states", more)
            larger = stage.with_states(more, here).improved(passes, here)
            if not larger.beats(stage):
                break
            stage = larger.smoothed()
        if stage.circuit.states == 1:
            return independent
        stage = stage.improved((LAST - 1) * passes, ctx.at("last"))
        return stage.smoothing.shared(Counts.expected(stage.circuit, codes), stage.circuit)


def _doublings(most: int) -> list[int]:
    """Numbers of states to try in turn."""
    states = [FIRST]
    while states[-1] < most:
        states.append(2 * states[-1])
    return [min(number, most) for number in states] if most > 1 else []


@dataclass(frozen=True)
class Stage:
    """A circuit under way, the rows it learns from and those that judge it."""

    circuit: Circuit
    smoothing: Smoothing
    training: np.ndarray
    judging: np.ndarray

    @property
    def value(self) -> float:
        """Log-likelihood of a row not learnt from."""
        return self._value(self.circuit)

    def beats(self, other: "Stage") -> bool:
        """Whether unseen rows gain: more than chance, one standard error, and not far less than those learnt from."""
        unseen, learnt = (
            self.circuit.log_likelihood(rows) - other.circuit.log_likelihood(rows)
            for rows in (self.judging, self.training[:MOST_HELD])
        )
        return bool(unseen.mean() > max(unseen.std() / len(unseen) ** 0.5, REAL * learnt.mean()))

    def with_states(self, states: int, ctx: Context) -> "Stage":
        """More states: of one, drawn at random; of several, each twice, but a little different."""
        rng, circuit = ctx.rng("start"), self.circuit
        if circuit.states == 1:
            rows = self.training[: max(2_000, 20 * states)]
            likes = rng.dirichlet(np.full(states, 0.5), len(rows)).astype(np.float32)
            return replace(self, circuit=self.smoothing.shared(Counts.together(circuit, rows, likes), circuit))
        twice = np.arange(states) % circuit.states

        def noisy(shares: np.ndarray, axis: int) -> np.ndarray:
            out = shares * np.exp(NOISE * rng.standard_normal(shares.shape))
            return np.asarray(out / out.sum(axis=axis, keepdims=True), np.float32)

        transitions = tuple(
            noisy(T[:, twice] if parent < 0 else T[twice][:, twice], 1)
            for T, parent in zip(circuit.transitions, circuit.parents, strict=True)
        )
        emissions = tuple(noisy(B[:, twice], 0) for B in circuit.emissions)
        return replace(self, circuit=replace(circuit, transitions=transitions, emissions=emissions))

    def improved(self, passes: int, ctx: Context) -> "Stage":
        """The best circuit, as unseen rows judge, of some passes of on-line expectation-maximisation."""
        circuit, n = self.circuit, len(self.training)
        best, value, idle = circuit, self.value, 0
        size = int(np.clip(n // STEPS, LEAST_BATCH, BATCH))
        counts, step = Counts.expected(circuit, self.training[:size]).of_rows(n), 1
        for number in ctx.track(range(passes), f"learning {circuit.states} states"):
            rows = ctx.at("pass", number).rng("rows").permutation(n)[:PASS]
            for batch in np.array_split(rows, max(len(rows) // size, 1)):
                step += 1
                counts = counts.moved(Counts.expected(circuit, self.training[batch]), step**-DECAY)
                circuit = self.smoothing.shared(counts, circuit)
            now = self._value(circuit)
            idle = 0 if now > value + LEAST_GAIN else idle + 1
            if now > value:
                best, value = circuit, now
            if idle >= IDLE:
                break
        return replace(self, circuit=best)

    def smoothed(self) -> "Stage":
        """The smoothing that unseen rows like best: each number tripled, or cut to a third, as long as it helps."""
        counts = Counts.expected(self.circuit, self.training[:PASS]).of_rows(len(self.training))
        best, value = self, self.value
        for name in ("column", "neighbours", "states", "reach"):
            for factor in (3.0, 1 / 3):
                while True:
                    smoothing = best.smoothing.times(name, factor)
                    circuit = smoothing.shared(counts, self.circuit)
                    if (now := self._value(circuit)) <= value + LEAST_GAIN:
                        break
                    best, value = replace(best, circuit=circuit, smoothing=smoothing), now
        return best

    def _value(self, circuit: Circuit) -> float:
        return float(circuit.log_likelihood(self.judging).mean())
