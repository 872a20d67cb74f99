"""Coverage-guided fuzzing of the readers of scores, trials and speakers: `make fuzz`.

The first byte chooses how the rest is read; the rest is the file. Anything but a table or an `InputError` of
one line ends the run, and libFuzzer writes the input that did it to the current folder. Parquet is left out:
polars reads it, which is not instrumented; `tests/tables/test_parquet_structure.py` damages it by chance.
"""

import gzip
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["svfair.tables", "svfair.manifests", "svfair.trials", "csv", "gzip"]
):
    from svfair.errors import InputError
    from svfair.manifests.speakers import read_speakers
    from svfair.trials.files import read_scores, read_scores_leniently, read_trials

SEEDS = (
    b"1 id1/a/1.wav id1/b/2.wav 0.5\n0 id1/a/1.wav id2/a/3.wav -0.5\n",
    b"id1/a id1/b target\nid1/a id2/c nontarget\n",
    b"id1/a id1/b 0.50000 target\nid1/a id2/c -0.50000 nontarget\n",
    b"id1/a id1/b 0.5 target 14.1 13.2 0.1 0.2\nid1/a id2/c -0.5 nontarget 14.1 13.2 0.1 0.2\n",
    b"a b 0.5\na c -0.5\n",
    b"enrol,test,label,score\na,b,1,0.5\na,c,0,-0.5\n",
    b'"enrol";"test";"label";"score"\r\n"a";"b";"1";"0.5"\r\n"a";"c";"0";"1e-3"\r\n',
    b"\xef\xbb\xbfVoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \t\r\nid00012 ,n000012 ,m ,dev \t\r\n",
    b"VoxCeleb1 ID\tVGGFace1 ID\tGender\tNationality\tSet\nid10001\tA.J._Buckley\tm\tIreland\tdev\n",
)

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-readers-"))
LIST = FOLDER / "list"
LIST.write_text("1 a b\n0 a c\n")


def read_anything(data: bytes) -> None:
    way, content = (data[0], data[1:]) if data else (0, b"")
    if content.startswith(b"PAR1"):
        return
    path = FOLDER / "file"
    path.write_bytes(gzip.compress(content, 1) if way & 8 else content)
    try:
        if way % 4 == 0:
            read_scores(path)
        elif way % 4 == 1:
            read_trials(path)
        elif way % 4 == 2:
            read_speakers(path)
        else:
            table, rejected = read_scores_leniently(path, trials=LIST if way & 16 else None)
            universal = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
            filled = sum(bool(line.strip()) for line in universal.split(b"\n"))
            if not content.startswith(b"\x1f\x8b"):
                assert table.height + rejected.count in (filled, filled - 1)
    except InputError as error:
        if len(str(error).splitlines()) != 1:
            raise


def main() -> None:
    corpus = FOLDER / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(SEEDS):
        for way in (0, 1, 2, 3, 11, 19):
            (corpus / f"{number}-{way}").write_bytes(bytes([way]) + seed)
    atheris.Setup([*sys.argv, str(corpus)], read_anything)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
