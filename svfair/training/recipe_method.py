"""The recipe's section on the method: what `svfair.reweighting` takes by name, nothing typed again."""

from functools import cache
from typing import Annotated, Any, Self

import yaml
from pydantic import BeforeValidator, Field, SerializeAsAny, create_model, model_validator

from svfair.errors import shown
from svfair.reweighting import METHODS, ORACLES, settings_of
from svfair.training.recipe_section import Name, Rate, Section

#: What the trainer sets itself.
_BY_THE_TRAINER = ("embedding_size", "seed", "group_counts", "warm_up_steps", "gather")

#: What a whole number can be, beyond which no memory would hold what it is the size of.
_LARGEST = {"refit_every": 1_000_000_000, "bank_size": 10_000_000}
_LARGEST_OF_OTHERS = 1_000_000


class MethodSection(Section):
    """Any method of `svfair.reweighting`; its settings are further fields."""

    name: str = Field("plain", description="one of svfair.reweighting.METHODS")
    groups: Name | None = Field(None, description="attribute with the true groups, for the oracles alone")
    adversary_learning_rate: Rate = 1e-2
    warm_up_share: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.25, description="share of the steps that are plain, before the method begins"
    )

    @model_validator(mode="after")
    def _has_no_huge_number(self) -> Self:
        for name, value in self:
            largest = _LARGEST.get(name, _LARGEST_OF_OTHERS)
            if isinstance(value, int) and value > largest:
                raise ValueError(f"has {name} {shown(value)}, which is more than {largest:,}")
        return self

    @model_validator(mode="after")
    def _has_groups_for_an_oracle(self) -> Self:
        if (self.name in ORACLES) != (self.groups is not None):
            oracles = ", ".join(sorted(ORACLES))
            needs = "needs 'groups', an attribute" if self.name in ORACLES else "takes no 'groups'"
            raise ValueError(f"named {self.name} {needs}; the oracles alone are told of groups: {oracles}")
        return self

    def settings(self) -> dict[str, Any]:
        """Return what `make_objective` takes by name."""
        return {name: getattr(self, name) for name in type(self).model_fields.keys() - _OWN}


_OWN = MethodSection.model_fields.keys()


@cache
def _section_of(method: str) -> type[MethodSection]:
    fields: dict[str, Any] = {
        name: (parameter.annotation, parameter.default)
        for name, parameter in settings_of(method).items()
        if name not in _BY_THE_TRAINER
    }
    return create_model("MethodSection", __base__=MethodSection, **fields)


def _read(content: Any) -> Any:
    if not isinstance(content, dict):
        return content
    name = str(content.get("name", "plain"))
    if name not in METHODS:
        raise ValueError(f"has the name '{shown(name)}', which is none of {', '.join(METHODS)}")
    section = _section_of(name)
    unknown = [field for field in content if field not in section.model_fields]
    if unknown:
        raise ValueError(
            f"named {name} does not take '{shown(unknown[0])}'; it takes {', '.join(section.model_fields)}"
        )
    return section.model_validate(content)


#: A method's own section, chosen by its name.
Method = Annotated[SerializeAsAny[MethodSection], BeforeValidator(_read)]

PLAIN: MethodSection = _read({})


def written_now(section: str, content: Any) -> str:
    """Return in one line of YAML how `reweighting` or `control`, which recipes had once, is written now."""
    old = dict(content) if isinstance(content, dict) else {}
    if content is None:
        now = {"name": "plain"}
    elif section == "control":
        settings = old.pop("settings", None)
        now = {"name": old.pop("method", "plain"), **(settings if isinstance(settings, dict) else {}), **old}
    else:
        now = {"name": old.pop("formulation", "pairwise")}
        for field, value in old.items():
            is_kept = field in ("adversary_steps", "adversary_learning_rate")
            now[field if is_kept else str(field).removeprefix("adversary_")] = value
    return "method: " + yaml.safe_dump(now, default_flow_style=True, sort_keys=False, width=1e9).strip()
