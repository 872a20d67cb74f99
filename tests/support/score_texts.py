"""Three scored trials, and how tools write them."""

import polars as pl

EXPECTED = pl.DataFrame(
    {
        "enrol": ["id1/a/1.wav", "id1/a/1.wav", "id2/b/2.wav"],
        "test": ["id1/c/3.wav", "id2/b/2.wav", "id2/d/4.wav"],
        "is_target": [True, False, True],
        "score": [0.9, -1.5, 0.25],
    }
)
ROWS = list(EXPECTED.iter_rows())

VOXCELEB = "".join(f"{int(t)} {a} {b} {s}\n" for a, b, t, s in ROWS)
KALDI = "".join(f"{a} {b} {'target' if t else 'nontarget'} {s}\n" for a, b, t, s in ROWS)
WESPEAKER = "".join(f"{a} {b} {s} {'target' if t else 'nontarget'}\n" for a, b, t, s in ROWS)
UNLABELLED = "".join(f"{a} {b} {s}\n" for a, b, _, s in ROWS)
CSV = "enrol,test,label,score\n" + "".join(f"{a},{b},{int(t)},{s}\n" for a, b, t, s in ROWS)
