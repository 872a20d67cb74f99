"""Content that is no audio that svfair reads, told by its first bytes."""

from pathlib import Path

#: How files begin, where they begin with it, and what they are.
_AUDIO = (
    (0, b"\x1a\x45\xdf\xa3", "WebM or Matroska"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (WMA)"),
    (0, b"#!AMR", "AMR"),
    (0, b".RMF", "RealMedia"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"MThd", "MIDI"),
    (8, b"AVI ", "AVI video"),
    (0, b"MAC ", "Monkey's Audio"),
    (0, b"wvpk", "WavPack"),
)
_OTHER = (
    (0, b"PK\x03\x04", "a ZIP archive; unpack it"),
    (0, b"\x1f\x8b", "packed by gzip; unpack it"),
    (0, b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (0, b"version https://git-lfs", "a pointer that Git LFS left in place of the file; fetch the file"),
    (0, b"<!doctype html", "a web page, as a failed download leaves it; get the file again"),
    (0, b"<html", "a web page, as a failed download leaves it; get the file again"),
    (0, b"<?xml", "XML text, as a failed download leaves it; get the file again"),
)


def kind_of(path: Path) -> str | None:
    """Return what a file is that cannot be read, and what to do with it; None where that is not known."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError:
        return None
    for place, letters, name in _AUDIO:
        if start[place:].startswith(letters):
            return _converted(name)
    # AAC in a stream of frames: twelve ones, and a layer of 0, which MPEG audio has not.
    if len(start) > 1 and start[0] == 0xFF and start[1] & 0xF6 == 0xF0:
        return _converted("AAC without a container (ADTS)")
    text = start.lstrip().lower()
    for place, letters, name in _OTHER:
        if start[place:].startswith(letters) or (letters[:1] in b"<v" and text.startswith(letters)):
            return f"is {name}"
    return None


def _converted(name: str) -> str:
    return f"is {name}, which cannot be read; convert it, such as with ffmpeg -i IN OUT.flac"
