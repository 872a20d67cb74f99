from dataclasses import replace
from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.manifests import read_held_out, read_manifest, write_held_out


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.yaml").write_text("name: tiny\n")
    return folder


def test_what_is_read_back_is_what_was_held_out_wherever_it_is_read(
    listed: Path, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(listed.parent)
    held_out = read_manifest(Path("manifest.csv")).of_speakers(["s1", "s4"])
    write_held_out(held_out, run)
    monkeypatch.chdir(run)
    for back in (read_held_out(run), read_manifest(run / "held_out.parquet")):
        assert back.table.equals(held_out.table)
        assert back.recording(3) == replace(held_out, audio_root=listed.parent.resolve()).recording(3)
        assert back.recording(3).path.is_absolute()


def test_audio_that_has_moved_is_named_anew(listed: Path, run: Path, tmp_path: Path) -> None:
    write_held_out(read_manifest(listed), run)
    assert read_held_out(run, audio_root=tmp_path).audio_root == tmp_path.resolve()


@pytest.mark.fault("folders that cannot be used")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((), "run {run}: is not a run folder, it has no config.yaml; `svfair train` makes one"),
        (
            ("config.yaml",),
            "run {run}: has no held_out.parquet, as runs of earlier versions; resume it with `svfair train` "
            "and its own config.yaml, which writes it and trains nothing anew",
        ),
    ],
)
def test_a_folder_without_held_out_speakers_is_named(
    tmp_path: Path, content: tuple[str, ...], message: str
) -> None:
    run = tmp_path / "other"
    run.mkdir()
    for name in content:
        (run / name).write_text("name: tiny\n")
    with pytest.raises(InputError) as caught:
        read_held_out(run)
    assert str(caught.value) == message.format(run=run)


@pytest.mark.fault("folders that cannot be used")
def test_a_damaged_manifest_is_named(listed: Path, run: Path) -> None:
    write_held_out(read_manifest(listed), run)
    file = run / "held_out.parquet"
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match=r"held_out\.parquet: cannot be read as Parquet"):
        read_held_out(run)
