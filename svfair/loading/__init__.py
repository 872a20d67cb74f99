"""Training data for torch: batches, crops and augmentation."""

from svfair.loading.augmentation import Augmentation, AugmentationSettings, NoiseSettings, SpeedSettings
from svfair.loading.batches import BatchPlan, CropDataset, SpeakerBalancedBatches
from svfair.loading.loader import CropLoader

__all__ = [
    "Augmentation",
    "AugmentationSettings",
    "BatchPlan",
    "CropDataset",
    "CropLoader",
    "NoiseSettings",
    "SpeakerBalancedBatches",
    "SpeedSettings",
]
