"""Models of pydantic: the JSON that they read."""

from typing import Any, TypeGuard

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from synthesist.errors import SpecError

__all__ = ["is_model", "page_of_model"]

BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}


def is_model(what: Any) -> TypeGuard[type[BaseModel]]:
    """Whether this is a class of pydantic models."""
    return isinstance(what, type) and issubclass(what, BaseModel)


def page_of_model(model: type[BaseModel]) -> dict[str, Any]:
    """The page of the sampler `documents` for a model: all that its types and fields say, but not what its code checks.

    Raises:
        SpecError: a field has no JSON.
    """
    try:
        schema = model.model_json_schema(mode="validation", by_alias=True, schema_generator=_Exact)
    except PydanticInvalidForJsonSchema as error:
        raise SpecError(f"{model.__name__} cannot be written as a JSON Schema: {error.message}.") from None
    return {"kind": "documents", "table": model.__name__, "json_schema": schema}


class _Exact(GenerateJsonSchema):
    """What pydantic's own schemas leave out although its models ask for it: digits of decimals, types of keys."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        said: dict[str, Any] = dict(schema)
        out: dict[str, Any] = {"type": "number"}
        out |= {word: float(said[name]) for name, word in BOUNDS.items() if said.get(name) is not None}
        places, digits = said.get("decimal_places"), said.get("max_digits")
        if places is not None or said.get("multiple_of") is not None:
            out["multipleOf"] = float(said.get("multiple_of") or 10.0 ** -(places or 0))
        if digits is not None:
            end = 10 ** (digits - (min(digits, 2) if places is None else places))
            out.setdefault("exclusiveMinimum", -end)
            out.setdefault("exclusiveMaximum", end)
        return out

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        out = super().dict_schema(schema)
        keys = self.generate_inner(schema["keys_schema"]) if "keys_schema" in schema else {}
        if keys.get("type") == "integer":
            out["propertyNames"] = {"pattern": "^(0|[1-9][0-9]{0,4})$"}
        elif keys.get("type") == "number":
            out["propertyNames"] = {"pattern": "^[1-9][0-9]{0,2}\\.[0-9]$"}
        elif keys and keys != {"type": "string"}:
            out["propertyNames"] = keys
        return out
