from pathlib import Path
from typing import Annotated

import typer


def score(
    embeddings: Annotated[Path, typer.Argument(help="Embeddings, Parquet.", exists=True, dir_okay=False)],
    trials: Annotated[
        Path, typer.Argument(help="Trial list in any format read.", exists=True, dir_okay=False)
    ],
    out: Annotated[Path, typer.Argument(help="Scores to write, .parquet or .csv.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Score trials by the cosine of their embeddings.

    The SHA-256 of the trial list is printed, and kept in the metadata of Parquet (svfair.list_sha256).

    [bold]Example:[/bold] svfair score embeddings.parquet trials.txt scores.parquet
    """
    import json

    from svfair.scoring.cosine import cosine_scores
    from svfair.scoring.embeddings import read_embeddings
    from svfair.trials.files import read_trials, write_scores
    from svfair.trials.list_hash import hash_of_list

    scores = cosine_scores(read_embeddings(embeddings), read_trials(trials))
    list_hash = hash_of_list(scores)
    write_scores(scores, out, {"svfair.list_sha256": list_hash})
    if as_json:
        typer.echo(json.dumps({"scores": str(out), "trials": scores.height, "list_sha256": list_hash}))
    else:
        typer.echo(f"Wrote {scores.height} scores to {out}\nSHA-256 of the list: {list_hash}", err=True)
