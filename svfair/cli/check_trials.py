from pathlib import Path
from typing import Annotated

import typer

from svfair.errors import InputError, visible


def check_trials(
    trials: Annotated[
        Path, typer.Argument(help="Trial list in any format read, gzip or not.", exists=True, dir_okay=False)
    ],
    manifest: Annotated[Path, typer.Argument(help="Manifest, or folder holding one.", exists=True)],
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="Attribute whose groups trials are counted by; repeat for more.",
            show_default="gender, if there",
        ),
    ] = None,
    missing: Annotated[
        Path | None,
        typer.Option(
            help="File to write all missing utterances to, one a line.", writable=True, dir_okay=False
        ),
    ] = None,
    enrol_column: Annotated[
        str, typer.Option(help="Column of the enrolment utterance, in lists with header.")
    ] = "",
    test_column: Annotated[str, typer.Option(help="Column of the test utterance.")] = "",
    label_column: Annotated[str, typer.Option(help="Column of the label.")] = "",
    target_label: Annotated[
        str | None,
        typer.Option(help="Label of a target trial, in lists with two words of their own.", metavar="WORD"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check a published trial list against a manifest.

    Tells what the list holds, and ends with exit code 2 when utterances are missing or labels contradict
    the speakers.

    [bold]Example:[/bold] svfair check-trials veri_test2.txt voxceleb1 --missing missing.txt
    """
    import json
    from dataclasses import asdict

    from svfair.files import write_text_whole
    from svfair.manifests.manifest import read_manifest
    from svfair.trials.checks import check_trials as check
    from svfair.trials.counts import group_lines
    from svfair.trials.files import read_trials

    table = read_manifest(manifest).table
    names = by if by is not None else ["gender"] if "gender" in table.columns else []
    columns = {"enrol": enrol_column, "test": test_column, "is_target": label_column}
    found = check(read_trials(trials, columns=columns, target_label=target_label), table, by=names)
    if missing is not None:
        write_text_whole(missing, "".join(f"{name}\n" for name in found.missing))
    if as_json:
        content = {"trials": str(trials), "manifest": str(manifest), **asdict(found)}
        content["list_sha256"] = content.pop("list_hash")
        typer.echo(json.dumps(content))
    else:
        lines = [
            f"{found.targets:,} target and {found.non_targets:,} non-target trials over "
            f"{found.utterances:,} utterances of {found.speakers:,} speakers"
        ]
        for name, counts in found.groups.items():
            lines += [f"By {name}:", *group_lines(counts)]
        typer.echo(visible("\n".join([*lines, *found.notes(), f"SHA-256 of the list: {found.list_hash}"])))
    problems = found.problems()
    if problems:
        raise InputError(f"{trials}: {'; '.join(problems)}")
