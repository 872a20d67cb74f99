"""Delimited text and tables: read, refused and written. Needs polars alone."""

from svfair.tables.bad_lines import Rejected, refuse
from svfair.tables.reading import read_table, read_unquoted
from svfair.tables.writing import write_table

__all__ = ["Rejected", "read_table", "read_unquoted", "refuse", "write_table"]
