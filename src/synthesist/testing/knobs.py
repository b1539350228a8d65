"""What every Spec must do, whatever its shelf: travel as text, and have no dead option."""

import json
from collections.abc import Callable, Iterator
from itertools import tee
from typing import Any

import yaml

from synthesist.core import Spec
from synthesist.testing.case import Case

__all__ = ["example", "knob_cases", "text_cases"]

Outcome = Callable[[Spec], Iterator[Any]]
"""What a Spec brings about, one value for each table it is tried on."""


def example(kind: type[Spec]) -> Spec:
    """A Spec as small as it says it may be; where an option has no default, the first value of its `tries`."""
    needed = {name: _tries(kind, name)[0] for name, field in kind.model_fields.items() if field.is_required()}
    return kind.build({**needed, **kind.tiny})


def text_cases(spec: Spec) -> list[Case]:
    """The Spec survives YAML and JSON, with its defaults and with every value it is tried with."""

    def body() -> None:
        for one in (
            spec,
            *(_with(spec, name, value) for name in type(spec).model_fields for value in _tries(type(spec), name)),
        ):
            page = one.describe()
            assert page["kind"] == one.name(), f"describe() says kind {page['kind']!r}."
            for back in (yaml.safe_load(yaml.safe_dump(page)), json.loads(json.dumps(page, allow_nan=False))):
                read = type(one).build({name: value for name, value in back.items() if name != "kind"})
                assert read == one, f"{one!r} came back from text as {read!r}."

    return [Case(spec.name(), "text", "", body)]


def knob_cases(spec: Spec, outcome: Outcome) -> list[Case]:
    """Every knob turns something: the two values it is tried with change the outcome, or must not."""

    whole = outcome(spec)

    def tried(name: str, value: Any) -> Iterator[Any]:
        """What comes out with this value; of the Spec as it is, which many knobs are compared with, kept."""
        nonlocal whole
        one = _with(spec, name, value)
        if one != spec:
            return outcome(one)
        whole, again = tee(whole)
        return again

    def turning(name: str) -> Callable[[], None]:
        def body() -> None:
            affects = _extra(type(spec), name).get("affects")
            one, other = (tried(name, value) for value in _tries(type(spec), name))
            # a target leaves only the tables that have it, of which the first is always `mixed`
            differs = any(not _alike(a, b) for a, b in zip(one, other, strict=False))
            assert differs or affects == "cost", f"`{name}` is a dead knob: {_tries(type(spec), name)} give the same."
            assert not differs or affects == "rows", f"`{name}` says it affects cost only, and changes what comes out."

        return body

    return [Case(spec.name(), "knob", name, turning(name)) for name in type(spec).model_fields]


def _extra(kind: type[Spec], name: str) -> dict[str, Any]:
    extra = kind.model_fields[name].json_schema_extra
    assert isinstance(extra, dict) and "tries" in extra, f"`{name}` has no values to try: make it by `core.knob`."
    return extra


def _tries(kind: type[Spec], name: str) -> tuple[Any, Any]:
    one, other = _extra(kind, name)["tries"]
    return one, other


def _with(spec: Spec, name: str, value: Any) -> Spec:
    options = {key: item for key, item in spec.describe().items() if key != "kind"}
    return type(spec).build({**options, **_extra(type(spec), name).get("beside", {}), name: value})


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_alike(each, other[name]) for name, each in one.items())
    return bool(one.equals(other)) if hasattr(one, "equals") else repr(one) == repr(other)
