"""Recipes that are wrong, huge or hostile end in one short line that names the field."""

import math
import time
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from svfair.cli.main import app
from svfair.errors import InputError
from svfair.training import read_recipe
from svfair.training.yaml_text import NotYaml, read_yaml

BAD = pytest.mark.fault("recipes that are wrong, huge or hostile")

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

#: What a file holds, and what its line says after the file's name.
FILES: list[tuple[str | bytes, str]] = [
    ("data: " + "[" * 10_000, "not YAML (it is nested too deep)"),
    ("data: " + "{a: " * 10_000, "not YAML (it is nested too deep)"),
    ("name: x\n" + LAUGHS, "not YAML (it holds more than 10,000 values, aliases written out)"),
    ("data: &all [*all]", "not YAML (it holds more than 10,000 values, aliases written out)"),
    ("training: &all {steps: *all}", "not YAML (it holds more than 10,000 values, aliases written out)"),
    ("by: [" + "x, " * 20_000 + "]", "not YAML (it holds more than 10,000 values, aliases written out)"),
    ("name: " + "x" * 3_000_000, "not YAML (1,000,001 bytes are too many; at most 1,000,000)"),
    ("name: " + "x" * 900_000, f"not YAML ('{'x' * 60}…' is longer than 5,000 characters)"),
    ("? " + "x" * 900_000 + "\n: 1", f"not YAML ('{'x' * 60}…' is longer than 5,000 characters)"),
    ("name: a\nseed: 1\nname: b\n", "not YAML ('name' stands twice, line 3)"),
    ("training:\n  steps: 5\n  steps: 6\n", "not YAML ('steps' stands twice, line 3)"),
    ("training: {steps: 5, steps: 6}", "not YAML ('steps' stands twice, line 1)"),
    (b"name: b\nseed: 0\n" + b"x: \xff\xfe", "not YAML (byte 19 is not UTF-8)"),
    ("name: b\n".encode("utf-16"), "not YAML (byte 0 is not UTF-8)"),
    (b"name: b\0c", "not YAML ("),
    ("name: !!python/object/apply:os.system ['touch ran']", "not YAML (could not determine a constructor"),
    ("!!python/object/new:os.system ['touch ran']", "not YAML (could not determine a constructor"),
    ("seed: " + "9" * 4_400, "not YAML (Exceeds the limit"),
    ("name: 2024-13-45", "not YAML (month must be in 1..12"),
    ("seed: !!int ''", "not YAML ("),
    ("seed: !!bool 'x'", "not YAML ("),
    ("seed: !!timestamp 'x'", "not YAML ("),
    ("{a: b}: c", "not YAML ("),
    ("a: *nowhere", "not YAML ("),
    ("- 1", "a recipe is a mapping of sections, not a list"),
    ("5", "a recipe is a mapping of sections, not a int"),
    ("1: 2", "field '1': Keys should be strings, not 1"),
    ("training: {1: 2}", "field 'training.1': Keys should be strings, not 1"),
    (
        "nam: x",
        "unknown field 'nam'; known here: name, seed, data, extractor, objective, training, evaluation",
    ),
    ("x" * 90 + "y" * 90 + ": 1", f"unknown field '{'x' * 90}{'y' * 10}…'; known here: name, "),
    (
        "objective: {control: {settings: 3}}",
        "'objective' has no 'control' any more; write method: {name: plain}",
    ),
    (
        "objective: {reweighting: {1: 2}}",
        "'objective' has no 'reweighting' any more; write method: {name: pairwise,",
    ),
    (
        "objective: {method: {name: " + "x" * 4_000 + "}}",
        f"'objective.method' has the name '{'x' * 60}…', which",
    ),
    (
        "objective: {method: {" + "x" * 120 + ": 1}}",
        f"'objective.method' named plain does not take '{'x' * 60}…'",
    ),
]

NUMBERS = [
    "data.held_out_share",
    "data.crop_seconds",
    "objective.margin",
    "objective.classifier",
    "objective.classifier_scale",
    "objective.method.warm_up_share",
    "objective.method.adversary_learning_rate",
    "training.learning_rate",
    "training.final_learning_rate",
    "training.weight_decay",
    "training.steps",
    "seed",
    "evaluation.replicates",
    "extractor.channels",
]

#: A field, a value, and what the line says after the file's name.
VALUES: list[tuple[str, str, str]] = [
    ("data.crop_seconds", "1.0e+9", "Input should be less than or equal to 3600, not 1000000000.0"),
    ("seed", str(2**70), "Input should be less than 18446744073709551616, not 1180591620717411303424"),
    ("seed", "-1", "Input should be greater than or equal to 0, not -1"),
    ("training.steps", "1" + "0" * 30, "Input should be less than or equal to 1000000000, not 1" + "0" * 30),
    (
        "training.steps",
        "1" + "0" * 200,
        "Input should be less than or equal to 1000000000, not 1" + "0" * 59 + "…",
    ),
    ("training.checkpoint_every", "1" + "0" * 30, "Input should be less than or equal to 1000000000, not 1"),
    ("training.threads", "1000000", "Input should be less than or equal to 1000, not 1000000"),
    ("training.learning_rate", "1.0e+39", f"Input should be less than or equal to {10**30}, not 1e+39"),
    ("extractor.channels", "80000000", "Input should be less than or equal to 16384, not 80000000"),
    ("extractor.embedding_size", "1" + "0" * 12, "Input should be less than or equal to 16384, not 1"),
    ("data.speakers_per_batch", "1" + "0" * 12, "Input should be less than or equal to 100000, not 1"),
    ("data.workers", "1000000", "Input should be less than or equal to 1000, not 1000000"),
    ("data.manifest", "x" * 300, "is no path: it is too long, or holds a null character"),
    ("data.manifest", '"a\\0b"', "is no path: it is too long, or holds a null character"),
    ("evaluation.replicates", "1" + "0" * 30, "Input should be less than or equal to 1000000, not 1"),
    (
        "evaluation.targets_per_speaker",
        "1" + "0" * 30,
        "Input should be less than or equal to 1000000000, not",
    ),
    (
        "evaluation.by",
        "[" + "x" * 4_000 + "]",
        "String should have at most 200 characters, not '" + "x" * 59 + "…",
    ),
    ("name", "y" * 4_000, "String should have at most 100 characters, not '" + "y" * 59 + "…"),
    ("training.device", "y" * 4_000, "String should have at most 200 characters, not '"),
    ("training", "[1, 2]", "Input should be a valid dictionary or instance of Training, not a list"),
    (
        "objective.method.bank_size",
        "1" + "0" * 12,
        "has bank_size 1000000000000, which is more than 10,000,000",
    ),
    ("objective.method.hidden", "1" + "0" * 12, "has hidden 1000000000000, which is more than 1,000,000"),
    ("objective.method.regions", "1" + "0" * 12, "has regions 1000000000000, which is more than 1,000,000"),
]


def check(line: str, source: str, message: str) -> None:
    assert line.startswith(f"{source}: ")
    assert message in line
    assert "\n" not in line
    assert len(line) < 800


@pytest.mark.slow
@BAD
@pytest.mark.parametrize(("content", "message"), FILES, ids=range(len(FILES)))
def test_a_bad_file_ends_in_one_short_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("recipe.yaml")
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    began = time.monotonic()
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    assert time.monotonic() - began < 20
    check(str(caught.value), "recipe.yaml", message)
    assert not Path("ran").exists()


@BAD
@pytest.mark.parametrize(("field", "value", "message"), VALUES, ids=range(len(VALUES)))
def test_a_bad_value_names_its_field(tmp_path: Path, field: str, value: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.touch()
    given = {"objective.method.name": "pairwise"} if "method" in field else {}
    with pytest.raises(InputError) as caught:
        read_recipe(path, given | {field: value})
    check(str(caught.value), str(path), message)
    assert f"'{field}" in str(caught.value) or f"'{field.rpartition('.')[0]}'" in str(caught.value)


@BAD
@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", [".nan", ".inf", "-.inf"])
def test_a_number_is_finite(tmp_path: Path, field: str, value: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.touch()
    with pytest.raises(InputError) as caught:
        read_recipe(path, {field: value})
    check(str(caught.value), str(path), f"field '{field}': Input should be a ")
    assert "finite number" in str(caught.value)


@BAD
def test_a_batch_that_no_machine_holds_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("data: {speakers_per_batch: 1000, utterances_per_speaker: 100, crop_seconds: 3600}")
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    assert str(caught.value) == (
        f"{path}: 'data' has 360,000,000 seconds of speech in a batch, more than 100,000; set "
        "speakers_per_batch, utterances_per_speaker or crop_seconds lower"
    )


@BAD
@pytest.mark.parametrize("name", ["/etc/run", "../run", "a/../../run", '"a\\nb"', '"a\\0b"', '"\\e[31m"'])
def test_a_name_that_is_no_folder_below_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(f"name: {name}\n")
    with pytest.raises(InputError) as caught:
        read_recipe(path)
    check(str(caught.value), str(path), "the run folder is named so: use letters and digits")
    assert str(caught.value).isprintable()


@pytest.mark.slow
@BAD
@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "[" * 5_000, "is not a YAML value (it is nested too deep)"),
        ("name", "x" * 6_000, "is not a YAML value ('xxx"),
        ("name", "{a: 1, a: 2}", "is not a YAML value ('a' stands twice, line 1)"),
        ("name", "!!python/object/apply:os.system ['touch ran']", "is not a YAML value (could not"),
        ("seed." + "x" * 5_000, "1", "overrides seed.xxx"),
    ],
    ids=range(5),
)
def test_a_bad_override_ends_in_one_short_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str, value: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("recipe.yaml")
    path.write_text("seed: 1")
    with pytest.raises(InputError) as caught:
        read_recipe(path, {field: value})
    check(
        str(caught.value).replace("overrides ", "overrides: ", 1),
        "overrides",
        message.replace("overrides ", ""),
    )
    assert not Path("ran").exists()


@pytest.mark.slow
@BAD
def test_the_command_ends_with_2_and_one_line(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    for content in ("data: " + "[" * 10_000, LAUGHS, "training: {steps: .nan}", "name: x\nname: y"):
        recipe.write_text(content)
        result = CliRunner().invoke(app, ["train", str(recipe)])
        assert result.exit_code == 2
        assert result.stderr.startswith(f"svfair: {recipe}: ")
        assert result.stderr.count("\n") == 1
    for path, why in ((tmp_path, "Is a directory"), (tmp_path / "gone.yaml", "No such file or directory")):
        result = CliRunner().invoke(app, ["train", str(path)])
        assert result.exit_code == 2
        assert result.stderr == f"svfair: {path}: cannot be read ({why})\n"


def test_an_empty_file_is_the_default_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    for content in ("", "\n", "# nothing\n", "---\n", "\ufeff"):
        path.write_text(content)
        assert read_recipe(path).training.steps == 400


def test_aliases_and_merges_are_read_as_ever() -> None:
    text = "a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, x: 3}\n"
    assert read_yaml(text) == yaml.safe_load(text)
    assert math.isnan(read_yaml(".nan"))
    with pytest.raises(NotYaml):
        read_yaml("a: {<<: 3}")
