"""The whole way once, on synthetic speech: corpus, two trainings from the same start, fairness table."""

import json
import time
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from svfair.audit import Audit
from svfair.corpora.synthetic.corpus import SyntheticCorpus, make_corpus
from svfair.errors import visible
from svfair.files import write_text_whole
from svfair.reports import to_json, write_page
from svfair.training import EmbeddingBar, Recipe, complete_run, environment, read_recipe

#: In a wheel the recipes lie inside the package, in a checkout beside it.
_PACKAGE = Path(__file__).parent
RECIPES = next(folder / "recipes" for folder in (_PACKAGE, _PACKAGE.parent) if (folder / "recipes").is_dir())

SYSTEMS = ("plain", "pairwise")

TOO_SHORT = (
    "This was a quick run: it shows that everything works, and is too short to compare the systems. "
    "The whole demo is long enough for that."
)
ONE_SEED = (
    "One seed on synthetic voices. Seeds differ by as much as the systems do, so nothing general follows "
    "from one run."
)


@dataclass(frozen=True)
class Scale:
    """How large a demo is; `overrides` go into both recipes."""

    training_speakers: int
    test_speakers: int
    overrides: dict[str, str]


FULL = Scale(240, 96, {})
QUICK = Scale(
    48,
    24,
    {
        "training.steps": "30",
        "training.learning_rate_warm_up": "5",
        "data.speakers_per_batch": "16",
        "extractor.channels": "64",
        "objective.method.regions": "4",
    },
)


def run_demo(
    out: Path,
    *,
    quick: bool,
    seed: int,
    workers: int,
    console: Console,
    bar: EmbeddingBar | None = None,
) -> list[Audit]:
    """Make the corpora, train plainly and with pairwise reweighting, evaluate both on unseen speakers.

    Women and accents from outside the US are rarer in training; the unseen speakers are balanced over
    gender and country. Every step that was completed in `out` before is kept.

    Parameters
    ----------
    out
        Folder for everything that is made.
    quick
        Smaller and shorter, too short to compare the systems.
    seed
        Of the corpora's training speakers, the extractor's start and the batches. The unseen speakers
        stay the same, so that seeds are compared on the same trials.
    workers
        Processes that synthesise speech.
    console
        Where progress goes.
    bar
        See `complete_run`.

    Returns
    -------
    list of Audit
        Of the plain system and of the reweighted one.

    Raises
    ------
    InputError
        When the speech synthesiser is not installed, or `out` holds a demo with other settings.
    Interrupted
        When the user interrupted the training; running it again goes on.
    """
    start = time.monotonic()
    scale = QUICK if quick else FULL
    console.rule("1/4  Synthetic speech")
    training, unseen = _corpora(scale, seed)
    training_manifest = make_corpus(training, out / "training", workers=workers, console=console)
    unseen_manifest = make_corpus(unseen, out / "unseen", workers=workers, console=console)
    audits = []
    for number, system in enumerate(SYSTEMS, start=2):
        console.rule(f"{number}/4  {system}")
        recipe = _recipe(system, scale, seed, training_manifest, unseen_manifest)
        audited = complete_run(recipe, out / system, resume=True, bar=bar)
        assert audited is not None  # it is evaluated
        audits.append(audited)
    console.rule("4/4  Report")
    notes = [TOO_SHORT if quick else ONE_SEED]
    facts = {name: str(value) for name, value in environment().items()} | {"seed": str(seed)}
    write_page(out / "report.html", audits, title="svfair demo", notes=notes, facts=facts)
    write_text_whole(out / "report.json", json.dumps(to_json(audits), indent=2) + "\n")
    minutes, seconds = divmod(round(time.monotonic() - start), 60)
    took = visible(f"Took {minutes} min {seconds} s. Report: {out / 'report.html'}")
    console.print(took, soft_wrap=True, markup=False)
    console.print(notes[0], soft_wrap=True)
    return audits


def _corpora(scale: Scale, seed: int) -> tuple[SyntheticCorpus, SyntheticCorpus]:
    training = SyntheticCorpus(
        speakers=scale.training_speakers,
        female_share=0.28,
        countries={"USA": 0.7, "UK": 0.2, "Jamaica": 0.1},
        seed=seed,
    )
    unseen = replace(
        training,
        speakers=scale.test_speakers,
        countries={"USA": 1.0, "UK": 1.0, "Jamaica": 1.0},
        balanced=True,
        # Far from any seed that a user would give to the training speakers.
        seed=1_000_000,
    )
    return training, unseen


def _recipe(system: str, scale: Scale, seed: int, training: Path, unseen: Path) -> Recipe:
    overrides = {
        "seed": str(seed),
        "data.manifest": json.dumps(str(training)),
        "data.held_out_manifest": json.dumps(str(unseen)),
        **scale.overrides,
    }
    return read_recipe(RECIPES / "synthetic" / f"{system}.yaml", overrides)
