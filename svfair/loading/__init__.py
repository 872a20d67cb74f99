"""Training batches: crops and augmentation."""
