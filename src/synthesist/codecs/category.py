"""Categories and booleans as codes; rare values are protected, very many values are grouped."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.codecs.pieces import Pieces
from synthesist.core import Allowed
from synthesist.data.cells import emptied
from synthesist.data.kinds import Boolean, Category, Kind

__all__ = ["CategoryCodec"]


@dataclass(frozen=True)
class CategoryCodec:
    """One code per common value, a few codes that share the many seldom ones, one for missing.

    `values[m]` are the values that may be drawn; `starts[m]`, increasing, is the code of each plus the
    share of its code that comes before it, so that `code + u` finds a value by bisection.
    Values of fewer than `min_rows` rows are never drawn unless they were declared.
    """

    kind: Kind
    values: tuple[str, ...]
    starts: np.ndarray
    mass: np.ndarray
    missing: bool

    @classmethod
    def fit(
        cls, column: pl.Series, kind: Kind, bins: int, min_rows: int, likeness: np.ndarray | None = None
    ) -> "CategoryCodec":
        """Learn codes from a column in storage form.

        `likeness[row]` is one number per row that says what its other cells are like: values that
        have to share a code share it with their likes.
        """
        text = column.cast(pl.String)
        frame = pl.DataFrame({"value": text, "like": np.zeros(len(text)) if likeness is None else likeness})
        counts = (
            frame.drop_nulls("value")
            .group_by("value")
            .agg(rows=pl.len(), like=pl.col("like").mean())
            .sort(["rows", "value"], descending=[True, False])
        )
        declared = isinstance(kind, Category) and kind.values is not None and kind.values.origin != "detected"
        kept = counts if declared else counts.filter(pl.col("rows") >= min_rows)
        if kept.is_empty():  # every value is rare: keep the likeliest rather than nothing
            kept = counts.head(1)
        rows = kept["rows"].to_numpy() * (float(counts["rows"].to_numpy().sum()) / float(kept["rows"].to_numpy().sum()))
        code = np.arange(len(kept))
        if len(kept) > bins:
            tail = bins // 2
            code[tail:] = tail + _groups(kept["like"].to_numpy()[tail:], rows[tail:], bins - tail)
        order = np.argsort(code, kind="stable")
        code, rows = code[order], rows[order]
        mass = np.bincount(code, weights=rows)
        before = np.cumsum(rows) - rows
        starts = code + np.minimum((before - before[np.searchsorted(code, code)]) / mass[code], 1 - 1e-12)
        if missing := bool(text.null_count()):
            mass = np.append(mass, text.null_count())
        return cls(kind, tuple(kept["value"].gather(order).to_list()), starts, mass, missing)

    def __post_init__(self) -> None:
        codes = len(self.mass) - self.missing
        flat = self.starts.ndim == self.mass.ndim == 1
        if not flat or len(self.values) != len(self.starts) or codes < 1:
            raise ValueError("the parts of a category column do not fit together")
        if not (np.diff(self.starts) > 0).all() or self.starts[0] != 0 or self.starts[-1] >= codes:
            raise ValueError("a category column points at codes that do not exist")

    @property
    def size(self) -> int:
        """How many codes there are, missing included."""
        return len(self.mass)

    @property
    def ordered(self) -> int:
        """How many leading codes stand in an order: none."""
        return 0

    @property
    def discrete(self) -> bool:
        """Whether every code stands for one value."""
        return len(self.values) == len(self.mass) - self.missing

    def encode(self, column: pl.Series) -> np.ndarray:
        """Codes of a column; -1 for a value that was rare or never seen (and for missing, where none was seen)."""
        known = pl.DataFrame({"value": pl.Series(self.values, dtype=pl.String), "code": self.starts.astype(np.int32)})
        cells = column.cast(pl.String).alias("value").to_frame()
        codes = cells.join(known, on="value", how="left", maintain_order="left")["code"].fill_null(-1).to_numpy().copy()
        if self.missing:
            codes[column.is_null().to_numpy()] = self.size - 1
        return codes

    def decode(self, codes: np.ndarray, u: np.ndarray) -> pl.Series:
        """Values of `codes`; where values share a code, `u` in [0, 1) picks one by its share."""
        member = np.searchsorted(self.starts, codes + u, side="right") - 1
        column = self._cells().gather(member)
        return emptied(column, codes == self.size - 1) if self.missing else column

    def pieces(self, allowed: Allowed) -> Pieces:
        """The part of every code that `allowed` lets through."""
        inside = allowed.mask(self._cells()).to_numpy()
        code = self.starts.astype(np.int64)
        low = self.starts - code
        high = np.where(np.append(code[1:] == code[:-1], False), np.append(low[1:], 1.0), 1.0)
        spans = [(int(c), float(a), float(b)) for c, a, b in zip(code[inside], low[inside], high[inside], strict=True)]
        if allowed.missing and self.missing:
            spans.append((self.size - 1, 0.0, 1.0))
        return Pieces.of(spans, self.size)

    def settle(self, column: pl.Series, allowed: Allowed) -> pl.Series:
        """Nothing to undo: a drawn category is an allowed one."""
        del allowed
        return column

    def _cells(self) -> pl.Series:
        """The values in storage form."""
        texts = pl.Series(self.values, dtype=pl.String)
        return texts == "true" if isinstance(self.kind, Boolean) else texts


def _groups(like: np.ndarray, rows: np.ndarray, groups: int) -> np.ndarray:
    """Up to `groups` groups of neighbours by likeness, of about equal weight, numbered without gaps."""
    order = np.argsort(like, kind="stable")
    before = np.cumsum(rows[order]) - rows[order]
    group = np.empty(len(like), dtype=np.int32)
    group[order] = np.minimum((before / rows.sum() * groups).astype(np.int32), groups - 1)
    return np.unique(group, return_inverse=True)[1].astype(np.int32)
