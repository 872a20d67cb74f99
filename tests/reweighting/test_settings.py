"""A setting that does not exist, or that nothing would come of, is refused when it is given."""

from typing import Any

import pytest
import torch

from svfair.losses import PairLogistic
from svfair.reweighting import (
    AdversarialReweighting,
    Adversary,
    Pairwise,
    PseudoLabel,
    Regions,
    make_objective,
)


def make_game(**settings: Any) -> AdversarialReweighting:
    return AdversarialReweighting(Pairwise(PairLogistic()), Adversary(8, 3), Regions(3, 8), **settings)


def test_bad_settings_are_named() -> None:
    with pytest.raises(ValueError, match="expects 4 regions, not 3"):
        AdversarialReweighting(Pairwise(PairLogistic()), Adversary(8, 4), Regions(3, 8))
    with pytest.raises(ValueError, match="PseudoLabel needs an adversary that sees the region alone"):
        AdversarialReweighting(PseudoLabel(PairLogistic()), Adversary(8, 3), Regions(3, 8))
    with pytest.raises(ValueError, match="play is 'alternating' or 'simultaneous', not 'chess'"):
        make_game(play="chess")
    with pytest.raises(ValueError, match="largest_weight must be more than 1"):
        make_game(largest_weight=1.0)
    with pytest.raises(ValueError, match="refit_every at least 1"):
        make_game(refit_every=0)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"weighting": "Literal"}, "weighting is one of mean_one, literal, not 'Literal'"),
        ({"sees": "regions"}, "sees is one of embedding, region, both, not 'regions'"),
        ({"region_as": "onehot"}, "region_as is one of one_hot, centroid, not 'onehot'"),
        ({"hidden": 0}, "hidden is at least 1, not 0"),
        ({"adversary_steps": -1}, "adversary_steps is a whole number of at least 0, not -1"),
        ({"adversary_steps": 1.5}, "adversary_steps is a whole number of at least 0, not 1.5"),
        ({"reversal_scale": -1.0}, "reversal_scale is at least 0, not -1.0"),
    ],
)
def test_misspelt_settings_of_a_game_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_objective("pairwise", PairLogistic(), 8, **settings)


def test_an_adversary_s_spread_is_checked() -> None:
    with pytest.raises(ValueError, match="initial_spread is at least 0, not -1"):
        Adversary(8, 3, initial_spread=-1.0)
    with pytest.raises(ValueError, match="spread must be positive, not 0"):
        make_objective("random_weights", PairLogistic(), 8, spread=0.0)


@pytest.mark.parametrize(
    ("method", "settings", "name"),
    [
        ("pairwise", {"formulation": "accumulated"}, "formulation"),
        ("plain", {"learning_rate_factor": 2.0}, "learning_rate_factor"),
        ("cvar", {"build": None}, "build"),
    ],
)
def test_what_a_method_is_cannot_be_set(method: str, settings: dict[str, Any], name: str) -> None:
    with pytest.raises(TypeError, match=f"method '{method}' does not take the setting '{name}'"):
        make_objective(method, PairLogistic(), 8, **settings)


def test_a_frozen_adversary_cannot_play_simultaneously() -> None:
    for method, settings in (("random_weights", {}), ("pairwise", {"adversary_steps": 0})):
        with pytest.raises(ValueError, match="in simultaneous play the learner's own optimizer trains it"):
            make_objective(method, PairLogistic(), 8, play="simultaneous", **settings)


def test_an_alternating_loop_without_an_optimizer_fails_at_its_first_turn() -> None:
    labels = torch.arange(6).repeat_interleave(2)
    game = make_game(warm_up_steps=100)
    with pytest.raises(ValueError, match="take_turn needs the adversary's optimizer"):
        game.take_turn(torch.randn(12, 8), labels)
    assert int(game.steps) == 0
    for settings in ({"adversary_steps": 0}, {"play": "simultaneous"}):  # which need none
        make_game(**settings).take_turn(torch.randn(12, 8), labels)
