"""Every command does its work, says what it wrote, and gives the same rows as the Python verbs."""

import json

import polars as pl
import pytest

import synthesist as sy
from synthesist.cli.app import COMMANDS

NAMES = [function.__name__.rstrip("_") for function in COMMANDS]


def test_make_gives_the_rows_of_the_verb(folder, call, method):
    words = ["-n", "50", "-m", method, "-o", "fake.csv", "--where", "age>=40", "--seed", "7", "--set", "bins=32"]
    ended = call("make", "people.csv", *words, "--target", "vote", "--report", "report.html")
    assert ended.code == 0, ended.err
    made = sy.make("people.csv", 50, method, where=["age>=40"], seed=7, bins=32)
    assert pl.read_csv("fake.csv").rows() == made.synthetic.table.rows()
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    assert "Wrote fake.csv: 50 rows, 4 columns" in ended.out


def test_fit_and_sample_give_the_rows_of_the_verbs(folder, call, method):
    assert call("fit", "people.csv", "-m", method, "--seed", "3", "-o", "model.syn").code == 0
    assert call("sample", "model.syn", "-n", "people=1_000", "--seed", "4", "-o", "fake.parquet").code == 0
    rows = sy.fit("people.csv", method, seed=3).sample(1000, seed=4)
    assert pl.read_parquet("fake.parquet").equals(rows.to_polars())


def test_sample_writes_block_by_block(folder, call, monkeypatch):
    from synthesist.data import writing

    seen, write = [], writing.Writer.write
    monkeypatch.setattr(writing.Writer, "write", lambda self, block: (seen.append(block.units), write(self, block))[1])
    ended = call("sample", "columns", "-n", "150000", "--set", "columns={x: {is: normal}}", "-o", "x.parquet")
    assert ended.code == 0, ended.err
    assert seen == [65_536, 65_536, 18_928]
    assert pl.read_parquet("x.parquet").height == 150_000


def test_sample_a_declared_page_with_a_part_of_it_set(folder, call):
    (folder / "orders.yaml").write_text("kind: columns\ntable: orders\ncolumns:\n  x: {is: uniform, low: 0, high: 1}\n")
    ended = call("sample", "orders.yaml", "-n", "orders=20", "--set", "columns.x.high=9", "-o", "x.csv")
    assert ended.code == 0, ended.err
    assert 1 < pl.read_csv("x.csv")["x"].max() <= 9


def test_split_parts_every_row_once(folder, call):
    ended = call("split", "people.csv", "--share", "0.75", "-o", "parts", "--seed", "1")
    assert ended.code == 0, ended.err
    train, holdout = (pl.read_csv(f"parts/{part}.csv") for part in ("train", "holdout"))
    assert (train.height, holdout.height) == (180, 60)
    assert sorted(pl.concat([train, holdout]).rows()) == sorted(pl.read_csv("people.csv").rows())


def test_split_parts_related_tables_by_their_unit(folder, call):
    from synthesist.data.folders import write_folder
    from synthesist.testing.tables import visited

    write_folder(visited(200), "clinic")
    ended = call("split", "clinic", "--share", "0.6", "-o", "halves")
    assert ended.code == 0, ended.err
    train, holdout = (sy.read(f"halves/{part}") for part in ("train", "holdout"))
    assert (train.units, holdout.units) == (120, 80)
    assert holdout.tables["visits"]["patient"].is_in(holdout.tables["patients"]["id"].implode()).all()


def test_inspect_writes_a_schema_that_fit_takes(folder, call, method):
    ended = call("inspect", "people.csv", "-o", "schema.yaml")
    assert ended.code == 0, ended.err
    assert "income" in ended.out
    assert call("fit", "people.csv", "-m", method, "--schema", "schema.yaml", "-o", "again.syn").code == 0
    assert (folder / "again.syn").exists()


def test_fill_keeps_what_was_given(folder, call):
    lines = (folder / "people.csv").read_text().splitlines()
    (folder / "holes.csv").write_text(
        "\n".join([lines[0], *(f",{line.split(',', 1)[1]}" for line in lines[1:9])]) + "\n"
    )
    ended = call("fill", "people.syn", "holes.csv", "-o", "full.csv")
    assert ended.code == 0, ended.err
    full = pl.read_csv("full.csv")
    assert full["age"].null_count() == 0
    assert full.drop("age").rows() == pl.read_csv("people.csv").head(8).drop("age").rows()
    assert "8 of 8 empty cells filled" in ended.out


def test_transform_masks(folder, call):
    ended = call("transform", "mask", "people.csv", "--set", "columns={income: {do: drop}}", "-o", "masked.csv")
    assert ended.code == 0, ended.err
    assert pl.read_csv("masked.csv").rows() == pl.read_csv("people.csv").drop("income").rows()


def test_evaluate_writes_report_and_scores(folder, call):
    call("split", "people.csv", "-o", "parts")
    call("sample", "people.syn", "-n", "200", "-o", "fake.csv")
    words = ["--train", "parts/train.csv", "--holdout", "parts/holdout.csv", "--synthetic", "fake.csv"]
    ended = call("evaluate", *words, "--json", "scores.json", "-o", "report.html", "--require", "validity>=0.5")
    assert ended.code == 0, ended.err
    assert {score["metric"] for score in json.loads((folder / "scores.json").read_text())["scores"]} >= {"c2st"}
    ended = call("evaluate", *words, "--require", "validity<=0.5", "--json", "again.json")
    assert ended.code == 1
    assert "validity<=0.5: validity is" in ended.err
    assert (folder / "again.json").exists()


def test_compare_sets_methods_side_by_side(folder, call, method):
    ended = call("compare", "people.csv", "-m", f"marginals,{method}", "-o", "compare.html", "--json", "compare.json")
    assert ended.code == 0, ended.err
    assert method in (folder / "compare.html").read_text()
    assert [entry["method"] for entry in json.loads((folder / "compare.json").read_text())["entries"]] == [
        "marginals",
        method,
    ]


def test_compare_takes_options_of_each_method(folder, call):
    words = ["-m", "marginals:bins=8,min_rows=3,gaussian_copula", "-m", "marginals", "--watts", "5"]
    ended = call("compare", "people.csv", *words, "-o", "compare.html", "--json", "compare.json")
    assert ended.code == 0, ended.err
    tree = json.loads((folder / "compare.json").read_text())
    assert [entry["method"] for entry in tree["entries"]] == [
        "marginals bins=8 min_rows=3",
        "gaussian_copula",
        "marginals",
    ]
    assert tree["watts"] == 5
    assert tree["advice"]["method"] in [entry["method"] for entry in tree["entries"]]
    assert "Use " in ended.out


def test_search_prints_the_trials_and_writes_the_best_model(folder, call):
    words = ["-m", "gaussian_copula", "--set", "bins=16", "--trials", "3", "--by", "column_shapes", "-o", "best.syn"]
    ended = call("search", "people.csv", *words)
    assert ended.code == 0, ended.err
    assert "column_shapes" in ended.out
    assert "shrinkage=" in ended.out
    assert sy.load("best.syn").method.bins == 16
    assert "tuned_by" in sy.load("best.syn").provenance


def test_auto_says_what_it_chose_and_why(folder, call):
    ended = call("fit", "people.csv", "--budget", "60s", "-o", "model.syn")
    assert ended.code == 0, ended.err
    assert "auto chose trees. 240 rows" in ended.out
    ended = call("make", "people.csv", "-n", "40", "--budget", "0.001s", "-o", "fake.csv", "--report", "report.html")
    assert "auto chose marginals. " in ended.out
    assert "more than the budget" in (folder / "report.html").read_text()


def test_list_and_show_tell_of_everything(call):
    from synthesist import catalog

    listed = call("list").out
    for shelf in catalog.SHELVES:
        for name in catalog.names(shelf):
            assert f" {name} " in listed
            shown = call("show", name)
            assert shown.code == 0
            assert "When not to use" in shown.out
            assert all(option in shown.out for option in catalog.load(shelf, name).model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_help_of_every_command_has_an_example(call, name):
    ended = call(name, "--help")
    assert ended.code == 0
    assert f"Example: synthesist {name}" in " ".join(ended.out.split())


def test_the_commands_are_those_promised():
    promised = (
        "demo make inspect list show split fit search sample fill transform adapt subset "
        "evaluate explain refine compare audit diff ledger run check"
    )
    assert promised.split() == NAMES


def test_help_alone_and_version(call):
    assert all(name in call().out for name in NAMES)
    assert call("--version").out == f"synthesist {sy.__version__}\n"


def test_demo_on_the_real_table_it_comes_with(folder, call, method, monkeypatch):
    from synthesist.data import examples

    pl.read_parquet(examples.ADULT).head(400).write_parquet(folder / "few.parquet")
    monkeypatch.setattr(examples, "ADULT", folder / "few.parquet")
    monkeypatch.setattr("synthesist.cli.whole.DEMO_ROWS", 300)
    ended = call("demo", "-m", method)
    assert ended.code == 0, ended.err
    assert sorted(path.name for path in (folder / "demo").iterdir()) == ["model.syn", "report.html", "synthetic.csv"]
    assert ended.out.rstrip().endswith("Open the report: demo/report.html")


@pytest.mark.prove
def test_demo_on_the_whole_table(tmp_path, call, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended = call("demo")
    assert ended.code == 0, ended.err
    assert pl.read_csv("demo/synthetic.csv").height == 10_000


def test_transform_writes_labels_beside_the_rows(folder, call):
    errors = "errors=[{is: missing, rate: 0.1}]"
    ended = call("transform", "corrupt", "people.csv", "-o", "dirty", "--set", errors, "--set", "labels=true")
    assert ended.code == 0, ended.err
    rows, labels = pl.read_csv("dirty/people.csv"), pl.read_csv("dirty/people_errors.csv")
    assert rows.select(pl.all().null_count()).sum_horizontal()[0] == labels.height > 50
    ended = call("transform", "corrupt", "people.csv", "-o", "dirty.csv", "--set", errors, "--set", "labels=true")
    assert ended.code == 2
    assert "several tables" in ended.err
