"""Utterances and their speakers: manifests, attributes, groups, splits and subsets."""

from svfair.manifests.attributes import normalise_attributes
from svfair.manifests.held_out import read_held_out, write_held_out
from svfair.manifests.lists import read_utterance_list, select_listed
from svfair.manifests.manifest import Manifest, read_manifest
from svfair.manifests.ratios import apportion, speakers_in_ratio
from svfair.manifests.recording import Recording
from svfair.manifests.speakers import read_attributes, read_speakers, uniform_attributes
from svfair.manifests.splits import divide_speakers, fold_speakers, hold_out_speakers
from svfair.manifests.subsets import limit_utterances, rows_where, write_subset
from svfair.manifests.trained_speakers import TrainedSpeakers, read_trained_speakers

__all__ = [
    "Manifest",
    "Recording",
    "TrainedSpeakers",
    "apportion",
    "divide_speakers",
    "fold_speakers",
    "hold_out_speakers",
    "limit_utterances",
    "normalise_attributes",
    "read_attributes",
    "read_held_out",
    "read_manifest",
    "read_speakers",
    "read_trained_speakers",
    "read_utterance_list",
    "rows_where",
    "select_listed",
    "speakers_in_ratio",
    "uniform_attributes",
    "write_held_out",
    "write_subset",
]
