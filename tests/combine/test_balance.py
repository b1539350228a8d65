"""Balancing: real rows stay, synthetic ones follow, of the class they are meant to be."""

from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.errors import DataError, NotFoundError, SpecError, UnsuitableError


def counts(frame: pl.DataFrame, target: str) -> dict[object, int]:
    return dict(frame[target].value_counts().iter_rows())


@pytest.mark.parametrize("method", ["smote_nc", "gaussian_copula", {"kind": "smote_nc", "k_neighbors": 2}], ids=str)
def test_classes_become_equal_and_real_rows_stay(adult: pl.DataFrame, method: str) -> None:
    whole = sy.transform("balance", adult, target="income", method=method, mark="made")
    most = max(counts(adult, "income").values())
    assert counts(whole, "income") == {">50K": most, "<=50K": most}
    assert whole.head(adult.height).drop("made").equals(adult)
    assert whole["made"].to_list() == [False] * adult.height + [True] * (whole.height - adult.height)


def test_a_ratio_leaves_what_is_common_enough(adult: pl.DataFrame) -> None:
    before, after = (counts(frame, "sex") for frame in (adult, sy.transform("balance", adult, target="sex", ratio=0.7)))
    assert after["Male"] == before["Male"]
    assert after["Female"] == max(before["Female"], round(0.7 * before["Male"]))


def test_a_method_of_numbers_serves_a_table_of_numbers() -> None:
    frame = pl.DataFrame({"x": [i / 7 for i in range(90)], "y": [True] * 12 + [False] * 78})
    for method in ("smote", "borderline_smote", "adasyn"):
        whole = sy.transform("balance", frame, target="y", method=method)
        assert counts(whole, "y") == {True: 78, False: 78}


def test_keys_of_new_rows_are_nobody_elses() -> None:
    frame = pl.DataFrame(
        {"id": range(500, 740), "x": [i % 37 / 3 for i in range(240)], "y": ["a"] * 30 + ["b"] * 40 + ["c"] * 170}
    )
    for method in ("smote_nc", "gaussian_copula"):
        whole = sy.transform("balance", frame, target="y", method=method)
        assert whole["id"].n_unique() == whole.height == 3 * 170
        assert whole["id"].null_count() == 0


def test_what_is_balanced_already_stays_as_it_is() -> None:
    frame = pl.DataFrame({"x": [i / 7 for i in range(80)], "y": ["a", "b"] * 40})
    assert sy.transform("balance", frame, target="y").equals(frame)


def test_what_cannot_be_balanced_is_refused(adult: pl.DataFrame) -> None:
    with pytest.raises(NotFoundError, match=r"No column `incom`. Did you mean `income`"):
        sy.transform("balance", adult, target="incom")
    with pytest.raises(NotFoundError, match=r"No method `smot`. Did you mean"):
        sy.transform("balance", adult, target="income", method="smot")
    with pytest.raises(SpecError, match="a column `age` already"):
        sy.transform("balance", adult, target="income", mark="age")
    with pytest.raises(SpecError, match="leave them out"):
        sy.transform("balance", adult, target="income", method={"kind": "smote_nc", "target": "sex"})
    with pytest.raises(SpecError, match="with `kind`"):
        sy.transform("balance", adult, target="income", method={"k_neighbors": 2})
    with pytest.raises(UnsuitableError, match="smote cannot learn `workclass`"):
        sy.transform("balance", adult, target="income", method="smote")
    with pytest.raises(DataError, match="Class 'Preschool' of `education` has"):
        sy.transform("balance", adult.filter(pl.int_range(pl.len()).over("education") < 4), target="education")


def test_on_the_command_line(adult_csv: Path, tmp_path: Path) -> None:
    out = tmp_path / "balanced.csv"
    words = ["transform", "balance", str(adult_csv), "--set", "target=income", "--set", "method={kind: smote_nc}"]
    assert main([*words, "-o", str(out)]) == 0
    assert len(set(counts(pl.read_csv(out), "income").values())) == 1
