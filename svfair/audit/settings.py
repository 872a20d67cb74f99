from dataclasses import dataclass, field

from svfair.metrics.settings import Resampling, Settings

#: What is grouped by when nothing is named, as far as it is known of the speakers.
DEFAULT_ATTRIBUTES = ("gender", "country_region")

#: Where neither is known, every attribute is grouped by that has no more values than this.
MOST_GROUPS = 20


@dataclass(frozen=True)
class AuditSettings(Settings):
    """What to group by, and how errors are counted and intervals made.

    Parameters
    ----------
    by
        Attributes, as `resolve_attribute` reads them. Empty for gender and country region as far as known,
        and without either for every attribute of at most 20 values.
    same
        Attributes that both speakers of a trial must share: other trials are left out.
    stratify
        Attribute of which every replicate keeps the number of speakers of each group.
    lower_is_closer
        Whether scores are distances, lower for the same speaker: they are negated, and all figures are of
        negated scores; a threshold that is given is one of the distances. None when nobody told: then an
        EER over all trials that is above 50 % by more than chance is refused, as scores seem to be distances.
        False lets it stand.
    rule, operating_point, threshold, on_hull, minimum_speakers, minimum_targets, resampling
        See `svfair.metrics.Settings`; with intervals by default.

    Raises
    ------
    InputError
        When a value is out of range; it names the setting.
    """

    resampling: Resampling | None = field(default_factory=Resampling)
    by: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    stratify: str | None = None
    lower_is_closer: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("by", "same"):
            given = getattr(self, name)
            names = (given,) if isinstance(given, str) else given
            object.__setattr__(self, name, tuple(dict.fromkeys(names)))
