"""Synthetic speech: a corpus from nothing. Needs the optional package espeakng-loader to speak."""
