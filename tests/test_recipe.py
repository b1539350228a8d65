"""A recipe is checked whole, gives the rows of the verbs and commands, and keeps data back when a gate fails."""

import shutil
from pathlib import Path

import polars as pl
import pytest

import synthesist as sy
from synthesist.cli import main
from synthesist.errors import GateError, SpecError
from synthesist.recipe import Plan, Recipe

METHOD = "trees"

PAGE = f"""
version: 1
seed: 5
source: people.csv
method: {METHOD}
sample: {{n: 60, where: ["age >= 40"]}}
judge: {{target: vote, metrics: [column_shapes, validity]}}
gate: ["validity>=0.5"]
output: {{data: fake.csv, model: model.syn, report: report.html, scores: scores.json}}
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A recipe beside the table it names, in a folder that is not the working folder."""
    rows = [(20 + i % 60, "fm"[i % 2], i * 7 % 31 / 4, ["no", "yes"][i * 5 % 7 > 3]) for i in range(200)]
    pl.DataFrame(rows, schema=["age", "sex", "income", "vote"], orient="row").write_csv(tmp_path / "people.csv")
    (tmp_path / "recipe.yaml").write_text(PAGE)
    return tmp_path / "recipe.yaml"


def test_page_command_and_verbs_give_the_same_rows(page, tmp_path):
    done = sy.run(page)
    command = ["make", str(tmp_path / "people.csv"), "-n", "60", "-m", METHOD, "--where", "age >= 40", "--seed", "5"]
    assert main([*command, "-o", str(tmp_path / "made.csv")]) == 0
    assert (tmp_path / "made.csv").read_bytes() == (tmp_path / "fake.csv").read_bytes()

    train, _ = sy.split(sy.read(tmp_path / "people.csv"), 0.8, seed=5)
    rows = sy.fit(train, METHOD, seed=5).sample(60, where={"age": (">=", 40)}, seed=5)
    assert rows.table.equals(done.data.table)

    assert main(["run", str(page), "--set", "output.data=again.csv"]) == 0
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "fake.csv").read_bytes()


def test_another_seed_gives_other_rows(page, tmp_path):
    sy.run(page)
    sy.run(page, overrides=["seed=6", "output.data=other.csv"])
    assert (tmp_path / "other.csv").read_bytes() != (tmp_path / "fake.csv").read_bytes()


def test_every_file_is_written_and_the_report_says_how(page, tmp_path):
    done = sy.run(page)
    assert set(done.files.values()) == {tmp_path / n for n in ("fake.csv", "model.syn", "report.html", "scores.json")}
    assert set(done.manifest["files"]) == {str(path) for path in done.files.values()}
    assert Plan.of(page).recipe.key in (tmp_path / "report.html").read_text()
    assert done.report.provenance["seed"] == "5"
    assert sy.load(tmp_path / "model.syn").provenance["recipe"] == Plan.of(page).recipe.key


def test_a_failed_gate_keeps_the_data_back(page, tmp_path):
    with pytest.raises(GateError, match=r"validity>=2.*\n.*not written"):
        sy.run(page, overrides=['gate=["validity>=2"]'])
    assert (tmp_path / "report.html").exists()
    assert (tmp_path / "model.syn").exists()
    assert not (tmp_path / "fake.csv").exists()
    assert main(["run", str(page), "--set", 'gate=["validity>=2"]']) == 1


def test_resume_uses_the_model_only_if_nothing_it_hangs_on_changed(page, tmp_path, capsys):
    first = sy.run(page)
    assert first.manifest["model"] == "fitted"
    again = sy.run(page, overrides=["sample.n=10"], resume=True)
    assert again.manifest["model"] == "reused"
    assert again.data.table.equals(first.data.table.head(10))
    assert sy.run(page, overrides=["method.bins=16"], resume=True).manifest["model"] == "fitted"
    sy.run(page)
    (tmp_path / "people.csv").write_text((tmp_path / "people.csv").read_text().replace("20,", "21,"))
    assert sy.run(page, resume=True).manifest["model"] == "fitted"
    assert main(["run", str(page), "--resume"]) == 0
    assert "Used the model of an earlier run" in capsys.readouterr().out


def test_resume_fits_anew_where_the_earlier_model_is_damaged(page, tmp_path):
    (tmp_path / "model.syn").write_text("half")
    assert sy.run(page, resume=True).manifest["model"] == "fitted"


def test_transforms_change_what_is_written_not_what_is_judged(page, tmp_path):
    done = sy.run(page, overrides=["then=[{kind: mask, columns: {income: {do: drop}}}]"])
    assert pl.read_csv(tmp_path / "fake.csv").columns == ["age", "sex", "vote"]
    assert "income" in {column.name for column in done.report.columns}


def test_every_fault_of_a_page_at_once():
    page = {
        "sourc": "x.csv",
        "method": {"kind": METHOD, "bin": 3},
        "sample": 0,
        "share": 2,
        "judge": {"taget": "a", "metrics": ["c2s"]},
    }
    with pytest.raises(SpecError) as caught:
        Recipe.build(page)
    message = str(caught.value)
    assert message.startswith("The recipe has 7 faults")
    for hint in ("`source`", "`bins`", "`target`", "`c2st`", "sample.n", "share", "Field required"):
        assert hint in message


def test_check_reads_no_data_and_names_every_fault(page, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("synthesist.data.sources.read", lambda *_: pytest.fail("data was read"))
    assert main(["check", str(page)]) == 0
    plan = capsys.readouterr().out
    for part in ("people.csv", "Trees(", "60 rows", "seed 5", "validity>=0.5", "fake.csv", "memory"):
        assert part in plan
    words = ["--set", "source=peopel.csv", "--set", "output.data=no/fake.csv", "--set", 'gate=["validty>1"]']
    assert main(["check", str(page), *words]) == 2
    message = capsys.readouterr().err
    for part in ("3 faults", "`people.csv`", "no/fake.csv", "`validity`"):
        assert part in message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["people.csv", "recipe.yaml"]


def test_check_holds_columns_against_a_schema(page, tmp_path):
    (tmp_path / "schema.yaml").write_text(sy.read(tmp_path / "people.csv").schema.to_yaml())
    Plan.of(page, ["schema=schema.yaml"]).check()
    with pytest.raises(sy.SynthesistError, match="`vote`"):
        Plan.of(page, ["schema=schema.yaml", "judge.target=vot"]).check()


def test_the_page_survives_being_written_out():
    recipe = Recipe.build(
        {
            "source": "a.csv",
            "method": METHOD,
            "schema": "s.yaml",
            "then": [{"kind": "mask", "columns": {"a": {"do": "drop"}}}],
        }
    )
    assert Recipe.build(recipe.describe()) == recipe
    assert Recipe.build(recipe.describe()).key == recipe.key


def test_a_comparison_may_be_written_as_a_list():
    recipe = Recipe.build(
        {"source": "a.csv", "method": METHOD, "sample": {"where": {"age": [">=", 65], "sex": ["f", "m"]}}}
    )
    assert recipe.sample.where == {"age": (">=", 65), "sex": ["f", "m"]}


def test_paths_are_relative_to_the_page(page, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    sy.run("../recipe.yaml")
    assert (tmp_path / "fake.csv").exists()
    assert not list(elsewhere.iterdir())
    shutil.rmtree(elsewhere)
