from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

#: A learning rate; beyond, a step of Adam is no number of single precision.
Rate = Annotated[float, Field(gt=0, le=1e30)]


class Section(BaseModel):
    """A part of a recipe: unknown fields are refused, numbers are finite, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
