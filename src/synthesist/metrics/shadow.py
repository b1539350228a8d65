"""Whether an attacker who can run the method tells who was in the training table: the likelihood ratio attack."""

import numpy as np

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.errors import SynthesistError
from synthesist.metrics._columns import Columns, encoded
from synthesist.metrics._membership import FEWEST, Attacked, Floats, Rows, Stock, log_distance, told_apart, too_few
from synthesist.metrics._nearest import Gower
from synthesist.metrics._scale import Scale
from synthesist.metrics._shadows import Maker, copied, learner, shadows

__all__ = ["Shadow"]

SCALE = Scale(
    metric="shadow",
    title="Shadow-model attack (AUC)",
    family="privacy",
    best=0.5,
    worst=1.0,
    meaning="How well an attacker who can run the same method tells people in the training table from people outside "
    "it; 0.5 is a guess.",
)


class Shadow(Spec):
    """How well an attacker who can run the method tells who was in train: 0.5 is a guess, 1 is certainty.

    The likelihood ratio attack: the method learns again from random halves of members and strangers together, so
    that for each person it is seen how near the nearest synthetic row lies when the person was learnt from, and
    when not. The real synthetic table is then compared with both. The difference a person makes is seen only
    `pairs` times, so it is drawn towards that of all (empirical Bayes), and both spreads are taken as one.

    This is the auditor's view: it asks for more than most attackers have, and finds the records that make a
    difference, which are seldom the average ones. Details are those of `membership`; `power` is the same attack
    on a method that copies; the reference attacks half the holdout, from which nobody attacked can be told.

    Carlini et al. 2022, Membership Inference Attacks From First Principles, IEEE S&P,
    doi:10.1109/SP46214.2022.9833649.

    When not to use: for methods that take long to learn; each pair learns twice. As proof of anonymity.
    """

    needs = frozenset({"method"})

    pairs: int = knob(4, "how often the method learns again, from one half and from the other", tries=(1, 2), ge=1)
    rows: int = knob(2_000, "most members and most strangers that are attacked", tries=(30, 60), ge=FEWEST)
    spare: int = knob(20_000, "most further training rows the method learns from again", tries=(0, 60), ge=0)
    stock: int = knob(20_000, "most synthetic rows the attack looks at", tries=(50, 100), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Attack the synthetic table; the reference attacks a table made of unseen rows."""
        columns = encoded(case)
        if case.method is None:
            return SCALE.skip("No method was given that could learn again.")
        if reason := columns.unusable or too_few(columns):
            return SCALE.skip(reason)
        attacked = Attacked.drawn(columns, self.rows, ctx)
        made = ctx.rng("synthetic rows").permutation(columns.rows["synthetic"])[: self.stock]
        known, own = attacked.known[: self.stock], ctx.rng("copies").permutation(attacked.train)[: self.stock]
        try:
            judge = self._judge(case, learner(case.method), attacked, len(made), ctx.at("method"))
        except SynthesistError as error:
            return SCALE.skip(f"The method did not learn again: {error}")
        copier = self._judge(case, copied, attacked, len(own), ctx.at("copies"))
        found, details = told_apart(*judge.suspicions(columns, attacked, ("synthetic", made), ctx))
        null, _ = told_apart(*judge.suspicions(columns, attacked, ("holdout", known), ctx))
        power, _ = told_apart(*copier.suspicions(columns, attacked, ("train", own), ctx))
        details |= {"power": power.value, "targets": len(attacked.members), "fits": 2 * self.pairs}
        return SCALE.score(found, null, details)

    def _judge(self, case: Evidence, maker: Maker, attacked: Attacked, n: int, ctx: Context) -> "_Judge":
        """What is known of each target after the method has learnt again."""
        near, within = [], []
        for inside, evidence in shadows(case, maker, attacked, self.spare, self.pairs, n, ctx):
            near.append(_nearness(encoded(evidence), attacked, ("synthetic", np.arange(n)), ctx))
            within.append(inside)
        return _Judge(np.array(near), np.array(within))


class _Judge:
    """How near the synthetic rows come to each target, by whether it was learnt from."""

    def __init__(self, near: Floats, inside: Rows) -> None:
        pairs = len(near) // 2
        means = [np.where(side, near, 0).sum(axis=0) / pairs for side in (inside, ~inside)]
        self.middle = (means[0] + means[1]) / 2
        difference = means[0] - means[1]
        left = np.where(inside, near - means[0], near - means[1])
        noise = 2 * float((left**2).sum() / max((2 * pairs - 2) * near.shape[1], 1)) / pairs
        spread = max(float(difference.var()) - noise, 0.0) if pairs > 1 else 0.0
        trust = spread / (spread + noise) if spread > 0 else 0.0
        self.difference = difference.mean() + trust * (difference - difference.mean())

    def suspicions(self, columns: Columns, attacked: Attacked, made: Stock, ctx: Context) -> tuple[Floats, Floats]:
        """How much likelier the nearness of these rows is if the target was learnt from; strangers, then members."""
        ratio = self.difference * (_nearness(columns, attacked, made, ctx) - self.middle)
        return ratio[: len(attacked.strangers)], ratio[len(attacked.strangers) :]


def _nearness(columns: Columns, attacked: Attacked, made: Stock, ctx: Context) -> Floats:
    """The log distance of every target to the nearest made row."""
    gower = Gower.of(columns)
    return np.concatenate([log_distance(gower, side, made, ctx.threads)[:, 0] for side in attacked.sides])
