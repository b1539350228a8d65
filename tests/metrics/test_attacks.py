"""Attacks see what is given away, leave strangers alone, and say how sure they are."""

import numpy as np
import polars as pl
import pytest

from synthesist import catalog
from synthesist.core import Context, Evidence, Sampler, Spec
from synthesist.data.dataset import Dataset
from synthesist.errors import NotFoundError
from synthesist.metrics._columns import encoded
from synthesist.metrics._membership import told_apart
from synthesist.metrics._nearest import Gower
from synthesist.metrics._predicates import Ranked, chosen, rare
from synthesist.metrics._risk import beyond, effective, rate
from synthesist.metrics.singling_out import SinglingOut

TRIAD = ["singling_out", "linkability", "attribute_inference"]
MEMBERSHIP = ["membership", "shadow", "black_box"]
ATTACKS = [*TRIAD, *MEMBERSHIP, "outliers"]


class Copier(Spec):
    """A method that learns by heart: it draws rows it has seen."""

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        del ctx
        return Copies(data)


class Copies:
    """The rows seen, drawn at random."""

    block = 1_000

    def __init__(self, data: Dataset) -> None:
        self.data, self.schema = data, data.schema

    def sample(self, n: int, ctx: Context) -> Dataset:
        return self.data.with_table(self.data.table[np.resize(ctx.rng("rows").permutation(len(self.data)), n)])


class Shuffler(Copier):
    """A method that draws every column from those seen, by itself."""

    def fit(self, data: Dataset, ctx: Context) -> Sampler:
        rng = ctx.rng("orders")
        cells = (column[rng.permutation(len(data))] for column in data.table.iter_columns())
        return Copies(data.with_table(pl.DataFrame(list(cells))))


@pytest.fixture
def attacked(case, ctx):
    """`attacked(name, train, holdout, synthetic)`: the Score of this attack on a method that may copy."""

    def score(name, *tables, method=None, **options):
        plain = case(*tables)
        evident = Evidence(plain.train, plain.holdout, plain.synthetic, method=method or plain.method)
        return catalog.load("metrics", name)(**options).score(evident, ctx)

    return score


@pytest.mark.parametrize("name", ATTACKS)
def test_a_copy_of_train_is_found(name, attacked, real):
    train = real(1_000, 1)
    score = attacked(name, train, real(1_000, 2), train.sample(1_000, shuffle=True, seed=0), method=Copier())
    assert score.family == "privacy" and score.low > score.best
    assert score.value == pytest.approx(score.details["power"], abs=0.05)
    assert score.value > (0.95 if name in MEMBERSHIP else 0.8)
    if name in MEMBERSHIP:
        assert score.details["parts"][1]["value"] > 0.5


@pytest.mark.parametrize("name", ATTACKS)
def test_fresh_and_shuffled_rows_are_left_alone(name, attacked, real, shuffled):
    train = real(1_000, 1)
    for synthetic in (real(1_000, 3), shuffled(train)):
        score = attacked(name, train, real(700, 2), synthetic)
        assert score.reference_low <= score.best
        assert score.low <= score.best or name == "black_box"


def test_single_values_given_away_are_found_by_the_attack_that_practised(attacked, real, shuffled):
    """Columns in an order of their own keep every income as it was, and no row: only one attack looks there."""
    train = real(1_000, 1)
    assert attacked("black_box", train, real(700, 2), shuffled(train), method=Shuffler()).low > 0.55
    assert attacked("black_box", train, real(700, 2), real(1_000, 3), method=Shuffler()).low <= 0.5


@pytest.mark.parametrize("noise", [0, 1])
def test_one_row_in_twenty_learnt_by_heart_is_found(noise, attacked, real):
    """By `outliers`, and by the rates of `membership`, also where numbers were blurred."""
    train = real(6_000, 1)
    copied = train[:300].with_columns((pl.col("income") * (1 + 0.001 * noise)).round(2))
    tables = train, real(3_000, 2), pl.concat([copied, real(5_700, 3)])
    assert attacked("outliers", *tables, share=0.5).low > 0
    few = attacked("membership", *tables).details["parts"][1]
    assert few["value"] > few["chance"]


def test_attacks_that_let_the_method_learn_again_need_it(attacked, case, real, ctx):
    tables = real(100, 1), real(100, 2), real(100, 3)
    plain = case(*tables)
    for name in ("shadow", "black_box"):
        nothing = Evidence(plain.train, plain.holdout, plain.synthetic)
        assert "method" in catalog.load("metrics", name)().score(nothing, ctx).skipped


@pytest.mark.parametrize("options", [{"known": ("agee",)}, {"secrets": ("agee",)}])
def test_a_column_that_is_not_there_is_named(options, attacked, real):
    with pytest.raises(NotFoundError, match="age"):
        attacked("attribute_inference", real(100, 1), real(100, 2), real(100, 3), **options)
    with pytest.raises(NotFoundError, match="age"):
        attacked("linkability", real(100, 1), real(100, 2), real(100, 3), first=("agee",))


def test_what_is_known_decides_what_is_guessed(attacked, real):
    """From `since`, which depends on age alone, age is guessed of strangers too; the city tells less."""
    tables = real(1_000, 1), real(1_000, 2), real(1_000, 3)
    rates = [
        attacked("attribute_inference", *tables, secrets=("age",), known=known).details["control_rate"]
        for known in (("since",), ("member",))
    ]
    assert rates[0] > 0.9 > 0.3 > rates[1]


def test_the_few_nearest_and_those_without_a_column_equal_their_definition(case, real):
    columns = encoded(case(real(300, 1), real(50, 2), real(40, 3)))
    gower = Gower.of(columns)
    queries, stock = np.arange(40), np.arange(300)
    one = [Gower(type(columns)((column,), columns.rows), gower.ranges) for column in columns.all]
    apart = np.array([[g.nearest("synthetic", queries, "train", stock[i : i + 1])[0] for i in stock] for g in one])
    total = apart.sum(axis=0).T
    far, place = gower.nearest_few("synthetic", queries, "train", stock, 7)
    order = np.argsort(total, axis=1, kind="stable")[:, :7]
    assert (place == order).all() and (far == np.take_along_axis(total, order, axis=1)).all()
    far, place = gower.nearest_without("synthetic", queries, "train", stock)
    for j in range(len(columns.all) + 1):
        rest = total - (apart[j].T if j < len(columns.all) else 0)
        assert (far[:, j] == rest.min(axis=1)).all() and (place[:, j] == rest.argmin(axis=1)).all()


def test_predicates_fit_one_row_and_are_counted_rightly(case, real, ctx):
    ranked = Ranked.of(encoded(case(real(400, 1), real(300, 2), real(350, 3))))
    made, train = ranked.table("synthetic"), ranked.table("train")
    for asked in (chosen(made, 3, 200, 20_000, ctx.rng("a")), rare(made, 200, ctx.rng("b"))):
        assert len(asked) > 100 and len(np.unique(np.hstack(asked), axis=0)) == len(asked)
        for table in (made, train):
            cells = table.cells[asked.column]
            meets = ((cells >= asked.low[:, :, None]) & (cells <= asked.high[:, :, None])).all(axis=1)
            count, row = table.matches(asked)
            assert (count == meets.sum(axis=1)).all() and meets[np.arange(len(asked)), row][count > 0].all()
            assert (count == 1).all() or table is train


def test_a_rate_beyond_strangers_has_the_interval_it_claims():
    """Against 4,000 draws: the true risk lies inside 95 % of the intervals, also where targets share attacks."""
    rng = np.random.default_rng(0)
    inside = []
    for _ in range(4_000):
        shares = [beta * (rng.random((200, 1)) < 0.5) + (1 - beta) * (rng.random((200, 4)) < p) for beta, p in RISKS]
        right = [np.round(share) for share in shares]
        rates = [rate(float(each.mean()), effective(each.mean(axis=1))) for each in right]
        found = beyond(*rates)
        true = (RISKS[0][1] - RISKS[1][1]) / (1 - RISKS[1][1])
        inside.append(found.low <= true <= found.high)
    assert 0.94 < np.mean(inside) < 0.98


RISKS = [(0.0, 0.4), (0.0, 0.3)]


def test_the_most_by_chance_is_passed_once_in_forty():
    rng = np.random.default_rng(0)
    passed = []
    for _ in range(2_000):
        _, details = told_apart(rng.normal(size=300), rng.normal(size=400))
        passed.append([part["value"] > part["chance"] for part in details["parts"]])
    assert (np.mean(passed, axis=0) < 0.03).all() and np.mean(passed, axis=0)[2] > 0.01


def test_a_table_in_which_nobody_is_unlike_all_others_is_singled_out_by_nothing(case, ctx):
    names = list("abcde")
    table = pl.DataFrame([[str(k >> place & 1) for k in range(320)] for place in range(5)], schema=names)
    kinds = {name: {"kind": "category"} for name in names}  # each two cells are those of eight different rows
    score = SinglingOut(columns=2).score(case(table, table, table, kinds=kinds), ctx)
    assert "exactly one" in score.skipped
