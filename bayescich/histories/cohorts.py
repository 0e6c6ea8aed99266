"""Cohorts at 16 and 18: who lived in a children's home in a fixed window of ages, and who did not.

The window opens at the 11th birthday or, if later, when the child first lives in a home (in the
comparison arm: is first looked after) between 11 and the end of the window. It closes on 30 June
of Year 11, or on the 18th birthday.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.cohort_outcomes import among, at_16, at_18
from bayescich.histories.dates import birthday
from bayescich.histories.spells import DIED
from bayescich.records.npd import NpdRecords
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies

HOME, COMPARISON = "home", "comparison"
"""The arms: lived in a children's home in the window; was looked after, never in a home."""

_FIRST_AGE = 11
_LEAVER_DAYS = 13 * 7
_COLUMNS = [
    "child", "authority", "arm", "born", "sex", "year11", "index_date", "window_start",
    "window_end", "window_observed", "in_care_days", "home_days", "first_home", "last_home",
]  # fmt: skip


def cohort_at_16(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    returns: Ssda903Records,
    policies: HistoryPolicies,
    npd: NpdRecords | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Build the cohort whose outcomes are known at the end of Year 11.

    Parameters
    ----------
    spells : DataFrame
        From ``histories.spells``.
    home_spells : DataFrame
        From ``histories.home_spells``.
    returns : Ssda903Records
        Its Header says which years each authority returned; OC2 holds outcomes.
    policies : HistoryPolicies
        ``entry``: children whose window opens before the records do are left out (inflow) or kept
        (delayed).
    npd : NpdRecords, optional
        Adds results, absence and exclusions of Year 11.

    Returns
    -------
    DataFrame
        One row per child, ordered by child: child, authority, arm (home, comparison), born, sex,
        year11 (the year in which that school year ends), index_date (of the history to hold
        constant; the day the window opens), window_start, window_end (first day not in it),
        window_observed, in_care_days and home_days (in the window), first_home, last_home, then
        the columns of `cohort_outcomes.at_16`.
    Account
        Children left out, by reason.
    """
    cohort, account = _cohort(spells, home_spells, returns, policies, "cohort at 16")
    return at_16(cohort, returns, npd), account


def cohort_at_18(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    returns: Ssda903Records,
    policies: HistoryPolicies,
    npd: NpdRecords | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Build the cohort that reached its 18th birthday within the records.

    Parameters
    ----------
    spells, home_spells, returns, policies, npd
        As in `cohort_at_16`; OC3 holds outcomes, and NPD results of 16 to 18.

    Returns
    -------
    DataFrame
        As `cohort_at_16`, up to the 18th birthday, with eligible_care_leaver (looked after for 13
        weeks since the age of 14, and at least a day since that of 16: those of whom OC3 is
        returned, a group that homes have shaped), then the columns of `cohort_outcomes.at_18`.
    Account
        Children left out, by reason.
    """
    cohort, account = _cohort(spells, home_spells, returns, policies, "cohort at 18")
    cohort = cohort.assign(eligible_care_leaver=_eligible(cohort, spells))
    rule = "not eligible for the return of care leavers (OC3)"
    out = ~cohort["eligible_care_leaver"]
    account = account.noted("cohort at 18", rule, int(out.sum()), cohort.loc[out, "child"])
    return at_18(cohort, spells, returns, npd), account


def year_11(born: pd.Series) -> pd.Series:
    """Return the year in which each child's Year 11 ends: 16 is turned from September to August.

    Examples
    --------
    >>> year_11(pd.Series(pd.to_datetime(["2004-08-31", "2004-09-01"]))).tolist()
    [2020, 2021]
    """
    year: pd.Series = born.dt.year + 16 + born.dt.month.ge(9)
    return year.astype("int64")


def last_day_returned(authority: pd.Series, header: pd.DataFrame) -> pd.Series:
    """Return 31 March of the last collection year of each row's authority."""
    last = header.groupby("LA")["YEAR"].max()
    years = authority.map(last.to_dict()).astype("Int64").astype("str")
    dates: pd.Series = pd.to_datetime(years + "-03-31").astype("datetime64[ns]")
    return dates


def _cohort(
    spells: pd.DataFrame,
    home_spells: pd.DataFrame,
    returns: Ssda903Records,
    policies: HistoryPolicies,
    table: str,
) -> tuple[pd.DataFrame, Account]:
    children = spells.drop_duplicates("child").reset_index(drop=True)
    children = children[["child", "authority", "born", "sex", "records_begin"]]
    year11 = year_11(children["born"])
    june = pd.to_datetime(year11.astype("str") + "-07-01").astype("datetime64[ns]")
    children = children.assign(
        year11=year11,
        opens=birthday(children["born"], _FIRST_AGE),
        window_end=june if table == "cohort at 16" else birthday(children["born"], 18),
        records_end=last_day_returned(children["authority"], returns.header),
    )
    children = _with_arms(children, spells, home_spells)
    account = Account().read(table, "children looked after", len(children))
    cohort, account = _kept(children, policies, table, account)
    cohort = _with_days(cohort, spells, home_spells)
    for arm in (HOME, COMPARISON):
        account = account.kept(table, f"children, arm {arm}", int(cohort["arm"].eq(arm).sum()))
    return cohort[_COLUMNS], account


def _with_arms(
    children: pd.DataFrame, spells: pd.DataFrame, home_spells: pd.DataFrame
) -> pd.DataFrame:
    """Say in which arm a child is and when the window opens; neither if not looked after in it.

    Homes are those of the stays in homes: a placement may become a home while it lasts.
    """
    window = children.rename(columns={"opens": "from", "window_end": "to"})
    rows, homes = _within(spells, window), _within(home_spells, window)
    in_home = _at(children, homes.drop_duplicates("child"), "start")
    in_care = _at(children, rows.drop_duplicates("child"), "start")
    ever = among(children["child"], home_spells.loc[_begins_young(home_spells), "child"])
    died = spells["ended_by"].eq(DIED)
    arm = np.select([in_home.notna(), in_care.notna()], [HOME, COMPARISON], "")
    start = in_home.where(in_home.notna(), in_care)
    return children.assign(
        arm=pd.Series(arm, dtype="str"),
        index_date=start,
        window_start=start,
        home_before=ever & in_home.isna(),
        died=_at(children, spells[died].drop_duplicates("child"), "end"),
        window_observed=start >= children["records_begin"],
    )


def _begins_young(spells: pd.DataFrame) -> pd.Series:
    return spells["start"] < birthday(spells["born"], _FIRST_AGE)


def _kept(
    children: pd.DataFrame, policies: HistoryPolicies, table: str, account: Account
) -> tuple[pd.DataFrame, Account]:
    rules = {
        "not looked after between the 11th birthday and the end of the window": children["arm"].eq(
            ""
        ),
        "the window ends after the records do": children["window_end"] > children["records_end"],
        "died before the end of the window": children["died"] < children["window_end"],
        "in a children's home before the age of 11 only; in neither arm": children["home_before"],
    }
    if policies.entry == "inflow":
        rules["the window opens before the records do"] = ~children["window_observed"]
    left = pd.Series(True, index=children.index)
    for rule, which in rules.items():
        out = left & which
        account = account.excluded(table, rule, int(out.sum()), children.loc[out, "child"])
        left &= ~which
    return children[left].reset_index(drop=True), account


def _with_days(
    cohort: pd.DataFrame, spells: pd.DataFrame, home_spells: pd.DataFrame
) -> pd.DataFrame:
    window = cohort.rename(columns={"window_start": "from", "window_end": "to"})
    stays = _within(home_spells, window)
    return cohort.assign(
        in_care_days=_days(cohort, _within(spells, window)),
        home_days=_days(cohort, stays),
        first_home=_at(cohort, stays.drop_duplicates("child"), "home"),
        last_home=_at(cohort, stays.drop_duplicates("child", keep="last"), "home"),
    )


def _eligible(cohort: pd.DataFrame, spells: pd.DataFrame) -> pd.Series:
    since_14 = cohort.assign(**{"from": birthday(cohort["born"], 14)})
    rows = _within(spells, since_14.assign(to=birthday(cohort["born"], 18)))
    since_16 = rows["end"] > birthday(rows["born"], 16)
    enough = _days(cohort, rows) >= _LEAVER_DAYS
    return enough & among(cohort["child"], rows.loc[since_16, "child"])


def _within(rows: pd.DataFrame, window: pd.DataFrame) -> pd.DataFrame:
    """Cut rows to the window of their child (columns from, to), in order of child and start."""
    rows = rows.merge(window[["child", "from", "to"]], on="child")
    start = rows["start"].where(rows["start"] > rows["from"], rows["from"])
    end = rows["end"].where(rows["end"] < rows["to"], rows["to"])
    return rows.assign(start=start, end=end)[start < end]


def _days(cohort: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    days = (rows["end"] - rows["start"]).dt.days.groupby(rows["child"], sort=False).sum()
    of_child = cohort[["child"]].merge(days.rename("days").reset_index(), on="child", how="left")
    return of_child["days"].fillna(0).astype("int64")


def _at(cohort: pd.DataFrame, one_each: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of a table with at most one row per child, in the order of the cohort."""
    values = one_each[["child", column]]
    return cohort[["child"]].merge(values, on="child", how="left", validate="1:1")[column]
