"""Protocol buffers: every message of a .proto file, or of a compiled descriptor set, in the JSON that protobuf defines.

Reference: Protocol Buffers, "ProtoJSON Format" and the language specifications of proto2, proto3 and editions,
https://protobuf.dev/programming-guides/json/.
"""

from pathlib import Path
from typing import Any

from synthesist.errors import SpecError
from synthesist.schemas._proto import Enum, Field, File, Message, read_descriptors, read_proto
from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "Protocol buffers (.proto, and descriptor sets .pb .desc .protoset)"
SUFFIXES = (".proto", ".pb", ".desc", ".protoset")
INTEGERS = {
    **dict.fromkeys(("int32", "sint32", "sfixed32"), (-(2**31), 2**31 - 1)),
    **dict.fromkeys(("uint32", "fixed32"), (0, 2**32 - 1)),
}
LONG = {**dict.fromkeys(("int64", "sint64", "sfixed64"), "^(0|-?[1-9][0-9]{0,17})$"),
        **dict.fromkeys(("uint64", "fixed64"), "^(0|[1-9][0-9]{0,18})$")}  # fmt: skip
SCALARS: dict[str, dict[str, Any]] = {
    **{name: {"type": "integer", "minimum": low, "maximum": high} for name, (low, high) in INTEGERS.items()},
    **{name: {"type": "string", "pattern": pattern} for name, pattern in LONG.items()},
    "double": {"type": "number"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "string": {"type": "string"},
    "bytes": {"type": "string", "format": "byte"},
}
ANY_VALUE = {"type": ["null", "boolean", "number", "string"]}
STAMP = {"type": "string", "format": "date-time"}
KNOWN: dict[str, dict[str, Any]] = {
    "Timestamp": STAMP,
    "Duration": {"type": "string", "pattern": r"^(0|[1-9]\d{0,5})(\.\d{3})?s$"},
    "FieldMask": {"type": "string", "pattern": "^[a-z]{3,8}(,[a-z]{3,8}){0,2}$"},
    "Empty": {"type": "object", "additionalProperties": False},
    "Struct": {"type": "object", "additionalProperties": ANY_VALUE},
    "Value": ANY_VALUE,
    "ListValue": {"type": "array", "items": ANY_VALUE},
    "NullValue": {"type": "null"},
    "Any": {"type": "object", "additionalProperties": False},  # any other says a type that its reader may not know
    **{f"{name.capitalize() if not name.startswith('u') else 'UI' + name[2:]}Value": SCALARS[name]
       for name in ("double", "float", "int64", "uint64", "int32", "uint32", "bool", "string", "bytes")},
}  # fmt: skip
"""The messages of google.protobuf that have a JSON of their own."""


def recognises(source: Source) -> bool:
    """Whether the file is called as those of protobuf are."""
    return source.suffix in SUFFIXES


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `documents`; its option `of` says which message is drawn."""
    text = source.suffix == ".proto"
    files = _with_imports(source) if text else read_descriptors(source.data, str(source.path))
    types: dict[str, Message | Enum] = {}
    for file in files:
        types |= file.types
    schemas = _Schemas(types, str(source.path))
    own = files[0].types if text else types
    messages = [name for name, kind in own.items() if isinstance(kind, Message) and not kind.is_entry]
    if not messages:
        raise SpecError(f"{source.path} defines no message, so there is nothing to draw.")
    return {"kind": "documents", "json_schema": schemas.of(messages)}


def _with_imports(source: Source) -> list[File]:
    """The file, then those it imports, found from its own folder or one above it."""
    files = [read_proto(source.text, str(source.path))]
    waiting, seen = list(files[0].imports), set[str]()
    for name in waiting:
        if name in seen or name.startswith("google/protobuf/"):
            continue
        seen.add(name)
        found = _found(name, source.path.absolute())
        if found is not None:  # one that is missing is named where a type of it is used
            files.append(read_proto(Source.read(found).text, str(found)))
            waiting += files[-1].imports
    return files


def _found(name: str, importer: Path) -> Path | None:
    """The file of an import: below a folder that the importing file is in, by its whole path or by how that ends."""
    parts = Path(name).parts
    for begin in range(len(parts)):
        for folder in importer.parents if begin < len(parts) - 1 or begin == 0 else (importer.parent,):
            if (file := folder.joinpath(*parts[begin:])).is_file() and file != importer:
                return file
    return None


class _Schemas:
    """Messages as definitions of JSON Schema, made as they are met."""

    def __init__(self, types: dict[str, Message | Enum], where: str) -> None:
        self.types, self.where = types, where
        self.definitions: dict[str, Any] = {}
        self.waiting: list[str] = []

    def of(self, messages: list[str]) -> dict[str, Any]:
        """The schema that defines these messages, and all that they hold."""
        for name in messages:
            self._reference(name)
        for name in self.waiting:
            self.definitions[name] = self._message(self.types[name])  # type: ignore[arg-type]
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": self.definitions}

    def _message(self, message: Message) -> dict[str, Any]:
        properties = {field.json_name: self._field(field, message) for field in message.fields}
        required = [field.json_name for field in message.fields if field.label == "required"]
        choices: list[dict[str, Any]] = []
        for group in dict.fromkeys(field.oneof for field in message.fields if field.oneof):
            names = [field.json_name for field in message.fields if field.oneof == group]
            pairs = [{"not": {"required": [a, b]}} for i, a in enumerate(names) for b in names[i + 1 :]]
            alone = [{"required": [a], "not": {"anyOf": [{"required": [b]} for b in names if b != a]}} for a in names]
            choices += [{"anyOf": alone}] if len(names) > 1 else pairs
        schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        return {**schema, **({"allOf": choices} if choices else {})}

    def _field(self, field: Field, message: Message) -> dict[str, Any]:
        if field.key:
            names = _key_pattern(field.key)
            return {"type": "object", "additionalProperties": self._typed(field, message), **names}
        one = self._typed(field, message)
        return {"type": "array", "items": one} if field.label == "repeated" else one

    def _typed(self, field: Field, message: Message) -> dict[str, Any]:
        if field.type in SCALARS:
            return SCALARS[field.type]
        name = self._resolved(field.type, message)
        if name.startswith("google.protobuf.") and name.rpartition(".")[2] in KNOWN:
            return KNOWN[name.rpartition(".")[2]]
        kind = self.types.get(name)
        if kind is None:
            raise SpecError(
                f"{self.where}: the type `{field.type}` of {message.name}.{field.name} is defined nowhere: put the "
                f".proto file that defines it where it is imported from, in this folder or one above."
            )
        return {"enum": list(kind.values)} if isinstance(kind, Enum) else self._reference(name)

    def _reference(self, name: str) -> dict[str, Any]:
        if name not in self.definitions:
            self.definitions[name] = True
            self.waiting.append(name)
        return {"$ref": f"#/$defs/{name}"}

    def _resolved(self, name: str, message: Message) -> str:
        """The full name of a type: looked for from the message outwards."""
        if name.startswith("."):
            return name[1:]
        scope = message.name
        while scope:
            if f"{scope}.{name}" in self.types:
                return f"{scope}.{name}"
            if f"{scope}.{name}".startswith("google.protobuf.") and name.rpartition(".")[2] in KNOWN:
                return f"{scope}.{name}"
            scope = scope.rpartition(".")[0]
        return name


def _key_pattern(kind: str) -> dict[str, Any]:
    if kind == "string":
        return {}
    if kind == "bool":
        return {"propertyNames": {"enum": ["true", "false"]}}
    sign = "" if kind.startswith(("u", "fixed")) else "-?"
    return {"propertyNames": {"pattern": f"^(0|{sign}[1-9][0-9]{{0,8}})$"}}
