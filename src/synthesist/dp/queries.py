"""The questions a method may ask of rows it never sees, as values.

Each says how much zero-concentrated differential privacy, `rho`, it may cost. A unit is protected whole: the noise
grows with the rows a unit may give, and methods need not know how. Columns are asked for through codecs whose codes
are public; a cell that no code stands for counts as missing, and where cells are never missing, its row is left out.

Reference: Bun and Steinke, Theory of Cryptography 2016, doi:10.1007/978-3-662-53641-4_24 (zCDP).
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl

__all__ = [
    "Asking",
    "Codec",
    "Counts",
    "Farthest",
    "Gradients",
    "Noisy",
    "Outer",
    "Products",
    "Query",
    "Training",
    "Values",
]

T = TypeVar("T")


class Codec(Protocol):
    """Public codes of a column: 0 to size - 1, and -1 for a cell that none stands for."""

    @property
    def size(self) -> int: ...
    def encode(self, column: pl.Series) -> np.ndarray: ...


@dataclass(frozen=True)
class Counts:
    """How many rows have each combination of codes of `columns`; without columns, how many rows there are."""

    columns: tuple[str, ...]
    codecs: Mapping[str, Codec]
    rho: float
    about: str = "counts"


@dataclass(frozen=True)
class Noisy:
    """Whole numbers with discrete Gaussian noise of standard deviation `sigma`, of all cells or of each.

    Or what was made of them: then `sigma` is the doubt that is left.
    """

    values: np.ndarray
    sigma: Any


@dataclass(frozen=True)
class Farthest:
    """Which guess is farthest from the truth: the exponential mechanism picks one of the `candidates`.

    The score of a candidate is its weight times (the L1 distance between its counts and its guess, less its penalty).

    Reference: McSherry and Talwar, FOCS 2007, doi:10.1109/FOCS.2007.66; its cost in zCDP: Cesar and Rogers, ALT 2021,
    arXiv:2004.07223.
    """

    candidates: Sequence[tuple[str, ...]]
    guesses: Sequence[np.ndarray]
    codecs: Mapping[str, Codec]
    rho: float
    weights: np.ndarray | None = None
    penalties: np.ndarray | None = None
    about: str = "selection"


@dataclass(frozen=True)
class Values:
    """Which values a column of unlisted values holds, those of enough rows; a mapping of value to noisy count.

    With probability `delta` at most, a value that one unit alone has is given away.

    Reference: Korolova et al., WWW 2009, doi:10.1145/1526709.1526733.
    """

    column: str
    rho: float
    delta: float
    about: str = "values"


@dataclass(frozen=True)
class Products:
    """The sums over rows of score times score, for every pair of columns: scores[column][code], whole numbers."""

    scores: Mapping[str, np.ndarray]
    codecs: Mapping[str, Codec]
    rho: float
    about: str = "products"


@dataclass(frozen=True)
class Training:
    """Leave to ask for `steps` gradients, each of a random part of the rows; paid at once."""

    steps: int
    rate: float
    """The probability of each unit to take part in a step."""
    noise_multiplier: float
    about: str = "training"


@dataclass(frozen=True)
class Outer:
    """The gradient of one matrix of weights in each row, as two factors: errors[row, out] times inputs[row, in].

    Norms and sums follow from the factors, so that gradients[row, out, in] are never written out.

    Reference: Goodfellow, arXiv:1510.01799.
    """

    errors: np.ndarray
    inputs: np.ndarray


@dataclass(frozen=True)
class Gradients:
    """The noisy sum of the gradients of a random part of the rows, clipped to the norm `clip` unit by unit.

    `of(codes[row, column])` is called with the rows of the part; what it remembers of them is not protected, so it
    must not remember. Its matrices of weights have `parameters` cells together; they come back in one row, each
    matrix out by in. Noise is Gaussian in floating point: idealised arithmetic.

    Reference: Abadi et al., CCS 2016, doi:10.1145/2976749.2978318.
    """

    of: Callable[[np.ndarray], Sequence[Outer]]
    columns: tuple[str, ...]
    codecs: Mapping[str, Codec]
    clip: float
    parameters: int
    about: str = "gradients"


Query = Counts | Farthest | Values | Products | Training | Gradients
Asking = Generator[Query, Any, T]
"""Yields queries, is sent their answers, and returns what was learnt from them."""
