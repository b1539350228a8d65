"""Graphical models over codes: junction trees, estimation from noisy counts, exact draws given anything known."""
