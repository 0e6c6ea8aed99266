"""Stays in homes made ready for competing routes of exit: one clock, one cause, up to the wall."""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.exits import CENSORED, nearly_18
from bayescich.histories.schemas import checked
from bayescich.histories.schemas.fitted import EXIT_TABLE

TABLE = "stays by route of exit"
"""Name of this table in the account."""


def exit_table(placements: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    """Give each stay its time at risk of any exit, and the route that ended it.

    At 17 years and 11 months stays are cut: from then on the 18th birthday ends them, and a
    hazard would take that for the home's doing.

    Parameters
    ----------
    placements : DataFrame
        From ``placements.placement_histories``, with ``born``.

    Returns
    -------
    DataFrame
        The same rows and columns, less the stays that begin on that day or later, with
        ``exit_days``, the days from the start to the end or to the day before the wall, and
        ``exit``, the group of routes, or ``censored`` if no route was seen before the wall.
    Account
        Stays read, excluded, noted and kept.

    Raises
    ------
    HistoriesError
        If no stay is left.
    """
    wall = nearly_18(placements["born"])
    before = (wall - placements["start"]).dt.days.astype("float64")
    account = Account().read(TABLE, "stays in homes", len(placements))
    late = before.le(0)
    rule = "starts at 17 years and 11 months or older"
    account = account.excluded(TABLE, rule, int(late.sum()), placements.loc[late, "child"])
    unseen = before.le(placements["entry_days"]) & ~late
    rule = "comes under observation at 17 years and 11 months or older"
    account = account.excluded(TABLE, rule, int(unseen.sum()), placements.loc[unseen, "child"])
    walled = placements["end"] >= wall
    table = placements.assign(
        exit_days=placements["days"].where(placements["days"] <= before, before),
        exit=placements["exit_group"].mask(walled, CENSORED),
    )[~late & ~unseen].reset_index(drop=True)
    if table.empty:
        raise _none_before_the_wall(len(placements))
    account = _noted(table, account).kept(TABLE, "stays followed to their exit", len(table))
    checked("exit_table", table[list(EXIT_TABLE.columns)], EXIT_TABLE)
    return table, account


def _noted(table: pd.DataFrame, account: Account) -> Account:
    cut = table["end"] >= nearly_18(table["born"])
    routed = cut & table["exit_group"].ne(CENSORED)
    for rule, which in {
        "goes on to 17 years and 11 months or past it; cut there": cut,
        "ends by a route at that age or older; counted as censored": routed,
    }.items():
        account = account.noted(TABLE, rule, int(which.sum()), table.loc[which, "child"])
    return account


def _none_before_the_wall(rows: int) -> HistoriesError:
    return HistoriesError(
        "No stay in a home begins before the child is 17 years and 11 months old.",
        where=f"{rows:,} stays",
        why="later ends are made by the 18th birthday, so there is no time at risk of an exit",
        next_step="Check the dates of birth in the Header.",
    )
