from pathlib import Path

import pytest

from svfair.errors import InputError
from svfair.training.recipe import Recipe, make_recipe, read_recipe, to_yaml

RECIPES = Path(__file__).parents[2] / "recipes"


@pytest.mark.parametrize(
    "path", sorted(RECIPES.glob("*/*.yaml")), ids=lambda path: f"{path.parent.name}-{path.stem}"
)
def test_every_recipe_reads_and_survives_writing(path: Path, tmp_path: Path) -> None:
    recipe = read_recipe(path)
    (tmp_path / "again.yaml").write_text(to_yaml(recipe))
    assert read_recipe(tmp_path / "again.yaml") == recipe


@pytest.mark.parametrize("corpus", ["synthetic", "speech-accent-archive"])
def test_plain_and_pairwise_differ_in_reweighting_alone(corpus: str) -> None:
    plain, pairwise = (read_recipe(RECIPES / corpus / f"{name}.yaml") for name in ("plain", "pairwise"))
    assert plain.objective.reweighting is None
    assert pairwise.objective.reweighting is not None
    objective = pairwise.objective.model_copy(update={"reweighting": None})
    assert pairwise.model_copy(update={"name": "plain", "objective": objective}) == plain


def test_overrides_reach_their_fields() -> None:
    path = RECIPES / "synthetic" / "plain.yaml"
    overrides = {
        "training.steps": "7",
        "objective.reweighting.regions": "3",
        "evaluation.by": "[gender]",
        "name": "x",
    }
    recipe = read_recipe(path, overrides)
    assert recipe.training.steps == 7
    assert recipe.objective.reweighting is not None
    assert recipe.objective.reweighting.regions == 3
    assert recipe.evaluation.by == ("gender",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"traning": {}}, "unknown field 'traning'; known here: name, seed, data"),
        ({"training": {"step": 3}}, "unknown field 'training.step'; known here: steps, learning_rate"),
        (
            {"objective": {"reweighting": {"region": 3}}},
            "unknown field 'objective.reweighting.region'; known here: formulation",
        ),
        ({"training": {"steps": 0}}, "field 'training.steps': Input should be greater than 0, not 0"),
        ({"training": {"steps": "many"}}, "field 'training.steps'"),
        ({"objective": {"loss": "triplet"}}, "or 'aam_softmax', not 'triplet'"),
        ({"data": {"held_out_share": 1.0}}, "field 'data.held_out_share': Input should be less than 1"),
        ({"extractor": {"channels": 100}}, "multiple of 8"),
        ({"seed": -1, "name": []}, "(and 1 more)"),
        (
            {"objective": {"reweighting": {}, "control": {"method": "cvar"}}},
            "'objective' has both 'reweighting' and 'control'; a run has one method",
        ),
        ({"objective": {"loss": "aam_softmax", "reweighting": {}}}, "use the accumulated formulation"),
        ({"objective": {"loss": "aam_softmax", "classifier": 1.0}}, "'classifier' beside aam_softmax"),
        ({"objective": {"insertion": "binary"}}, "'insertion', which pair_logistic does not take"),
        ({"objective": {"control": {"method": "group_dro_oracle"}}}, "needs 'control.groups' with an oracle"),
        ({"objective": {"control": {"method": "cvar", "groups": "gender"}}}, "and with no other"),
        ({"objective": {"control": {"method": "cvr"}}}, "field 'objective.control.method'"),
        ({"objective": {"reweighting": {"largest_weight": 1}}}, "should be greater than 1"),
    ],
)
def test_a_bad_field_is_named(content: dict[str, object], message: str) -> None:
    with pytest.raises(InputError) as caught:
        make_recipe(content, "my.yaml")
    assert str(caught.value).startswith("my.yaml: ")
    assert message in str(caught.value)


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
    with pytest.raises(InputError, match=r"--set name.first: 'name' is a value"):
        read_recipe(path, {"name.first": "1"})
    with pytest.raises(InputError, match="is not a YAML value"):
        read_recipe(path, {"name": "["})
