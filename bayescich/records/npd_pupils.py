"""Who a pupil is: one id per pupil across the tables of an extract, and the link to children.

A child with no pupil is kept as not linked. Linkage fails more often for young, short-staying and
unaccompanied children, so what is missing for want of a link is never missing at random.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.records.code_sets import known_codes
from bayescich.records.npd_headings import NpdTable
from bayescich.records.tidying import shown, with_authority


def references_by_upn(link: pd.DataFrame) -> pd.Series:
    """Return the pupil matching reference of each UPN that the link table gives just one.

    Parameters
    ----------
    link : DataFrame
        With columns PMR and UPN.

    Returns
    -------
    Series of str
        Indexed by UPN.
    """
    pairs = link[["UPN", "PMR"]].dropna().drop_duplicates()
    pairs = pairs[~pairs["UPN"].isin(known_codes("ssda903_upn_placeholder"))]
    single = pairs[~pairs["UPN"].duplicated(keep=False)]
    return single.set_index("UPN")["PMR"]


def with_pupil(
    frame: pd.DataFrame, table: str, references: pd.Series
) -> tuple[pd.DataFrame, Account]:
    """Put one id, PUPIL, in the place of PMR and UPN.

    Parameters
    ----------
    frame : DataFrame
        With columns PMR and UPN.
    table : str
        Name for the account.
    references : Series
        Matching reference by UPN, for tables that give only the UPN.

    Returns
    -------
    DataFrame
        PUPIL is blank where neither column says who it is.
    Account
    """
    none_issued = frame["UPN"].isin(known_codes("ssda903_upn_placeholder"))
    upn = frame["UPN"].mask(none_issued)
    known = upn.map(references).astype("str") if len(references) else upn.mask(upn.notna())
    pupil = frame["PMR"].fillna(known).fillna(upn)
    rule = "UPN stands for none (UN1 to UN5); taken as blank"
    account = Account().repaired(table, rule, int(none_issued.sum()), frame["UPN"][none_issued])
    rest = frame.drop(columns=["PMR", "UPN"])
    rest.insert(0, "PUPIL", pupil)
    return rest, account


def of_pupils(
    frame: pd.DataFrame, table: NpdTable, references: pd.Series
) -> tuple[pd.DataFrame, Account]:
    """Key a table by pupil; rows of no pupil are left out, counted.

    Parameters
    ----------
    frame : DataFrame
        Typed as the table.
    table : NpdTable
        Which table.
    references : Series
        Matching reference by UPN.

    Returns
    -------
    DataFrame
    Account
    """
    frame, account = with_pupil(frame, table.name, references)
    blank = frame["PUPIL"].isna()
    rule = "neither a pupil matching reference nor a UPN says who it is"
    account = account.excluded(table.name, rule, int(blank.sum()))
    return frame[~blank], account


def linked_children(
    link: pd.DataFrame, header: pd.DataFrame | None, references: pd.Series
) -> tuple[pd.DataFrame, Account]:
    """Return the pupil of each child, blank where there is none or more than one.

    Parameters
    ----------
    link : DataFrame
        Table ``npd_link``, with several rows per child where it is by year.
    header : DataFrame, optional
        The Header of SSDA903, whose UPN serves for children without a pupil in `link`.
    references : Series
        Matching reference by UPN.

    Returns
    -------
    DataFrame
        One row per child: LA, CHILD, PUPIL, LINKED.
    Account
        How many children are not linked.
    """
    link, account = with_authority(link, "npd_link")
    children, counted = _one_pupil_each(link, references)
    account += counted
    if header is not None and len(header):
        rows = header[["LA", "CHILD", "UPN"]].assign(PMR=pd.Series(pd.NA, header.index, "str"))
        by_upn, counted = _one_pupil_each(rows, references)
        children = _filled(children, by_upn)
        account += counted
    children["LINKED"] = children["PUPIL"].notna()
    return children, account + _link_account(children)


def _one_pupil_each(link: pd.DataFrame, references: pd.Series) -> tuple[pd.DataFrame, Account]:
    rows, account = with_pupil(link, "npd_link", references)
    pairs = rows[["LA", "CHILD", "PUPIL"]].drop_duplicates()
    pairs = pairs.sort_values(["LA", "CHILD", "PUPIL"], na_position="last")
    named = pairs["PUPIL"].notna()
    twice = named & pairs.duplicated(["LA", "CHILD"], keep="first")
    contradicted = pairs.loc[twice, ["LA", "CHILD"]].drop_duplicates()
    children = pairs.drop_duplicates(["LA", "CHILD"]).reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(children[["LA", "CHILD"]])
    unsure = pd.Series(keys.isin(pd.MultiIndex.from_frame(contradicted)), children.index)
    rule = "children linked to two different pupils; taken as not linked"
    examples = shown(children, ["LA", "CHILD"], unsure)
    account = account.repaired("npd_link", rule, int(unsure.sum()), examples)
    return children.assign(PUPIL=children["PUPIL"].mask(unsure)), account


def _filled(children: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Take the pupil of a second source for children who have none in the first."""
    both = pd.concat([children.assign(first=0), others.assign(first=1)], ignore_index=True)
    both["blank"] = both["PUPIL"].isna()
    ordered = both.sort_values(["LA", "CHILD", "blank", "first"])
    return ordered.drop_duplicates(["LA", "CHILD"])[["LA", "CHILD", "PUPIL"]].reset_index(drop=True)


def _link_account(children: pd.DataFrame) -> Account:
    alone = ~children["LINKED"]
    rule = "children linked to no pupil: their outcomes are missing, and not at random"
    examples = shown(children, ["LA", "CHILD"], alone)
    account = Account().noted("npd_link", rule, int(alone.sum()), examples)
    shared = children["LINKED"] & children.duplicated("PUPIL", keep=False)
    rule = (
        "children of whom one pupil has several ids: moved between authorities, or linked falsely"
    )
    pupils = children.loc[shared, "PUPIL"].drop_duplicates()
    account = account.noted("npd_link", rule, int(shared.sum()), pupils)
    return account.kept("npd_link", "children", len(children))
