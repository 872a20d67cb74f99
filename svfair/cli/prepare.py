"""`svfair prepare CORPUS SOURCE OUT`: one command a corpus, with options that all of them have."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svfair.cli.shared_options import ManifestFormat, share_options

if TYPE_CHECKING:
    from svfair.corpora.corpus import Corpus

app = typer.Typer(
    no_args_is_help=True,
    help="Turn a corpus, as its publisher ships it, into a manifest.",
    rich_markup_mode="rich",
)


class Store(StrEnum):
    """Where the manifest's audio is."""

    SOURCE = "source"
    FLAC = "flac"
    PACKED = "packed"


def _shared(
    source: Annotated[Path, typer.Argument(help="The corpus's folder.", show_default=False)],
    out: Annotated[
        Path, typer.Argument(help="Folder to fill; the same command goes on there.", show_default=False)
    ],
    store: Annotated[
        Store,
        typer.Option(
            help="source: read the publisher's files in place. flac: write them as 16 kHz mono FLAC. "
            "packed: the same, in tar archives of 1,000."
        ),
    ] = Store.SOURCE,
    manifest_format: Annotated[ManifestFormat, typer.Option("--format", help="Of the manifest.")] = (
        ManifestFormat.PARQUET
    ),
    min_duration: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Reject shorter recordings.")
    ] = 0.1,
    max_rejected: Annotated[
        float, typer.Option(min=0, max=1, metavar="SHARE", help="Fail when more is rejected.")
    ] = 0.2,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.", show_default="number of cores")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was made as JSON.")] = False,
) -> None: ...


@dataclass(frozen=True)
class Finish:
    """Prepares a corpus with what the shared options say."""

    values: dict[str, Any]

    def __call__(self, corpus: "Corpus") -> None:
        """Prepare it, and print what was made."""
        from svfair.corpora.preparation.command import run_preparation
        from svfair.corpora.preparation.options import Options

        values = self.values
        options = Options(
            store=values["store"].value,
            csv=values["manifest_format"] is ManifestFormat.CSV,
            shortest_s=values["min_duration"],
            largest_rejected=values["max_rejected"],
            workers=values["workers"],
        )
        run_preparation(corpus, values["source"], values["out"], options, as_json=values["as_json"])


def _preparing(command: Callable[..., None]) -> Callable[..., None]:
    """Give a corpus's command the shared options; it calls `finish` with its corpus."""
    return share_options(command, _shared, "finish", Finish)


@app.callback()
def _corpora() -> None:
    pass


@app.command("voxceleb1")
@_preparing
def voxceleb1(
    finish: Finish,
    metadata: Annotated[
        str | None, typer.Option(help="vox1_meta.csv, when it does not lie in SOURCE.", show_default=False)
    ] = None,
) -> None:
    """Prepare VoxCeleb1: wav/id10001/VIDEO/00001.wav (also below dev/ and test/) and vox1_meta.csv.

    [bold]Example:[/bold] svfair prepare voxceleb1 /data/voxceleb1 prepared/voxceleb1
    """
    from svfair.corpora.voxceleb import VoxCeleb1

    finish(VoxCeleb1(metadata))


@app.command("voxceleb2")
@_preparing
def voxceleb2(
    finish: Finish,
    metadata: Annotated[
        str | None, typer.Option(help="vox2_meta.csv, when it does not lie in SOURCE.", show_default=False)
    ] = None,
) -> None:
    """Prepare VoxCeleb2: aac/id00012/VIDEO/00001.m4a (or wav, below dev/ and test/) and vox2_meta.csv.

    The m4a files are read in place, or written anew with --store.

    [bold]Example:[/bold] svfair prepare voxceleb2 /data/voxceleb2 prepared/voxceleb2 --store packed
    """
    from svfair.corpora.voxceleb import VoxCeleb2

    finish(VoxCeleb2(metadata))


@app.command("common-voice")
@_preparing
def common_voice(
    finish: Finish,
    split: Annotated[
        list[str] | None,
        typer.Option(help="Table to read, such as train; repeat for more.", show_default="validated"),
    ] = None,
) -> None:
    """Prepare one language of Common Voice: clips/*.mp3 and validated.tsv, train.tsv and so on.

    [bold]Example:[/bold] svfair prepare common-voice cv-corpus-24.0/en prepared/common-voice-en
    """
    from svfair.corpora.common_voice import CommonVoice

    finish(CommonVoice(tuple(split or ["validated"])))


@app.command("vctk")
@_preparing
def vctk(
    finish: Finish,
    microphone: Annotated[int | None, typer.Option(min=1, max=2, help="Of version 0.92.")] = 1,
) -> None:
    """Prepare VCTK: wav48_silence_trimmed/p225/p225_001_mic1.flac (or wav48/) and speaker-info.txt.

    [bold]Example:[/bold] svfair prepare vctk VCTK-Corpus-0.92 prepared/vctk
    """
    from svfair.corpora.vctk import Vctk

    finish(Vctk(microphone))


@app.command("librispeech")
@_preparing
def librispeech(finish: Finish) -> None:
    """Prepare LibriSpeech: train-clean-100/19/198/19-198-0000.flac and SPEAKERS.TXT.

    [bold]Example:[/bold] svfair prepare librispeech LibriSpeech prepared/librispeech
    """
    from svfair.corpora.librispeech import LibriSpeech

    finish(LibriSpeech())


@app.command("audiomnist")
@_preparing
def audiomnist(finish: Finish) -> None:
    """Prepare AudioMNIST: data/01/0_01_0.wav and data/audioMNIST_meta.txt.

    [bold]Example:[/bold] svfair prepare audiomnist AudioMNIST prepared/audiomnist
    """
    from svfair.corpora.audiomnist import AudioMnist

    finish(AudioMnist())


@app.command("cn-celeb")
@_preparing
def cn_celeb(finish: Finish) -> None:
    """Prepare CN-Celeb 1 or 2: data/id00000/singing-01-001.flac, dev/dev.lst, eval/.

    [bold]Example:[/bold] svfair prepare cn-celeb CN-Celeb_flac prepared/cn-celeb
    """
    from svfair.corpora.cn_celeb import CnCeleb

    finish(CnCeleb())


@app.command("speech-accent-archive")
@_preparing
def speech_accent_archive(
    finish: Finish,
    cut: Annotated[
        bool, typer.Option("--cut", help="Cut recordings into utterances; the two halves are two sessions.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="With --cut: of channels and codecs.")] = 0,
) -> None:
    """Prepare the Speech Accent Archive: recordings/ and speakers_all.csv; one recording a speaker.

    With --cut there are trials: utterances of the two halves count as two sessions, each through a random
    channel and codec. Figures from it say nothing of different days.

    [bold]Example:[/bold] svfair prepare speech-accent-archive SOURCE archive --cut
    """
    from svfair.corpora.speech_accent_archive import SpeechAccentArchive

    finish(SpeechAccentArchive(cut_utterances=cut, seed=seed))


@app.command("table")
@_preparing
def table(
    finish: Finish,
    table: Annotated[
        str | None,
        typer.Option(help="CSV, TSV or Parquet with a row a recording.", show_default=False),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Instead of a table: regular expression over paths; its named groups are the columns, "
            r"such as '(?P<speaker_id>\w+)_(?P<take>\d+).wav'.",
            show_default=False,
        ),
    ] = None,
    speakers: Annotated[
        str | None,
        typer.Option(help="Table with a row a speaker.", show_default="SOURCE/speakers.csv, if there"),
    ] = None,
    path_column: Annotated[str, typer.Option(help="Paths relative to SOURCE.")] = "path",
    speaker_column: Annotated[str, typer.Option(help="Who speaks.")] = "speaker_id",
    session_column: Annotated[
        str | None, typer.Option(help="Default: one session a speaker.", show_default=False)
    ] = None,
    utterance_column: Annotated[
        str | None, typer.Option(help="Default: the path without its ending.", show_default=False)
    ] = None,
) -> None:
    r"""Prepare any other corpus: a table with a row a recording, or a pattern over paths.

    Further columns (or groups) become attributes.

    [bold]Example:[/bold] svfair prepare table digits out --pattern '(?P<speaker_id>\w+)/'
    """
    from svfair.corpora.table import Table

    finish(
        Table(
            table=table,
            pattern=pattern,
            speakers_file=speakers,
            path_column=path_column,
            speaker_column=speaker_column,
            session_column=session_column,
            utterance_column=utterance_column,
        )
    )
