"""Networks: blocks, the training loop, and the way of weights into a model file. Only this part imports torch."""

from synthesist.errors import MissingExtraError

try:
    import torch  # noqa: F401
except ImportError:
    raise MissingExtraError(
        "Neural methods need torch, which is not installed. Install it with: pip install 'synthesist[deep]'"
    ) from None
