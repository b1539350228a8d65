"""How many real schemas of mixed kinds give documents that an independent validator accepts?

    python benchmarks/documents.py [FOLDER]

FOLDER, or `documents` in the folder that SYNTHESIST_DATA names, holds folders `json_schema`, `openapi`, `avro` and
`protobuf` of schema files. Validators are jsonschema with its checks of formats, fastavro, and protobuf.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import synthesist as sy
from synthesist.errors import SynthesistError
from synthesist.schemas import page_of

N = 20
SECONDS = 30


class TooSlowError(Exception):
    """A schema took longer than it may."""


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(os.environ.get("SYNTHESIST_DATA", "")) / "documents"
    if not folder.is_dir():
        print(f"No folder {folder} with schemas: give one, or set SYNTHESIST_DATA. Nothing was measured.")
        return 0
    total: Counter[str] = Counter()
    for kind, judge in JUDGES.items():
        outcomes: Counter[str] = Counter()
        for path in sorted((folder / kind).glob("*")) if (folder / kind).is_dir() else ():
            outcome, detail, seconds = attempt(path, judge)
            outcomes[outcome] += 1
            if outcome != "valid" or "-v" in sys.argv:
                print(f"{kind:12} {outcome:8} {seconds:5.1f} s  {path.name}: {detail[:300]}")
        print(f"{kind}: " + ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
        total += outcomes
    print(f"all: {total['valid']} of {sum(total.values())} give {N} documents each that are all valid")
    return int(bool(total["invalid"] or total["crash"] or total["slow"]))


def attempt(path: Path, judge: Callable[[Path], str]) -> tuple[str, str, float]:
    """What became of one schema: valid, invalid, refused, slow or crash; why; and after how many CPU seconds."""
    begin = time.process_time()
    signal.signal(signal.SIGALRM, _stop)
    signal.alarm(2 * SECONDS)
    try:
        fault = judge(path)
        seconds = time.process_time() - begin
        outcome = "invalid" if fault else "slow" if seconds > SECONDS else "valid"
        return outcome, fault, seconds
    except SynthesistError as error:
        return "refused", str(error), time.process_time() - begin
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


def json_schema(path: Path) -> str:
    """The first fault that jsonschema finds."""
    page = page_of(path)
    return judged(page["json_schema"], drawn(page), page.get("beside", {}))


def judged(schema: Any, documents: list[str], beside: dict[str, Any]) -> str:
    """The first fault that jsonschema finds in documents."""
    import jsonschema
    from jsonschema.validators import validator_for
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    kind = validator_for(schema, default=jsonschema.Draft202012Validator)
    resources = [(address, Resource.from_contents(other, DRAFT7)) for address, other in beside.items()]
    registry = Registry().with_resources(resources)
    checker = kind(schema, format_checker=kind.FORMAT_CHECKER, registry=registry)
    for document in documents:
        for error in checker.iter_errors(json.loads(document)):
            where = "/".join(map(str, error.absolute_schema_path))
            return f"{error.message[:120]} (by {where}) in {document[:200]}"
    return ""


JUDGES: dict[str, Callable[[Path], str]] = {"json_schema": json_schema}


if __name__ == "__main__":
    sys.exit(main())
