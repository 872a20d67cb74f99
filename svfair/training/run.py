"""Train an extractor by a plan, in a run folder."""

import copy
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import torch

from svfair.audit.attributes import resolve_attribute
from svfair.extractors import save_extractor
from svfair.loading import CropDataset, CropLoader
from svfair.loading.loader import ended_workers_named
from svfair.manifests import TrainedSpeakers
from svfair.training.brain import Interrupted, MinMaxBrain, StepSampler
from svfair.training.checkpoints import Checkpoints
from svfair.training.metrics_log import MetricsLog
from svfair.training.plan import Plan
from svfair.training.run_folder import RunFolder


def train(
    plan: Plan, run: RunFolder, *, progress: bool = True, tell: Callable[[str], None] | None = None
) -> bool:
    """Train an extractor by a plan, going on from the run's last checkpoint.

    The same recipe and manifest give the same extractor on the same machine, whether or not the run was
    interrupted: batches and crops are a function of seed and step alone.

    Parameters
    ----------
    plan
        From `plan_run`; nothing in it changes.
    run
        Folder from `open_run`.
    progress
        Whether to show a bar on standard error.
    tell
        Takes lines for the user, such as which checkpoint could not be used; by default a warning.

    Returns
    -------
    bool
        True when training is complete; False when the user interrupted it and a checkpoint was left.

    Raises
    ------
    InputError
        As `fit`.
    """
    try:
        fit(plan, run, progress=progress, tell=tell)
    except Interrupted:
        return False
    return True


def fit(
    plan: Plan, run: RunFolder, *, progress: bool = True, tell: Callable[[str], None] | None = None
) -> None:
    """Train as `train` does, which catches `Interrupted`.

    Raises
    ------
    Interrupted
        When the user interrupted the training; a checkpoint is left.
    InputError
        When TensorBoard is wanted but not installed, a recording cannot be read, a file of the run cannot be
        written, the run was started on other data, another process trains in its folder, none of its
        checkpoints can be used, or the loss or a gradient is not finite.
    """
    tell = tell or (lambda line: warnings.warn(line, stacklevel=3))
    with run.claimed():
        run.check_data({"training": plan.manifest}, tell, plan.recipe.objective.method.groups)
        _fit(plan, run, progress, tell)


def _fit(plan: Plan, run: RunFolder, progress: bool, tell: Callable[[str], None]) -> None:
    data, settings = plan.recipe.data, plan.recipe.training
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    extractor, objective = copy.deepcopy((plan.extractor, plan.objective))
    tensorboard = run.path / "tensorboard" if settings.tensorboard else None
    log = MetricsLog(run.metrics, _monitored_groups(plan), tensorboard)
    brain = MinMaxBrain(
        extractor,
        objective,
        settings,
        adversary_learning_rate=plan.recipe.objective.method.adversary_learning_rate,
        checkpointer=Checkpoints(run.checkpoints, steps=settings.steps, tell=tell),
        log=log,
        utterances=plan.manifest.table["utterance_id"].to_list(),
        groups=plan.groups,
    )
    crops = CropDataset(
        plan.manifest, plan.batches, seconds=data.crop_seconds, augmentation=plan.augmentation
    )
    loader = CropLoader(
        crops,
        sampler=StepSampler(brain),
        num_workers=data.workers,
        worker_init_fn=_leave_interrupts_to_the_trainer,
    )
    with _stop_on_interrupt(brain):
        try:
            with ended_workers_named():
                brain.fit([1], loader, progressbar=progress)
        except Interrupted:
            brain.save_checkpoint()
            raise
    extractor.trained_speakers = TrainedSpeakers.of(plan.manifest.table["speaker_id"])
    save_extractor(extractor.cpu(), run.extractor)


def _monitored_groups(plan: Plan) -> dict[str, list[str]]:
    """Return the group of each row, for every attribute of the evaluation that the training speakers have."""
    speakers = plan.manifest.speakers()
    columns = {
        name: dict(zip(speakers["speaker_id"], speakers[name], strict=True)) for name in speakers.columns[1:]
    }
    found = {}
    for name in plan.recipe.evaluation.by:
        with suppress(ValueError):  # the held-out speakers may be known better than these
            group_of = resolve_attribute(name, columns)
            found[name] = [group_of[speaker] for speaker in plan.manifest.table["speaker_id"]]
    return found


@contextmanager
def _stop_on_interrupt(brain: MinMaxBrain) -> Iterator[None]:
    """Let the first Ctrl-C (or termination) end training after the step at hand; a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def request(number: int, frame: object) -> None:
        brain.stop_requested, brain.stop_signal = True, number
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, request)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_interrupts_to_the_trainer(worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
