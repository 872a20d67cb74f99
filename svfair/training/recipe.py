"""The recipe of a training run: every setting, its bounds and its default."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from svfair.audit import AuditSettings
from svfair.audit.settings import DEFAULT_ATTRIBUTES
from svfair.errors import InputError, Parameter
from svfair.metrics import Resampling
from svfair.training.recipe_augmentation import AugmentationSection
from svfair.training.recipe_method import PLAIN, Method, written_now
from svfair.training.recipe_section import Section

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class Data(Section):
    """What to train on."""

    manifest: Path | None = Field(None, description="manifest, or folder holding one")
    held_out_manifest: Path | None = Field(
        None, description="manifest of other speakers to evaluate on; without it, speakers are held out"
    )
    audio_root: Path | None = Field(
        None, description="what the manifest's paths are relative to; none: as the manifest says"
    )
    held_out_audio_root: Path | None = Field(None, description="likewise for held_out_manifest")
    held_out_share: Share = Field(0.3, description="share of the speakers held out for evaluation")
    stratify: tuple[str, ...] | None = Field(
        None,
        description="attributes in which held-out speakers resemble the rest; none: those of evaluation.by",
    )
    speakers_per_batch: Annotated[int, Field(ge=2)] = 40
    utterances_per_speaker: Annotated[int, Field(ge=2)] = Field(
        2, description="utterances of each speaker in a batch"
    )
    crop_seconds: Annotated[float, Field(gt=0.2)] = 2.0
    workers: Annotated[int, Field(ge=0)] = Field(
        0, description="processes that read audio; 0: the training process"
    )
    augmentation: AugmentationSection = AugmentationSection()


class Extractor(Section):
    """Size of the ECAPA-TDNN."""

    channels: Annotated[int, Field(ge=8, multiple_of=8)] = 512
    embedding_size: Positive = 192
    mel_bands: Positive = 80
    attention_channels: Positive = 128


class Objective(Section):
    """What is minimised."""

    loss: Literal["pair_logistic", "angular_prototypical", "generalized_end_to_end", "aam_softmax"] = (
        "pair_logistic"
    )
    insertion: Literal["binary", "softmax"] | None = Field(
        None, description="of the two prototype losses; none: softmax"
    )
    classifier: Annotated[float, Field(gt=0)] | None = Field(
        None, description="coefficient of an AAM-softmax that is added to a loss over pairs"
    )
    margin: Annotated[float, Field(ge=0, lt=3)] = Field(0.2, description="of AAM-softmax, in radians")
    classifier_scale: Annotated[float, Field(gt=0)] = Field(30.0, description="of AAM-softmax")
    method: Method = PLAIN

    @model_validator(mode="before")
    @classmethod
    def _has_no_older_section(cls, content: Any) -> Any:
        given = content if isinstance(content, dict) else {}
        older = [name for name in ("reweighting", "control") if name in given]
        if older:
            name = min(older, key=lambda name: given[name] is None)
            raise ValueError(f"has no '{name}' any more; write {written_now(name, given[name])}")
        return content

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.loss == "aam_softmax" and self.classifier is not None:
            raise ValueError("has 'classifier' beside aam_softmax, which is one")
        if self.insertion is not None and self.loss not in ("angular_prototypical", "generalized_end_to_end"):
            raise ValueError(f"has 'insertion', which {self.loss} does not take")
        return self


class Training(Section):
    """How long and how fast."""

    steps: Positive = 400
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    final_learning_rate: Annotated[float, Field(gt=0)] = Field(
        1e-4, description="where the cosine decay ends"
    )
    learning_rate_warm_up: Annotated[int, Field(ge=0)] = Field(20, description="steps of linear rise")
    weight_decay: Annotated[float, Field(ge=0)] = 2e-5
    checkpoint_every: Positive = Field(100, description="steps between checkpoints")
    log_every: Positive = Field(10, description="steps between lines of metrics.jsonl")
    device: str = Field("cpu", description="cpu, cuda or cuda:N")
    threads: Positive | None = Field(None, description="CPU threads; none: torch decides")
    tensorboard: bool = Field(False, description="also log for TensorBoard (extra `tracking`)")


class Evaluation(Section):
    """Trials among the held-out speakers, and how they are grouped."""

    match: tuple[str, ...] = Field(
        ("gender",), description="attributes that both sides of a non-target trial share"
    )
    targets_per_speaker: Positive = 60
    non_targets_per_speaker: Positive = 120
    within_session: bool = Field(
        False, description="whether both utterances of a target trial may be of one session"
    )
    by: tuple[str, ...] = Field(DEFAULT_ATTRIBUTES, description="attributes to group by, as in an audit")
    minimum_speakers: int = AuditSettings.minimum_speakers
    minimum_targets: int = AuditSettings.minimum_targets
    replicates: int = Field(Resampling.replicates, description="and permutations; 0 for no intervals")

    @model_validator(mode="after")
    def _can_be_audited(self) -> Self:
        self.settings()
        return self

    def settings(self) -> AuditSettings:
        """Return what the audit takes.

        One seed serves all runs: systems on the same trials share their draws, so that differences have
        intervals.
        """
        return AuditSettings(
            by=self.by,
            minimum_speakers=self.minimum_speakers,
            minimum_targets=self.minimum_targets,
            resampling=Resampling(self.replicates, self.replicates) if self.replicates else None,
        )


class Recipe(Section):
    """A whole run."""

    name: str = Field("run", description="name of the system in tables")
    seed: Annotated[int, Field(ge=0)] = 0
    data: Data = Data()
    extractor: Extractor = Extractor()
    objective: Objective = Objective()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()


def read_recipe(path: Path, overrides: dict[str, str] | None = None) -> Recipe:
    """Read a YAML recipe and apply overrides.

    Parameters
    ----------
    path
        The YAML file.
    overrides
        Dotted field to YAML value, such as `{"training.steps": "200"}`.

    Raises
    ------
    InputError
        When the file cannot be read, or a field is unknown or out of bounds; the field is named.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML ({' '.join(str(error).split())})") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise InputError(f"{path}: a recipe is a mapping of sections, not a {type(content).__name__}")
    for field, value in (overrides or {}).items():
        _set(content, field, value)
    return make_recipe(content, source=str(path))


def make_recipe(content: dict[str, Any], source: str = "recipe") -> Recipe:
    """Check a recipe given as nested dictionaries; raise InputError that names `source` and the field."""
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first, others = error.errors()[0], error.error_count() - 1
        field = ".".join(str(part) for part in first["loc"])
        more = f" (and {others} more)" if others else ""
        if first["type"] == "extra_forbidden":
            known = ", ".join(_fields_beside(first["loc"]))
            raise InputError(f"{source}: unknown field '{field}'{more}; known here: {known}") from error
        if first["type"] == "value_error":  # fields that do not fit together
            told = first["ctx"]["error"]
            if isinstance(told, InputError) and told.parameter is not None:
                raise InputError(f"{source}: {told.within(field)}{more}") from error
            raise InputError(f"{source}: '{field}' {told}{more}") from error
        raise InputError(
            f"{source}: field '{field}': {first['msg']}, not {first['input']!r}{more}"
        ) from error


def to_yaml(recipe: Recipe) -> str:
    """Return the resolved recipe as YAML that `read_recipe` reads back."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False)


def _set(content: dict[str, Any], field: str, value: str) -> None:
    *sections, last = field.split(".")
    for section in sections:
        inner = content.setdefault(section, {})
        if inner is None:
            inner = content[section] = {}
        if not isinstance(inner, dict):
            raise InputError(Parameter("overrides"), f" {field}: '{section}' is a value, not a section")
        content = inner
    try:
        content[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(Parameter("overrides"), f" {field}: '{value}' is not a YAML value") from error


def _fields_beside(location: tuple[int | str, ...]) -> list[str]:
    section: type[BaseModel] = Recipe
    for part in location[:-1]:
        annotation: Any = section.model_fields[str(part)].annotation
        options = getattr(annotation, "__args__", (annotation,))
        section = next(
            option for option in options if isinstance(option, type) and issubclass(option, BaseModel)
        )
    return list(section.model_fields)
