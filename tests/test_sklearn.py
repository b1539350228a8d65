"""The samplers of scikit-learn's kind stand where imbalanced-learn's do, and make rows of the same distribution."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn.base import clone

from synthesist import sklearn as ours

theirs = pytest.importorskip("imblearn.over_sampling")
FAMILY: Mapping[str, Mapping[str, Any]] = {
    "SMOTE": {},
    "BorderlineSMOTE": {},
    "ADASYN": {},
    "SMOTENC": {"categorical_features": [2]},
}
STRATEGIES = ("auto", "minority", "not minority", "not majority", "all", {0: 400, 2: 90}, lambda y: {1: 250})


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    """Three overlapping classes of 300, 120 and 60 rows; the last of three columns is a code."""
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1, 2], [300, 120, 60]))
    x = rng.normal(size=(480, 3)) + np.column_stack([y, 0.5 * y, y])
    x[:, 2] = np.clip(np.round(x[:, 2]), -1, 3)
    return x, y


@pytest.mark.parametrize("strategy", STRATEGIES, ids=range(len(STRATEGIES)))
@pytest.mark.parametrize("name", FAMILY)
def test_as_many_rows_and_the_real_ones_first(name: str, strategy: Any, table: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = table
    options = {**FAMILY[name], "sampling_strategy": strategy, "random_state": 0}
    (mine, labels), (rival, rival_labels) = (getattr(of, name)(**options).fit_resample(x, y) for of in (ours, theirs))
    assert mine.shape == rival.shape
    assert mine.dtype == rival.dtype
    assert labels.dtype == rival_labels.dtype
    np.testing.assert_array_equal(labels, rival_labels)
    np.testing.assert_array_equal(mine[:480], x)


@pytest.mark.parametrize(
    ("name", "options"), [*((name, {}) for name in FAMILY), ("BorderlineSMOTE", {"kind": "borderline-2"})], ids=str
)
def test_rows_have_the_same_distribution(
    name: str, options: dict[str, Any], table: tuple[np.ndarray, np.ndarray]
) -> None:
    """20,000 rows of each; a difference of 0.03 anywhere in a distribution would show."""
    x, y = table
    options = {**FAMILY[name], **options, "sampling_strategy": {2: 20_060}}
    mine = getattr(ours, name)(random_state=1, **options).fit_resample(x, y)[0][480:]
    # an int would make theirs draw one random sequence twice where it needs two
    rival = getattr(theirs, name)(random_state=np.random.RandomState(1), **options).fit_resample(x, y)[0][480:]
    for direction in (*np.eye(3), np.ones(3), np.array([1.0, -1.0, 0.0])):
        assert ks_2samp(mine @ direction, rival @ direction).pvalue > 1e-4


def test_ratio_of_two_classes(table: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = table
    two = y != 1
    mine = ours.SMOTE(sampling_strategy=0.5, random_state=0).fit_resample(x[two], y[two])[1]
    rival = theirs.SMOTE(sampling_strategy=0.5, random_state=0).fit_resample(x[two], y[two])[1]
    np.testing.assert_array_equal(mine, rival)


@pytest.mark.parametrize("name", [*FAMILY, "Balance"])
def test_a_frame_comes_back_as_a_frame(name: str) -> None:
    rng = np.random.default_rng(0)
    y = pd.Series(["no"] * 90 + ["yes"] * 30, name="hit", dtype="category", index=range(5, 125))
    frame = pd.DataFrame(
        {"a": rng.normal(size=120).astype("float32"), "n": rng.integers(0, 9, 120), "b": rng.normal(size=120)},
        index=y.index,
    )
    if name in ("SMOTENC", "Balance"):
        frame["word"] = pd.Categorical(rng.choice(["x", "y"], 120))
    options = {"SMOTENC": {"categorical_features": ["word"]}, "Balance": {"method": "smote_nc"}}.get(name, {})
    more, labels = getattr(ours, name)(random_state=0, **options).fit_resample(frame, y)
    pd.testing.assert_series_equal(more.dtypes, frame.dtypes)
    assert labels.dtype == y.dtype
    assert labels.name == "hit"
    pd.testing.assert_frame_equal(more.head(120), frame.reset_index(drop=True))
    assert abs((labels == "yes").sum() - 90) <= (10 if name == "ADASYN" else 0)
    assert list(more.index) == list(labels.index) == list(range(len(more)))


def test_cells_of_any_type_are_categories() -> None:
    x = np.array([[float(i % 20), "ab"[i % 2], i % 3] for i in range(80)], dtype=object)
    more, labels = ours.SMOTENC([1, 2], random_state=0).fit_resample(x, np.array(["u"] * 60 + ["v"] * 20))
    assert more.dtype == object
    assert set(more[80:, 1]) <= {"a", "b"}
    assert set(more[80:, 2]) <= {0, 1, 2}
    assert (labels == "v").sum() == 60


def test_in_a_pipeline_and_a_clone(table: tuple[np.ndarray, np.ndarray]) -> None:
    from imblearn.pipeline import make_pipeline
    from sklearn.linear_model import LogisticRegression

    sampler = clone(ours.SMOTE(k_neighbors=3, random_state=0).set_params(k_neighbors=4))
    assert sampler.get_params() == {"k_neighbors": 4, "random_state": 0, "sampling_strategy": "auto"}
    assert make_pipeline(sampler, LogisticRegression()).fit(*table).score(*table) > 0.4


def test_a_seed_is_kept_and_no_global_state_is_touched(table: tuple[np.ndarray, np.ndarray]) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other, free, freer = (
        ours.SMOTE(random_state=seed).fit_resample(*table)[0] for seed in (3, 3, 4, None, None)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(free, freer)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("sampler", "fault"),
    [
        (ours.SMOTE(k_neighbors=60), "60 neighbours are asked for of 60 rows: ask for 59"),
        (ours.SMOTE(sampling_strategy={2: 5}), "Class 2 has 60 rows and 5"),
        (ours.SMOTE(sampling_strategy={7: 500}), "no class 7"),
        (ours.SMOTE(sampling_strategy=0.5), "two classes only"),
        (ours.SMOTE(sampling_strategy="majority"), "none of 'minority'"),
        (ours.SMOTENC([]), "0 of 3 columns are categories"),
        (ours.BorderlineSMOTE(kind="borderline-3"), "borderline-3"),
    ],
)
def test_what_cannot_be_done_is_said(sampler: Any, fault: str, table: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(ValueError, match=fault):
        sampler.fit_resample(*table)


def test_missing_numbers_are_refused(table: tuple[np.ndarray, np.ndarray]) -> None:
    x = table[0].copy()
    x[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        ours.SMOTE().fit_resample(x, table[1])
