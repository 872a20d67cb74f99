"""Resampling of speakers, shuffling of groups, and the intervals that follow."""
