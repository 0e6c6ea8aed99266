"""Children with series of short breaks only, whom no published count includes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import dates_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Ints, Texts, labels
from bayescich.simulate.shard import Shard

_DAYS_BETWEEN = 30
_MOST = 30
_MOST_DAYS = 5


def short_breaks(shard: Shard) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw series of short breaks (V3): each break its own start and its own end.

    Returns
    -------
    tuple of DataFrame
        The episodes (columns of the Episodes table) and the children (those of the Header table),
        whose ids follow those of the children looked after.
    """
    rng, settings = shard.rng("short breaks"), shard.settings
    share = float(shard.authorities.share_of_children[shard.number])
    number = int(rng.poisson(value("children.short_breaks_only") * settings.children * share))
    entry = rng.integers(settings.first_day, settings.last_day - 60, number)
    born = entry - (rng.uniform(5, 16, number) * YEAR).astype(np.int64)
    children = _children(rng, number, born, len(shard.children))
    breaks = rng.integers(3, _MOST, number)
    child = np.repeat(np.arange(number), breaks)
    order = np.arange(len(child)) - np.repeat(np.cumsum(breaks) - breaks, breaks)
    start = entry[child] + _DAYS_BETWEEN * order
    end = start + rng.integers(1, _MOST_DAYS, len(child))
    at_home = np.repeat(rng.random(number) < 0.5, breaks)
    within = (end <= settings.last_day) & (start < born[child] + int(17.9 * YEAR))
    blank = np.full(len(child), "", dtype=object)
    rows = pd.DataFrame(
        {
            "CHILD": children["CHILD"].to_numpy(object)[child],
            "DECOM": dates_of(start),
            "RNE": "S",
            "LS": "V3",
            "CIN": "N2",
            "PLACE": np.where(at_home, "K2", "U6").astype(object),
            "PLACE_PROVIDER": "PR1",
            "DEC": dates_of(end),
            "REC": "E4A",
            "REASON_PLACE_CHANGE": blank,
            "HOME_POST": blank,
            "PL_POST": blank,
            "URN": blank,
        }
    )
    return rows[within].reset_index(drop=True), children


def _children(rng: np.random.Generator, number: int, born: Ints, before: int) -> pd.DataFrame:
    ids = before + 1 + np.arange(number)
    sex: Texts = np.where(rng.random(number) < 0.65, "M", "F").astype(object)
    digits: Ints = rng.integers(10**11, 10**12, number)
    return pd.DataFrame(
        {
            "CHILD": np.char.add("1", np.char.zfill(ids.astype("U6"), 6)).astype(object),
            "SEX": sex,
            "DOB": dates_of(born),
            "ETHNIC": labels(rng, value("children.ethnicity"), number),
            "UPN": np.char.add("Y", digits.astype("U12")).astype(object),
            "MOTHER": "",
            "MC_DOB": pd.Series(np.full(number, np.datetime64("NaT", "ns"))),
        }
    )
