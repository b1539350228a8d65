"""How large a network is and what it reads and says: all that is known of it without torch."""

from dataclasses import dataclass

__all__ = ["BELLS", "Shape"]

BELLS = 6  # Gaussians a number is a mixture of


@dataclass(frozen=True)
class Shape:
    """What a network is built for: the categories of each column, which columns have numbers, and how large it is."""

    sizes: tuple[int, ...]
    numeric: tuple[int, ...]
    latent: int
    width: int
    regions: int
    """Components of the prior."""

    @property
    def inputs(self) -> int:
        """Cells of a row as the encoder reads it: every category as 0 or 1, every number."""
        return sum(self.sizes) + len(self.numeric)

    @property
    def outputs(self) -> int:
        """What the decoder says: a logit for every category; weight, mean and log-scale of every bell."""
        return sum(self.sizes) + 3 * BELLS * len(self.numeric)
