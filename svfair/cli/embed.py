from pathlib import Path
from typing import Annotated

import typer

from svfair.cli.options import FromRun
from svfair.errors import InputError, visible


def embed(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="EXTRACTOR MANIFEST",
            help="Run folder, or an extractor.safetensors; and manifest, or folder holding one. None with "
            "--run.",
            exists=True,
            default_factory=list,
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(help="Parquet file to write.", writable=True, dir_okay=False)],
    run: FromRun = None,
    audio_root: Annotated[
        Path | None,
        typer.Option(help="Folder that the manifest's paths are relative to.", exists=True, file_okay=False),
    ] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:N.")] = "cpu",
    longest_s: Annotated[
        float,
        typer.Option(
            "--longest",
            metavar="SECONDS",
            help="Cut longer recordings into equal parts and average the parts' embeddings. "
            "Memory grows with it, by about half a GiB a minute at 512 channels.",
        ),
    ] = 300.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was written as JSON.")] = False,
) -> None:
    """Embed every utterance of a manifest with a trained extractor.

    [bold]Example:[/bold] svfair embed runs/pairwise-0 corpus embeddings.parquet

    [bold]Example:[/bold] svfair embed --run runs/pairwise-0 embeddings.parquet
    """
    import json

    from svfair.audio import check_audio
    from svfair.cli.embedding_bar import embedding_bar
    from svfair.extractors import extractor_file, load_extractor
    from svfair.manifests import read_held_out, read_manifest
    from svfair.scoring import embed as embed_manifest
    from svfair.scoring import write_embeddings

    if len(sources) != (2 if run is None else 0):
        raise InputError("give an extractor and a manifest, or --run in place of both, and the file to write")
    if run is None:
        place, manifest = sources
        utterances = read_manifest(manifest, audio_root=audio_root)
    else:
        place, utterances = run, read_held_out(run, audio_root=audio_root)
    extractor = load_extractor(extractor_file(place))
    check_audio(utterances)
    notes: list[str] = []
    with embedding_bar(utterances.table.height) as progress:
        table = embed_manifest(
            extractor, utterances, device=device, longest_s=longest_s, progress=progress, tell=notes.append
        )
    write_embeddings(table, out, trained_speakers=extractor.trained_speakers)
    size = extractor.settings["embedding_size"]
    if as_json:
        made = {"embeddings": str(out), "utterances": table.height, "size": size, "notes": notes}
        typer.echo(json.dumps(made))
    else:
        lines = [f"Wrote {table.height} embeddings of size {size} to {out}", *notes]
        typer.echo(visible("\n".join(lines)), err=True)
