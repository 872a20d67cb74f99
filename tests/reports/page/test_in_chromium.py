"""The report in the browser that its readers have. Nothing goes out: a closed port is Chromium's proxy."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from svfair.reports import write_page

pytestmark = pytest.mark.slow

#: What a net log has as initiator where Chromium itself asked, and no page.
OWN = "not an origin"

Browse = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("needs Debian's package chromium")

    def run(page: Path, *flags: str) -> "subprocess.CompletedProcess[str]":
        command = [
            browser,
            *["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"],
        ]
        command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
        command += ["--proxy-server=127.0.0.1:9", "--enable-logging=stderr", "--window-size=1400,3000"]
        command += [f"--user-data-dir={tmp_path / 'profile'}", *flags, page.as_uri()]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)

    return run


@pytest.fixture
def report(tmp_path: Path, make_audit) -> Path:  # type: ignore[no-untyped-def]
    path = tmp_path / "report.html"
    systems = [make_audit(replicates=40), make_audit("other " * 12, ease=2.5, replicates=40)]
    write_page(path, systems, title="Report")
    return path


def requests_of_page(log: Path) -> list[str]:
    """Return what the page asked for over the network; its own file is no such request."""
    text = log.read_text()
    try:
        events = json.loads(text)["events"]
    except json.JSONDecodeError:
        # Chromium ended before it closed the list.
        events = json.loads(text.rstrip().rstrip(",") + "]}")["events"]
    asked = [event.get("params", {}) for event in events]
    return [
        one["url"]
        for one in asked
        if one.get("initiator", OWN) != OWN and not one.get("url", "").startswith(("file:", "data:"))
    ]


def framed(page: Path, width: int) -> Path:
    """Return a page that shows another at a width: a window is never narrower than 500 px."""
    frame = page.with_name("frame.html")
    frame.write_text(
        "<!DOCTYPE html><title>-</title><script>onmessage = got => { document.title = got.data; }</script>"
        f'<iframe src="{page.name}" style="border: 0; width: {width}px; height: 2900px"></iframe>'
    )
    return frame


@pytest.mark.parametrize("width", [390, 1280])
def test_it_renders_without_errors(browse: Browse, report: Path, tmp_path: Path, width: int) -> None:
    picture = tmp_path / "report.png"
    done = browse(framed(report, width), f"--screenshot={picture}")
    assert "CONSOLE" not in done.stderr
    assert picture.stat().st_size > 20_000


def test_it_asks_for_nothing_over_the_network(browse: Browse, report: Path, tmp_path: Path) -> None:
    log = tmp_path / "net.json"
    wait = ("--virtual-time-budget=2000", "--dump-dom", f"--log-net-log={log}")
    assert "<h1>Report</h1>" in browse(report, *wait).stdout
    assert requests_of_page(log) == []
    # The same look finds a page that does, so the above means something.
    control = tmp_path / "control.html"
    control.write_text('<h1>x</h1><img src="http://example.invalid/x.png">')
    browse(control, *wait)
    assert requests_of_page(log) == ["http://example.invalid/x.png"]
    # And where someone put such an image into a report, the page's own policy holds it back.
    report.write_text(
        report.read_text().replace("</main>", '<img src="http://example.invalid/x.png"></main>')
    )
    assert "example.invalid" in browse(report, *wait).stdout
    assert requests_of_page(log) == []


@pytest.mark.parametrize("width", [390, 1280])
def test_page_is_never_wider_than_the_screen(browse: Browse, report: Path, width: int) -> None:
    page = report.read_text()
    # The policy of the report would not let this measure itself.
    page = re.sub(r"<meta http-equiv[^>]*>", "", page)
    measure = (
        "document.querySelectorAll('details').forEach(one => one.open = true);"
        "parent.postMessage(innerWidth + ' ' + document.documentElement.scrollWidth, '*');"
    )
    report.write_text(page.replace("</body>", f"<script>{measure}</script></body>"))
    shown = browse(framed(report, width), "--virtual-time-budget=2000", "--dump-dom").stdout
    title = re.search(r"<title>(\d+) (\d+)</title>", shown)
    assert title is not None
    assert title.groups() == (str(width), str(width))


def test_it_prints_with_everything_unfolded(browse: Browse, report: Path, tmp_path: Path) -> None:
    printed, folded = tmp_path / "report.pdf", tmp_path / "folded.pdf"
    browse(report, f"--print-to-pdf={printed}")
    report.write_text(report.read_text().replace("details::details-content", "details::no-such-part"))
    browse(report, f"--print-to-pdf={folded}")
    assert pages(printed) > pages(folded) > 1


def pages(pdf: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf.read_bytes()))
