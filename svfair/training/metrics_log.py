import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import Tensor

from svfair.errors import InputError
from svfair.files import write_text_whole
from svfair.reweighting import Diagnostics


class MetricsLog:
    """Writes `metrics.jsonl`, and TensorBoard events when asked.

    Parameters
    ----------
    path
        The file; lines of an interrupted run are kept.
    groups
        For each attribute, the group of every row of the training manifest. They are for monitoring
        the weights alone: nothing here reaches the training.
    tensorboard
        Folder of the TensorBoard events; None for none.

    Raises
    ------
    InputError
        When TensorBoard is wanted but not installed.
    """

    def __init__(
        self, path: Path, groups: Mapping[str, Sequence[str]], tensorboard: Path | None = None
    ) -> None:
        self.path = path
        self.groups: dict[str, npt.NDArray[np.str_]] = {
            name: np.asarray(values, dtype=np.str_) for name, values in groups.items()
        }
        self.writer: Any = None
        if tensorboard is not None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError as error:
                raise InputError(
                    "training.tensorboard: TensorBoard is not installed; run pip install 'svfair[tracking]'"
                ) from error
            self.writer = SummaryWriter(str(tensorboard))

    def forget_after(self, step: int) -> None:
        """Drop lines beyond a step: a run that is resumed from there will write them again.

        Raises
        ------
        InputError
            When the file cannot be read or written, or a line of it is damaged.
        """
        if not self.path.is_file():
            return
        kept, number = [], 0
        try:
            for line in self.path.read_text(encoding="utf-8").splitlines(keepends=True):
                number += 1
                # A line that was cut short by a crash has no newline; it lies beyond any checkpoint.
                if line.endswith("\n") and json.loads(line)["step"] <= step:
                    kept.append(line)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: is not UTF-8; move it away to resume without it") from error
        except (ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{self.path}: line {number} is not one of a step; delete the line to resume"
            ) from error
        write_text_whole(self.path, "".join(kept))

    def write(
        self,
        step: int,
        loss: float,
        rate: float,
        rows: Tensor,
        found: Diagnostics | None,
        skipped_turns: int = 0,
    ) -> None:
        """Append one line: the step's loss and, once the adversary plays, what it does.

        Raises
        ------
        InputError
            When the file cannot be written.
        """
        line: dict[str, Any] = {"step": step, "loss": loss, "learning_rate": rate}
        if skipped_turns:
            line["skipped_turns"] = skipped_turns
        if found is not None:
            line |= {
                "effective_sample_size": found.effective_sample_size,
                "weight_loss_correlation": found.weight_loss_correlation,
                "largest_weight": found.largest_weight,
                "region_weights": found.region_weights,
                "group_weights": self._group_weights(rows, found.sample_weights),
            }
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_finite(line)) + "\n")
            if self.writer is not None:
                for name, value in line.items():
                    if isinstance(value, float):
                        self.writer.add_scalar(name, value, step)
                self.writer.flush()
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def _group_weights(self, rows: Tensor, sample_weights: Tensor) -> dict[str, dict[str, float]]:
        weights, row_numbers = sample_weights.cpu().numpy(), rows.cpu().numpy()
        means: dict[str, dict[str, float]] = {}
        for attribute, values in self.groups.items():
            group = values[row_numbers]
            means[attribute] = {str(g): float(weights[group == g].mean()) for g in np.unique(group)}
        return means


def _finite(value: Any) -> Any:
    """Return a value with null for each number that JSON cannot hold."""
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
