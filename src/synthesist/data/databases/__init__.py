"""Databases read and written as Datasets: PostgreSQL, MariaDB and MySQL, SQLite, DuckDB."""

from synthesist.data.databases.address import Address, is_address
from synthesist.data.databases.database import Database, opened, read_database
from synthesist.data.databases.dump import SqlWriter
from synthesist.data.databases.writer import DatabaseWriter

__all__ = ["Address", "Database", "DatabaseWriter", "SqlWriter", "is_address", "opened", "read_database"]
