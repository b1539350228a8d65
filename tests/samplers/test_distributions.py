"""Every distribution of numbers: its law, its cuts, its grid, its ranks; mixtures; groups that go together."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from synthesist.core import Allowed, Context
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Number
from synthesist.errors import ConditionError, SpecError
from synthesist.samplers.columns import Columns
from synthesist.samplers.columns.declaration import KNOWN
from synthesist.samplers.columns.distribution import Distribution, Rows
from synthesist.samplers.columns.measured import Measured

N = 20_000
LAWS: dict[str, Any] = {
    "arcsine": stats.arcsine(),
    "beta": stats.beta(2, 2),
    "burr": stats.burr12(2, 1),
    "cauchy": stats.cauchy(),
    "chi_square": stats.chi2(3),
    "exponential": stats.expon(),
    "f": stats.f(5, 10),
    "gamma": stats.gamma(2),
    "generalized_extreme_value": stats.genextreme(-0.1),
    "generalized_pareto": stats.genpareto(0.2),
    "gumbel": stats.gumbel_r(),
    "half_normal": stats.halfnorm(),
    "inverse_gaussian": stats.invgauss(1),
    "laplace": stats.laplace(),
    "log_logistic": stats.fisk(2),
    "log_uniform": stats.loguniform(1, 1000),
    "logistic": stats.logistic(),
    "lognormal": stats.lognorm(1),
    "maxwell": stats.maxwell(),
    "normal": stats.norm(),
    "pareto": stats.pareto(2),
    "pert": stats.beta(3, 3),
    "power": stats.powerlaw(2),
    "rayleigh": stats.rayleigh(),
    "skew_normal": stats.skewnorm(3),
    "student_t": stats.t(4),
    "triangular": stats.triang(0.5),
    "uniform": stats.uniform(),
    "von_mises": stats.vonmises_line(1),
    "weibull": stats.weibull_min(1.5),
}
COUNTS: dict[str, Any] = {
    "beta_binomial": stats.betabinom(10, 2, 2),
    "binomial": stats.binom(10, 0.5),
    "geometric": stats.geom(0.5),
    "hypergeometric": stats.hypergeom(20, 10, 5),
    "negative_binomial": stats.nbinom(1, 1 / 3),
    "poisson": stats.poisson(1),
    "zipf": stats.zipfian(1, 1000),
}


def distribution(**declared: Any) -> Distribution:
    return Columns.build({"columns": {"x": declared}}).columns["x"]


def drawn(one: Distribution, allowed: Allowed | None = None, n: int = N, seed: int = 0) -> np.ndarray:
    ctx = Context.seeded(seed)
    rows = Rows(np.arange(n), ctx, ctx)
    return (one.draw(rows, allowed) if allowed else one.draw(rows)).to_numpy()


def test_every_distribution_of_numbers_is_tried_here() -> None:
    numbers = {name for name, one in KNOWN.items() if issubclass(one, Measured)}
    assert numbers - {"histogram", "quantiles"} == LAWS.keys() | COUNTS.keys()


# --------------------------------------------------------------------------- laws


@pytest.mark.parametrize("name", LAWS)
def test_a_number_follows_its_law(name: str) -> None:
    assert stats.kstest(drawn(distribution(**{"is": name})), LAWS[name].cdf).pvalue > 0.001


@pytest.mark.parametrize("name", LAWS)
def test_a_cut_takes_what_rejection_would_leave(name: str) -> None:
    law = LAWS[name]
    for low, high in ((0.3, 0.6), (0.999, 0.9999)):  # the middle, and far up where a difference of shares is rough
        ends = Allowed(low=float(law.ppf(low)), high=float(law.ppf(high)))
        x = drawn(distribution(**{"is": name}), ends)
        assert ends.low <= x.min() and x.max() <= ends.high
        inside = lambda v, low=low, high=high, law=law: (law.cdf(v) - low) / (high - low)  # noqa: E731
        assert stats.kstest(x, inside).pvalue > 0.001


@pytest.mark.parametrize("name", LAWS)
def test_a_grid_takes_whole_cells(name: str) -> None:
    # the bounds of a log-uniform choose among cells, so that both ends are whole ones
    law = stats.loguniform(0.95, 1000.05) if name == "log_uniform" else LAWS[name]
    one = distribution(**{"is": name, "decimals": 1})
    values, counts = np.unique(drawn(one), return_counts=True)
    assert np.allclose(values, np.round(values, 1))
    shares = law.cdf(values + 0.05) - law.cdf(values - 0.05)
    if name == "uniform":
        shares = np.full(11, 1 / 11)  # so do these
    often = shares * N > 20
    assert stats.chisquare(
        [*counts[often], counts[~often].sum() + 1], [*shares[often] * N, N - (shares[often] * N).sum() + 1],
        sum_check=False,
    ).pvalue > 0.001  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_follows_its_law_whole_and_cut(name: str) -> None:
    one, law = distribution(**{"is": name}), COUNTS[name]
    for allowed in (None, Allowed(low=2, high=4), Allowed(excluded=(2,)), Allowed(values=(1, 3))):
        values, counts = np.unique(drawn(one, allowed), return_counts=True)
        cells = pl.Series(np.arange(0, 1001))
        shares = law.pmf(cells.to_numpy()) * (1 if allowed is None else allowed.mask(cells).to_numpy())
        assert one.share(allowed or Allowed()) == pytest.approx(shares.sum(), abs=1e-9)
        shares = shares[values] / shares.sum()
        often = shares * N > 20
        rest = [counts[~often].sum(), N * (1 - shares[often].sum())]
        observed, expected = [*counts[often], rest[0]], [*shares[often] * N, rest[1]]
        if rest[1] < 5:
            observed, expected = observed[:-1], expected[:-1]
        assert stats.chisquare(observed, expected, sum_check=False).pvalue > 0.001


@pytest.mark.parametrize("name", [*LAWS, *COUNTS, "bernoulli"])
def test_ranks_of_values_are_even(name: str) -> None:
    one = distribution(**{"is": name})
    ctx = Context.seeded(3)
    cells = one.draw(Rows(np.arange(N), ctx, ctx))
    assert stats.kstest(one.rank(cells, ctx.rng("ties").random(N)), "uniform").pvalue > 0.001


@pytest.mark.parametrize("name", [*LAWS, *COUNTS])
def test_values_follow_their_ranks(name: str) -> None:
    """The same law by quantiles, as in a group, and in the quick way."""
    ctx, one = Context.seeded(0), distribution(**{"is": name})
    ranks = np.sort(np.random.default_rng(0).random(2_000))
    x = one.draw(Rows(np.arange(2_000), ctx, ctx, ranks)).to_numpy()
    assert (np.diff(x) >= 0).all()
    assert stats.ks_2samp(x, drawn(one)).pvalue > 0.001


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"is": "pert", "low": 3, "mode": 2, "high": 9}, "low <= mode <= high"),
        ({"is": "log_uniform", "low": 2, "high": 2}, "constant"),
        ({"is": "poisson", "mean": 3, "low": 500}, "practically nothing"),
        ({"is": "poisson", "integers": False}, "whole numbers"),
        ({"is": "geometric", "p": 1e-8}, "cut it by low and high"),
        ({"is": "hypergeometric", "drawn": 50}, "50 are drawn, and there are 20"),
        ({"is": "gamma", "high": -1}, "practically nothing"),
        ({"is": "pareto", "shape": 0.001}, "larger than a number can be"),
        ({"is": "histogram", "edges": [0, 1, 2], "weights": [1]}, "1 bars have 2 edges, here are 3"),
        ({"is": "histogram", "edges": [0, 2, 1], "weights": [1, 1]}, "edges rise"),
        ({"is": "quantiles", "points": {0.1: 3, 1: 9}}, "share 0"),
        ({"is": "quantiles", "points": {0: 3, 0.5: 3, 1: 9}}, "values rise"),
        ({"is": "mixture", "parts": [{"is": "normal"}, {"is": "constant", "value": "none"}]}, "all numbers"),
        ({"is": "mixture", "parts": [{"is": "normal", "missing": 0.1}]}, "of the mixture"),
        ({"is": "mixture", "parts": [{"is": "normal", "sdt": 2}]}, "std"),
        ({"is": "mixture", "parts": [{"is": "normal"}], "weights": [1, 2]}, "1 parts and 2 weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_when_the_page_is_read(declared: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        distribution(**declared)


def test_a_tail_beyond_all_numbers_is_cut() -> None:
    x = drawn(distribution(**{"is": "pareto", "shape": 0.0195}), n=400_000)
    assert np.isfinite(x).all() and x.max() > 1e280


# --------------------------------------------------------------------------- pieces and mixtures


def test_a_histogram_and_quantiles_are_even_inside_their_pieces() -> None:
    x = drawn(distribution(**{"is": "histogram", "edges": [0, 10, 20, 40], "weights": [1, 0, 3]}))
    assert stats.kstest(x, lambda v: np.interp(v, [0, 10, 20, 40], [0, 0.25, 0.25, 1])).pvalue > 0.001
    assert not ((x > 10) & (x < 20)).any()
    ages = distribution(**{"is": "quantiles", "points": {0: 18, 0.5: 41, 0.9: 60, 1: 99}})
    assert stats.kstest(drawn(ages), lambda v: np.interp(v, [18, 41, 60, 99], [0, 0.5, 0.9, 1])).pvalue > 0.001
    assert ages.kind.bounds.low == 18  # type: ignore[union-attr]
    older = drawn(ages, Allowed(low=50))
    below_60 = 0.4 * 10 / 19 / (0.4 * 10 / 19 + 0.1)
    assert stats.kstest(older, lambda v: np.interp(v, [50, 60, 99], [0, below_60, 1])).pvalue > 0.001


def test_a_mixture_draws_each_part_by_its_weight_and_what_a_condition_leaves_of_it() -> None:
    many_zeros = distribution(
        **{
            "is": "mixture",
            "parts": [{"is": "constant", "value": 0}, {"is": "gamma", "decimals": 2}],
            "weights": [3, 1],
        }
    )
    assert isinstance(many_zeros.kind, Number) and many_zeros.kind.decimals == 2
    x = drawn(many_zeros)
    assert (x == 0).mean() == pytest.approx(0.75, abs=0.015)
    amounts = x[x > 0.01]
    assert stats.kstest(amounts, lambda v: 1 - stats.gamma(2).sf(v) / stats.gamma(2).sf(0.015)).pvalue > 0.001
    low = drawn(many_zeros, Allowed(high=1.0))
    assert (low == 0).mean() == pytest.approx(3 / (3 + stats.gamma(2).cdf(1.005)), abs=0.01)
    names = [{"is": "constant", "value": "none"}, {"is": "categorical", "values": ["a", "b"]}]
    assert set(drawn(distribution(**{"is": "mixture", "parts": names}))) == {"none", "a", "b"}


# --------------------------------------------------------------------------- groups


def people(spearman: Any = 0.6, **more: Any) -> Columns:
    return Columns.build(
        {
            "columns": {
                "age": {"is": "uniform", "low": 18, "high": 90, "integers": True},
                "income": {"is": "lognormal", "median": 30_000, "sigma": 0.6},
                "owner": {"is": "bernoulli", "p": 0.4},
                "other": {"is": "normal"},
            },
            "correlated": [{"columns": ["age", "income", "owner"], "spearman": spearman}],
            **more,
        }
    )


def test_a_group_goes_together_and_keeps_every_distribution() -> None:
    table = people([[1, 0.6, 0.3], [0.6, 1, -0.2], [0.3, -0.2, 1]]).sample(N, Context.seeded(0)).table
    assert stats.spearmanr(table["age"], table["income"]).statistic == pytest.approx(0.6, abs=0.02)
    assert table.filter("owner")["age"].mean() > table.filter(~pl.col("owner"))["age"].mean()  # type: ignore[operator]
    assert table.filter("owner")["income"].mean() < table.filter(~pl.col("owner"))["income"].mean()  # type: ignore[operator]
    assert abs(stats.spearmanr(table["age"], table["other"]).statistic) < 0.03
    assert stats.kstest(table["income"], stats.lognorm(0.6, scale=30_000).cdf).pvalue > 0.001
    assert stats.chisquare(table["age"].value_counts()["count"].to_numpy()).pvalue > 0.001


@pytest.mark.parametrize(
    "wanted",
    [
        {"age": Allowed(low=80)},
        {"owner": Allowed(values=(True,))},
        {"age": Allowed(low=70), "income": Allowed(high=25_000.0), "owner": Allowed(values=(True,))},
    ],
)
def test_a_condition_on_a_group_gives_what_rejection_would(wanted: dict[str, Allowed]) -> None:
    spec = people()
    plain = spec.sample(400_000, Context.seeded(1)).table
    for name, limit in wanted.items():
        plain = plain.filter(limit.mask(plain[name]))
    empty = pl.DataFrame(schema={name: kind.storage for name, kind in spec.schema.table.columns.items()}).clear(5_000)
    made = spec.fill(Dataset({spec.table: empty}, spec.schema), wanted, Context.seeded(2)).table
    assert len(made) == 5_000
    for name in ("age", "income"):
        assert stats.ks_2samp(made[name], plain[name]).pvalue > 0.001
    assert made["owner"].mean() == pytest.approx(plain["owner"].mean(), abs=0.03)


def test_given_cells_move_those_that_go_with_them() -> None:
    spec = people(0.8)
    schema = {name: kind.storage for name, kind in spec.schema.table.columns.items()}
    given = pl.DataFrame({"age": [20, 88, None] * 2_000}, schema={"age": pl.Int64}).with_columns(
        pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name != "age"
    )
    made = spec.fill(Dataset({spec.table: given}, spec.schema), {}, Context.seeded(2)).table
    assert (made["age"].head(2).to_list()) == [20, 88]
    young, old, any_age = (made["income"].gather_every(3, k) for k in range(3))
    assert young.quantile(0.9) < old.quantile(0.1)  # type: ignore[operator]
    assert stats.kstest(any_age, stats.lognorm(0.6, scale=30_000).cdf).pvalue > 0.001


@pytest.mark.parametrize(
    ("group", "says"),
    [
        ({"columns": ["age", "incom"], "spearman": 0.5}, "income"),
        ({"columns": ["age", "age"], "spearman": 0.5}, "named twice"),
        ({"columns": ["age", "income"], "spearman": [[1, 0.5]]}, "2 rows of 2"),
        ({"columns": ["age", "income"], "spearman": [[1, 0.5], [0.4, 1]]}, "same both ways"),
        (
            {"columns": ["age", "income", "other"], "spearman": [[1, 0.9, 0.9], [0.9, 1, -0.9], [0.9, -0.9, 1]]},
            "contradict",
        ),
    ],
)
def test_a_group_that_cannot_be_is_refused(group: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        people(correlated=[group])


def test_a_condition_that_a_group_hardly_meets_says_which_column() -> None:
    spec = people(1.0)
    empty = pl.DataFrame(schema={name: kind.storage for name, kind in spec.schema.table.columns.items()}).clear(2_000)
    wanted = {"age": Allowed(low=89), "income": Allowed(high=5_000.0)}
    with pytest.raises(ConditionError, match=r"`age`|`income`"):
        spec.fill(Dataset({spec.table: empty}, spec.schema), wanted, Context.seeded(2))
