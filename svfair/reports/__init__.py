"""Audits for people and programs: terminal tables, one HTML page, JSON, CSV, LaTeX."""

from svfair.reports.exports import to_csv, to_latex
from svfair.reports.field_table import FieldTable, field_table
from svfair.reports.json_report import SCHEMA_VERSION, to_json
from svfair.reports.page import write_page
from svfair.reports.terminal import print_audits
from svfair.reports.words import note_lines, note_words

__all__ = [
    "SCHEMA_VERSION",
    "FieldTable",
    "field_table",
    "note_lines",
    "note_words",
    "print_audits",
    "to_csv",
    "to_json",
    "to_latex",
    "write_page",
]
