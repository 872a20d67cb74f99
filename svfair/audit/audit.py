"""From scored trials and what is known of speakers to an audit: computed once, then asked."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy.typing as npt
import polars as pl

from svfair.audit.arrays import check_trials
from svfair.audit.attributes import SpeakerColumns, resolve_attribute
from svfair.audit.direction import higher_is_closer
from svfair.audit.frames import frame_of_comparison, frame_of_groups, frame_of_spreads, speaker_frame
from svfair.audit.notes import Note, Source
from svfair.audit.settings import DEFAULT_ATTRIBUTES, MOST_GROUPS, AuditSettings
from svfair.audit.trained import note_trained
from svfair.errors import InputError, Parameter, shown
from svfair.manifests.speakers import uniform_attributes
from svfair.metrics.comparison import compare
from svfair.metrics.evaluation import evaluate
from svfair.metrics.inputs import speaker_name
from svfair.metrics.results import Evaluation
from svfair.metrics.trial_set import TrialSet, make_trial_set
from svfair.trials.scored import ScoredTrials, keep_same


@dataclass(frozen=True)
class Audit:
    """How the errors of one system are shared; data frames are polars', rates are fractions.

    Parameters
    ----------
    evaluation
        All figures as plain data.
    sources
        The score files, one a seed; empty for scores that come from no file.
    notes
        What was left out, or is odd.
    """

    evaluation: Evaluation
    sources: tuple[Source, ...] = ()
    notes: tuple[Note, ...] = ()

    @property
    def overall(self) -> pl.DataFrame:
        """One row: errors over all trials."""
        return frame_of_groups([self.evaluation.overall])

    @property
    def attributes(self) -> tuple[str, ...]:
        """What can be asked for."""
        return tuple(attribute.name for attribute in self.evaluation.attributes)

    def by_group(self, attribute: str) -> pl.DataFrame:
        """Return one row a group; raise KeyError when the attribute was not audited."""
        return frame_of_groups(self.evaluation.attribute(attribute).groups)

    def gap(self, attribute: str) -> pl.DataFrame:
        """Return how far groups are apart, one row a rate and measure, with p-values of the gaps.

        Raises KeyError when the attribute was not audited.
        """
        return frame_of_spreads(self.evaluation.attribute(attribute))

    def compare(self, other: "Audit") -> pl.DataFrame:
        """Compare another system with this one, on the same trials and draws of speakers.

        Raises ValueError when they differ in trials, groups or draws.
        """
        return frame_of_comparison(compare(self.evaluation, other.evaluation))

    def _repr_html_(self) -> str:
        """Show in a notebook: overall, and each attribute's groups and gaps in EER."""
        shown = ["group", "speakers", "targets", "non_targets", "eer", "eer_low", "eer_high", "min_dcf"]
        parts = [f"<h3>{escape(self.evaluation.system)}</h3>"]
        frames = [("overall", self.overall), *((name, self.by_group(name)) for name in self.attributes)]
        for name, frame in frames:
            columns = [column for column in shown if column in frame.columns]
            parts.append(f"<h4>{escape(name)}</h4>{frame.select(columns)._repr_html_()}")
            if name in self.attributes:
                gaps = self.gap(name).filter(pl.col("rate") == "eer")
                parts.append(gaps.drop("rate")._repr_html_())
        return "".join(parts)


def audit(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    enrol: Iterable[str | float],
    test: Iterable[str | float],
    speakers: Any,
    settings: AuditSettings | None = None,
    *,
    system: str = "system",
    progress: Callable[[int], None] | None = None,
    **changes: Any,
) -> Audit:
    """Audit the scores of a verification system.

    Parameters
    ----------
    scores, labels
        Shape (trials,): scores, higher for the same speaker, and whether it is (true or 1).
    enrol, test
        The speaker of each side of each trial, (trials,), as text or numbers; numbers are the same speaker
        whatever they are kept in (100, 100.0, a tensor's element, or "100").
    speakers
        Attributes of the speakers: a data frame (polars or pandas) with a column `speaker_id`, or a mapping
        of speaker to a mapping of attribute to value. Genders are made uniform, and countries have regions,
        as in every audit.
    settings
        How.
    system
        Name in tables.
    progress
        Called with the number of replicates and permutations that have been done.
    changes
        Fields of `AuditSettings` to change, such as `by=["gender*country"]` or `minimum_targets=50`.

    Raises
    ------
    InputError
        When the trials, the speakers or a setting cannot be used, there is no such attribute, no speaker of
        the trials is known, or labels and speakers contradict each other.

    Examples
    --------
    >>> import numpy as np
    >>> from svfair.audit import audit
    >>> random = np.random.default_rng(0)
    >>> names = [f"s{number}" for number in range(20)]
    >>> enrol, test = random.choice(names, 4000), random.choice(names, 4000)
    >>> test = np.where(random.random(4000) < 0.5, enrol, test)
    >>> labels = enrol == test
    >>> speakers = {name: {"gender": "fm"[number % 2]} for number, name in enumerate(names)}
    >>> result = audit(random.normal(size=4000) + 3 * labels, labels, enrol, test, speakers)
    >>> result.by_group("gender")["group"].to_list()
    ['male', 'female']
    """
    if settings is not None and not isinstance(settings, AuditSettings):
        raise InputError(Parameter("settings"), f": must be AuditSettings, not {type(settings).__name__}")
    chosen = replace(settings or AuditSettings(), **changes)
    trials = make_trial_set(scores, labels, enrol, test)
    frame = speaker_frame(speakers)
    known = set(frame["speaker_id"])
    notes = check_trials(trials, known)
    trials, chosen = higher_is_closer(trials, chosen, system)
    audited = _audit(trials, known, _columns(frame), chosen, system, progress)
    return replace(audited, notes=(*notes, *audited.notes))


def audit_trials(
    trials: ScoredTrials,
    speakers: pl.DataFrame,
    settings: AuditSettings,
    *,
    system: str,
    progress: Callable[[int], None] | None = None,
) -> Audit:
    """Audit a score file that has been read.

    Parameters
    ----------
    trials
        From `read_scored_trials`.
    speakers
        One row a speaker, with `speaker_id` and attributes.
    settings
        How.
    system
        Name in tables.
    progress
        Called with the number of replicates and permutations that have been done.

    Raises
    ------
    InputError
        When an attribute is not there, no speaker is known, or labels and speakers contradict each other.
    """
    source = Source(trials.path.name, len(trials), trials.file_hash, trials.list_hash)
    known, columns = set(speakers["speaker_id"]), _columns(speakers)
    notes = []
    if trials.rejected.count:
        notes.append(Note("lines_rejected", trials.rejected.count, examples=trials.rejected.first))
    if trials.rejected.unscored:
        notes.append(Note("trials_unscored", trials.rejected.unscored))
    several, first = trials.several_scores
    notes += [Note("pairs_of_several_scores", several, examples=(first,))] if several else []
    for name in settings.same:
        before = len(trials)
        trials = keep_same(trials, _resolve("same", name, columns))
        notes.append(Note("trials_not_same", before - len(trials), before, attribute=name))
        if trials.lacks_a_kind():
            raise InputError(
                Parameter("same"), f" {name}: leaves no target or no non-target trials in {trials.path}"
            )
    crossed, same = trials.contradictions()
    notes += [Note("targets_of_two_speakers", crossed)] if crossed else []
    notes += [Note("non_targets_of_one_speaker", same)] if same else []
    notes += note_trained(pl.Series(trials.enrol), pl.Series(trials.test), trials.trained)
    _check_known({*trials.enrol, *trials.test}, known, trials)
    scores = trials.scores
    measured = make_trial_set(
        scores["score"].to_numpy(), scores["is_target"].to_numpy(), trials.enrol, trials.test
    )
    measured, settings = higher_is_closer(measured, settings, str(trials.path))
    audited = _audit(measured, known, columns, settings, system, progress)
    return replace(audited, sources=(source,), notes=(*notes, *audited.notes))


def check_attributes_of(speakers: pl.DataFrame, settings: AuditSettings) -> None:
    """Check, before there are scores, that speakers have the attributes that settings name.

    Raises
    ------
    InputError
        Naming the first that they lack.
    """
    columns = _columns(speakers)
    for parameter, names in (("by", settings.by), ("same", settings.same)):
        for name in names:
            _resolve(parameter, name, columns)
    if settings.stratify is not None:
        _resolve("stratify", settings.stratify, columns)


def _audit(
    trials: TrialSet,
    known: Collection[str],
    columns: SpeakerColumns,
    settings: AuditSettings,
    system: str,
    progress: Callable[[int], None] | None,
) -> Audit:
    names = settings.by or _default_attributes(columns)
    if settings.resampling is not None and settings.stratify is not None:
        strata = _resolve("stratify", settings.stratify, columns)
        settings = replace(settings, resampling=replace(settings.resampling, strata=strata))
    values = {name: _resolve("by", name, columns) for name in names}
    evaluation = evaluate(trials, values, settings, system=system, progress=progress)
    unknown = len(set(trials.speakers.names).difference(map(speaker_name, known)))
    notes = (Note("speakers_unknown", unknown, len(trials.speakers.names)),) if unknown else ()
    return Audit(evaluation, notes=notes)


def _columns(speakers: pl.DataFrame) -> SpeakerColumns:
    """Return attribute to speaker to value, in one spelling whichever way the speakers came."""
    uniform = uniform_attributes(speakers)
    names = [name for name in uniform.columns if name != "speaker_id"]
    return {name: dict(zip(uniform["speaker_id"], uniform[name], strict=True)) for name in names}


def _default_attributes(columns: SpeakerColumns) -> tuple[str, ...]:
    """Return gender and country region as far as known; without either, what parts speakers into groups."""
    usual = tuple(name for name in DEFAULT_ATTRIBUTES if name in columns)
    return usual or tuple(name for name, own in columns.items() if len(set(own.values())) <= MOST_GROUPS)


def _check_known(found: Collection[str], known: Collection[str], trials: ScoredTrials) -> None:
    if not any(speaker in known for speaker in found):
        raise InputError(
            f"{trials.path}: none of its {len(found)} speakers is in the metadata, the first is "
            f"'{shown(min(found))}'; ",
            *trials.advice(),
        )


def _resolve(parameter: str, name: str, columns: SpeakerColumns) -> dict[str, str]:
    try:
        return resolve_attribute(name, columns)
    except ValueError as error:
        raise InputError(Parameter(parameter), f" {name}: {error}") from error
