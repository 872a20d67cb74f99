"""Names of groups and systems that a stranger chose, in everything that is written."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from svfair.audit import Audit
from svfair.metrics import Evaluation
from svfair.reports import print_audits, to_csv, to_json, to_latex, write_page

NAMES = (
    "\x1b]0;title\x07\x1b[2J",
    "<script>alert(1)</script>",
    '=HYPERLINK("//example","x")',
    "[bold red]x[/]\\",
    r"\input{secret}%$#_{}~^&",
    "{{7*7}}",
    "two\nlines",
    "@SUM(A1)",
)

pytestmark = pytest.mark.fault("hostile names")


@pytest.fixture(scope="session")
def hostile(make_evaluation: Callable[..., Evaluation]) -> list[Audit]:
    systems = [make_evaluation(name, regions=NAMES, replicates=20) for name in ("=1+1", "<b>\x1b[2J</b>")]
    return [Audit(system, (), ()) for system in systems]


def test_the_terminal_shows_them_and_obeys_none(hostile: list[Audit]) -> None:
    output = io.StringIO()
    print_audits(Console(file=output, width=400), hostile)
    text = output.getvalue()
    assert "\x1b" not in text
    assert "\x07" not in text
    for shown in ("�]0;title��[2J", "[bold red]x[/]\\", "<script>alert(1)</script>", "two lines"):
        assert shown in text


def test_the_page_has_them_as_text(hostile: list[Audit], tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", hostile, title="<i>t</i>", notes=["<u>n</u>"])
    page = (tmp_path / "page.html").read_text()
    for markup in ("<script>alert", "<b>�", "<i>t", "<u>n", "\x1b", "\x07"):
        assert markup not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{7*7}}" in page
    pictures = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(pictures) > 3
    for picture in pictures:
        ElementTree.fromstring(picture)


def test_a_spreadsheet_takes_none_for_a_formula(hostile: list[Audit]) -> None:
    rows = list(csv.reader(io.StringIO(to_csv(hostile))))
    cells = [cell for row in rows[1:] for cell in row]
    formulas = [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]
    assert formulas == []
    assert '\'=HYPERLINK("//example","x")' in cells
    assert "'@SUM(A1)" in cells
    assert not any("\x1b" in cell for cell in cells)
    # Figures stay figures.
    place = rows[0].index("eer")
    assert float(rows[1][place]) > 0


def test_latex_has_them_as_text(hostile: list[Audit]) -> None:
    table = to_latex(hostile)
    assert r"\input" not in table
    assert r"\textbackslash{}input\{secret\}\%\$\#\_\{\}\textasciitilde{}\textasciicircum{}\&" in table
    rows = table.splitlines()
    assert all(row.startswith(("%", "\\")) or row.endswith(r"\\") for row in rows)
    assert "\x1b" not in table


def test_json_keeps_them_as_they_are(hostile: list[Audit]) -> None:
    text = json.dumps(to_json(hostile))
    assert text.isascii()
    assert text.isprintable()
    groups = json.loads(text)["systems"][0]["attributes"]["country_region"]["groups"]
    assert set(NAMES) <= {group["name"] for group in groups}
