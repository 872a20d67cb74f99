"""Manifests, speakers, trials, scores and audio."""
