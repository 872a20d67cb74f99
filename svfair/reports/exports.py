"""Evaluations as CSV for programs and as LaTeX for papers."""

from collections.abc import Sequence

import polars as pl

from svfair.audit import Audit
from svfair.audit.frames import frame_of_groups
from svfair.errors import visible
from svfair.reports.field_table import field_table
from svfair.reports.numbers import PLAIN
from svfair.reports.terminal import format_cell
from svfair.reports.words import resampling_words

#: By which a spreadsheet knows a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_csv(audits: Sequence[Audit]) -> str:
    """Return one row a system and group: every rate as a fraction, with the ends of its interval."""
    frames = []
    for evaluation in (audit.evaluation for audit in audits):
        groups = [("overall", [evaluation.overall])]
        groups += [(attribute.name, list(attribute.groups)) for attribute in evaluation.attributes]
        for name, members in groups:
            frame = frame_of_groups(members)
            named = pl.DataFrame({"system": [evaluation.system], "attribute": [name]})
            frames.append(named.join(frame, how="cross"))
    table = pl.concat(frames, how="diagonal_relaxed").fill_nan(None)
    texts = pl.col(pl.String).map_elements(_as_text, return_dtype=pl.String)
    return table.with_columns(texts).write_csv()


def to_latex(audits: Sequence[Audit]) -> str:
    """Return the field's table as a `tabular` for the package booktabs: figures, intervals, changes."""
    evaluations = [audit.evaluation for audit in audits]
    table = field_table(evaluations)
    lines = [
        f"% EER in %. {resampling_words(evaluations[0])}",
        r"\begin{tabular}{l" + "r" * len(table.columns) + "}",
        r"\toprule",
        _row(["system", *(_escaped(column) for column in table.columns)]),
        r"\midrule",
    ]
    for system, cells in table.rows:
        lines.append(_row([_escaped(system), *(_escaped(format_cell(cell, " ")) for cell in cells)]))
        if any(cell.interval for cell in cells):
            ends = [
                ""
                if cell.interval is None
                else rf"{{\scriptsize {PLAIN.between(cell.interval, 2, joint='--')}}}"
                for cell in cells
            ]
            lines.append(_row(["", *ends]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _as_text(name: str) -> str:
    """Return a name, with an apostrophe if a spreadsheet would take it for a formula: so it is text there."""
    return visible(f"'{name}" if name.startswith(_FORMULA_STARTS) else name)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _escaped(text: str) -> str:
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {sign: f"\\{sign}" for sign in "&%$#_{}"}
    return "".join(special.get(sign, sign) for sign in visible(text).replace("\n", " "))
