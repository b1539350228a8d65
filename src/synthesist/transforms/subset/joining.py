"""Which rows of two tables hold the same cells."""

import polars as pl

__all__ = ["joined"]


def joined(asking: pl.DataFrame, asked: pl.DataFrame) -> pl.DataFrame:
    """The places of rows that hold the same cells, none of them empty, in order of the asking rows."""
    named = asking.columns
    for name in named:
        if asking[name].dtype != asked[name].dtype:
            asking, asked = (frame.with_columns(pl.col(name).cast(pl.String)) for frame in (asking, asked))
    left, right = (
        frame.rename({name: f"{place}" for place, name in enumerate(named)}).with_row_index(called)
        for frame, called in ((asking, "asking"), (asked, "asked"))
    )
    pairs = left.join(right, on=[f"{place}" for place in range(len(named))], how="inner")
    return pairs.select(pl.col("asking", "asked").cast(pl.Int64)).sort("asking", "asked")
