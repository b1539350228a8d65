"""Errors on purpose: put faults into a table, and say where."""

from collections.abc import Mapping, Sequence, Set
from typing import Annotated, Any, get_args

import polars as pl
from pydantic import Field, field_validator

from synthesist.core import Context, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.schema import Schema, TableSchema
from synthesist.errors import NotFoundError, SpecError, UnsuitableError, did_you_mean
from synthesist.transforms.corrupt.draft import Draft
from synthesist.transforms.corrupt.fault import CellFault
from synthesist.transforms.corrupt.fields import Swapped
from synthesist.transforms.corrupt.labels import LABELS
from synthesist.transforms.corrupt.rows import AnyCellFault, AnyRowFault
from synthesist.transforms.corrupt.shuffle import Shuffle

__all__ = ["Corrupt"]

KNOWN = [kind.model_fields["is_"].default for kind in get_args(get_args(AnyCellFault)[0] | get_args(AnyRowFault)[0])]
AnyFault = Annotated[AnyCellFault | AnyRowFault, Field(discriminator="is_")]


class Corrupt(Spec):
    """Put errors into a table on purpose, at the rates you say, and tell where each of them is.

    For testing what cleans data, links records, detects faults, or must survive bad input. Written as a page:

        kind: corrupt
        labels: true
        errors:
          - {is: typo, rate: 0.02, columns: [name, street]}
          - {is: unit, rate: 0.01, columns: [weight], unit: kg, noted_in: lb}
          - {is: missing, rate: 0.3, columns: [income], when: "age < 30"}
          - {is: duplicate, rate: 0.05, near: [{is: typo, rate: 0.5}]}

    - cells of text: `typo`, `case`, `whitespace`, `encoding`, `variant` (of a category), `hostile`;
    - numbers: `outlier`, `unit`; dates: `date`; any cell: `missing`, `replaced`, `boundary`;
    - rows: `swapped` (fields), `duplicate`, `removed`, and of event tables `late` and `out_of_order`.

    A `rate` is the share of the cells, or rows, that an error can happen to; it is met exactly on average, or always
    with `exact`. Whether a row is hit depends on the seed and its index alone, not on how many rows there are (but
    with `exact`). Errors of cells come first, in the order written, then those of rows; a cell, and a row, is hit once
    unless errors `pile_up`. Missing cells have no errors, but for `boundary` and `hostile`.

    With `labels` the table `orders` is followed by `orders_errors`: `row` and `source_row` (counted from 0), `column`,
    `error`, `way`, `before` and `after`, as text. From them the clean table can be restored: drop the rows of
    `duplicate`, put rows that are labelled back to their `source_row` and all others, in order, into the places left,
    write `before` over the cells from the last label to the first.

    The schema that comes out promises no more than the cells hold: columns that may be hit have no bounds, no list of
    values and are no keys. A column becomes text only for an error that says so (`as_text`).

    When not to use: to add noise for privacy; errors can be undone. To copy the errors of a real table, learn from it.

    Reference: Christen and Pudjijono, Accurate synthetic generation of realistic personal information, PAKDD 2009,
    doi:10.1007/978-3-642-01307-2_47; Arocena et al., Messing up with BART, PVLDB 9(2), 2015,
    doi:10.14778/2850578.2850579.

    >>> import synthesist as sy
    >>> people = {"name": ["Anna Schmidt", "Ben Weber"], "weight": [61.5, 80.2]}
    >>> errors = [{"is": "unit", "rate": 1, "columns": ["weight"], "unit": "kg", "noted_in": "lb"}]
    >>> sy.transform("corrupt", people, errors=errors)["weight"].to_list()
    [135.6, 176.8]
    """

    errors: tuple[AnyFault, ...] = knob(
        ...,
        "what goes wrong: kind, rate, columns, and the options of each",
        tries=(
            ({"is": "typo", "rate": 0.2}, {"is": "outlier", "rate": 0.2}, {"is": "missing", "rate": 0.2}),
            ({"is": "typo", "rate": 0.2}, {"is": "duplicate", "rate": 0.5}),
        ),
    )
    labels: bool = knob(False, "whether a second table says what was done where", tries=(False, True))
    exact: bool = knob(
        False, "whether as many cells as the rate says are hit, not only on average", tries=(False, True)
    )
    pile_up: bool = knob(False, "whether several errors may hit one cell, or one row", tries=(False, True))

    @field_validator("errors", mode="before")
    @classmethod
    def _are_known(cls, written: Any) -> Any:
        """Refuse what is no error, with the nearest that is one; pydantic would list them all."""
        if not isinstance(written, Sequence) or isinstance(written, str) or not written:
            raise ValueError("write a list of errors, as in `- {is: typo, rate: 0.01}`")
        for place, error in enumerate(written):
            if isinstance(error, Mapping) and (kind := error.get("is")) not in KNOWN:
                raise ValueError(
                    f"there is no error `{kind}` (number {place + 1}). {did_you_mean(str(kind), KNOWN, limit=30)}"
                )
        return written

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The tables with their errors, and, with `labels`, a table of these for each.

        Raises:
            NotFoundError: an error names a column or table that is not there.
            UnsuitableError: an error does not fit its column, or fits none.
            SpecError: the rates of one cell add up to more than 1.
        """
        meant, served = self._meant(data.schema), set[int]()
        made: dict[str, pl.DataFrame] = {}
        labels: dict[str, pl.DataFrame] = {}
        kinds: dict[str, TableSchema] = {}
        broken: set[str] = set()
        for name, schema in data.schema.tables.items():
            draft = Draft.of(data.tables[name], schema, ctx.at(name), exact=self.exact, pile_up=self.pile_up)
            here = {number: error for number, error in enumerate(self.errors) if name in meant[number]}
            rows = self._happen(draft, here, served)
            made[name], labels[f"{name}_errors"] = rows.finished()
            kinds[name] = _schema(draft, rows)
            broken |= {name} if rows.breaks_links or kinds[name].key != schema.key else set()
        if idle := [error.is_ for number, error in enumerate(self.errors) if number not in served]:
            raise UnsuitableError(f"There is no column that {idle[0]} fits: name one in `columns`, or leave it out.")
        kinds = {name: _linked(schema, broken) for name, schema in kinds.items()}
        if self.labels:
            if twice := [name for name in labels if name in made]:
                raise SpecError(f"There is a table `{twice[0]}` already: rename it, or set `labels` to false.")
            made |= labels
            kinds |= dict.fromkeys(labels, LABELS)
        return Dataset(made, data.schema.model_copy(update={"tables": kinds}))

    def _happen(self, draft: Draft, errors: Mapping[int, AnyFault], served: set[int]) -> Shuffle:
        """Errors of cells, then of rows; the numbers of those that find something to happen to are `served`."""
        for number, error in errors.items():
            if isinstance(error, CellFault | Swapped) and draft.suffer(error, number):
                served.add(number)
        rows = Shuffle.of(draft)
        for number, error in errors.items():
            if not isinstance(error, CellFault | Swapped):
                rows.suffer(error, number)
                served.add(number)
        rows.loosen()
        return rows

    def _meant(self, schema: Schema) -> list[set[str]]:
        """For each error the tables it is meant for; all that is not there is named at once."""
        meant, faults = [], []
        for error in self.errors:
            if error.table is not None and error.table not in schema.tables:
                faults.append(f"{error.is_}: no table `{error.table}`. {did_you_mean(error.table, schema.tables)}")
            within = [name for name in schema.tables if error.table in (None, name)]
            fit = {name for name in within if error.named <= schema.tables[name].columns.keys()}
            known = list(dict.fromkeys(column for name in within for column in schema.tables[name].columns))
            unknown = sorted(error.named - set(known))
            faults += [f"{error.is_}: no column `{name}`. {did_you_mean(name, known)}" for name in unknown]
            if within and not fit and not unknown:
                faults.append(f"{error.is_}: no table has all of the columns {', '.join(sorted(error.named))}.")
            meant.append(fit)
        if faults:
            raise NotFoundError("\n".join(faults))
        return meant


def _schema(draft: Draft, shuffle: Shuffle) -> TableSchema:
    """What the table still promises; links, of which an end may be hit, are looked after by `_linked`."""
    schema = draft.schema
    keyed = not shuffle.twice and not draft.hit & set(schema.key)
    rules = tuple(rule for rule in schema.rules if not any(name in rule for name in draft.hit))
    kept = tuple(link for link in schema.links if not draft.hit & set(link.columns))
    kinds = {**draft.kinds, **shuffle.kinds}
    return schema.model_copy(
        update={"columns": kinds, "key": schema.key if keyed else (), "links": kept, "rules": rules}
    )


def _linked(schema: TableSchema, broken: Set[str]) -> TableSchema:
    """Without links to tables whose keys are none any more, or whose rows are not all there."""
    return schema.model_copy(update={"links": tuple(link for link in schema.links if link.table not in broken)})
