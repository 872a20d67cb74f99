"""SpeechBrain's VoxCeleb speaker recipe with adversarial reweighting put in.

    python examples/speechbrain_recipe.py RECIPE_FOLDER hparams/train_ecapa_tdnn.yaml --data_folder=DATA

The recipe's folder (recipes/VoxCeleb/SpeakerRec), hyperparameters, data pipeline and overrides are
SpeechBrain's own; the annotation files are those that a first run of the recipe leaves behind. Its Brain is
kept as it is: it still schedules the learning rate and measures the error rate. Ours adds the objective, the
adversary's turn after each step, and both to the recipe's checkpoints.

Under torchrun, as the recipe itself is run on several devices, the loss is taken over the batches of all
processes, with one adversary.

The recipe trains a classifier on batches in which a speaker may be alone, so the accumulated formulation is
put over AAM-softmax; the recipe's classifier is that of the loss.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

import speechbrain as sb
import torch
from hyperpyyaml import load_hyperpyyaml
from torch import Tensor, distributed, nn

from svfair.losses import AamSoftmax
from svfair.reweighting import Objective, make_objective


def reweighted(speaker_brain: type[Any]) -> type[Any]:
    """Return a recipe's Brain, such as `train_speaker_embeddings.SpeakerBrain`, with an objective put in."""

    class ReweightedBrain(speaker_brain):  # type: ignore[misc]
        """Lower the objective in place of the recipe's cost, and let it take its turn."""

        def __init__(self, *arguments: Any, objective: Objective, **named: Any) -> None:
            super().__init__(*arguments, **named)
            self.objective = objective.to(self.device)
            self.modules.embedding_model.register_forward_hook(self._keep)
            if self.checkpointer is not None:
                self.checkpointer.add_recoverable("objective", objective)

        def init_optimizers(self) -> None:
            """Let the recipe make its optimizer, and make the adversary's."""
            super().init_optimizers()
            self.adversary = torch.optim.Adam(self.objective.adversary_parameters(), lr=1e-2)
            if self.checkpointer is not None:
                self.checkpointer.add_recoverable("adversary", self.adversary)

        def compute_objectives(self, predictions: Any, batch: Any, stage: sb.Stage) -> Tensor:
            """Return the reweighted loss in training; schedules and error rates stay the recipe's."""
            cost: Tensor = super().compute_objectives(predictions, batch, stage)
            if stage != sb.Stage.TRAIN:
                return cost
            value: Tensor = self.objective(self.embeddings, self._speakers(batch))
            return value

        def on_fit_batch_end(self, batch: Any, outputs: Any, loss: Tensor, should_step: bool) -> None:
            """Train the adversary on the embeddings of the step."""
            self.objective.take_turn(self.embeddings, self._speakers(batch), self.adversary)

        def _keep(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
            self.embeddings = output.squeeze(1)

        def _speakers(self, batch: Any) -> Tensor:
            speakers, _ = batch.spk_id_encoded
            if hasattr(self.hparams, "wav_augment"):
                speakers = self.hparams.wav_augment.replicate_labels(speakers)
            labels: Tensor = speakers.squeeze(1).to(self.device)
            return labels

    return ReweightedBrain


def build_objective(classifier: nn.Module, **settings: Any) -> Objective:
    """Build the objective around the recipe's classifier, whose weight (speakers, size) it shares."""
    speakers, size = classifier.weight.shape
    loss = AamSoftmax(size, speakers, margin=0.2, scale=30)
    loss.weight = classifier.weight
    return make_objective("accumulated", loss, size, **settings)


def main(folder: Path, arguments: list[str]) -> Any:
    """Train as the recipe does; return the Brain."""
    sys.path.insert(0, str(folder))
    recipe = importlib.import_module("train_speaker_embeddings")
    hparams_file, run_opts, overrides = sb.parse_arguments(arguments)
    sb.utils.distributed.ddp_init_group(run_opts)
    with (folder / hparams_file).open(encoding="utf-8") as file:
        hparams = load_hyperpyyaml(file, overrides)
    train_data, valid_data, _ = recipe.dataio_prep(hparams)
    objective = build_objective(
        hparams["classifier"],
        warm_up_steps=int(hparams.get("warm_up_steps", 0)),
        gather=distributed.is_available() and distributed.is_initialized(),
    )
    brain = reweighted(recipe.SpeakerBrain)(
        modules=hparams["modules"],
        opt_class=hparams["opt_class"],
        hparams=hparams,
        run_opts=run_opts,
        checkpointer=hparams["checkpointer"],
        objective=objective,
    )
    options = hparams["dataloader_options"]
    brain.fit(
        brain.hparams.epoch_counter,
        train_data,
        valid_data,
        train_loader_kwargs=options,
        valid_loader_kwargs=options,
    )
    return brain


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
    if distributed.is_available() and distributed.is_initialized():
        # A process that leaves while gloo's threads still run is aborted.
        distributed.barrier()
        distributed.destroy_process_group()
