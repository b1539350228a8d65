"""What `adapt` hands back to keep: a learnt change of rows, with where it came from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import synthesist
from synthesist.core import Context, Spec, Transform
from synthesist.data.frames import give
from synthesist.data.sources import native_of, read
from synthesist.engine.pack import read_pack, write_pack
from synthesist.errors import ModelFileError
from synthesist.model import fitted_type, method_in

__all__ = ["Change"]


@dataclass(frozen=True, repr=False)
class Change:
    """A fitted method that changes rows: apply it to further rows, save it."""

    transform: Transform
    method: Spec
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, rows: Any, *, seed: int = 0, ctx: Context | None = None) -> Any:
        """Change rows of the place it learnt to change; a frame comes back as one of its kind.

        Raises:
            SynthesistError: the rows lack a column, or hold other kinds of cells than those that were learnt from.
        """
        data, native = read(rows).finite(), native_of(rows)
        out = self.transform.apply(data, (ctx or Context.seeded(seed)).at("transform"))
        return out if native == "dataset" else give(out, native)

    def save(self, path: str | Path) -> Path:
        """Write the change to one portable file, without any code in it.

        Raises:
            OutputError: the file cannot be written.
        """
        header = {
            "method": self.method.describe(),
            "provenance": dict(self.provenance),
            "written_by": f"synthesist {synthesist.__version__}",
        }
        write_pack(Path(path), header, self.transform)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> "Change":
        """Read a file that holds a change; a damaged or hostile one is refused and never runs code.

        Raises:
            NotFoundError: there is no such file.
            ModelFileError: it cannot be trusted or understood, or holds a model.
        """
        return cls.of(path, *read_pack(Path(path), partial(fitted_type, path)))

    @classmethod
    def of(cls, path: str | Path, header: Mapping[str, Any], transform: Any) -> "Change":
        """The change that a file at `path` holds.

        Raises:
            ModelFileError: it holds a model, or does not say how it was fitted.
        """
        if not hasattr(transform, "apply"):
            raise ModelFileError(f"{path} holds a model and no change of rows: draw from it by `synthesist sample`.")
        return cls(transform, method_in(path, header), dict(header.get("provenance") or {}))

    def __repr__(self) -> str:
        said = self.provenance.get("because")
        return f"Change({self.method!r}{f', {said}' if said else ''})"
