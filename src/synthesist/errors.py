"""What can go wrong, as one tree.

    SynthesistError
    ├── SpecError            (ValueError)   an option is unknown, misspelt or out of range
    ├── DataError            (ValueError)   a table, file or schema cannot be used as it is
    ├── ConditionError       (ValueError)   a condition contradicts itself, the schema or the model
    ├── UnsuitableError      (ValueError)   this method cannot serve this kind of column
    ├── ModelFileError       (ValueError)   a model file is damaged, foreign or hostile
    ├── NotFoundError        (LookupError)  no such method, column, file or table
    ├── BudgetError          (ValueError)   a query or a run asks for more privacy budget than is left
    ├── OutputError          (OSError)      the result cannot be written where it was asked for
    ├── GateError                           a required score was not reached
    └── MissingExtraError    (ImportError)  an optional library is needed

Every message says what is wrong, where, and what to do. A command turns any of these into one
message and an exit code: 1 for a gate that failed, 2 for everything the user can mend.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BudgetError",
    "ConditionError",
    "DataError",
    "GateError",
    "MissingExtraError",
    "ModelFileError",
    "NotFoundError",
    "OutputError",
    "SpecError",
    "SynthesistError",
    "UnsuitableError",
    "did_you_mean",
    "reason_of",
]


class SynthesistError(Exception):
    """The root: catch this one to catch them all."""


class SpecError(SynthesistError, ValueError):
    """An option is unknown, misspelt or out of range."""


class DataError(SynthesistError, ValueError):
    """A table, file or schema cannot be used as it is."""


class ConditionError(SynthesistError, ValueError):
    """A condition contradicts itself, the schema or the model."""


class UnsuitableError(SynthesistError, ValueError):
    """This method cannot serve this kind of column."""


class ModelFileError(SynthesistError, ValueError):
    """A model file is damaged, foreign or hostile."""


class NotFoundError(SynthesistError, LookupError):
    """No such method, column, file or table."""


class BudgetError(SynthesistError, ValueError):
    """A query or a run asks for more privacy budget than is left."""


class OutputError(SynthesistError, OSError):
    """The result cannot be written where it was asked for."""


class GateError(SynthesistError):
    """A required score was not reached."""


class MissingExtraError(SynthesistError, ImportError):
    """An optional library is needed."""


def did_you_mean(word: str, known: Iterable[str], *, limit: int = 12) -> str:
    """The hint that ends a "no such ..." message.

    >>> did_you_mean("treees", ["trees", "marginals"])
    'Did you mean `trees`?'
    >>> did_you_mean("xyz", ["trees", "marginals"])
    'There are: `trees`, `marginals`.'
    """
    names = [str(name) for name in known]
    if close := get_close_matches(str(word), names, n=1, cutoff=0.6):
        return f"Did you mean `{close[0]}`?"
    if not names:
        return "There are none."
    shown = ", ".join(f"`{name}`" for name in names[:limit])
    rest = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"There are: {shown}{rest}."


def reason_of(error: BaseException) -> str:
    """What made one of several pieces of work fail, as a line beside the results of the others.

    >>> reason_of(DataError("No rows.")), reason_of(KeyError("x"))
    ('No rows.', "unexpected KeyError: 'x'")
    """
    return str(error) if isinstance(error, SynthesistError) else f"unexpected {type(error).__name__}: {error}"
