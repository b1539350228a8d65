"""The core: addresses of randomness, allowed sets, Specs that check themselves, scores that know themselves."""

import random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthesist.core import Allowed, Context, Filler, Score, Spec, knob
from synthesist.errors import SpecError
from synthesist.methods.marginals import Marginals

quick = settings(deadline=None, derandomize=True, max_examples=60)


# --------------------------------------------------------------------------- randomness


def draw(ctx: Context, purpose: str = "noise") -> list[float]:
    return ctx.rng(purpose).random(4).tolist()


def test_the_same_address_gives_the_same_numbers_whatever_was_drawn_before() -> None:
    ctx = Context.seeded(3)
    first = draw(ctx)
    draw(ctx, "something else")
    assert draw(ctx) == draw(Context.seeded(3)) == first


@quick
@given(st.lists(st.text(max_size=4), min_size=1, max_size=4), st.lists(st.text(max_size=4), min_size=1, max_size=4))
def test_two_addresses_never_share_a_seed(one: list[str], other: list[str]) -> None:
    """Also where their parts joined give the same text, as in ("ab", "c") and ("a", "bc")."""
    seeds = [Context.seeded(0).at(*place[:-1]).seed(place[-1]) for place in (one, other)]
    assert (seeds[0] == seeds[1]) == (one == other)


def test_a_place_is_told_from_a_purpose_by_its_number() -> None:
    ctx = Context.seeded(0)
    assert draw(ctx.at("epoch", 3)) == draw(ctx.at("epoch").at("3"))
    assert draw(ctx.at("epoch", 3)) != draw(ctx.at("epoch", 4))
    assert draw(Context.seeded(1)) != draw(Context.seeded(2))


def test_drawing_leaves_global_random_state_alone() -> None:
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    draw(Context.seeded(0))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before  # noqa: NPY002


def test_seeds_do_not_change_between_releases() -> None:
    """Whoever noted a seed gets the same rows: this number is never edited."""
    assert Context.seeded(7).at("epoch", 3).seed("noise") % 2**64 == GOLDEN


GOLDEN = 14487047131871741250


def test_progress_goes_through_whoever_lends_it() -> None:
    seen: list[tuple[str, int | None]] = []

    def tracker(steps: Any, label: str, total: int | None) -> Any:
        seen.append((label, total))
        return steps

    ctx = Context.seeded(0, tracker=tracker).at("fit")
    assert list(ctx.track([1, 2], "fitting")) == [1, 2]
    assert list(ctx.track(iter([1]), "unknown")) == [1]
    assert seen == [("fitting", 2), ("unknown", None)]


# --------------------------------------------------------------------------- allowed sets

cells = st.none() | st.integers(-5, 5)
ends = st.none() | st.integers(-5, 5)
sets = st.builds(
    Allowed,
    values=st.none() | st.lists(st.integers(-5, 5), max_size=4).map(tuple),
    low=ends,
    high=ends,
    low_open=st.booleans(),
    high_open=st.booleans(),
    excluded=st.lists(st.integers(-5, 5), max_size=2).map(tuple),
    missing=st.booleans(),
)


def inside(want: Allowed, cell: int | None) -> bool:
    """What an allowed set means, said once more, cell by cell."""
    if cell is None:
        return want.missing
    above = want.low is None or (cell > want.low if want.low_open else cell >= want.low)
    below = want.high is None or (cell < want.high if want.high_open else cell <= want.high)
    return (want.values is None or cell in want.values) and above and below and cell not in want.excluded


@quick
@given(sets, st.lists(cells, max_size=6))
def test_a_mask_says_which_cells_are_in_the_set(want: Allowed, column: list[int | None]) -> None:
    mask = want.mask(pl.Series(column, dtype=pl.Int64))
    assert mask.to_list() == [inside(want, cell) for cell in column]


@quick
@given(sets, sets)
def test_both_is_the_intersection(one: Allowed, other: Allowed) -> None:
    column = pl.Series([None, *range(-6, 7)], dtype=pl.Int64)
    assert one.both(other).mask(column).to_list() == (one.mask(column) & other.mask(column)).to_list()


def test_only_missing_and_any_value() -> None:
    assert Allowed(values=(), missing=True).only_missing
    assert Allowed().any_value
    assert not Allowed(low=1).any_value
    assert not Allowed(values=(1,)).only_missing


# --------------------------------------------------------------------------- specs


class Kettle(Spec):
    """A Spec to test with."""

    litres: float = knob(1.0, "how much", tries=(0.5, 1.0), gt=0)
    whistle: bool = knob(True, "whether it is heard", tries=(True, False))


def test_a_spec_prints_as_code_and_cannot_be_changed() -> None:
    kettle = Kettle(litres=2)
    assert repr(kettle) == "Kettle(litres=2.0, whistle=True)"
    with pytest.raises(ValueError, match="frozen"):
        kettle.litres = 3.0  # type: ignore[misc]


def test_every_unknown_option_is_answered_with_the_nearest() -> None:
    with pytest.raises(SpecError, match=r"(?s)litre: .*Did you mean `litres`.*whistel: .*Did you mean `whistle`"):
        Kettle.build({"litre": 1, "whistel": True})


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(SpecError, match=r"(?s)2 faults.*litres.*greater than 0, got -1.*whistle"):
        Kettle.build({"litres": -1, "whistle": "loud"})


def test_a_spec_is_named_by_its_file_and_describes_itself() -> None:
    assert Marginals.name() == "marginals"
    assert Marginals(bins=9).describe() == {"kind": "marginals", "bins": 9, "min_rows": 5}


def test_a_knob_is_turned_between_two_values() -> None:
    with pytest.raises(SpecError, match="two values"):
        knob(1, "one value only", tries=(1,))


def test_a_fill_makes_a_filler() -> None:
    class Fills:
        def fill(self, rows: Any, allowed: Any, ctx: Any) -> Any:
            return rows

    assert isinstance(Fills(), Filler)
    assert not isinstance(object(), Filler)


# --------------------------------------------------------------------------- scores


@pytest.mark.parametrize(("value", "distance"), [(0.5, 0.0), (1.0, 1.0), (0.75, 0.5), (0.25, 0.5)])
def test_distance_is_the_share_of_the_way_to_the_worst(value: float, distance: float) -> None:
    assert Score("c2st", "title", value, 0.0, 1.0, best=0.5, worst=1.0, reference=0.5).distance == distance


def test_a_skipped_score_says_why() -> None:
    score = Score.skip("tstr", "title", "no target was named")
    assert score.skipped == "no target was named"
    assert score.value != score.value
