"""Utterances that are a part of a file, or one of its channels."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from svfair.audio import AudioError, read_audio, read_crop, read_header, write_shard
from svfair.manifests.recording import Recording

av = pytest.importorskip("av")


def signal(seconds: float = 3.0, channels: int = 1, rate: int = 16000) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((round(seconds * rate), channels))
    return (0.1 * noise).astype(np.float32)


def write_m4a(path: Path, samples: np.ndarray, layout: str) -> None:
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=16000, layout=layout)
        frame = av.AudioFrame.from_ndarray(samples.T.copy(), format="fltp", layout=layout)
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


@pytest.fixture(params=["wav", "flac", "m4a", "packed"])
def stereo(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    samples = signal(channels=2)
    path = tmp_path / f"a.{request.param}"
    if request.param == "m4a":
        write_m4a(path, samples, "stereo")
    elif request.param == "packed":
        file = io.BytesIO()
        soundfile.write(file, samples, 16000, format="FLAC")
        ((offset, size),) = write_shard(tmp_path / "a.tar", [("a.flac", file.getvalue())])
        return Recording(tmp_path / "a.tar", offset, size)
    else:
        soundfile.write(path, samples, 16000)
    return Recording(path)


def test_a_part_is_that_part_of_the_whole(stereo: Recording) -> None:
    whole = read_audio(stereo)
    part = stereo._replace(start_s=1.25, length_s=0.5)
    assert read_header(part).frames == 8000
    expected = whole[20000:28000]
    np.testing.assert_allclose(read_audio(part), expected, atol=1e-6)
    np.testing.assert_allclose(read_crop(part, 1.0, 0.2), expected[-3200:], atol=1e-6)
    np.testing.assert_allclose(read_crop(part, 0.0, 1.0), np.resize(expected, 16000), atol=1e-6)


def test_a_channel_is_that_channel_and_without_one_their_mean(stereo: Recording) -> None:
    one, two = (read_audio(stereo._replace(channel=number)) for number in (1, 2))
    assert np.abs(np.corrcoef(one, two)[0, 1]) < 0.2
    np.testing.assert_allclose(read_audio(stereo), (one + two) / 2, atol=1e-6)
    part = stereo._replace(start_s=2.0, length_s=0.5, channel=2)
    np.testing.assert_allclose(read_crop(part, 0.5, 0.25), two[34000:38000], atol=1e-6)


@pytest.mark.fault("segments that are not in their file")
@pytest.mark.parametrize(
    ("start", "length", "reason"),
    [
        (3.0, 1.0, "lasts 3.00 s, and has no part from 3.00 to 4.00 s"),
        (2.0, 2.0, "lasts 3.00 s, and has no part from 2.00 to 4.00 s"),
        (1e9, 1.0, "lasts 3.00 s, and has no part from 1000000000.00 to 1000000001.00 s"),
    ],
)
def test_a_part_behind_the_end_is_refused_everywhere(
    start: float, length: float, reason: str, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "a.wav", signal(), 16000)
    part = Recording(tmp_path / "a.wav", start_s=start, length_s=length)
    for read in (read_header, read_audio, lambda one: read_crop(one, 0.5, 0.1)):
        with pytest.raises(AudioError) as caught:
            read(part)
        assert caught.value.reason == reason


def test_a_part_that_ends_a_little_late_is_what_is_there(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", signal(), 16000)
    part = Recording(tmp_path / "a.wav", start_s=2.0, length_s=1.01)
    assert len(read_audio(part)) == read_header(part).frames == 16000


@pytest.mark.fault("channels")
@pytest.mark.parametrize("name", ["a.wav", "a.m4a"])
def test_a_channel_that_is_not_there_is_refused(name: str, tmp_path: Path) -> None:
    if name == "a.wav":
        soundfile.write(tmp_path / name, signal(), 16000)
    else:
        write_m4a(tmp_path / name, signal(), "mono")
    for read in (read_header, read_audio):
        with pytest.raises(AudioError) as caught:
            read(Recording(tmp_path / name, channel=2))
        assert caught.value.reason == "has 1 channel, and no channel 2"


@pytest.mark.fault("paths that lead elsewhere")
@pytest.mark.parametrize("suffix", [".wav", ".m4a"])
def test_pipes_devices_and_folders_are_refused_without_waiting(suffix: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"pipe{suffix}")
    (tmp_path / f"device{suffix}").symlink_to("/dev/zero")
    (tmp_path / f"folder{suffix}").mkdir()
    for name in ("pipe", "device", "folder"):
        path = tmp_path / f"{name}{suffix}"
        for recording in (Recording(path), Recording(path, 0, 100)):
            for read in (read_header, read_audio):
                with pytest.raises(AudioError) as caught:
                    read(recording)
                assert caught.value.reason == "cannot be read as audio (it is a folder, a pipe or a device)"


@pytest.mark.fault("paths that lead elsewhere")
def test_a_place_that_is_no_member_of_its_archive_is_refused(tmp_path: Path) -> None:
    contents = []
    for number in range(2):
        file = io.BytesIO()
        soundfile.write(file, signal(0.5) * (number + 1), 16000, format="FLAC")
        contents.append((f"{number}.flac", file.getvalue()))
    places = write_shard(tmp_path / "a.tar", contents)
    for offset, size in ((places[0][0], places[0][1] + 1), (places[1][0] - 512, places[1][1]), (0, 100)):
        with pytest.raises(AudioError) as caught:
            read_header(Recording(tmp_path / "a.tar", offset, size))
        assert caught.value.reason == "is no member of the archive"
    with pytest.raises(AudioError, match="the packed file ends before it"):
        read_audio(Recording(tmp_path / "a.tar", places[1][0], 10**6))


@pytest.mark.fault("audio of another kind than its name")
def test_what_can_be_read_is_read_whatever_its_name(tmp_path: Path) -> None:
    write_m4a(tmp_path / "a.m4a", signal(), "mono")
    soundfile.write(tmp_path / "b.flac", signal(), 16000)
    for source, names in (("a.m4a", ("a.wav", "a.flac", "a.mp3")), ("b.flac", ("b.wav", "b.m4a", "b.mp3"))):
        expected = read_audio(tmp_path / source)
        for name in names:
            (tmp_path / name).write_bytes((tmp_path / source).read_bytes())
            assert np.array_equal(read_audio(tmp_path / name), expected)
            assert read_header(tmp_path / name).duration_s == pytest.approx(3.0, abs=0.07)
            assert len(read_crop(tmp_path / name, 0.5, 1.0)) == 16000


CONVERT = ", which cannot be read; convert it, such as with ffmpeg -i IN OUT.flac"


@pytest.mark.fault("audio of another kind than its name")
@pytest.mark.parametrize("name", ["a.webm", "a.wav", "a"])
@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01", f"is WebM or Matroska{CONVERT}"),
        (b"\xff\xf1\x60\x40\x16\xbf\xfc", f"is AAC without a container (ADTS){CONVERT}"),
        (b"#!AMR\n\x04", f"is AMR{CONVERT}"),
        (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", f"is Windows Media (WMA){CONVERT}"),
        (b"\n<!DOCTYPE html><html>", "is a web page, as a failed download leaves it; get the file again"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4",
            "is a pointer that Git LFS left in place of the file; fetch the file",
        ),
        (b"\x1f\x8b\x08\x00", "is packed by gzip; unpack it"),
        (b"PK\x03\x04", "is a ZIP archive; unpack it"),
    ],
)
def test_what_cannot_be_read_is_called_what_it_is(
    name: str, start: bytes, reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(start + bytes(200))
    for read in (read_header, read_audio):
        with pytest.raises(AudioError) as caught:
            read(tmp_path / name)
        assert caught.value.reason == reason
        assert "\n" not in str(caught.value)
