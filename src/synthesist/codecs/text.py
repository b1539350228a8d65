"""Free text that reads like the source without repeating it: a Markov chain over protected words.

A word or a step from one word to the next is kept only if at least `min_rows` different rows hold
it; a seldom word is replaced by a made-up one of its shape, a seldom step by a draw over all words.
So no phrase that fewer rows share can be repeated on purpose, and names come out as invented names.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from synthesist.core import Context
from synthesist.data.column import stripped
from synthesist.data.kinds import Kind

__all__ = ["TextCodec"]

LONGEST = 400  # tokens a made-up text may have at most
WORDS = 20_000  # words and shapes kept at most, the commonest first
_TOKEN = r"\s?\p{L}+|\s?\p{N}+|\s?[^\p{L}\p{N}\s]|\s"  # the space goes with what follows it
_LETTERS = ("bdfgklmnprstvz", "aeiouaeioaeoae")


@dataclass(frozen=True)
class TextCodec:
    """A first-order chain over tokens.

    `words[w]` are tokens; one that begins with a NUL stands for a shape (see `_shape`).
    Token w is followed by `follower[first[w]:first[w+1]]` with the cumulated shares `upto`;
    the follower len(words) ends the text. `opening` is the same for the first token.
    """

    kind: Kind
    words: tuple[str, ...]
    first: np.ndarray
    follower: np.ndarray
    upto: np.ndarray

    def __post_init__(self) -> None:
        n = len(self.words)
        if not self.first.ndim == self.follower.ndim == self.upto.ndim == 1:
            raise ValueError("the parts of a text column do not fit together")
        if len(self.first) != n + 2 or len(self.follower) != len(self.upto) or self.first[-1] != len(self.follower):
            raise ValueError("the parts of a text column do not fit together")
        if (np.diff(self.first) < 1).any() or self.follower.min() < 0 or self.follower.max() > n:
            raise ValueError("a text column points at words that do not exist")

    @classmethod
    def fit(cls, column: pl.Series, kind: Kind, min_rows: int) -> "TextCodec":
        """Learn the chain from a column of text."""
        rows = column.drop_nulls().to_frame("text").with_row_index("row")
        tokens = (
            rows.with_columns(token=pl.col("text").str.extract_all(_TOKEN).list.head(LONGEST))
            .explode("token")
            .select("row", pl.col("token").fill_null(""))
        )
        seen = (
            tokens.group_by("token")
            .agg(rows=pl.col("row").n_unique())
            .sort(["rows", "token"], descending=[True, False])
        )
        kept = seen.filter((pl.col("rows") >= min_rows) & (pl.col("token") != "")).head(WORDS)
        plain = pl.col("token").is_in(kept["token"].implode())
        tokens = tokens.filter(pl.col("token") != "").with_columns(
            token=pl.when(plain).then("token").otherwise(_shape(pl.col("token")))
        )
        words = tuple(tokens["token"].unique().sort().to_list())
        n = len(words)
        numbers = pl.DataFrame({"token": pl.Series(words, dtype=pl.String), "w": np.arange(n)})
        chain = tokens.join(numbers, on="token", maintain_order="left").select("row", "w")
        steps = chain.with_columns(
            after=pl.col("w").shift(-1).over("row").fill_null(n), before=pl.col("w").shift(1).over("row")
        )
        pairs = pl.concat(
            [
                steps.select("row", "w", "after"),
                steps.filter(pl.col("before").is_null()).select("row", w=pl.lit(n + 0, pl.Int64), after="w"),
            ]
        )
        counts = pairs.group_by("w", "after").agg(rows=pl.col("row").n_unique(), times=pl.len()).sort(["w", "after"])
        return cls(kind, words, *_chain(counts, words, min_rows))

    def draw(self, n: int, ctx: Context) -> pl.Series:
        """Make n texts; where none was ever seen, empty cells."""
        rng = ctx.rng("text")
        texts: list[list[str]] = [[] for _ in range(n)]
        at = np.full(n, len(self.words))
        going = np.arange(n)
        for _ in range(LONGEST):
            low, high = self.first[at], self.first[at + 1]
            base = np.where(low > 0, self.upto[np.maximum(low, 1) - 1], 0.0)
            target = base + rng.random(len(at)) * (self.upto[high - 1] - base)
            place = np.clip(np.searchsorted(self.upto, target, side="right"), low, high - 1)
            at = self.follower[place]
            running = at < len(self.words)
            at, going = at[running], going[running]
            if not len(going):
                break
            tokens = [self.words[word] for word in at.tolist()]
            shapes = [token[:1] == "\0" for token in tokens]
            signs = iter(rng.integers(0, 70, (sum(shapes), 13)).tolist())
            for row, token, invented in zip(going.tolist(), tokens, shapes, strict=True):
                texts[row].append(_invent(token, next(signs)) if invented else token)
        column = pl.Series(["".join(parts) for parts in texts], dtype=pl.String)
        return stripped(column)


def _chain(counts: pl.DataFrame, words: tuple[str, ...], min_rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Followers of every token: well-seen ones with their shares, the rest by the shares of all tokens.

    A text does not open with its end or a blank, so that none comes out empty.
    """
    n = len(words)
    totals = counts.group_by("after").agg(pl.col("times").sum())
    everywhere = totals.sort(["times", "after"], descending=[True, False]).head(50)
    if everywhere.is_empty():
        everywhere = pl.DataFrame({"after": [n], "times": [1]})
    common, common_times = everywhere["after"].to_numpy(), everywhere["times"].to_numpy()
    opening = np.array([w < n and not words[w].isspace() for w in common.tolist()])
    parts = {int(key[0]): part for key, part in counts.group_by("w")}
    first, followers, weights = [0], [], []
    for w in range(n + 1):
        part = parts.get(w)
        after, times, rows = (
            (part[c].to_numpy() for c in ("after", "times", "rows")) if part is not None else (common[:0],) * 3
        )
        safe = rows >= min_rows
        rest = times[~safe].sum() if len(times) else 1
        follower, weight = after[safe], times[safe].astype(np.float64)
        if rest:
            here = opening if w == n and opening.any() else np.ones_like(opening)
            follower = np.concatenate([follower, common[here]])
            weight = np.concatenate([weight, rest * common_times[here] / common_times[here].sum()])
        followers.append(follower)
        weights.append(weight / weight.sum())
        first.append(first[-1] + len(follower))
    return np.array(first), np.concatenate(followers).astype(np.int64), np.cumsum(np.concatenate(weights))


def _shape(token: pl.Expr) -> pl.Expr:
    """A NUL, the space before, the class (n digits, A capitalised, U upper, a lower), the length up to 12."""
    space = pl.when(token.str.contains(r"^\s")).then(pl.lit(" ")).otherwise(pl.lit("_"))
    token = token.str.strip_chars_start()
    letter = (
        pl.when(token.str.contains(r"^\p{N}"))
        .then(pl.lit("n"))
        .when(token.str.contains(r"^\p{Lu}\p{Lu}"))
        .then(pl.lit("U"))
        .when(token.str.contains(r"^\p{Lu}"))
        .then(pl.lit("A"))
        .when(token.str.contains(r"^\p{L}"))
        .then(pl.lit("a"))
        .otherwise(pl.lit("-"))
    )
    return pl.format("\0{}{}{}", space, letter, pl.min_horizontal(token.str.len_chars(), pl.lit(12)))


def _invent(shape: str, signs: list[int]) -> str:
    """A made-up token of a shape, by 13 random numbers: digits, or consonants and vowels in turn."""
    space, letter, length = shape[1].strip("_"), shape[2], int(shape[3:])
    signs = signs[: length + 1]
    if letter == "-":
        return space + "-"
    if letter == "n":
        return space + "".join(str(sign % 10) for sign in signs[1:])
    word = "".join(_LETTERS[(place + signs[0]) % 2][sign % 14] for place, sign in enumerate(signs[1:]))
    return space + (word.upper() if letter == "U" else word.capitalize() if letter == "A" else word)
