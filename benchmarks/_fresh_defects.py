"""Defects that the explanation was not developed on, planted in sets it was not developed on.

KEPT_BACK was looked at once, after the detectors were done.
"""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

__all__ = ["DEVELOPED", "KEPT_BACK", "fresh_table"]

Change = Callable[[pl.DataFrame, pl.DataFrame, np.random.Generator], pl.DataFrame]
Case = tuple[str, str, str, Change]
MOST = 30_000  # rows of a set
FILES = {
    "flights": "nycflights13", "weather": "nycflights13", "fielding": "baseball", "players": "baseball",
    "trans": "berka", "client": "berka", "participants": "polymod_contacts", "contacts": "polymod_contacts",
}  # fmt: skip
c = pl.col


def fresh_table(name: str) -> pl.DataFrame:
    """A set, or a table of related ones, of SYNTHESIST_DATA; of large ones some rows."""
    folder = Path(os.environ["SYNTHESIST_DATA"])
    if name in FILES:
        rows = pl.read_parquet(folder / FILES[name] / f"{name}.parquet")
    else:
        rows = pl.concat([pl.read_parquet(folder / name / f"{part}.parquet") for part in ("train", "test")])
    chosen = np.random.default_rng(7).permutation(rows.height)[:MOST]
    return rows[np.sort(chosen)]


def put(column: str, where: pl.Expr | float, value: pl.Expr | float | str) -> Change:
    """Another value in some rows: where an expression says, or in a share of all."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        there = where if isinstance(where, pl.Expr) else pl.lit(pl.Series(rng.random(frame.height) < where))
        new = pl.lit(value) if isinstance(value, str) else value
        return frame.with_columns(pl.when(there).then(new).otherwise(c(column)).alias(column))

    return change


def exchanged(a: str, b: str, share: float) -> Change:
    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        there = pl.lit(pl.Series(rng.random(frame.height) < share))
        return frame.with_columns(
            pl.when(there).then(c(b)).otherwise(c(a)).alias(a), pl.when(there).then(c(a)).otherwise(c(b)).alias(b)
        )

    return change


def shuffled(column: str, *groups: str, share: float = 1.0) -> Change:
    """Cells change places, within groups if there are any."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        kept, rows = pl.lit(pl.Series(rng.random(frame.height) >= share)), c(column)
        mixed = rows.shuffle(seed=int(rng.integers(2**31)))
        return frame.with_columns(pl.when(kept).then(rows).otherwise(mixed.over(groups) if groups else mixed))

    return change


def late(column: str) -> Change:
    """Each cell is that of the row before."""
    return lambda frame, train, rng: frame.with_columns(c(column).shift(1).fill_null(strategy="backward"))


def near_copies(share: float, columns: list[str], size: float, digits: int) -> Change:
    """A share of the rows gives way to rows of train with noise."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        count = int(share * frame.height)
        noise = {x: pl.Series(rng.normal(0, size, count)) * train[x].std() for x in columns}
        taken = train[rng.choice(train.height, count, replace=False)]
        taken = taken.with_columns([(c(x) + noise[x]).round(digits).cast(frame.schema[x]) for x in columns])
        return pl.concat([frame.head(frame.height - count), taken])

    return change


def days_off(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Clients of train, born a day earlier or later."""
    count = int(0.3 * frame.height)
    days = pl.Series(rng.integers(0, 2, count) * 2 - 1)
    taken = train[rng.choice(train.height, count, replace=False)]
    born = (c("birth_date") + pl.duration(days=days)).cast(frame.schema["birth_date"])
    return pl.concat([frame.head(frame.height - count), taken.with_columns(born)])


def more_of(where: pl.Expr) -> Change:
    """Twice as many rows of a kind, the others from train."""
    return lambda frame, train, rng: pl.concat([frame, train.filter(where).head(frame.filter(where).height)])


def drawn_again(where: pl.Expr) -> Change:
    """A part of the rows is a quarter of itself, over and over."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        rest, part = frame.filter(~where), frame.filter(where)
        return pl.concat([rest, part[rng.integers(0, part.height // 4, part.height)]])

    return change


def reused(column: str, share: float) -> Change:
    """Keys of other rows."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        order = np.arange(frame.height)
        rows = np.flatnonzero(rng.random(frame.height) < share)
        order[rows] = rng.integers(0, frame.height, len(rows))
        return frame.with_columns(frame[column][order])

    return change


def missing_anywhere(column: str) -> Change:
    """As many missing cells, but in any rows; those that were missing are filled from others."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        gaps = np.flatnonzero(frame[column].is_null().to_numpy())
        filled = frame[column].drop_nulls().gather(rng.integers(0, frame.height - len(gaps), len(gaps)))
        cells = frame[column].scatter(gaps, filled)
        return frame.with_columns(cells.scatter(rng.choice(frame.height, len(gaps), replace=False), None))

    return change


def filled(column: str, value: float | None = None) -> Change:
    """Missing cells take one value: this, or the mean of train."""

    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        mean = train[column].mean() if value is None else value
        return frame.with_columns(c(column).fill_null(pl.lit(mean).cast(frame.schema[column])))

    return change


def jittered(column: str, share: float, size: float) -> Change:
    def change(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
        noise = pl.Series(rng.normal(0, size, frame.height) * (rng.random(frame.height) < share))
        return frame.with_columns((c(column) + noise.round(0)).cast(frame.schema[column]))

    return change


def hours_flat(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    hours = pl.Series(rng.integers(0, 24, frame.height) * (rng.random(frame.height) < 0.4))
    at = c("timestamp")
    moved = at.dt.truncate("1d") + pl.duration(hours=(at.dt.hour() + hours) % 24) + (at - at.dt.truncate("1h"))
    return frame.with_columns(moved.cast(frame.schema["timestamp"]))


def weekdays_lost(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    days = pl.Series(rng.integers(0, 7, frame.height))
    return frame.with_columns((c("time_hour") + pl.duration(days=days)).cast(frame.schema["time_hour"]))


def merged(frame: pl.DataFrame, train: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """The two rarest."""
    rare = train["personal_status_sex"].value_counts().sort("count")["personal_status_sex"]
    return frame.with_columns(c("personal_status_sex").replace(rare[0], rare[1]))


def tens(column: str) -> pl.Expr:
    return (c(column) / 10).round().cast(pl.Int64) * 10


SHOWER = ["fLength", "fWidth", "fSize", "fAsym", "fDist", "fAlpha"]
DEVELOPED: list[Case] = [
    ("shoppers", "a constant added in a group", "ExitRates,VisitorType",
     put("ExitRates", c("VisitorType") == "New_Visitor", c("ExitRates") + 0.01)),
    ("insurance", "shuffled within groups", "charges,age", shuffled("charges", "smoker", "region")),
    ("etth1", "a row late", "OT", late("OT")),
    ("nursery", "upper case in 5 %", "social", put("social", 0.05, c("social").str.to_uppercase())),
    ("nist_ma2019", "a subgroup drawn again", "HOUSING_TYPE", drawn_again(c("HOUSING_TYPE") == "2")),
    ("fielding", "heaped at tens", "PO", put("PO", 0.08, tens("PO"))),
    ("flights", "signs flipped in 5 %", "arr_delay", put("arr_delay", 0.05, -c("arr_delay"))),
    ("covertype_subset", "signs flipped in 5 %", "Vertical_Distance_To_Hydrology",
     put("Vertical_Distance_To_Hydrology", 0.05, -c("Vertical_Distance_To_Hydrology"))),
    ("compas", "a category doubled from train", "race", more_of(c("race") == "Hispanic")),
    ("beijing", "a correlation weakened", "DEWP", jittered("DEWP", 0.3, 6)),
    ("shoppers", "a correlation weakened", "BounceRates", shuffled("BounceRates", share=0.08)),
    ("trans", "a lighter tail", "amount", put("amount", c("amount") > 20_000, 20_000 + (c("amount") - 20_000) * 0.4)),
    ("insurance", "a lighter tail", "charges",
     put("charges", c("charges") > 35_000, 35_000 + (c("charges") - 35_000) * 0.3)),
    ("fielding", "two categories merged", "POS", put("POS", c("POS").is_in(["2B", "SS"]), "SS")),
    ("german_credit", "two categories merged", "personal_status_sex", merged),
    ("web_access_log", "hours flattened in 40 %", "timestamp", hours_flat),
    ("magic", "near copies", "", near_copies(0.2, SHOWER, 0.003, 4)),
    ("trans", "keys used again", "trans_id", reused("trans_id", 0.05)),
    ("sms_spam", "texts cut", "text", put("text", c("text").str.len_chars() > 100, c("text").str.slice(0, 100))),
    ("imdb_reviews_5k", "texts cut in 20 %", "text", put("text", 0.2, c("text").str.slice(0, 400))),
    ("insurance", "a target shifted in a group", "charges,region",
     put("charges", c("region") == "southeast", c("charges") * 1.15)),
    ("titanic", "a flag flipped in 25 %", "survived", put("survived", 0.25, ~c("survived"))),
    ("contacts", "two flags exclusive", "cnt_home,cnt_work",
     put("cnt_work", (c("cnt_home") == 1) & (c("cont_id") % 8 == 0), 1)),
    ("covertype_subset", "two soils at once", "Soil_Type10,Soil_Type29",
     put("Soil_Type10", c("Soil_Type29") & (c("Elevation") % 4 == 0), pl.lit(value=True))),
    ("trans", "a category dropped", "k_symbol", lambda f, t, r: f.filter(c("k_symbol").ne_missing("SLUZBY"))),
]  # fmt: skip
KEPT_BACK: list[Case] = [
    ("insurance", "two columns swapped in 6 %", "age,bmi", exchanged("age", "bmi", 0.06)),
    ("weather", "two columns swapped in 5 %", "temp,dewp", exchanged("temp", "dewp", 0.05)),
    ("weather", "another unit in 4 %", "temp", put("temp", 0.04, (c("temp") - 32) / 1.8)),
    ("participants", "a constant added in 6 %", "part_education_length",
     put("part_education_length", 0.06, c("part_education_length") + 2)),
    ("magic", "shuffled within the class", "fAlpha", shuffled("fAlpha", "class")),
    ("air_quality_uci", "a row late", "T", late("T")),
    ("german_credit", "a space behind in 8 %", "purpose", put("purpose", 0.08, c("purpose") + " ")),
    ("air_quality_uci", "missing filled by the mean", "NOx_GT", filled("NOx_GT")),
    ("titanic", "missing filled by the mean", "age", filled("age")),
    ("nist_ma2019", "missing filled by the mode", "NPF", filled("NPF", 2)),
    ("nist_ma2019", "missing at random", "PINCP,PINCP_DECILE", missing_anywhere("PINCP")),
    ("flights", "missing at random", "dep_delay", missing_anywhere("dep_delay")),
    ("covertype_subset", "a subgroup drawn again", "Wilderness_Area4", drawn_again(c("Wilderness_Area4"))),
    ("magic", "decimals lost in 5 %", "fDist", put("fDist", 0.05, c("fDist").round(0))),
    ("flights", "a rare category doubled from train", "carrier", more_of(c("carrier") == "VX")),
    ("flights", "weekdays lost", "time_hour", weekdays_lost),
    ("compas", "a day late", "dob,age", put("dob", pl.lit(value=True), c("dob").dt.offset_by("1d"))),
    ("client", "near copies", "", days_off),
    ("weather", "near copies", "", near_copies(0.15, ["temp", "dewp", "humid", "pressure"], 0.005, 1)),
    ("compas", "keys used again", "id", reused("id", 0.06)),
    ("nist_ma2019", "a target shifted in a group", "PINCP,EDU,PINCP_DECILE",
     put("PINCP", c("EDU").is_in(["11", "12"]), (c("PINCP") * 1.2 / 100).round().cast(pl.Int64) * 100)),
    ("players", "10 % on Mondays", "birthDate", put("birthDate", 0.1, c("birthDate").dt.truncate("1w"))),
    ("players", "death before birth", "deathDate,birthDate",
     put("deathDate", 0.08, c("birthDate").dt.offset_by("-200d"))),
    ("players", "even numbers in 20 %", "height", put("height", 0.2, (c("height") / 2).round().cast(pl.Int64) * 2)),
    ("etth1", "clipped at 0", "OT", put("OT", c("OT") < 0, 0.0)),
]  # fmt: skip
