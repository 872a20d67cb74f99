from pathlib import Path
from typing import Annotated

import typer


def embed(
    run: Annotated[Path, typer.Argument(help="Run folder, or an extractor.safetensors.", exists=True)],
    manifest: Annotated[Path, typer.Argument(help="Manifest, or folder holding one.", exists=True)],
    out: Annotated[Path, typer.Argument(help="Parquet file to write.", writable=True, dir_okay=False)],
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
    """
    import json

    from svfair.audio import check_audio
    from svfair.cli.embedding_bar import embedding_bar
    from svfair.extractors import load_extractor
    from svfair.manifests import read_manifest
    from svfair.scoring import embed as embed_manifest
    from svfair.scoring import write_embeddings

    extractor = load_extractor(run / "extractor.safetensors" if run.is_dir() else run)
    utterances = read_manifest(manifest, audio_root=audio_root)
    check_audio(utterances)
    with embedding_bar(utterances.table.height) as progress:
        table = embed_manifest(extractor, utterances, device=device, longest_s=longest_s, progress=progress)
    write_embeddings(table, out)
    size = extractor.settings["embedding_size"]
    if as_json:
        typer.echo(json.dumps({"embeddings": str(out), "utterances": table.height, "size": size}))
    else:
        typer.echo(f"Wrote {table.height} embeddings of size {size} to {out}", err=True)
