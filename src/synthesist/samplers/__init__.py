"""Produce: generators and simulators that need no real data. One file per sampler."""
