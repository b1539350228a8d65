"""Why synthetic rows can be told from real ones, in plain words."""

from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Evidence
from synthesist.verbs.reading import read

if TYPE_CHECKING:
    from synthesist.reasons.explanation import Explanation

__all__ = ["explain"]


def explain(
    *,
    train: Any,
    holdout: Any,
    synthetic: Any,
    rows: int = 50_000,
    alpha: float = 0.001,
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
        _case(train, holdout, synthetic), (ctx or Context.seeded(seed)).at("explain"), rows=rows, alpha=alpha
    )


def _case(train: Any, holdout: Any, synthetic: Any) -> Evidence:
    """The three tables, read as the first one is understood."""
    real = read(train).finite()
    return Evidence(real, read(holdout, real.schema).finite(), read(synthetic, real.schema).finite())
