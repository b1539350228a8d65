"""Twenty planted defects, each named first; nothing named where nothing is wrong."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.core import Context, Evidence
from synthesist.errors import DataError, SpecError
from synthesist.metrics import _trees
from synthesist.metrics.c2st import C2ST
from synthesist.reasons.explaining import explained
from synthesist.reasons.explanation import Explanation, Reason
from synthesist.reasons.finding import found
from synthesist.reasons.realism import realism
from synthesist.reasons.sides import Sides

ROWS = 6_000
DAY = 86_400
Change = Callable[[pl.DataFrame, pl.DataFrame, np.random.Generator], pl.DataFrame]
c = pl.col


def people(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Age, pay and place go together; hours are heaped; visits start and end on days, fewer at weekends."""
    age = rng.integers(18, 80, n)
    place = np.array(["north", "south", "east", "west", "islands"])[rng.choice(5, n, p=[0.3, 0.3, 0.2, 0.15, 0.05])]
    weeks = rng.integers(0, 150, n) * 7
    start = weeks + rng.choice(7, n, p=[0.2, 0.2, 0.2, 0.2, 0.12, 0.05, 0.03])
    first = date(2020, 1, 6).toordinal() - date(1970, 1, 1).toordinal()
    hours = np.where(rng.random(n) < 0.4, 40, rng.integers(10, 60, n))
    pay = np.round(np.exp(rng.normal(10, 0.4, n)) * (1 + (age - 18) / 60) / 10) * 10
    school = rng.integers(0, 6, n)
    return pl.DataFrame(
        {
            "age": age,
            "place": place,
            "hours": hours,
            "pay": pay.astype(np.int64),
            "start": pl.Series(first + start, dtype=pl.Int32).cast(pl.Date),
            "end": pl.Series(first + start + rng.poisson(4, n), dtype=pl.Int32).cast(pl.Date),
            "school": np.array(["none", "basic", "middle", "high", "college", "doctor"])[school],
            "years": school * 3,
            "weight": np.round(rng.normal(70, 12, n), 1),
            "note": pl.Series(rng.choice(["x", "y", "z"], n)).set(pl.Series(rng.random(n) < 0.1), None),
        }
    )


def shop(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Prices end in .99, volumes follow weights, sizes are skewed, a pair of flags is exclusive."""
    size = rng.choice(["s", "m", "l", "xl"], n, p=[0.4, 0.3, 0.2, 0.1])
    mass = rng.gamma(2.0, 3.0, n)
    first = rng.random(n) < 0.3
    return pl.DataFrame(
        {
            "size": size,
            "price": np.round(rng.gamma(3.0, 10.0, n)) + 0.99,
            "mass": np.round(mass, 3),
            "volume": np.round(mass * rng.normal(1.0, 0.2, n), 3),
            "new": first,
            "sale": ~first & (rng.random(n) < 0.4),
            "rating": rng.choice(5, n, p=[0.1, 0.1, 0.2, 0.3, 0.3]) + 1,
        }
    )


def sensors(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Readings through a year, warmer at noon, one moment and one key each, with a remark in words."""
    at = np.sort(rng.integers(0, 365 * DAY, n)) + 1_600_000_000
    warm = 15 + 8 * np.sin(2 * np.pi * at / DAY) + 3 * np.sin(2 * np.pi * at / (3 * DAY)) + rng.normal(0, 0.5, n)
    words = np.array(["steady", "rising after rain", "falling", "checked by hand today", "noise"])
    text = [f"{a} {b}." for a, b in zip(words[rng.integers(0, 5, n)], rng.integers(0, 10**6, n), strict=True)]
    return pl.DataFrame(
        {
            "key": rng.permutation(10 * n)[:n],
            "at": pl.from_epoch(pl.Series(at), time_unit="s"),
            "warm": np.round(warm, 3),
            "damp": np.round(rng.gamma(4.0, 10.0, n), 2),
            "wind": np.round(rng.normal(5, 2, n), 2),
            "remark": text,
        }
    )


def near(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    count = frame.height // 10
    noise = [pl.Series(rng.normal(0, 0.02, count)) for _ in range(3)]
    cells = [(c(name) + e).round(2) for name, e in zip(("warm", "damp", "wind"), noise, strict=True)]
    taken = train.head(count).with_columns(cells)
    return pl.concat([frame.head(frame.height - count), taken.with_columns(frame.tail(count)["key"])])


def where(column: str, rows: pl.Expr | float, value: object) -> Change:
    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        there = rows if isinstance(rows, pl.Expr) else pl.lit(pl.Series(rng.random(frame.height) < rows))
        return frame.with_columns(
            pl.when(there)
            .then(value if isinstance(value, pl.Expr) else pl.lit(value))
            .otherwise(c(column))
            .alias(column)
        )

    return change


def shuffled(column: str, share: float) -> Change:
    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        order, rows = np.arange(frame.height), np.flatnonzero(rng.random(frame.height) < share)
        order[rows] = rng.permutation(rows)
        return frame.with_columns(frame[column][order])

    return change


def copied(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    rest = frame.filter(c("place") != "islands")
    return pl.concat([rest, train.filter(c("place") == "islands").head(frame.height - rest.height)])


def doubled(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    return pl.concat([frame.head(frame.height - 200), frame.head(200)])


PLANTED: list[tuple[Callable[..., pl.DataFrame], str, str, Change]] = [
    (people, "a category dropped", "place", lambda f, t, r: f.filter(c("place") != "islands")),
    (people, "a category misspelt", "place", where("place", (c("place") == "north") & (c("pay") % 100 == 0), "nort")),
    (people, "a pair decorrelated", "school years", shuffled("years", 0.05)),
    (people, "a date a day late", "start", where("start", pl.lit(value=True), c("start").dt.offset_by("1d"))),
    (people, "an end before its start", "end start", where("end", 0.02, c("start").dt.offset_by("-3d"))),
    (people, "a range clipped", "pay", where("pay", c("pay") > 80_000, 80_000)),
    (people, "a subgroup copied", "place", copied),
    (people, "duplicates", "", doubled),
    (people, "another rounding", "weight", where("weight", 0.2, c("weight").round(0))),
    (people, "more decimals", "weight", where("weight", 0.03, c("weight") + 0.04)),
    (people, "more missing", "note", where("note", 0.06, None)),
    (people, "a spike", "hours", where("hours", 0.03, 33)),
    (people, "heaping lost", "hours", where("hours", (c("hours") == 40) & (c("pay") % 50 == 0), 41)),
    (people, "a slice changed", "hours age", where("hours", (c("age") < 30) & (c("hours") < 40), c("hours") + 12)),
    (people, "another unit in a group", "pay place", where("pay", c("place") == "south", c("pay") * 12 // 10)),
    (people, "two categories swapped", "school years",
     where("school", (c("pay") % 30 == 0) & (c("school") == "high"), "none")),
    (shop, "a relation reversed", "volume mass", where("volume", 0.06, (12 - c("volume")).clip(0.1, 50))),
    (shop, "a price without its ending", "price", where("price", 0.03, c("price") - 0.09)),
    (shop, "flags that exclude each other", "sale new", where("sale", c("new") & (c("rating") == 3), True)),
    (shop, "a share moved", "size", where("size", 0.08, "m")),
    (shop, "values beyond", "rating", where("rating", 0.01, 9)),
    (sensors, "near copies", "", near),
    (sensors, "a key used again", "key", where("key", 0.05, c("key").shift(1).fill_null(-1))),
    (sensors, "texts cut off", "remark", where("remark", pl.lit(value=True), c("remark").str.slice(0, 15))),
    (sensors, "texts in capitals", "remark", where("remark", 0.05, c("remark").str.to_uppercase())),
    (sensors, "one row late", "warm at", lambda f, t, r: f.with_columns(c("warm").shift(3).fill_null(strategy="max"))),
    (sensors, "hours shuffled", "at warm",
     where("at", 0.3, c("at").dt.truncate("1d") + pl.duration(seconds=c("key") % DAY))),
]  # fmt: skip


def parts(make: Callable[..., pl.DataFrame], seed: int) -> tuple[sy.Dataset, sy.Dataset, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    train, holdout, made = make(ROWS, rng), make(ROWS // 2, rng), make(ROWS, rng)
    data = sy.read(train)
    return data, sy.read(holdout, data.schema), made


def reasons(train: sy.Dataset, holdout: sy.Dataset, made: pl.DataFrame) -> tuple[Reason, ...]:
    """What is found, without the classifier that it takes no part of."""
    ctx = Context.seeded(0)
    return found(Sides.of(Evidence(train, holdout, sy.read(made, train.schema)), 50_000, ctx), 0.005, ctx).reasons


@pytest.mark.parametrize(("make", "what", "right", "change"), PLANTED, ids=[row[1] for row in PLANTED])
def test_a_planted_defect_is_named_first(
    make: Callable[..., pl.DataFrame], what: str, right: str, change: Change
) -> None:
    train, holdout, made = parts(make, len(what))
    told = reasons(train, holdout, change(made, train.table, np.random.default_rng(1)))
    first = told[0]
    if right:
        assert first.columns[0] in right.split(), told
        assert set(first.columns) <= set(right.split()), told
    else:
        assert first.kind == what


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("make", [people, shop])
def test_nothing_is_named_where_nothing_is_wrong(make: Callable[..., pl.DataFrame], seed: int) -> None:
    train, holdout, made = parts(make, 100 + seed)
    assert reasons(train, holdout, made) == ()
    if make is shop and not seed:
        told = sy.explain(train=train, holdout=holdout, synthetic=made)
        assert told.reasons == ()
        assert "Nothing tells" in told.verdict


def test_what_three_columns_do_together_is_a_slice() -> None:
    rng = np.random.default_rng(5)
    a, b, noise = (rng.integers(0, 2, (3, ROWS)) for _ in range(3))
    odd = np.where(rng.random(ROWS) < 0.6, a[2] ^ b[2], noise[2])
    frames = [pl.DataFrame({"a": a[k], "b": b[k], "x": a[k] ^ b[k] if k < 2 else odd}) for k in range(3)]
    told = sy.explain(train=frames[0], holdout=frames[1], synthetic=frames[2])
    assert told.auc > 0.55
    assert told.reasons[0].kind == "slice"
    assert set(told.reasons[0].columns) == {"a", "b", "x"}


def test_no_value_of_few_real_rows_is_told() -> None:
    rng = np.random.default_rng(3)
    train, holdout = people(ROWS, rng), people(ROWS // 2, rng)
    train[4, "place"] = "hermitage"
    made = people(ROWS, rng).with_columns(place=pl.lit("hermitage"), pay=pl.lit(2 * int(train["pay"].max())))
    told = sy.explain(train=train, holdout=holdout, synthetic=made)
    page = json.dumps(told.to_dict())
    assert "place" in {column for reason in told.reasons for column in reason.columns}
    assert "hermitage" not in page
    assert f"{train['pay'].max():,}" not in page


def test_it_travels_as_json_and_reads_as_a_page(tmp_path: Path) -> None:
    train, holdout, made = parts(shop, 1)
    told = sy.explain(train=train, holdout=holdout, synthetic=made.with_columns(price=c("price").round(1)))
    assert Explanation.from_dict(json.loads(told.save(tmp_path / "why.json").read_text("utf-8"))) == told
    page = told.save(tmp_path / "why.md").read_text("utf-8")
    assert told.reasons[0].sentence in page
    assert next(iter(told.columns)) == "price"
    with pytest.raises(SpecError, match=r"\.json or \.md"):
        told.save(tmp_path / "why.txt")
    with pytest.raises(SpecError, match="no explanation"):
        Explanation.from_dict({"auc": 0.5})


def test_too_few_rows_are_refused() -> None:
    train, holdout, made = parts(shop, 1)
    with pytest.raises(DataError, match="synthetic table has 5 rows"):
        sy.explain(train=train, holdout=holdout, synthetic=made.head(5))


def test_realism_names_the_cell_that_is_wrong() -> None:
    train, holdout, made = parts(people, 7)
    wrong = where("years", pl.int_range(pl.len()) < 300, 1)(made, made, np.random.default_rng(0))
    told = sy.realism(train=train, holdout=holdout, synthetic=wrong, explained=20)
    assert told.height == made.height
    assert told["realism"].is_between(0, 1).all()
    least = told.head(20)
    assert (least["row"] < 300).mean() > 0.9
    assert least.filter(c("row") < 300)["given_away_by"].str.starts_with("years").all()
    assert least.filter(c("row") < 300)["would_be_real_with"].str.contains("years").all()


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train, holdout, made = parts(shop, 2)
    for name, frame in (
        ("train", train.table),
        ("holdout", holdout.table),
        ("made", made.with_columns(size=c("size").replace("xl", "l"))),
    ):
        frame.write_parquet(tmp_path / f"{name}.parquet")
    words = [
        f"--{option}={tmp_path / name}.parquet"
        for option, name in (("train", "train"), ("holdout", "holdout"), ("synthetic", "made"))
    ]
    assert main(["explain", *words, "-o", str(tmp_path / "why.md"), "--rows", str(tmp_path / "rows.csv")]) == 0
    assert "`size` = xl never occurs" in capsys.readouterr().out
    assert "`size` = xl never occurs" in (tmp_path / "why.md").read_text("utf-8")
    rows = pl.read_csv(tmp_path / "rows.csv")
    assert sorted(rows["row"]) == list(range(made.height))
    assert rows["realism"].is_sorted()
    assert rows["given_away_by"][:100].is_not_null().all()


def test_evaluation_and_explanation_train_one_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    train, holdout, made = parts(shop, 3)
    real = sy.read(train.table)
    case = Evidence(real, sy.read(holdout.table, real.schema), sy.read(made, real.schema))
    ctx = Context.seeded(0)
    score = C2ST().score(case, ctx.at("c2st"))
    monkeypatch.setattr(_trees, "fit", lambda *_, **__: pytest.fail("it learns again"))
    told = explained(case, ctx.at("explain"))
    assert (told.auc, told.auc_low, told.auc_high) == (score.value, score.low, score.high)
    assert realism(case, ctx.at("explain"), explained=1).height == made.height


def test_a_sample_of_the_rows_is_told_apart_too() -> None:
    train, holdout, made = parts(shop, 4)
    changed = made.with_columns(price=c("price") + pl.when(pl.int_range(pl.len()) < 600).then(300).otherwise(0))
    told = sy.explain(train=train, holdout=holdout, synthetic=changed, rows=2_000)
    assert told.rows == {"train": 1_000, "holdout": 1_000, "synthetic": 2_000}
    assert next(iter(told.columns)) == "price"
    least = sy.realism(train=train, holdout=holdout, synthetic=changed, rows=2_000, explained=10)
    assert (least.head(100)["row"] < 600).mean() > 0.9
