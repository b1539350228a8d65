"""Columns that other columns determine: found once, left out of the model, recomputed exactly.

Two ways to be determined: by a table (`education` gives `education_num`, `zip` gives `city`) and by a
formula (`total = net + tax`, `fahrenheit = 1.8 * celsius + 32`, `amount = price * quantity`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from synthesist.codecs.number import ticks, unticks
from synthesist.data.kinds import Boolean, Category, Integer, Kind, Number

__all__ = ["Formula", "Lookup", "find_formulas", "find_lookups", "find_twins"]

SHARE_TO_LEARN = 0.2  # a determining column may have at most this many distinct values per row
LONGEST_SUM = 12  # a sum of more parts is no formula a person wrote
PRODUCT_COLUMNS = 40  # products are searched among at most this many columns


@dataclass(frozen=True)
class Lookup:
    """`column` is what the table says for the value of `by`."""

    column: str
    by: str
    table: pl.DataFrame
    """One row per value of `by`, both columns in storage form."""

    def compute(self, frame: pl.DataFrame, kind: Kind) -> pl.Series:
        """The column, from the one it follows; a number the table does not hold follows its neighbour."""
        del kind
        asked = frame.select(self.by)
        if asked[self.by].dtype.is_numeric():
            asked = asked.with_row_index("_row").sort(self.by)
            known = self.table.drop_nulls(self.by)
            near = asked.join_asof(known, on=self.by, strategy="nearest").sort("_row")[self.column]
            of_none = self.table.filter(pl.col(self.by).is_null())[self.column]
            none = of_none[0] if len(of_none) else None
            return pl.select(pl.when(pl.lit(frame[self.by]).is_null()).then(none).otherwise(pl.lit(near))).to_series()
        return asked.join(self.table, on=self.by, how="left", nulls_equal=True, maintain_order="left")[self.column]

    def asking(self, frame: pl.DataFrame, drawn: pl.DataFrame) -> pl.DataFrame:
        """The frame with names the table does not hold replaced by those drawn in their place.

        The table does without the values too rare to be drawn; a row may still come with one of them.
        """
        if self.by not in drawn.columns or frame[self.by].dtype.is_numeric():
            return frame
        asked = pl.col(self.by)
        unknown = ~asked.is_in(self.table[self.by].implode())
        return frame.with_columns(pl.when(unknown).then(pl.lit(drawn[self.by])).otherwise(asked).alias(self.by))


@dataclass(frozen=True)
class Formula:
    """`column` is `constant + sum(weights * of)`, a product or ratio of two columns, or the same as another."""

    column: str
    of: tuple[str, ...]
    weights: tuple[float, ...]
    constant: float
    operation: str  # "sum", "product", "ratio" or "same"

    def compute(self, frame: pl.DataFrame, kind: Kind) -> pl.Series:
        """The column from the ones it follows; empty where any of them is."""
        if self.operation == "same":
            return frame[self.of[0]]
        full = frame.select(pl.all_horizontal(pl.col(self.of).is_not_null())).to_series()
        x = [frame[name].cast(pl.Float64).fill_null(1.0).to_numpy() for name in self.of]
        column = unticks(_snapped(self.apply(x), kind), kind)
        return pl.select(pl.when(pl.lit(full)).then(pl.lit(column))).to_series()

    def apply(self, x: Sequence[np.ndarray]) -> np.ndarray:
        """The unrounded result, from arrays of numbers."""
        if self.operation == "product":
            return x[0] * x[1]
        if self.operation == "ratio":
            return np.divide(x[0], x[1], out=np.zeros_like(x[0]), where=x[1] != 0)
        return sum((w * part for w, part in zip(self.weights, x, strict=True)), np.full_like(x[0], self.constant))

    def balance(self, frame: pl.DataFrame, given: pl.DataFrame, kinds: Mapping[str, Kind]) -> pl.DataFrame:
        """Where the result is given and a part is not, change the last open part so that the sum holds."""
        result = given[self.column]
        if self.operation == "same":
            other = self.of[0]
            whole = pl.coalesce(pl.lit(given[other]), pl.lit(result), pl.lit(frame[other]))
            return frame.with_columns(whole.alias(other)) if other in frame.columns else frame
        if self.operation != "sum":
            return frame
        open_rows = result.is_not_null()
        for place in range(len(self.of) - 1, -1, -1):
            part = self.of[place]
            if part not in frame.columns or not (rows := open_rows & given[part].is_null()).any():
                continue
            rest = sum(
                (w * frame[c].cast(pl.Float64) for w, c in zip(self.weights, self.of, strict=True) if c != part),
                pl.Series([self.constant]).new_from_index(0, frame.height),
            )
            x = ((result.cast(pl.Float64) - rest) / self.weights[place]).fill_null(0.0).to_numpy()
            solved = unticks(_snapped(x, kinds[part]), kinds[part])
            cells = pl.when(pl.lit(rows)).then(pl.lit(solved)).otherwise(pl.col(part))
            frame = frame.with_columns(cells.alias(part))
            open_rows &= ~rows
        return frame

    def __str__(self) -> str:
        if self.operation == "same":
            return f"{self.column} = {self.of[0]}"
        if self.operation != "sum":
            return f"{self.column} = {self.of[0]} {'*' if self.operation == 'product' else '/'} {self.of[1]}"
        terms = [
            f"{'' if w == 1 else '-' if w == -1 else f'{w:g} * '}{n}"
            for w, n in zip(self.weights, self.of, strict=True)
        ]
        tail = [f"{self.constant:g}"] if self.constant else []
        return f"{self.column} = " + " + ".join(terms + tail)


def find_lookups(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> list[Lookup]:
    """Every column that follows from one other column by a table, without cycles.

    Evidence is asked for: the determining column repeats its values often, so that agreement in
    every row is no accident.
    """
    discrete = [c for c, kind in kinds.items() if isinstance(kind, Category | Integer | Boolean)]
    n = frame.height
    distinct = {c: frame[c].n_unique() for c in discrete}
    able = [c for c in discrete if 2 < distinct[c] <= SHARE_TO_LEARN * n]
    found: dict[str, str] = {}
    for by in sorted(able, key=lambda c: (not isinstance(kinds[c], Category), -distinct[c])):
        if by in found:
            continue
        for column in discrete:
            if column in (by, *found) or not 1 < distinct[column] <= distinct[by] or by in _follows(found, column):
                continue
            if frame.head(2000).select(by, column).n_unique() > frame.head(2000)[by].n_unique():
                continue
            if frame.select(by, column).n_unique() == distinct[by] and _surprising(frame, by, column):
                found[column] = by
    roots = {column: _root(found, column) for column in found}
    return [Lookup(c, by, frame.select(by, c).unique().sort(by)) for c, by in roots.items()]


def find_twins(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> list[Formula]:
    """Every column that equals an earlier one of its kind in each row, empty cells included."""
    first: dict[object, str] = {}
    found = []
    for column, kind in kinds.items():
        head = (kind.kind, *frame[column].head(100).to_list())
        twin = first.setdefault(head, column)
        if twin != column and frame[column].n_unique() > 3 and frame[twin].equals(frame[column]):
            found.append(Formula(column, (twin,), (1.0,), 0.0, "same"))
    return found


def find_formulas(frame: pl.DataFrame, kinds: Mapping[str, Kind]) -> list[Formula]:
    """Every number that is a sum, difference, multiple, product or ratio of others in each row."""
    from threadpoolctl import threadpool_limits

    names = [c for c, k in kinds.items() if isinstance(k, Integer | Number) and frame[c].n_unique() > 3]
    rows = frame.select(names).drop_nulls() if names else pl.DataFrame()
    if len(names) < 2 or rows.height < 50:
        return []
    x = {c: ticks(rows[c], kinds[c]) for c in names}
    found: list[Formula] = []
    free = list(names)
    with threadpool_limits(1):  # many small systems: threads would cost a hundred times what they save
        linear = _dependent(x)
        for column in sorted(names, key=lambda c: -float(np.ptp(x[c]))):
            if column not in free:
                continue
            others = [c for c in free if c != column]
            sums = _linear(column, others, x) if column in linear else ()
            candidates = chain(sums, _product(column, others, x, kinds[column]))
            if formula := next((f for f in candidates if _holds(f, frame, x, kinds[column])), None):
                upright = _upright(formula)
                kept = upright if _holds(upright, frame, x, kinds[upright.column]) else formula
                found.append(kept)
                free.remove(kept.column)
    return found


def _dependent(x: Mapping[str, np.ndarray]) -> set[str]:
    """The columns that the others together leave almost no variance: all that can be weighted sums.

    What the others leave of column j is 1 / (C⁻¹)ⱼⱼ of its variance, C being the correlations.
    """
    X = np.column_stack([column[:5000] for column in x.values()])
    X = X / np.maximum(np.abs(X).max(axis=0), 1e-300)  # the square of a huge number would overflow
    spread = X.std(axis=0)
    Z = (X - X.mean(axis=0)) / np.maximum(spread, 1e-300)
    inverse = np.linalg.inv(Z.T @ Z / len(Z) + 1e-9 * np.eye(Z.shape[1]))
    left = spread / np.sqrt(np.maximum(np.diag(inverse), 1.0))
    return {column for column, rest in zip(x, left, strict=True) if rest <= 0.01}


def _linear(column: str, others: list[str], x: Mapping[str, np.ndarray]) -> Iterator[Formula]:
    """Weighted sums with round weights, by least squares over a largest independent set of columns."""
    from scipy.linalg import qr

    n = min(len(x[column]), 500 + 10 * len(others))
    A = np.column_stack([*(x[c][:n] for c in others), np.ones(n)])
    scale = np.maximum(np.abs(A).max(axis=0), 1e-300)
    _, R, pivot = qr(A / scale, mode="economic", pivoting=True)
    reach = np.abs(np.diag(R))
    kept = np.sort(pivot[: int((reach > 1e-9 * reach[0]).sum())])
    w = np.zeros(A.shape[1])
    with np.errstate(over="ignore"):
        w[kept] = np.linalg.lstsq(A[:, kept] / scale[kept], x[column][:n], rcond=None)[0] / scale[kept]
    if not np.isfinite(w).all():  # a weight from a column near the smallest number to one near the largest
        return
    size = np.abs(x[column][:n]).max(initial=1e-300)
    if np.abs(A @ w - x[column][:n]).max() > 0.01 * size:
        return
    for digits in (1, 2, 3, 6):  # rounded data blur the weights a little: try the roundest first
        rounded = np.where(np.abs(w[:-1]) * scale[:-1] < 1e-4 * size, 0.0, np.round(w[:-1], digits))
        used = np.flatnonzero(rounded)
        if 1 <= len(used) <= LONGEST_SUM:
            constant = round(float(np.median(x[column][:n] - A[:, :-1] @ rounded)), digits)
            yield Formula(column, tuple(others[i] for i in used), tuple(rounded[used].tolist()), constant, "sum")


def _upright(formula: Formula) -> Formula:
    """A difference written as the sum it came from: `net = total - tip` as `total = net + tip`."""
    up = [i for i, weight in enumerate(formula.weights) if weight > 0]
    if formula.operation != "sum" or len(up) != 1 or len(formula.weights) < 2 or formula.constant:
        return formula
    whole = up[0]
    parts = [(name, -w / formula.weights[whole]) for i, (name, w) in enumerate(_terms(formula)) if i != whole]
    parts.insert(0, (formula.column, 1.0 / formula.weights[whole]))
    return Formula(formula.of[whole], tuple(n for n, _ in parts), tuple(w for _, w in parts), 0.0, "sum")


def _terms(formula: Formula) -> list[tuple[str, float]]:
    return list(zip(formula.of, formula.weights, strict=True))


def _product(column: str, others: list[str], x: Mapping[str, np.ndarray], kind: Kind) -> Iterator[Formula]:
    """Products and ratios of two columns that agree in a few different rows, all pairs tried at once."""
    others = others[:PRODUCT_COLUMNS]
    y = x[column]
    different = np.unique(y, return_index=True)[1]  # rows with the same value would all agree by chance
    probe = different[np.linspace(0, len(different) - 1, 40).astype(int)]
    X = np.column_stack([x[c][probe] for c in others])
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        tables = {"product": X[:, :, None] * X[:, None, :], "ratio": X[:, :, None] / X[:, None, :]}
    for operation, table in tables.items():
        near = np.isclose(_snapped(table, kind), y[probe, None, None], rtol=1e-9, atol=1e-9).all(axis=0)
        for i, j in np.argwhere(near).tolist():
            if i < j or (operation == "ratio" and i != j and x[others[j]].all()):
                yield Formula(column, (others[i], others[j]), (), 0.0, operation)


def _holds(formula: Formula, frame: pl.DataFrame, x: Mapping[str, np.ndarray], kind: Kind) -> bool:
    """Whether the formula gives the column in every row, missing cells included."""
    few = slice(0, 1000)
    if not _equal(formula.apply([x[c][few] for c in formula.of]), x[formula.column][few], kind):
        return False
    computed, column = formula.compute(frame, kind), frame[formula.column]
    if not (computed.is_null() == column.is_null()).all():
        return False
    return _equal(ticks(computed.drop_nulls(), kind), ticks(column.drop_nulls(), kind), kind)


def _equal(a: np.ndarray, b: np.ndarray, kind: Kind) -> bool:
    return bool(np.allclose(_snapped(a, kind), b, rtol=1e-9, atol=1e-9))


def _snapped(x: np.ndarray, kind: Kind) -> np.ndarray:
    """Numbers on the grid of their kind."""
    if isinstance(kind, Integer):
        return np.rint(x)
    return np.round(x, kind.decimals) if isinstance(kind, Number) and kind.decimals is not None else x


def _surprising(frame: pl.DataFrame, by: str, column: str) -> bool:
    """Whether chance could not make `column` follow from `by`: most rows share their value with others
    and the column varies enough within what chance would leave."""
    counts = frame.group_by(by).agg(pl.len().alias("n"))
    repeats = float((counts["n"] - 1).sum())
    top = float(frame[column].value_counts()["count"].max() or 0) / frame.height  # type: ignore[arg-type]
    return repeats * -np.log(max(top, 1e-12)) > 20.0  # all repeats agree by chance with probability < e^-20


def _follows(found: Mapping[str, str], column: str) -> set[str]:
    """Everything `column` follows from."""
    seen: set[str] = set()
    while column in found:
        column = found[column]
        seen.add(column)
    return seen


def _root(found: Mapping[str, str], column: str) -> str:
    """The last column in the chain of determination."""
    while column in found:
        column = found[column]
    return column
