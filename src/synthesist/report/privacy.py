"""What a private method promises of the rows it made: in plain words, and under the headings of those who ask."""

from collections.abc import Mapping
from functools import cached_property
from math import ceil, exp, inf
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthesist.data.schema import faults
from synthesist.errors import DataError

__all__ = ["CURATOR", "CURATOR_MORE", "Budget", "Privacy"]

CURATOR = "Curator only, not for release: computed from the real rows."
CURATOR_MORE = (
    "This page is the curator's. Its scores, charts and findings are computed from the real rows, and nothing has paid "
    "for that: who has them beside the model can put rows together again. Attacks that let the method learn again "
    "charge no ledger, as nothing of what they learn leaves this page. To publish, write the released page instead, by "
    "`report.released()` or `--release`."
)
SMALL_GROUPS = "Small groups come out worse than large ones: noise hides what few rows say."
LARGE = 10.0  # an epsilon beyond it promises hardly anything
LINES = 12  # kinds of question that are told one by one
EXACT = "Exact: noise is drawn in whole numbers, so no rounding gives anything away."
IDEALISED = (
    "Idealised: noise is added in floating point. The promise is that of the mechanism on paper; what its rounding may "
    "give away is not covered."
)
Words = Annotated[str, Field(max_length=500)]
Rows = tuple[tuple[str, str], ...]
MECHANISMS = {
    "gaussian": "discrete Gaussian",
    "selection": "exponential mechanism",
    "threshold": "discrete Gaussian above a threshold",
    "sampled_gaussian": "Gaussian on random batches",
}


class Budget(BaseModel):
    """What all runs of a ledger together may spend."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    epsilon: Annotated[float, Field(gt=0)]
    delta: Annotated[float, Field(ge=0, lt=1)]


class Privacy(BaseModel):
    """The promise of a private method, as the provenance of its model states it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    epsilon: Annotated[float, Field(gt=0)]
    delta: Annotated[float, Field(ge=0, lt=1)]
    unit: Words
    neighbours: Words
    noise: Words
    arithmetic: Words
    bought: Annotated[dict[str, float], Field(max_length=1_000_000)] = {}
    """The share of the budget that each kind of question took."""
    mechanisms: Annotated[dict[Words, int], Field(max_length=20)] = {}
    """How often each mechanism answered."""
    ledger: Budget | None = None
    """The budget of the ledger it was charged to."""

    @classmethod
    def of(cls, provenance: Mapping[str, Any]) -> Self | None:
        """The promise that comes with a model; None where its method makes none.

        Raises:
            DataError: what stands there is no such promise.
        """
        if "privacy" not in provenance:
            return None
        try:
            return cls.model_validate(provenance["privacy"])
        except ValidationError as error:
            raise DataError(f"The privacy statement of these rows has {faults(error, cls)}") from None

    @property
    def protects(self) -> bool:
        """Whether the noise was anything but a replay."""
        return not self.noise.startswith("replayed")

    @property
    def claim(self) -> str:
        """One sentence."""
        if not self.protects:
            return "These rows protect nobody: the noise was replayed, as in a test."
        return (
            f"These rows are differentially private: epsilon {self.epsilon:g}, delta {self.delta:g}, for {self.unit}."
        )

    @property
    def meaning(self) -> str:
        """What the numbers say, in plain words."""
        factor = exp(self.epsilon) if self.epsilon < 700 else inf
        told = (
            f"Whatever somebody knows already: whether {self.unit} stood in the table or not changes the odds of any "
            f"conclusion they draw from these rows by a factor of {_factor(factor)} at most (e to the power of "
            f"epsilon). Who thinks it as likely as not, at 50 %, can be {_percent(self.epsilon)} sure afterwards at "
            f"most. Beyond that lies a probability of {self.delta:g} at most."
        )
        if self.epsilon > LARGE:
            told += f" An epsilon above {LARGE:g} promises hardly anything: read it as a defect, not as protection."
        return told

    @cached_property
    def limits(self) -> tuple[str, ...]:
        """What it does not promise."""
        rows = ("People with several rows are not protected as a whole: each of their rows is by itself.",)
        return (
            "Secrets that follow from what is true of everybody are not kept: that smoking makes ill tells of every "
            "smoker, in the table or not.",
            f"Other releases from the same rows are not covered: what each gives away adds up. {self._together}",
            "The schema is not kept: names of columns, kinds, bounds and listed values were taken as public, and show.",
            "That the rows beside this page are those that the model drew is taken on trust.",
            "Side channels are not covered: how long learning took, the memory and the logs of the machine.",
            *(rows if self.unit == "a row" else ()),
            SMALL_GROUPS,
        )

    @property
    def exactness(self) -> str:
        """Whether the promise holds for the arithmetic of a computer."""
        return EXACT if self.arithmetic == "exact" else IDEALISED

    @property
    def paid(self) -> tuple[tuple[str, float], ...]:
        """What the budget bought, with its share, the largest first; what is beyond a screen is put together."""
        ranked = sorted(self.bought.items(), key=lambda item: -item[1])
        if len(ranked) <= LINES:
            return tuple(ranked)
        rest = ranked[LINES - 1 :]
        return (*ranked[: LINES - 1], (f"{len(rest):,} others", sum(share for _, share in rest)))

    @property
    def nist(self) -> Rows:
        """Answers under the headings of NIST SP 800-226 (2025), doi:10.6028/NIST.SP.800-226."""
        return (
            ("Privacy parameters", f"epsilon {self.epsilon:g}, delta {self.delta:g}"),
            ("Unit of privacy", f"{self.unit}; neighbouring tables differ by {self.neighbours}"),
            ("Composition", self._composition),
            ("Algorithms and correctness", f"{self._mechanisms}. {self.exactness} Noise: {self.noise}."),
            ("Utility and bias", f"{SMALL_GROUPS} Scores against real rows are the curator's only."),
            ("Trust model", "Central: a curator holds the rows and is trusted with them; readers are not."),
            ("Side channels", "Not covered: time, memory and logs of the curator's machine."),
            ("Security and access control", "The real rows, and any page computed from them, stay with the curator."),
            ("Data collection", "Not covered: how the rows were collected, who has seen them, where they lie."),
        )

    def card(self, justification: str = "") -> Rows:
        """The fields of a card in the registry of deployments by OpenDP and NIST."""
        return (
            ("Privacy unit", f"{self.unit}; neighbours: {self.neighbours}"),
            ("Privacy loss", f"({self.epsilon:g}, {self.delta:g})-differential privacy"),
            ("Model", "central, one release, not interactive"),
            ("Mechanisms", self._mechanisms),
            (
                "Preprocessing",
                "none outside the account: kinds, bounds and values were declared or bought; a cell that does not fit "
                "counts as empty, or its row is left out; so are rows of a unit beyond its limit, and rows of no unit. "
                "How a file is decoded, and the types of its columns, are taken as public",
            ),
            ("Composition", self._composition),
            ("Implementation", f"{self.exactness} Noise: {self.noise}."),
            ("Justification", justification or "not given: those who release the rows say why this epsilon"),
        )

    @property
    def _mechanisms(self) -> str:
        named = (f"{MECHANISMS.get(kind, kind)} ({times:,})" for kind, times in self.mechanisms.items())
        return ", ".join(named) or "not recorded"

    @property
    def _composition(self) -> str:
        return (
            "All questions of the run together, in zero-concentrated differential privacy; random batches by Rényi "
            f"divergence. {self._together}"
        )

    @property
    def _together(self) -> str:
        if self.ledger is None:
            return "This run was charged to no ledger, so nobody has kept account of others."
        return (
            f"A ledger keeps account: all runs charged to it stay within epsilon {self.ledger.epsilon:g}, "
            f"delta {self.ledger.delta:g} together."
        )


def _factor(factor: float) -> str:
    """Rounded up, as it is a bound."""
    if factor >= 1e9:
        return "more than a billion"
    return f"{ceil(factor):,}" if factor >= 100 else f"{ceil(factor * 100) / 100:g}"


def _percent(epsilon: float) -> str:
    """How sure one may be at most who thought it as likely as not; rounded up, but never to certainty."""
    share = 100 / (1 + exp(-epsilon))
    return "more than 99.9 %" if share > 99.9 else f"{ceil(share * 10) / 10:g} %"
