"""OpenAPI 2 (Swagger), 3.0 and 3.1: the schemas of its components, and the bodies of requests and responses.

Definitions are called as the components are; bodies as `POST /pets request` and `GET /pets 200`. What the dialect
says in its own words (`nullable`, `discriminator`, `readOnly`, `writeOnly`) is said in those of JSON Schema.

Reference: OpenAPI Specification 3.1.1, https://spec.openapis.org/oas/v3.1.1.html.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from synthesist.schemas.source import Source

__all__ = ["SUFFIXES", "TITLE", "page", "recognises"]

TITLE = "OpenAPI 2, 3.0 and 3.1 (.json, .yaml)"
SUFFIXES = (".json", ".yaml", ".yml")
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
HIDDEN = {"request": "readOnly", "response": "writeOnly"}
ONE = ("not", "additionalProperties", "items", "propertyNames", "contains", "if", "then", "else",
       "unevaluatedItems", "unevaluatedProperties")  # fmt: skip
SEVERAL = ("allOf", "anyOf", "oneOf", "prefixItems")
NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def recognises(source: Source) -> bool:
    """Whether the file says so by `openapi` or `swagger`, or is made of the parts of such a description."""
    if source.suffix not in SUFFIXES:
        return False
    said = source.mapping.keys()
    return bool({"openapi", "swagger"} & said) or {"paths", "components"} <= said


def page(source: Source) -> dict[str, Any]:
    """The page of the sampler `documents`; its option `of` says which of the definitions is drawn."""
    return {"kind": "documents", "json_schema": _Translation(source.mapping).schema()}


class _Translation:
    """Goes through a description, and makes a definition of every schema that is met."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree
        self.version = str(tree.get("openapi", tree.get("swagger", "")))
        self.components = "definitions" if "swagger" in tree else "components/schemas"
        self.parents = self._discriminators()
        self.definitions: dict[str, Any] = {}
        self.waiting: list[tuple[str, Any, str]] = []

    def schema(self) -> dict[str, Any]:
        """One schema that defines all there is."""
        for name, body in (self._at(self.components) or {}).items():
            self._asked(f"#/{self.components}/{_escaped(name)}", "", body)
        for name, mode, body in self._bodies():
            self.definitions.setdefault(name, self._translated(body, mode))
        for name, body, mode in self.waiting:
            self.definitions[name] = self._named(name, self._translated(body, mode))
        draft = (
            "https://json-schema.org/draft/2020-12/schema"
            if self._modern
            else "http://json-schema.org/draft-04/schema#"
        )
        return {"$schema": draft, "$defs": self.definitions}

    @property
    def _modern(self) -> bool:
        return self.version.startswith("3.1") or self.version.startswith("3.2")

    # ----------------------------------------------------------------------- bodies

    def _bodies(self) -> Iterator[tuple[str, str, Any]]:
        """Name, direction and schema of every body of an operation."""
        for path, item in (self.tree.get("paths") or {}).items():
            for method, operation in self._whole(item).items():
                if method in METHODS and isinstance(operation, dict):
                    called = f"{method.upper()} {path}"
                    yield from ((f"{called} request", "request", body) for body in self._of_request(operation))
                    for status, response in (operation.get("responses") or {}).items():
                        for body in self._of_content(self._whole(response)):
                            yield f"{called} {status}", "response", body

    def _of_request(self, operation: Mapping[str, Any]) -> Iterator[Any]:
        yield from self._of_content(self._whole(operation.get("requestBody") or {}))
        for parameter in map(self._whole, operation.get("parameters") or ()):
            if parameter.get("in") == "body" and "schema" in parameter:
                yield parameter["schema"]

    def _of_content(self, message: Mapping[str, Any]) -> Iterator[Any]:
        """The schemas of what is JSON."""
        if "schema" in message:
            yield message["schema"]
        for media, content in (message.get("content") or {}).items():
            if ("json" in media or media == "*/*") and isinstance(content, dict) and "schema" in content:
                yield content["schema"]

    def _whole(self, part: Any) -> Mapping[str, Any]:
        """A part of the description, or what it refers to."""
        for _ in range(10):
            if not (isinstance(part, dict) and isinstance(part.get("$ref"), str)):
                break
            part = self._at(part["$ref"].removeprefix("#/"))
        return part if isinstance(part, dict) else {}

    def _at(self, pointer: str) -> Any:
        found: Any = self.tree
        for step in pointer.split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                found = found.get(name) if isinstance(found, dict) else None
        return found

    # ----------------------------------------------------------------------- schemas

    def _asked(self, ref: str, mode: str, body: Any) -> str:
        """Make a definition of what a reference leads to, once; returns the reference to it."""
        name = ref.removeprefix(f"#/{self.components}/").removeprefix("#/").replace("~1", "/").replace("~0", "~")
        if mode and self._hides(mode):
            name = f"{name} ({mode})"
        if name not in self.definitions:
            self.definitions[name] = True
            self.waiting.append((name, body, mode))
        return f"#/$defs/{_escaped(name)}"

    def _hides(self, mode: str) -> bool:
        """Whether anything in the description is hidden in this direction."""
        return f"'{HIDDEN[mode]}': True" in self._text

    @property
    def _text(self) -> str:
        if not hasattr(self, "_written"):
            self._written = repr(self.tree)
        return self._written

    def _translated(self, schema: Any, mode: str) -> Any:
        if not isinstance(schema, dict):
            return schema
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref.startswith("#/") and (target := self._at(ref[2:])) is not None:
            there = {"$ref": self._asked(ref, mode, target)}
            return {**self._translated({k: v for k, v in schema.items() if k != "$ref"}, mode), **there}
        words = {
            keyword: self._part(keyword, value, mode)
            for keyword, value in schema.items()
            if not keyword.startswith("x-") and keyword not in ("discriminator", "xml", "externalDocs", "$id")
        }
        if mode:
            _hide(words, schema, HIDDEN[mode])
        if words.get("type") == "file":
            words["type"] = "string"
        if not self._modern:
            _allow_null(words)
        self._discriminate(words, schema, mode)
        return words

    def _part(self, keyword: str, value: Any, mode: str) -> Any:
        if keyword in ONE and isinstance(value, dict):
            return self._translated(value, mode)
        if keyword in (*SEVERAL, "items") and isinstance(value, list):
            return [self._translated(part, mode) for part in value]
        if keyword in NAMED and isinstance(value, dict):
            return {name: self._translated(part, mode) for name, part in value.items()}
        return value

    # ----------------------------------------------------------------------- discriminators

    def _discriminate(self, words: dict[str, Any], schema: Mapping[str, Any], mode: str) -> None:
        """Besides the choice itself: one of its branches, with the value of the property that tells them apart."""
        said = schema.get("discriminator")
        if not (isinstance(said, dict) and isinstance(said.get("propertyName"), str)):
            return
        for keyword in ("oneOf", "anyOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list):
                name = said["propertyName"]
                told = [
                    self._told(
                        self._translated(branch, mode), name, [] if self._says(branch, name) else _values(branch, said)
                    )
                    for branch in branches
                ]
                words["allOf"] = [*(words.get("allOf") or ()), {"anyOf": told}]

    def _says(self, branch: Any, name: str) -> bool:
        """Whether a branch says by itself what stands in a property."""
        body = self._whole(branch)
        its = (body.get("properties") or {}).get(name) if isinstance(body.get("properties"), dict) else None
        return bool({"enum", "const"} & self._whole(its).keys()) or any(
            self._says(part, name) for part in body.get("allOf") or () if part != branch
        )

    def _discriminators(self) -> dict[str, Mapping[str, Any]]:
        """The components that tell by a property which of those built on them a value is."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, body in (self._at(self.components) or {}).items():
            said = body.get("discriminator") if isinstance(body, dict) else None
            if isinstance(said, str):
                said = {"propertyName": said}
            if (
                isinstance(said, dict)
                and isinstance(said.get("propertyName"), str)
                and not {"oneOf", "anyOf"} & body.keys()
            ):
                found[f"#/{self.components}/{_escaped(name)}"] = said
        return found

    def _named(self, name: str, schema: Any) -> Any:
        """A component that is built on one which tells by a property what a value is says its own name there."""
        own = name.removesuffix(" (request)").removesuffix(" (response)")
        body = (self._at(self.components) or {}).get(own)
        for part in (body.get("allOf") or ()) if isinstance(body, dict) else ():
            said = self.parents.get(str(part.get("$ref"))) if isinstance(part, dict) else None
            if said is not None:
                ref = {"$ref": f"#/{self.components}/{_escaped(own)}"}
                return self._told(schema, said["propertyName"], _values(ref, said))
        return schema

    @staticmethod
    def _told(schema: Any, name: str, values: list[str]) -> Any:
        if not values:
            return schema
        return {"allOf": [schema, {"type": "object", "properties": {name: {"enum": values}}, "required": [name]}]}


def _values(branch: Any, said: Mapping[str, Any]) -> list[str]:
    """The words for a branch: those of the mapping, or the name of the component."""
    ref = str(branch.get("$ref", "")) if isinstance(branch, dict) else ""
    last = ref.rsplit("/", 1)[-1]
    mapping = said.get("mapping") or {}
    mapped = [word for word, target in mapping.items() if target in (ref, last)]
    return mapped or ([last] if last else [])


def _hide(words: dict[str, Any], schema: Mapping[str, Any], mark: str) -> None:
    """Leave properties out that are not sent in this direction."""
    properties = schema.get("properties")
    hidden = (
        {n for n, p in properties.items() if isinstance(p, dict) and p.get(mark)}
        if isinstance(properties, dict)
        else ()
    )
    if hidden:
        words["properties"] = {name: part for name, part in words["properties"].items() if name not in hidden}
        words["required"] = [name for name in words.get("required") or () if name not in hidden]
        absent = ({"not": {"required": [name]}} for name in sorted(hidden))
        words["allOf"] = [*(words.get("allOf") or ()), *absent]


def _allow_null(words: dict[str, Any]) -> None:
    if words.pop("nullable", None) is True and isinstance(words.get("type"), str):
        words["type"] = [words["type"], "null"]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
