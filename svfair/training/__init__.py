"""The min-max training loop, its recipe and its run folder."""
