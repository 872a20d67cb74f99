"""1,000 joint replicates over speakers on 550,894 VoxCeleb1-H trials, beside the ways one would otherwise go.

Run it with `make bench`, which installs bt4vt for its score files.

- svfair: EER, minDCF and five more rates, DET bands and the sweep of thresholds, for all trials, gender,
  country region and their crossing (12 sets of trials); time, and peak memory of the process.
- scikit-learn: `roc_curve` with the pair weights of a replicate as `sample_weight`, and the EER from it, for
  the same sets of trials, a few replicates scaled to 1,000.
- repeated rows: the pair weights of a replicate as counts, trials repeated as often and sorted again, EER and
  minDCF from the cumulative counts: the bootstrap over speakers as it is written down for PLDA back ends
  (speakers drawn with replacement, a trial weighs the product of its speakers' counts), scaled likewise.

All use the same draws; that they agree on a replicate's EER is checked.
"""

import argparse
import resource
import sys
import time

import numpy as np
from audit import score_folder
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_curve

from svfair.audit.attributes import resolve_attribute
from svfair.manifests import read_speakers
from svfair.metrics import OperatingPoint, Resampling, Settings, make_trial_set
from svfair.metrics.detection import equal_error, error_curve, minimum_detection_cost
from svfair.metrics.groups import group_trials
from svfair.metrics.resampling.bootstrap import bootstrap, draw_multiplicities
from svfair.trials import read_scores, speaker_of

ATTRIBUTES = ("gender", "country_region", "gender*country_region")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--peer-replicates", type=int, default=3)
    options = parser.parse_args()
    folder = score_folder()
    scores = read_scores(folder / "resnetse34v2_H-eval_scores.csv")
    sides = [speaker_of(scores[side]).to_list() for side in ("enrol", "test")]
    trials = make_trial_set(scores["score"].to_numpy(), scores["is_target"].to_numpy(), *sides)
    speakers = read_speakers(folder / "vox1_meta.csv")
    columns = {
        name: dict(zip(speakers["speaker_id"], speakers[name], strict=True)) for name in speakers.columns[1:]
    }
    groups = {
        (name, group): member
        for name in ATTRIBUTES
        for group, member in group_trials(
            trials.speakers, resolve_attribute(name, columns), "both"
        ).members.items()
    }
    resampling = Resampling(options.replicates)
    start = time.perf_counter()
    ours = bootstrap(trials, groups, resampling, Settings())
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    drawn = draw_multiplicities(trials.speakers.names, resampling)
    members = [np.ones(len(trials.scores), dtype=bool), *groups.values()]
    peers = {"scikit-learn roc_curve, EER": by_roc_curve, "repeated rows, EER and minDCF": by_repeated_rows}
    rows = [(f"svfair, 7 rates and bands, {len(members)} sets of trials", seconds)]
    for name, measure in peers.items():
        start = time.perf_counter()
        found = []
        for replicate in range(options.peer_replicates):
            multiplicity = drawn[:, replicate]
            enrol, test = multiplicity[trials.speakers.enrol], multiplicity[trials.speakers.test]
            same = trials.speakers.enrol == trials.speakers.test
            weights = np.where(same, enrol, enrol * test)
            found.append([measure(trials.scores[m], trials.is_target[m], weights[m]) for m in members])
        took = (time.perf_counter() - start) * options.replicates / options.peer_replicates
        difference = np.abs(np.array(found) - ours.rates["eer"][: options.peer_replicates]).max()
        if difference > 5e-4:
            sys.exit(f"{name}: EERs differ by up to {100 * difference:.3f} points")
        rows.append((f"{name} (EERs within {100 * difference:.3f} points)", took))
    table = Table(title=f"{options.replicates:,} replicates, 550,894 trials; svfair's peak {peak:,.0f} MiB")
    for column in ("what", "seconds", "times svfair"):
        table.add_column(column, justify="left" if column == "what" else "right")
    for name, took in rows:
        table.add_row(name, f"{took:,.1f}", f"{took / seconds:,.1f}")
    Console(width=100).print(table)


def by_roc_curve(scores: np.ndarray, is_target: np.ndarray, weights: np.ndarray) -> float:
    fmr, tpr, _ = roc_curve(is_target, scores, sample_weight=weights)
    after = int(np.argmax(fmr >= 1 - tpr))
    difference = fmr - (1 - tpr)
    share = difference[after - 1] / (difference[after - 1] - difference[after])
    return float(fmr[after - 1] + share * (fmr[after] - fmr[after - 1]))


def by_repeated_rows(scores: np.ndarray, is_target: np.ndarray, weights: np.ndarray) -> float:
    times = weights.astype(np.int64)
    curve = error_curve(np.repeat(scores, times), np.repeat(is_target, times))
    minimum_detection_cost(curve, OperatingPoint())
    return equal_error(curve)[0]


if __name__ == "__main__":
    main()
