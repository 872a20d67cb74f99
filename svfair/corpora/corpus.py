"""What a corpus has to say of itself, so that `svfair.corpora.preparation.prepare` can do the rest."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl

from svfair.manifests.recording import AUDIO_SUFFIXES

# The help of a command says what its corpus is, where there is no library of audio too.
if TYPE_CHECKING:
    from svfair.audio import Waveform

#: Of audio that is cut or written, in Hz.
SAMPLE_RATE = 16000


@dataclass(frozen=True)
class Piece:
    """An utterance cut from a recording.

    Parameters
    ----------
    name
        Told apart by this from other pieces of the recording; part of the utterance's id. "" for the whole.
    session
        Likewise of the session.
    waveform
        Mono float32 at 16 kHz.
    """

    name: str
    session: str
    waveform: "Waveform"


class Corpus(ABC):
    """A corpus as its publisher ships it.

    A subclass is a frozen dataclass whose fields are the corpus's options (see `option`); they become part of
    what decides whether an earlier preparation is still valid. It is sent to other processes, so it holds
    plain values. What a user reads of it on the command line names options as the fields are named, between
    backticks.
    """

    #: The command: `svfair prepare NAME SOURCE OUT`.
    name: ClassVar[str]

    #: What it is called within a sentence.
    title: ClassVar[str]

    #: What SOURCE looks like; shown in the help, and when nothing in it fits.
    layout: ClassVar[str]

    #: SOURCE and OUT, and perhaps options, of an example.
    example: ClassVar[str]

    #: What else a user should know before.
    remark: ClassVar[str] = ""

    #: Names of audio files end in one of these; compared in lower case.
    suffixes: ClassVar[tuple[str, ...]] = AUDIO_SUFFIXES

    @abstractmethod
    def utterances(self, source: Path, files: pl.DataFrame) -> pl.DataFrame:
        """Tell which files are utterances, and whose.

        Parameters
        ----------
        source
            The corpus's folder.
        files
            Column `path`: every audio file below `source`, relative to it, with `/`, sorted.

        Returns
        -------
        polars.DataFrame
            `path, utterance_id, speaker_id, session_id` and any attributes of the recording. Where files
            hold several utterances: `start_s` and `stop_s` (or `start_sample` and `stop_sample`), null for
            the start and the end of the file, and `audio_channel`, from 1. Files that are
            left out are counted as not fitting the layout; a row without its file is rejected and named.
            Where the publisher tells no sessions, `session_id` is the speaker's id.

        Raises
        ------
        InputError
            When the publisher's tables are not there or cannot be read.
        """

    @abstractmethod
    def speakers(self, source: Path) -> pl.DataFrame:
        """Return one row a speaker: `speaker_id` and the published attributes, values as written.

        `gender`, `country` and `age` are made uniform later. A corpus without metadata returns the column
        `speaker_id` alone, with no rows.

        Raises
        ------
        InputError
            When the metadata is not there or cannot be read.
        """

    @property
    def cuts(self) -> bool:
        """Whether recordings are cut into pieces, so that audio has to be written."""
        return False

    def cut(self, recording: dict[str, str], waveform: "Waveform") -> list[Piece]:
        """Cut a recording into utterances; no piece means that it is too short.

        Parameters
        ----------
        recording
            Its row of `utterances`.
        waveform
            Mono float32 at 16 kHz.
        """
        return [Piece("", "", waveform)]


def option(default: Any, help_text: str, **more: Any) -> Any:
    """Return a field of a dataclass that is an option on the command line.

    Parameters
    ----------
    default, help_text
        Its value when it is not given, and what it is.
    more
        `name` of the option, such as `split`, where it is not the field's; `shown`, what the help shows as
        default; `min` and `max` of a number; `metavar`, what stands for the value. `later`: came after the
        corpus, so that without it an earlier preparation was made in the same way.
    """
    return field(default=default, metadata={"help": help_text, **more})


def by_pattern(files: pl.DataFrame, pattern: str) -> pl.DataFrame:
    """Return `path` and the named groups of a pattern as columns, for the files that it matches.

    Parameters
    ----------
    files
        With column `path`.
    pattern
        Regular expression (Rust's) with named groups, sought anywhere in the path.
    """
    matched = files.select("path", found=pl.col("path").str.extract_groups(pattern)).unnest("found")
    names = [name for name in matched.columns if name != "path"]
    return matched.filter(pl.all_horizontal(pl.col(names).is_not_null()))


def no_speakers() -> pl.DataFrame:
    """Return the table of a corpus that publishes no attributes of its speakers."""
    return pl.DataFrame(schema={"speaker_id": pl.String})
