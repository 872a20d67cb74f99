"""Pairs of one speaker's utterances over different sessions: counted and drawn without listing them."""

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


class TargetPairs:
    """All pairs of a speaker's utterances that are of two sessions, numbered from 0 on.

    A pair is found from its number, so that a speaker with thousands of utterances, who has millions of
    pairs, takes no more memory than its utterances.

    Parameters
    ----------
    rows
        The speaker's utterances.
    sessions
        Session of each of them.
    """

    def __init__(self, rows: IntArray, sessions: IntArray) -> None:
        order = np.argsort(sessions, kind="stable")
        self._rows = rows[order]
        ordered = sessions[order]
        # Sorted by session, an utterance pairs with all that stand behind its own session.
        self._behind = np.searchsorted(ordered, ordered, side="right")
        self._ends = np.cumsum(len(rows) - self._behind)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def draw(self, count: int, random: np.random.Generator) -> IntArray:
        """Draw pairs, none twice; all there are when `count` is larger. Each is a row of two utterances."""
        numbers = random.choice(len(self), size=min(count, len(self)), replace=False)
        first = np.searchsorted(self._ends, numbers, side="right")
        before = np.where(first > 0, self._ends[first - 1], 0)
        second = self._behind[first] + numbers - before
        return np.stack([self._rows[first], self._rows[second]], axis=1)
