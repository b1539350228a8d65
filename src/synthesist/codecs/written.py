"""Texts from code points, many at once."""

import numpy as np
import polars as pl

__all__ = ["written"]


def written(signs: np.ndarray, lengths: np.ndarray | None = None) -> pl.Series:
    """The texts whose code points stand in the rows of `signs`, up to their length, or all of them.

    >>> written(np.array([[72, 105], [252, 0]]), np.array([2, 1])).to_list()
    ['Hi', 'ü']
    """
    import pyarrow as pa

    n, width = signs.shape
    lengths = np.full(n, width) if lengths is None else lengths
    kept = None if (lengths == width).all() else np.arange(width) < lengths[:, None]
    cells = signs if kept is None else signs[kept]
    if not cells.size or cells.max() < 128:
        text = cells.astype(np.uint8).tobytes()
        ends = np.cumsum(lengths)
    else:
        points = np.where(kept, signs, 0) if kept is not None else signs
        bytes_ = 1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF)
        text = cells.astype("<u4").tobytes().decode("utf-32-le").encode()
        ends = np.cumsum((bytes_ if kept is None else bytes_ * kept).sum(axis=1))
    offsets = np.concatenate([[0], ends]).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(text)]
    return pl.Series(pl.from_arrow(pa.LargeStringArray.from_buffers(n, buffers[1], buffers[2])))
