"""Learn: a table in, a sampler out. One file per method."""
