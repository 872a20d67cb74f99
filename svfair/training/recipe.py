"""The recipe of a training run: every setting, its bounds and its default."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from svfair.audit import AuditSettings
from svfair.audit.settings import DEFAULT_ATTRIBUTES
from svfair.errors import InputError, Parameter, shown
from svfair.metrics import Resampling
from svfair.training.recipe_augmentation import AugmentationSection
from svfair.training.recipe_method import PLAIN, Method, written_now
from svfair.training.recipe_section import Count, Name, Place, Rate, Section, Width
from svfair.training.yaml_text import LARGEST_BYTES, NotYaml, read_yaml

#: Speech in one batch, beyond which no machine holds it: the samples alone would fill 6.4 gigabytes.
LARGEST_BATCH_SECONDS = 100_000

Share = Annotated[float, Field(gt=0, lt=1)]


class Data(Section):
    """What to train on."""

    manifest: Place | None = Field(None, description="manifest, or folder holding one")
    held_out_manifest: Place | None = Field(
        None, description="manifest of other speakers to evaluate on; without it, speakers are held out"
    )
    audio_root: Place | None = Field(
        None, description="what the manifest's paths are relative to; none: as the manifest says"
    )
    held_out_audio_root: Place | None = Field(None, description="likewise for held_out_manifest")
    held_out_share: Share = Field(0.3, description="share of the speakers held out for evaluation")
    stratify: tuple[Name, ...] | None = Field(
        None,
        description="attributes in which held-out speakers resemble the rest; none: those of evaluation.by",
    )
    speakers_per_batch: Annotated[int, Field(ge=2, le=100_000)] = 40
    utterances_per_speaker: Annotated[int, Field(ge=2, le=100_000)] = Field(
        2, description="utterances of each speaker in a batch"
    )
    crop_seconds: Annotated[float, Field(gt=0.2, le=3600)] = 2.0
    workers: Annotated[int, Field(ge=0, le=1000)] = Field(
        0, description="processes that read audio; 0: the training process"
    )
    augmentation: AugmentationSection = AugmentationSection()

    @model_validator(mode="after")
    def _has_a_batch_that_fits(self) -> Self:
        seconds = self.speakers_per_batch * self.utterances_per_speaker * self.crop_seconds
        if seconds > LARGEST_BATCH_SECONDS:
            raise ValueError(
                f"has {seconds:,.0f} seconds of speech in a batch, more than {LARGEST_BATCH_SECONDS:,}; set "
                "speakers_per_batch, utterances_per_speaker or crop_seconds lower"
            )
        return self


class Extractor(Section):
    """Size of the ECAPA-TDNN."""

    channels: Annotated[int, Field(ge=8, multiple_of=8, le=16_384)] = 512
    embedding_size: Width = 192
    mel_bands: Width = 80
    attention_channels: Width = 128


class Objective(Section):
    """What is minimised."""

    loss: Literal["pair_logistic", "angular_prototypical", "generalized_end_to_end", "aam_softmax"] = (
        "pair_logistic"
    )
    insertion: Literal["binary", "softmax"] | None = Field(
        None, description="of the two prototype losses; none: softmax"
    )
    classifier: Annotated[float, Field(gt=0, le=1e30)] | None = Field(
        None, description="coefficient of an AAM-softmax that is added to a loss over pairs"
    )
    margin: Annotated[float, Field(ge=0, lt=3)] = Field(0.2, description="of AAM-softmax, in radians")
    classifier_scale: Annotated[float, Field(gt=0, le=1e30)] = Field(30.0, description="of AAM-softmax")
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

    steps: Count = 400
    learning_rate: Rate = 1e-3
    final_learning_rate: Rate = Field(1e-4, description="where the cosine decay ends")
    learning_rate_warm_up: Annotated[int, Field(ge=0, le=1_000_000_000)] = Field(
        20, description="steps of linear rise"
    )
    weight_decay: Annotated[float, Field(ge=0, le=1e30)] = 2e-5
    checkpoint_every: Count = Field(100, description="steps between checkpoints")
    log_every: Count = Field(10, description="steps between lines of metrics.jsonl")
    device: Name = Field("cpu", description="cpu, cuda or cuda:N")
    threads: Annotated[int, Field(gt=0, le=1000)] | None = Field(
        None, description="CPU threads; none: torch decides"
    )
    tensorboard: bool = Field(False, description="also log for TensorBoard (extra `tracking`)")


class Evaluation(Section):
    """Trials among the held-out speakers, and how they are grouped."""

    match: tuple[Name, ...] = Field(
        ("gender",), description="attributes that both sides of a non-target trial share"
    )
    targets_per_speaker: Count = 60
    non_targets_per_speaker: Count = 120
    within_session: bool = Field(
        False, description="whether both utterances of a target trial may be of one session"
    )
    by: tuple[Name, ...] = Field(DEFAULT_ATTRIBUTES, description="attributes to group by, as in an audit")
    minimum_speakers: Annotated[int, Field(le=1_000_000_000)] = AuditSettings.minimum_speakers
    minimum_targets: Annotated[int, Field(le=1_000_000_000)] = AuditSettings.minimum_targets
    replicates: Annotated[int, Field(le=1_000_000)] = Field(
        Resampling.replicates, description="and permutations; 0 for no intervals"
    )

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
            # Cosines, however bad: a system that learned nothing is no system of distances.
            lower_is_closer=False,
        )


class Recipe(Section):
    """A whole run."""

    name: str = Field("run", max_length=100, description="name of the system in tables")
    seed: Annotated[int, Field(ge=0, lt=2**64)] = 0
    data: Data = Data()
    extractor: Extractor = Extractor()
    objective: Objective = Objective()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()

    @model_validator(mode="after")
    def _has_a_name_for_a_folder(self) -> Self:
        parts = Path(self.name).parts
        if not self.name.isprintable() or ".." in parts or Path(self.name).is_absolute():
            raise ValueError(
                f"'name' is '{shown(self.name)}'; the run folder is named so: use letters and digits"
            )
        return self


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
        with path.open("rb") as file:
            content = read_yaml(file.read(LARGEST_BYTES + 1))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except NotYaml as error:
        raise InputError(f"{path}: not YAML ({error})") from error
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
        field = shown(".".join(str(part) for part in first["loc"]), 100)
        more = f" (and {others} more)" if others else ""
        if first["type"] == "extra_forbidden":
            known = ", ".join(_fields_beside(first["loc"]))
            raise InputError(f"{source}: unknown field '{field}'{more}; known here: {known}") from error
        if first["type"] == "value_error":  # fields that do not fit together
            told = first["ctx"]["error"]
            if isinstance(told, InputError) and told.parameter is not None:
                raise InputError(f"{source}: {told.within(field)}{more}") from error
            place = f"'{field}' " if field else ""
            raise InputError(f"{source}: {place}{shown(told, 500)}{more}") from error
        given = first["input"]
        # A mapping or a list is long, and where it repeats itself without end.
        given = f"a {type(given).__name__}" if isinstance(given, (dict, list)) else shown(repr(given))
        raise InputError(
            f"{source}: field '{field}': {shown(first['msg'], 300)}, not {given}{more}"
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
            raise InputError(
                Parameter("overrides"), f" {shown(field)}: '{shown(section)}' is a value, not a section"
            )
        content = inner
    try:
        content[last] = read_yaml(value)
    except NotYaml as error:
        told = f" {shown(field)}: '{shown(value)}' is not a YAML value ({error})"
        raise InputError(Parameter("overrides"), told) from error


def _fields_beside(location: tuple[int | str, ...]) -> list[str]:
    section: type[BaseModel] = Recipe
    for part in location[:-1]:
        annotation: Any = section.model_fields[str(part)].annotation
        options = getattr(annotation, "__args__", (annotation,))
        section = next(
            option for option in options if isinstance(option, type) and issubclass(option, BaseModel)
        )
    return list(section.model_fields)
