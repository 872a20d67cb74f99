import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.audio import AudioError, read_audio, read_crop, read_header, write_shard
from svfair.errors import InputError
from svfair.manifests import Recording


def write(path: Path, samples: int = 16000) -> bytes:
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, samples), 16000)
    return path.read_bytes()


def missing(folder: Path) -> Recording:
    return Recording(folder / "gone.wav")


def no_bytes(folder: Path) -> Recording:
    (folder / "zero.flac").write_bytes(b"")
    return Recording(folder / "zero.flac")


def no_samples(folder: Path) -> Recording:
    write(folder / "empty.wav", 0)
    return Recording(folder / "empty.wav")


def text(folder: Path) -> Recording:
    (folder / "text.mp3").write_bytes(b"hello, this is no audio")
    return Recording(folder / "text.mp3")


def not_mpeg4(folder: Path) -> Recording:
    (folder / "text.m4a").write_bytes(b"\0\0\0\x20ftypM4A hello")
    return Recording(folder / "text.m4a")


def behind_the_end(folder: Path) -> Recording:
    [(offset, size)] = write_shard(folder / "shard.tar", [("a.flac", write(folder / "a.flac"))])
    return Recording(folder / "shard.tar", offset + 10**6, size)


def a_folder(folder: Path) -> Recording:
    (folder / "folder.flac").mkdir()
    return Recording(folder / "folder.flac")


@pytest.mark.parametrize(
    ("make", "kind", "reason"),
    [
        (missing, "missing", "is missing"),
        (no_bytes, "empty", r"is empty \(0 bytes\)"),
        (no_samples, "empty", "holds no audio"),
        (text, "unreadable", r"cannot be read as audio \(.+\)"),
        (not_mpeg4, "unreadable", r"cannot be read as audio \(.+\)"),
        (behind_the_end, "cut off", "is cut off: the packed file ends before it"),
        (a_folder, "unreadable", r"cannot be read as audio \(.+\)"),
    ],
)
@pytest.mark.parametrize("read", [read_header, read_audio, lambda one: read_crop(one, 0.5, 0.1)])
def test_headers_and_audio_are_refused_alike(
    tmp_path: Path,
    make: Callable[[Path], Recording],
    read: Callable[[Recording], object],
    kind: str,
    reason: str,
) -> None:
    recording = make(tmp_path)
    place = rf" \(bytes \d+ to {recording.offset + recording.size}\)" if recording.size else ""
    message = rf"^{recording.path}{place}: {reason}; replace the file or drop it$"
    with pytest.raises(AudioError, match=message) as caught:
        read(recording)
    assert caught.value.kind == kind
    assert str(caught.value) == f"{caught.value.parts[0]}: {caught.value.reason}; replace the file or drop it"
    assert isinstance(caught.value, InputError)


def test_cut_files_are_cut_off(tmp_path: Path) -> None:
    content = write(tmp_path / "cut.wav")
    (tmp_path / "cut.wav").write_bytes(content[: len(content) // 2])
    message = r"cut.wav: is cut off: its header says 32,000 bytes of audio, there are 15,978; replace"
    with pytest.raises(AudioError, match=message) as caught:
        read_header(tmp_path / "cut.wav")
    assert caught.value.kind == "cut off"
    # What is left of it can be listened to.
    assert len(read_audio(tmp_path / "cut.wav")) == 15_978 // 2
    # A file that ends with its header holds nothing.
    (tmp_path / "cut.wav").write_bytes(content[:44])
    with pytest.raises(AudioError, match=r"cut.wav: holds no audio") as caught:
        read_header(tmp_path / "cut.wav")
    assert caught.value.kind == "empty"


def test_the_words_stay_when_processes_hand_an_error_on() -> None:
    error = AudioError("a.wav", "is missing", kind="missing")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.kind, again.reason) == (str(error), "missing", "is missing")
    # Workers of torch's loader raise what they caught anew, from its text.
    assert str(AudioError("worker 0: a.wav: is missing")) == "worker 0: a.wav: is missing"
