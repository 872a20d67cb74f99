import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from svfair.manifests.even_spread import spread_evenly


@settings(max_examples=60, deadline=None)
@given(most=st.lists(st.integers(0, 9), min_size=1, max_size=9), share=st.floats(0, 1))
def test_spreading_is_as_even_as_it_can_be(most: list[int], share: float) -> None:
    total = int(share * sum(most))
    shares = spread_evenly(np.array(most), total, np.random.default_rng(0))
    assert shares.sum() == total
    assert (shares <= most).all()
    # Nobody has two more than somebody who could take another one.
    could = [given for given, limit in zip(shares, most, strict=True) if given < limit]
    assert not could or max(shares) - min(could) <= 1
