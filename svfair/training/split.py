import polars as pl

from svfair.audit.settings import DEFAULT_ATTRIBUTES, MOST_GROUPS
from svfair.training.recipe import Recipe


def strata_of_split(recipe: Recipe, speakers: pl.DataFrame) -> tuple[str, ...]:
    """Return the attributes of which both sides of a split have each value in the same share.

    Parameters
    ----------
    recipe
        Its `data.stratify`, where that is set. Else the attributes of `evaluation.by`, so that groups that
        are reported have speakers on both sides: those that are columns of speakers, alone or in a crossing,
        with at most 20 values. Bins, such as `age:30,50`, are not among them.
    speakers
        One row a speaker.
    """
    if recipe.data.stratify is not None:
        return recipe.data.stratify
    names: list[str] = []
    for text in recipe.evaluation.by or DEFAULT_ATTRIBUTES:
        names += [text] if text in speakers.columns else [name.strip() for name in text.split("*")]
    return tuple(
        name
        for name in dict.fromkeys(names)
        if name in speakers.columns and speakers[name].n_unique() <= MOST_GROUPS
    )
