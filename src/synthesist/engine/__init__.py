"""The drivers: sampling in blocks, exact counts, conditions held. No arrow writes its own loop."""
