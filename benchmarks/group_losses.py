"""What does training see of the gap? Training losses of a trained extractor by gender.

    svfair demo demo
    python benchmarks/group_losses.py demo/plain

For utterances of each gender in training batches, the mean of: the loss that reweighting weighs (target and
non-target sides averaged), the loss of target pairs, of all non-target pairs, and of those non-target pairs
whose two speakers share the gender.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.nn import functional

from svfair.extractors import load_extractor
from svfair.loading import CropDataset, SpeakerBalancedBatches
from svfair.losses import PairLogistic
from svfair.manifests import read_manifest
from svfair.training import RunFolder

#: Far from any step of a demo, so that the crops are new though the recordings are not.
FIRST_STEP = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="run folder, trained with pair_logistic")
    parser.add_argument("--batches", type=int, default=12)
    options = parser.parse_args()
    run = RunFolder(options.run)
    data = run.recipe().data
    assert data.manifest is not None
    manifest = read_manifest(data.manifest, audio_root=data.audio_root)
    extractor, loss = load_extractor(run.extractor), PairLogistic()
    saved = max(run.checkpoints.glob("CKPT*")) / "objective.ckpt"
    # Plain training saves `loss.score.*`, a formulation around it `loss.loss.score.*`.
    saved_state = torch.load(saved, weights_only=True)
    state = {k[k.index("score.") :]: v for k, v in saved_state.items() if "score." in k}
    loss.load_state_dict(state)
    batches = SpeakerBalancedBatches(
        manifest.table,
        speakers_per_batch=data.speakers_per_batch,
        utterances_per_speaker=data.utterances_per_speaker,
        seed=0,
    )
    crops = CropDataset(manifest, batches, seconds=data.crop_seconds)
    gender = manifest.table["gender"].to_numpy()

    found: dict[str, list[list[float]]] = {}
    for step in range(FIRST_STEP, FIRST_STEP + options.batches):
        batch = crops[step]
        with torch.inference_mode():
            comparisons = loss.compare(extractor(batch["waveforms"]), batch["labels"])
            sign = torch.where(comparisons.is_target, -1.0, 1.0)
            pairs = functional.softplus(sign * comparisons.scores).numpy()
            rows = loss.row_losses(comparisons).numpy()
        own = gender[batch["rows"].numpy()]
        target, used = comparisons.is_target.numpy(), comparisons.is_used.numpy()
        same = own[:, None] == own[None, :]
        for group in np.unique(own):
            mine = (own == group)[:, None]
            sides = (target & used & mine, ~target & mine, ~target & same & mine)
            figures = [rows[own == group].mean(), *(pairs[side].mean() for side in sides)]
            found.setdefault(str(group), []).append([float(figure) for figure in figures])

    table = Table(title=f"Mean training losses, {options.batches} batches")
    for column in ("gender", "weighed loss", "target", "non-target", "non-target, same gender"):
        table.add_column(column, justify="left" if column == "gender" else "right")
    for group, figures in found.items():
        table.add_row(group, *(f"{value:.4f}" for value in np.mean(figures, axis=0)))
    Console().print(table)


if __name__ == "__main__":
    main()
