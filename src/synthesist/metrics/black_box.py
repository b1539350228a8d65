"""Whether an attacker who has learnt how the method leaks tells who was in the training table."""

from typing import Any

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.errors import SynthesistError
from synthesist.metrics import _trees
from synthesist.metrics._columns import Column, Columns, encoded
from synthesist.metrics._membership import FEWEST, Attacked, Floats, Stock, log_distance, told_apart, too_few
from synthesist.metrics._nearest import Gower
from synthesist.metrics._scale import Scale
from synthesist.metrics._shadows import Maker, copied, learner, shadows

__all__ = ["BlackBox"]

SCALE = Scale(
    metric="black_box",
    title="Learnt black-box attack (AUC)",
    family="privacy",
    best=0.5,
    worst=1.0,
    meaning="How well an attacker who practised on the same method tells people in the training table from people "
    "outside it; 0.5 is a guess.",
)
NEIGHBOURS = 5


class BlackBox(Spec):
    """How well an attacker who practised on the method tells who was in train: 0.5 is a guess, 1 is sure.

    The method learns again from random halves of members and strangers together; boosted trees learn from that
    what the rows of a training table have about them: how near the five nearest synthetic rows and the nearest
    rows of the population lie, and for each column how common the value is among both or how near the next one.
    So the attack finds by itself whether the method gives away whole rows, neighbourhoods or single values. Who
    is in a half is drawn by lot: nothing about the true members is learnt.

    Details are those of `membership`; `power` is the same attack on a method that copies; the reference attacks
    half of the known population, from which nobody attacked can be told.

    Houssiau et al. 2022, TAPAS: a Toolbox for Adversarial Privacy Auditing of Synthetic Data, arXiv:2211.06550.

    When not to use: for methods that take long to learn; each pair learns twice. As proof of anonymity.
    """

    needs = frozenset({"method"})

    pairs: int = knob(2, "how often the method learns again, from one half and from the other", tries=(1, 2), ge=1)
    rows: int = knob(3_000, "most members and most strangers that are attacked", tries=(30, 60), ge=FEWEST)
    spare: int = knob(20_000, "most further training rows the method learns from again", tries=(0, 60), ge=0)
    stock: int = knob(20_000, "most synthetic and most known rows the attack looks at", tries=(50, 100), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Attack the synthetic table; the reference attacks a table made of unseen rows."""
        columns = encoded(case)
        if case.method is None:
            return SCALE.skip("No method was given that could learn again.")
        if reason := columns.unusable or too_few(columns):
            return SCALE.skip(reason)
        attacked = Attacked.drawn(columns, self.rows, ctx)
        made = ctx.rng("synthetic rows").permutation(columns.rows["synthetic"])[: self.stock]
        own = ctx.rng("copies").permutation(attacked.train)[: self.stock]
        known: Stock = "holdout", attacked.known[: self.stock]
        half: Stock = "holdout", known[1][: len(known[1]) // 2]
        try:
            trees = self._practised(case, learner(case.method), attacked, len(made), known, ctx.at("method"))
        except SynthesistError as error:
            return SCALE.skip(f"The method did not learn again: {error}")
        on_copies = self._practised(case, copied, attacked, len(own), known, ctx.at("copies"))

        def attack(trees: Any, made: Stock) -> tuple[Floats, Floats]:
            suspicion = _trees.predict(trees, _features(columns, attacked, made, known, ctx))
            return suspicion[: len(attacked.strangers)], suspicion[len(attacked.strangers) :]

        found, details = told_apart(*attack(trees, ("synthetic", made)))
        null, _ = told_apart(*attack(trees, half))
        power, _ = told_apart(*attack(on_copies, ("train", own)))
        details |= {"power": power.value, "targets": len(attacked.members), "fits": 2 * self.pairs}
        return SCALE.score(found, null, details)

    def _practised(self, case: Evidence, maker: Maker, attacked: Attacked, n: int, known: Stock, ctx: Context) -> Any:
        """Trees that expect whether a target was learnt from."""
        seen, inside = [], []
        for within, evidence in shadows(case, maker, attacked, self.spare, self.pairs, n, ctx):
            seen.append(_features(encoded(evidence), attacked, ("synthetic", np.arange(n)), known, ctx))
            inside.append(within)
        return _trees.fit(np.concatenate(seen), np.concatenate(inside).astype(float), [], "binary", ctx)


def _features(columns: Columns, attacked: Attacked, made: Stock, known: Stock, ctx: Context) -> Floats:
    """What the attacker sees of each target, `[target, feature]`, strangers first."""
    gower = Gower.of(columns)

    def of(side: Stock) -> Floats:
        among = log_distance(gower, side, made, ctx.threads, NEIGHBOURS)
        usual = log_distance(gower, side, known, ctx.threads)
        cells = [_seen(column, side, stock) for column in columns.all for stock in (made, known)]
        rarer = [one - other for one, other in zip(cells[::2], cells[1::2], strict=True)]
        return np.column_stack([among, usual, among - usual, *cells, *rarer])

    return np.concatenate([of(side) for side in attacked.sides])


def _seen(column: Column, side: Stock, among: Stock) -> Floats:
    """How common each cell is among these rows, in logs: the share of a category, the gap to the next number."""
    cells, stock = column[side[0]][side[1]], column[among[0]][among[1]]
    if not column.numeric:
        counts = np.bincount(stock, minlength=column.levels + 1)
        return np.log((counts[cells] + 0.5) / len(stock))
    values = np.unique(stock[~np.isnan(stock)])
    if len(values) == 0:
        return np.zeros(len(cells))
    after = np.searchsorted(values, np.nan_to_num(cells)).clip(1, max(len(values) - 1, 1))
    near = values[[np.minimum(after, len(values) - 1), after - 1]]
    gap = np.abs(near - cells).min(axis=0) / (np.ptp(values) or 1.0)
    return np.where(np.isnan(cells), 0.0, np.log(gap + 1e-9))
