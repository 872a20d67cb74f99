"""What to tell of a step whose loss or gradient is not finite."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from svfair.errors import shown_list


class NotFinite(Exception):  # noqa: N818 - the message is what is not finite
    """The loss, or the gradient, of a step is not finite."""


@torch.no_grad()
def explain(extractor: nn.Module, waveforms: Tensor, names: Sequence[str]) -> str:
    """Say whose recordings, or else that the training, made numbers that are not finite.

    Parameters
    ----------
    extractor
        As it was before the step.
    waveforms
        Shape (batch, samples).
    names
        Of the utterances of the batch.
    """
    is_bad = ~waveforms.isfinite().all(1)
    if not bool(is_bad.any()):
        # In training, batch normalisation spreads one such recording over the whole batch.
        was_training = extractor.training
        is_bad = ~extractor.eval()(waveforms).isfinite().all(1)
        extractor.train(was_training)
        if bool(is_bad.all()):
            is_bad = torch.zeros_like(is_bad)
    blamed = sorted({name for name, bad in zip(names, is_bad.tolist(), strict=True) if bad})
    if blamed:
        return (
            f"because of the recordings of these utterances: {shown_list(blamed)}; mend their audio, "
            "or leave them out and train anew"
        )
    return "though all recordings of the batch are; set training.learning_rate lower and train anew"
