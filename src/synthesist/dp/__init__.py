"""Differential privacy: what it costs, and the noise that pays for it."""
