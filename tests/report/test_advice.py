"""The advice follows its rule: never a method that copies, then likeness, and the cheapest of those that are level."""

import pytest

from synthesist.core import Score
from synthesist.engine.apart import Cost
from synthesist.report.advice import advise
from synthesist.report.comparison import Entry


def entry(name: str, auc: float, cpu: float, *, attack: float = 0.5, loss: float = 0.0, memory: float = 1e8) -> Entry:
    scores = (
        Score("c2st", "AUC", auc, auc - 0.01, auc + 0.01, 0.5, 1.0, 0.5),
        Score("membership", "attack", attack, attack - 0.01, attack + 0.01, 0.5, 1.0, 0.5, family="privacy"),
        Score("tstr", "loss", loss, loss - 0.005, loss + 0.005, 0.0, 0.5, 0.0, family="utility"),
    )
    return Entry(name, {}, scores, Cost(cpu, cpu, memory))


@pytest.mark.parametrize(
    ("entries", "chosen"),
    [
        ([entry("far", 0.8, 1), entry("close", 0.53, 50)], "close"),
        ([entry("copies", 0.5, 1, attack=0.9), entry("safe", 0.6, 1)], "safe"),
        ([entry("dear", 0.53, 50), entry("cheap", 0.535, 5)], "cheap"),
        ([entry("dear", 0.53, 50), entry("cheap but useless", 0.535, 5, loss=0.2)], "dear"),
        ([entry("closest", 0.53, 5.5), entry("a little cheaper", 0.535, 5)], "closest"),
        ([entry("copies", 0.5, 1, attack=0.9)], ""),
        ([], ""),
    ],
)
def test_the_rule(entries, chosen):
    assert advise(entries).method == chosen


def test_the_words_name_what_is_gained_and_what_is_paid():
    advice = advise([entry("trees", 0.53, 12, memory=3e8), entry("copula", 0.8, 1, loss=0.1)])
    assert advice.headline == "Use trees."
    assert (
        advice.why
        == "Its rows are hardest to tell from real ones (AUC 0.530), and our attack found no hint of copying."
    )
    assert advice.others == (
        "copula is further from real rows (AUC 0.800 instead of 0.530), is less useful to train on and "
        "needs 8 % of the CPU time and 33 % of the memory.",
    )
    assert "level with dear" in advise([entry("dear", 0.53, 50), entry("cheap", 0.535, 5)]).why
    assert "gives training rows away" in advise([entry("a", 0.5, 1, attack=0.9), entry("b", 0.6, 1)]).others[0]
