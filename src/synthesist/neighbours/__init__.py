"""The nearest rows of a table, and rows drawn between a row and its neighbours."""
