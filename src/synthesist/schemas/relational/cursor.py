"""A place in the tokens of a statement, that moves on as they are read."""

from collections.abc import Iterator, Sequence

from synthesist.schemas.relational.statements import Statement, Token

__all__ = ["Cursor"]

CONTINUED = {
    "VARYING", "PRECISION", "UNSIGNED", "SIGNED", "ZEROFILL", "WITH", "WITHOUT", "TIME", "ZONE", "LOCAL", "CHARACTER",
    "CHAR", "BIG", "INT", "VARCHAR", "TO", "SECOND", "MINUTE", "HOUR", "DAY", "MONTH", "YEAR", "LARGE", "OBJECT",
}  # fmt: skip


class Cursor:
    """Reads tokens from the first to the last; past the end is an EOFError."""

    def __init__(self, statement: Statement, tokens: Sequence[Token] | None = None) -> None:
        self.statement = statement
        self.tokens = statement.tokens if tokens is None else tokens
        self.at = 0

    @property
    def ended(self) -> bool:
        """Whether no token is left."""
        return self.at >= len(self.tokens)

    @property
    def line(self) -> int:
        """The line of the next token, or of the last."""
        return self.tokens[min(self.at, len(self.tokens) - 1)].line

    def peek(self, ahead: int = 0) -> Token:
        """A token that is not yet read."""
        if not 0 <= self.at + ahead < len(self.tokens):
            return Token("sign", "", 0, 0, self.line)
        return self.tokens[self.at + ahead]

    def next(self) -> Token:
        """The next token."""
        if self.ended:
            raise EOFError
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, *words: str) -> bool:
        """Whether the next token is one of these."""
        return self.peek().is_(*words)

    def takes(self, *words: str) -> bool:
        """Whether these words come next, which are then read."""
        if not all(self.peek(i).is_(word) for i, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def skips(self, *words: str) -> None:
        """Pass over these words where they come next."""
        self.takes(*words)

    def name(self, dialect: str) -> str:
        """The next token as a name; PostgreSQL writes those without quotes in small letters."""
        token = self.next()
        return token.text.lower() if dialect == "postgres" and token.kind == "word" else token.text

    def continues_type(self) -> bool:
        """Whether the next word goes on with a type of several words."""
        return self.sees(*CONTINUED)

    def items(self) -> Iterator["Cursor"]:
        """What stands between the commas of the next parentheses."""
        inner = self._inner()
        yield from (Cursor(self.statement, part) for part in _parted(inner) if part)

    def actions(self) -> Iterator["Cursor"]:
        """What stands between the commas of the rest."""
        rest = self.tokens[self.at :]
        self.at = len(self.tokens)
        yield from (Cursor(self.statement, part) for part in _parted(rest) if part)

    def arguments(self) -> list[str]:
        """The texts between the commas of the next parentheses."""
        return [" ".join(token.text for token in item.tokens) for item in self.items()]

    def inside(self) -> str:
        """The SQL inside the next parentheses."""
        inner = self._inner()
        return self.statement.between(inner[0], inner[-1]) if inner else ""

    def literal(self) -> str | int | float | bool | None:
        """The written value that comes next, which is not yet read; None where it is none."""
        depth = 0
        while self.peek(depth).is_("("):
            depth += 1
        minus = self.peek(depth).is_("-")
        token, after = self.peek(depth + minus), self.peek(depth + minus + 1)
        if depth and not after.is_(")") and not after.is_("::"):
            return None
        if token.kind == "string":
            return token.text
        if token.is_("TRUE", "FALSE"):
            return token.is_("TRUE")
        if token.kind != "word" or not token.text[:1].isdigit():
            return None
        number = float(token.text) if "." in token.text else int(token.text)
        return -number if minus else number

    def expression(self) -> None:
        """Pass over one value: a text, a number, a word, what is in parentheses, with casts behind it."""
        while self.sees("-", "+"):
            self.next()
        if self.sees("("):
            self.inside()
        else:
            self.next()
            while self.takes("."):
                self.next()
            if self.sees("("):
                self.inside()
        while self.takes("::"):
            self.next()
            while self.continues_type() or self.takes("."):
                self.next()
            if self.sees("("):
                self.inside()
            while self.sees("["):
                while not self.next().is_("]"):
                    pass

    def _inner(self) -> Sequence[Token]:
        if not self.takes("("):
            raise EOFError
        begin, depth = self.at, 1
        while depth:
            token = self.next()
            depth += token.is_("(") - token.is_(")")
        return self.tokens[begin : self.at - 1]


def _parted(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """The tokens cut at the commas that stand in no parentheses."""
    begin, depth = 0, 0
    for i, token in enumerate(tokens):
        depth += token.is_("(", "[") - token.is_(")", "]")
        if token.is_(",") and not depth:
            yield tokens[begin:i]
            begin = i + 1
    yield tokens[begin:]
