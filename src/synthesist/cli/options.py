"""The words that commands share, each declared once."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthesist.errors import SpecError

if TYPE_CHECKING:
    from synthesist.core import Spec
    from synthesist.data.places import Place
    from synthesist.data.schema import Schema
else:
    Place = Path  # typer takes no unions; what there is in truth, `at` says

__all__ = [
    "Budget",
    "Count",
    "Justification",
    "KeepRecords",
    "LedgerFile",
    "MethodName",
    "Out",
    "Protected",
    "ReleasePage",
    "RuleTexts",
    "SchemaPage",
    "Seed",
    "Settings",
    "Share",
    "Source",
    "Target",
    "Where",
    "asked",
    "at",
    "counted",
    "method_asked_for",
    "released_by",
    "span",
]

UNITS = {"s": 1, "m": 60, "h": 3600}
FORMATS = ".csv .tsv .jsonl .parquet .arrow .xlsx"


def at(text: str) -> Any:
    """A file, a folder or a database: `//` in the address of one is no path to be tidied."""
    from synthesist.data.places import place

    return place(text)


Source = Annotated[
    Place,
    typer.Argument(metavar="SOURCE", help=f"the table: {FORMATS}, or a database", show_default=False, parser=at),
]
Out = Annotated[
    Place,
    typer.Option("-o", "--out", metavar="FILE", help=f"where to write the rows: {FORMATS}, a database", parser=at),
]
Count = Annotated[
    list[str], typer.Option("-n", metavar="N", help="how many rows, or TABLE=N for one of several tables")
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="the same seed gives the same result")]
LedgerFile = Annotated[
    Path | None,
    typer.Option("--ledger", metavar="FILE", help="charge a private method to this ledger: `synthesist ledger open`"),
]
ReleasePage = Annotated[
    Path | None,
    typer.Option(
        "--release",
        metavar="FILE",
        help="of private rows, the page that may be published: .html .pdf .md .json; any other report is the curator's",
    ),
]
Justification = Annotated[
    str, typer.Option("--justification", metavar="TEXT", help="why this epsilon, as the page of --release says")
]
MethodName = Annotated[
    str | None,
    typer.Option("-m", "--method", metavar="NAME", help="how to learn: `synthesist list methods`; else auto picks one"),
]
Budget = Annotated[
    str | None,
    typer.Option("--budget", metavar="TIME", help="the time to learn in, on one core, as in 60s or 1h; auto keeps it"),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="OPTION=VALUE", help="set an option, as `synthesist show NAME` lists them; repeat it"
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", metavar="CONDITION", help="a condition every row meets, as in 'age>=65'; repeat it"),
]
RuleTexts = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="RULE", help="what every row must satisfy, as in 'start <= end'; repeat it"),
]
SchemaPage = Annotated[
    Path | None,
    typer.Option("--schema", metavar="YAML", help="what the columns mean, as `inspect -o` writes it; else detected"),
]
Share = Annotated[float, typer.Option("--share", metavar="P", help="the part to learn from, between 0 and 1")]
Target = Annotated[
    str | None, typer.Option("--target", metavar="COLUMN", help="the column a model would predict; judges usefulness")
]
Protected = Annotated[
    list[str] | None,
    typer.Option("--protected", metavar="COLUMN", help="a column that names groups to be treated alike; repeat it"),
]
KeepRecords = Annotated[
    bool, typer.Option("--keep-records", help="save a model although it holds real records, for methods that do")
]


def counted(written: list[str], table: str | None = None) -> int:
    """How many units `-n` asks for: `-n 1000`, or `-n orders=1000` with the table's name.

    Raises:
        SpecError: it is no whole number of at least 1, is given twice, or names another table.
    """
    if len(written) != 1:
        raise SpecError(f"-n is given {len(written)} times, but there is one table. Give it once, as in `-n 1000`.")
    name, sign, number = written[0].rpartition("=")
    if sign and table is not None and name != table:
        raise SpecError(f"-n {written[0]}: there is no table `{name}`. Write `-n {table}={number}` or `-n {number}`.")
    return _number(written[0])


def asked(written: list[str], schema: "Schema") -> "dict[str, int]":
    """How many rows `-n` asks for by table: `-n 1000 -n lines=5000`, the first of them of the unit.

    Raises:
        SpecError: it is no whole number of at least 1, a table is given twice, or there is no such table.
    """
    from synthesist.errors import did_you_mean

    out: dict[str, int] = {}
    for text in written:
        table = text.rpartition("=")[0] or schema.unit
        if table not in schema.tables:
            raise SpecError(f"-n {text}: there is no table `{table}`. {did_you_mean(table, schema.tables)}")
        if table in out:
            raise SpecError(f"-n {text}: the rows of `{table}` are given twice. Give them once.")
        out[table] = _number(text)
    return out


def _number(written: str) -> int:
    """The number at the end of an `-n`."""
    try:
        value = float(written.rpartition("=")[2].replace(",", "").replace("_", ""))
    except ValueError:
        value = float("nan")
    if not (value >= 1 and value < 2**63 and value.is_integer()):
        raise SpecError(f"-n {written}: that is no whole number of at least 1. Write one, as in `-n 1000`.")
    return int(value)


def method_asked_for(name: str | None, settings: Sequence[str], budget: str | None = None) -> "Spec":
    """The method of `-m`, `--set` and `--budget`.

    Raises:
        SpecError: a budget is given to a method that has none, or is no time.
    """
    from synthesist import catalog
    from synthesist.data.page import overridden
    from synthesist.verbs.learning import DEFAULT
    from synthesist.verbs.named import as_spec

    name, options = name or DEFAULT, overridden({}, settings)
    if budget is not None:
        if "budget" not in catalog.load("methods", name).model_fields:
            raise SpecError(f"--budget {budget}: {name} has no budget, auto has. Leave out `-m {name}`, or --budget.")
        if "budget" in options:
            raise SpecError(f"The budget is given twice, by --budget {budget} and by --set. Give it once.")
        options["budget"] = span("--budget", budget)
    return as_spec("methods", name, options)


def released_by(method: "Spec | None", release: Path | None) -> None:
    """Refuse a page for release where no private method made the rows, before anything is done.

    Raises:
        SpecError: the rows are no private method's.
    """
    from synthesist.dp.method import PrivateMethod

    if release is not None and not isinstance(method, PrivateMethod):
        by = f"{method.name()} does not keep rows private" if method else "without `--model` nobody knows who made them"
        raise SpecError(f"--release {release}: {by}, so any page on these rows would tell of real ones. Leave it out.")


def span(option: str, written: str) -> float:
    """A span of time in seconds: `60`, `60s`, `5m` or `1.5h`.

    Raises:
        SpecError: it is no time, or none at all.
    """
    number, unit = (written[:-1], written[-1]) if written[-1:] in UNITS else (written, "s")
    try:
        value = float(number) * UNITS[unit]
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise SpecError(f"{option} {written}: that is no span of time. Write one, as in 60s, 5m or 1h.")
    return value
