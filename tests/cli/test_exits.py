"""How a command ends when it does not end well, and what it loads before it begins."""

import os
import signal
import subprocess
import sys
import time

import pytest

HEAVY = {"numpy", "polars", "yaml", "scipy", "sklearn", "lightgbm", "numba", "pyarrow", "torch"}


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words):
    code = (
        "import sys; from synthesist.cli import main; main(sys.argv[1:]);"
        "print(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, timeout=60)
    assert not HEAVY & set(done.stderr.split())


def test_a_fault_of_ours_is_an_apology(folder, call, monkeypatch):
    monkeypatch.setattr("synthesist.verbs.reading.inspect", lambda *_: 1 / 0)
    ended = call("inspect", "people.csv")
    assert ended.code == 70
    assert "ZeroDivisionError" in ended.err
    assert "--traceback" in ended.err
    assert "Traceback" not in ended.err
    with pytest.raises(ZeroDivisionError):
        call("inspect", "people.csv", "--traceback")
    monkeypatch.setenv("SYNTHESIST_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        call("inspect", "people.csv")


def test_a_warning_is_a_note_without_its_place_in_the_code(folder):
    (folder / "x.sql").write_text("CREATE TABLE a (id int PRIMARY KEY, b int REFERENCES nowhere);")
    command = [sys.executable, "-m", "synthesist", "sample", "x.sql", "-n", "3", "-o", "x.csv"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    assert done.stderr.startswith(
        "note: x.sql: not all of it is kept as it is written\n  line 1: `a`: refers to `nowhere`"
    )
    assert ".py" not in done.stderr


def test_ctrl_c_ends_with_130_and_no_file(folder):
    words = ["sample", "people.syn", "-n", "500000000", "-o", "out.csv"]
    before = sorted(folder.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "synthesist", *words], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 60
    while sorted(folder.iterdir()) == before and time.monotonic() < until:  # the draft appears when rows are written
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert err == b"Stopped. No file is half-written.\n"
    assert out == b""
    assert sorted(folder.iterdir()) == before


def test_a_reader_that_goes_away_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "synthesist", "show", "gaussian_copula"]
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(folder, call):
    (folder / "locked").mkdir(mode=0o500)
    ended = call("sample", "people.syn", "-n", "5", "-o", "locked/out.csv")
    assert ended.code == 2
    assert "locked" in ended.err


def test_bars_go_to_the_terminal_only_and_change_no_rows(folder, call, monkeypatch):
    call("sample", "people.syn", "-n", "100000", "-o", "plain.csv")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    ended = call("sample", "people.syn", "-n", "100000", "-o", "watched.csv")
    assert ended.code == 0, ended.err
    assert (folder / "plain.csv").read_bytes() == (folder / "watched.csv").read_bytes()
