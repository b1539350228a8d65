"""Files of protocol buffers, read as far as messages need: the text of .proto, and compiled descriptors.

Reference: the language specifications of proto2 and proto3, https://protobuf.dev/reference/protobuf/proto3-spec/.
"""

import re
from dataclasses import dataclass, field
from typing import NoReturn

from synthesist.errors import DataError, MissingExtraError, SpecError

__all__ = ["Enum", "Field", "File", "Message", "read_descriptors", "read_proto"]

TOKEN = re.compile(
    r"""\s+|//[^\n]*|/\*.*?\*/|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
    r"""|(?P<word>\.?[A-Za-z_][\w.]*|[-+]?[\w.]+)|(?P<sign>.)""",
    re.DOTALL,
)
LABELS = ("repeated", "optional", "required")


@dataclass(frozen=True)
class Field:
    """A field of a message; a map has the type of its keys, too."""

    name: str
    json_name: str
    type: str
    label: str = ""
    key: str = ""
    oneof: str = ""


@dataclass
class Message:
    """A message by its full name."""

    name: str
    fields: list[Field] = field(default_factory=list)
    is_entry: bool = False


@dataclass
class Enum:
    """An enumeration and the names of its values."""

    name: str
    values: list[str] = field(default_factory=list)


@dataclass
class File:
    """One file: what it imports, and its types by full name."""

    imports: list[str] = field(default_factory=list)
    types: dict[str, Message | Enum] = field(default_factory=dict)


def read_proto(text: str, where: str) -> File:
    """Read the text of a .proto file.

    Raises:
        SpecError: it is no such text; the message names the line.
    """
    return _Reader(text, where).file()


class _Reader:
    """Goes through the tokens of a file once."""

    def __init__(self, text: str, where: str) -> None:
        self.where, self.text = where, text
        self.tokens = [(m[0], m.start()) for m in TOKEN.finditer(text) if m.lastgroup]
        self.place = 0
        self.found = File()

    def file(self) -> File:
        """The whole file."""
        scope = ""
        while self.place < len(self.tokens):
            match self._next():
                case "package":
                    scope = self._next()
                    self._skip()
                case "import":
                    word = self._next()
                    self.found.imports.append((word if word[0] in "\"'" else self._next())[1:-1])
                    self._skip()
                case "message":
                    self._message(scope)
                case "enum":
                    self._enum(scope)
                case ";":
                    pass
                case "syntax" | "edition" | "option" | "service" | "extend":
                    self._skip()
                case word:
                    self._refuse(f"`{word}` begins nothing that a .proto file has")
        return self.found

    def _message(self, scope: str) -> Message:
        message = Message(_within(scope, self._next()))
        self.found.types[message.name] = message
        self._expect("{")
        self._body(message, "")
        return message

    def _body(self, message: Message, oneof: str) -> None:
        while (word := self._next()) != "}":
            match word:
                case "message" if self._peek(1) == "{":
                    self._message(message.name)
                case "enum" if self._peek(1) == "{":
                    self._enum(message.name)
                case "oneof" if self._peek(1) == "{":
                    name = self._next()
                    self._expect("{")
                    self._body(message, name)
                case "option" | "reserved" | "extensions" | "extend":
                    self._skip()
                case ";":
                    pass
                case _:
                    self._field(message, word, oneof)

    def _field(self, message: Message, word: str, oneof: str) -> None:
        label = word if word in LABELS and self._peek() not in ("=",) else ""
        kind = self._next() if label else word
        key = ""
        if kind == "map" and self._peek() == "<":
            self._expect("<")
            key = self._next()
            self._expect(",")
            kind = self._next()
            self._expect(">")
        while self._peek().startswith(".") or kind.endswith("."):
            kind += self._next()  # a long name may be broken at its dots
        name = self._next()
        if kind == "group":
            inner = Message(_within(message.name, name))
            self.found.types[inner.name] = inner
            kind, name = inner.name, name.lower()
            while self._next() != "{":
                pass
            self._body(inner, "")
            options = ""
        else:
            self._expect("=")
            options = self._until_end()
        given = re.search(r"json_name = [\"']([^\"']+)", options)
        message.fields.append(Field(name, given[1] if given else _camel(name), kind, label, key, oneof))

    def _enum(self, scope: str) -> None:
        enum = Enum(_within(scope, self._next()))
        self.found.types[enum.name] = enum
        self._expect("{")
        while (word := self._next()) != "}":
            if word == ";":
                continue
            if word not in ("option", "reserved") or self._peek() == "=":
                enum.values.append(word)
            self._skip()

    def _until_end(self) -> str:
        """What follows up to the semicolon."""
        words, depth = [], 0
        while (word := self._next()) != ";" or depth:
            depth += (word in "{[") - (word in "}]")
            words.append(word)
        return " ".join(words)

    def _skip(self) -> None:
        """Pass over a statement, or over the block it has."""
        depth, was_block = 0, False
        while True:
            word = self._next()
            depth += (word in "{[") - (word in "}]")
            was_block = was_block or word == "{"
            if not depth and (word == ";" or (word == "}" and was_block and self._peek() != ";")):
                return

    def _peek(self, ahead: int = 0) -> str:
        return self.tokens[self.place + ahead][0] if self.place + ahead < len(self.tokens) else ""

    def _next(self) -> str:
        if self.place >= len(self.tokens):
            self._refuse("the file ends in the middle")
        self.place += 1
        return self.tokens[self.place - 1][0]

    def _expect(self, sign: str) -> None:
        if (found := self._next()) != sign:
            self._refuse(f"`{sign}` is expected, and there is `{found}`")

    def _refuse(self, what: str) -> NoReturn:
        start = self.tokens[min(self.place, len(self.tokens)) - 1][1] if self.tokens else 0
        raise SpecError(f"{self.where}, line {self.text.count(chr(10), 0, start) + 1}: {what}. Correct it.")


def read_descriptors(data: bytes, where: str) -> list[File]:
    """Read a FileDescriptorSet, as `protoc --descriptor_set_out` writes it.

    Raises:
        MissingExtraError: protobuf is not installed.
        DataError: it is none.
    """
    try:
        from google.protobuf.descriptor_pb2 import FileDescriptorSet
        from google.protobuf.message import DecodeError
    except ImportError:
        raise MissingExtraError(
            f"{where} is a compiled descriptor set: reading it needs protobuf. Install 'synthesist[protobuf]', or "
            f"give the .proto file."
        ) from None
    files = FileDescriptorSet()
    try:
        files.ParseFromString(data)
    except DecodeError as error:
        raise DataError(f"{where} is no descriptor set: {error}. Write it by `protoc --descriptor_set_out`.") from None
    return [_described(file) for file in files.file]


def _described(file: "object") -> File:
    """One file of a descriptor set."""
    found = File(imports=list(file.dependency))  # type: ignore[attr-defined]
    waiting = [(file.package, kind) for kind in file.message_type]  # type: ignore[attr-defined]
    enums = [(file.package, kind) for kind in file.enum_type]  # type: ignore[attr-defined]
    entries: dict[str, object] = {}
    for scope, kind in waiting:
        name = _within(scope, kind.name)
        waiting += [(name, inner) for inner in kind.nested_type]
        enums += [(name, inner) for inner in kind.enum_type]
        if kind.options.map_entry:
            entries["." + name] = kind
    for scope, kind in waiting:
        if not kind.options.map_entry:
            fields = [_described_field(one, kind, entries) for one in kind.field]
            found.types[_within(scope, kind.name)] = Message(_within(scope, kind.name), fields)
    for scope, kind in enums:
        found.types[_within(scope, kind.name)] = Enum(_within(scope, kind.name), [v.name for v in kind.value])
    return found


def _described_field(one: "object", message: "object", entries: dict[str, object]) -> Field:
    kinds = type(one).Type  # type: ignore[attr-defined]
    label = LABELS[{3: 0, 1: 1, 2: 2}[one.label]]  # type: ignore[attr-defined]

    def named(part: "object") -> str:
        return part.type_name or kinds.Name(part.type).removeprefix("TYPE_").lower()  # type: ignore[attr-defined]

    oneof = ""
    if one.HasField("oneof_index") and not one.proto3_optional:  # type: ignore[attr-defined]
        oneof = message.oneof_decl[one.oneof_index].name  # type: ignore[attr-defined]
    if one.type_name in entries:  # type: ignore[attr-defined]
        key, value = entries[one.type_name].field  # type: ignore[attr-defined]
        return Field(one.name, one.json_name or _camel(one.name), named(value), "", named(key), "")  # type: ignore[attr-defined]
    return Field(one.name, one.json_name or _camel(one.name), named(one), label, "", oneof)  # type: ignore[attr-defined]


def _within(scope: str, name: str) -> str:
    return f"{scope}.{name}" if scope else name


def _camel(name: str) -> str:
    """The name of a field in JSON, as protoc makes it."""
    return re.sub(r"_+([a-zA-Z0-9]?)", lambda found: found[1].upper(), name)
