"""One row per child: stays in a window, what was known before it, and outcomes at 16 or 18."""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.histories.cohorts import cohort_at_16, cohort_at_18
from bayescich.histories.construct import Histories, construct
from bayescich.histories.dates import birthday
from bayescich.histories.entry import leave_out
from bayescich.histories.outcome_background import background
from bayescich.histories.outcome_stays import stays_side_by_side
from bayescich.histories.outcome_values import values_at_16, values_at_18
from bayescich.histories.providers import MINIMUM_HOMES
from bayescich.histories.schemas import checked
from bayescich.histories.schemas.outcomes import OUTCOMES_16, OUTCOMES_18
from bayescich.histories.stay_columns import collection_year
from bayescich.records.everything import Everything
from bayescich.records.ssda903 import collection_year_label
from bayescich.spec.policies import HistoryPolicies

_PERSON = ["child", "authority", "arm"]
_WINDOW = ["born", "index_date"]
_DAYS = ["window_start", "window_end", "in_care_days", "home_days"]


def outcomes_16(
    records: Everything,
    policies: HistoryPolicies | None = None,
    minimum_homes: int = MINIMUM_HOMES,
) -> tuple[pd.DataFrame, Account]:
    """Return the children whose outcomes at the end of Year 11 are due, all the way from files.

    Parameters
    ----------
    records : Everything
        From ``records.everything``. A register of homes is needed; without an extract of the
        National Pupil Database, a needs audit or Statements of Purpose there is nothing of theirs
        in the table.
    policies : HistoryPolicies, optional
        The defaults if left out; ``entry`` as for ``cohorts.cohort_at_16``.
    minimum_homes : int
        See ``home_type.merge_small_types``.

    Returns
    -------
    DataFrame
        As ``schemas.outcomes.OUTCOMES_16``, ordered by child.
    Account
        From the episodes on: children left out and why, and what is missing of those kept.

    Raises
    ------
    RecordsError
        If there is no register.
    HistoriesError
        If no child is left.
    """
    histories, policies = _histories(records, policies), policies or HistoryPolicies()
    cohort, account = cohort_at_16(
        histories.spells, histories.home_spells, records.returns, policies, records.npd
    )
    cohort, account = _with_sex(cohort, "cohort at 16", account)
    shown, counted = _described(cohort, histories, records, minimum_homes)
    year = collection_year_label(cohort["year11"])
    values = values_at_16(cohort, histories.periods)
    table = pd.concat([_head(cohort, year), shown, values], axis="columns")
    account = histories.account + account + counted + _missing(values, cohort, "outcomes at 16")
    return checked("outcomes16", table, OUTCOMES_16), account.kept(
        "outcomes at 16", "children", len(table)
    )


def outcomes_18(
    records: Everything,
    policies: HistoryPolicies | None = None,
    minimum_homes: int = MINIMUM_HOMES,
) -> tuple[pd.DataFrame, Account]:
    """Return the children who have reached their 18th birthday, all the way from files.

    Parameters
    ----------
    records, policies, minimum_homes
        As in `outcomes_16`.

    Returns
    -------
    DataFrame
        As ``schemas.outcomes.OUTCOMES_18``, ordered by child.
    Account
        As in `outcomes_16`.

    Raises
    ------
    RecordsError
        If there is no register.
    HistoriesError
        If no child is left.
    """
    histories, policies = _histories(records, policies), policies or HistoryPolicies()
    cohort, account = cohort_at_18(
        histories.spells, histories.home_spells, records.returns, policies, records.npd
    )
    cohort, account = _with_sex(cohort, "cohort at 18", account)
    shown, counted = _described(cohort, histories, records, minimum_homes)
    year = collection_year(birthday(cohort["born"], 18))
    eligible = cohort[["eligible_care_leaver"]].astype("int64")
    values = values_at_18(cohort)
    table = pd.concat([_head(cohort, year), shown, eligible, values], axis="columns")
    account = histories.account + account + counted + _missing(values, cohort, "outcomes at 18")
    return checked("outcomes18", table, OUTCOMES_18), account.kept(
        "outcomes at 18", "children", len(table)
    )


def _histories(records: Everything, policies: HistoryPolicies | None) -> Histories:
    homes = records.register_or_error().homes
    return construct(
        records.returns, policies, homes=homes, lookup=records.lookup, given=records.succession
    )


def _with_sex(cohort: pd.DataFrame, table: str, account: Account) -> tuple[pd.DataFrame, Account]:
    unknown = ~cohort["sex"].isin(["M", "F"])
    cohort, account = leave_out(cohort, unknown, "sex not recorded", table, account)
    if cohort.empty:
        reasons = [f"{e.rule}: {e.rows:,}" for e in account.entries if e.stage == "excluded"]
        raise HistoriesError(
            f"The returns hold no child of the {table}.",
            where="; ".join(reasons),
            why="an outcome is put down to where a child lived from the age of 11 on",
            next_step="Check that the returns cover the years from the 11th birthday on.",
        )
    return cohort.reset_index(drop=True), account


def _described(
    cohort: pd.DataFrame, histories: Histories, records: Everything, minimum_homes: int
) -> tuple[pd.DataFrame, Account]:
    """Add what was known before the window, and where the child lived in it."""
    needs, statements = records.needs.needs, records.statements.statements
    before, account = background(cohort, histories, records.returns, records.npd, needs, statements)
    homes = records.register_or_error().homes
    stays, counted = stays_side_by_side(
        cohort, histories, homes, minimum_homes, statements=statements, needs=needs
    )
    shown = pd.concat([before, cohort[_DAYS], stays], axis="columns")
    return shown, account + counted + _twice(cohort, histories)


def _head(cohort: pd.DataFrame, year: pd.Series) -> pd.DataFrame:
    head = cohort[_PERSON].assign(year=year.astype("str"))
    return pd.concat([head, cohort[_WINDOW]], axis="columns")


def _twice(cohort: pd.DataFrame, histories: Histories) -> Account:
    """Count the people who are in the table under the ids of two authorities."""
    person = cohort["child"].map(histories.people.set_index("child")["person"])
    twice = person.notna() & person.duplicated()
    rule = "the person is in the cohort under another authority too; each has the days it had there"
    return Account().noted("outcomes", rule, int(twice.sum()), cohort.loc[twice, "child"])


def _missing(values: pd.DataFrame, cohort: pd.DataFrame, table: str) -> Account:
    account = Account().read(table, "children of the cohort", len(cohort))
    for column in values:
        name = str(column)
        if name.endswith("_missing"):
            outcome = name.removesuffix("_missing").replace("_", " ")
            for why, rows in values[name].dropna().groupby(values[name]):
                rule = f"{outcome} not known: {why}"
                account = account.noted(table, rule, len(rows), cohort["child"].loc[rows.index])
    return account
