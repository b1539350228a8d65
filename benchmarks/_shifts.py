"""Pairs of a source and a shifted target made from real tables: other people, times or places, or a known shift.

`FIRST` are the pairs the choice was first made by, `DEVELOPED` those it was mended by. `KEPT_BACK` were drawn at random
from the same list as `DEVELOPED` (`np.random.default_rng(2026).permutation`) and run when all was done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from _sets import table

__all__ = ["DEVELOPED", "FIRST", "KEPT_BACK", "PAIRS", "Pair"]

Two = tuple[pl.DataFrame, pl.DataFrame]
Shift = Callable[[pl.DataFrame, str, np.random.Generator], Two]
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Pair:
    """Where the rows come from, what is predicted, how the target differs, and which columns take part."""

    set: str
    label: str
    shift: Shift
    only: str = ""
    """The columns that take part beside the label, separated by blanks; all without."""

    def drawn(self, rng: np.random.Generator) -> Two:
        """Source and target in random order."""
        rows = prepared(self.set).drop_nulls(self.label)
        source, there = self.shift(rows[rng.permutation(rows.height)], self.label, rng)
        kept = [*self.only.split(), self.label] if self.only else source.columns
        return source.select(kept), there.select(kept)


def prepared(name: str) -> pl.DataFrame:
    """A set, with what its columns say of time and kind written out."""
    rows = table(name.split("+")[0])
    match name:
        case "traffic_volume":
            when = pl.col("date_time").dt
            return rows.with_columns(hour=when.hour(), weekday=when.weekday())
        case "covertype_subset":
            return rows.with_columns(Cover_Type=pl.when(pl.col("Cover_Type") == 2).then(pl.lit("pine")).otherwise(
                pl.lit("other")))  # fmt: skip
        case "news_subset":
            read = pl.col("shares") > pl.col("shares").median()
            return rows.with_columns(shares=pl.when(read).then(pl.lit("many")).otherwise(pl.lit("few")))
        case "etth1+etth2":
            there = table("etth2").with_columns(station=pl.lit("2"))
            return pl.concat([rows.with_columns(station=pl.lit("1")), there])
    return rows


# --------------------------------------------------------------------------- the shifts


def where(here: pl.Expr) -> Shift:
    """Source rows are those of one place or time, target rows all others."""
    return lambda rows, label, rng: (rows.filter(here), rows.filter(~here))


def chosen_rows(by: str, strength: float) -> Shift:
    """Covariate shift: target rows are chosen with odds exp(strength z), z the standard score of a column."""

    def shift(rows: pl.DataFrame, label: str, rng: np.random.Generator) -> Two:
        x = rows[by].cast(pl.Float64).fill_null(strategy="mean").to_numpy()
        there = rng.random(rows.height) < 1 / (1 + np.exp(-strength * (x - x.mean()) / x.std()))
        return rows.filter(pl.Series(~there)), rows.filter(pl.Series(there))

    return shift


def other_shares(share: float) -> Shift:
    """Label shift: in the target the rarer class has this share."""

    def shift(rows: pl.DataFrame, label: str, rng: np.random.Generator) -> Two:
        rare = rows[label].value_counts().sort("count")[label][0]
        half = rows.height // 2
        source, there = rows.head(half), rows.tail(half)
        own, others = there.filter(pl.col(label) == rare), there.filter(pl.col(label) != rare)
        n = min(own.height / share, others.height / (1 - share))
        mixed = pl.concat([own.head(int(n * share)), others.head(int(n * (1 - share)))])
        return source, mixed[rng.permutation(mixed.height)]

    return shift


def measured_anew(change: Change, only: Sequence[str] = (), first: Shift | None = None) -> Shift:
    """Another device: the target's numeric columns, in standard scores, are changed together; after another shift."""

    def shift(rows: pl.DataFrame, label: str, rng: np.random.Generator) -> Two:
        half = rows.height // 2
        source, there = first(rows, label, rng) if first else (rows.head(half), rows.tail(half))
        numeric = [c for c in rows.columns if c != label and rows[c].dtype.is_numeric() and rows[c].n_unique() > 20]
        numeric = [c for c in numeric if not only or c in only]
        x = there.select(pl.col(numeric).cast(pl.Float64).fill_null(strategy="mean")).to_numpy()
        middle, spread = x.mean(axis=0), x.std(axis=0)
        moved = change((x - middle) / spread, rng) * spread + middle
        cells = [pl.Series(c, moved[:, j]) for j, c in enumerate(numeric)]
        whole = [one.round() if (rows[one.name] % 1 == 0).all() else one for one in cells]
        return source, there.with_columns(whole)

    return shift


def with_cells_lost(share: float) -> Shift:
    """In the target this share of the cells of every other column is missing."""

    def shift(rows: pl.DataFrame, label: str, rng: np.random.Generator) -> Two:
        half = rows.height // 2
        source, there = rows.head(half), rows.tail(half)
        lost = [
            pl.when(pl.Series(rng.random(there.height) < share)).then(None).otherwise(pl.col(c)).alias(c)
            for c in [c for c in rows.columns if c != label][::2]
        ]
        return source, there.with_columns(lost)

    return shift


def in_logarithms(columns: Sequence[str]) -> Shift:
    """In the target these columns hold the logarithm of one more than they should."""

    def shift(rows: pl.DataFrame, label: str, rng: np.random.Generator) -> Two:
        half = rows.height // 2
        logs = [pl.col(c).cast(pl.Float64).log1p().alias(c) for c in columns]
        return rows.head(half), rows.tail(half).with_columns(logs)

    return shift


def scaled(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Other units: every column by a factor between 0.5 and 2, and an offset."""
    return z * 2 ** rng.uniform(-1, 1, z.shape[1]) + rng.normal(0, 1, z.shape[1])


def bent(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A sensor that saturates: sign(z) |z|^0.5, and an offset."""
    return np.sign(z) * np.abs(z) ** 0.5 + rng.normal(0, 0.5, z.shape[1])


def rotated(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Columns mix: turned by a matrix near the identity, as between two spectrometers."""
    turn, _ = np.linalg.qr(np.eye(z.shape[1]) + 0.35 * rng.normal(size=(z.shape[1],) * 2) / z.shape[1] ** 0.5)
    return z @ (turn * np.sign(np.diag(turn)))


def coarser(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A device that rounds to half a standard deviation."""
    return np.round(2 * z) / 2


def unchanged(z: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """No shift at all."""
    return z


# --------------------------------------------------------------------------- the pairs

PEOPLE = "AGEP SEX MSP HISP RAC1P NOC NPF HOUSING_TYPE OWN_RENT INDP_CAT EDU DVET DREM DPHY DEYE DEAR"
WEATHER = "hour month DEWP TEMP PRES cbwd Iws Is Ir"
SENSORS = "PT08_S1_CO PT08_S2_NMHC PT08_S3_NOx PT08_S4_NO2 PT08_S5_O3 T RH AH"
RECORD = "sex age race juv_fel_count juv_misd_count juv_other_count priors_count c_charge_degree"
LAND = (
    "Elevation Aspect Slope Horizontal_Distance_To_Hydrology Vertical_Distance_To_Hydrology "
    "Horizontal_Distance_To_Roadways Hillshade_9am Hillshade_Noon Hillshade_3pm Horizontal_Distance_To_Fire_Points"
)
ROOMS = "lights T1 RH_1 T2 RH_2 T3 RH_3 T5 RH_5 T6 RH_6 T8 RH_8 T9 RH_9 T_out RH_out Windspeed NSM WeekStatus"
ROAD = "temp rain_1h clouds_all weather_main hour weekday"
LOADS = "HUFL HULL MUFL MULL LUFL LULL"
ARTICLE = (
    "n_tokens_title n_tokens_content num_hrefs num_imgs num_videos average_token_length num_keywords "
    "data_channel_is_entertainment data_channel_is_bus data_channel_is_socmed data_channel_is_tech "
    "data_channel_is_world kw_min_min kw_avg_avg self_reference_avg_sharess LDA_00 LDA_01 LDA_02 global_subjectivity"
)
DEFAULTS = "default_payment_next_month"

FIRST: dict[str, Pair] = {
    "older people": Pair("adult", "income", chosen_rows("age", 1.5)),
    "farther south": Pair("california_housing", "median_house_value", chosen_rows("latitude", -1.5)),
    "more earners": Pair("adult", "income", other_shares(0.6)),
    "more buyers": Pair("shoppers", "Revenue", other_shares(0.5)),
    "fewer hadrons": Pair("magic", "class", other_shares(0.1)),
    "other units": Pair("magic", "class", measured_anew(scaled)),
    "other currency": Pair("default", DEFAULTS, measured_anew(scaled)),
    "saturated": Pair("california_housing", "median_house_value", measured_anew(bent)),
    "turned": Pair("magic", "class", measured_anew(rotated)),
    "no shift": Pair("adult", "income", measured_anew(unchanged)),
}
FRESH: dict[str, Pair] = {
    "later years": Pair("beijing", "pm2_5", where(pl.col("year") < 2012), WEATHER),
    "winter": Pair("beijing", "pm2_5", where(pl.col("month").is_between(4, 9)), WEATHER.replace("month ", "")),
    "other states": Pair("nist_national2019", "PINCP_DECILE", where(pl.col("PUMA") < "26"), PEOPLE),
    "crowded places": Pair("nist_national2019", "PINCP_DECILE", where(pl.col("DENSITY") < 1_000), PEOPLE),
    "bad weather": Pair(
        "traffic_volume", "traffic_volume", where(pl.col("weather_main").is_in(["Clear", "Clouds"])), ROAD
    ),
    "later sensors": Pair("air_quality_uci", "CO_GT", where(pl.col("datetime") < pl.datetime(2004, 10, 1)), SENSORS),
    "women": Pair("compas", "two_year_recid", where(pl.col("sex") == "Male"), RECORD.replace("sex ", "")),
    "another forest": Pair("covertype_subset", "Cover_Type", where(pl.col("Wilderness_Area1")), LAND),
    "warmer months": Pair(
        "appliances_energy_quarter", "Appliances", where(pl.col("date") < pl.datetime(2016, 3, 15)), ROOMS
    ),
    "another transformer": Pair("etth1+etth2", "OT", where(pl.col("station") == "1"), LOADS),
    "weekend": Pair("news_subset", "shares", where(~pl.col("is_weekend")), ARTICLE),
    "holiday season": Pair("shoppers", "Revenue", where(~pl.col("Month").is_in(["Nov", "Dec"]))),
    "warmer days": Pair("beijing", "pm2_5", chosen_rows("TEMP", 1.5), WEATHER),
    "larger limits": Pair("default", DEFAULTS, chosen_rows("LIMIT_BAL", 1.5)),
    "more pines": Pair("covertype_subset", "Cover_Type", other_shares(0.2), LAND),
    "busier roads": Pair("traffic_volume", "traffic_volume", chosen_rows("traffic_volume", 1.0), ROAD),
    "more relapses": Pair("compas", "two_year_recid", other_shares(0.2), RECORD),
    "two sensors off": Pair(
        "air_quality_uci", "CO_GT", measured_anew(scaled, ("PT08_S2_NMHC", "PT08_S5_O3")), SENSORS
    ),
    "in logarithms": Pair(
        "california_housing", "median_house_value",
        in_logarithms(("median_income", "population", "households", "total_rooms")),
    ),
    "coarser": Pair("covertype_subset", "Cover_Type", measured_anew(coarser), LAND),
    "lost cells": Pair("news_subset", "shares", with_cells_lost(0.3), ARTICLE),
    "only the employed": Pair("adult", "income", where(pl.col("workclass") != "Private")),
    "more buyers, other units": Pair("shoppers", "Revenue", measured_anew(scaled, first=other_shares(0.4))),
    "warmer days, other units": Pair(
        "beijing", "pm2_5", measured_anew(scaled, ("DEWP", "PRES", "Iws"), chosen_rows("TEMP", 1.0)), WEATHER
    ),
    "one unit": Pair("etth1+etth2", "OT", measured_anew(scaled, ("HUFL",)), LOADS),
    "turned rooms": Pair("appliances_energy_quarter", "T_out", measured_anew(rotated), ROOMS.replace("T_out ", "")),
    "no other land": Pair("covertype_subset", "Cover_Type", measured_anew(unchanged), LAND),
    "no other roads": Pair("traffic_volume", "traffic_volume", measured_anew(unchanged), ROAD),
}  # fmt: skip
_ORDER = [list(FRESH)[k] for k in np.random.default_rng(2026).permutation(len(FRESH))]
DEVELOPED = {name: FRESH[name] for name in _ORDER[:10]}
KEPT_BACK = {name: FRESH[name] for name in _ORDER[10:]}
PAIRS = {**FIRST, **DEVELOPED, **KEPT_BACK}
