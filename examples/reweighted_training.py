"""The loop of plain_training.py with adversarial reweighting put in."""

import sys
from pathlib import Path

import torch
from torch import nn

from svfair.losses import PairLogistic
from svfair.reweighting import make_objective


def draw_batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Stand in for a data loader: 20 of 100 speakers with two utterances each, as 40 features."""
    random = torch.Generator().manual_seed(step)
    speakers = torch.randn(100, 40, generator=torch.Generator().manual_seed(0))
    labels = torch.randperm(100, generator=random)[:20].repeat_interleave(2)
    return speakers[labels] + torch.randn(40, 40, generator=random), labels


def main(steps: int = 200, checkpoint: Path | None = None) -> float:
    """Train, going on from a checkpoint if there is one; return the last loss."""
    torch.manual_seed(0)
    extractor = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 16))
    objective = make_objective("pairwise", PairLogistic(), 16, regions=8, warm_up_steps=50)
    optimizer = torch.optim.Adam([*extractor.parameters(), *objective.learner_parameters()], lr=1e-3)
    adversary = torch.optim.Adam(objective.adversary_parameters(), lr=1e-2)
    saved = {"extractor": extractor, "objective": objective, "optimizer": optimizer, "adversary": adversary}
    first = 0
    if checkpoint is not None and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        first = state.pop("step")
        for name, part in saved.items():
            part.load_state_dict(state[name])
    for step in range(first, steps):
        features, labels = draw_batch(step)
        embeddings = extractor(features)
        loss = objective(embeddings, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        objective.take_turn(embeddings, labels, adversary)
        if step % 50 == 49:
            print(f"step {step + 1}: loss {loss.item():.4f}")
    if checkpoint is not None:
        torch.save({"step": steps, **{name: part.state_dict() for name, part in saved.items()}}, checkpoint)
    return loss.item()


if __name__ == "__main__":
    main(*(kind(value) for kind, value in zip((int, Path), sys.argv[1:], strict=False)))
