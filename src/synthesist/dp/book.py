"""What the lines of a ledger say, and the state they add up to."""

from dataclasses import dataclass, field
from math import fsum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from synthesist.data.schema import faults
from synthesist.dp.costs import AnyCost, Cost
from synthesist.dp.filters import Filter, epsilon_of, within
from synthesist.dp.processes import Process
from synthesist.errors import BudgetError, DataError, NotFoundError, SpecError, did_you_mean

__all__ = ["Begun", "Book", "Charged", "Closed", "Line", "Opened", "Run", "floored", "line_of"]

Words = Annotated[str, Field(max_length=2_000)]
Name = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


class Line(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Opened(Line):
    """The first: the budget of a data set, for all runs together."""

    kind: Literal["ledger"] = "ledger"
    version: Literal[1] = 1
    time: Time
    epsilon: float
    delta: float
    additive: float
    order: Annotated[float, Field(gt=1, le=1e11)]
    unit: Words
    about: Words

    @property
    def filter(self) -> Filter:
        """How much all runs together may cost."""
        return Filter.of(self.epsilon, self.delta, self.additive, self.order)


class Begun(Line):
    """A run reserves what it may spend, before the data is touched."""

    kind: Literal["begun"] = "begun"
    run: Name
    time: Time
    about: Words
    epsilon: float
    delta: float
    additive: Annotated[float, Field(ge=0, lt=1)]
    rho: Annotated[float, Field(gt=0)]
    process: Process


class Charged(Line):
    """A question of a run, written before its answer."""

    kind: Literal["charged"] = "charged"
    run: Name
    about: Words
    cost: AnyCost


class Closed(Line):
    """A run asks nothing more: it is done, or was settled after its process had died."""

    kind: Literal["closed"] = "closed"
    run: Name
    time: Time
    how: Literal["done", "settled"]


LINES: TypeAdapter[Opened | Begun | Charged | Closed] = TypeAdapter(
    Annotated[Opened | Begun | Charged | Closed, Field(discriminator="kind")]
)


def line_of(entry: dict[str, Any]) -> Opened | Begun | Charged | Closed:
    """A line as it is read.

    Raises:
        DataError: it says what no line says.
    """
    try:
        return LINES.validate_python(entry)
    except ValidationError as error:
        raise DataError(f"it has {faults(error)}") from None


@dataclass
class Run:
    """One run of a ledger."""

    begun: Begun
    state: Literal["open", "done", "settled"] = "open"
    costs: list[Cost] = field(default_factory=list)
    spent: float = 0.0
    """The rho of what was charged."""
    additive: float = 0.0

    @property
    def rho(self) -> float:
        """What counts as spent: all that was reserved, as long as more may be asked."""
        return self.begun.rho if self.state == "open" else self.spent

    @property
    def delta(self) -> float:
        """The part of delta for questions with a delta of their own that counts as spent."""
        return self.begun.additive if self.state == "open" else self.additive


@dataclass
class Book:
    """The state of a ledger. What its lines cannot have done, `take` refuses: on reading as when they are written."""

    opened: Opened
    filter: Filter
    runs: dict[str, Run] = field(default_factory=dict)

    @property
    def rho(self) -> float:
        """The rho that counts as spent."""
        return fsum(run.rho for run in self.runs.values())

    @property
    def additive(self) -> float:
        """The part of delta that counts as spent."""
        return fsum(run.delta for run in self.runs.values())

    def take(self, line: Line) -> None:
        """Go on by a line.

        Raises:
            BudgetError: it takes more than is left.
            DataError, NotFoundError, SpecError: it does not fit to the lines before.
        """
        match line:
            case Begun():
                self._begin(line)
            case Charged():
                self._charge(self.run(line.run, open_=True), line.cost)
            case Closed():
                self.run(line.run, open_=True).state = line.how
            case _:
                raise DataError("a ledger begins once")

    def run(self, name: str, *, open_: bool = False) -> Run:
        """A run by its name.

        Raises:
            NotFoundError: there is none.
            SpecError: it is over, and `open_` was asked for.
        """
        if name not in self.runs:
            raise NotFoundError(f"There is no run {name} in this ledger. {did_you_mean(name, self.runs)}")
        if open_ and self.runs[name].state != "open":
            raise SpecError(f"The run {name} is over: it is {self.runs[name].state}.")
        return self.runs[name]

    def epsilon_left(self, delta: float, additive: float = 0.0) -> float:
        """The largest epsilon that a run of this delta may still ask for."""
        left = self.filter.rho - self.rho
        if left < self.filter.rho * 1e-6 or delta <= additive:
            return 0.0
        return epsilon_of([Cost.gaussian((2 * left * (1 - 1e-6)) ** -0.5)], delta - additive)

    def _begin(self, line: Begun) -> None:
        if line.run in self.runs:
            raise DataError(f"the run {line.run} begins twice")
        if not self.filter.admits(self.rho + line.rho, self.additive + line.additive):
            raise BudgetError(self._refusal(line))
        self.runs[line.run] = Run(line)

    def _charge(self, run: Run, cost: Cost) -> None:
        spent, additive = run.spent + cost.rho(self.filter.order), run.additive + cost.additive
        if not Filter(run.begun.rho, self.filter.order, run.begun.additive).admits(spent, additive):
            raise BudgetError(f"the run {run.begun.run} asks for more than it has reserved")
        run.costs.append(cost)
        run.spent, run.additive = spent, additive

    def _refusal(self, line: Begun) -> str:
        asked = f"A run of epsilon {line.epsilon:g}, delta {line.delta:g}"
        open_ = [name for name, run in self.runs.items() if run.state == "open"]
        more = f" Open runs hold all they reserved; if they crashed, settle them: {', '.join(open_)}." if open_ else ""
        if not within(self.additive + line.additive, self.filter.additive):
            left = max(0.0, self.filter.additive - self.additive)
            return (
                f"{asked} keeps {line.additive:.3g} of delta for questions with a delta of their own; of what the "
                f"ledger keeps for them {left:.3g} is left.{more} A ledger is opened with such a part, "
                "`--additive`; a run does not ask for it where the schema lists all values."
            )
        left = self.epsilon_left(line.delta, line.additive)
        return (
            f"{asked} takes rho {line.rho:.4g} of the ledger; {max(0.0, self.filter.rho - self.rho):.4g} is left: at "
            f"this delta that is epsilon {floored(left)}.{more}"
        )


def floored(value: float) -> str:
    """A number with four digits, never above it.

    >>> floored(0.99999), floored(0.0)
    ('0.9999', '0')
    """
    from decimal import ROUND_FLOOR, Context

    return f"{Context(prec=4, rounding=ROUND_FLOOR).create_decimal_from_float(value):f}"
