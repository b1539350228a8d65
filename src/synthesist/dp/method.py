"""What every method that keeps units private shares: its options, its price, and that it never holds a row."""

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from synthesist.core import Context, Sampler, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.dp.domain import PRIVATE_KINDS, Domain
from synthesist.dp.queries import Asking

if TYPE_CHECKING:
    from synthesist.dp.accounting import Account
    from synthesist.dp.private import Holder

    Holding = Callable[[Dataset, Domain, Account, str | None], Holder]

__all__ = ["Learnt", "PrivateMethod"]

ROW = "one row"  # what a ledger protects if nothing else is said
DISCOVERY = 0.1  # of delta, for values of categories that are not declared


@dataclass(frozen=True)
class Learnt:
    """What a private method gave, and what the rows paid for it."""

    sampler: Sampler
    privacy: dict[str, Any]


class PrivateMethod(Spec):
    """A method under differential privacy: it asks questions, whose answers are noisy and whose price is written down.

    A subclass writes `ask`, which yields queries and is sent their answers. It is given what is public of the table,
    and never a row. Neighbouring tables differ by one unit, with all its rows.
    """

    accepts = PRIVATE_KINDS
    adaptive: ClassVar[bool] = True
    """Whether what a query costs may depend on earlier answers."""

    epsilon: float = knob(1.0, "how much the rows of one unit may show; smaller is more private", tries=(0.5, 20), gt=0)
    delta: float = knob(1e-9, "the chance that more is shown; far below 1 / rows", tries=(1e-12, 1e-2), gt=0, le=0.1)
    unit: str | None = knob(
        None,
        "the id column that says whose a row is; each row is a unit of its own where none is named",
        tries=(None, "patient"),
        affects="cost",  # in the table it is tried on every row has its own
    )
    contributions: int = knob(
        1,
        "the most rows one unit gives; more are left out",
        tries=(1, 40),
        beside={"unit": "patient"},
        ge=1,
        le=10_000,
    )

    def ask(self, domain: Domain, ctx: Context) -> Asking[Sampler]:
        """Yield queries, be sent their answers, and return what was learnt."""
        raise NotImplementedError

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        """Learn from answers to paid questions."""
        return self.learn(data, ctx).sampler

    def learn(self, data: Dataset, ctx: Context, holder: "Holding | None" = None) -> Learnt:
        """The same, with an account of what was paid; an audit lends a `holder` that looks on."""
        from synthesist.dp.costs import SampledGaussian
        from synthesist.dp.entropy import replayed
        from synthesist.dp.private import PrivateData, answered

        domain = Domain.of(data.schema, self.name(), self.unit, self.contributions)
        with self._account(domain, ctx) as account:
            sampler = answered(self.ask(domain, ctx), (holder or PrivateData)(data, domain, account, self.unit))
        whose = "a row" if self.unit is None else f"all rows of one `{self.unit}`"
        most = f", {self.contributions} at most" if self.contributions > 1 else ""
        return Learnt(
            sampler,
            {
                "epsilon": self.epsilon,
                "delta": self.delta,
                "unit": f"{whose}{most}",
                "neighbours": "one unit more or less",
                "noise": "replayed, so that nobody is protected" if replayed() else "of the operating system",
                "arithmetic": "idealised" if any(isinstance(c, SampledGaussian) for c in account.costs) else "exact",
                "bought": _bought(account),
                "mechanisms": dict(Counter(cost.model_dump()["kind"] for cost in account.costs)),
                **_kept_by(ctx),
            },
        )

    def budget(self, domain: Domain) -> tuple[float, float]:
        """What there is to spend: zCDP, and the part of delta that finds the values of categories."""
        from synthesist.dp.accounting import rho_for

        additive = self._additive(domain)
        return rho_for(self.epsilon, self.delta - additive), additive

    def planned(self, domain: Domain, ctx: Context) -> "Account":
        """An account like that of this run, on which nothing is charged: to plan what can be afforded."""
        from synthesist.dp.accounting import Account, Filter

        additive, beyond = self._additive(domain), []
        if ctx.ledger is not None:
            from synthesist.dp.ledger import Ledger

            reserved = Filter.of(self.epsilon, self.delta, additive).rho
            beyond = [Filter(reserved, Ledger.open(ctx.ledger).opened.order, additive)]
        return Account(self.epsilon, self.delta, additive=additive, adaptive=self.adaptive, beyond=beyond)

    def _additive(self, domain: Domain) -> float:
        """The part of delta that is kept for finding values."""
        return self.delta * DISCOVERY if domain.undeclared else 0.0

    @model_validator(mode="after")
    def _unit_of_contributions(self) -> Self:
        if self.contributions > 1 and self.unit is None:
            raise ValueError("`contributions` says how many rows a unit may have: name its column by `unit`")
        return self

    @contextmanager
    def _account(self, domain: Domain, ctx: Context) -> "Iterator[Account]":
        """The account of this run: of the ledger the run was lent, or of its own."""
        from synthesist.dp.accounting import Account

        terms: dict[str, Any] = {"additive": self._additive(domain), "adaptive": self.adaptive}
        if ctx.ledger is None:
            yield Account(self.epsilon, self.delta, **terms)
            return
        from synthesist.dp.ledger import Ledger

        ledger = Ledger.open(ctx.ledger)
        if self.unit is None and ledger.opened.unit != ROW:
            warnings.warn(
                f"{ctx.ledger} keeps account for {ledger.opened.unit}, and this run protects single rows. Where a unit "
                "has several, name the column that says whose a row is, by `unit`.",
                UserWarning,
                stacklevel=2,
            )
        with ledger.run(self.epsilon, self.delta, self.describe(), **terms) as account:
            yield account


def _kept_by(ctx: Context) -> dict[str, Any]:
    """The budget of the ledger that the run was charged to."""
    if ctx.ledger is None:
        return {}
    from synthesist.dp.ledger import Ledger

    opened = Ledger.open(ctx.ledger).opened
    return {"ledger": {"epsilon": opened.epsilon, "delta": opened.delta}}


def _bought(account: "Account") -> dict[str, float]:
    """What the budget went into: the share of each kind of question."""
    from synthesist.dp.accounting import Filter

    filter_ = Filter.of(account.epsilon, account.delta, account.additive)
    shares: dict[str, float] = {}
    for cost, about in account.entries:
        kind = about.split(" of ")[0]
        shares[kind] = shares.get(kind, 0.0) + filter_.spent([cost])
    total = sum(shares.values())
    return {kind: round(share / total, 4) for kind, share in shares.items()}
