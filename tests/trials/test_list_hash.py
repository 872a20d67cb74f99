import hashlib

import polars as pl

from svfair.trials import scored
from svfair.trials.list_hash import hash_of_list


def test_the_order_of_trials_does_not_matter() -> None:
    trials = pl.DataFrame({"enrol": ["b", "a"], "test": ["c", "d"], "is_target": [True, False]})
    assert (
        hash_of_list(trials) == hashlib.sha256(b"a d 0\nb c 1").hexdigest() == hash_of_list(trials.reverse())
    )
    assert scored.hash_of_list is hash_of_list
