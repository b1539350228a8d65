"""Methods made of methods, on the shelf `methods` like all others."""
