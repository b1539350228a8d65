"""Tuning finds what is better, by rows not learnt from, and never by copying or by giving protection up."""

import polars as pl
import pytest

import synthesist as sy
from synthesist.combine.search import Choices, Range, Trial, ranges, rungs, searched
from synthesist.core import Context, Score
from synthesist.errors import SpecError, SynthesistError
from synthesist.methods.gaussian_copula import GaussianCopula
from synthesist.methods.marginals import Marginals
from synthesist.methods.trees import Trees


def judged(spec: Marginals, rows: int, copying: float = 0.5) -> Trial:
    """A made-up trial: the fewer bins, the better."""
    value = spec.bins / 4096
    return Trial(spec, rows, Score("c2st", "", value, value, value, 0.0, 1.0, 0.0), copying, 0.1)


def test_a_poor_setting_is_left_for_a_better_one(adult: pl.DataFrame) -> None:
    start = GaussianCopula(shrinkage=0.9)
    found = sy.search(adult.head(1_500), start, 8, fixed=("bins",), seed=1)
    assert found.spec.shrinkage < 0.6
    assert found.best.score.value < found.before.score.value - 0.02
    assert {trial.spec.bins for trial in found.trials} == {start.bins}
    assert found.model.method == found.spec
    assert found.model.provenance["rows"] == 1_500
    assert "shrinkage" in found.model.provenance["because"]


def test_the_same_seed_makes_the_same_search(adult: pl.DataFrame) -> None:
    one, other = (sy.search(adult.head(300), "marginals", 3, by="column_shapes") for _ in range(2))
    assert [(t.spec, t.score, t.copying) for t in one.trials] == [(t.spec, t.score, t.copying) for t in other.trials]
    assert one.model.sample(20).equals(other.model.sample(20))


def test_few_rows_first_and_all_of_them_for_the_best() -> None:
    assert rungs(20, 9_000) == [(20, 1_000), (7, 3_000), (3, 9_000)]
    assert rungs(20, 1_400) == [(20, 1_400)]
    assert rungs(2, 1_000_000) == [(2, 1_000_000)]
    found = searched(Marginals(), (), "c2st", 20, 9_000, judged, Context.seeded(0))
    assert [sum(trial.rows == rows for trial in found.trials) for rows in (1_000, 3_000, 9_000)] == [20, 7, 3]
    assert found.best.distance == min(trial.distance for trial in found.trials)
    assert found.before.spec == Marginals()


def test_nobody_wins_by_copying() -> None:
    def attempt(spec: Marginals, rows: int) -> Trial:
        return judged(spec, rows, copying=0.5 if spec.bins >= 100 else 0.6)

    assert searched(Marginals(), (), "c2st", 12, 400, attempt, Context.seeded(0)).spec.bins >= 100


def test_a_setting_that_fails_does_not_end_the_search() -> None:
    def attempt(spec: Marginals, rows: int) -> Trial:
        return judged(spec, rows) if spec == Marginals() else Trial(spec, rows, failure="it cannot")

    found = searched(Marginals(), (), "c2st", 5, 400, attempt, Context.seeded(0))
    assert found.spec == Marginals()
    assert "it cannot" in str(found)
    with pytest.raises(SynthesistError, match="it cannot"):
        searched(Marginals(), (), "c2st", 3, 400, lambda s, n: Trial(s, n, failure="it cannot"), Context.seeded(0))


def test_a_limit_of_time_is_told() -> None:
    found = searched(Marginals(), (), "c2st", 5, 400, judged, Context.seeded(0), most_seconds=-1.0)
    assert len(found.trials) == 1
    assert "Stopped" in str(found)


def test_what_is_tried_lies_near_the_start_and_within_the_limits() -> None:
    space = ranges(Trees())
    assert space["bins"] == Range((62.5).__ceil__(), 250, whole=True)
    assert space["refinements"] == Range(1, 5, whole=True)
    assert space["rate"].high == 1.0
    assert "min_rows" not in space
    assert [space["rate"].at(share) for share in (0, 0.5, 1)] == [0.0625, 0.25, 1.0]
    assert [Choices(("a", "b")).at(share) for share in (0, 0.4, 0.6, 1)] == ["a", "a", "b", "b"]


@pytest.mark.parametrize(("method", "trials", "hint"), [("auto", 5, "no option"), ("marginals", 1, "at least 2")])
def test_what_cannot_be_tuned_is_refused(adult: pl.DataFrame, method: str, trials: int, hint: str) -> None:
    with pytest.raises(SpecError, match=hint):
        sy.search(adult, method, trials)
