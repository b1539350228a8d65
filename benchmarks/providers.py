"""People a second: eight columns that go together (names, sex, birth, e-mail, city, postcode, telephone).

    SYNTHESIST_PEERS=folder python benchmarks/providers.py

beside Faker and Mimesis, where `benchmarks/peers/setup.sh people` has put them into $SYNTHESIST_PEERS/people: theirs
are eight columns as well, drawn one by one and apart from each other.
"""

import argparse
import json
import os
import subprocess
from pathlib import Path
from time import process_time
from typing import Any

from _measure import fresh, peak_mb, printed

import synthesist as sy
from synthesist.core import Context

PARTS = ("first_name", "last_name", "sex", "birth_date", "email", "city", "postcode", "phone")
LOCALES = ("en_US", "de_DE")
SOME = {"en_US": 3, "de_DE": 2, "fr_FR": 1, "ja_JP": 1}
ROWS, ROWS_OF_PEERS = 2_000_000, {"mimesis": 100_000, "faker": 10_000}
RUNS = 3
HERE = Path(__file__).parent
LAYOUT = {
    "by": ("by", ""),
    "locale": ("locale", ""),
    "rows": ("rows", ",.0f"),
    "CPU-s": ("cpu_s", ".2f"),
    "rows/CPU-s": ("rows_per_s", ",.0f"),
    "peak MB": ("peak_mb", ".0f"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    asked = parser.parse_args()
    rows = [best(lambda each=each: fresh(ours, each, asked.rows)) for each in (*LOCALES, SOME)]
    peers = os.environ.get("SYNTHESIST_PEERS")
    for peer in ROWS_OF_PEERS if peers else ():
        rows += [best(lambda each=each, peer=peer: theirs(Path(str(peers)), peer, each)) for each in LOCALES]
    print(printed(rows, LAYOUT, asked.markdown))
    if not peers:
        print("SYNTHESIST_PEERS says where Faker and Mimesis are; without it they are not measured.")


def best(measure: Any) -> dict[str, Any]:
    """The quickest of three runs: others use the machine as well."""
    return min((measure() for _ in range(RUNS)), key=lambda found: found["cpu_s"])


def ours(locale: str | dict[str, int], rows: int) -> dict[str, Any]:
    """As a user gets them, in one table; lists are read before."""
    page: dict[str, Any] = {
        "entities": {"somebody": {"is": "person", "locale": locale}},
        "columns": {part: {"is": "provided", "by": f"somebody.{part}"} for part in PARTS},
    }
    sy.sample("columns", 1, ctx=Context.seeded(0, threads=1), **page)
    before = process_time()
    sy.sample("columns", rows, ctx=Context.seeded(1, threads=1), **page)
    spent = process_time() - before
    named = locale if isinstance(locale, str) else " ".join(locale)
    return {"by": "synthesist", "locale": named, "rows": rows, "cpu_s": spent, "rows_per_s": rows / spent} | {
        "peak_mb": peak_mb()
    }


def theirs(peers: Path, peer: str, locale: str) -> dict[str, Any]:
    """One rival, in its own environment."""
    python = peers / "people" / "bin" / "python"
    command = [str(python), str(HERE / "peers" / "people.py"), peer, locale, str(ROWS_OF_PEERS[peer])]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return {"by": peer, "locale": locale, **found, "rows_per_s": found["rows"] / found["cpu_s"], "peak_mb": None}


if __name__ == "__main__":
    main()
