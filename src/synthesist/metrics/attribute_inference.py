"""Whether synthetic rows tell an attacker what somebody in the training table keeps secret."""

from typing import Any

import numpy as np
import numpy.typing as npt

from synthesist.core import Context, Evidence, Score, Spec, knob
from synthesist.errors import NotFoundError, did_you_mean
from synthesist.metrics._columns import Column, Columns, Side, encoded
from synthesist.metrics._estimate import Estimate, sample
from synthesist.metrics._nearest import Gower
from synthesist.metrics._risk import Rate, beyond, effective, rate
from synthesist.metrics._scale import Scale

__all__ = ["AttributeInference"]

Array = npt.NDArray[Any]
Rows = npt.NDArray[np.int64]
Stock = tuple[Side, Rows]

SCALE = Scale(
    metric="attribute_inference",
    title="Inference risk",
    family="privacy",
    best=0.0,
    worst=1.0,
    meaning="The share of secrets that an attacker guesses from the synthetic rows because the person was in the "
    "training table, beyond what the same attack guesses about strangers; 0 or below is what chance gives.",
)
FEWEST = 20
CONTROLS = 1_000
"""The attacks of the two controls, which bound what the main number can mean and need not be as sharp."""


class AttributeInference(Spec):
    """How often synthetic rows give away a secret of a training person, beyond strangers: 0 is chance.

    The attacker knows some columns of a person, looks up the nearest synthetic row by Gower's distance over them,
    and takes its value for the secret. A number is guessed right within `tolerance` of the guess (a date: within
    that share of the real range), anything else when it is equal. Strangers' secrets are guessed too, wherever
    columns depend on each other: that is no leak, so the rate among rows of train is set against that among rows
    of the holdout. The risk is (attack - control) / (1 - control).

    The value is the risk over all secrets, each of which is tried on every attacked row, with an interval that
    takes a row's secrets together. `parts` gives each secret by itself with Wilson's intervals; of twenty columns
    without any leak one is expected to seem to have one. `power` is the risk of a table that copies train; the
    reference is the risk where half the holdout stands in for the synthetic table.

    Inference is the third of the three tests of the Article 29 Working Party (opinion 05/2014) and the European
    Data Protection Board. Giomi et al. 2023, doi:10.56553/popets-2023-0055.

    When not to use: as proof of anonymity; a learnt attack, or one that knows the method, may guess more.
    """

    standard = 76

    attacks: int = knob(2_000, "most rows of train, and of the holdout, that are attacked", tries=(60, 120), ge=FEWEST)
    secrets: tuple[str, ...] = knob((), "columns to guess; all where nothing is said", tries=(("age",), ("city",)))
    known: tuple[str, ...] = knob(
        (), "columns the attacker knows; all but the secret where nothing is said", tries=(("age",), ("age", "stay"))
    )
    tolerance: float = knob(0.05, "how far off a guessed number counts as right, relative", tries=(0.01, 0.5), ge=0)
    stock: int = knob(50_000, "most synthetic rows the attacker looks at", tries=(40, 200), ge=FEWEST)

    def score(self, case: Evidence, ctx: Context) -> Score:
        """Guess the secrets of train by the synthetic rows; the holdout is the control."""
        columns = encoded(case)
        if columns.unusable:
            return SCALE.skip(columns.unusable)
        secrets, known = (self._named(names, case, columns) for names in (self.secrets, self.known))
        secrets = [secret for secret in secrets if any(column.name != secret.name for column in known)]
        if not secrets:
            return SCALE.skip("There is no secret column with another one beside it that the attacker knows.")
        if min(columns.rows["train"], columns.rows["holdout"] // 2, columns.rows["synthetic"]) < FEWEST:
            return SCALE.skip(f"The attack needs {FEWEST} rows in train and synthetic and {2 * FEWEST} in the holdout.")
        gower = Gower.of(Columns(tuple(known), columns.rows))
        train, holdout, synthetic = (sample(ctx.rng(f"{side} rows"), n, n) for side, n in columns.rows.items())

        def attack(made: Stock, strangers: Rows, most: int) -> tuple[Estimate, Array, Array]:
            """The risk over all secrets, and which guesses were right, `[target, secret]`, for train and strangers."""
            attacked: tuple[Stock, Stock] = ("train", train[:most]), ("holdout", strangers[:most])
            own, control = (self._right(gower, secrets, targets, made, ctx) for targets in attacked)
            return beyond(_over_all(own), _over_all(control)), own, control

        made = synthetic[: self.stock]
        found, own, control = attack(("synthetic", made), holdout, self.attacks)
        fewer = min(self.attacks, CONTROLS)
        copy = ctx.rng("copy").permutation(train)[: self.stock]
        first, rest = np.array_split(holdout, 2)
        reference, *_ = attack(("holdout", first[: self.stock]), rest, fewer)
        details: dict[str, Any] = {
            "attack_rate": float(own.mean()),
            "control_rate": float(control.mean()),
            "power": attack(("train", copy), holdout, fewer)[0].value,
            "attacks": len(own),
            "rows": len(made),
            "parts": [_part(secret, own[:, j], control[:, j]) for j, secret in enumerate(secrets)],
        }
        return SCALE.score(found, reference, details)

    def _right(self, gower: Gower, secrets: list[Column], targets: Stock, made: Stock, ctx: Context) -> Array:
        """Which secrets the nearest made row tells rightly, `[target, secret]`."""
        _, place = gower.nearest_without(*targets, *made, ctx.threads)
        of = {column.name: j for j, column in enumerate(gower.columns.all)}
        (side, rows), (stock, others) = targets, made
        right = np.empty((len(rows), len(secrets)), bool)
        for j, secret in enumerate(secrets):
            guess = secret[stock][others[place[:, of.get(secret.name, -1)]]]
            right[:, j] = self._meets(secret, guess, secret[side][rows])
        return right

    def _meets(self, secret: Column, guess: Array, truth: Array) -> Array:
        """Whether each guess is near enough; missing meets missing."""
        if not secret.numeric:
            return guess == truth
        whole = Gower.of(Columns((secret,), {})).ranges[secret.name]
        room = np.abs(guess) if secret.kind != "moment" else whole[1] - whole[0]
        return (np.abs(guess - truth) <= self.tolerance * room) | (np.isnan(guess) & np.isnan(truth))

    def _named(self, names: tuple[str, ...], case: Evidence, columns: Columns) -> list[Column]:
        """The columns of these names that can be compared, or all."""
        for name in names:
            if name not in case.train.kinds.columns:
                raise NotFoundError(f"No column `{name}`. {did_you_mean(name, case.train.kinds.columns)}")
        return [column for column in columns.all if not names or column.name in names]


def _over_all(right: Array) -> Rate:
    """The rate over all targets and secrets."""
    of_target = right.mean(axis=1)
    return rate(float(of_target.mean()), effective(of_target))


def _part(secret: Column, own: Array, control: Array) -> dict[str, Any]:
    """The risk of one secret."""
    rates = [rate(float(right.mean()), len(right)) for right in (own, control)]
    found = beyond(*rates)
    return {"column": secret.name, **found._asdict(), "rate": rates[0].value, "control": rates[1].value}
