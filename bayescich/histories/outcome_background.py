"""What was known of each child of a cohort on its index date: what outcomes are compared given.

Nothing of a later day enters but Key Stage 2, which is taken once, in May of Year 6; of a child
whose window opens in Year 6 it may be some months later, which ``ks2_later`` says.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.histories.construct import Histories
from bayescich.histories.needs import needs_on
from bayescich.histories.prior_attainment import prior_attainment
from bayescich.histories.prior_history import history_before
from bayescich.histories.stay_columns import child_columns
from bayescich.records.npd import NpdRecords
from bayescich.records.ssda903 import Ssda903Records

TABLE = "what was known before"
"""Name of this step in the account."""

_FLAGS = ("previous_breakdown", "uasc", "history_complete")
_FLAGS_OR_BLANK = ("convicted_before", "substance_before")
_NUMBERS = ("last_sdq_before", "last_sdq_days_before")


def background(
    cohort: pd.DataFrame,
    histories: Histories,
    returns: Ssda903Records,
    npd: NpdRecords | None = None,
    needs: pd.DataFrame | None = None,
    statements: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Describe each child of a cohort on its index date.

    Parameters
    ----------
    cohort : DataFrame
        One row per child: child, born, sex, year11, index_date.
    histories : Histories
        From ``histories.construct``.
    returns : Ssda903Records
    npd : NpdRecords, optional
        Adds results at 11 and special educational needs.
    needs : DataFrame, optional
        The needs audit, from ``records.needs``.
    statements : DataFrame, optional
        The Statements of Purpose: each need that a home meets has a column of the audit, too.

    Returns
    -------
    DataFrame
        Indexed as `cohort`: age_at_start, male, need_behaviour, need_disability, legal_status;
        the columns of ``prior_history.history_before`` as numbers, but for previous_permanence;
        with `npd` those of ``prior_attainment.prior_attainment``; with `needs` those of
        ``needs.needs_on``.
    Account
        Children of whom something is not known.
    """
    known, account = _history(cohort, histories, returns)
    parts = [_of_child(cohort, histories), known]
    if npd is not None:
        attained, counted = prior_attainment(cohort, npd)
        parts, account = [*parts, attained], account + counted
    if needs is not None and not needs.empty:
        recorded, counted = needs_on(cohort, needs, histories.people, statements)
        parts, account = [*parts, recorded], account + counted
    return pd.concat(parts, axis="columns"), account


def _of_child(cohort: pd.DataFrame, histories: Histories) -> pd.DataFrame:
    """Say what every table of stays says of a child, here of the episode of the index date."""
    day = cohort[["child", "index_date"]]
    need = _on_the_day(histories.spells[["child", "start", "end", "need"]], day)["need"]
    chain = histories.chain[["child", "DECOM", "DEC", "LS"]]
    legal = _on_the_day(chain.rename(columns={"DECOM": "start", "DEC": "end"}), day)["LS"]
    stays = cohort[["born", "sex"]].assign(
        start=cohort["index_date"], need=need.to_numpy(), LS=legal.to_numpy()
    )
    return pd.DataFrame(child_columns(stays))


def _on_the_day(rows: pd.DataFrame, day: pd.DataFrame) -> pd.DataFrame:
    """Return the row of each child that holds its index date, in the order of the children."""
    met = rows.merge(day, on="child")
    inside = met[(met["start"] <= met["index_date"]) & (met["index_date"] < met["end"])]
    return day[["child"]].merge(inside.drop_duplicates("child"), on="child", how="left")


def _history(
    cohort: pd.DataFrame, histories: Histories, returns: Ssda903Records
) -> tuple[pd.DataFrame, Account]:
    index = cohort[["child", "index_date"]].reset_index(drop=True)
    known = history_before(index, histories.spells, returns, histories.people)
    types = dict.fromkeys(_FLAGS, "int64") | dict.fromkeys((*_FLAGS_OR_BLANK, *_NUMBERS), "float64")
    # the age on the index date stands in age_at_start already
    known = known.drop(columns=["child", "index_date", "age_at_index"]).astype(types)
    known = known.set_axis(cohort.index)
    account = Account().read(TABLE, "children", len(cohort))
    for rule, which in {
        "history not known from its start": known["history_complete"].eq(0),
        "no score of strengths and difficulties before": known["last_sdq_before"].isna(),
        "never returned whether convicted before": known["convicted_before"].isna(),
    }.items():
        account = account.noted(TABLE, rule, int(which.sum()), cohort.loc[which, "child"])
    return known, account
