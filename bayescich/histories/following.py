"""What came after a stay, past temporary placements from which the child did not return."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.places import TEMPORARY
from bayescich.histories.sorted_rows import Flags, Integers, of_next, soonest_where
from bayescich.histories.spells import MOVED


def ending_row(spells: pd.DataFrame) -> Integers:
    """Return the position of the spell whose ending tells where the child went after each spell.

    It is the spell itself; or, where temporary placements follow and the child does not return,
    the last of them.

    Parameters
    ----------
    spells : DataFrame
        From ``spells.placement_spells``: child, period, PLACE_CLASS, ended_by.

    Examples
    --------
    >>> spells = pd.DataFrame({
    ...     "period": [1, 1, 1],
    ...     "PLACE_CLASS": ["children's home", "temporary", "foster"],
    ...     "ended_by": ["moved", "moved", "left care"],
    ... })
    >>> ending_row(spells).tolist()
    [1, 1, 2]
    """
    period = spells["period"].to_numpy(dtype=np.int64)
    temporary = is_temporary(spells)
    goes_away = spells["ended_by"].eq(MOVED).to_numpy(dtype=bool) & of_next(
        temporary, period, False
    )
    return soonest_where(~goes_away, period)


def is_temporary(spells: pd.DataFrame) -> Flags:
    """Say which spells are temporary placements."""
    return spells["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False)
