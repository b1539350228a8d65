"""A whole job as one page: what to learn from, how, how many rows, how to judge them, what to write.

    version: 1
    seed: 7
    source: adult.csv
    method: {kind: trees}                      # or just: trees
    sample: {n: 10000, where: ["age >= 65"]}   # or just: 10000
    judge: {target: income, protected: [sex]}
    gate: ["c2st<=0.6"]
    output: {data: fake.csv, model: model.syn, report: report.html, scores: scores.json}

Paths are relative to the page. The same page gives the same rows, on any machine.
"""

from synthesist.recipe.page import Recipe
from synthesist.recipe.plan import Plan, check_gates
from synthesist.recipe.running import Run, run

__all__ = ["Plan", "Recipe", "Run", "check_gates", "run"]
