"""What a user names by a word, a path or a class: a Spec of a shelf, or a Model of anything that samples."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synthesist import catalog
from synthesist.core import Spec
from synthesist.data.databases.address import is_address
from synthesist.data.page import is_page, read_page
from synthesist.errors import SpecError
from synthesist.model import Model

__all__ = ["as_model", "as_spec", "declared", "describes", "page_at"]


def as_spec(shelf: str, what: str | Spec, options: Mapping[str, Any]) -> Spec:
    """A Spec of the shelf, from its name and options or ready made."""
    if isinstance(what, Spec):
        if options:
            raise SpecError(f"Options {list(options)} beside a ready {what.name()}: put them into it instead.")
        return what
    if not isinstance(what, str):
        raise SpecError(f"{what!r} names nothing on the shelf of {shelf}: give a name or a Spec.")
    return catalog.load(shelf, what).build(options)


def as_model(what: Any, options: Mapping[str, Any]) -> Model:
    """A Model from anything that samples."""
    if isinstance(what, type):
        what, options = declared({**page_of_class(what), **options}, what.__name__), {}
    if isinstance(what, str | Path) and str(what) not in catalog.names("samplers"):
        what = declared({**page_at(what), **options}, what) if describes(what) else Model.load(what)
        options = {} if isinstance(what, Spec) else options
    if isinstance(what, Model):
        if options:
            raise SpecError(f"A fitted model takes no options, got {list(options)}. Set them when fitting.")
        return what
    spec = as_spec("samplers", what, options)
    return Model(spec, spec)  # type: ignore[arg-type]


def declared(page: Mapping[str, Any], where: str | Path) -> Spec:
    """The sampler a page declares, as in `kind: columns`; `where` is the page's name in messages."""
    options = dict(page)
    kind = options.pop("kind", None)
    if kind is None:
        known = ", ".join(f"`kind: {name}`" for name in catalog.names("samplers"))
        raise SpecError(f"{where} declares nothing that samples: it should say what it is, as in {known}.")
    return as_spec("samplers", str(kind), options)


def describes(path: str | Path) -> bool:
    """Whether this is a page, a schema file or a database: something that is sampled without a model."""
    from synthesist.schemas import suffixes

    return is_address(path) or Path(path).suffix.lower() in {".yaml", ".yml", *suffixes()}


def page_of_class(what: type) -> dict[str, Any]:
    """The page that a class amounts to: one of pydantic models."""
    from synthesist.schemas.pydantic_model import is_model, page_of_model

    if not is_model(what) or issubclass(what, Spec):
        raise SpecError(f"Nothing can be sampled from the class {what.__name__}: give a class of pydantic models.")
    return page_of_model(what)


def page_at(path: str | Path) -> dict[str, Any]:
    """The page a file holds, or the one that a schema file of another kind, or a database, amounts to."""
    from synthesist.schemas import page_of

    return read_page(path) if is_page(path) else page_of(path)
