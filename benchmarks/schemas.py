"""How many real schemas give rows and documents that a database or an independent validator takes, all of them?

    python benchmarks/schemas.py [FOLDER] [KIND]... [-v]

FOLDER, or `schemas` in the folder that SYNTHESIST_DATA names, holds folders `sql`, `json_schema`, `openapi`, `avro` and
`protobuf` of schema files. Judges are PostgreSQL, MariaDB, SQLite and DuckDB with all constraints on, jsonschema with
its checks of formats, fastavro, and protobuf. A file `measured.txt` in such a folder names those of its files that
count; in that of `sql`, a file `dialects.txt` says of a file whose SQL it is, where the product may be wrong.
A schema that its judge does not take itself counts neither way.
"""

import io
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import _engines

import synthesist as sy
from synthesist.errors import SynthesistError
from synthesist.schemas import page_of
from synthesist.schemas.relational.statements import dialect_of
from synthesist.schemas.source import Source
from synthesist.verbs.named import as_model

N = 20
ROWS = 200
SECONDS = 30
DEFINITIONS = 12  # of an OpenAPI description
DRAFTS = {
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft-04": "http://json-schema.org/draft-04/schema#",
}


class UnjudgedError(Exception):
    """The judge takes nothing by this schema, so that no document can be judged."""


class TooSlowError(Exception):
    """A schema took longer than it may."""


def main() -> int:
    words = [word for word in sys.argv[1:] if word != "-v"]
    folder = Path(words[0]) if words else Path(os.environ.get("SYNTHESIST_DATA", "")) / "schemas"
    if not folder.is_dir():
        print(f"No folder {folder} with schemas: give one, or set SYNTHESIST_DATA. Nothing was measured.")
        return 0
    total: Counter[str] = Counter()
    for kind, judge in JUDGES.items():
        if words[1:] and kind not in words[1:]:
            continue
        outcomes: Counter[str] = Counter()
        for path in measured(folder / kind):
            outcome, detail, seconds = attempt(path, judge)
            outcomes[outcome] += 1
            if outcome != "valid" or "-v" in sys.argv:
                print(f"{kind:12} {outcome:8} {seconds:5.1f} s  {path.name}: {detail[:300]}")
        print(f"{kind}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
        total += outcomes
    judged = sum(total.values()) - total["unjudged"]
    print(f"all: {total['valid']} of {judged} ({total['valid'] / max(judged, 1):.0%}) are taken whole")
    return int(bool(total["invalid"] or total["crash"] or total["slow"]))


def measured(folder: Path) -> list[Path]:
    """The files of a folder, or those of them that its `measured.txt` names, where others only lie beside them."""
    listed = folder / "measured.txt"
    names = (
        listed.read_text().split()
        if listed.exists()
        else sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
    )
    return [folder / name for name in names if (folder / name).is_file() and not name.endswith(".txt")]


def attempt(path: Path, judge: Callable[[Path], str]) -> tuple[str, str, float]:
    """What became of one schema: valid, invalid, refused, slow or crash; why; and after how many CPU seconds."""
    begin = time.process_time()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(10 * SECONDS)  # on a busy machine; what counts are seconds of the CPU
    try:
        fault = judge(path)
        seconds = time.process_time() - begin
        outcome = "invalid" if fault else "slow" if seconds > SECONDS else "valid"
        return outcome, fault, seconds
    except SynthesistError as error:
        return "refused", str(error), time.process_time() - begin
    except UnjudgedError as error:
        return "unjudged", str(error), time.process_time() - begin
    except TooSlowError:
        return "slow", f"more than {SECONDS} s", time.process_time() - begin
    except Exception as error:  # noqa: BLE001  (a crash is what is looked for)
        return "crash", f"{type(error).__name__}: {error}", time.process_time() - begin
    finally:
        signal.alarm(0)


def _stop(*_: Any) -> None:
    raise TooSlowError


def drawn(page: dict[str, Any], **options: Any) -> list[str]:
    """Documents of a page."""
    page = {**page, **options}
    made: list[str] = sy.sample(page.pop("kind"), N, **page)["document"].to_list()
    return made


def sql(path: Path) -> str:
    """The first fault that the database finds for which the schema was written."""
    text = path.read_bytes().decode("utf-8-sig", "replace")
    said = next(p for p in path.parents if p.name == "sql") / "dialects.txt"
    dialects = dict(line.split() for line in said.read_text().splitlines()) if said.exists() else {}
    dialect = dialects.get(str(path.relative_to(said.parent))) or dialect_of(text, path.name)
    rows = as_model(path, {}).sample(ROWS, seed=1).tables
    with TemporaryDirectory() as folder:
        try:
            return _engines.fault_of(dialect, text, rows, Path(folder))
        except _engines.NotCreatedError:
            raise UnjudgedError(f"{dialect} creates no table by it") from None


def json_schema(path: Path) -> str:
    """The first fault that jsonschema finds."""
    page = page_of(path)
    schema, beside = page["json_schema"], page.get("beside", {})
    try:
        return judged(schema, drawn(page), beside)
    except SynthesistError as error:
        if "say by `of` which" not in str(error):
            raise
    keyword = "$defs" if "$defs" in schema else "definitions"
    for name in list(schema[keyword])[:: max(1, len(schema[keyword]) // DEFINITIONS)]:
        if fault := judged({**schema, "$ref": f"#/{keyword}/{name}"}, drawn(page, of=name), beside):
            return f"{name}: {fault}"
    return ""


def judged(schema: Any, documents: list[str], beside: dict[str, Any]) -> str:
    """The first fault that jsonschema finds in documents."""
    import jsonschema
    from jsonschema.validators import validator_for
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    resources = [(address, Resource.from_contents(other, DRAFT7)) for address, other in beside.items()]
    resources += [(address.rsplit("/", 1)[-1], resource) for address, resource in resources]  # as files beside it
    registry = Registry().with_resources(resources)
    checker = kind(schema, format_checker=kind.FORMAT_CHECKER, registry=registry)
    for document in documents:
        for error in checker.iter_errors(json.loads(document)):
            where = "/".join(map(str, error.absolute_schema_path))
            return f"{error.message[:120]} (by {where}) in {document[:200]}"
    return ""


def openapi(path: Path) -> str:
    """The first fault that jsonschema finds in components and bodies, the description itself being the schema."""
    page, tree = page_of(path), Source.read(path).mapping
    names = list(page["json_schema"]["$defs"])
    rules = "2020-12" if str(tree.get("openapi")).startswith("3.1") else "draft-04"
    schema = {**_nullable(tree), "$schema": DRAFTS[rules]}
    pointers = {name: pointer for name, pointer in _pointers(tree) if name in names}
    chosen = list(pointers)[:: max(1, len(pointers) // DEFINITIONS)]
    for name in chosen:
        try:
            documents = drawn(page, of=name)
        except SynthesistError as error:
            raise type(error)(f"{name}: {error}") from None
        if fault := judged({**schema, "$ref": pointers[name]}, documents, {}):
            return f"{name}: {fault}"
    return ""


def avro(path: Path) -> str:
    """The first fault that fastavro finds, reading the documents and writing them as its own binary form."""
    import fastavro

    page = page_of(path)
    text = "\n".join(drawn(page))
    try:
        fastavro.parse_schema(page["avro"])
    except Exception as error:  # noqa: BLE001  (whatever it says of the schema)
        raise UnjudgedError(f"fastavro does not take the schema: {error}") from None
    try:
        records = list(fastavro.json_reader(io.StringIO(text), page["avro"]))
        fastavro.writer(io.BytesIO(), page["avro"], records, validator=True)
    except RecursionError:
        raise UnjudgedError("fastavro does not come to an end with types that hold themselves in maps") from None
    except Exception as error:  # noqa: BLE001  (whatever it says of the documents)
        return f"{type(error).__name__}: {error} in {text[:200]}"
    return "" if len(records) == N else f"{len(records)} of {N} documents were read"


def protobuf(path: Path) -> str:
    """The first fault that protobuf finds, reading the documents by what protoc made of the file."""
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
    from grpc_tools import protoc

    page = page_of(path)
    with TemporaryDirectory() as here:
        out = Path(here) / "set.pb"
        known = Path(protoc.__file__).parent / "_proto"
        for root in path.parents[: len(path.parents) - [p.name for p in path.parents].index("protobuf")]:
            words = ["", f"-I{root}", f"-I{known}", "--include_imports", f"--descriptor_set_out={out}", str(path)]
            if not protoc.main(words):
                break
        else:
            raise UnjudgedError("protoc does not take the file")
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    names = list(page["json_schema"]["$defs"])
    for name in names[:: max(1, len(names) // DEFINITIONS)]:
        kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(name))
        for document in drawn(page, of=name):
            try:
                message = json_format.Parse(document, kind(), descriptor_pool=pool)
                assert kind.FromString(message.SerializeToString()) == message
            except Exception as error:  # noqa: BLE001  (whatever it says of the document)
                return f"{name}: {type(error).__name__}: {error} in {document[:200]}"
    return ""


def _pointers(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where in the description each definition stands."""
    place = "components/schemas" if "openapi" in tree else "definitions"
    components = tree.get("components", {}).get("schemas", {}) if "openapi" in tree else tree.get("definitions", {})
    for name in components or {}:
        yield name, f"#/{place}/" + name.replace("~", "~0").replace("/", "~1")
    for path, item in (tree.get("paths") or {}).items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                start = f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/{method}/"
                for status, response in (operation.get("responses") or {}).items():
                    for media, content in (response.get("content") or {}).items():
                        if "json" in media and "schema" in content:
                            end = f"responses/{status}/content/{media.replace('/', '~1')}/schema"
                            yield (
                                f"{method.upper()} {path} {status}",
                                (start + end).replace("{", "%7B").replace("}", "%7D"),
                            )


def _nullable(tree: Any) -> Any:
    """The description with the types that OpenAPI has beyond draft 4."""
    if isinstance(tree, list):
        return [_nullable(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    out = {str(name): _nullable(part) for name, part in tree.items()}
    if out.get("nullable") is True and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    return {**out, "type": "string"} if out.get("type") == "file" else out


JUDGES: dict[str, Callable[[Path], str]] = {
    "sql": sql,
    "json_schema": json_schema,
    "openapi": openapi,
    "avro": avro,
    "protobuf": protobuf,
}


if __name__ == "__main__":
    with _engines.OPEN:
        sys.exit(main())
