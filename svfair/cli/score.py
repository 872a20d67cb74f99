from pathlib import Path
from typing import Annotated, Any

import typer


def score(
    embeddings: Annotated[
        Path,
        typer.Argument(
            help="Embeddings, Parquet: utterance_id and embedding, one row an utterance.",
            exists=True,
            dir_okay=False,
        ),
    ],
    trials: Annotated[
        Path, typer.Argument(help="Trial list in any format read.", exists=True, dir_okay=False)
    ],
    out: Annotated[
        Path, typer.Argument(help="Scores to write, .parquet or .csv.", writable=True, dir_okay=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Score trials by the cosine of their embeddings.

    The SHA-256 of the trial list is printed, and kept in the metadata of Parquet (svfair.list_sha256). Trials
    with a speaker that the extractor was trained on are counted, and warned of.

    [bold]Example:[/bold] svfair score embeddings.parquet trials.txt scores.parquet
    """
    import json

    from svfair.audit import note_trained
    from svfair.errors import visible
    from svfair.manifests import read_trained_speakers
    from svfair.reports import note_words
    from svfair.scoring import cosine_scores, read_embeddings, with_speakers, write_scores
    from svfair.trials import read_trials

    table, trained = read_embeddings(embeddings), read_trained_speakers(embeddings)
    scores = with_speakers(cosine_scores(table, read_trials(trials)), table)
    list_hash = write_scores(scores, out, trained_speakers=trained)
    made: dict[str, Any] = {"scores": str(out), "trials": scores.height, "list_sha256": list_hash}
    lines = [f"Wrote {scores.height} scores to {out}", f"SHA-256 of the list: {list_hash}"]
    if trained is not None and "enrol_speaker" in scores.columns:
        notes = note_trained(scores["enrol_speaker"], scores["test_speaker"], trained)
        made["trials_of_trained_speakers"] = sum(note.count for note in notes)
        lines += [f"Warning: {note_words(note)}" for note in notes]
    elif trained is not None:
        made["trials_of_trained_speakers"] = None
        lines.append(
            f"{embeddings}: does not tell the speakers of all these utterances (column speaker_id), so "
            "nobody knows whether the extractor was trained on them."
        )
    typer.echo(json.dumps(made) if as_json else visible("\n".join(lines)), err=not as_json)
