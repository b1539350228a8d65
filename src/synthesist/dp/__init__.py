"""Differential privacy: what may be asked of rows that nobody sees, what the answers cost, and the noise on them."""
