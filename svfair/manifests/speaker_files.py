"""Tables of speakers as corpora and tools write them: LibriSpeech, Kaldi, NeMo, or any with a header."""

from pathlib import Path

import polars as pl

from svfair.tables.bad_lines import BadLine, refuse
from svfair.tables.lines import Records
from svfair.tables.reading import is_parquet, read_bytes, read_table_records
from svfair.tables.workbooks import is_workbook

#: What Kaldi writes in `spk2gender`, and some write in its place.
_GENDERS = {"m", "f", "male", "female"}

#: What NeMo's manifests say of an utterance, not of its speaker.
_OF_UTTERANCES = ("audio_filepath", "offset", "duration", "text", "rttm_filepath", "uniq_id")


def read_speaker_records(path: Path) -> Records:
    """Read a table of speakers as text, with the names of its columns as they stand there.

    LibriSpeech's `SPEAKERS.TXT` has its header in a comment; Kaldi's `spk2gender` has none, and gets the
    columns `speaker_id` and `gender`; of NeMo's manifests, `label` is the speaker.

    Raises
    ------
    InputError
        When the file cannot be read, or its lines do not fit its header.
    """
    if is_parquet(path) or is_workbook(path):
        return read_table_records(path)
    content = read_bytes(path)
    if content.lstrip().startswith(b";"):
        return _read_commented(path, content)
    if (records := _read_kaldi(content)) is not None:
        return records
    records = read_table_records(path)
    if "audio_filepath" in records.table.columns:
        table = records.table.drop(_OF_UTTERANCES, strict=False)
        if "label" in table.columns and "speaker_id" not in table.columns:
            table = table.rename({"label": "speaker_id"})
        return Records(table, records.numbers, records.bad, records.unit)
    return records


def _read_commented(path: Path, content: bytes) -> Records:
    """Read lines with bars; comments start with a semicolon, and the last one above is the header."""
    header: list[str] = []
    numbers: list[int] = []
    rows: list[list[str]] = []
    bad: list[BadLine] = []
    for number, line in enumerate(content.decode(errors="replace").split("\n"), 1):
        if line.startswith(";"):
            header = [name.strip() for name in line[1:].split("|")] if not rows else header
        elif line.strip():
            # The name comes last because it may hold the delimiter: speaker 60 is "|CBW|Simon".
            fields = [field.strip() for field in line.split("|", max(1, len(header) - 1))]
            if len(fields) == len(header):
                numbers.append(number)
                rows.append(fields)
            else:
                bad.append((number, f"is not '{' | '.join(header)}'"))
    refuse(path, bad, "line", "Mend them or take them out")
    table = pl.DataFrame(rows, dict.fromkeys(header, pl.String), orient="row")
    return Records(table, pl.Series(numbers, dtype=pl.Int64), [])


def _read_kaldi(content: bytes) -> Records | None:
    """Read `speaker m` on every line, or return None."""
    lines = [(number, line.split()) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]
    words = {fields[1].lower().decode(errors="replace") for _, fields in lines if len(fields) == 2}
    if not words <= _GENDERS or any(len(fields) != 2 for _, fields in lines):
        return None
    columns = zip(*(fields for _, fields in lines), strict=True)
    table = pl.DataFrame(
        {
            name: [field.decode(errors="replace") for field in fields]
            for name, fields in zip(("speaker_id", "gender"), columns, strict=True)
        }
    )
    return Records(table, pl.Series([number for number, _ in lines], dtype=pl.Int64), [])
