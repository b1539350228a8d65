"""Values that stand in the wrong field of their row."""

from typing import Literal

from pydantic import Field, field_validator

from synthesist.transforms.corrupt.fault import Fault

__all__ = ["Swapped"]


class Swapped(Fault):
    """Values in each other's place, as first and last name, or start and end; with more columns each moves by one."""

    is_: Literal["swapped"] = Field(default="swapped", alias="is")
    columns: tuple[str, ...] = Field(min_length=2, description="names of columns of one type")

    @field_validator("columns")
    @classmethod
    def _distinct(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(columns)) < len(columns):
            raise ValueError("a column is named twice")
        return columns

    @property
    def named(self) -> frozenset[str]:
        return super().named | frozenset(self.columns)
