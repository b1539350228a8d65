"""Pages of YAML as people write them: read without surprises, and changed from the command line.

Only `true` and `false` are truth values and only decimal digits are numbers, as in YAML 1.2: the
country `NO`, the code `007` and the time `12:30` stay text. Nothing but plain data can be built.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthesist.errors import NotFoundError, SpecError

if TYPE_CHECKING:
    import yaml

__all__ = ["is_page", "overridden", "read_page", "scalar", "tree_of", "written"]

LARGEST = 1_000_000  # bytes; no page written by hand comes near


def is_page(path: str | Path) -> bool:
    """Whether a file is a page of ours, whose `kind:` begins a line or the page, and no schema of another kind."""
    source = Path(path)
    if source.suffix.lower() not in (".yaml", ".yml"):
        return False
    try:
        return bool(
            re.search(rb"^(\A\s*\{\s*)?[\"']?(kind[\"']?\s*:|columns:|method:)", source.read_bytes(), re.MULTILINE)
        )
    except OSError:
        return True  # reading it says what is wrong


def read_page(path: str | Path) -> dict[str, Any]:
    """The mapping a YAML file holds.

    Raises:
        NotFoundError: there is no such file, or it cannot be read.
        SpecError: it is no YAML, names a key twice, or holds no mapping.
    """
    source = Path(path)
    try:
        if source.stat().st_size > LARGEST:
            raise SpecError(f"{source} is no page: it has more than {LARGEST:,} bytes. Name the page itself.")
        text = source.read_text("utf-8")
    except UnicodeDecodeError:
        raise SpecError(f"{source} is no page: it holds no UTF-8 text. Name the page itself.") from None
    except OSError as error:
        raise NotFoundError(f"Cannot read {source}: {error.strerror}. Check the path.") from None
    tree = _parsed(text, str(source))
    if not isinstance(tree, dict):
        raise SpecError(f"{source} holds no page: a page is a mapping, with lines as in `name: value`.")
    return tree


def scalar(text: str) -> Any:
    """One value as it is written on a page: a number, a truth value, a text, a list or a mapping.

    >>> scalar("1e6"), scalar("no"), scalar("[1, 2]"), scalar("007")
    (1000000.0, 'no', [1, 2], '007')
    """
    return _parsed(text, f"the value {text!r}")


def tree_of(text: str, where: str) -> Any:
    """What a text of YAML holds, read by the same rules as a page; large ones quickly."""
    return _parsed(text, where, fast=True)


def written(tree: Mapping[str, Any], **options: Any) -> str:
    """A tree as a page, whose texts come back as texts by the rules of YAML 1.1 and of 1.2."""
    import yaml

    return str(yaml.dump(tree, Dumper=_dumper(), sort_keys=False, allow_unicode=True, width=110, **options))


def overridden(tree: dict[str, Any], overrides: Iterable[str]) -> dict[str, Any]:
    """The tree with `path.to.key=value` set, one after the other; the tree itself stays as it was.

    >>> overridden({"method": {"kind": "trees"}}, ["method.bins=64", "seed=7"])
    {'method': {'kind': 'trees', 'bins': 64}, 'seed': 7}

    Raises:
        SpecError: an override has no `=`, is given twice, or leads through something that has no parts.
    """
    seen: set[str] = set()
    for text in overrides:
        path, sign, value = text.partition("=")
        path = path.strip()
        if not sign or not path:
            raise SpecError(f"Cannot set {text!r}: write an option, `=` and a value, as in 'bins=64'.")
        if path in seen:
            raise SpecError(f"`{path}` is set twice. Set it once.")
        seen.add(path)
        tree = _placed(tree, path.split("."), scalar(value), text)
    return tree


def _placed(tree: Any, path: list[str], value: Any, text: str) -> Any:
    key, *rest = path
    if isinstance(tree, list):
        if not key.isdecimal() or int(key) >= len(tree):
            raise SpecError(f"Cannot set {text!r}: `{key}` is no place in a list of {len(tree)}, counted from 0.")
        place = int(key)
        return [*tree[:place], _placed(tree[place], rest, value, text) if rest else value, *tree[place + 1 :]]
    if not isinstance(tree, dict | None):
        raise SpecError(f"Cannot set {text!r}: there is nothing below {tree!r}. Set the whole of it instead.")
    tree = tree or {}
    return {**tree, key: _placed(tree.get(key), rest, value, text) if rest else value}


def _parsed(text: str, where: str, *, fast: bool = False) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_loader(fast))  # derived from the safe loader
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark and "\n" in text else ""
        raise SpecError(f"{where}{line}: this is not valid YAML: {error.problem}. Correct it.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SpecError(f"{where}: this is not valid YAML: {str(error).splitlines()[0]}. Correct it.") from None


@cache
def _dumper() -> "type[yaml.SafeDumper]":
    """The writer of pages: a text that any reader would take for something else is quoted."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Plain data."""

    for first, resolvers in _loader(fast=False).yaml_implicit_resolvers.items():
        for tag, form in resolvers:
            Dumper.add_implicit_resolver(tag, form, [first])
    return Dumper


@cache
def _loader(fast: bool) -> "type[yaml.SafeLoader]":
    """The reader of pages; that in C is quick, and its messages are worse."""
    import yaml

    parent: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader) if fast else yaml.SafeLoader

    class Loader(parent):
        """Plain data, read by the rules of YAML 1.2; a key given twice is an error."""

        yaml_implicit_resolvers = {  # noqa: RUF012  (the parent's way)
            first: [(tag, form) for tag, form in resolvers if tag.rsplit(":", 1)[1] in ("null", "merge")]
            for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if str(key.value) in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key `{key.value}` is there twice", key.start_mark
                    )
                if key.tag != "tag:yaml.org,2002:merge":
                    seen.add(str(key.value))
            return super().construct_mapping(node, deep)

    number = r"[-+]?(\.\d[\d_]*|\d[\d_]*\.?[\d_]*)"
    for tag, form, firsts in (
        ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
        ("int", r"[-+]?(0|[1-9][\d_]*)", "-+0123456789"),
        ("float", rf"(?!0\d){number}[eE][-+]?\d+|(?!0\d)(?=.*\.){number}|[-+]?\.inf|\.nan", "-+.0123456789"),
    ):
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{form})$"), list(firsts))
    return Loader
