"""Schema files of the field become pages, and what is drawn from these passes the field's own readers."""

import io
import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import fastavro
import jsonschema
import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from grpc_tools import protoc
from pydantic import BaseModel, Field

import synthesist as sy
from synthesist.cli import main
from synthesist.errors import DataError, NotFoundError, SpecError
from synthesist.schemas import page_of

N = 60
PET = {
    "type": "object",
    "required": ["id", "kind"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "kind": {"type": "string"},
        "tag": {"type": "string", "nullable": True},
    },
    "discriminator": {"propertyName": "kind"},
}
API: dict[str, Any] = {
    "openapi": "3.0.3",
    "info": {"title": "pets", "version": "1"},
    "paths": {
        "/pets": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
                "responses": {200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Any"}}}}},
            }
        }
    },
    "components": {
        "schemas": {
            "Pet": PET,
            "Cat": {"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"lives": {"maximum": 9}}}]},
            "Any": {
                "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Stone"}],
                "discriminator": {"propertyName": "kind", "mapping": {"rock": "#/components/schemas/Stone"}},
            },
            "Stone": {
                "type": "object",
                "properties": {"kind": {"type": "string"}, "grams": {"type": "number"}},
                "additionalProperties": False,
            },
        }
    },
}
ORDER = {
    "type": "record",
    "name": "Order",
    "namespace": "shop",
    "fields": [
        {"name": "id", "type": {"type": "string", "logicalType": "uuid"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "state", "type": {"type": "enum", "name": "State", "symbols": ["OPEN", "PAID"]}},
        {"name": "next", "type": ["null", "Order"], "default": None},
        {"name": "hash", "type": {"type": "fixed", "name": "Hash", "size": 4}},
        {"name": "cost", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
        {"name": "lines", "type": {"type": "array", "items": {"type": "map", "values": ["int", "double", "State"]}}},
    ],
}
PROTO = """
syntax = "proto3";
package shop;  /* a comment */
import "google/protobuf/timestamp.proto";
import "money.proto";
message Order {
  enum State { UNKNOWN = 0; PAID = 1 [deprecated = true]; }
  message Line { string product_name = 1; uint64 count = 2; bytes raw = 3; }
  int32 id = 1;
  State state = 2;
  repeated Line lines = 3;
  map<int32, Line> by_number = 4;
  oneof payment { string card = 5; money.Amount cash = 6; bool free = 7; }
  google.protobuf.Timestamp created_at = 8 [json_name = "made"];
  optional Order previous = 9;
  reserved 10, 12 to 14;
}
"""
MONEY = 'syntax = "proto3"; package money; message Amount { sint64 units = 1; double rate = 2; }'


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: Annotated[int, Field(ge=0, le=9)]


class Dog(BaseModel):
    kind: Literal["dog"]
    name: Annotated[str, Field(pattern="^[A-Z][a-z]+$", max_length=10)]


class Owner(BaseModel):
    id: UUID
    debt: Annotated[Decimal, Field(max_digits=6, decimal_places=2)]
    pets: Annotated[list[Annotated[Cat | Dog, Field(discriminator="kind")]], Field(min_length=1)]
    friends: "list[Owner]" = []
    years: dict[int, float] = {}


@pytest.mark.parametrize("name", ["Pet", "Cat", "Stone", "Any", "POST /pets request", "POST /pets 200"])
def test_openapi(tmp_path: Path, name: str) -> None:
    page = page_of(written(tmp_path / "api.yaml", yaml.safe_dump(API)))
    made = documents(page, of=name)
    if name == "POST /pets request":
        assert all("id" not in one for one in made), "what is read only is not sent"
        return
    told = deepcopy({**API, "$ref": "#/components/schemas/" + ("Any" if " " in name else name)})
    told["components"]["schemas"]["Pet"]["properties"]["tag"] = {"type": ["string", "null"]}
    assert all(jsonschema.Draft4Validator(told).is_valid(one) for one in made)
    if name == "Cat":
        assert {one["kind"] for one in made} == {"Cat"}
    if "Any" in told["$ref"]:
        assert {one["kind"] for one in made} == {"Cat", "rock"}
    if name == "Pet":
        assert None in {one.get("tag", "") for one in made}


def test_avro_json_and_files(tmp_path: Path) -> None:
    source = written(tmp_path / "order.avsc", json.dumps(ORDER))
    text = "\n".join(map(json.dumps, documents(page_of(source))))
    records = list(fastavro.json_reader(io.StringIO(text), ORDER))
    assert len(records) == N
    assert any(one["next"] for one in records)
    assert main(["sample", str(source), "-n", "30", "-o", str(tmp_path / "orders.avro")]) == 0
    with (tmp_path / "orders.avro").open("rb") as file:
        assert list(fastavro.reader(file)) == records[:30]
    assert main(["sample", str(source), "-n", "30", "-o", str(tmp_path / "again.avro")]) == 0
    assert (tmp_path / "again.avro").read_bytes() == (tmp_path / "orders.avro").read_bytes()


@pytest.mark.parametrize("compiled", [False, True], ids=["text", "descriptors"])
@pytest.mark.parametrize("name", ["shop.Order", "shop.Order.Line"])
def test_protobuf(tmp_path: Path, compiled: bool, name: str) -> None:
    source = written(tmp_path / "shop.proto", PROTO)
    written(tmp_path / "money.proto", MONEY)
    known = Path(protoc.__file__).parent / "_proto"
    out = tmp_path / "shop.pb"
    assert not protoc.main(
        ["", f"-I{tmp_path}", f"-I{known}", "--include_imports", f"--descriptor_set_out={out}", str(source)]
    )
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
    made = documents(page_of(out if compiled else source), of=name)
    messages = [json_format.ParseDict(one, kind(), descriptor_pool=pool) for one in made]
    assert all(kind.FromString(message.SerializeToString()) == message for message in messages)
    fields = {field.name for message in messages for field, _ in message.ListFields()}
    assert fields == {field.name for field in kind.DESCRIPTOR.fields}


def test_pydantic() -> None:
    made = sy.sample(Owner, 300)["document"]
    owners = [Owner.model_validate_json(text) for text in made]
    assert {type(pet) for owner in owners for pet in owner.pets} == {Cat, Dog}
    with pytest.raises(SpecError, match="class int"):
        sy.sample(int, 3)


def test_json_schema_with_the_files_beside_it(tmp_path: Path) -> None:
    written(tmp_path / "unit.json", json.dumps({"$defs": {"unit": {"enum": ["kg", "m"]}}}))
    schema = {"type": "object", "properties": {"unit": {"$ref": "unit.json#/$defs/unit"}}, "required": ["unit"]}
    source = written(tmp_path / "size.json", json.dumps(schema))
    assert {one["unit"] for one in documents(page_of(source))} == {"kg", "m"}
    out = tmp_path / "sizes.jsonl"
    assert main(["sample", str(source), "-n", "40", "-o", str(out)]) == 0
    lines = out.read_text("utf-8").splitlines()
    assert len(lines) == 40
    assert all(json.loads(line)["unit"] in ("kg", "m") for line in lines)


@pytest.mark.parametrize(
    ("name", "text", "said", "error"),
    [
        ("a.json", "{", "not valid JSON", SpecError),
        ("a.json", "[]", "no schema that is known", DataError),
        ("a.proto", "message A {\n  int32 = 1;\n}", "line 2", SpecError),
        ("a.proto", 'syntax = "proto3"; message A { B b = 1; }', "`B` of A.b is defined nowhere", SpecError),
        ("a.avsc", '{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]}', "no type `B`", SpecError),
        ("a.json", '{"$ref": "b.json"}', "put b.json beside", SpecError),
    ],
)
def test_faults_are_named(tmp_path: Path, name: str, text: str, said: str, error: type[Exception]) -> None:
    source = written(tmp_path / name, text)
    with pytest.raises(error) as fault:
        sy.sample(str(source), 5)
    assert said in str(fault.value)
    with pytest.raises(NotFoundError):
        page_of(tmp_path / "none.json")


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def documents(page: dict[str, Any], **options: Any) -> list[Any]:
    page = {**page, **options}
    return [json.loads(text) for text in sy.sample(page.pop("kind"), N, **page)["document"]]
