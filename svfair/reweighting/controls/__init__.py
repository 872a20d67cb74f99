"""What adversarial reweighting has to be compared with, behind the same interface."""

from svfair.reweighting.controls.group_controls import (
    GroupDro,
    GroupObjective,
    InverseGroupFrequency,
    VarianceOfRisks,
)
from svfair.reweighting.controls.sample_controls import (
    ChiSquareDro,
    ConditionalValueAtRisk,
    Focal,
    RowObjective,
)

__all__ = [
    "ChiSquareDro",
    "ConditionalValueAtRisk",
    "Focal",
    "GroupDro",
    "GroupObjective",
    "InverseGroupFrequency",
    "RowObjective",
    "VarianceOfRisks",
]
