from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from audio_files import encode_mpeg4

from svfair.audio import AudioError
from svfair.audio.headers import read_header
from svfair.audio.mpeg4 import decode_mpeg4
from svfair.audio.reading import read_audio, read_crop
from svfair.audio.shards import write_shard
from svfair.errors import InputError
from svfair.manifests.recording import Recording


def chirp(seconds: float, rate: int, channels: int = 1) -> npt.NDArray[np.float64]:
    time = np.arange(round(seconds * rate)) / rate
    wave = 0.4 * np.sin(2 * np.pi * (200 * time + 90 * time**2))
    return np.repeat(wave[:, None], channels, axis=1)


@pytest.mark.parametrize("codec", ["aac", "alac"])
@pytest.mark.parametrize(
    ("rate", "channels", "seconds"), [(16000, 1, 6.0), (16000, 1, 3.777), (44100, 2, 3.3)]
)
def test_a_crop_is_that_part_of_the_whole_file(
    tmp_path: Path, codec: str, rate: int, channels: int, seconds: float
) -> None:
    path = tmp_path / "speech.m4a"
    path.write_bytes(encode_mpeg4(chirp(seconds, rate, channels), rate, codec))
    whole, found_rate, expected = decode_mpeg4(path)
    assert found_rate == rate
    assert len(whole) == pytest.approx(expected, abs=1024)
    assert expected == read_header(path).frames
    for position in (0.0, 0.01, 0.13, 0.5, 0.77, 0.99, 1.0):
        crop, _, count = decode_mpeg4(path, position, 1.1)
        assert len(crop) == count
        start = min(round(position * (expected - count)), len(whole) - count)
        # Blocks of noise are drawn anew by some decoders; a tone has none.
        np.testing.assert_allclose(crop, whole[start : start + count], atol=2e-4)


def test_a_file_is_in_step_with_what_was_encoded(tmp_path: Path) -> None:
    wave = chirp(3.0, 16000)
    path = tmp_path / "speech.m4a"
    path.write_bytes(encode_mpeg4(wave, 16000))
    whole = read_audio(path)
    assert whole.dtype == np.float32
    assert whole[2000:40000] == pytest.approx(wave[2000:40000, 0], abs=0.03)
    path.write_bytes(encode_mpeg4(wave, 16000, "alac"))
    assert read_audio(path)[: len(wave)] == pytest.approx(wave[:, 0], abs=1e-4)


def test_a_crop_is_resampled_to_its_exact_length(tmp_path: Path) -> None:
    path = tmp_path / "stereo.m4a"
    path.write_bytes(encode_mpeg4(chirp(3.0, 44100, 2), 44100))
    for seconds in (0.5, 1.2345, 2.0, 5.0):
        assert read_crop(path, 0.4, seconds).shape == (round(seconds * 16000),)


def test_a_packed_file_equals_the_plain_one(tmp_path: Path) -> None:
    content = encode_mpeg4(chirp(3.0, 16000), 16000)
    (tmp_path / "plain.m4a").write_bytes(content)
    [_, (offset, size)] = write_shard(tmp_path / "shard.tar", [("a.txt", b"x"), ("b.m4a", content)])
    packed = Recording(tmp_path / "shard.tar", offset, size)
    np.testing.assert_array_equal(read_audio(packed), read_audio(tmp_path / "plain.m4a"))
    np.testing.assert_array_equal(read_crop(packed, 0.6, 1.0), read_crop(tmp_path / "plain.m4a", 0.6, 1.0))


@pytest.mark.parametrize("kept", [12, 0.3, 0.7])
def test_damaged_files_are_named(tmp_path: Path, kept: float) -> None:
    content = encode_mpeg4(chirp(3.0, 16000), 16000)
    path = tmp_path / "cut.m4a"
    path.write_bytes(content[: round(kept if kept > 1 else kept * len(content))])
    with pytest.raises(InputError, match=r"cut.m4a: "):
        read_audio(path)


@pytest.mark.fault("audio whose path looks like an address")
@pytest.mark.parametrize("folder", ["http:", "https:/example.org", "a:b", "concat:", "file:", "pipe:0"])
def test_a_path_is_never_taken_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(folder) / "speech.m4a"
    path.parent.mkdir(parents=True)
    path.write_bytes(encode_mpeg4(chirp(1.0, 16000), 16000))
    assert read_header(path).frames == len(read_audio(path)) == 16000
    assert len(read_crop(path, 0.5, 0.5)) == 8000
    path.unlink()
    with pytest.raises(AudioError, match=rf"^{path}: is missing; replace the file or drop it$"):
        read_audio(path)


@pytest.mark.fault("audio that names other files")
def test_content_is_never_taken_for_a_list_of_files(tmp_path: Path) -> None:
    (tmp_path / "other.m4a").write_bytes(encode_mpeg4(chirp(1.0, 16000), 16000))
    path = tmp_path / "list.m4a"
    path.write_text("####ftyp\nffconcat version 1.0\nfile other.m4a\n#EXTM3U\nother.m4a\n")
    with pytest.raises(AudioError, match=r"list.m4a: cannot be read as audio"):
        read_audio(path)


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize(
    "error", [AttributeError("no rate"), EOFError(), av.PatchWelcomeError(1, "patches welcome")]
)
@pytest.mark.parametrize("read", [read_header, read_audio, lambda one: read_crop(one, 0.5, 0.1)])
def test_whatever_the_decoder_raises_names_the_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    read: Callable[[Path], object],
) -> None:
    path = tmp_path / "odd.m4a"
    path.write_bytes(encode_mpeg4(chirp(1.0, 16000), 16000))

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(av, "open", fail)
    with pytest.raises(
        AudioError, match=r"odd.m4a: cannot be read as audio \(.+\); replace the file or drop it$"
    ):
        read(path)


@pytest.mark.fault("audio that is damaged")
@pytest.mark.parametrize(
    "box", [b"mdhd", b"stsd", b"mp4a", b"esds", b"stts", b"stsz", b"stco", b"stsc", b"mdia"]
)
@pytest.mark.parametrize("new", [b"free", b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_a_damaged_box_names_the_file(tmp_path: Path, box: bytes, new: bytes) -> None:
    content = encode_mpeg4(chirp(1.0, 16000), 16000)
    assert box in content
    path = tmp_path / "damaged.m4a"
    for place in range(0, 24, 4):  # the name of the box, and what follows it
        start = content.index(box) + place
        path.write_bytes(content[:start] + new + content[start + 4 :])
        for read in (read_header, read_audio, lambda one: read_crop(one, 0.5, 0.1)):
            with suppress(AudioError):
                read(path)
