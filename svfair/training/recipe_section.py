from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of a recipe: unknown fields are refused, and nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)
