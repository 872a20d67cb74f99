"""The page: one self-contained HTML file."""

from svfair.reports.page.page import write_page

__all__ = ["write_page"]
