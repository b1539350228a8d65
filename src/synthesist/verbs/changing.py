"""What is changed: a table by a transform, and related tables by what is kept of them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.change import Change
from synthesist.core import Context, Spec
from synthesist.data import sources
from synthesist.data.dataset import Dataset
from synthesist.data.frames import give
from synthesist.data.places import Place
from synthesist.data.schema import Schema
from synthesist.data.targets import target
from synthesist.errors import SpecError
from synthesist.verbs.named import as_spec
from synthesist.verbs.reading import read

if TYPE_CHECKING:
    from synthesist.transforms.subset.selection import Account

__all__ = ["Subsetted", "subset", "transform"]


def transform(
    change: str | Path | Spec | Change, source: Any, *, seed: int = 0, ctx: Context | None = None, **options: Any
) -> Any:
    """Change a table: mask it, and whatever else stands on the shelf of transforms; or as `adapt` learnt to.

    A frame comes back as one of its kind; several tables come back as a Dataset.

    Args:
        change: a name or a Spec, or the file of a learnt change, as in `there.syn`.
    """
    if isinstance(change, str | Path) and Path(change).suffix == ".syn":
        change = Change.load(change)
    if isinstance(change, Path):
        raise SpecError(f"{change} is no file of a learnt change: such a file ends in .syn.")
    if isinstance(change, Change):
        if options:
            raise SpecError(f"A learnt change takes no options, got {list(options)}. Set them when it is learnt.")
        return change.apply(source, seed=seed, ctx=ctx)
    spec = as_spec("transforms", change, options)
    data, native = read(source).finite(), sources.native_of(source)
    out = spec.apply(data, (ctx or Context.seeded(seed)).at("transform"))  # type: ignore[attr-defined]
    return out if native == "dataset" or len(out.tables) > 1 else give(out, native)


@dataclass(frozen=True)
class Subsetted:
    """What `subset` kept: the rows, where they were not written elsewhere, and the account of how many and why."""

    data: Dataset | None
    account: "Account"

    def __str__(self) -> str:
        return str(self.account)


def subset(
    source: Any,
    to: str | Place | None = None,
    *,
    schema: Schema | str | Path | None = None,
    ending: str = ".csv",
    seed: int = 0,
    ctx: Context | None = None,
    **options: Any,
) -> Subsetted:
    """Keep a part of related tables, with all that its rows refer to.

    Of a database only keys are read until the end, and rows go to `to` block by block: it may be larger than memory.

    Args:
        source: anything `read` accepts, or the address of a database.
        to: where the rows go: a folder, a database, a file of SQL; without it they come back.
        ending: how the files of a folder end, as in `.parquet`.
        options: those of the transform `subset`: where to start (`where`, `share`, `keys`), and what to follow.

    Raises:
        SpecError: the options do not fit the tables; all faults at once.
        ConditionError: no row meets the conditions.
        NotFoundError: a key is not there.
    """
    from synthesist.transforms.subset.reading import origin_of

    ctx, spec = ctx or Context.seeded(seed), as_spec("transforms", "subset", options)
    inputs = (source,) if isinstance(source, str | Place) else ()
    with origin_of(source, schema) as origin:
        chosen = spec.select(origin, ctx.at("transform"))  # type: ignore[attr-defined]
        if to is None:
            return Subsetted(chosen.data, chosen.account)
        with target(to, chosen.schema, ending=ending, inputs=inputs) as out:
            for block in ctx.track(chosen.blocks(), "writing"):
                out.write(block)
        return Subsetted(None, chosen.account)
