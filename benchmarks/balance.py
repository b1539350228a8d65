"""Does balancing help a classifier? Against doing nothing, class weights, and a tuned threshold.

A set is split at random, 30 % held out and left as it is. The rest is balanced in each way, two
classifiers learn from it, and the held-out real rows judge: PR-AUC, which no threshold moves, and the F1 of
the rare class.

    SYNTHESIST_DATA=folder python benchmarks/balance.py --into docs/benchmarks/balance.md
"""

import argparse
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import fmean, stdev
from time import process_time
from typing import Any

import numpy as np
import polars as pl
from _measure import fresh, insert, printed, warm_up
from _sets import table
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, precision_recall_curve
from sklearn.model_selection import StratifiedKFold, cross_val_predict, train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import synthesist as sy
from synthesist.sklearn import ADASYN, SMOTE, BorderlineSMOTE

LEARNT, HELD_OUT = 3_000, 10_000  # rows at most, so that a run takes minutes
SETS: Mapping[str, tuple[str, Any, float | None]] = {
    "shoppers": ("Revenue", True, None),
    "default": ("default_payment_next_month", 1, None),
    "adult": ("income", ">50K", 0.05),
    "magic": ("class", "h", 0.02),
    "fraud_ulb": ("Class", True, 0.05),
}
"""Set -> its target, the rare class, and the share that class is thinned to; None: as it is."""
CLASSIFIERS: Mapping[str, Callable[..., Any]] = {
    "LightGBM": lambda **more: LGBMClassifier(n_estimators=100, n_jobs=1, random_state=0, verbose=-1, **more),
    "logistic": lambda **more: LogisticRegression(max_iter=2000, **more),
}
ENCODED = {
    "SMOTE": SMOTE,
    "Borderline-SMOTE": BorderlineSMOTE,
    "ADASYN": ADASYN,
}
METHODS = {
    "SMOTE-NC": {"kind": "smote_nc", "scale": True},
    "SMOTE-NC, own units": {"kind": "smote_nc"},
    "trees": {"kind": "trees"},
}
PLAIN = ("nothing", "class weights", "tuned threshold")
LAYOUT = {
    "set": ("set", ""),
    "rare": ("rare", ".1%"),
    "treatment": ("treatment", ""),
    "PR-AUC LightGBM": ("ap_LightGBM", ".3f"),
    "F1 ": ("f1_LightGBM", ".3f"),
    "PR-AUC logistic": ("ap_logistic", ".3f"),
    "F1": ("f1_logistic", ".3f"),
}
SUMMARY = {
    "treatment": ("treatment", ""),
    "PR-AUC against nothing": ("ap_gain", "+.3f"),
    "± se ": ("ap_error", ".3f"),
    "F1 against nothing": ("f1_gain", "+.3f"),
    "F1 against tuned threshold": ("f1_tuned", "+.3f"),
    "± se": ("f1_error", ".3f"),
    "PR-AUC better, worse": ("ap_votes", ""),
    "F1 better, worse than tuned": ("f1_votes", ""),
    "CPU-s of balancing": ("cpu_s", ".2f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default=",".join(SETS), help="names separated by commas")
    parser.add_argument("--seeds", type=int, default=2, help="splits of each set")
    parser.add_argument("--out", type=Path, help="keep every run's numbers as JSON")
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--into", type=Path, help="write the Markdown tables into this page")
    asked = parser.parse_args()
    runs: list[dict[str, Any]] = []
    for name in asked.sets.split(","):
        for seed in range(asked.seeds):
            try:
                runs += fresh(run, name, seed)
            except FileNotFoundError:
                print(f"{name}: skipped, there is no $SYNTHESIST_DATA/{name} with train.parquet and test.parquet")
                break
            if asked.out:
                asked.out.write_text(json.dumps(runs, indent=1), "utf-8")
    means, overall = by_set(runs), summary(runs)
    print(printed(means, LAYOUT, asked.markdown), printed(overall, SUMMARY, asked.markdown), sep="\n\n")
    if asked.into:
        insert(printed(means, LAYOUT, markdown=True), asked.into, "sets")
        insert(printed(overall, SUMMARY, markdown=True), asked.into, "summary")


def run(name: str, seed: int) -> list[dict[str, Any]]:
    """All treatments of one split of one set."""
    target, rare, share = SETS[name]
    rows = thinned(table_of(name), target, rare, share, np.random.default_rng(seed))
    learnt, held_out = train_test_split(np.arange(rows.height), test_size=0.3, random_state=seed, stratify=rows[target])
    train, test = rows[learnt[:LEARNT]], rows[held_out[:HELD_OUT]]
    encode = encoder(train.drop(target))
    x, y = encode(train), (train[target] == rare).to_numpy().astype(int)
    x_test, y_test = encode(test), (test[target] == rare).to_numpy().astype(int)
    for method in METHODS.values():
        warm_up(method["kind"])
    ADASYN(random_state=0).fit_resample(x[:, :2], y)
    out = []
    for treatment in (*PLAIN, *ENCODED, *METHODS):
        start = process_time()
        if treatment in ENCODED:
            more, labels = ENCODED[treatment](random_state=seed).fit_resample(x, y)
        elif treatment in METHODS:
            whole = sy.transform("balance", train, target=target, method=METHODS[treatment], seed=seed)
            more, labels = encode(whole), (whole[target] == rare).to_numpy().astype(int)
        else:
            more, labels = x, y
        row: dict[str, Any] = {"set": name, "seed": seed, "treatment": treatment, "rare": float(y.mean())}
        row["cpu_s"] = process_time() - start
        for classifier, make in CLASSIFIERS.items():
            model = make(**({"class_weight": "balanced"} if treatment == "class weights" else {})).fit(more, labels)
            score = model.predict_proba(x_test)[:, 1]
            cut = best_cut(make(), x, y, seed) if treatment == "tuned threshold" else 0.5
            row[f"ap_{classifier}"] = float(average_precision_score(y_test, score))
            row[f"f1_{classifier}"] = float(f1_score(y_test, score >= cut))
        out.append(row)
    return out


def table_of(name: str) -> pl.DataFrame:
    """A set, whose test part may write its columns in other types."""
    try:
        return table(name)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise FileNotFoundError(name) from error


def thinned(rows: pl.DataFrame, target: str, rare: Any, share: float | None, rng: np.random.Generator) -> pl.DataFrame:
    """The rows in random order, with so many of the rare class left that it has this share."""
    rows = rows[rng.permutation(rows.height)]
    if share is None:
        return rows
    usual, few = rows.filter(pl.col(target) != rare), rows.filter(pl.col(target) == rare)
    kept = pl.concat([usual, few.head(round(share / (1 - share) * usual.height))])
    return kept[rng.permutation(kept.height)]


def encoder(rows: pl.DataFrame) -> Callable[[pl.DataFrame], np.ndarray]:
    """Numbers in standard deviations, categories one-hot; a missing category is one of its own."""
    numbers = [c for c, dtype in rows.schema.items() if dtype.is_numeric()]
    named = [c for c in rows.columns if c not in numbers]

    def cells(frame: pl.DataFrame) -> Any:
        words = frame.select(pl.col(named).cast(pl.String).fill_null("(missing)")) if named else pl.DataFrame()
        return pl.concat([frame.select(numbers), words], how="horizontal").to_pandas()

    both = make_column_transformer(
        (StandardScaler(), numbers), (OneHotEncoder(handle_unknown="ignore", sparse_output=False), named)
    ).fit(cells(rows))
    return lambda frame: np.asarray(both.transform(cells(frame)))


def best_cut(model: Any, x: np.ndarray, y: np.ndarray, seed: int) -> float:
    """The threshold of the best F1 on rows the model did not learn from, by three folds."""
    folds = StratifiedKFold(3, shuffle=True, random_state=seed)
    score = cross_val_predict(model, x, y, cv=folds, method="predict_proba")[:, 1]
    precision, recall, cuts = precision_recall_curve(y, score)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(cuts[np.argmax(f1[:-1])])


def by_set(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over the seeds."""
    keys = [key for key, _ in LAYOUT.values() if key not in ("set", "treatment")]
    pairs = dict.fromkeys((row["set"], row["treatment"]) for row in runs)
    return [
        {"set": name, "treatment": treatment}
        | {key: fmean(r[key] for r in runs if (r["set"], r["treatment"]) == (name, treatment)) for key in keys}
        for name, treatment in pairs
    ]


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gains over all sets, seeds and classifiers; better and worse count set and classifier by two standard errors."""
    rows = []
    for treatment in dict.fromkeys(row["treatment"] for row in runs):
        ap, f1 = gains(runs, treatment, "nothing", "ap"), gains(runs, treatment, "nothing", "f1")
        tuned = gains(runs, treatment, "tuned threshold", "f1")
        rows.append(
            {
                "treatment": treatment,
                "ap_gain": fmean(map(fmean, ap.values())),
                "ap_error": error(ap),
                "f1_gain": fmean(map(fmean, f1.values())),
                "f1_tuned": fmean(map(fmean, tuned.values())),
                "f1_error": error(tuned),
                "ap_votes": votes(ap),
                "f1_votes": votes(tuned),
                "cpu_s": fmean(row["cpu_s"] for row in runs if row["treatment"] == treatment),
            }
        )
    return rows


def gains(runs: list[dict[str, Any]], treatment: str, base: str, score: str) -> dict[tuple[str, str], list[float]]:
    """What the treatment gains over `base`, seed by seed, for each set and classifier."""
    found: dict[tuple[str, str], list[float]] = {}
    at = {(row["set"], row["seed"], row["treatment"]): row for row in runs}
    for (name, seed, which), row in at.items():
        for classifier in CLASSIFIERS if which == treatment else ():
            key = f"{score}_{classifier}"
            found.setdefault((name, classifier), []).append(row[key] - at[name, seed, base][key])
    return found


def error(gained: dict[tuple[str, str], list[float]]) -> float:
    """The standard error of the mean over sets and classifiers."""
    means = [fmean(each) for each in gained.values()]
    return stdev(means) / len(means) ** 0.5 if len(means) > 1 else float("nan")


def votes(gained: dict[tuple[str, str], list[float]]) -> str:
    """In how many pairs of set and classifier the gain is beyond two standard errors of the seeds."""
    sure = [fmean(each) for each in gained.values() if abs(fmean(each)) > 2 * stdev(each) / len(each) ** 0.5]
    return f"{sum(each > 0 for each in sure)}, {sum(each < 0 for each in sure)} of {len(gained)}"


if __name__ == "__main__":
    main()
