"""Whether two values are the same, bit for bit, whatever they are made of."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from inspect import getclosurevars
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
import polars as pl
from pydantic import BaseModel

__all__ = ["seal"]


def seal(value: Any) -> str:
    """A digest of the content of a value: equal for equal content, in other objects and other runs."""
    digest = blake2b(digest_size=16)
    for piece in _pieces(value, ()):
        digest.update(len(piece).to_bytes(8, "little") + piece)
    return digest.hexdigest()


def _pieces(value: Any, above: tuple[int, ...]) -> Iterator[bytes]:
    """The content of a value as bytes, part by part."""
    yield type(value).__qualname__.encode()
    if value is None or isinstance(value, bool | int | float | str | bytes):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        yield f"{array.dtype} {array.shape}".encode()
        yield repr(array.tolist()).encode() if array.dtype.hasobject else np.ascontiguousarray(array).tobytes()
    elif isinstance(value, pl.Series | pl.DataFrame):
        yield repr(value.to_dict(as_series=False) if isinstance(value, pl.DataFrame) else value.to_list()).encode()
    elif isinstance(value, type | FunctionType | BuiltinFunctionType):
        yield value.__qualname__.encode()  # functions are compared by name and by what they hold
        if isinstance(value, FunctionType) and id(value) not in above:
            for held in getclosurevars(value).nonlocals.values():
                yield from _pieces(held, (*above, id(value)))
    elif id(value) not in above:
        for part in _parts(value):
            yield from _pieces(part, (*above, id(value)))


def _parts(value: Any) -> Iterable[Any]:
    """What a value is made of."""
    if isinstance(value, Mapping):
        return [part for item in value.items() for part in item]
    if isinstance(value, set | frozenset):
        return sorted(value, key=repr)
    if isinstance(value, BaseModel):
        return [part for item in value for part in item]
    if is_dataclass(value):
        return [getattr(value, field.name) for field in fields(value)]
    if isinstance(value, Iterable):
        return list(value)
    if hasattr(value, "__array__"):  # what is held outside numpy, as by torch
        return [np.asarray(value)]
    return (
        [part for item in sorted(vars(value).items()) for part in item] if hasattr(value, "__dict__") else [repr(value)]
    )
