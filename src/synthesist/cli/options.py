"""The words that commands share, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

from synthesist.errors import SpecError

__all__ = [
    "Count",
    "KeepRecords",
    "MethodName",
    "Out",
    "Protected",
    "SchemaPage",
    "Seed",
    "Settings",
    "Share",
    "Source",
    "Target",
    "Where",
    "counted",
]

FORMATS = ".csv .tsv .jsonl .parquet .arrow .xlsx"

Source = Annotated[Path, typer.Argument(metavar="SOURCE", help=f"the table: {FORMATS}", show_default=False)]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help=f"where to write the rows: {FORMATS}")]
Count = Annotated[
    list[str], typer.Option("-n", metavar="N", help="how many rows, or TABLE=N for one of several tables")
]
Seed = Annotated[int, typer.Option("--seed", metavar="S", help="the same seed gives the same result")]
MethodName = Annotated[
    str | None,
    typer.Option("-m", "--method", metavar="NAME", help="how to learn: `synthesist list methods`; else trees"),
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
    try:
        value = float(number.replace(",", "").replace("_", ""))
    except ValueError:
        value = float("nan")
    if not (value >= 1 and value < 2**63 and value.is_integer()):
        raise SpecError(f"-n {written[0]}: that is no whole number of at least 1. Write one, as in `-n 1000`.")
    return int(value)
