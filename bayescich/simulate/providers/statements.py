"""Statements of Purpose of the homes: the needs each says it meets, in the words of the audit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.simulate.providers.inspections import dates
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, Homes


def statements_table(settings: Settings, homes: Homes) -> pd.DataFrame:
    """Return the statements of all homes that stand in the window.

    A registration comes with a statement of its own, which names the same needs as the one before.

    Returns
    -------
    DataFrame
        URN, FROM (day of the registration) and NEED, a label of the code set ``needs``; ordered by
        URN, needs in the order of `shard.NEEDS`.
    """
    table = homes.registrations
    current = np.flatnonzero(table["ends"] > settings.first_day)
    rows, need = np.nonzero(homes.meets[table["home"].to_numpy()[current]])
    label = code_set("needs").set_index("code")["label"].loc[list(NEEDS)].to_numpy(dtype=object)
    said = table.iloc[current[rows]].reset_index(drop=True)
    written = pd.DataFrame(
        {"URN": said["urn"], "FROM": dates(said["begins"].to_numpy()), "NEED": label[need]}
    )
    return written.sort_values("URN", kind="stable", ignore_index=True)
