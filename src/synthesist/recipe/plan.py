"""A recipe in its place: what it reads and writes, checked before any data is read, and what it will cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthesist import catalog
from synthesist.core import Context, Score, Spec
from synthesist.data.page import overridden, read_page
from synthesist.data.places import check_inputs, check_outputs
from synthesist.data.schema import Schema
from synthesist.dp.method import PrivateMethod
from synthesist.errors import NotFoundError, SpecError, SynthesistError, did_you_mean
from synthesist.recipe.page import Judge, Recipe, drawn
from synthesist.report.gates import Gate
from synthesist.rules.conditions import conditions
from synthesist.verbs.learning import lent
from synthesist.verbs.making import refuse_to_count

__all__ = ["Plan", "check_gates"]


@dataclass(frozen=True)
class Plan:
    """A recipe and the folder its paths start from."""

    recipe: Recipe
    folder: Path = Path()

    @classmethod
    def of(cls, recipe: "str | Path | Mapping[str, Any] | Recipe", overrides: Sequence[str] = ()) -> "Plan":
        """The plan of a page, a mapping or a Recipe, with parts of it set anew."""
        if isinstance(recipe, Recipe):
            recipe = recipe.describe()
        if isinstance(recipe, Mapping):
            return cls(Recipe.build(overridden(_long(recipe), overrides)))
        return cls(Recipe.build(overridden(_long(read_page(recipe)), overrides), str(recipe)), Path(recipe).parent)

    def at(self, path: str | None) -> Path | None:
        """Where a path of the recipe lies."""
        return None if path is None else self.folder / path

    @property
    def source(self) -> Path:
        """The table to learn from."""
        return self.folder / self.recipe.source

    @property
    def outputs(self) -> dict[str, Path]:
        """Every file to be written, by what it holds."""
        out = self.recipe.output
        named = {
            "table": out.data,
            "model": out.model,
            "report": out.report,
            "scores": out.scores,
            "release": out.release,
        }
        return {holds: self.folder / path for holds, path in named.items() if path is not None}

    def check(self) -> "Plan":
        """Find every fault that shows before data is read; one error names them all."""
        found = []
        for examine in (self._inputs, self._outputs, self._schema, self._gates, self._records, self._private):
            try:
                examine()
            except SynthesistError as error:
                found.append(error)
        if len(found) == 1:
            raise found[0]
        if found:
            lines = "\n".join("  " + str(error).replace("\n", "\n  ") for error in found)
            raise SpecError(f"The recipe has {len(found)} faults:\n{lines}")
        return self

    def _inputs(self) -> None:
        check_inputs((self.source, self.at(self.recipe.schema_page), self.at(self.recipe.ledger)))

    def _outputs(self) -> None:
        if not self.outputs:
            raise SpecError("The recipe writes nothing: name a file under `output`, as in {data: fake.csv}.")
        check_outputs(self.outputs, (self.source, self.at(self.recipe.schema_page), self.at(self.recipe.ledger)))

    def _schema(self) -> None:
        """Columns that the recipe names, where a schema says which there are."""
        page = self.at(self.recipe.schema_page)
        if page is None or not page.exists():
            return
        table = Schema.load(page).table
        judge = self.recipe.judge or Judge()
        for column in (*((judge.target,) if judge.target else ()), *judge.protected):
            if column not in table.columns:
                raise NotFoundError(f"judge: no column `{column}`. {did_you_mean(column, table.columns)}")
        conditions(self.recipe.sample.where, table)

    def _gates(self) -> None:
        check_gates(self.recipe.gate, self.recipe.metrics)

    def _records(self) -> None:
        out, method = self.recipe.output, self.recipe.method
        if out.model and method.holds_records and not out.keep_records:
            raise SpecError(
                f"A {method.name()} model holds real records: whoever gets {out.model} gets them. "
                f"Set output.keep_records to true if that is right."
            )

    def _private(self) -> None:
        recipe, method = self.recipe, self.recipe.method
        lent(Context.seeded(0), recipe.ledger, method)
        refuse_to_count(method, recipe.sample.n)
        if not isinstance(method, PrivateMethod):
            if recipe.output.release:
                raise SpecError(
                    f"output.release: {method.name()} does not keep rows private, so there is no such page."
                )
        elif recipe.gate:
            raise SpecError(
                "gate: scores are computed from real rows, so whether private rows come out would tell of them, and "
                "nothing pays for that. Leave the gates out, and look at the report."
            )
        elif recipe.schema_page is None:
            raise SpecError(
                f"{method.name()} keeps rows private, so nothing may be detected from them: name a public `schema`. "
                f"`synthesist inspect {recipe.source} --public -o public.yaml` begins one."
            )

    def __str__(self) -> str:
        recipe = self.recipe
        made = "as many rows as the source has" if recipe.sample.n is None else f"{recipe.sample.n:,} rows"
        where = f" where {recipe.sample.where}" if recipe.sample.where else ""
        lines = [
            f"read      {self.source}" + (f", as {recipe.schema_page} says" if recipe.schema_page else ""),
            f"split     {recipe.share:.0%} to learn from, the rest to judge by",
            f"fit       {recipe.method!r}" + (f", charged to {recipe.ledger}" if recipe.ledger else ""),
            f"sample    {made}{where}, seed {recipe.seed}",
            *(f"then      {change!r}" for change in recipe.then),
        ]
        if recipe.judged:
            named = ", ".join(metric.name() for metric in recipe.metrics) if recipe.metrics else "every score"
            lines.append(f"judge     {named}")
        lines += [f"gate      {gate}" for gate in recipe.gate]
        lines += [f"write     {path} ({holds})" for holds, path in self.outputs.items()]
        return "\n".join([*lines, f"cost      {self.cost}", f"recipe    {recipe.key}"])

    @property
    def cost(self) -> str:
        """A rough guess from the size of the source; it is not opened."""
        size = self.source.stat().st_size
        cells = size / (1.5 if self.source.suffix.lower() in (".parquet", ".xlsx") else 5)  # bytes a cell, typically
        memory = 300e6 + 100 * cells  # the libraries; the table, its codes and trees
        minutes = (10 + 20e-6 * cells) / 60  # gaussian_copula with all scores, on two cores
        return (
            f"a source of {size / 1e6:,.1f} MB: roughly {max(minutes, 0.2):,.1g} to {max(10 * minutes, 1):,.0f} "
            f"minutes and {memory / 1e9:,.1f} GB of memory"
        )


def check_gates(gates: Sequence[str], metrics: Sequence[Spec] | None = None) -> None:
    """Refuse gates that cannot be read or name no score, before any score is computed."""
    names = catalog.names("metrics") if metrics is None else [metric.name() for metric in metrics]
    for gate in gates:
        read = Gate.read(gate)
        read.failures([Score.skip(name, name, "not computed yet", table=read.table) for name in names])


def _long(page: Mapping[str, Any]) -> dict[str, Any]:
    """The page with `method: trees` and `sample: 10000` in their long form, so that overrides find their parts."""
    tree = dict(page)
    if isinstance(tree.get("method"), str):
        tree["method"] = {"kind": tree["method"]}
    return tree | ({"sample": drawn(tree["sample"])} if "sample" in tree else {})
