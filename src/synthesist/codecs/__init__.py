"""Dataset to arrays and back, one codec per kind of column."""
