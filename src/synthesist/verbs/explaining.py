"""Why synthetic rows can be told from real ones, in plain words."""

from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Evidence
from synthesist.data.kinds import Bounds, Category, Integer, Kind, Moment, Number
from synthesist.data.schema import Schema
from synthesist.verbs.reading import read

if TYPE_CHECKING:
    import polars as pl

    from synthesist.reasons.explanation import Explanation

__all__ = ["compared", "explain", "realism"]


def explain(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    rows: int = 50_000,
    alpha: float = 0.005,
    seed: int = 0,
    ctx: Context | None = None,
) -> "Explanation":
    """Why synthetic rows can be told from real ones: which columns, pairs and slices, and what is wrong with them.

    Where they are as good as real rows, nothing is named.

    Args:
        train: the real rows the model learnt from.
        holdout: real rows it never saw.
        synthetic: what it made.
        rows: most rows looked at on each side.
        alpha: how likely anything is to be named on rows that nothing is wrong with.

    Raises:
        DataError: a table has fewer than 20 rows, or no column can be compared.
    """
    from synthesist.reasons.explaining import explained

    return explained(
        compared(train, holdout, synthetic), (ctx or Context.seeded(seed)).at("explain"), rows=rows, alpha=alpha
    )


def realism(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    explained: int = 100,
    rows: int = 50_000,
    seed: int = 0,
    ctx: Context | None = None,
) -> "pl.DataFrame":
    """How real each synthetic row looks, which columns give it away, and what would make it look real.

    The least real come first. The frame has the columns `row`, `realism` (the probability of being real, by
    classifiers that did not learn from the row), `given_away_by` and `would_be_real_with`.

    Args:
        train, holdout, synthetic: as of `explain`.
        explained: of how many rows, the least real, the last two columns are filled.
        rows: most rows looked at on each side.

    Raises:
        DataError: a table has fewer than 20 rows, or no column can be compared.
    """
    from synthesist.reasons.realism import realism as judged

    ctx = (ctx or Context.seeded(seed)).at("explain")
    return judged(compared(train, holdout, synthetic), ctx, rows=rows, explained=explained)


def compared(train: Any, holdout: Any, synthetic: Any) -> Evidence:
    """The three tables, read as the first one is understood; numbers that do not fit it are read all the same."""
    real = read(train).finite()
    lenient = _lenient(real.schema)
    return Evidence(real, read(holdout, lenient).finite(), read(synthetic, lenient).finite())


def _lenient(schema: Schema) -> Schema:
    """The same without what the values of one table cannot vouch for: wholeness, bounds and lists of categories."""
    tables = {}
    for name, table in schema.tables.items():
        columns = {column: _loosened(kind) for column, kind in table.columns.items()}
        tables[name] = table.model_copy(update={"columns": columns})
    return schema.model_copy(update={"tables": tables})


def _loosened(kind: Kind) -> Kind:
    match kind:
        case Integer() | Number():
            about = {name: getattr(kind, name) for name in ("missing", "markers", "stored", "format")}
            return Number(decimals=None, **about)
        case Moment():
            return kind.model_copy(update={"bounds": Bounds()})
        case Category():
            return kind.model_copy(update={"values": None})
    return kind
