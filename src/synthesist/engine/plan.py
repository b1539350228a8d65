"""What is to be made, as a page: any process that reads it makes the same parts."""

from collections.abc import Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

import synthesist
from synthesist.core import World
from synthesist.errors import DataError

__all__ = ["ROWS_OF_A_PART", "Plan", "plain", "written_where"]

ROWS_OF_A_PART = 2**20


class Plan(BaseModel):
    """A drawing that is written in parts. What is not named here, as the number of workers, changes no byte."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: dict[str, Any]
    """The page of a sampler, or the digest of the model file that lies beside this page."""
    n: dict[str, int]
    where: Any = None
    path: tuple[str, ...]
    """The address of the randomness, which begins with the seed."""
    ending: str
    """How the files end, and so how they are written."""
    chunks: int
    """How many chunks of the drawing are one part."""
    parts: int
    synthesist: str = synthesist.__version__

    @property
    def identity(self) -> str:
        """A name for this plan: parts of plans of one name can be put together."""
        return blake2b(self.model_dump_json().encode(), digest_size=16).hexdigest()

    def name(self, table: str, number: int) -> str:
        """The path of a part's file below the folder of all tables."""
        return f"{table}/part-{number:0{max(5, len(str(self.parts - 1)))}d}{self.ending}"

    def chunks_of(self, number: int, world: World) -> range:
        """The chunks that make up a part."""
        return range(number * self.chunks, min((number + 1) * self.chunks, world.chunks))

    @classmethod
    def read(cls, path: Path) -> "Plan":
        """The plan of a page that `model_dump_json` wrote.

        Raises:
            DataError: it is no such page, or one of another release.
        """
        try:
            return cls.model_validate_json(path.read_text("utf-8"))
        except (OSError, ValidationError) as error:
            raise DataError(f"{path} is no plan that this release can follow: {str(error).splitlines()[0]}.") from None

    @staticmethod
    def chunks_in_a_part(world: World, rows: int = ROWS_OF_A_PART) -> int:
        """As many chunks as have about so many rows of all tables together."""
        return max(round(rows * world.chunks / max(sum(world.rows.values()), 1)), 1)


def plain(where: Any) -> Any:
    """Conditions in values that JSON has."""
    match where:
        case tuple():
            return {"tuple": [plain(value) for value in where]}
        case Mapping():
            return {"columns": {str(name): plain(value) for name, value in where.items()}}
        case list() | set() | frozenset():
            return [plain(value) for value in where]
        case date():
            return where.isoformat()
    return where.item() if hasattr(where, "item") else where


def written_where(page: Any) -> Any:
    """The conditions that `plain` wrote."""
    match page:
        case {"tuple": values}:
            return tuple(written_where(value) for value in values)
        case {"columns": columns}:
            return {name: written_where(value) for name, value in columns.items()}
        case list():
            return [written_where(value) for value in page]
    return page
