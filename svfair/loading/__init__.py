"""Training data for torch: batches, crops and augmentation."""

from svfair.loading.augmentation import Augmentation, AugmentationSettings, NoiseSettings, SpeedSettings
from svfair.loading.batches import BatchPlan, CropDataset, SpeakerBalancedBatches

__all__ = [
    "Augmentation",
    "AugmentationSettings",
    "BatchPlan",
    "CropDataset",
    "NoiseSettings",
    "SpeakerBalancedBatches",
    "SpeedSettings",
]
