"""Hide what identifies a person: pseudonyms, redaction, rounding, removal."""

import os
from hashlib import blake2b

import polars as pl

from synthesist.core import Context, SecretRef, Spec, knob
from synthesist.data.dataset import Dataset
from synthesist.data.kinds import Kind
from synthesist.data.schema import Link, TableSchema
from synthesist.errors import DataError, NotFoundError, SpecError, UnsuitableError, did_you_mean
from synthesist.transforms.mask.actions import Action, Drop, Pseudonym

__all__ = ["Mask"]

SHORTEST_KEY = 16  # bytes; a shorter key can be guessed by trying


class Mask(Spec):
    """Hide what identifies a person, column by column; all other columns stay as they are.

    - `pseudonym`: the same value becomes the same random-looking code, in every table and column.
    - `redact`: a fixed text, or all but the first or last characters, as in "****1234".
    - `round`: numbers to the nearest multiple of `step`, moments down to their day, month or year.
    - `drop`: remove the column. `null`: keep it, empty.

    Missing cells stay missing. Written as a page:

        kind: mask
        key: {env: MASK_KEY}
        columns:
          patient_id: {do: pseudonym}
          phone: {do: redact, keep_last: 4}
          income: {do: round, step: 1000}
          born: {do: round, unit: year}
          name: {do: drop}

    Each character of a pseudonym is made of 16 bits of BLAKE2b (RFC 7693) of the value, keyed with the
    BLAKE2b of `key`. Whoever holds the key can recompute them, so keep it apart from the data. Without
    a key one is drawn from the operating system, used for this call and forgotten: no two calls can be
    linked, whatever the seed.
    d different values collide with a probability of about d(d-1)/2S, S being the number of possible
    pseudonyms: 3 in 100 million for a million values and 64 bits. Above 1 in a million it is an error.

    **Pseudonymised data is still personal data** (GDPR, Art. 4(5)): the other columns may identify a
    person, and a code that is frequent says which frequent value it stands for. Rounding guarantees no
    anonymity either.

    When not to use: to publish data about people; learn a synthetic table, with differential privacy
    where a guarantee is needed.
    """

    columns: dict[str, Action] = knob(
        ...,
        "what to do with which column",
        tries=({"age": {"do": "round", "step": 5}}, {"age": {"do": "round", "step": 10}}),
        min_length=1,
    )
    key: SecretRef | None = knob(
        None,
        "where the key of the pseudonyms lies; none: a random one, forgotten afterwards",
        tries=(None, {"env": "SYNTHESIST_MASK_KEY"}),
        affects="cost",
    )

    def apply(self, data: Dataset, ctx: Context) -> Dataset:
        """The same rows with masked columns, and the schema they now have.

        Raises:
            NotFoundError: a column to be masked is in no table.
            UnsuitableError: an action does not fit the kind of its column, or breaks a link between tables.
            SpecError: the key cannot be read or is short, or pseudonyms are too short to stay distinct.
        """
        del ctx
        self._find_columns(data)
        key = self._key()
        masked = {name: self._masked(data.tables[name], schema, key) for name, schema in data.schema.tables.items()}
        schema = data.schema.model_copy(update={"tables": {name: kinds for name, (_, kinds) in masked.items()}})
        return Dataset({name: table for name, (table, _) in masked.items()}, schema)

    def _masked(self, table: pl.DataFrame, schema: TableSchema, key: bytes) -> tuple[pl.DataFrame, TableSchema]:
        columns: dict[str, pl.Series] = {}
        kinds: dict[str, Kind] = {}
        for name, kind in schema.columns.items():
            action = self.columns.get(name)
            if isinstance(action, Drop):
                continue
            columns[name], kinds[name] = action.apply(table[name], kind, key) if action else (table[name], kind)
        if not columns:
            raise DataError("Every column would be dropped: keep at least one.")
        still_key = all(self._keeps_identity(name) for name in schema.key)
        changed = schema.model_copy(
            update={
                "columns": kinds,
                "key": schema.key if still_key else (),
                "links": tuple(link for link in schema.links if self._keeps_link(link)),
                "rules": tuple(rule for rule in schema.rules if not any(name in rule for name in self.columns)),
            }
        )
        return pl.DataFrame(columns), changed

    def _keeps_identity(self, column: str) -> bool:
        """Whether different values stay different."""
        return isinstance(self.columns.get(column), Pseudonym | None)

    def _keeps_link(self, link: Link) -> bool:
        for ours, theirs in zip(link.columns, link.to, strict=True):
            here, there = self.columns.get(ours), self.columns.get(theirs)
            if here != there and self._keeps_identity(ours) and self._keeps_identity(theirs):
                raise UnsuitableError(
                    f"`{ours}` refers to `{link.table}.{theirs}`: mask both the same way, or drop one of them."
                )
        return all(self._keeps_identity(name) for name in (*link.columns, *link.to))

    def _find_columns(self, data: Dataset) -> None:
        known = list(dict.fromkeys(name for table in data.schema.tables.values() for name in table.columns))
        unknown = [f"no column `{name}`. {did_you_mean(name, known)}" for name in self.columns if name not in known]
        if unknown:
            raise NotFoundError("There is " + "\nThere is ".join(unknown))

    def _key(self) -> bytes:
        if self.key is None or not any(isinstance(action, Pseudonym) for action in self.columns.values()):
            return os.urandom(32)
        key = self.key.reveal()
        if len(key) < SHORTEST_KEY:
            raise SpecError(
                f"The key of the pseudonyms has {len(key)} bytes, a key that cannot be guessed has at least "
                f"{SHORTEST_KEY}: make one with `openssl rand -hex 32`."
            )
        return blake2b(key).digest()  # a BLAKE2b key has at most 64 bytes
