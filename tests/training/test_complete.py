from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import polars as pl
import pytest

from svfair.errors import InputError
from svfair.manifests import read_held_out
from svfair.training import Interrupted, Recipe, complete_run

HALF = {"data.held_out_share": 0.5, "data.stratify": ["gender"], "data.speakers_per_batch": 3}


@pytest.mark.slow
def test_a_run_is_trained_once_and_evaluated_as_often_as_asked(
    tmp_path: Path,
    tones: Path,
    make: Callable[..., Recipe],
    interrupted_after: Callable[[int], AbstractContextManager[None]],
) -> None:
    recipe = make(HALF | {"data.manifest": tones, "evaluation.by": ["gender"]})
    said: list[str] = []
    embedded: list[int] = []

    @contextmanager
    def bar(utterances: int) -> Iterator[Callable[[int], None]]:
        embedded.append(utterances)
        yield embedded.append

    out = tmp_path / "run"
    with interrupted_after(4), pytest.raises(Interrupted):
        complete_run(recipe, out, resume=False, tell=said.append)
    assert complete_run(recipe, out, resume=True, evaluate=False) is None
    assert not (out / "scores.parquet").exists()
    first = complete_run(recipe, out, resume=True, tell=said.append, bar=bar)
    assert first is not None
    assert first.overall["speakers"].to_list() == [4]
    assert embedded == [16, *range(1, 17)]
    told = f"tiny: 4 training speakers, 4 held out; run folder {out}"
    assert said == [told, told, "Training is complete already."]
    parts = pl.read_csv(out / "speakers.csv")
    held_out = set(parts.filter(pl.col("part") == "held_out")["speaker_id"])
    kept = read_held_out(out)
    assert set(kept.table["speaker_id"]) == held_out
    assert kept.recording(0).path.is_file()


@pytest.mark.parametrize(
    "wrong",
    [
        {"evaluation.by": ["age"]},
        {"data.speakers_per_batch": 5},
        {"objective.method": {"name": "cvar", "share": 2}},
        {"data.held_out_share": 0.01},
    ],
)
def test_nothing_is_written_where_something_is_wrong(
    tmp_path: Path, tones: Path, make: Callable[..., Recipe], wrong: dict[str, object]
) -> None:
    recipe = make(HALF | {"data.manifest": tones, "evaluation.by": ["gender"]} | wrong)
    with pytest.raises(InputError, match="|".join(wrong)):
        complete_run(recipe, tmp_path / "run", resume=False)
    assert not (tmp_path / "run").exists()


def test_what_is_shared_of_a_run_tells_nothing_of_the_machine(
    tmp_path: Path, tones: Path, make: Callable[..., Recipe]
) -> None:
    recipe = make(HALF | {"data.manifest": tones.resolve(), "evaluation.by": ["gender"]})
    out = (tmp_path / "run").resolve()
    complete_run(recipe, out, resume=False)
    private = [name.encode() for name in (str(tmp_path.resolve()), str(Path.home()) + "/")]
    for name in ("report.html", "report.json", "extractor.safetensors", "data.json", "metrics.jsonl"):
        content = (out / name).read_bytes()
        assert not [word for word in private if word in content]
    telling = {path.name for path in out.rglob("*") if path.is_file() and private[0] in path.read_bytes()}
    # `manifest.json`, where there is one, says where the audio of the held-out speakers is.
    assert telling - {"manifest.json"} == {"config.yaml"}
