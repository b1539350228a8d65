"""The options that all methods of neighbours share, each declared once."""

from typing import Any

from synthesist.core import knob

__all__ = ["k_neighbors", "label", "scale", "target"]

CLASSES = {"target": "sector"}


def target() -> Any:
    """Which column names the class."""
    meaning = "column that names the class; none: all rows are one class, and whole rows are made"
    return knob(None, meaning, tries=(None, "sector"))


def label() -> Any:
    """Which class is made."""
    return knob(None, "the class to make; none: the rarest", tries=("private", "public"), beside=CLASSES)


def k_neighbors(of: str = "its class") -> Any:
    """How many neighbours a row has."""
    return knob(5, f"nearest rows of {of} that a new row may lie towards", tries=(1, 8), ge=1, le=1000)


def scale() -> Any:
    """What a step in a number counts."""
    meaning = "measure numbers in their standard deviations; else in their own units, as is usual, and times in days"
    return knob(False, meaning, tries=(False, True))
