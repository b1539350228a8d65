"""Transforms made of methods, on the shelf `transforms` like all others."""
