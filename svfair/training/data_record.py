"""What a run is trained and evaluated on, as hashes: another manifest is refused when it is resumed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from svfair.errors import InputError, shown
from svfair.files import write_text_whole
from svfair.manifests import Manifest
from svfair.manifests.recording import PLACES
from svfair.manifests.rows import REQUIRED

#: Columns that decide which audio goes into which batch, beside the speaker.
_COLUMNS = (*(name for name in REQUIRED if name != "speaker_id"), *PLACES)


@dataclass(frozen=True)
class DataRecord:
    """The file of a run folder that says what its data are: for each part, a hash of each speaker's rows.

    Parameters
    ----------
    path
        `data.json` in the run folder.
    """

    path: Path

    def check(self, parts: Mapping[str, Manifest], groups: str | None = None) -> None:
        """Refuse data that differ from those of the run; write down a part that is not there yet.

        Parameters
        ----------
        parts
            Manifests by what they are for: `training`, `held_out`.
        groups
            Attribute that an oracle is told of the utterances, which then belongs to the data.

        Raises
        ------
        InputError
            Naming what differs, or when the file cannot be read or written.
        """
        known = self._read()
        found = {name: _hashes(manifest, groups) for name, manifest in parts.items()}
        for name, manifest in parts.items():
            if name in known:
                differs = _differences(known[name], found[name])
                if differs:
                    raise InputError(
                        f"{manifest.source}: is not what {self.path.parent} was started with; of its "
                        f"{name.replace('_', '-')} speakers {differs}; resume with the manifest of then, or "
                        "train in another folder"
                    )
        if found.keys() - known.keys():
            write_text_whole(self.path, json.dumps(known | found, indent=1, ensure_ascii=False) + "\n")

    def _read(self) -> dict[str, dict[str, str]]:
        if not self.path.exists():
            return {}
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        except (ValueError, RecursionError) as error:
            raise InputError(f"{self.path}: is not JSON; remove it to resume without this check") from error
        if not _is_record(content):
            raise InputError(
                f"{self.path}: does not say which speakers a run has; remove it to resume without this check"
            )
        return dict(content)


def _is_record(content: Any) -> bool:
    return isinstance(content, dict) and all(
        isinstance(part, dict) and all(isinstance(value, str) for value in part.values())
        for part in content.values()
    )


def _hashes(manifest: Manifest, groups: str | None) -> dict[str, str]:
    """Return how many utterances each speaker has, and a hash of them in their order."""
    table = manifest.table
    names = [name for name in (*_COLUMNS, groups) if name in table.columns]
    values = [pl.col(name).cast(pl.String).fill_null("") for name in names]
    of_speakers = (
        table.select("speaker_id", row=pl.concat_str(values, separator="\x1f"))
        .group_by("speaker_id")
        .agg(pl.len(), pl.col("row").str.join("\x1e"))
        .sort("speaker_id")
    )
    return {
        str(speaker): f"{count} {hashlib.sha256(rows.encode()).hexdigest()[:16]}"
        for speaker, count, rows in of_speakers.iter_rows()
    }


def _differences(known: Mapping[str, str], found: Mapping[str, str]) -> str:
    kinds = {
        "were added": found.keys() - known.keys(),
        "are missing": known.keys() - found.keys(),
        "have other utterances": {name for name in known.keys() & found.keys() if known[name] != found[name]},
    }
    return ", ".join(
        f"{len(names):,} {kind} (the first is '{shown(min(names))}')"
        for kind, names in kinds.items()
        if names
    )
