"""A schema file as its drivers look at it: bytes, text, and the tree of JSON or YAML, each made once."""

import json
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from synthesist.data.page import tree_of
from synthesist.errors import DataError, NotFoundError, SpecError

__all__ = ["Source"]

LARGEST = 200_000_000  # bytes


@dataclass(frozen=True)
class Source:
    """One file; `suffix` is in small letters."""

    path: Path
    data: bytes

    @classmethod
    def read(cls, path: str | Path) -> "Source":
        """Read the file."""
        source = Path(path)
        try:
            if source.stat().st_size > LARGEST:
                raise DataError(
                    f"{source} has more than {LARGEST:,} bytes, which no schema has. Name the schema itself."
                )
            return cls(source, source.read_bytes())
        except OSError as error:
            raise NotFoundError(f"Cannot read {source}: {error.strerror}. Check the path.") from None

    @property
    def suffix(self) -> str:
        """How the name ends."""
        return self.path.suffix.lower()

    @cached_property
    def text(self) -> str:
        """The file as text: UTF-8, UTF-16 where it begins so, or else Latin-1; empty where it is none."""
        if self.data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            return self.data.decode("utf-16", "replace")
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return "" if b"\0" in self.data else self.data.decode("latin-1")

    @cached_property
    def tree(self) -> Any:
        """What the file holds as JSON or, by its suffix, as YAML; None where it is neither.

        Raises:
            SpecError: its suffix says JSON or YAML, and it is not.
        """
        if self.suffix in (".yaml", ".yml"):
            return tree_of(self.text, str(self.path))
        try:
            return json.loads(self.text)
        except RecursionError:
            raise SpecError(f"{self.path} is nested too deep to be read.") from None
        except ValueError as error:
            if self.suffix in (".json", ".avsc"):
                raise SpecError(f"{self.path} is not valid JSON: {error}. Correct it.") from None
            return None

    @property
    def mapping(self) -> dict[str, Any]:
        """The tree where it is a mapping; an empty one where it is not."""
        return self.tree if isinstance(self.tree, dict) else {}
