"""Synthetic speech: a corpus from nothing."""
