"""Change: the same units, other cells. One file per transform."""
