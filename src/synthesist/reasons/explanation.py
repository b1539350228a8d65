"""What an explanation holds: reasons in plain words, what each column and pair gives away, slices, a small tree."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from synthesist.data.atomic import replacing
from synthesist.errors import SpecError

__all__ = ["Explanation", "Pair", "Reason", "Slice"]


@dataclass(frozen=True)
class Reason:
    """One way in which the synthetic rows differ from the real ones, beyond what chance explains.

    `real` and `synthetic` are shares of rows (or the two values of `unit`, as a correlation); `low` and `high` are the
    95 % interval of synthetic - real. `strength` is how much it gives a row away, in thousandths of a nat: the expected
    log-likelihood ratio. `p` is corrected for all tests that were made.
    """

    columns: tuple[str, ...]
    kind: str
    sentence: str
    real: float
    synthetic: float
    low: float
    high: float
    strength: float
    p: float = 0.0
    unit: str = "share"


@dataclass(frozen=True)
class Pair:
    """What two columns together give away beyond either alone: a share of what all pairs do."""

    a: str
    b: str
    share: float


@dataclass(frozen=True)
class Slice:
    """A part of the table in which synthetic rows are too common or too rare, as shares of the rows."""

    where: str
    real: float
    synthetic: float
    low: float
    high: float


@dataclass(frozen=True)
class Explanation:
    """Why synthetic rows can be told from real ones, the strongest reason first; no reason, where they cannot be.

    `auc` is that of a classifier cross-fitted on synthetic and holdout rows, with its interval. `columns` and `pairs`
    are shares of what gives the rows away. `surrogate` is the classifier put as the few rules of a small tree.
    """

    reasons: tuple[Reason, ...]
    auc: float
    auc_low: float
    auc_high: float
    rows: Mapping[str, int]
    columns: Mapping[str, float] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()
    slices: tuple[Slice, ...] = ()
    surrogate: tuple[Slice, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain data, as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, page: Mapping[str, Any]) -> "Explanation":
        """What `to_dict` gave.

        Raises:
            SpecError: the page is no explanation.
        """
        try:
            parts = dict(page)
            parts["reasons"] = tuple(Reason(**{**r, "columns": tuple(r["columns"])}) for r in parts["reasons"])
            parts["pairs"] = tuple(Pair(**pair) for pair in parts.get("pairs", ()))
            for name in ("slices", "surrogate"):
                parts[name] = tuple(Slice(**part) for part in parts.get(name, ()))
            return cls(**parts)
        except (KeyError, TypeError, ValueError) as error:
            raise SpecError(f"This page is no explanation that was written by `to_dict`: {error}.") from None

    def save(self, path: str | Path) -> Path:
        """Write it as .json for machines or .md for people.

        Raises:
            SpecError: another ending.
            OutputError: the file cannot be written.
        """
        import json

        path = Path(path)
        if path.suffix not in (".json", ".md"):
            raise SpecError(f"Cannot write an explanation as `{path.suffix}`: end the file in .json or .md.")
        text = json.dumps(self.to_dict(), indent=1, ensure_ascii=False) if path.suffix == ".json" else self.markdown()
        with replacing(path) as out:
            out.write_text(text + "\n", "utf-8")
        return path

    @property
    def verdict(self) -> str:
        """The outcome in one sentence."""
        told = (
            f"A classifier tells them apart with an AUC of {self.auc:.3f} ({self.auc_low:.3f} to {self.auc_high:.3f})"
        )
        if not self.reasons:
            return f"Nothing tells the synthetic rows from real ones beyond chance. {told}; 0.5 is a coin toss."
        count = f"{len(self.reasons)} reasons why" if len(self.reasons) > 1 else "One reason why"
        return f"{count} synthetic rows can be told from real ones. {told}."

    def markdown(self) -> str:
        """A page for people."""
        lines = ["# Why the rows can be told apart", "", self.verdict]
        lines += ["", *(f"{place}. {reason.sentence}" for place, reason in enumerate(self.reasons, 1))]
        if self.reasons and self.columns:
            shares = sorted(self.columns.items(), key=lambda item: -item[1])
            lines += ["", "## What each column gives away", "", "| column | share |", "| --- | ---: |"]
            lines += [f"| `{column}` | {share:.1%} |" for column, share in shares if share >= 0.001]
        for title, slices in (("Slices", self.slices), ("The classifier as a small tree", self.surrogate)):
            if self.reasons and slices:
                lines += ["", f"## {title}", "", "| rows | real | synthetic |", "| --- | ---: | ---: |"]
                lines += [f"| {part.where} | {part.real:.1%} | {part.synthetic:.1%} |" for part in slices]
        return "\n".join(lines)

    def __str__(self) -> str:
        return "\n".join([self.verdict, *(f"{place}. {r.sentence}" for place, r in enumerate(self.reasons, 1))])

    __repr__ = __str__
