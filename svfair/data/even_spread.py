import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def spread_evenly(most: IntArray, total: int, random: np.random.Generator) -> IntArray:
    """Spread a total over people as evenly as the most that each can take allows; chance gives the rest."""
    low, high = 0, int(most.max(initial=0))
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if np.minimum(most, level).sum() <= total else (low, level - 1)
    shares = np.minimum(most, low)
    rest = int(total - shares.sum())
    shares[random.permutation(np.flatnonzero(most > low))[:rest]] += 1
    return shares
