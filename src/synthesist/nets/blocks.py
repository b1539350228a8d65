"""What networks are made of, where and from which random numbers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from synthesist.core import Context
from synthesist.errors import ModelFileError, SpecError

__all__ = [
    "arrays_of",
    "chosen_device",
    "dropout",
    "fresh",
    "generator",
    "mixed_precision",
    "one_thread",
    "with_arrays",
]

N = TypeVar("N", bound=nn.Module)


def generator(ctx: Context, purpose: str, device: torch.device | str = "cpu") -> torch.Generator:
    """The torch generator of this place and purpose."""
    g = torch.Generator(device=device)
    g.manual_seed(ctx.seed(purpose) & (2**63 - 1))
    return g


def chosen_device(name: str) -> torch.device:
    """The device of a name; "auto" is the graphics card where there is one.

    Raises:
        SpecError: "cuda" is asked for and not there.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise SpecError("device = cuda, but torch sees no such card here. Use device = auto or cpu.")
    return torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)


class _OneThread:
    """How many are inside `one_thread`, and what the number of threads was before the first."""

    def __init__(self) -> None:
        self.lock, self.inside, self.before = Lock(), 0, 1


_state = _OneThread()


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread: sums in another order are other sums, and the bits must not depend on the cores there are.

    The number of threads belongs to the process, so the last to leave puts it back.
    """
    with _state.lock:
        if not _state.inside:
            _state.before = torch.get_num_threads()
        _state.inside += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _state.lock:
            _state.inside -= 1
            if not _state.inside:
                torch.set_num_threads(_state.before)


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Multiply in bfloat16 on a graphics card; on a processor nothing changes."""
    return torch.autocast("cuda", torch.bfloat16) if device.type == "cuda" else nullcontext()


def fresh(make: Callable[[], N], g: torch.Generator) -> N:
    """The network that `make` builds, its weights drawn from `g` and not from torch's global state.

    Weights of linear layers are uniform within 1/sqrt(inputs) (LeCun et al. 1998, as torch does), embeddings normal.
    A module with weights of its own has a method `draw(g)` that sets them.
    """
    with torch.device("meta"):
        net = make()
    net = net.to_empty(device="cpu")
    with torch.no_grad():
        for part in net.modules():
            _draw(part, g)
    return net


def _draw(part: Any, g: torch.Generator) -> None:
    if hasattr(part, "draw"):
        part.draw(g)
    elif isinstance(part, nn.Linear):
        bound = part.in_features**-0.5
        part.weight.uniform_(-bound, bound, generator=g)
        if part.bias is not None:
            part.bias.uniform_(-bound, bound, generator=g)
    elif isinstance(part, nn.Embedding):
        part.weight.normal_(generator=g)
    elif isinstance(part, nn.LayerNorm):
        part.weight.fill_(1.0)
        part.bias.zero_()
    elif isinstance(part, nn.BatchNorm1d):
        part.reset_running_stats()
        part.weight.fill_(1.0)
        part.bias.zero_()
    elif list(part.parameters(recurse=False)) or list(part.buffers(recurse=False)):
        raise TypeError(f"{type(part).__name__} has weights and no `draw(g)` to set them")


def dropout(x: Tensor, rate: float, g: torch.Generator | None) -> Tensor:
    """Zero a share `rate` of the cells and scale up the rest; nothing where there is no generator."""
    if g is None or rate <= 0.0:
        return x
    keep = torch.rand(x.shape, generator=g, device=x.device) >= rate
    return x * keep / (1.0 - rate)


def arrays_of(net: nn.Module) -> dict[str, np.ndarray]:
    """The weights of a network, for its model file."""
    return {name: value.detach().cpu().numpy().copy() for name, value in net.state_dict().items()}


def with_arrays(make: Callable[[], N], arrays: Mapping[str, np.ndarray], device: torch.device | str = "cpu") -> N:
    """The network that `make` builds, with these weights, ready to draw from.

    Raises:
        ModelFileError: the weights are those of another network.
    """
    with torch.device("meta"):
        net = make()
    expected = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    if {name: array.shape for name, array in arrays.items()} != expected:
        raise ModelFileError("The weights in this model file belong to another network. Fit or fetch it again.")
    net = net.to_empty(device="cpu")
    net.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
    return net.to(device).eval().requires_grad_(False)
