"""The same person under several ids: linked by UPN, and followed from one authority to the next.

A child's id belongs to one authority. It changes when another authority takes the child over, when
an authority is reorganised, after an adoption and with a new case management system. What ties the
ids together is the unique pupil number (UPN), which young children and many unaccompanied ones do
not have: people who could not be linked are not people who never moved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from bayescich.account import Account
from bayescich.histories.sorted_rows import ranked_codes
from bayescich.records.code_sets import code_set
from bayescich.spec.policies import HistoryPolicies

TABLE = "people"
"""Name of this step in the account."""

REAL_UPN = r"[A-HJ-NP-RT-Z]\d{11}[\dA-Z]"
"""A pupil number: UN1 to UN5 say why there is none, and do not match."""

_SEXES = ("M", "F")


def child_ids(rows: pd.DataFrame) -> pd.Series:
    """Return what identifies a child nationally: the authority and its own id for the child.

    Examples
    --------
    >>> child_ids(pd.DataFrame({"LA": ["Northshire"], "CHILD": ["12"]})).tolist()
    ['Northshire/12']
    """
    ids: pd.Series = rows["LA"] + "/" + rows["CHILD"]
    return ids


def link_people(
    header: pd.DataFrame, chain: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, Account]:
    """Find the children who are one person: one real UPN, one date of birth, not both sexes.

    This is stricter than the rule of some researchers, who drop a link when two of date of birth,
    sex and ethnicity disagree. A UPN under which two dates of birth or two sexes are returned
    links nobody.

    Parameters
    ----------
    header : DataFrame
        Header rows of all years: LA, YEAR, CHILD, SEX, DOB, UPN.
    chain : DataFrame, optional
        From ``histories.episodes``; days that a person spends in two authorities at once are then
        counted.

    Returns
    -------
    DataFrame
        One row per child, ordered by child: child, person (the first of the person's child ids).
    Account
        Links made and refused, and people in two authorities.
    """
    codes, children = ranked_codes(child_ids(header))
    rows = header[["YEAR", "DOB", "SEX", "UPN"]].assign(child=codes)
    rows = rows.sort_values("YEAR", kind="stable")
    real = rows["UPN"].str.fullmatch(REAL_UPN).fillna(False).astype("bool")
    pairs = rows.loc[real, ["child", "UPN"]].drop_duplicates()
    for fact in ("DOB", "SEX"):
        pairs = pairs.merge(_latest(rows, fact), on="child", how="left")
    account = Account().read(TABLE, "children in the Header", len(children))
    rule = "no real UPN; cannot be linked to another authority"
    account = account.noted(TABLE, rule, len(children) - pairs["child"].nunique())
    pairs, account = _without_false_matches(pairs, account)
    people = _people(children, pairs)
    account = account.kept(TABLE, "people", people["person"].nunique())
    return people, _note_links(people, chain, account)


def follow_transfers(
    chain: pd.DataFrame, people: pd.DataFrame, policies: HistoryPolicies
) -> tuple[pd.DataFrame, Account]:
    """Say which period of care goes on from one that another authority's return ends with E3.

    Parameters
    ----------
    chain : DataFrame
        From ``histories.episodes``: one chain of episodes per child.
    people : DataFrame
        From `link_people`.
    policies : HistoryPolicies
        ``transfer_days``: the longest time between the two, in days; nobody is followed when empty.

    Returns
    -------
    DataFrame
        The chain with two more columns: person, and continues_from (the child id under which the
        other authority returned the person; blank elsewhere). Spells are not joined: the first
        still ends with its transfer.
    Account
        Transfers followed, and those after which the child was not found again.
    """
    chain = chain.assign(person=chain["child"].map(people.set_index("child")["person"]))
    ends = _transfers_out(chain)
    account = Account().read(TABLE, "periods of care ended by a transfer (E3)", len(ends))
    followed = _followed(ends, chain, policies.transfer_days)
    links = followed.drop_duplicates("period").set_index("period")["left_as"]
    rule = "taken over by another authority and found there; history goes on"
    account = account.repaired(TABLE, rule, len(links), followed["child"])
    rule = "taken over by another authority and not found in its returns"
    lost = ends[~ends["left_period"].isin(followed["left_period"])]
    account = account.noted(TABLE, rule, len(lost), lost["child"])
    return chain.assign(continues_from=chain["period"].map(links).astype("str")), account


def _latest(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    known = rows[rows[column].notna()]
    return known.drop_duplicates("child", keep="last")[["child", column]]


def _without_false_matches(pairs: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    pairs = pairs[pairs["UPN"].duplicated(keep=False)]
    by_upn = pairs.assign(SEX=pairs["SEX"].where(pairs["SEX"].isin(_SEXES))).groupby("UPN")
    dates = by_upn["DOB"].nunique(dropna=False)
    sexes = by_upn["SEX"].nunique()
    rules = {
        "one UPN, two dates of birth; not linked (false match)": dates.gt(1),
        "one UPN, two sexes; not linked (false match)": dates.eq(1) & sexes.gt(1),
    }
    for rule, refused in rules.items():
        account = account.noted(TABLE, rule, int(refused.sum()), refused.index[refused])
    good = dates.eq(1) & sexes.le(1)
    return pairs[pairs["UPN"].isin(good.index[good])], account


def _people(children: pd.Index, pairs: pd.DataFrame) -> pd.DataFrame:
    """Bring together all children who are tied by UPNs, directly or through another child."""
    upns, names = pd.factorize(pairs["UPN"])
    nodes = len(children) + len(names)
    ties = coo_matrix(
        (
            np.ones(len(pairs)),
            (pairs["child"].to_numpy(), len(children) + upns),
        ),
        shape=(nodes, nodes),
    )
    _, group = connected_components(ties, directed=False)
    people = pd.DataFrame({"child": children, "group": group[: len(children)]})
    first = people.drop_duplicates("group").set_index("group")["child"]
    return pd.DataFrame(
        {"child": people["child"], "person": people["group"].map(first).astype("str")}
    )


def _note_links(people: pd.DataFrame, chain: pd.DataFrame | None, account: Account) -> Account:
    linked = people[people["person"].duplicated(keep=False)]
    authority = linked["child"].str.rsplit("/", n=1).str[0]
    authorities = authority.groupby(linked["person"]).nunique()
    rules = {
        "child in two authorities": authorities.gt(1),
        "child with two ids in one authority": authorities.eq(1),
    }
    for rule, which in rules.items():
        account = account.noted(TABLE, rule, int(which.sum()), which.index[which])
    if chain is None:
        return account
    overlap = _overlaps(chain, linked)
    rule = "looked after by two authorities at once; episodes that overlap"
    return account.noted(TABLE, rule, len(overlap), overlap["person"].unique())


def _overlaps(chain: pd.DataFrame, linked: pd.DataFrame) -> pd.DataFrame:
    """Return the episodes of a person that begin before an earlier one ends.

    One child's chain has no overlaps, so the two are of different ids.
    """
    rows = chain[["child", "DECOM", "DEC"]].merge(linked, on="child")
    rows = rows.sort_values(["person", "DECOM", "DEC"], kind="stable", ignore_index=True)
    latest = rows.groupby("person")["DEC"].cummax().groupby(rows["person"]).shift()
    return rows[rows["DECOM"] < latest]


def _transfers_out(chain: pd.DataFrame) -> pd.DataFrame:
    last = chain.drop_duplicates("period", keep="last")
    codes = code_set("ssda903_rec")
    transfer = codes.loc[codes["group"].eq("transfer"), "code"]
    ends = last.loc[last["REC"].isin(transfer), ["child", "person", "LA", "period", "DEC"]]
    return ends.rename(columns={"period": "left_period"})


def _followed(ends: pd.DataFrame, chain: pd.DataFrame, days: int | None) -> pd.DataFrame:
    """Return the periods of care that begin soon after a transfer of the same person.

    A start goes on from the last transfer before it, so each is followed once.
    """
    starts = chain.drop_duplicates("period")
    starts = starts.loc[starts["RNE"].eq("S"), ["child", "person", "LA", "period", "DECOM"]]
    starts = starts[starts["person"].isin(ends["person"])].sort_values("DECOM", kind="stable")
    left = ends.rename(columns={"child": "left_as", "LA": "left"}).sort_values("DEC", kind="stable")
    if days is None or starts.empty or left.empty:
        return starts.head(0).assign(left_as=pd.Series(dtype="str"), left_period=[])
    found = pd.merge_asof(
        starts,
        left,
        left_on="DECOM",
        right_on="DEC",
        by="person",
        tolerance=pd.Timedelta(days=days),
    )
    return found[found["left"].notna() & found["left"].ne(found["LA"])]
