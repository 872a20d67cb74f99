import polars as pl

from svfair.audit.notes import Note
from svfair.manifests.trained_speakers import TrainedSpeakers
from svfair.trials.trained import count_trained


def note_trained(enrol: pl.Series, test: pl.Series, trained: TrainedSpeakers | None) -> list[Note]:
    """Note how many trials have a speaker that the extractor was trained on; nothing when none has.

    Parameters
    ----------
    enrol, test
        The speaker of each side of each trial.
    trained
        None when that is not known: then there is nothing to note.
    """
    if trained is None:
        return []
    found = count_trained(enrol, test, trained)
    if not found.count:
        return []
    return [Note("trials_of_trained_speakers", found.count, found.of, examples=found.first)]
