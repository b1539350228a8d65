"""Where a schema stands: every subschema with its address, its draft, and the way from a reference to its target.

Reference: JSON Schema Core, draft 2020-12, sections 8 and 9, https://json-schema.org/draft/2020-12/json-schema-core.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from synthesist.errors import SpecError
from synthesist.samplers.documents.keywords import well_written
from synthesist.samplers.documents.values import canonical

__all__ = ["ANNOTATIONS", "Library", "Located", "walked"]

Schema = Any
"""A mapping, or true or false."""
LATEST = 2020
DRAFTS = {"draft-03": 4, "draft-04": 4, "draft-06": 6, "draft-07": 7, "2019-09": 2019, "2020-12": 2020}
ANNOTATIONS = ("title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly")
DATA = frozenset({"enum", "const", "default", "examples", "example"})  # what looks like a schema in there is none


@dataclass(frozen=True, eq=False)
class Located:
    """One subschema; two of them are equal where they are the same one."""

    schema: Schema
    base: str
    path: str
    draft: int

    @cached_property
    def words(self) -> Mapping[str, Any]:
        """Its keywords as draft 2020-12 would write them."""
        return well_written(_modern(self.schema, self.draft), self.path) if isinstance(self.schema, dict) else {}

    @cached_property
    def listed(self) -> frozenset[str] | None:
        """The values it lists, as canonical JSON; None where it lists none."""
        values = self.words.get("enum")
        listed = frozenset(map(canonical, values)) if isinstance(values, list) else None
        if "const" not in self.words:
            return listed
        const = canonical(self.words["const"])
        return frozenset({const} if listed is None or const in listed else ())

    @property
    def only_listed(self) -> bool:
        """Whether nothing but the list of values can fail."""
        return self.words.keys() <= {"const", "enum", *ANNOTATIONS}


class Library:
    """All subschemas of a schema and of those beside it.

    Args:
        schema: the schema itself.
        beside: further schemas by the address they are referred to.
    """

    def __init__(self, schema: Schema, beside: Mapping[str, Schema]) -> None:
        self._known: dict[int, Located] = {}
        self._resources: dict[str, Located] = {}
        self._anchors: dict[tuple[str, str], Located] = {}
        self._dynamic: dict[str, Located] = {}
        self.root = self._enter(schema, "", "#", LATEST)
        for address, other in beside.items():
            self._enter(other, address, f"{address}#", self.root.draft)

    def at(self, schema: Schema, above: Located, *place: str | int) -> Located:
        """The subschema that stands at a place of another."""
        if isinstance(schema, dict):
            if (known := self._known.get(id(schema))) is None:
                known = self._note(schema, above.base, _below(above.path, place), above.draft)
            return known
        if not isinstance(schema, bool):
            raise SpecError(f"{_below(above.path, place)}: {schema!r} is no schema, which is a mapping, true or false.")
        return self._boolean(schema, _below(above.path, place))

    def target(self, here: Located, ref: str) -> Located:
        """What a reference leads to.

        Raises:
            SpecError: nothing is there; the message says what to do.
        """
        address, anchor = self._split(here, ref)
        if (resource := self._resources.get(address)) is None:
            raise SpecError(
                f"{here.path} refers to `{ref}`, which lies in another file. Nothing is fetched from the network: "
                f"put {address.rstrip('/').rsplit('/', 1)[-1] or address} beside the schema."
            )
        if not anchor:
            return resource
        if not anchor.startswith("/"):
            if (named := self._anchors.get((address, anchor))) is None:
                raise SpecError(f"{here.path} refers to `{ref}`, and nothing has the anchor `{anchor}`. Correct it.")
            return named
        return self._pointed(resource, anchor, here, ref)

    def dynamic_target(self, here: Located, ref: str) -> Located:
        """What a `$dynamicRef` leads to: the outermost of its name, which is that of the schema drawn from."""
        anchor = urldefrag(ref)[1]
        return self._dynamic[anchor] if anchor in self._dynamic else self.target(here, ref)

    def missing(self) -> Iterator[tuple[str, str]]:
        """The addresses that are referred to and not there, each with the address of who refers to it."""
        for place in list(self._known.values()):
            ref = place.schema.get("$ref")
            if isinstance(ref, str) and (address := self._split(place, ref)[0]) not in self._resources:
                yield address, place.base

    def _split(self, here: Located, ref: str) -> tuple[str, str]:
        address, anchor = urldefrag(ref)
        return urljoin(here.base, address) if address else here.base, unquote(anchor)

    def _pointed(self, resource: Located, pointer: str, here: Located, ref: str) -> Located:
        found, above = resource.schema, resource
        for part in pointer[1:].split("/"):
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and name in found:
                found = found[name]
            elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            else:
                raise SpecError(f"{here.path} refers to `{ref}`, and there is no `{name}`. Correct the reference.")
            if isinstance(found, dict):
                above = self._known.get(id(found), above)
        if isinstance(found, dict) and id(found) in self._known:
            return self._known[id(found)]
        return (
            self.at(found, above, *pointer[1:].split("/"))
            if isinstance(found, bool | dict)
            else self._refuse(here, ref)
        )

    def _refuse(self, here: Located, ref: str) -> Located:
        raise SpecError(f"{here.path} refers to `{ref}`, which is no schema. Correct the reference.")

    # ----------------------------------------------------------------------- entering

    def _enter(self, schema: Schema, address: str, path: str, draft: int) -> Located:
        """Note a whole document, with all there is in it."""
        if isinstance(schema, bool):
            entered = self._boolean(schema, path)
        elif isinstance(schema, dict):
            entered = self._note(schema, address, path, draft)
        else:
            raise SpecError(f"{path}: {type(schema).__name__} is no schema, which is a mapping, true or false.")
        self._resources.setdefault(address, entered)
        return entered

    def _note(self, schema: dict[str, Any], base: str, path: str, draft: int) -> Located:
        waiting: list[tuple[Any, str, str, int]] = [(schema, base, path, draft)]
        for tree, base, path, draft in waiting:
            if isinstance(tree, list):
                waiting += [(part, base, f"{path}/{i}", draft) for i, part in enumerate(tree)]
            if not isinstance(tree, dict) or id(tree) in self._known:
                continue
            draft = _draft(tree, draft)
            base = self._named(tree, base, path, draft)
            waiting += [
                (part, base, _below(path, (name,)), draft)
                for name, part in tree.items()
                if isinstance(part, dict | list) and (name not in DATA or path.endswith("/properties"))
            ]
        return self._known[id(schema)]

    def _named(self, tree: dict[str, Any], base: str, path: str, draft: int) -> str:
        """Note one mapping under all its names; returns the base of what is in it."""
        given = tree.get("$id", tree.get("id") if draft == 4 else None)
        anchors = [(tree.get("$anchor"), False), (tree.get("$dynamicAnchor"), True)]
        is_address = isinstance(given, str) and not path.endswith("/properties")
        if is_address and str(given).startswith("#"):
            anchors.append((str(given)[1:], False))
        elif is_address:
            base = urljoin(base, str(given).rstrip("#"))
        place = self._known[id(tree)] = Located(tree, base, path, draft)
        if is_address and not str(given).startswith("#"):
            self._resources.setdefault(base, place)
        for anchor, dynamic in anchors:
            if isinstance(anchor, str):
                self._anchors.setdefault((base, anchor), place)
                if dynamic:
                    self._dynamic.setdefault(anchor, place)
        return base

    def _boolean(self, value: bool, path: str) -> Located:
        return self._booleans[value] if path in ("", "#") else Located(value, "", path, LATEST)

    @cached_property
    def _booleans(self) -> tuple[Located, Located]:
        return Located(False, "", "#", LATEST), Located(True, "", "#", LATEST)


def walked(tree: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a tree, from the outside in."""
    waiting = [tree]
    for part in waiting:
        if isinstance(part, dict):
            yield part
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part


def _draft(tree: Mapping[str, Any], above: int) -> int:
    said = str(tree.get("$schema", ""))
    return next((draft for name, draft in DRAFTS.items() if name in said), above)


def _below(path: str, place: tuple[str | int, ...]) -> str:
    return "/".join([path, *(str(part).replace("~", "~0").replace("/", "~1") for part in place)])


def _modern(schema: Mapping[str, Any], draft: int) -> Mapping[str, Any]:
    """The keywords of one schema, in the words of draft 2020-12."""
    if "$ref" in schema and draft <= 7:
        return {"$ref": schema["$ref"]}  # what stands beside a reference counts from 2019-09 on
    words = dict(schema)
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(words.get(exclusive), bool) and words.pop(exclusive) and bound in words:
            words[exclusive] = words.pop(bound)
    if isinstance(words.get("items"), list):
        words["prefixItems"] = words.pop("items")
        if "additionalItems" in words:
            words["items"] = words["additionalItems"]
    dependencies = words.get("dependencies")
    for name, needed in dependencies.items() if isinstance(dependencies, dict) else ():
        kind = "dependentRequired" if isinstance(needed, list | str) else "dependentSchemas"
        words[kind] = {**words.get(kind, {}), name: [needed] if isinstance(needed, str) else needed}
    if words.get("$recursiveRef") == "#":
        words["$ref"] = "#"
    if isinstance(words.get("required"), bool):
        del words["required"]  # of draft 3, where a property itself says it
    return words
