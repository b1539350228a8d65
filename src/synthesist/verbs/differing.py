"""Two versions side by side: of data, or of the page that data is drawn from."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Spec
from synthesist.data.databases.address import Address, is_address
from synthesist.errors import SpecError
from synthesist.model import Model
from synthesist.verbs.named import as_model, describes
from synthesist.verbs.reading import read

if TYPE_CHECKING:
    from synthesist.report.diff import Difference

__all__ = ["diff"]


def diff(
    before: Any,
    after: Any,
    *,
    keys: Mapping[str, Sequence[str]] | None = None,
    n: int = 1_000,
    examples: int = 3,
    tolerance: float = 0.0,
    seed: int = 0,
) -> "Difference":
    """What changed between two data sets, or between two pages: in meaning, in rows, in distributions.

    Rows are found again by their key, and compared cell by cell; rows without one are compared as wholes, and their
    columns by how they are distributed. Of two pages, schema files or models it is told which options differ, and what
    becomes of the rows that both draw with the same seed.

    Args:
        before, after: anything `read` accepts; or two pages, schema files or models.
        keys: the columns by which rows of a table are found again, where not by its key.
        n: how many units are drawn of pages.
        examples: how many changed cells of each column are kept.
        tolerance: how far apart numbers may lie, as a share of the larger, to count as the same.

    Raises:
        SpecError: one is a page and the other data, or rows cannot be found again by a key that was given.
    """
    from synthesist.report.diff import compared
    from synthesist.report.diff.structure import changes_of_pages, changes_of_schemas

    names = _titles(before, after)
    how: dict[str, Any] = {"examples": examples, "tolerance": tolerance}
    how["keys"] = {table: tuple(columns) for table, columns in (keys or {}).items()}
    pages = [_draws(each) for each in (before, after)]
    if pages[0] != pages[1]:
        raise SpecError(f"{names[pages[1]]} is a page and {names[pages[0]]} holds rows: draw them first.")
    if not pages[0]:
        return compared(read(before), read(after), names, **how)
    one, two = as_model(before, {}), as_model(after, {})
    found = changes_of_schemas(one.schema, two.schema)
    found += changes_of_pages(one.method.describe(), two.method.describe())
    drawn = f"Of what the first {n:,} units come to, with seed {seed}:"
    old, new = (read(model.sample(n, seed=seed), model.schema) for model in (one, two))
    return compared(old, new, names, structure=found, drawn=drawn, **how)


def _draws(what: Any) -> bool:
    """Whether something is drawn from, and holds no rows itself."""
    if isinstance(what, str | Path):
        return not is_address(what) and not Path(what).is_dir() and (describes(what) or Path(what).suffix == ".syn")
    return isinstance(what, Spec | Model | type)


def _titles(*sources: Any) -> tuple[str, str]:
    """What two sources are called in messages; addresses without their passwords."""
    titles = [str(Address.of(each) if is_address(each) else each) for each in sources if isinstance(each, str | Path)]
    before, after = titles if len(titles) == 2 else ("before", "after")
    return before, after
