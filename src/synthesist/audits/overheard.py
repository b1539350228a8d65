"""What is said beside the answers while a method learns: warnings, logs, prints."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO

__all__ = ["overheard"]


@contextmanager
def overheard(said: list[str]) -> Iterator[None]:
    """Take down in `said` whatever is said inside; nothing of it gets out."""
    out, handler, root = StringIO(), _Noting(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(out), redirect_stderr(out), warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        said += [out.getvalue(), *(str(warning.message) for warning in warned)]


class _Noting(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())
