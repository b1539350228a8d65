"""Judge: evidence in, a score out. One file per metric."""
