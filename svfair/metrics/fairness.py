"""How one error rate differs between groups."""

from collections.abc import Mapping

import numpy as np

from svfair.metrics.results import Spread


def spread(rates: Mapping[str, float]) -> Spread:
    """Summarise the error rates of the groups that count.

    Parameters
    ----------
    rates
        Group to error rate, as fractions; NaN rates are left out.

    Returns
    -------
    Spread
        gap = max - min; ratio = max / min (infinite when the best group has no errors, 1 when none has);
        std = sqrt(mean((rate - mean(rate))^2)), the population form (ddof 0), as the groups are all there
        are; and the group with the highest rate. NaN with fewer than two groups.
    """
    known = {name: rate for name, rate in rates.items() if not np.isnan(rate)}
    if len(known) < 2:
        return Spread(float("nan"), float("nan"), float("nan"), next(iter(known), ""))
    values = np.array(list(known.values()), dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    ratio = high / low if low > 0 else (float("inf") if high > 0 else 1.0)
    return Spread(high - low, ratio, float(values.std()), max(known, key=lambda name: known[name]))
