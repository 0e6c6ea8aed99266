"""What every table of stays says of the child and the day a stay began, the same everywhere."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.dates import age
from bayescich.records.ssda903 import collection_year_label
from bayescich.records.ssda903_codes import code_set


def collection_year(start: pd.Series) -> pd.Series:
    """Return the collection year in which each stay began.

    Examples
    --------
    >>> collection_year(pd.Series(pd.to_datetime(["2020-03-31", "2020-04-01"]))).tolist()
    ['2019-20', '2020-21']
    """
    return collection_year_label(start.dt.year + (start.dt.month >= 4))


def child_columns(spells: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what is known of each child on the first day of a stay.

    Parameters
    ----------
    spells : DataFrame
        born, start, sex, need and LS are used.

    Returns
    -------
    dict of Series
        age_at_start (years), male, need_behaviour, need_disability (0 or 1) and legal_status
        (its group).
    """
    return {
        "age_at_start": age(spells["born"], spells["start"]).astype("float64"),
        "male": spells["sex"].eq("M").astype("int64"),
        "need_behaviour": _needs(spells, "behaviour"),
        "need_disability": _needs(spells, "disability"),
        "legal_status": spells["LS"].map(code_set("ls").group).fillna("not recorded").astype("str"),
    }


def _needs(spells: pd.DataFrame, group: str) -> pd.Series:
    return spells["need"].isin(code_set("cin").in_group(group)).astype("int64")
