"""The model file: a zip of one JSON page and one block of numbers. Reading it never runs code.

What is fitted is a tree of small frozen dataclasses. Packing writes their fields; unpacking follows
the *types declared in our own code*, so a file can fill fields but never name a class. Every size is
checked before memory is taken, every array before it is used.
"""

import json
import os
import types
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import polars as pl
from pydantic import BaseModel, TypeAdapter, ValidationError

from synthesist.data.atomic import replacing
from synthesist.errors import ModelFileError, NotFoundError

__all__ = ["FORMAT", "read_pack", "write_pack"]

FORMAT = 1
LARGEST_PAGE = 256 * 2**20
LARGEST_BLOCK = 8 * 2**30
DEEPEST = 60
_PAGE, _BLOCK = "model.json", "arrays.bin"
_DTYPES = {"float64", "float32", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8", "bool"}
_COLUMN_TYPES: dict[str, Any] = {
    "String": pl.String, "Int64": pl.Int64, "Float64": pl.Float64, "Boolean": pl.Boolean,
}  # fmt: skip


def write_pack(path: Path, header: Mapping[str, Any], state: Any) -> None:
    """Write the header and everything in `state`; the same state gives the same bytes."""
    arrays: list[np.ndarray] = []
    page = {"format": FORMAT, **header, "state": _packed(state, arrays)}
    page["arrays"] = [{"dtype": a.dtype.name, "shape": list(a.shape)} for a in arrays]
    block = b"".join(np.ascontiguousarray(a).tobytes() for a in arrays)
    with replacing(path) as target, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        for name, content in ((_PAGE, json.dumps(page, ensure_ascii=False, allow_nan=True).encode()), (_BLOCK, block)):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, content)


def read_pack(path: Path, kind_of_state: Callable[[Mapping[str, Any]], Any]) -> tuple[dict[str, Any], Any]:
    """The header and the state of a model file; `kind_of_state(header)` says which type to fill.

    Raises:
        NotFoundError: there is no such file.
        ModelFileError: the file is damaged, foreign, from a later version, or hostile.
    """
    if not path.is_file():
        raise NotFoundError(f"No model file {path}. Fit one with `synthesist fit SOURCE -o {path.name}`.")
    try:
        page, block = _contents(path)
        header = json.loads(page)
        if not isinstance(header, dict) or not isinstance(header.get("format"), int):
            raise ModelFileError(f"{path} is no synthesist model: it has no format number.")
        if header["format"] > FORMAT:
            raise ModelFileError(
                f"{path} was written by a later version (format {header['format']}, this one reads {FORMAT}). "
                f"Install a newer synthesist."
            )
        arrays = _arrays(header.pop("arrays"), block)
        state = _unpacked(kind_of_state(header), header.pop("state"), arrays, 0)
    except ModelFileError:
        raise
    except (
        zipfile.BadZipFile, OSError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
        RecursionError, MemoryError, NotImplementedError, zlib.error, pl.exceptions.PolarsError,
    ) as error:  # fmt: skip
        reason = str(error).split("\n")[0][:200] or type(error).__name__
        raise ModelFileError(f"{path} is damaged or no synthesist model: {reason}. Fit or fetch it again.") from None
    return header, state


def _contents(path: Path) -> tuple[bytes, bytes]:
    """The two members, after their sizes were checked."""
    with zipfile.ZipFile(path) as file:
        members = {entry.filename: entry for entry in file.infolist()}
        if set(members) != {_PAGE, _BLOCK} or len(file.infolist()) != 2:
            raise ModelFileError(f"{path} is no synthesist model: it should hold {_PAGE} and {_BLOCK} only.")
        size = os.path.getsize(path)
        for name, largest in ((_PAGE, LARGEST_PAGE), (_BLOCK, LARGEST_BLOCK)):
            entry = members[name]
            if entry.file_size > largest or entry.file_size > 1000 * max(size, 1000):
                raise ModelFileError(f"{path} unpacks to {entry.file_size:,} bytes, more than a model may hold.")
        out = []
        for name in (_PAGE, _BLOCK):
            with file.open(members[name]) as member:
                content = member.read(members[name].file_size + 1)
            if len(content) != members[name].file_size:
                raise ModelFileError(f"{path} is damaged: {name} has another size than the file says.")
            out.append(content)
    return out[0], out[1]


def _arrays(index: list[Mapping[str, Any]], block: bytes) -> list[np.ndarray]:
    """The arrays of the block, read-only."""
    out, offset = [], 0
    for entry in index:
        if entry["dtype"] not in _DTYPES:
            raise ValueError(f"an array of {entry['dtype']!r}")
        shape = tuple(int(side) for side in entry["shape"])
        if any(side < 0 for side in shape) or len(shape) > 8:
            raise ValueError("an array of impossible shape")
        dtype = np.dtype(entry["dtype"])
        count = 1
        for side in shape:
            count *= side
        if offset + count * dtype.itemsize > len(block):
            raise ValueError("arrays reach past the end of the file")
        out.append(np.frombuffer(block, dtype, count, offset).reshape(shape))
        offset += count * dtype.itemsize
    if offset != len(block):
        raise ValueError("the file holds more numbers than its index names")
    return out


def _packed(value: Any, arrays: list[np.ndarray]) -> Any:
    """Plain data for a JSON page; arrays go to the list and leave their number."""
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, pl.DataFrame):
        columns = {c: {"type": str(value[c].dtype), "cells": value[c].to_list()} for c in value.columns}
        if unknown := [c for c in value.columns if columns[c]["type"] not in _COLUMN_TYPES]:
            raise TypeError(f"a model cannot hold a table with column {unknown[0]} of {value[unknown[0]].dtype}")
        return {"frame": columns}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value):
        content = {f.name: _packed(getattr(value, f.name), arrays) for f in fields(value)}
        return {"is": type(value).__name__, **content}
    if isinstance(value, Mapping):
        return {"items": [[key, _packed(item, arrays)] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return [_packed(item, arrays) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"a model cannot hold a {type(value).__name__}")


def _unpacked(kind: Any, value: Any, arrays: list[np.ndarray], depth: int) -> Any:
    """Fill the declared type `kind` from plain data; anything that does not fit is a ValueError."""
    if depth > DEEPEST:
        raise ValueError("the model is nested too deeply")
    deeper = depth + 1
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Annotated and any(
        isinstance(option, type) and issubclass(option, BaseModel) for option in _options(inner[0])
    ):
        return _model(TypeAdapter(kind), value)
    if origin in (Union, types.UnionType):
        return _unpacked(_chosen(inner, value), value, arrays, deeper)
    if kind is np.ndarray:
        number = value["array"]
        if not isinstance(number, int) or not 0 <= number < len(arrays):
            raise ValueError("an array that is not there")
        array = arrays[number]
        if array.dtype.kind == "f" and np.isnan(array).any():
            raise ValueError("an array with cells that are no numbers")
        return array
    if kind is pl.DataFrame:
        return pl.DataFrame(
            {
                str(name): pl.Series(column["cells"], dtype=_COLUMN_TYPES[column["type"]], strict=True)
                for name, column in value["frame"].items()
            }
        )
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(TypeAdapter(kind), value)
    if is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        if value.get("is") != kind.__name__:  # type: ignore[union-attr]
            raise ValueError(f"{value.get('is')!r} where {kind.__name__} belongs")  # type: ignore[union-attr]
        content = {f.name: _unpacked(hints[f.name], value[f.name], arrays, deeper) for f in fields(kind)}
        return kind(**content)  # type: ignore[operator]
    if origin in (dict, Mapping) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {
            _unpacked(inner[0], key, arrays, deeper): _unpacked(inner[1], item, arrays, deeper)
            for key, item in value["items"]
        }
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError("a list was expected")
        if len(inner) == 2 and inner[1] is Ellipsis:
            return tuple(_unpacked(inner[0], item, arrays, deeper) for item in value)
        return tuple(_unpacked(part, item, arrays, deeper) for part, item in zip(inner, value, strict=True))
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, type) and type(value) is kind:
        return value
    raise ValueError(f"{type(value).__name__} where {kind} belongs")


def _chosen(options: tuple[Any, ...], value: Any) -> Any:
    """Which of the declared alternatives this is."""
    if value is None and type(None) in options:
        return type(None)
    for option in options:
        if is_dataclass(option) and isinstance(value, dict) and value.get("is") == option.__name__:  # type: ignore[union-attr]
            return option
    for option in options:
        if isinstance(option, type) and type(value) is option:
            return option
    rest = [option for option in options if option is not type(None)]
    if len(rest) == 1:
        return rest[0]
    raise ValueError("a part of no known type")


def _options(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)


def _model(adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise ValueError(f"a part that does not fit: {error.errors()[0]['msg']}") from None
