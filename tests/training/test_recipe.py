import re
from pathlib import Path

import pytest
import yaml

from svfair.errors import InputError
from svfair.reweighting import METHODS, ORACLES, Setup, settings_of
from svfair.training import Recipe, make_recipe, read_recipe, to_yaml

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize(
    "path", sorted(RECIPES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_recipe_reads_and_survives_writing(path: Path, tmp_path: Path) -> None:
    recipe = read_recipe(path)
    (tmp_path / "again.yaml").write_text(to_yaml(recipe))
    assert read_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize("corpus", ["synthetic", "speech-accent-archive"])
def test_plain_and_pairwise_differ_in_the_method_alone(corpus: str) -> None:
    plain, pairwise = (read_recipe(RECIPES / corpus / f"{name}.yaml") for name in ("plain", "pairwise"))
    assert [plain.objective.method.name, pairwise.objective.method.name] == ["plain", "pairwise"]
    objective = pairwise.objective.model_copy(update={"method": plain.objective.method})
    assert pairwise.model_copy(update={"name": "plain", "objective": objective}) == plain


def test_overrides_reach_their_fields() -> None:
    path = RECIPES / "synthetic" / "plain.yaml"
    overrides = {
        "training.steps": "7",
        "objective.method.name": "cvar",
        "objective.method.regions": "3",
        "objective.method.share": "0.25",
        "evaluation.by": "[gender]",
        "name": "x",
    }
    recipe = read_recipe(path, overrides)
    assert recipe.training.steps == 7
    assert recipe.objective.method.settings() | {"regions": 3, "share": 0.25} == (
        recipe.objective.method.settings()
    )
    assert recipe.evaluation.by == ("gender",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"traning": {}}, "unknown field 'traning'; known here: name, seed, data"),
        ({"training": {"step": 3}}, "unknown field 'training.step'; known here: steps, learning_rate"),
        (
            {"objective": {"method": {"region": 3}}},
            "'objective.method' named plain does not take 'region'; it takes name, groups",
        ),
        (
            {"objective": {"method": {"name": "cvar", "gamma": 2}}},
            "cvar does not take 'gamma'; it takes n",
        ),
        ({"objective": {"method": {"name": "cvr"}}}, "has the name 'cvr', which is none of plain, plain_d"),
        ({"objective": {"method": {"name": ["cvar"]}}}, "which is none of plain"),
        ({"objective": {"method": "cvar"}}, "field 'objective.method': Input should be a valid dictionary"),
        ({"objective": {"method": {"regions": "many"}}}, "field 'objective.method.regions'"),
        ({"objective": {"method": {"name": "arl", "play": "chess"}}}, "'alternating' or 'simultaneous', not"),
        ({"objective": {"method": {"warm_up_share": 1}}}, "field 'objective.method.warm_up_share'"),
        ({"training": {"steps": 0}}, "field 'training.steps': Input should be greater than 0, not 0"),
        ({"training": {"steps": "many"}}, "field 'training.steps'"),
        ({"objective": {"loss": "triplet"}}, "or 'aam_softmax', not 'triplet'"),
        ({"data": {"held_out_share": 1.0}}, "field 'data.held_out_share': Input should be less than 1"),
        ({"extractor": {"channels": 100}}, "multiple of 8"),
        ({"seed": -1, "name": []}, "(and 1 more)"),
        ({"objective": {"loss": "aam_softmax", "classifier": 1.0}}, "'classifier' beside aam_softmax"),
        ({"objective": {"insertion": "binary"}}, "'insertion', which pair_logistic does not take"),
        (
            {"objective": {"method": {"name": "group_dro_oracle"}}},
            "'objective.method' named group_dro_oracle needs 'groups', an attribute; the oracles alone",
        ),
        ({"objective": {"method": {"name": "cvar", "groups": "gender"}}}, "named cvar takes no 'groups'"),
        ({"objective": 5}, "field 'objective': Input should be a valid dictionary"),
        ({"evaluation": {"minimum_targets": 0}}, "evaluation.minimum_targets: must be at least 1, not 0"),
        ({"evaluation": {"replicates": 1}}, "evaluation.replicates: "),
    ],
)
def test_a_bad_field_is_named(content: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        make_recipe(content, "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("objective", "now"),
    [
        ({"reweighting": {"regions": 3}}, "method: {name: pairwise, regions: 3}"),
        (
            {"reweighting": {"formulation": "pseudo_label", "adversary_hidden": 8, "adversary_steps": 2}},
            "method: {name: pseudo_label, hidden: 8, adversary_steps: 2}",
        ),
        (
            {"reweighting": None, "control": {"method": "cvar", "settings": {"share": 0.2}, "regions": 3}},
            "method: {name: cvar, share: 0.2, regions: 3}",
        ),
        ({"reweighting": None, "control": None}, "method: {name: plain}"),
        ({"reweighting": "x"}, "method: {name: pairwise}"),
    ],
)
def test_sections_of_older_recipes_are_refused_with_what_to_write(
    objective: dict[str, object], now: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_recipe({"objective": objective}, "my.yaml")
    assert re.fullmatch(
        f"my.yaml: 'objective' has no '(reweighting|control)' any more; write {re.escape(now)}",
        str(caught.value),
    )
    make_recipe({"objective": yaml.safe_load(now)})


@pytest.mark.parametrize("method", METHODS)
def test_a_recipe_takes_what_a_method_takes_with_its_defaults(method: str, tmp_path: Path) -> None:
    groups = {"groups": "gender"} if method in ORACLES else {}
    recipe = make_recipe({"objective": {"method": {"name": method, **groups}}})
    by_the_trainer = {"embedding_size", "seed", "group_counts", "warm_up_steps", "gather"}
    assert by_the_trainer < Setup.__dataclass_fields__.keys()
    taken = {name: one.default for name, one in settings_of(method).items() if name not in by_the_trainer}
    assert recipe.objective.method.settings() == taken
    (tmp_path / "again.yaml").write_text(to_yaml(recipe))
    assert read_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "not YAML"), ("- a", "a mapping of sections, not a list")]
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_recipe(path)
    with pytest.raises(InputError, match=r"gone.yaml: cannot be read"):
        read_recipe(tmp_path / "gone.yaml")


def test_bad_overrides_are_named(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("")
    assert read_recipe(path) == Recipe()
    path.write_text("name: x")
    with pytest.raises(InputError, match=r"overrides name.first: 'name' is a value"):
        read_recipe(path, {"name.first": "1"})
    with pytest.raises(InputError, match="is not a YAML value"):
        read_recipe(path, {"name": "["})
