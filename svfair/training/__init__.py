"""The min-max training loop, its recipe and its run folder. Needs SpeechBrain."""

from svfair.training.brain import Interrupted
from svfair.training.complete import EmbeddingBar, complete_run
from svfair.training.evaluation import Speakers, evaluate_run, read_speakers_of, write_speakers_of
from svfair.training.plan import Plan, plan_run
from svfair.training.recipe import Recipe, make_recipe, read_recipe, to_yaml
from svfair.training.rehearsal import check_evaluation
from svfair.training.run import train
from svfair.training.run_folder import RunFolder, environment, open_run

__all__ = [
    "EmbeddingBar",
    "Interrupted",
    "Plan",
    "Recipe",
    "RunFolder",
    "Speakers",
    "check_evaluation",
    "complete_run",
    "environment",
    "evaluate_run",
    "make_recipe",
    "open_run",
    "plan_run",
    "read_recipe",
    "read_speakers_of",
    "to_yaml",
    "train",
    "write_speakers_of",
]
