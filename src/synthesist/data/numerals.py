"""Numbers as people write them, and the grid that they lie on.

A format is written the way spreadsheets write it: `$#,##0.00` has a currency sign, commas between
thousands and always two decimals; `#.##0,#` is European with as many decimals as needed; `0.0` is a
whole number written with a point, as pandas does.
"""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.data.patterns import all_match
from synthesist.errors import SpecError

__all__ = ["Numeral", "decimal_grid", "leading_zeros", "whole_step"]

_SIGNS = {*"$€£¥₹₽₩₺", "kr", "zł", "Kč", "Fr.", "Rs"}
_CODES = re.compile("USD|EUR|GBP|CHF|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|NZD|BRL|MXN|ZAR|TRY|KRW|SGD")
_SEPARATORS = (("", "."), (",", "."), (".", ","), ("", ","), (" ", ","), (" ", "."), ("'", "."), ("’", "."))
_FORMAT = re.compile(
    r"(?P<prefix>[^#0]*)(#(?P<thousands>.)##)?0((?P<point>[.,])(?P<decimals>0+|#))?(?P<suffix>[^#0]*)", re.DOTALL
)
_STEP_EVIDENCE = 10  # ten values that all happen to be even have a chance of 0.1 %


@dataclass(frozen=True)
class Numeral:
    """One way to write numbers: signs around them, separators, and how many decimals (None: as many as needed)."""

    prefix: str = ""
    thousands: str = ""
    point: str = "."
    decimals: int | None = None
    suffix: str = ""

    @classmethod
    def learn(cls, texts: pl.Series) -> "Numeral | None":
        """The one format in which every one of these texts is a number; None where there is none.

        `1,234` is one thousand only where every comma in the column stands before three digits;
        one `12,5` makes all of them decimal commas. All cells must agree on a currency or percent sign.
        """
        if texts.is_empty():
            return None
        if all_match(texts, _pattern("", ".")):
            telephones = texts.str.contains(r"^\+\d{8,}").all()
            return None if telephones else cls(decimals=_fixed_decimals(texts, "."))
        if not (affixes := _affixes(texts.head(1000))):
            return None
        prefix, suffix = affixes
        if not all_match(texts, rf"^[-+]?{re.escape(prefix)}.*{re.escape(suffix)}$"):
            return None
        bodies = texts.str.replace(f"^([-+]?){re.escape(prefix)}", "${1}").str.strip_suffix(suffix)
        bodies = bodies.str.replace_all("[\u00a0\u202f]", " ")
        separators: tuple[tuple[str, str], ...] = _SEPARATORS
        if (prefix or suffix.strip(" %")) and all_match(bodies, r"^-?\d{1,3}(\.\d{3})*$"):
            separators = (".", ","), *_SEPARATORS  # money has no thousandths: 1.234 € are one thousand
        for thousands, point in separators:
            if all_match(bodies, _pattern(thousands, point)) and bodies.str.contains(thousands, literal=True).any():
                decimals = _fixed_decimals(bodies, point)
                return cls(prefix, thousands, "." if decimals == 0 else point, decimals, suffix)
        return None

    @classmethod
    def of(cls, format: str | None) -> "Numeral":
        """Read a format such as `$#,##0.00`; None is the plain way."""
        if format is None:
            return cls()
        if not (match := _FORMAT.fullmatch(format)):
            raise SpecError(
                f"`{format}` is no number format. Write it as in a spreadsheet: `0.00`, `#,##0.#`, `$#,##0`."
            )
        decimals = match["decimals"]
        fixed = 0 if decimals is None else None if decimals == "#" else len(decimals)
        return cls(match["prefix"], match["thousands"] or "", match["point"] or ".", fixed, match["suffix"])

    @property
    def format(self) -> str | None:
        """This way of writing as a spreadsheet format; None for the plain way."""
        if self in (Numeral(), Numeral(decimals=0)):
            return None
        whole = f"#{self.thousands}##0" if self.thousands else "0"
        decimals = "#" if self.decimals is None else "0" * self.decimals
        return f"{self.prefix}{whole}{self.point + decimals if decimals else ''}{self.suffix}"

    def plain(self, text: pl.Expr) -> pl.Expr:
        """The same numbers in the plain way: no signs around them, a point, no separators."""
        if self.prefix:
            text = text.str.replace(f"^([-+]?){re.escape(self.prefix)}", "${1}")
        if self.suffix:
            text = text.str.strip_suffix(self.suffix)
        if self.thousands == " ":
            text = text.str.replace_all("[ \u00a0\u202f]", "")
        elif self.thousands:
            text = text.str.replace_all(self.thousands, "", literal=True)
        return text if self.point == "." else text.str.replace(self.point, ".", literal=True)

    def read(self, text: pl.Expr) -> pl.Expr:
        """Text to Float64, null where a cell is no number."""
        return self.plain(text).cast(pl.Float64, strict=False)

    def read_whole(self, text: pl.Expr) -> pl.Expr:
        """Text to Int64, null where a cell is no whole number."""
        return self.plain(text).str.replace(r"\.0*$", "").cast(pl.Int64, strict=False)

    def write(self, number: pl.Expr) -> pl.Expr:
        """Numbers to text in this format."""
        if self.decimals is None:
            text = number.cast(pl.String).str.replace(r"\.0$", "")
        else:
            text = number.round(self.decimals).cast(pl.Decimal(38, self.decimals)).cast(pl.String)
        return text if self.format is None else self._dressed(text)

    def _dressed(self, plain: pl.Expr) -> pl.Expr:
        sign, units = plain.str.extract(r"^(-?)"), plain.str.extract(r"^-?(\d+)")
        rest = plain.str.extract(r"^-?\d+(.*)$").str.replace(".", self.point, literal=True)
        if self.thousands:
            backwards = units.str.reverse().str.replace_all(r"(\d{3})", "${1}" + self.thousands)
            units = backwards.str.reverse().str.strip_prefix(self.thousands)
        return sign + pl.lit(self.prefix) + units + rest + pl.lit(self.suffix)


def _affixes(texts: pl.Series) -> tuple[str, str] | None:
    """What stands before and after every number, if all agree and it is a currency or percent sign."""
    parts = texts.str.extract_groups(r"^[-+]?([^\d.,+\-]*)[-+]?[.,]?\d(?:.*\d)?[.,]?([^\d]*)$").struct.unnest()
    before, after = parts["1"].unique(), parts["2"].unique()
    if len(before) != 1 or len(after) != 1 or before[0] is None:
        return None
    prefix, suffix = before[0], after[0]
    fine = all(not sign or sign in _SIGNS or _CODES.fullmatch(sign) for sign in (prefix.strip(), suffix.strip(" %")))
    return (prefix, suffix) if fine else None


def _pattern(thousands: str, point: str) -> str:
    mark = re.escape(point)
    if not thousands:
        exponent = r"(?:[eE][-+]?\d{1,3})?" if point == "." else ""
        return rf"^[-+]?(?:(?:0|[1-9]\d*)(?:{mark}\d*)?|{mark}\d+){exponent}$"
    return rf"^[-+]?(?:0|[1-9]\d{{0,2}}(?:{re.escape(thousands)}\d{{3}})*)(?:{mark}\d+)?$"


def _fixed_decimals(bodies: pl.Series, point: str) -> int | None:
    if bodies.str.contains("[eE]").any():
        return None
    lengths = bodies.str.extract(re.escape(point) + r"(\d*)$").str.len_chars().fill_null(0)
    return int(lengths[0]) if lengths.n_unique() == 1 else None


def leading_zeros(texts: pl.Series) -> bool:
    """Whether these are codes of digits, some with zeros in front: 02134, 007."""
    return all_match(texts, r"^\d+$") and bool(texts.str.contains(r"^0\d").any())


def decimal_grid(values: np.ndarray, single: bool = False) -> int | None:
    """The fewest decimals that write every value exactly; None for values without a grid.

    A grid finer than the twelve (single precision: six) significant digits a float holds with
    certainty says nothing, so it counts as none.
    """
    if not len(values):
        return None
    largest = max(float(np.abs(values).max()), 1e-300)
    digits, tolerance = (6, 1e-6) if single else (12, 8 * np.finfo(np.float64).eps)
    finest = min(digits - int(np.floor(np.log10(largest))) - 1, 12)
    for decimals in range(finest + 1):
        for part in (values[:1000], values):
            if (np.abs(part - np.round(part, decimals)) > tolerance * np.maximum(np.abs(part), 1e-300)).any():
                break
        else:
            return decimals
    return None


def whole_step(values: np.ndarray) -> int:
    """The largest number that divides every value, where enough different values say so; else 1."""
    values = np.abs(values[values != 0])
    if len(values) < _STEP_EVIDENCE or np.gcd.reduce(values[:1000]) == 1:
        return 1
    return int(np.gcd.reduce(values))
