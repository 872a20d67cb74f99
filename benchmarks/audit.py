"""`svfair audit` on 550,894 VoxCeleb1-H trials, beside what one would use instead, in one run.

Run it with `make bench`, which installs bt4vt for its score files (bt4vt==1.0.1, GPL-3, without its
dependencies) and makes an environment of its own in which bt4vt runs.

- svfair: the whole command as a process, from the start of Python to the printed tables.
- bt4vt: its documented example (`SpeakerBiasTest(...).run_tests()`) as a process on the same files.
- SpeechBrain: `speechbrain.utils.metric_stats.EER`, the EER alone, without groups. It compares every score
  with every distinct threshold, one threshold at a time: its time is a n + b n^2 for n trials, fitted to
  three subsamples and extrapolated to all.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

SUBSAMPLES = (20_000, 40_000, 80_000)

BT4VT = """
import sys, bt4vt.core
bt4vt.core.SpeakerBiasTest(sys.argv[1], sys.argv[2]).run_tests()
"""

CONFIG = """
speaker_metadata_file: "{meta}"
results_dir: "{results}/"
id_column: "VoxCeleb1 ID"
select_columns: ["Gender", "Nationality"]
speaker_groups: [["Gender"], ["Nationality"]]
reference_filepath_column: "ref_file"
test_filepath_column: "com_file"
label_column: "lab"
scores_column: "sc"
dataset_evaluation: False
dcf_costs: [[0.05, 1, 1]]
"""


@dataclass(frozen=True)
class Cost:
    seconds: float
    mebibytes: float | None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of each process; the median counts")
    parser.add_argument(
        "--bt4vt-python",
        type=Path,
        default=Path("benchmarks/external/bt4vt/bin/python"),
        help="Python with bt4vt",
    )
    options = parser.parse_args()
    data = score_folder()
    scores, meta = data / "resnetse34v2_H-eval_scores.csv", data / "vox1_meta.csv"

    ours = measure(
        [sys.executable, "-m", "svfair", "audit", str(scores), "--speakers", str(meta)], options.runs
    )
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG.format(meta=meta, results=folder))
        peer = measure([str(options.bt4vt_python), "-c", BT4VT, str(scores), str(config)], options.runs)

    table = Table(title=f"550,894 trials, {os.cpu_count()} cores, median of {options.runs}")
    for column in ("what", "seconds", "peak MiB", "times svfair"):
        table.add_column(column, justify="left" if column == "what" else "right")
    rows = [
        ("svfair audit: overall, gender, country region", ours),
        ("bt4vt run_tests: gender, nationality", peer),
    ]
    # Imported late: a process counts the memory of the one that started it as its own.
    import numpy as np
    from scipy.optimize import nnls

    from svfair.trials import read_scores

    trials = read_scores(scores)
    for count in SUBSAMPLES:
        rows.append((f"SpeechBrain EER alone, {count:,} trials", speechbrain_eer(trials, count)))
    sizes = np.array([*SUBSAMPLES, trials.height], dtype=np.float64)
    terms = np.stack([sizes, sizes**2], axis=1)
    measured = [cost.seconds for _, cost in rows[2:]]
    extrapolated = float(terms[-1] @ nnls(terms[:-1], np.array(measured))[0])
    rows.append(("SpeechBrain EER alone, all trials, extrapolated", Cost(extrapolated, None)))
    for what, cost in rows:
        memory = "" if cost.mebibytes is None else f"{cost.mebibytes:,.0f}"
        ratio = "" if "trials" in what and "all" not in what else f"{cost.seconds / ours.seconds:,.1f}"
        table.add_row(what, f"{cost.seconds:,.2f}", memory, ratio)
    Console(width=100).print(table)


def score_folder() -> Path:
    found = importlib.util.find_spec("bt4vt")
    if found is None or not found.submodule_search_locations:
        sys.exit("the score files of bt4vt are not installed: run make audit-data")
    return Path(found.submodule_search_locations[0]) / "data"


def measure(command: list[str], runs: int) -> Cost:
    costs = []
    for _ in range(runs):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            sys.exit(f"{command[0]} failed: {process.stderr.read().decode() if process.stderr else ''}")
        costs.append(Cost(time.monotonic() - start, usage.ru_maxrss / 1024))
    return sorted(costs, key=lambda cost: cost.seconds)[len(costs) // 2]


def speechbrain_eer(trials, count: int) -> Cost:  # type: ignore[no-untyped-def]
    import torch
    from speechbrain.utils.metric_stats import EER

    chosen = trials.sample(count, seed=0)
    target = chosen["is_target"]
    positive, negative = (
        torch.from_numpy(chosen.filter(side)["score"].to_numpy().copy()) for side in (target, ~target)
    )
    start = time.monotonic()
    EER(positive, negative)
    return Cost(time.monotonic() - start, None)


if __name__ == "__main__":
    main()
