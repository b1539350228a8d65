"""Numbers that are far off: outliers, and values in another unit."""

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import numpy as np
import polars as pl
from pydantic import Field, model_validator

from synthesist.data.kinds import Integer, Kind, Number
from synthesist.errors import did_you_mean
from synthesist.transforms.corrupt.chance import Chance
from synthesist.transforms.corrupt.fault import CellFault, Hit, Way, Wayward

__all__ = ["Outlier", "Unit"]

LARGEST = float(np.finfo(float).max)
LARGEST_WHOLE = 2.0**62
SHIFTS = (1e-3, 1e-2, 1e-1, 1e1, 1e2, 1e3)

UNITS: Mapping[str, tuple[str, float, float]] = {
    **{"kg": ("mass", 1.0, 0.0), "g": ("mass", 1e-3, 0.0), "mg": ("mass", 1e-6, 0.0), "t": ("mass", 1e3, 0.0)},
    **{"lb": ("mass", 0.45359237, 0.0), "oz": ("mass", 0.45359237 / 16, 0.0), "st": ("mass", 14 * 0.45359237, 0.0)},
    **{"m": ("length", 1.0, 0.0), "km": ("length", 1e3, 0.0), "cm": ("length", 1e-2, 0.0), "mm": ("length", 1e-3, 0.0)},
    **{"in": ("length", 0.0254, 0.0), "ft": ("length", 0.3048, 0.0), "yd": ("length", 0.9144, 0.0)},
    **{"mi": ("length", 1609.344, 0.0), "C": ("temperature", 1.0, 273.15), "K": ("temperature", 1.0, 0.0)},
    **{"F": ("temperature", 5 / 9, 459.67 * 5 / 9), "l": ("volume", 1.0, 0.0), "ml": ("volume", 1e-3, 0.0)},
    **{"gal": ("volume", 3.785411784, 0.0), "floz": ("volume", 3.785411784 / 128, 0.0)},
    **{"s": ("time", 1.0, 0.0), "ms": ("time", 1e-3, 0.0), "us": ("time", 1e-6, 0.0), "min": ("time", 60.0, 0.0)},
    **{"h": ("time", 3600.0, 0.0), "d": ("time", 86400.0, 0.0), "major": ("money", 1.0, 0.0)},
    **{"minor": ("money", 0.01, 0.0), "kmh": ("speed", 1 / 3.6, 0.0), "mph": ("speed", 0.44704, 0.0)},
    **{"mps": ("speed", 1.0, 0.0), "kn": ("speed", 1852 / 3600, 0.0), "kWh": ("energy", 3.6e6, 0.0)},
    **{"J": ("energy", 1.0, 0.0), "kcal": ("energy", 4184.0, 0.0), "hPa": ("pressure", 100.0, 0.0)},
    **{"psi": ("pressure", 6894.757293168, 0.0), "mmHg": ("pressure", 133.322387415, 0.0)},
    **{"mmol_l": ("blood sugar", 18.0156, 0.0), "mg_dl": ("blood sugar", 1.0, 0.0)},
}
"""What is measured, and factor and offset to its first unit: NIST SP 811 (2008), doi:10.6028/NIST.SP.811e2008."""


def _scaled(change: Callable[[np.ndarray, Chance], np.ndarray]) -> Way:
    """A way that changes numbers as such; what comes out stands on the grid of its column."""

    def way(cells: pl.Series, kind: Kind, chance: Chance) -> pl.Series:
        with np.errstate(over="ignore"):
            return on_grid(change(cells.to_numpy().astype(np.float64), chance), cells, kind)

    return way


def on_grid(x: np.ndarray, cells: pl.Series, kind: Kind) -> pl.Series:
    """Numbers as a column of this kind holds them, the largest in place of those beyond it."""
    if isinstance(kind, Integer):
        whole = np.clip(np.round(x), -LARGEST_WHOLE, LARGEST_WHOLE)
        return pl.Series(cells.name, whole.astype(np.int64))
    if isinstance(kind, Number) and kind.decimals is not None and kind.decimals >= 0:
        x = np.where(np.abs(x) < 1e15 / 10**kind.decimals, np.round(x, kind.decimals), x)
    return pl.Series(cells.name, np.clip(x, -LARGEST, LARGEST))


def _factor(x: np.ndarray, chance: Chance) -> np.ndarray:
    """Three to a hundred times as much, every order of magnitude equally often."""
    return np.asarray(x * 3.0 ** (1 + chance.uniform("factor") * (np.log(100) / np.log(3) - 1)))


class Outlier(Wayward):
    """A number far from where it belongs: 3 to 100 times as large (or `factor` times), of the other `sign`, or
    with the `decimal_point` moved by one to three places."""

    WAYS: ClassVar[Mapping[str, Way]] = {
        "factor": _scaled(_factor),
        "sign": _scaled(lambda x, chance: -x),
        "decimal_point": _scaled(lambda x, chance: x * np.array(SHIFTS)[chance.below(len(SHIFTS), "shift")]),
    }

    is_: Literal["outlier"] = Field(default="outlier", alias="is")
    factor: float | None = Field(default=None, description="how many times as large; none: 3 to 100")

    def serves(self, kind: Kind) -> bool:
        return isinstance(kind, Number | Integer)

    def can(self, cells: pl.Series, kind: Kind) -> pl.Series:
        del kind
        return (cells != 0).fill_null(False)

    def way(self, name: str) -> Way:
        if name == "factor" and self.factor is not None:
            return _scaled(lambda x, chance: x * self.factor)
        return self.WAYS[name]


class Unit(CellFault):
    """A value noted in another unit: the column is in `unit`, the hit cells are in `noted_in`."""

    is_: Literal["unit"] = Field(default="unit", alias="is")
    columns: tuple[str, ...] = Field(min_length=1, description="names of columns of numbers")
    unit: str = Field(description="what the column is measured in, as in kg; `minor` and `major` are cents and euros")
    noted_in: str = Field(description="the unit taken for it, as in lb")

    @model_validator(mode="after")
    def _same_quantity(self) -> "Unit":
        for name in (self.unit, self.noted_in):
            if name not in UNITS:
                raise ValueError(f"there is no unit `{name}`. {did_you_mean(name, UNITS, limit=60)}")
        (quantity, *_), (other, *_) = UNITS[self.unit], UNITS[self.noted_in]
        if quantity != other or self.unit == self.noted_in:
            raise ValueError(f"`{self.unit}` measures {quantity}, `{self.noted_in}` {other}: give two units of one")
        return self

    def serves(self, kind: Kind) -> bool:
        return isinstance(kind, Number | Integer)

    def strike(self, cells: pl.Series, kind: Kind, chance: Chance, column: pl.Series) -> Hit:
        del chance, column
        (_, factor, offset), (_, other, other_offset) = UNITS[self.unit], UNITS[self.noted_in]
        with np.errstate(over="ignore"):
            x = (cells.to_numpy().astype(np.float64) * factor + offset - other_offset) / other
        way = pl.Series([f"{self.unit} as {self.noted_in}"], dtype=pl.String)
        return Hit(on_grid(x, cells, kind), way.new_from_index(0, len(cells)))
