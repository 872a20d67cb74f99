"""From recordings and an extractor to the scores of trials."""
