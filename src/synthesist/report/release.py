"""What may be published of private rows: the promise, and what the rows themselves show.

A `Release` is made from synthetic rows and public words only; no real row is at hand where it is made, so none can
show in it.

Reference: Ganev and De Cristofaro, IEEE S&P 2025, arXiv:2312.05114 (ReconSyn: scores computed on real rows, given
away beside private ones, give the real rows back).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from synthesist.core import Evidence
from synthesist.data import sources
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema
from synthesist.dp.domain import detected
from synthesist.report.columns import Column, describe
from synthesist.report.privacy import Privacy

if TYPE_CHECKING:
    from rich.panel import Panel

__all__ = ["Release", "understood"]

PUBLIC = ("method", "synthesist", "written_by")
"""What of the provenance was decided before anybody looked at the rows."""


@dataclass(frozen=True, repr=False)
class Release:
    """The page that goes out with private rows: nothing in it was computed from real ones."""

    title: str
    privacy: Privacy
    columns: tuple[Column, ...]
    """What the synthetic rows show; the sides of real rows are empty."""
    rows: int
    provenance: Mapping[str, str] = field(default_factory=dict)
    justification: str = ""
    """Why this epsilon, in the words of those who release the rows."""

    @classmethod
    def of(cls, rows: Dataset, privacy: Privacy, title: str, provenance: Mapping[str, str]) -> Self:
        """What synthetic rows show by themselves."""
        told = {key: value for key, value in provenance.items() if key.partition(".")[0] in PUBLIC}
        columns = tuple(_alone(column) for column in describe(Evidence(rows, rows, rows), ()))
        return cls(title, privacy, columns, rows.units, told)

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Write the page (.html, .pdf), a text (.md) or the data (.json); without an ending the page and the data.

        Raises:
            OutputError: the folder is missing or cannot be written, or the ending is another.
        """
        from synthesist.report.files import save_release

        return save_release(self, Path(path))

    def to_html(self) -> str:
        """One page that needs no network and no script."""
        from synthesist.report.html import release

        return release(self)

    def to_markdown(self) -> str:
        """The same in Markdown: a data card to go with the rows."""
        from synthesist.report.markdown import release

        return release(self)

    def to_json(self) -> str:
        """The same content for machines."""
        from synthesist.report.document import dump_release

        return dump_release(self)

    def __rich__(self) -> "Panel":
        from synthesist.report.terminal import release

        return release(self)

    def __str__(self) -> str:
        return self.to_markdown()

    def __repr__(self) -> str:
        return f"Release({self.title!r}, epsilon {self.privacy.epsilon:g}, {len(self.columns)} columns)"

    def _repr_html_(self) -> str:
        from synthesist.report.html import release

        return release(self, whole=False)


def understood(synthetic: Any, schema: Schema) -> Dataset:
    """Synthetic rows as they are understood without a look at real ones: as declared, else by themselves."""
    if not any(detected(schema)):
        return sources.read(synthetic, schema).finite()
    data = sources.read(synthetic)
    if isinstance(synthetic, Dataset) and any(detected(data.schema)):
        data = sources.read(data.table, name=data.name)
    return data.finite()


def _alone(column: Column) -> Column:
    """A column without the sides of real rows."""
    cells = column.cells and replace(column.cells, train=(), holdout=())
    missing = {"synthetic": column.missing["synthetic"]}
    return replace(column, cells=cells, missing=missing, spikes=(), note=column.note.replace("real rows", "rows"))
