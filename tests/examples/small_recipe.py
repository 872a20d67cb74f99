"""What SpeechBrain's VoxCeleb speaker recipe promises, small: the names that our example builds on.

Stands in for `train_speaker_embeddings.py` where SpeechBrain's recipes are not at hand.
"""

from typing import Any

import speechbrain as sb
import torch
from torch import Tensor

if not torch.cuda.is_available():
    # In several processes SpeechBrain turns every batch normalisation into one over all of them, which torch
    # has for GPUs alone.
    torch.nn.SyncBatchNorm.convert_sync_batchnorm = lambda module: module


class SpeakerBrain(sb.Brain):  # type: ignore[misc]
    def compute_forward(self, batch: Any, stage: sb.Stage) -> tuple[Tensor, Tensor]:
        batch = batch.to(self.device)
        waveforms, lengths = batch.sig
        if stage == sb.Stage.TRAIN and hasattr(self.hparams, "wav_augment"):
            waveforms, lengths = self.hparams.wav_augment(waveforms, lengths)
        features = self.modules.mean_var_norm(self.modules.compute_features(waveforms), lengths)
        return self.modules.classifier(self.modules.embedding_model(features)), lengths

    def compute_objectives(self, predictions: Any, batch: Any, stage: sb.Stage) -> Tensor:
        outputs, lengths = predictions
        speakers, _ = batch.spk_id_encoded
        if stage == sb.Stage.TRAIN and hasattr(self.hparams, "wav_augment"):
            speakers = self.hparams.wav_augment.replicate_labels(speakers)
        if stage == sb.Stage.TRAIN and hasattr(self.hparams.lr_annealing, "on_batch_end"):
            self.hparams.lr_annealing.on_batch_end(self.optimizer)
        cost: Tensor = self.hparams.compute_cost(outputs, speakers, lengths)
        return cost

    def on_stage_end(self, stage: sb.Stage, stage_loss: float, epoch: int | None = None) -> None:
        if stage == sb.Stage.VALID:
            self.checkpointer.save_and_keep_only(meta={"loss": stage_loss}, min_keys=["loss"])


def dataio_prep(hparams: dict[str, Any]) -> tuple[Any, Any, Any]:
    files = [hparams["train_annotation"], hparams["valid_annotation"]]
    datasets = [
        sb.dataio.dataset.DynamicItemDataset.from_csv(
            csv_path=file, replacements={"data_root": hparams["data_folder"]}
        )
        for file in files
    ]
    encoder = sb.dataio.encoder.CategoricalEncoder()

    @sb.utils.data_pipeline.takes("wav", "start", "stop")
    @sb.utils.data_pipeline.provides("sig")
    def audio(wav: str, start: str, stop: str) -> Tensor:
        import soundfile

        return torch.from_numpy(soundfile.read(wav, dtype="float32", start=int(start), stop=int(stop))[0])

    @sb.utils.data_pipeline.takes("spk_id")
    @sb.utils.data_pipeline.provides("spk_id", "spk_id_encoded")
    def label(spk_id: str) -> Any:
        yield spk_id
        yield encoder.encode_sequence_torch([spk_id])

    sb.dataio.dataset.add_dynamic_item(datasets, audio)
    sb.dataio.dataset.add_dynamic_item(datasets, label)
    encoder.load_or_create(
        path=f"{hparams['save_folder']}/label_encoder.txt", from_didatasets=datasets[:1], output_key="spk_id"
    )
    sb.dataio.dataset.set_output_keys(datasets, ["id", "sig", "spk_id_encoded"])
    return datasets[0], datasets[1], encoder
