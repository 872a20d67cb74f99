"""Files a second from a tree in VoxCeleb1's layout to a manifest, against SpeechBrain and lhotse.

    python benchmarks/preparation.py [--files 20000] [--rounds 3] [--speechbrain-recipe voxceleb_prepare.py]

A tree of WAV files of 8 s of noise is made anew. Ours is timed as a whole process, start and imports
included, with duplicates sought, attributes made uniform and everything written; the peers without their
imports. SpeechBrain's recipe decodes every file, one after the other: its file is not part of its package,
so by default a loop that does just that with its reader is timed, and the recipe itself when it is named
(its lists of enrolment and test left out). lhotse's recipe (`make bench` installs it) reads headers over as
many processes as ours; the part that downloads a trial list is left out. Rounds are interleaved; medians and
ratios are printed. Files lie in the page cache in every round.
"""

import argparse
import csv
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

EXTERNAL = Path(__file__).parent / "external" / "lhotse"

SERIAL = """
import csv, sys, time
from pathlib import Path
from speechbrain.dataio import audio_io
start = time.perf_counter()
rows = []
for path in Path(sys.argv[1]).rglob("*.wav"):
    signal, rate = audio_io.load(str(path))
    rows.append([str(path), signal.shape[-1] / rate, path.parts[-3]])
with open(sys.argv[2], "w", newline="") as file:
    csv.writer(file).writerows(rows)
print(time.perf_counter() - start)
"""

RECIPE = """
import sys, time
from pathlib import Path
sys.path.insert(0, str(Path(sys.argv[3]).parent))
from voxceleb_prepare import prepare_csv
start = time.perf_counter()
prepare_csv(3.0, [str(path) for path in Path(sys.argv[1]).rglob("*.wav")], sys.argv[2], False, 5e-4)
print(time.perf_counter() - start)
"""

LHOTSE = """
import sys, time
from pathlib import Path
sys.path.append(sys.argv[3])
from lhotse.recipes.voxceleb import _prepare_voxceleb_v1
start = time.perf_counter()
manifests = _prepare_voxceleb_v1(Path(sys.argv[1]), int(sys.argv[4]))
for name, parts in manifests.items():
    for kind, part in parts.items():
        part.to_file(f"{sys.argv[2]}.{kind}.{name}.jsonl.gz")
print(time.perf_counter() - start)
"""


def make_tree(root: Path, files: int) -> None:
    random = np.random.default_rng(0)
    noise = (0.1 * random.standard_normal(16000 * 60)).astype(np.float32)
    with (root / "vox1_meta.csv").open("w", newline="") as table:
        rows = csv.writer(table, delimiter="\t")
        rows.writerow(["VoxCeleb1 ID", "VGGFace1 ID", "Gender", "Nationality", "Set"])
        for speaker in range((files + 99) // 100):
            rows.writerow([f"id{10001 + speaker}", "Name", "mf"[speaker % 2], "UK", "dev"])
    for number in range(files):
        speaker, rest = divmod(number, 100)
        video, segment = divmod(rest, 10)
        folder = root / "wav" / f"id{10001 + speaker}" / f"video{video:06d}"
        folder.mkdir(parents=True, exist_ok=True)
        start = int(random.integers(0, 16000 * 52))
        soundfile.write(folder / f"{segment + 1:05d}.wav", noise[start : start + 128000], 16000)


def run_peer(program: str, *arguments: object) -> float:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"a peer failed: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def run_svfair(tree: Path, out: Path) -> float:
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    command = [sys.executable, "-m", "svfair", "prepare", "voxceleb1", tree, out]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=20000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--speechbrain-recipe", type=Path)
    given = parser.parse_args()
    processes = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        tree, out = Path(folder) / "tree", Path(folder) / "out"
        tree.mkdir()
        make_tree(tree, given.files)
        systems = {
            "svfair prepare": lambda: run_svfair(tree, out),
            "SpeechBrain's reader, one after the other": lambda: run_peer(
                SERIAL, tree, out.with_suffix(".a")
            ),
        }
        if given.speechbrain_recipe is not None:
            recipe = given.speechbrain_recipe.resolve()
            systems["SpeechBrain's recipe"] = lambda: run_peer(RECIPE, tree, out.with_suffix(".b"), recipe)
        if EXTERNAL.is_dir():
            systems["lhotse's recipe"] = lambda: run_peer(
                LHOTSE, tree, out.with_suffix(".c"), EXTERNAL, processes
            )
        else:
            print("lhotse is not installed: `make bench` installs it")
        times: dict[str, list[float]] = {name: [] for name in systems}
        for _ in range(given.rounds):
            for name, run in systems.items():
                times[name].append(run())
    ours = statistics.median(times["svfair prepare"])
    print(f"{given.files} WAV files of 8 s, {processes} processes, {given.rounds} rounds")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(
            f"{name:45} {median:7.2f} s ({min(seconds):.2f} to {max(seconds):.2f}) "
            f"{given.files / median:8,.0f} files/s  {median / ours:5.1f} times ours"
        )


if __name__ == "__main__":
    main()
