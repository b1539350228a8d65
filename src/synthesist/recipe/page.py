"""A recipe as it is written: every part of the page, its meaning and its limits."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, PlainValidator, ValidationError

from synthesist.core import Spec
from synthesist.data.schema import faults
from synthesist.errors import SpecError, SynthesistError
from synthesist.verbs.learning import DEFAULT
from synthesist.verbs.named import as_spec

__all__ = ["Judge", "Recipe", "digest", "drawn"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _from_shelf(shelf: str, written: Any) -> Spec:
    """A Spec of this shelf, written as a name or as a mapping with `kind`."""
    if isinstance(written, Spec):
        return written
    options = {"kind": written} if isinstance(written, str) else dict(written) if _named(written) else {}
    if not options:
        raise ValueError(f"write a name, or a mapping with `kind`, as in {{kind: {_EXAMPLES[shelf]}}}")
    try:
        return as_spec(shelf, options.pop("kind"), options)
    except SynthesistError as error:
        raise ValueError(str(error).replace("\n", "\n  ")) from None


_PLAIN = PlainSerializer(lambda spec: spec.describe())
_EXAMPLES = {"methods": "trees", "metrics": "c2st", "transforms": "mask"}
MethodPart = Annotated[Spec, PlainValidator(partial(_from_shelf, "methods")), _PLAIN]
TransformPart = Annotated[Spec, PlainValidator(partial(_from_shelf, "transforms")), _PLAIN]
MetricPart = Annotated[Spec, PlainValidator(partial(_from_shelf, "metrics")), _PLAIN]


def drawn(written: Any) -> Any:
    """How many rows, in the long form."""
    return {"n": written} if isinstance(written, int | str) and not isinstance(written, bool) else written


def _named(written: Any) -> bool:
    return isinstance(written, Mapping) and isinstance(written.get("kind"), str)


def _conditions(written: Any) -> Any:
    """Conditions on a page: a list that begins with a sign is a comparison, as in `age: [">=", 65]`."""
    if not isinstance(written, Mapping):
        return written
    signs = {"=", "==", "!=", "<", "<=", ">", ">=", "between"}
    compared = {c for c, v in written.items() if isinstance(v, list) and v and isinstance(v[0], str) and v[0] in signs}
    return {column: tuple(value) if column in compared else value for column, value in written.items()}


class Draw(_Part):
    """How many rows to make, and which."""

    n: Annotated[int | None, Field(ge=1, description="how many rows; as many as the source has where not said")] = None
    where: Annotated[
        dict[str, Any] | tuple[str, ...] | str | None,
        BeforeValidator(_conditions),
        Field(description='conditions every row meets, as in ["age >= 65"]'),
    ] = None


class Judge(_Part):
    """How to judge the rows."""

    target: Annotated[str | None, Field(description="the column a model would predict")] = None
    protected: Annotated[tuple[str, ...], Field(description="columns that name groups to be treated alike")] = ()
    metrics: Annotated[tuple[MetricPart, ...] | None, Field(description="which scores; else all")] = None


class Outputs(_Part):
    """What to write; whatever is not named is not written."""

    data: Annotated[str | None, Field(description="the rows; not written where a gate fails")] = None
    model: Annotated[str | None, Field(description="the model file (.syn)")] = None
    report: Annotated[str | None, Field(description="the report (.html or .json)")] = None
    scores: Annotated[str | None, Field(description="the scores for machines (.json)")] = None
    release: Annotated[
        str | None, Field(description="of private rows, the page that may be published (.html .pdf .md .json)")
    ] = None
    justification: Annotated[str, Field(description="why this epsilon, as the page that is published says")] = ""
    keep_records: Annotated[bool, Field(description="whether a model that holds real records may be saved")] = False


class Recipe(_Part):
    """A whole job as a value: prints as a page, hashes as a key, runs the same everywhere.

    The rows are judged before the transforms of `then`, which may drop or recode columns that the
    scores need. Where a gate fails, the model and the report are written and the data is not.
    """

    version: Annotated[Literal[1], Field(description="of this form of page")] = 1
    seed: Annotated[int, Field(description="the same seed gives the same rows")] = 0
    source: Annotated[str, Field(min_length=1, description="the table to learn from")]
    schema_page: Annotated[str | None, Field(alias="schema", description="a schema.yaml; else detected")] = None
    share: Annotated[float, Field(gt=0, lt=1, description="how much of the source is learnt from")] = 0.8
    method: MethodPart = Field(default=DEFAULT, validate_default=True, description="how to learn")
    ledger: Annotated[str | None, Field(description="the file in which a private method writes what it spends")] = None
    then: Annotated[tuple[TransformPart, ...], Field(description="changes to the rows made")] = ()
    sample: Annotated[Draw, BeforeValidator(drawn), Field(description="how many rows, and which")] = Draw()
    judge: Annotated[Judge | None, Field(description="how to judge the rows")] = None
    gate: Annotated[tuple[str, ...], Field(description="scores that must be reached, as in 'c2st<=0.6'")] = ()
    output: Annotated[Outputs, Field(description="what to write")] = Outputs()

    @classmethod
    def build(cls, page: Mapping[str, Any], where: str = "The recipe") -> "Recipe":
        """Check a page and make the recipe; every fault is named in one error."""
        try:
            return cls.model_validate(dict(page))
        except ValidationError as error:
            raise SpecError(f"{where} has {faults(error, cls)}") from None

    def describe(self) -> dict[str, Any]:
        """The page as plain data, defaults written out."""
        return self.model_dump(mode="json", by_alias=True)

    @property
    def key(self) -> str:
        """A hash of everything the page says."""
        return digest(json.dumps(self.describe(), sort_keys=True))

    @property
    def judged(self) -> bool:
        """Whether anything asks for scores."""
        return bool(self.judge or self.gate or self.output.report or self.output.scores or self.output.release)

    @property
    def metrics(self) -> Sequence[Spec] | None:
        """Which scores are computed; None for all that the evidence allows."""
        return self.judge.metrics if self.judge else None


def digest(content: str | bytes) -> str:
    """A short hash of a text or of the content of a file."""
    return blake2b(content.encode() if isinstance(content, str) else content, digest_size=16).hexdigest()
