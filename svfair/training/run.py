"""Train an extractor by a recipe, in a run folder."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from speechbrain.utils.checkpoints import Checkpointer
from torch.utils.data import DataLoader

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor, save_extractor
from svfair.loading.augmentation import Augmentation
from svfair.loading.batches import CropDataset, SpeakerBalancedBatches
from svfair.manifests.manifest import Manifest
from svfair.training.brain import Interrupted, MinMaxBrain, StepSampler
from svfair.training.metrics_log import MetricsLog
from svfair.training.objectives import build_objective, number_groups
from svfair.training.recipe import Recipe, Reweighting
from svfair.training.run_folder import RunFolder


def train(recipe: Recipe, manifest: Manifest, run: RunFolder, *, progress: bool = True) -> bool:
    """Train an extractor on the speakers of a manifest, going on from the run's last checkpoint.

    The same recipe and manifest give the same extractor on the same machine, whether or not the run was
    interrupted: batches and crops are a function of seed and step alone.

    Parameters
    ----------
    recipe
        All settings.
    manifest
        Training speakers alone.
    run
        Folder from `open_run`.
    progress
        Whether to show a bar on standard error.

    Returns
    -------
    bool
        True when training is complete; False when the user interrupted it and a checkpoint was left.

    Raises
    ------
    InputError
        When the device is not there or the manifest has too few speakers for the recipe.
    """
    if recipe.training.threads is not None:
        torch.set_num_threads(recipe.training.threads)
    batches = plan_batches(recipe, manifest)
    torch.manual_seed(recipe.seed)
    extractor = EcapaExtractor(**recipe.extractor.model_dump())
    groups, group_counts = _true_groups(recipe, manifest)
    augmentation = build_augmentation(recipe, batches)  # scanned already
    objective = build_objective(recipe, speakers=_labels(recipe, batches), group_counts=group_counts)
    data, settings = recipe.data, recipe.training
    attributes = [name for name in recipe.evaluation.by if name in manifest.table.columns]
    log = MetricsLog(
        run.metrics,
        {name: manifest.table[name].fill_null("unknown").to_list() for name in attributes},
        run.path / "tensorboard" if settings.tensorboard else None,
    )
    run.checkpoints.mkdir(exist_ok=True)
    brain = MinMaxBrain(
        extractor,
        objective,
        settings,
        adversary_learning_rate=(recipe.objective.reweighting or Reweighting()).adversary_learning_rate,
        checkpointer=Checkpointer(run.checkpoints),
        log=log,
        groups=groups,
    )
    loader: DataLoader[dict[str, torch.Tensor]] = DataLoader(
        CropDataset(manifest, batches, seconds=data.crop_seconds, augmentation=augmentation),
        batch_size=None,
        sampler=StepSampler(brain),
        num_workers=data.workers,
        worker_init_fn=_leave_interrupts_to_the_trainer,
    )
    with _stop_on_interrupt(brain):
        try:
            brain.fit([1], loader, progressbar=progress)
        except Interrupted:
            brain.save_checkpoint()
            return False
    save_extractor(extractor.cpu(), run.extractor)
    return True


def plan_batches(recipe: Recipe, manifest: Manifest) -> SpeakerBalancedBatches:
    """Return the batches of a run; also the check that it can run at all, before anything is written.

    Raises
    ------
    InputError
        When the device is not there, the manifest has too few speakers or no such groups for the recipe, a
        folder of augmentation cannot be used, or the method does not take one of its settings.
    """
    _check_device(recipe.training.device)
    batches = SpeakerBalancedBatches(
        manifest.table,
        speakers_per_batch=recipe.data.speakers_per_batch,
        utterances_per_speaker=recipe.data.utterances_per_speaker,
        seed=recipe.seed,
    )
    _, group_counts = _true_groups(recipe, manifest)
    build_objective(recipe, speakers=_labels(recipe, batches), group_counts=group_counts)
    build_augmentation(recipe, batches)
    return batches


def build_augmentation(recipe: Recipe, batches: SpeakerBalancedBatches) -> Augmentation | None:
    """Scan the folders of a recipe's augmentation; None when it has none.

    Raises
    ------
    InputError
        When a folder is missing, holds no audio, or holds a file that cannot be used.
    """
    settings = recipe.data.augmentation.settings()
    if settings is None:
        return None
    return Augmentation(settings, speakers=len(batches.speakers), seed=recipe.seed)


def _labels(recipe: Recipe, batches: SpeakerBalancedBatches) -> int:
    """Return how many speakers a classifier tells apart: also those that a changed speed makes."""
    settings = recipe.data.augmentation.settings()
    return len(batches.speakers) * (1 if settings is None else settings.label_copies)


def _true_groups(recipe: Recipe, manifest: Manifest) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return the groups that an oracle method is told, and their sizes."""
    control = recipe.objective.control
    if control is None or control.groups is None:
        return None, None
    if control.groups not in manifest.table.columns:
        raise InputError(
            f"objective.control.groups: the manifest has no column '{control.groups}'; "
            f"it has {', '.join(manifest.table.columns)}"
        )
    return number_groups(manifest.table[control.groups].fill_null("unknown").cast(str).to_list())


@contextmanager
def _stop_on_interrupt(brain: MinMaxBrain) -> Iterator[None]:
    """Let the first Ctrl-C (or termination) end training after the step at hand; a second one at once."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread alone
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def request(number: int, frame: object) -> None:
        brain.stop_requested = True
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


def _check_device(device: str) -> None:
    kind = device.split(":")[0]
    if kind not in ("cpu", "cuda"):
        raise InputError(f"training.device: '{device}' is none of cpu, cuda, cuda:N")
    if kind == "cuda" and not torch.cuda.is_available():
        raise InputError("training.device: no CUDA device is available here; set it to cpu")
