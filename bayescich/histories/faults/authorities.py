"""Rules about an authority's way of recording, and the figures that show it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.change import needs_reason
from bayescich.histories.faults.known import in_groups
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import AUTHORITIES, YEAR_KEY, FaultTables

THEME = "authorities"

MOST_OTHER = 0.3
"""Above this share of moves with an uninformative reason, reasons cannot be compared."""

MOST_BLANK = 0.2
"""Above this share of children's-home episodes without a URN, homes cannot be compared."""

_REASON = "REASON_PLACE_CHANGE"


def authority_profile(tables: FaultTables) -> pd.DataFrame:
    """Say how each authority records.

    Parameters
    ----------
    tables : FaultTables

    Returns
    -------
    DataFrame
        One row per authority in the order of ``AUTHORITIES``: ``authority``, ``children``,
        ``episodes``, ``moves`` (episodes that end in a change of placement), ``other``,
        ``status_only``, ``no_reason`` (shares of moves), ``home_episodes`` (in children's homes),
        ``no_urn`` (share of these), ``missing_years`` (returns lacking between first and last).
    """
    episodes = tables.episodes
    authority = tables.authority_of[episodes.child]
    moves = needs_reason(tables).to_numpy()
    home = episodes["PLACE"].isin(in_groups("ssda903_place", "children's home")).to_numpy()
    home = home & ~tables.short_breaks.to_numpy()
    reason = episodes[_REASON]

    def tally(which: np.ndarray) -> np.ndarray:
        return np.bincount(authority[which], minlength=len(tables.authorities))

    def share(which: pd.Series, of: np.ndarray) -> np.ndarray:
        whole = tally(of)
        return np.where(whole > 0, tally(which.to_numpy() & of) / np.maximum(whole, 1), np.nan)

    unknown = in_groups("ssda903_reason_place_change", "unknown")
    same_carer = in_groups("ssda903_reason_place_change", "same carer")
    return pd.DataFrame({
        "authority": tables.authorities,
        "children": np.bincount(tables.authority_of[np.unique(episodes.child)],
                                minlength=len(tables.authorities)),
        "episodes": tally(np.ones(len(episodes), dtype=bool)),
        "moves": tally(moves),
        "other": share(reason.isin(unknown), moves),
        "status_only": share(reason.isin(same_carer), moves),
        "no_reason": share(reason.isna(), moves),
        "home_episodes": tally(home),
        "no_urn": share(episodes["URN"].isna(), home),
        "missing_years": _missing_years(tables),
    })  # fmt: skip


def _missing_years(tables: FaultTables) -> np.ndarray:
    authority, year = np.divmod(tables.returns_made, YEAR_KEY)
    years = pd.Series(year).groupby(authority).agg(["min", "max", "size"])
    lacking = years["max"] - years["min"] + 1 - years["size"]
    return lacking.reindex(range(len(tables.authorities)), fill_value=0).to_numpy()


def _above(tables: FaultTables, column: str, limit: float) -> pd.Series:
    return tables.once(THEME, authority_profile)[column].gt(limit)


def _other(tables: FaultTables) -> pd.Series:
    return _above(tables, "other", MOST_OTHER)


def _status_only(tables: FaultTables) -> pd.Series:
    return _above(tables, "status_only", MOST_OTHER)


def _no_urn(tables: FaultTables) -> pd.Series:
    return _above(tables, "no_urn", MOST_BLANK)


def _year_missing(tables: FaultTables) -> pd.Series:
    return _above(tables, "missing_years", 0)


RULES = (
    Rule("OTHER above 30%", THEME, AUTHORITIES,
         "The reason is OTHER for more than 30% of the authority's moves.",
         "Planned and disrupted moves there cannot be told apart, nor compared with others'.",
         _other),
    Rule("PLACE above 30%", THEME, AUTHORITIES,
         "The reason is PLACE (only the status changes) for more than 30% of its moves.",
         "The authority records changes that others do not: its moves would be over-counted.",
         _status_only),
    Rule("URN of homes missing above 20%", THEME, AUTHORITIES,
         "More than 20% of its episodes in children's homes have no URN.",
         "Its homes are known in part, and not at random.", _no_urn),
    Rule("year missing between returns", THEME, AUTHORITIES,
         "The authority has no return for a year between its first and its last.",
         "Stays that began and ended in that year are missing.", _year_missing),
)  # fmt: skip
