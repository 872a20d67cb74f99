"""The audit of a system in one call: computed once, then asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from svfair.metrics.attributes import resolve_attribute
from svfair.metrics.comparison import compare
from svfair.metrics.evaluation import evaluate
from svfair.metrics.frames import columns_of, frame_of_comparison, frame_of_groups, frame_of_spreads
from svfair.metrics.resampling import Resampling
from svfair.metrics.results import Evaluation

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Audit:
    """How the errors of one system are shared; every answer is a polars data frame, rates are fractions.

    Parameters
    ----------
    evaluation
        All figures as plain data.
    """

    evaluation: Evaluation

    @property
    def overall(self) -> pl.DataFrame:
        """One row: errors over all trials."""
        return frame_of_groups([self.evaluation.overall])

    @property
    def attributes(self) -> tuple[str, ...]:
        """What can be asked for."""
        return tuple(attribute.name for attribute in self.evaluation.attributes)

    def by_group(self, attribute: str) -> pl.DataFrame:
        """Return one row a group; raise KeyError when the attribute was not audited."""
        return frame_of_groups(self.evaluation.attribute(attribute).groups)

    def gap(self, attribute: str) -> pl.DataFrame:
        """Return how far groups are apart, one row a rate and measure, with p-values of the gaps.

        Raises KeyError when the attribute was not audited.
        """
        return frame_of_spreads(self.evaluation.attribute(attribute))

    def compare(self, other: Audit) -> pl.DataFrame:
        """Compare another system with this one, on the same trials and draws of speakers.

        Raises ValueError when they differ in trials, groups or draws.
        """
        return frame_of_comparison(compare(self.evaluation, other.evaluation))

    def _repr_html_(self) -> str:
        """Show in a notebook: overall, and each attribute's groups and gaps in EER."""
        import polars as pl

        shown = ["group", "speakers", "targets", "non_targets", "eer", "eer_low", "eer_high", "min_dcf"]
        parts = [f"<h3>{escape(self.evaluation.system)}</h3>"]
        frames = [("overall", self.overall), *((name, self.by_group(name)) for name in self.attributes)]
        for name, frame in frames:
            columns = [column for column in shown if column in frame.columns]
            parts.append(f"<h4>{escape(name)}</h4>{frame.select(columns)._repr_html_()}")
            if name in self.attributes:
                gaps = self.gap(name).filter(pl.col("rate") == "eer")
                parts.append(gaps.drop("rate")._repr_html_())
        return "".join(parts)


def audit(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    enrol: Sequence[str],
    test: Sequence[str],
    speakers: Any,
    *,
    by: Sequence[str] | None = None,
    resampling: Resampling | None = None,
    **settings: Any,
) -> Audit:
    """Audit the scores of a verification system.

    Parameters
    ----------
    scores, labels
        Shape (trials,): scores, higher for the same speaker, and whether it is (true or 1).
    enrol, test
        The speaker of each side of each trial, (trials,).
    speakers
        Attributes of the speakers: a data frame (polars or pandas) with a column `speaker_id`, or a mapping
        of speaker to a mapping of attribute to value.
    by
        Attributes to group by, as `resolve_attribute` reads them; by default every column.
    resampling
        How intervals are made; by default 1,000 replicates and permutations with seed 0.
    settings
        Of `evaluate`: `system`, `operating_point`, `rule`, `threshold`, `on_hull`, `minimum_speakers`,
        `minimum_targets`.

    Raises
    ------
    ValueError
        When the trials or the speakers cannot be used, or there is no such attribute.

    Examples
    --------
    >>> import numpy as np
    >>> from svfair.metrics import audit
    >>> random = np.random.default_rng(0)
    >>> names = [f"s{number}" for number in range(20)]
    >>> enrol, test = random.choice(names, 4000), random.choice(names, 4000)
    >>> test = np.where(random.random(4000) < 0.5, enrol, test)
    >>> labels = enrol == test
    >>> speakers = {name: {"gender": "fm"[number % 2]} for number, name in enumerate(names)}
    >>> result = audit(random.normal(size=4000) + 3 * labels, labels, enrol, test, speakers)
    >>> result.by_group("gender")["group"].to_list()
    ['f', 'm']
    """
    columns = columns_of(speakers)
    values: Mapping[str, Mapping[str, str]] = {
        name: resolve_attribute(name, columns) for name in (columns if by is None else by)
    }
    return Audit(
        evaluate(
            scores,
            labels,
            [str(speaker) for speaker in enrol],
            [str(speaker) for speaker in test],
            values,
            resampling=Resampling() if resampling is None else resampling,
            **settings,
        )
    )
