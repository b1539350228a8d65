"""One network on its way downhill: the optimizer, the average of its weights, and all of it as arrays."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["Descent"]


@dataclass
class Descent:
    """AdamW (Loshchilov and Hutter, ICLR 2019, arXiv:1711.05101), with clipped gradients and averaged weights."""

    net: nn.Module
    rate: float
    betas: tuple[float, float] = (0.9, 0.999)
    shrink: float = 0.0
    """Weight decay."""
    clip: float = 0.0
    """The largest norm of a gradient; 0 leaves it as it is."""
    average: float = 0.0
    """Decay of the moving average of the weights, which then is what is kept; 0 keeps the weights themselves."""
    optimizer: torch.optim.Optimizer = field(init=False)
    averaged: dict[str, Tensor] = field(init=False, default_factory=dict)
    steps: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.optimizer = torch.optim.AdamW(
            self.net.parameters(), lr=self.rate, betas=self.betas, weight_decay=self.shrink, fused=True
        )
        if self.average:
            self.averaged = copied(self.net.state_dict())

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.net.parameters()).device

    def step(self, loss: Tensor) -> None:
        """One step down."""
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        if self.clip:
            nn.utils.clip_grad_norm_(self.net.parameters(), self.clip)
        self.optimizer.step()
        self.steps += 1
        if self.average:
            self._follow()

    def scale(self, factor: float) -> None:
        """Set the rate to a share of what it was at first."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * factor

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average; young averages forget faster, so that the first weights do not linger."""
        share = 1.0 - min(self.average, (1 + self.steps) / (10 + self.steps))
        weights = self.net.state_dict()
        real = [name for name, value in weights.items() if value.dtype.is_floating_point]
        torch._foreach_lerp_([self.averaged[name] for name in real], [weights[name] for name in real], share)
        for name in weights.keys() - set(real):
            self.averaged[name].copy_(weights[name])

    def weights(self) -> dict[str, Tensor]:
        """What would be kept if training ended now."""
        return copied(self.averaged or self.net.state_dict())

    @contextmanager
    def averaged_in(self) -> Iterator[None]:
        """With the weights that would be kept, for as long as this lasts."""
        if not self.averaged:
            yield
            return
        mine = copied(self.net.state_dict())
        self.net.load_state_dict(self.averaged)
        try:
            yield
        finally:
            self.net.load_state_dict(mine)

    def state(self) -> dict[str, np.ndarray]:
        """All that another process needs to go on from here."""
        out = {"steps": np.array(self.steps)}
        out |= {f"net/{name}": array_of(value) for name, value in self.net.state_dict().items()}
        out |= {f"averaged/{name}": array_of(value) for name, value in self.averaged.items()}
        for i, parameter in enumerate(self.net.parameters()):
            moments = self.optimizer.state.get(parameter, {})
            out |= {f"moment/{i}/{name}": array_of(value) for name, value in moments.items()}
        return out

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a `state`."""
        self.steps = int(state["steps"])
        self.net.load_state_dict(_part(state, "net/"))
        self.averaged = {name: value.to(self.device) for name, value in _part(state, "averaged/").items()}
        for i, parameter in enumerate(self.net.parameters()):
            moments = _part(state, f"moment/{i}/")
            self.optimizer.state[parameter] = {name: value.to(self.device) for name, value in moments.items()}


def copied(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same weights in memory of their own."""
    return {name: value.detach().clone() for name, value in weights.items()}


def array_of(value: Tensor) -> np.ndarray:
    """A tensor as an array of its own."""
    return torch.as_tensor(value).detach().cpu().numpy().copy()


def _part(state: Mapping[str, np.ndarray], prefix: str) -> dict[str, Tensor]:
    return {name[len(prefix) :]: torch.from_numpy(a.copy()) for name, a in state.items() if name.startswith(prefix)}
