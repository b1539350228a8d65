"""Sentences that read like a corpus: each word follows the two before it as often as it does there.

Reference: Shannon, A mathematical theory of communication, Bell System Technical Journal 27, 1948,
doi:10.1002/j.1538-7305.1948.tb01338.x, section 3.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from synthesist.providers.writing import joined

__all__ = ["Chain", "english"]

LONGEST = 40  # words of a sentence; one that goes round in a circle ends there


@dataclass(frozen=True, eq=False)
class Chain:
    """The states of a corpus (two words in a row), and the states that follow each.

    What follows state s stands in follows[first[s] : first[s] + count[s]], as often as in the corpus. State 0 is before
    the first word, state 1 behind the last.
    """

    words: pl.Series
    follows: np.ndarray
    first: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, sentences: list[str]) -> "Chain":
        """Learn from sentences."""
        states = {("", ""): 0, ("", None): 1}
        after: list[list[int]] = [[], [1]]
        for sentence in sentences:
            state, before = 0, ""
            for word in sentence.split():
                key = (before, word)
                if key not in states:
                    states[key] = len(after)
                    after.append([])
                after[state].append(states[key])
                state, before = states[key], word
            after[state].append(1)
        count = np.array([len(follow) for follow in after])
        first = np.concatenate([[0], np.cumsum(count)[:-1]])
        words = pl.Series([f" {word}" if word else "" for _, word in states], dtype=pl.String)
        return cls(words, np.concatenate([np.array(follow) for follow in after]), first, count)

    def sentences(self, n: int, rng: np.random.Generator) -> pl.Series:
        """So many sentences; one that does not end in time is ended by a full stop."""
        state, pieces = np.zeros(n, dtype=np.int64), list[pl.Series]()
        while len(pieces) < LONGEST and (state != 1).any():
            chance = (rng.random(n) * self.count[state]).astype(np.int64)
            state = self.follows[self.first[state] + chance]
            pieces.append(self.words.gather(state))
        ends = pl.Series(["", "."]).gather((state != 1).astype(np.uint32))
        return joined(*pieces, ends).str.strip_chars_start().str.replace(r"([^.?!])\.$", "${1}.")


@cache
def english() -> Chain:
    """The chain of the corpus that comes with the package: short sentences from shops, offices and clinics."""
    return Chain.of((Path(__file__).with_name("data") / "corpus.txt").read_text("utf-8").splitlines())
