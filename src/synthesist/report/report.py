"""The report: every score with its interval and reference, the verdict, and what to do next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.core import Context, Curve, Evidence, Score
from synthesist.data.dataset import Dataset
from synthesist.errors import DataError, NotFoundError, SpecError
from synthesist.report import gates
from synthesist.report.columns import Column, column_names, describe
from synthesist.report.criteria import Answer, answers
from synthesist.report.details import Lock
from synthesist.report.findings import Finding, find
from synthesist.report.gates import Outcome, outcomes
from synthesist.report.privacy import Privacy
from synthesist.report.release import Release, understood
from synthesist.report.verdict import Verdict, verdict

if TYPE_CHECKING:
    from rich.panel import Panel

__all__ = ["Report", "build"]


COPIES = 0.02  # of the rows beyond chance: more are no accident


@dataclass(frozen=True, repr=False)
class Report:
    """What synthetic data is worth and what it risks, in aggregates only: no real row is inside.

    Save it as one offline page or as JSON, hold it against gates, or print it. In a notebook it
    shows itself.
    """

    title: str
    scores: tuple[Score, ...]
    columns: tuple[Column, ...]
    rows: Mapping[str, int]
    """How many units train, holdout and synthetic hold."""
    target: str | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)
    training: Curve | None = None
    """The losses of the model, where it was trained step by step."""
    gates: tuple[Outcome, ...] = ()
    """Scores that were required, and whether they were reached."""
    previous: tuple[Score, ...] = ()
    """The scores of an earlier run, to stand beside these."""
    explanations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By table ("" where there is one) why synthetic rows can be told from real ones."""
    release: Release | None = None
    """What may be published of rows that a private method made."""

    @property
    def privacy(self) -> Privacy | None:
        """What a private method promises of the rows; all else in this report is then the curator's only."""
        return None if self.release is None else self.release.privacy

    def released(self, justification: str = "") -> Release:
        """The page that may be published: the promise and what the synthetic rows show, nothing of real rows.

        Args:
            justification: why this epsilon, as the card of the release is to say.

        Raises:
            SpecError: the rows are no private method's, its noise was replayed, or they are copies of real ones.
        """
        if self.release is None:
            raise SpecError(
                "Nothing was paid for these rows to be private, so no page on them is free of real rows. Make them "
                "with a private method, and give `evaluate` the provenance of its model."
            )
        if not self.release.privacy.protects:
            raise SpecError("The noise of this model was replayed, as in a test: fit it again before it is released.")
        copies = next((score.details for score in self.scores if score.metric == "exact_copies"), {})
        if copies.get("low_99_one_sided", 0.0) > COPIES:
            raise SpecError(
                f"{copies['share_in_all_of_train']:.1%} of these rows are copies of rows that were learnt from, far "
                "beyond chance: they are not what a private model draws. Nothing is released."
            )
        return replace(self.release, justification=justification)

    @cached_property
    def verdict(self) -> Verdict:
        """One sentence and a light for fidelity, utility and privacy."""
        return verdict(self.scores)

    @cached_property
    def answers(self) -> tuple[Answer, ...]:
        """What regulators and standards ask, and what was measured."""
        return answers(self.scores, self.provenance)

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What stands out, the worst first, each with the next step."""
        return find(self.scores, self.columns)

    def score(self, metric: str) -> Score | None:
        """The score of this name, as `c2st` or, of one of several tables, `orders.c2st`; None if it is not there."""
        return next((score for score in self.scores if metric == score.name), None)

    def before(self, score: Score) -> Score | None:
        """The same score in the earlier run, if it was computed there."""
        return next((old for old in self.previous if old.name == score.name and not old.skipped), None)

    @cached_property
    def tables(self) -> tuple[str, ...]:
        """The tables that are judged one by one; one without a name where there is one."""
        return tuple(dict.fromkeys(column.table for column in self.columns)) or ("",)

    def require(self, *gates_: str) -> "Report":
        """Raise GateError unless every gate holds, as in `report.require("c2st<=0.6", "validity>=1")`.

        `membership.high<=0.6` reads the upper end of the interval. A score that was skipped fails.
        """
        gates.require(self.scores, gates_)
        return self

    def save(self, path: str | Path) -> tuple[Path, ...]:
        """Write the page (.html, .pdf), a text (.md), the data (.json) or the gates as a test run (.xml, JUnit).

        A path without an ending writes the page and the data.

        Raises:
            OutputError: the folder is missing or cannot be written, or the ending is another.
        """
        from synthesist.report.files import save

        return save(self, Path(path))

    def to_html(self) -> str:
        """One page that needs no network and no script."""
        from synthesist.report.html import page

        return page(self)

    def to_json(self) -> str:
        """The same content for machines; `Report.from_json` reads it back."""
        from synthesist.report.document import dump

        return dump(self)

    def to_markdown(self) -> str:
        """The same in Markdown, without the charts."""
        from synthesist.report.markdown import text

        return text(self)

    def to_card(self) -> str:
        """A data card in Markdown, to go with the rows: what they are, how they were made, what they are not for.

        Of private rows it is the page that may be released.
        """
        from synthesist.report.markdown import card

        return card(self)

    def to_junit(self) -> str:
        """The gates as a test run."""
        from synthesist.report.junit import junit

        return junit(self.title, self.gates, self.privacy)

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote."""
        from synthesist.report.document import parse

        return parse(text)

    @classmethod
    def load(cls, path: str | Path) -> "Report":
        """Read a report that was saved as .json.

        Raises:
            NotFoundError: there is no such file.
            DataError: it is no report.
        """
        try:
            return cls.from_json(Path(path).read_text("utf-8"))
        except FileNotFoundError:
            raise NotFoundError(f"No report {path}. Write one with --json or `report.save`.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"Cannot read the report {path}: {error}.") from None

    def summary(self, path: str | Path | None = None) -> "Panel":
        """A panel for the terminal; `path` adds a link to the saved page."""
        from synthesist.report.terminal import panel

        return panel(self, path)

    def __rich__(self) -> "Panel":
        return self.summary()

    def __str__(self) -> str:
        from synthesist.report.terminal import text

        return text(self)

    def __repr__(self) -> str:
        return f"Report({self.title!r}, {len(self.scores)} scores, {len(self.columns)} columns)"

    def _repr_html_(self) -> str:
        from synthesist.report.html import fragment

        return fragment(self)


def build(
    case: Evidence,
    scores: Sequence[Score],
    ctx: Context,
    *,
    title: str = "",
    provenance: Mapping[str, Any] | None = None,
    training: Curve | None = None,
    gates: Sequence[str] = (),
    previous: Sequence[Score] = (),
    explanations: Mapping[str, Mapping[str, Any]] | None = None,
    alone: Dataset | None = None,
) -> Report:
    """Aggregate the evidence and put the scores beside it.

    Args:
        alone: the synthetic rows as they are understood without real ones, for what may be released.
    """
    rows = {side: getattr(case, side).units for side in ("train", "holdout", "synthetic")}
    lock = Lock.of(case)
    kept = tuple(replace(score, details=lock.harmless(score.details)) for score in scores)
    title = title or f"{' and '.join(case.train.schema.tables)}: synthetic data report"
    told, privacy = dict(_told(provenance or {})), Privacy.of(provenance or {})
    release = None
    if privacy is not None:
        made = understood(case.synthetic, case.synthetic.schema) if alone is None else alone
        release = Release.of(made, privacy, title, told)
    return Report(
        title=title,
        scores=kept,
        columns=tuple(ctx.track(describe(case, kept), "report", total=len(column_names(case)))),
        rows=rows,
        target=case.target,
        provenance=told,
        training=training,
        gates=outcomes(kept, gates),
        previous=tuple(previous),
        explanations=explanations or {},
        release=release,
    )


def _told(provenance: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    """Nested provenance as lines: `method: trees`, `method.depth: 6`."""
    for key, value in provenance.items():
        name = under if under and key == "kind" else f"{under}.{key}".lstrip(".")
        if isinstance(value, Mapping):
            yield from _told(value, name)
        else:
            yield name, ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
