import math
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress

import speechbrain as sb
import torch
from torch import Tensor
from torch.utils.data import Sampler

from svfair.errors import InputError
from svfair.extractors import EcapaExtractor
from svfair.reweighting import Objective
from svfair.training.checkpoints import Checkpoints
from svfair.training.metrics_log import MetricsLog
from svfair.training.not_finite import NotFinite, explain
from svfair.training.recipe import Training

Batch = dict[str, Tensor]


class Interrupted(Exception):  # noqa: N818 - no error: the user asked for it
    """The user asked to stop; the step at hand is complete.

    Parameters
    ----------
    signal_number
        What was asked with: `SIGINT` (Ctrl-C) or `SIGTERM`.
    """

    def __init__(self, signal_number: int = signal.SIGINT) -> None:
        super().__init__(signal_number)
        self.signal_number = int(signal_number)


class MinMaxBrain(sb.Brain):
    """SpeechBrain's training loop with the min-max turn: extractor first, then the adversary.

    Parameters
    ----------
    extractor
        Trained by the minimising side, together with the parameters of the loss.
    objective
        What is lowered, by whichever method.
    settings
        Steps, learning rate, device.
    adversary_learning_rate
        Of the adversary's Adam, where there is an adversary.
    groups
        True group of each row of the manifest, int64, for the oracle methods.
    checkpointer
        Where the state goes, and where it is resumed from.
    log
        Takes a line every `settings.log_every` steps.
    utterances
        Name of each row of the manifest, for messages.
    """

    def __init__(
        self,
        extractor: EcapaExtractor,
        objective: Objective,
        settings: Training,
        *,
        adversary_learning_rate: float,
        checkpointer: Checkpoints,
        log: MetricsLog,
        utterances: Sequence[str],
        groups: Tensor | None = None,
    ) -> None:
        super().__init__(
            modules={"extractor": extractor, "objective": objective},
            run_opts={
                "device": settings.device,
                "ckpt_interval_steps": settings.checkpoint_every,
                "ckpt_interval_minutes": 0,
                "tqdm_colored_bar": False,
            },
            checkpointer=checkpointer,
        )
        self.objective = objective
        self.settings = settings
        self.adversary_learning_rate = adversary_learning_rate
        self.log = log
        self.utterances = utterances
        self.groups = groups
        self.stop_requested = False
        self.stop_signal: int = signal.SIGINT
        checkpointer.add_recoverables({"extractor": extractor, "objective": objective})

    def init_optimizers(self) -> None:
        """Give the two sides optimizers of their own."""
        settings, rate = self.settings, self.adversary_learning_rate
        adversary = self.objective.adversary_parameters()
        apart = {id(parameter) for parameter in adversary}
        beside = self.objective.learner_parameters()
        learned = [*self.modules["extractor"].parameters(), *(p for p in beside if id(p) not in apart)]
        learner = torch.optim.Adam(learned, lr=settings.learning_rate, weight_decay=settings.weight_decay)
        self.optimizers_dict = {"extractor": learner}
        if any(id(parameter) in apart for parameter in beside):  # simultaneous play: one optimizer
            learner.add_param_group({"params": adversary, "lr": rate, "weight_decay": 0.0})
        elif adversary:
            self.optimizers_dict["adversary"] = torch.optim.Adam(adversary, lr=rate)
        for name, optimizer in self.optimizers_dict.items():
            self.checkpointer.add_recoverable(f"optimizer_{name}", optimizer)

    def freeze_optimizers(
        self, optimizers: dict[str, torch.optim.Optimizer]
    ) -> dict[str, torch.optim.Optimizer]:
        """Keep the adversary out of the extractor's step: it takes its own turn."""
        return {"extractor": optimizers["extractor"]}

    def compute_forward(self, batch: Batch, stage: sb.Stage) -> Tensor:
        """Return the embeddings of a batch, shape (batch, size)."""
        embeddings: Tensor = self.modules["extractor"](batch["waveforms"].to(self.device))
        return embeddings

    def compute_objectives(self, predictions: Tensor, batch: Batch, stage: sb.Stage) -> Tensor:
        """Return the extractor's objective; the weights in it are constants."""
        loss: Tensor = self.objective(predictions, batch["labels"].to(self.device), self._groups(batch))
        if not bool(loss.isfinite() & predictions.isfinite().all()):
            raise NotFinite("loss")
        return loss

    def optimizers_step(self) -> None:
        """Step the extractor, unless a gradient is not finite; an adversary in its step is left out alone."""
        learned, *adversary = self.optimizers_dict["extractor"].param_groups
        if not _has_finite_gradients(learned["params"]):
            raise NotFinite("gradient")
        for group in adversary:
            if not _has_finite_gradients(group["params"]):
                self.objective.skipped_turns += 1
                for parameter in group["params"]:
                    parameter.grad = None
        super().optimizers_step()

    def fit_batch(self, batch: Batch) -> Tensor:
        """Step the extractor, then the adversary on the same embeddings.

        Raises
        ------
        Interrupted
            After the step, when `stop_requested` was set during it.
        InputError
            When the loss or a gradient is not finite; the step is not taken then, and the state of before is
            saved. When there is no memory for the batch.
        """
        self.optimizers_dict["extractor"].param_groups[0]["lr"] = self._learning_rate()
        # Batch normalisation takes up a batch before its loss is known.
        before = [buffer.clone() for buffer in self.modules["extractor"].buffers()]
        try:
            loss: Tensor = super().fit_batch(batch)
        except NotFinite as found:
            for buffer, value in zip(self.modules["extractor"].buffers(), before, strict=True):
                buffer.copy_(value)
            raise self._stopped(found, batch) from None
        except (MemoryError, RuntimeError) as error:
            is_memory = isinstance(error, MemoryError | torch.OutOfMemoryError)
            if not is_memory and "can't allocate memory" not in str(error):
                raise
            raise InputError(
                f"step {self.step}: no memory for a batch of {len(batch['rows'])} crops; set "
                "data.speakers_per_batch, data.crop_seconds or extractor.channels lower"
            ) from error
        labels = batch["labels"].to(self.device)
        self.objective.take_turn(
            self.embeddings, labels, self.optimizers_dict.get("adversary"), self._groups(batch)
        )
        if self.step % self.settings.log_every == 0 or self.step == self.settings.steps:
            self._log(float(loss), batch["rows"], labels)
        if self.stop_requested and self.step < self.settings.steps:
            raise Interrupted(self.stop_signal)
        return loss

    def on_fit_start(self) -> None:
        """Resume, and drop what the log says of steps that will be taken again."""
        super().on_fit_start()
        self.log.forget_after(self.step)

    def save_checkpoint(self) -> None:
        """Save the state after the step at hand."""
        self.checkpointer.save()

    def _save_intra_epoch_ckpt(self) -> None:
        self.checkpointer.save()

    def on_fit_batch_end(self, batch: Batch, outputs: Tensor, loss: Tensor, should_step: bool) -> None:
        """Keep the embeddings for the adversary's turn."""
        self.embeddings = outputs.detach()

    def _stopped(self, found: NotFinite, batch: Batch) -> InputError:
        """Save the state of before the step, and return what to tell of it."""
        names = [self.utterances[row] for row in batch["rows"].tolist()]
        told = explain(self.modules["extractor"], batch["waveforms"].to(self.device), names)
        step = self.step
        self.step -= 1
        if self.step > 0:
            with suppress(InputError):  # then the last checkpoint is what is kept
                self.save_checkpoint()
        return InputError(f"step {step}: the {found} is not finite, {told}")

    def _learning_rate(self) -> float:
        return self.objective.learning_rate_factor * learning_rate(self.step - 1, self.settings)

    def _groups(self, batch: Batch) -> Tensor | None:
        return None if self.groups is None else self.groups[batch["rows"]].to(self.device)

    def _log(self, loss: float, rows: Tensor, labels: Tensor) -> None:
        found = self.objective.diagnostics(self.embeddings, labels)
        skipped = int(self.objective.skipped_turns)
        self.log.write(self.step, loss, self._learning_rate(), rows, found, skipped)


def _has_finite_gradients(parameters: list[Tensor]) -> bool:
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    return bool(torch.nn.utils.get_total_norm(gradients).isfinite())


class StepSampler(Sampler[int]):
    """Hands out the steps that a brain still has to take; a resumed brain starts where it stopped."""

    def __init__(self, brain: MinMaxBrain) -> None:
        self.brain = brain

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.brain.step, len(self)))

    def __len__(self) -> int:
        return self.brain.settings.steps


def learning_rate(step: int, settings: Training) -> float:
    """Return the learning rate of a step, counted from 0: linear rise, then cosine decay."""
    if step < settings.learning_rate_warm_up:
        return settings.learning_rate * (step + 1) / settings.learning_rate_warm_up
    decay = (step - settings.learning_rate_warm_up) / max(1, settings.steps - settings.learning_rate_warm_up)
    floor = min(settings.final_learning_rate, settings.learning_rate)
    return floor + (settings.learning_rate - floor) * (1 + math.cos(math.pi * decay)) / 2
