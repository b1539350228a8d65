"""What a question costs, as a value that travels as JSON.

Two tables are neighbours when one has a unit more than the other. Costs are told in zero-concentrated differential
privacy: rho bounds the Rényi divergence of every order a by a * rho. Training on random batches has no such rho; of
it, rho means the divergence of one order over that order.

References: Bun and Steinke, TCC 2016, doi:10.1007/978-3-662-53641-4_24 (zCDP); Canonne, Kamath and Steinke,
Journal of Privacy and Confidentiality 12(1), 2022, doi:10.29012/jpc.784 (discrete Gaussian); Cesar and Rogers,
ALT 2021, arXiv:2004.07223 (exponential mechanism); Mironov, Talwar and Zhang, arXiv:1908.10530 (sampled Gaussian).
"""

from functools import lru_cache
from math import ceil, floor
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from synthesist.data.schema import faults
from synthesist.errors import MissingExtraError, SpecError

__all__ = ["AnyCost", "Cost", "Gaussian", "SampledGaussian", "Selection", "Threshold", "library"]

C = TypeVar("C", bound="Cost")
Positive = Annotated[float, Field(ge=1e-9, le=1e18)]
Probability = Annotated[float, Field(gt=0, lt=1)]

LARGEST_ORDER = 2_048  # above it batches are counted as if every unit were in each: that costs little there


class Cost(BaseModel):
    """What one question costs."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @staticmethod
    def gaussian(sigma: float, sensitivity: float = 1) -> "Gaussian":
        """Whole numbers with discrete Gaussian noise of parameter `sigma`; a unit moves them by this much in L2."""
        return _made(Gaussian, sigma=sigma, sensitivity=sensitivity)

    @staticmethod
    def selection(epsilon: float) -> "Selection":
        """A choice by the exponential mechanism, with probabilities as exp(epsilon * score / (2 * sensitivity))."""
        return _made(Selection, epsilon=epsilon)

    @staticmethod
    def threshold(sigma: float, sensitivity: float, delta: float) -> "Threshold":
        """Values found by noisy counts above a threshold that one unit alone passes with probability `delta`."""
        return _made(Threshold, sigma=sigma, sensitivity=sensitivity, delta=delta)

    @staticmethod
    def sampled_gaussian(noise_multiplier: float, rate: float, steps: int) -> "SampledGaussian":
        """Training: in each step every unit takes part with probability `rate`; noise over the clipping norm."""
        return _made(SampledGaussian, noise_multiplier=noise_multiplier, rate=rate, steps=steps)

    @property
    def additive(self) -> float:
        """The probability that no epsilon bounds what is given away."""
        return 0.0

    def rho(self, order: float) -> float:
        """The most that the Rényi divergence of this order is, over the order."""
        raise NotImplementedError


class Gaussian(Cost):
    """Whole numbers with discrete Gaussian noise."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: Positive
    sensitivity: Positive = 1.0

    def rho(self, order: float) -> float:
        """The same for all orders: Theorem 14 of Canonne, Kamath and Steinke."""
        del order
        return (self.sensitivity / self.sigma) ** 2 / 2


class Selection(Cost):
    """A choice by the exponential mechanism."""

    kind: Literal["selection"] = "selection"
    epsilon: Annotated[float, Field(ge=1e-9, le=1e6)]

    def rho(self, order: float) -> float:
        """The same for all orders, as the range of its privacy loss is epsilon: Lemma 3.2 of Cesar and Rogers."""
        del order
        return self.epsilon**2 / 8


class Threshold(Gaussian):
    """Values found by noisy counts above a threshold."""

    kind: Literal["threshold"] = "threshold"  # type: ignore[assignment]
    delta: Probability

    @property
    def additive(self) -> float:
        return self.delta


class SampledGaussian(Cost):
    """Training on random batches."""

    kind: Literal["sampled_gaussian"] = "sampled_gaussian"
    noise_multiplier: Annotated[float, Field(ge=1e-3, le=1e9)]
    rate: Annotated[float, Field(gt=0, le=1)]
    steps: Annotated[int, Field(ge=1, le=10**9)]

    def rho(self, order: float) -> float:
        """By dp-accounting at whole orders; between them a chord, as order - 1 times the divergence is convex."""
        always = 1 / (2 * self.noise_multiplier**2)
        if order > LARGEST_ORDER:
            return self.steps * always
        below, above = ((k - 1) * _sampled(self.noise_multiplier, self.rate, k) for k in (floor(order), ceil(order)))
        chord = below + (above - below) * (order - floor(order))
        return self.steps * min(always, chord / (order - 1) / order)


AnyCost = Annotated[Gaussian | Selection | Threshold | SampledGaussian, Field(discriminator="kind")]


def library() -> Any:
    """dp-accounting, where it is installed."""
    try:
        import dp_accounting
    except ImportError:
        raise MissingExtraError(
            "To account for training, or to state a loss by its distribution, install 'synthesist[dp]'."
        ) from None
    return dp_accounting


def _made(kind: type[C], **values: Any) -> C:
    try:
        return kind(**values)
    except ValidationError as error:
        raise SpecError(f"This is no cost: {kind.__name__} has {faults(error)}") from None


@lru_cache(maxsize=4_096)
def _sampled(noise_multiplier: float, rate: float, order: int) -> float:
    """The Rényi divergence of one step; of order one it is not needed."""
    if order == 1:
        return 0.0
    accounting = library()
    step = accounting.PoissonSampledDpEvent(rate, accounting.GaussianDpEvent(noise_multiplier))
    return float(accounting.rdp.RdpAccountant(orders=[order]).compose(step).rdp[0])
