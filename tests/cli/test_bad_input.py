"""Whatever a user gets wrong ends with exit code 2 and one message that names the thing and a way out."""

import json
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

M = "-m trees"
FIT = f"fit people.csv {M} -o out.syn"
SAMPLE = "sample people.syn -n 5 -o out.csv"
MAKE = f"make people.csv -n 5 {M} -o out.csv"
EVALUATE = "evaluate --train people.csv --holdout holdout.csv --synthetic other.csv"
COMPARE = "compare people.csv -o out.html"

CASES = [
    # words, what the message must name, what it must offer
    ("fti people.csv", "fti", "'fit'"),
    ("fit", "SOURCE", "--help"),
    ("sample people.syn -n 5", "-o", "a folder, or -"),
    (f"{SAMPLE} --sede 3", "--sede", "`--seed`"),
    (f"{SAMPLE} --seed many", "--seed", "integer"),
    (f"{SAMPLE} surplus", "surplus", "--help"),
    ("sample people.syn -n 0 -o out.csv", "-n 0", "-n 1000"),
    ("sample people.syn -n -3 -o out.csv", "-n -3", "-n 1000"),
    ("sample people.syn -n 2.5 -o out.csv", "-n 2.5", "-n 1000"),
    ("sample people.syn -n lots -o out.csv", "-n lots", "-n 1000"),
    ("sample people.syn -n nan -o out.csv", "-n nan", "-n 1000"),
    ("sample people.syn -n 5 -n 6 -o out.csv", "twice", "once"),
    ("sample people.syn -n peple=5 -o out.csv", "peple", "`people`"),
    ("sample people.syn -n 5 -o out.cvs", ".cvs", ".csv"),
    ("sample people.syn -n 5 -o nowhere/out.csv", "nowhere", "Make it first"),
    ("fill people.syn people.csv -o taken", "taken", "Name a file"),
    ("sample people.syn -n 5 -o people.csv/", "people.csv", "one file"),
    ("sample people.syn -n 5 -o out --parts --rows-per-part 0", "0 rows", "at least 1"),
    ("sample people.syn -n 5 -o - --rate fast", "'fast'", "50/s"),
    ("sample people.syn -n 5 -o - --rate 5/s --speed 0", "speed of 0", "as in 10"),
    ("sample people.syn -n 5 -o out --workers 0", "0 workers", "at least 1"),
    ("sample people.syn -n 5 -o out --parts --format cvs", ".cvs", ".csv"),
    ("sample peple.syn -n 5 -o out.csv", "peple.syn", "`people.syn`"),
    ("sample colums -n 5 -o out.csv", "colums", "`columns`"),
    ("sample people.csv -n 5 -o out.csv", "people.csv", "synthesist fit"),
    ("sample truncated.syn -n 5 -o out.csv", "truncated.syn", "Fit or fetch it again"),
    ("sample tampered.syn -n 5 -o out.csv", "tampered.syn", "synthesist"),
    ("sample foreign.syn -n 5 -o out.csv", "foreign.syn was made by the method `unheard_of`", "list methods"),
    ("sample text.syn -n 5 -o out.csv", "text.syn", "Fit or fetch it again"),
    (f"{SAMPLE} --set bins=3", "bins", "when fitting"),
    (f"{SAMPLE} --where agee>=65", "agee", "`age`"),
    (f"{SAMPLE} --where age>=65 --where age<30", "age", "contradict"),
    (f"{SAMPLE} --where sex=x", "'x'", "`f`"),
    (f"{SAMPLE} --where age~5", "age~5", "Write"),
    (f"{SAMPLE} --where age>=old", "'old'", "Correct"),
    (f"{SAMPLE} --where sex>=f", "sex", "Name the values"),
    ("sample unkind.yaml -n 5 -o out.csv", "unkind.yaml", "kind"),
    ("sample misspelt.yaml -n 5 -o out.csv", "meen", "`mean`"),
    ("sample columns -n 5 -o out.csv --set 'columns={x: {is: nrmal}}'", "nrmal", "`normal`"),
    (f"fit peple.csv {M} -o out.syn", "peple.csv", "`people.csv`"),
    ("fit people.csv -m gausian_copula -o out.syn", "gausian_copula", "`gaussian_copula`"),
    (f"{FIT} --set bin=3", "bin", "`bins`"),
    (f"{FIT} --set bins", "'bins'", "bins=64"),
    (f"{FIT} --set bins=many", "bins", "'many'"),
    (f"{FIT} --set bins=-1", "bins", "greater than or equal to"),
    (f"{FIT} --set bins=3 --set bins=4", "bins", "once"),
    (f"{FIT} --set bins=[1,", "'[1,'", "Correct it"),
    (f"fit people.csv {M} -o out.model", ".model", ".syn"),
    (f"fit empty.csv {M} -o out.syn", "empty.csv", "Check"),
    (f"fit headonly.csv {M} -o out.syn", "", ""),
    (f"fit people.csv {M} -o out.syn --schema nowhere.yaml", "nowhere.yaml", "No file"),
    (f"fit people.csv {M} -o out.syn --schema badschema.yaml", "bouns", "`bounds`"),
    (f"fit notes.md {M} -o out.syn", ".md", ".csv"),
    (f"fit fake.parquet {M} -o out.syn", "fake.parquet", "check what it is"),
    (f"make people.csv -n 5 {M} -o people.csv", "people.csv", "Choose another name"),
    (f"make people.csv -n 5 {M} -o ./../here/people.csv", "people.csv", "Choose another name"),
    (f"{MAKE} --report out.doc", ".doc", ".html"),
    (f"{MAKE} --target incme", "incme", "`income`"),
    (f"{MAKE} --share 1.5", "1.5", "0.8"),
    (f"{MAKE} --where age<0 --where age>1", "age", "contradict"),
    ("split people.csv --share 0 -o parts", "0.0", "0.8"),
    ("split people.csv -o people.syn", "people.syn", "folder"),
    (f"{EVALUATE} --target incme", "incme", "`income`"),
    (f"{EVALUATE} --protected sx", "sx", "`sex`"),
    (f"{EVALUATE} --require c2s<=0.6", "c2s", "`c2st`"),
    (f"{EVALUATE} --require c2st=0.6", "c2st=0.6", "c2st<=0.6"),
    (f"{EVALUATE} --require c2st<=low", "'low'", "c2st<=0.6"),
    (f"{EVALUATE} --json out.txt", ".txt", ".json"),
    ("evaluate --train people.csv --holdout people.csv --synthetic other.csv", "--holdout", "must be different"),
    ("evaluate --train people.csv --holdout zz.csv --synthetic other.csv", "zz.csv", "There are"),
    (f"{COMPARE} -m marginals,gausian_copula", "gausian_copula", "`gaussian_copula`"),
    (f"{COMPARE} -m bins=4,marginals", "bins=4", "without a method"),
    (f"{COMPARE} -m marginals:bin=4", "bin", "`bins`"),
    (f"{COMPARE} -m marginals --watts 0", "watts", "as in 10"),
    (f"{COMPARE} -m marginals --target incme", "incme", "`income`"),
    ("fit people.csv -o out.syn --budget soon", "--budget soon", "as in 60s"),
    ("fit people.csv -m trees -o out.syn --budget 60s", "trees", "auto"),
    ("fit people.csv -o out.syn --set bins=3", "`bins`", "Name the method"),
    ("search people.csv -m marginals --trials 1 -o out.syn", "1 trial", "at least 2"),
    ("fill people.syn alien.csv -o out.csv", "column", ""),
    ("transform msk people.csv -o out.csv", "msk", "`mask`"),
    ("transform mask people.csv -o out.csv", "columns", "required"),
    ("transform mask people.csv -o out.csv --set 'columns={agee: {do: drop}}'", "agee", "`age`"),
    ("list metods", "metods", "`methods`"),
    ("show tres", "tres", "`trees`"),
    ("show zzz", "zzz", "There are"),
    ("inspect taken", "taken", ""),
    ("run zz.yaml", "zz.yaml", "There are"),
    ("run recipe.yaml --set metod.bins=3", "metod", "`method`"),
    ("run recipe.yaml --set sample.n=0", "sample.n", "greater than or equal to 1"),
    ("run recipe.yaml --set version=9", "version", "1"),
    ("run recipe.yaml --set output.data=people.csv", "people.csv", "Choose another name"),
    ("run recipe.yaml --set output.data=null", "writes nothing", "output"),
    ("run recipe.yaml --resume", "resume", "output.model"),
    ("run twice.yaml", "seed", "line 2"),
    ("check recipe.yaml --set source=peple.csv", "peple.csv", "`people.csv`"),
    ("check recipe.yaml --set gate=[c2s<=1]", "c2s", "`c2st`"),
    ("check people.csv", "people.csv", ""),
]


@pytest.fixture
def bad(folder: Path) -> Path:
    """The working folder with everything that can be wrong with a file."""
    people = (folder / "people.csv").read_text()
    (folder / "holdout.csv").write_text("\n".join(people.splitlines()[:60]) + "\n")
    (folder / "other.csv").write_text("\n".join(people.splitlines()[:80]) + "\n")
    (folder / "alien.csv").write_text("a,b\n1,2\n")
    (folder / "empty.csv").write_bytes(b"")
    (folder / "headonly.csv").write_text("age,sex\n")
    (folder / "notes.md").write_text("notes")
    (folder / "fake.parquet").write_text("no parquet")
    (folder / "taken").mkdir()
    model = (folder / "people.syn").read_bytes()
    (folder / "truncated.syn").write_bytes(model[: len(model) // 2])
    (folder / "text.syn").write_text("not a model")
    _rewritten(folder / "people.syn", folder / "tampered.syn", "format", 999)
    _rewritten(folder / "people.syn", folder / "foreign.syn", "method", {"kind": "unheard_of"})
    (folder / "unkind.yaml").write_text("columns: {x: {is: normal}}\n")
    (folder / "misspelt.yaml").write_text("kind: columns\ncolumns: {x: {is: normal, meen: 3}}\n")
    (folder / "badschema.yaml").write_text("tables: {people: {columns: {age: {kind: integer, bouns: [0, 9]}}}}\n")
    (folder / "recipe.yaml").write_text("source: people.csv\nmethod: trees\nsample: 5\noutput: {data: out.csv}\n")
    (folder / "twice.yaml").write_text("seed: 1\nseed: 2\nsource: people.csv\n")
    return folder


def _rewritten(model: Path, target: Path, key: str, value: object) -> None:
    with zipfile.ZipFile(model) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith(".json"):
                content = json.dumps({**json.loads(content), key: value}).encode()
            new.writestr(name, content)


def _snapshot(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.parent.rglob("*")) if path.is_file()]
    return {str(path.relative_to(folder.parent)): path.read_bytes() for path in files} | {
        str(path): b"" for path in folder.rglob("*") if path.is_dir()
    }


@pytest.mark.parametrize(("words", "names", "offers"), CASES, ids=[case[0] for case in CASES])
def test_one_clear_message_and_nothing_written(bad, call, words, names, offers):
    before = _snapshot(bad)
    ended = call(*shlex.split(words))
    assert ended.code == 2, ended.err
    assert ended.err.startswith("error: ")
    assert ended.err.count("error:") == 1
    assert names in ended.err
    assert offers in ended.err
    assert "Traceback" not in ended.err
    assert ended.out == ""
    assert _snapshot(bad) == before


@pytest.mark.parametrize("words", ["fti", "sample truncated.syn -n 5 -o out.csv"])
def test_the_same_in_a_process_of_its_own(bad, words):
    done = subprocess.run(
        [sys.executable, "-m", "synthesist", *shlex.split(words)],
        cwd=bad,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1
