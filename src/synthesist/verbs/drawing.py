"""What is drawn: rows in memory, rows of any number in files, and the empty cells of rows."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthesist.core import Context
from synthesist.data.places import Place
from synthesist.data.targets import target
from synthesist.engine.plan import ROWS_OF_A_PART
from synthesist.engine.production import Production
from synthesist.errors import SpecError
from synthesist.model import Model
from synthesist.rules.conditions import Where
from synthesist.verbs.named import as_model
from synthesist.verbs.reading import read
from synthesist.writing import executor_of, written

__all__ = ["fill", "sample", "write"]


def sample(
    what: Any,
    n: int | Mapping[str, int],
    where: Where = None,
    *,
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Any:
    """Produce n units from anything that samples.

    That is a Model, a model file, a page or schema file, the address of a database whose tables are to be filled, a
    class of pydantic models, a sampler Spec or its name.

    Of related tables `n` may say how many rows some of them have, as in `{"customers": 1_000, "orders": 5_000}`.
    """
    return as_model(what, options).sample(n, where, seed=seed, ctx=ctx)


def write(
    what: Any,
    out: str | Place,
    n: int | Mapping[str, int] | None = None,
    where: Where = None,
    *,
    workers: int = 1,
    cluster: str | None = None,
    parts: bool = False,
    rows_per_part: int = ROWS_OF_A_PART,
    ending: str = ".csv",
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Production:
    """Write data of any size: what is read, or n units of anything that samples, block by block in little memory.

    Args:
        what: anything `read` accepts, or, where n is given, anything `sample` accepts.
        out: a file, a folder with a file for each table, a database, or `-` for JSON lines on the standard output.
        workers: how many processes draw; they change no row.
        cluster: the address of a Dask scheduler, whose workers draw instead.
        parts: write each table as a folder of files of about `rows_per_part` rows, which every worker writes by
            itself. A run that was killed goes on where it was when it is called again.
        ending: how the files of a folder end, as in `.parquet`.

    Raises:
        SpecError: there are no workers, or parts of what is read and not drawn.
        OutputError: the output cannot be written; it is as it was before.
    """
    if n is not None:
        model = as_model(what, options)
        ctx = ctx or Context.seeded(seed)
        return written(
            model, out, n, where, ctx, executor_of(workers, cluster), rows_per_part if parts else None, ending
        )
    if parts or cluster or workers != 1:
        raise SpecError("Workers and parts are for what is drawn: say how many rows by n.")
    data = read(what)
    with target(out, data.schema, ending=ending) as to:
        to.write(data)
    return Production(dict(to.rows))


def fill(model: Model | str | Path, rows: Any, *, seed: int = 0, ctx: Context | None = None) -> Any:
    """Impute: draw every empty cell of `rows` from what the model holds possible given the filled ones."""
    return (model if isinstance(model, Model) else Model.load(model)).fill(rows, seed=seed, ctx=ctx)
