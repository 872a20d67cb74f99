"""What to call things in a sentence: attributes, groups, thresholds, settings, and what an audit noted."""

from collections.abc import Sequence

from svfair.audit import Audit, Note
from svfair.errors import shown
from svfair.metrics.results import Evaluation
from svfair.metrics.settings import Settings
from svfair.reports.numbers import level

_COUNTRIES = ("country", "country_region", "nationality")

_FROM = {"US": "the US", "USA": "the USA", "UK": "the UK", "other": "other countries"}


def attribute_words(attribute: str) -> str:
    """Return `country region` for `country_region`, and `gender and age` for `gender*age:30,50`."""
    return " and ".join(_words(part) for part in attribute.split("*"))


def speakers_of(attribute: str, group: str) -> str:
    """Return `female speakers from the US` for a group of `gender*country`."""
    names, values = attribute.split("*"), group.split(", ")
    if len(names) != len(values):
        names, values = [attribute], [group]
    before, after = "", ""
    for name, value in zip(names, values, strict=True):
        if name.strip() in ("gender", "sex") and value in ("male", "female"):
            before += f"{value} "
        elif name.strip() in _COUNTRIES:
            after += f" from {_FROM.get(value, value)}"
        else:
            after += f"{' and' if after else ''} with {attribute_words(name)} {value}"
    return f"{before}speakers{after}"


def _words(part: str) -> str:
    # Bins come after the last colon.
    return part.strip().rpartition(":")[0].replace("_", " ") or part.strip().replace("_", " ")


def threshold_words(settings: Settings) -> str:
    """Return what the threshold at which all groups are measured is: deployed only where it was given."""
    return "the deployed threshold" if settings.threshold.is_given else "one threshold for all"


def settings_words(evaluation: Evaluation) -> str:
    """Return how a system was measured."""
    settings, resampling = evaluation.settings, evaluation.settings.resampling
    point = settings.operating_point
    words = [
        f"group rule '{settings.rule}'",
        f"at least {settings.minimum_speakers} speakers and {settings.minimum_targets} target trials "
        "in a group",
        f"{threshold_words(settings).removeprefix('the ')} {settings.threshold}",
        f"EER {settings.eer_kind}",
        f"P = {point.p_target:g}, C_miss = {point.c_miss:g}, C_fa = {point.c_fa:g}",
    ]
    if getattr(settings, "lower_is_closer", False):
        words.append("scores negated, since lower means closer")
    if resampling is None:
        return "; ".join([*words, "nothing was resampled"])
    words += [
        f"{evaluation.overall.speakers:,} speakers resampled",
        f"seeds {evaluation.seeds}",
        f"replicates {resampling.replicates}",
        f"permutations {resampling.permutations}",
        f"seed {resampling.seed}",
        f"level {resampling.level:g}",
        f"kind {resampling.kind}",
        f"stratified {'yes' if resampling.strata else 'no'}",
    ]
    return "; ".join(words)


def resampling_words(evaluation: Evaluation) -> str:
    """Say how intervals were made, or that there are none."""
    resampling, seeds = evaluation.settings.resampling, evaluation.seeds
    if resampling is None:
        return "These figures carry no intervals: small differences may be chance."
    over = f"{evaluation.overall.speakers:,} speakers" + (f" and {seeds} seeds" if seeds > 1 else "")
    words = f"{level(resampling)} intervals from {resampling.replicates:,} bootstrap replicates over {over}"
    if resampling.permutations:
        words += (
            f"; p and gap of chance from {resampling.permutations:,} permutations of the groups over speakers"
        )
    return f"{words}; seed {resampling.seed}."


def note_lines(audits: Sequence[Audit]) -> list[str]:
    """Return what was noted on each system, a sentence a line."""
    return [f"{audit.evaluation.system}: {note_words(note)}" for audit in audits for note in audit.notes]


def note_words(note: Note) -> str:
    """Return a note as a sentence."""
    count = f"{note.count:,}"
    of = "" if note.of is None else f"{note.of:,}"
    if note.kind == "lines_rejected":
        more = "; ..." if note.count > len(note.examples) else ""
        return f"{count} lines could not be read and were left out: {'; '.join(note.examples)}{more}."
    if note.kind == "trials_of_trained_speakers":
        share = f"{100 * note.count / (note.of or 1):.3g} %"
        first = "".join(f", first '{shown(name)}'" for name in note.examples[:1])
        return (
            f"{count} of {of} trials ({share}) have a speaker that the extractor was trained on{first}; "
            "errors on other speakers are higher. Draw trials among those that the run held out."
        )
    return {
        "trials_unscored": f"{count} trials of the list have no score.",
        "pairs_of_several_scores": f"{count} pairs of utterances have several scores that differ, the first "
        f"is {'; '.join(note.examples)}; each score counts as a trial.",
        "trials_not_same": f"only trials whose speakers share {note.attribute}; {count} of {of} trials were "
        "left out for it.",
        "targets_of_two_speakers": f"{count} target trials are between two speakers; they count as they are "
        "labelled.",
        "non_targets_of_one_speaker": f"{count} non-target trials are of one speaker; they count as they are "
        "labelled.",
        "speakers_unknown": f"{count} of {of} speakers have no metadata; their trials count under unknown.",
    }[note.kind]


def input_words(audits: Sequence[Audit]) -> dict[str, str]:
    """Return what was read for each system, with hashes."""
    return {
        f"scores of {audit.evaluation.system}": "; ".join(
            f"{source.name}, {source.trials:,} trials, SHA-256 {source.file_sha256}; its sorted lines "
            f"`enrol test label`: SHA-256 {source.list_sha256}"
            for source in audit.sources
        )
        for audit in audits
        if audit.sources
    }
