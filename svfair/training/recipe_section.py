from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _is_a_path(path: Path) -> Path:
    if "\0" in str(path) or len(str(path)) > 4096 or any(len(part.encode()) > 255 for part in path.parts):
        raise ValueError("is no path: it is too long, or holds a null character")
    return path


#: A file or folder.
Place = Annotated[Path, AfterValidator(_is_a_path)]

#: The name of an attribute.
Name = Annotated[str, Field(max_length=200)]

#: A number of steps, trials or the like: more than any run has.
Count = Annotated[int, Field(gt=0, le=1_000_000_000)]

#: The width of a layer.
Width = Annotated[int, Field(gt=0, le=16_384)]

#: A learning rate; beyond, a step of Adam is no number of single precision.
Rate = Annotated[float, Field(gt=0, le=1e30)]


class Section(BaseModel):
    """A part of a recipe: unknown fields are refused, numbers are finite, nothing changes once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
