"""The value everything works on: named tables and their schema, read from and written to anything."""
