"""The SMOTE family and `balance` as samplers of scikit-learn's kind: `fit_resample(X, y)`.

They take the places of imbalanced-learn's classes of the same names, in its pipelines too: same options,
same counts, the same distribution of rows. numpy in is numpy out, pandas in is pandas out.

    from synthesist.sklearn import SMOTE
    X_more, y_more = SMOTE(random_state=0).fit_resample(X, y)

What differs: the rows themselves, as the random numbers are others; whole numbers are rounded, not cut;
`k_neighbors` is a number, never an estimator; sparse matrices are refused.
"""

import secrets
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array, check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from synthesist.combine.classes import MethodName, rows_of_classes
from synthesist.core import Context
from synthesist.neighbours.between import mixed, steps
from synthesist.neighbours.lines import Lines
from synthesist.neighbours.records import Cells, Label
from synthesist.neighbours.search import Space

__all__ = ["ADASYN", "SMOTE", "SMOTENC", "Balance", "BorderlineSMOTE"]

Strategy = str | float | Mapping[Any, int] | Callable[[Any], Mapping[Any, int]]


class _OverSampler(BaseEstimator):
    """What all share: real rows come first and stay as they are, new ones follow class by class."""

    _estimator_type: ClassVar[str] = "sampler"
    sampling_strategy: Strategy

    def fit(self, X: Any, y: Any) -> Any:
        """Check the data and settle how many rows of each class are missing; `fit_resample` does the work."""
        self._settle(X, y)
        return self

    def fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        """The rows of X and y, and new ones of the classes that are short of rows."""
        labels = self._settle(X, y)
        wanted = {label: n for label, n in self.sampling_strategy_.items() if n}
        made, made_labels = self._made(X, labels, wanted) if wanted else ([], [])
        return _stacked(X, made), _stacked(y, [_like(y, each) for each in made_labels])

    def _settle(self, X: Any, y: Any) -> np.ndarray:
        check_classification_targets(y)
        labels = column_or_1d(y)
        check_consistent_length(X, labels)
        self.n_features_in_ = np.shape(X)[1]
        names = list(getattr(X, "columns", ()))
        if names and all(isinstance(name, str) for name in names):
            self.feature_names_in_ = np.array(names, dtype=object)
        self.sampling_strategy_ = _missing_rows(self.sampling_strategy, labels)
        return np.asarray(labels)

    def _made(self, X: Any, y: np.ndarray, wanted: Mapping[Any, int]) -> tuple[list[Any], list[np.ndarray]]:
        """New rows like X, and their labels."""
        raise NotImplementedError


class _Between(_OverSampler):
    """Samplers that go from a row to one of its neighbours."""

    random_state: Any

    def _made(self, X: Any, y: np.ndarray, wanted: Mapping[Any, int]) -> tuple[list[Any], list[np.ndarray]]:
        table = self._table(X)
        ctx = Context.seeded(_seed(self.random_state), threads=1)
        made, labels = [], []
        for place, (label, n) in enumerate(wanted.items()):
            lines = self._lines(table, y == label)
            rng = ctx.at(place).rng("between")
            which = self._which(lines, n, rng)
            if len(which):
                step = steps(lines.foreign[which], rng)
                made.append(table.back(mixed(table.cells, lines.start[which], lines.near[which], *step, rng)))
                labels.append(np.full(len(which), label, dtype=y.dtype))
        return made, labels

    def _table(self, X: Any) -> "_Table":
        return _Table.of(X, np.zeros(0, int))

    def _lines(self, table: "_Table", inside: np.ndarray) -> Lines:
        raise NotImplementedError

    def _which(self, lines: Lines, n: int, rng: np.random.Generator) -> np.ndarray:
        """From which of the lines' rows each new row starts."""
        if not len(lines.start):
            warnings.warn("No row of the class is in danger, so none is made.", UserWarning, stacklevel=4)
            return np.zeros(0, int)
        return rng.integers(len(lines.start), size=n)


class SMOTE(_Between):
    """New rows between rows of a class and their nearest neighbours, as `imblearn.over_sampling.SMOTE`.

    >>> X, y = np.arange(40.0).reshape(20, 2), np.array([0] * 14 + [1] * 6)
    >>> X_more, y_more = SMOTE(random_state=0).fit_resample(X, y)
    >>> X_more.shape, np.bincount(y_more).tolist()
    ((28, 2), [14, 14])
    """

    def __init__(self, *, sampling_strategy: Strategy = "auto", random_state: Any = None, k_neighbors: int = 5) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors

    def _lines(self, table: "_Table", inside: np.ndarray) -> Lines:
        rows = _enough(inside, self.k_neighbors)
        return Lines.inside(table.space(inside), rows, self.k_neighbors)


class SMOTENC(SMOTE):
    """SMOTE for numbers and categories, as `imblearn.over_sampling.SMOTENC`.

    `categorical_features` are places, names or a mask of columns, or "auto" for those of a pandas category type.
    """

    def __init__(
        self,
        categorical_features: Any,
        *,
        sampling_strategy: Strategy = "auto",
        random_state: Any = None,
        k_neighbors: int = 5,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy, random_state=random_state, k_neighbors=k_neighbors)
        self.categorical_features = categorical_features

    def _table(self, X: Any) -> "_Table":
        named = _places(self.categorical_features, X)
        if not 0 < len(named) < np.shape(X)[1]:
            raise ValueError(
                f"SMOTENC needs numbers and categories, and {len(named)} of {np.shape(X)[1]} columns are categories. "
                f"Use SMOTE for numbers; the method `smote_nc` of synthesist serves categories alone."
            )
        return _Table.of(X, named)


class BorderlineSMOTE(_Between):
    """New rows near the border of a class only, as `imblearn.over_sampling.BorderlineSMOTE`."""

    def __init__(
        self,
        *,
        sampling_strategy: Strategy = "auto",
        random_state: Any = None,
        k_neighbors: int = 5,
        m_neighbors: int = 10,
        kind: Literal["borderline-1", "borderline-2"] = "borderline-1",
    ) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.k_neighbors = k_neighbors
        self.m_neighbors = m_neighbors
        self.kind = kind

    def _lines(self, table: "_Table", inside: np.ndarray) -> Lines:
        if self.kind not in ("borderline-1", "borderline-2"):
            raise ValueError(f"kind is 'borderline-1' or 'borderline-2', got {self.kind!r}.")
        _enough(inside, self.k_neighbors)
        _enough(np.ones(len(inside), bool), self.m_neighbors)
        towards_all = self.kind == "borderline-2"
        return Lines.at_the_border(table.space(inside), inside, self.k_neighbors, self.m_neighbors, towards_all)


class ADASYN(_Between):
    """More new rows where other classes are near, as `imblearn.over_sampling.ADASYN`.

    As there, shares are rounded row by row, so that the classes come out nearly, not exactly, equal.
    """

    def __init__(self, *, sampling_strategy: Strategy = "auto", random_state: Any = None, n_neighbors: int = 5) -> None:
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state
        self.n_neighbors = n_neighbors

    def _lines(self, table: "_Table", inside: np.ndarray) -> Lines:
        _enough(inside, self.n_neighbors)
        return Lines.where_it_is_hard(table.space(inside), inside, self.n_neighbors)

    def _which(self, lines: Lines, n: int, rng: np.random.Generator) -> np.ndarray:
        if not len(lines.start):
            raise RuntimeError("No row of the class has a neighbour of another class: there is no border. Use SMOTE.")
        times = np.rint(n * lines.weight / lines.weight.sum()).astype(int)
        if not times.any():
            raise ValueError(f"The {n} rows asked for are too few to be shared out: every share is below a half.")
        return np.repeat(np.arange(len(times)), times)


class Balance(_OverSampler):
    """New rows from any method of synthesist that makes rows of a class: `trees`, `gaussian_copula`, `smote_nc` ...

    `method` is a name, or a mapping of `kind` and options. X may be of mixed kinds; a pandas frame says most.

    >>> X, y = np.arange(400.0).reshape(200, 2), np.array(["a"] * 140 + ["b"] * 60)
    >>> X_more, y_more = Balance("gaussian_copula", random_state=0).fit_resample(X, y)
    >>> X_more.shape, int((y_more == "b").sum())
    ((280, 2), 140)
    """

    def __init__(
        self, method: MethodName = "smote_nc", *, sampling_strategy: Strategy = "auto", random_state: Any = None
    ) -> None:
        self.method = method
        self.sampling_strategy = sampling_strategy
        self.random_state = random_state

    def _made(self, X: Any, y: np.ndarray, wanted: Mapping[Any, int]) -> tuple[list[Any], list[np.ndarray]]:
        from synthesist.data.sources import read

        word = {label: f"class {place}" for place, label in enumerate(wanted)}
        names = [f"x{place}" for place in range(np.shape(X)[1])]
        classes = [word.get(label, "another") for label in y.tolist()]
        data = read(_frame_of(X, names, classes))
        counts: dict[Label, int] = {word[label]: n for label, n in wanted.items()}
        parts = rows_of_classes(data, "class", counts, self.method, Context.seeded(_seed(self.random_state)))
        cells = [[part.to_polars()[name].to_list() for name in names] for part in parts]
        made = [_like(X, np.array(columns, dtype=object).T) for columns in cells]
        return made, [np.full(n, label, dtype=y.dtype) for label, n in wanted.items()]


@dataclass(frozen=True)
class _Table:
    """X as cells, and the way back: `numeric` and `named` are the places of its columns."""

    source: Any
    numeric: np.ndarray
    named: np.ndarray
    cells: Cells
    levels: list[np.ndarray]

    @classmethod
    def of(cls, X: Any, named: np.ndarray) -> "_Table":
        """The cells of X; every number must be finite.

        Raises:
            ValueError: a cell is no finite number, or missing.
        """
        numeric = np.setdiff1d(np.arange(np.shape(X)[1]), named)
        numbers = check_array(X if not len(named) else _columns(X, numeric), dtype=np.float64)
        found = [_coded(_columns(X, [place])[:, 0]) for place in named]
        codes = np.column_stack([code for _, code in found]) if found else np.zeros((len(numbers), 0))
        cells = Cells(numbers, np.zeros(numbers.shape, bool), codes.astype(np.int32))
        return cls(X, numeric, named, cells, [levels for levels, _ in found])

    def space(self, inside: np.ndarray) -> Space:
        """Distances in the units of the numbers; the penalty of a category is that of the class."""
        penalty = float(np.median(self.cells.numbers[inside].std(axis=0))) if self.levels else 0.0
        return Space(self.cells.numbers, self.cells.codes, penalty)

    def back(self, cells: Cells) -> Any:
        """Cells as rows like X."""
        if not self.levels:
            return _like(self.source, cells.numbers)
        whole = np.empty((len(cells.numbers), len(self.numeric) + len(self.named)), dtype=object)
        whole[:, self.numeric] = cells.numbers
        for j, place in enumerate(self.named):
            whole[:, place] = self.levels[j][cells.codes[:, j]]
        return _like(self.source, whole)


def _coded(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct cells of a column, and which of them each cell is."""
    if column.dtype != object:
        levels, codes = np.unique(column, return_inverse=True)
        return levels, codes
    seen: dict[Any, int] = {}
    codes = np.fromiter((seen.setdefault(cell, len(seen)) for cell in column.tolist()), np.int32, len(column))
    levels = np.empty(len(seen), dtype=object)
    levels[:] = list(seen)
    return levels, codes


def _missing_rows(strategy: Strategy, y: np.ndarray) -> dict[Any, int]:
    """How many rows of each class `sampling_strategy` asks for beyond those there are."""
    labels, counts = np.unique(y, return_counts=True)
    have = dict(zip(labels.tolist(), counts.tolist(), strict=True))
    if len(have) < 2:
        raise ValueError(f"The target needs more than one class, got {len(have)}.")
    if callable(strategy):
        strategy = strategy(y)
    if isinstance(strategy, Mapping):
        if unknown := [label for label in strategy if label not in have]:
            raise ValueError(f"There is no class {unknown[0]!r} in the target: there are {', '.join(map(repr, have))}.")
        if fewer := [label for label, n in strategy.items() if n < have[label]]:
            raise ValueError(
                f"Class {fewer[0]!r} has {have[fewer[0]]} rows and {strategy[fewer[0]]} are asked for: rows are added "
                f"here, never taken away."
            )
        return {label: strategy[label] - have[label] for label in sorted(strategy)}
    most, least = max(have, key=lambda label: have[label]), min(have, key=lambda label: have[label])
    if isinstance(strategy, str):
        chosen = {
            "minority": [least],
            "not minority": [label for label in have if label != least],
            "not majority": [label for label in have if label != most],
            "auto": [label for label in have if label != most],
            "all": list(have),
        }
        if strategy not in chosen:
            raise ValueError(f"sampling_strategy {strategy!r} is none of {', '.join(map(repr, chosen))}.")
        return {label: have[most] - have[label] for label in chosen[strategy]}
    if not 0 < strategy <= 1:
        raise ValueError(f"As a number sampling_strategy lies above 0 and up to 1, got {strategy}.")
    if len(have) != 2:
        raise ValueError("sampling_strategy is a number for two classes only: give a mapping of class to rows.")
    missing = int(have[most] * strategy) - have[least]
    if missing <= 0:
        raise ValueError(f"Class {least!r} has a share of {have[least] / have[most]:.3g} already: raise the ratio.")
    return {least: missing}


def _enough(inside: np.ndarray, k: int) -> np.ndarray:
    """The rows of a class, of which each has k neighbours."""
    rows = np.flatnonzero(inside)
    if not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"A number of neighbours is a whole number of at least 1, got {k!r}.")
    if len(rows) <= k:
        raise ValueError(f"{k} neighbours are asked for of {len(rows)} rows: ask for {len(rows) - 1} at most.")
    return rows


def _places(columns: Any, X: Any) -> np.ndarray:
    """The places of columns given by place, name, mask or "auto"."""
    if isinstance(columns, str) and columns == "auto":
        if not _is_frame(X):
            raise ValueError("categorical_features='auto' reads the types of a pandas frame: name the columns instead.")
        return np.flatnonzero([str(dtype) == "category" for dtype in X.dtypes])
    asked = np.asarray(columns)
    if asked.dtype == bool:
        return np.flatnonzero(asked)
    if asked.dtype.kind in "iu":
        return np.unique(np.arange(np.shape(X)[1])[asked])
    names = list(getattr(X, "columns", ()))
    if unknown := [name for name in asked.tolist() if name not in names]:
        raise ValueError(f"There is no column {unknown[0]!r} to be a category.")
    return np.unique([names.index(name) for name in asked.tolist()])


def _is_frame(X: Any) -> bool:
    return hasattr(X, "iloc")


def _columns(X: Any, places: Any) -> np.ndarray:
    return np.asarray(X.iloc[:, places]) if _is_frame(X) else np.asarray(X)[:, places]


def _frame_of(X: Any, names: list[str], classes: list[str]) -> Any:
    """X with plain names, and the column `class`, as something that can be read."""
    if _is_frame(X):
        return X.set_axis(names, axis=1).reset_index(drop=True).assign(**{"class": classes})
    return {**{name: np.asarray(X)[:, place] for place, name in enumerate(names)}, "class": classes}


def _like(source: Any, cells: np.ndarray) -> Any:
    """Cells in the types of X or y: whole numbers are rounded."""
    if not _is_frame(source):
        return _cast(cells, np.asarray(source).dtype)
    pandas = sys.modules["pandas"]
    if cells.ndim == 1:
        return pandas.Series(cells, name=source.name).astype(source.dtype)
    columns = {place: _cast(cells[:, place], dtype) for place, dtype in enumerate(source.dtypes)}
    return pandas.DataFrame(columns).set_axis(source.columns, axis=1).astype(dict(source.dtypes))


def _cast(cells: np.ndarray, dtype: Any) -> np.ndarray:
    if getattr(dtype, "kind", "") in "iub" and cells.dtype.kind in "fO":
        cells = np.rint(cells.astype(np.float64))
    return cells.astype(dtype, copy=False) if isinstance(dtype, np.dtype) else cells


def _stacked(source: Any, made: list[Any]) -> Any:
    """The rows that were there, and those that were made."""
    if _is_frame(source):
        return sys.modules["pandas"].concat([source, *made], ignore_index=True)
    return np.concatenate([np.asarray(source), *made])


def _seed(random_state: Any) -> int:
    """A seed from what scikit-learn calls a random state; no global one is read."""
    if random_state is None:
        return secrets.randbits(63)
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31))
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    return int(random_state)
