import math
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from svfair.audit import AuditSettings, audit
from svfair.audit.frames import FIGURES, frame_of_comparison, frame_of_groups, frame_of_spreads, speaker_frame
from svfair.errors import InputError
from svfair.metrics import Resampling, Settings, compare, evaluate, make_trial_set


class NotAvailable:
    """Like pandas' NA: cannot be compared, and says <NA>."""

    def __ne__(self, other: object) -> "NotAvailable":  # type: ignore[override]
        return self

    def __eq__(self, other: object) -> "NotAvailable":  # type: ignore[override]
        return self

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self) -> str:
        return "<NA>"


class Frame:
    """A data frame as far as it is used: names of columns, and columns by name."""

    def __init__(self, **columns: list[Any]) -> None:
        self._own = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> list[Any]:
        return self._own[name]


EXPECTED = [
    {"speaker_id": "1", "gender": "f", "age": "30"},
    {"speaker_id": "2", "gender": "m", "age": None},
    {"speaker_id": "3", "gender": None, "age": "41.5"},
    {"speaker_id": "4", "gender": None, "age": None},
]


def test_speakers_may_be_a_polars_frame() -> None:
    table = pl.DataFrame(
        {
            "speaker_id": ["1", "2", "3", "4"],
            "gender": ["f", "m", "", None],
            "age": ["30", None, "41.5", None],
        }
    )
    assert speaker_frame(table).to_dicts() == EXPECTED
    numbers = pl.DataFrame({"speaker_id": [1, 2], "age": [30.0, math.nan]})
    assert speaker_frame(numbers).rows() == [("1", "30.0"), ("2", None)]


def test_speakers_may_be_a_frame_like_that_of_pandas() -> None:
    table = Frame(
        speaker_id=[1, 2, 3, 4],
        gender=["f", "m", math.nan, NotAvailable()],
        age=[30, None, 41.5, NotAvailable()],
    )
    assert speaker_frame(table).to_dicts() == EXPECTED


def test_speakers_may_be_a_mapping() -> None:
    table = {1: {"gender": "f", "age": 30}, 2: {"gender": "m"}, 3: {"age": 41.5, "gender": ""}, "4": {}}
    assert speaker_frame(table).to_dicts() == EXPECTED
    assert speaker_frame({}).columns == ["speaker_id"]


def test_speakers_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(InputError, match="speakers: no column speaker_id; found name, gender"):
        speaker_frame(Frame(name=["a"], gender=["f"]))
    with pytest.raises(InputError, match="two rows for one speaker_id"):
        speaker_frame(Frame(speaker_id=["a", "a"], gender=["f", "m"]))
    with pytest.raises(InputError, match="two rows for one speaker_id"):
        speaker_frame({1: {"gender": "f"}, "1": {"gender": "m"}})


@pytest.mark.parametrize("resampling", [None, Resampling(replicates=20, permutations=10)])
def test_columns_of_the_frames(make_scored: Callable[..., Any], resampling: Resampling | None) -> None:
    own = make_scored()
    groups = own.genders | {"s00": None}
    settings = Settings(resampling=resampling)
    found = evaluate(make_trial_set(*own.columns), {"gender": groups}, settings)
    frame = frame_of_groups(found.attribute("gender").groups)
    assert frame.columns[:4] == ["group", "speakers", "targets", "non_targets"]
    assert frame.columns[-2:] == ["counted", "note"]
    assert set(FIGURES) < set(frame.columns)
    assert ("eer_low" in frame.columns) == (resampling is not None)
    assert frame["group"].to_list() == ["male", "female", "unknown"]
    assert frame["counted"].to_list() == [True, True, False]
    assert frame["note"][2].startswith("attribute not known")
    for group, row in zip(found.attribute("gender").groups, frame.iter_rows(named=True), strict=True):
        assert row["eer"] == group.errors.eer or math.isnan(row["eer"])
        if resampling is not None and group.counted:
            assert (row["eer_low"], row["eer_high"]) == (
                group.intervals["eer"].low,
                group.intervals["eer"].high,
            )

    spreads = frame_of_spreads(found.attribute("gender"))
    assert spreads.height == 5 * 5 + 4
    gap = spreads.filter(pl.col("rate") == "eer", pl.col("measure") == "gap").row(0, named=True)
    eer = found.attribute("gender").spreads["eer"]
    assert (gap["value"], gap["worst_group"]) == (eer.gap, eer.worst_group)
    assert ("low" in spreads.columns) == (resampling is not None)
    if resampling is not None:
        assert eer.chance is not None
        assert (gap["p_value"], gap["chance_high"]) == (eer.chance.p_value, eer.chance.high)
        assert (gap["low"], gap["high"]) == (eer.intervals["gap"].low, eer.intervals["gap"].high)
    merits = spreads.filter(pl.col("rate") == "fmr and fnmr")
    assert merits["measure"].to_list() == ["fdr", "inequity_rate", "garbe", "area_under_fdr"]

    changes = frame_of_comparison(compare(found, found))
    assert changes["difference"].fill_nan(0).to_list() == [0.0] * changes.height
    assert {"difference_low", "relative_high"} < set(changes.columns)
    assert set(changes["of"]) == {"overall", "female", "male", "unknown", "gap", "std"}


@pytest.mark.fault("names composed here and decomposed there")
def test_speakers_meet_in_either_form_of_unicode(make_scored: Callable[..., Any]) -> None:
    own = make_scored()
    genders = {f"{name}e\u0301": {"gender": gender} for name, gender in own.genders.items()}
    sides = [[f"{name}\u00e9" for name in side] for side in (own.enrol, own.test)]
    settings = AuditSettings(resampling=None, minimum_speakers=2, minimum_targets=10)
    found = audit(own.scores, own.labels, *sides, genders, settings)
    assert found.notes == ()
    both = genders | {"s00\u00e9": {"gender": "female"}}
    with pytest.raises(InputError, match="two rows for one speaker_id, 's00\u00e9'; give one row a speaker"):
        audit(own.scores, own.labels, *sides, both, settings)
