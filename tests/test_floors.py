"""A part imports only from lower floors, and never sideways: the shape of the house, held by a test."""

import ast
from pathlib import Path

import pytest

import synthesist

SOURCE = Path(synthesist.__file__).parent
FLOORS = (
    ("errors", "data"),
    ("core",),
    ("codecs", "rules", "nets"),
    ("boosting", "dp", "neighbours", "providers"),
    ("graphical",),
    ("methods", "samplers", "transforms", "metrics"),
    ("catalog",),
    ("engine", "schemas", "judging", "reasons"),
    ("model", "report"),
    ("audits", "combine", "writing", "change"),
    ("verbs",),
    ("recipe",),
    ("cli", "sklearn", "testing"),
    ("__main__",),
)
FLOOR = {part: number for number, parts in enumerate(FLOORS) for part in parts}
FILES = sorted(path for path in SOURCE.rglob("*.py") if path != SOURCE / "__init__.py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_respect_the_floors(path: Path) -> None:
    part = part_of(path)
    wrong = [name for name in imported(path) if not may_import(part, name)]
    assert not wrong, f"{path.relative_to(SOURCE)} (floor {FLOOR[part]}) imports {', '.join(sorted(wrong))}"


def test_every_part_stands_on_a_floor() -> None:
    assert {part_of(path) for path in FILES} <= set(FLOOR)


@pytest.mark.parametrize(
    ("importer", "imported_part", "allowed"),
    [
        ("codecs", "core", True),
        ("core", "codecs", False),
        ("metrics", "methods", False),
        ("metrics", "metrics", True),
        ("data", "errors", True),
        ("errors", "data", False),
        ("report", "model", False),
        ("data", "", True),
    ],
)
def test_the_rule_itself(importer: str, imported_part: str, allowed: bool) -> None:
    assert may_import(importer, imported_part) is allowed


def may_import(part: str, other: str) -> bool:
    """Whether a file of `part` may import from `other`; "" is the package itself, for its version."""
    return other in ("", part, "errors") or FLOOR[other] < FLOOR[part]


def part_of(path: Path) -> str:
    """The part of the house a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The parts a file imports, wherever in it; what is imported for type checkers only does not count."""
    found = set()
    for node in running(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: imports are written in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        found |= {known_part(name) for name in names if name.split(".")[0] == "synthesist"}
    return found


def running(node: ast.AST) -> list[ast.AST]:
    """Every node that is executed: all but the bodies of `if TYPE_CHECKING:`."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return []
    return [node, *(below for child in ast.iter_child_nodes(node) for below in running(child))]


def known_part(name: str) -> str:
    """The part in `synthesist.part.module`; "" for a name of the package itself."""
    second = [*name.split("."), ""][1]
    return second if second in FLOOR else ""
