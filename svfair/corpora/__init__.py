"""One file a corpus: from what its publisher ships, or from nothing, to a manifest."""
