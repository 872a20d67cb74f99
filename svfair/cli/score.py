from pathlib import Path
from typing import Annotated

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

    The SHA-256 of the trial list is printed, and kept in the metadata of Parquet (svfair.list_sha256).

    [bold]Example:[/bold] svfair score embeddings.parquet trials.txt scores.parquet
    """
    import json

    from svfair.scoring import cosine_scores, read_embeddings, write_scores
    from svfair.trials import read_trials

    scores = cosine_scores(read_embeddings(embeddings), read_trials(trials))
    list_hash = write_scores(scores, out)
    if as_json:
        typer.echo(json.dumps({"scores": str(out), "trials": scores.height, "list_sha256": list_hash}))
    else:
        typer.echo(f"Wrote {scores.height} scores to {out}\nSHA-256 of the list: {list_hash}", err=True)
