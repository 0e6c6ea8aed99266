"""Homes registered anew: which URNs, one after the other, are one physical home.

A home that changes hands, or is registered again for another reason, goes on under a new URN with
the same children in it. Three kinds of evidence say so, the first that speaks being followed: what
the user gives, Ofsted's look-up of providers, and the returns themselves.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.places import HOME_CLASSES, usable_urn
from bayescich.records.ssda903_codes import code_set
from bayescich.records.tabular import label_key

TABLE = "urn succession"
"""Name of this step in the account."""

WITHIN_DAYS = 60
"""A new registration follows the end of the old one by no more days than this, either way."""

GIVEN, LOOKUP, RETURNS = "given", "look-up", "returns"
FIRST = "first registration"
"""Evidence of a URN that took no other's place."""

_ON_THE_LIST = ("active", "suspended")
_SEEN = ["child", "period", "DECOM", "DEC", "RNE", "REASON_PLACE_CHANGE", "PL_POST", "URN"]


def urn_succession(
    chain: pd.DataFrame,
    register_homes: pd.DataFrame | None = None,
    lookup_providers: pd.DataFrame | None = None,
    given: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Map each URN of a home to the first URN of the same physical home.

    The returns are evidence where a child stays with the same carer (RNE T or U, or a change of
    status only) at the same postcode in another children's home, unless children enter the old URN
    after the first such day, had entered the new one more than 60 days before it, or one list of
    Ofsted's has both homes. The look-up is evidence where two registrations of one kind at one
    postcode follow each other within 60 days.

    Parameters
    ----------
    chain : DataFrame
        From ``histories.episodes.chained_episodes``.
    register_homes : DataFrame, optional
        Ofsted's lists, as ``records.ofsted_schema.HOMES``.
    lookup_providers : DataFrame, optional
        From ``records.ofsted_lookup.read_lookup``.
    given : DataFrame, optional
        From ``records.succession.read_succession``.

    Returns
    -------
    DataFrame
        Columns urn (one row for every URN of a home in the chain or on the lists, and for those
        that succeed one), home (the first URN) and evidence (``given``, ``look-up`` or ``returns``
        for the URN taking its predecessor's place, else ``first registration``).
    Account
        Successions followed, by evidence, and those refused: a URN with two successors or two
        predecessors, a circle, or two homes that stand side by side.
    """
    entries = _home_entries(chain)
    offered = {
        GIVEN: (_given_pairs(given), Account()),
        LOOKUP: (_lookup_pairs(lookup_providers), Account()),
        RETURNS: _returns_pairs(chain, entries, register_homes),
    }
    pairs, account = _no_pairs(), Account()
    for evidence, (found, refused) in offered.items():
        account += refused
        pairs, counted = _joined(pairs, found, evidence)
        account += counted
    pairs, counted = _without_circles(pairs)
    account += counted
    for evidence in offered:
        rows = pairs[pairs["evidence"].eq(evidence)]
        rule = f"a home's new URN taken for its first one; evidence: {evidence}"
        account = account.repaired(TABLE, rule, len(rows), _arrows(rows))
    table = _mapped(pairs, _urns(entries, register_homes))
    return table, account.kept(TABLE, "URNs of homes", len(table))


def _no_pairs() -> pd.DataFrame:
    return pd.DataFrame({"old": [], "new": [], "evidence": []}, dtype="str")


def _arrows(pairs: pd.DataFrame) -> list[str]:
    head = pairs.head()
    return [f"{old} → {new}" for old, new in zip(head["old"], head["new"], strict=True)]


def _home_entries(chain: pd.DataFrame) -> pd.DataFrame:
    """Return the first episode of each run of episodes of a child under one home's URN."""
    at = np.flatnonzero(chain["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy())
    rows = chain[["child", "URN", "DECOM"]].iloc[at].assign(URN=lambda t: usable_urn(t["URN"]))
    goes_on = np.zeros(len(rows), dtype=bool)
    goes_on[1:] = (
        (np.diff(at) == 1)
        & (rows["child"].to_numpy()[1:] == rows["child"].to_numpy()[:-1])
        & rows["URN"].eq(rows["URN"].shift()).fillna(False).to_numpy(dtype=bool)[1:]
    )
    return rows[~goes_on & rows["URN"].notna().to_numpy()]


def _given_pairs(given: pd.DataFrame | None) -> pd.DataFrame:
    if given is None:
        return _no_pairs()[["old", "new"]]
    return given.rename(columns={"OLD_URN": "old", "NEW_URN": "new"})[["old", "new"]]


def _lookup_pairs(providers: pd.DataFrame | None) -> pd.DataFrame:
    """Pair each closed registration with one of its kind at its postcode, begun as it ended."""
    if providers is None:
        return _no_pairs()[["old", "new"]]
    rows = providers[["urn", "postcode", "registration_date", "closed_date"]].assign(
        kind=providers["provider_type"].map(label_key, na_action="ignore")
    )
    rows = rows.dropna(subset=["postcode", "kind"])
    both = rows.dropna(subset=["closed_date"]).merge(
        rows.dropna(subset=["registration_date"]),
        on=["postcode", "kind"],
        suffixes=("_old", "_new"),
    )
    apart = (both["registration_date_new"] - both["closed_date_old"]).dt.days.abs()
    later = ~both["registration_date_new"].le(both["registration_date_old"])
    followed = both[both["urn_old"].ne(both["urn_new"]) & (apart <= WITHIN_DAYS) & later]
    return followed.rename(columns={"urn_old": "old", "urn_new": "new"})[["old", "new"]]


def _returns_pairs(
    chain: pd.DataFrame, entries: pd.DataFrame, register_homes: pd.DataFrame | None
) -> tuple[pd.DataFrame, Account]:
    """Pair URNs between which a child passed without a change of carer or postcode."""
    shown = _passages(chain).groupby(["old", "new"])["date"].min().reset_index()
    entered = entries.groupby("URN")["DECOM"].agg(["min", "max"])
    last = entered["max"].reindex(shown["old"]).set_axis(shown.index)
    first = entered["min"].reindex(shown["new"]).set_axis(shown.index)
    reasons = {
        "children enter the old URN after another took its place": last > shown["date"],
        "children had entered the new URN long before": first
        < shown["date"] - pd.Timedelta(days=WITHIN_DAYS),
        "one list of Ofsted's has both homes": _side_by_side(shown, register_homes),
    }
    account, refused = Account(), pd.Series(False, index=shown.index)
    for reason, which in reasons.items():
        rule = f"not taken for one home registered anew: {reason}"
        account = account.noted(TABLE, rule, int(which.sum()), _arrows(shown[which]))
        refused |= which
    return shown.loc[~refused, ["old", "new"]], account


def _passages(chain: pd.DataFrame) -> pd.DataFrame:
    """Return each change of a home's URN in which child, carer and postcode stay the same."""
    home = chain["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy()
    at = np.flatnonzero(home[:-1] & home[1:])
    before = chain[_SEEN].iloc[at].reset_index(drop=True)
    after = chain[_SEEN].iloc[at + 1].reset_index(drop=True)
    old, new = usable_urn(before["URN"]), usable_urn(after["URN"])
    same_carer = after["RNE"].isin(code_set("rne").in_group("same carer"))
    status_only = before["REASON_PLACE_CHANGE"].isin(
        code_set("reason_place_change").in_group("same carer")
    )
    stays = before["child"].eq(after["child"]) & before["period"].eq(after["period"])
    stays &= before["DEC"].eq(after["DECOM"]) & before["PL_POST"].eq(after["PL_POST"])
    passes = stays & (same_carer | status_only) & old.ne(new) & old.notna() & new.notna()
    passes = passes.fillna(False).astype("bool")
    found = pd.DataFrame({"old": old, "new": new, "date": after["DECOM"]})
    return found[passes]


def _side_by_side(pairs: pd.DataFrame, register_homes: pd.DataFrame | None) -> pd.Series:
    """Say which pairs of homes stand on one 31 March list together."""
    if register_homes is None or pairs.empty:
        return pd.Series(False, index=pairs.index)
    status = register_homes["status"].str.casefold()
    listed = register_homes.loc[status.isin(_ON_THE_LIST), ["urn", "snapshot"]]
    olds = pairs[["old", "new"]].reset_index().merge(listed, left_on="old", right_on="urn")
    both = olds.merge(listed, left_on=["new", "snapshot"], right_on=["urn", "snapshot"])
    return pd.Series(pairs.index.isin(both["index"]), index=pairs.index)


def _joined(
    pairs: pd.DataFrame, found: pd.DataFrame, evidence: str
) -> tuple[pd.DataFrame, Account]:
    """Add successions to those of better evidence, none of which they may contradict."""
    found = found[found["old"].ne(found["new"])].drop_duplicates()
    known = found.merge(pairs, on=["old", "new"], how="left")["evidence"].notna().to_numpy()
    found = found[~known]
    against = found["old"].isin(pairs["old"]) | found["new"].isin(pairs["new"])
    rule = f"succession refused; evidence: {evidence}: better evidence says otherwise"
    account = Account().excluded(TABLE, rule, int(against.sum()), _arrows(found[against]))
    found = found[~against]
    forks = found.duplicated("old", keep=False) | found.duplicated("new", keep=False)
    rule = f"succession refused; evidence: {evidence}: a URN has two successors or predecessors"
    account = account.excluded(TABLE, rule, int(forks.sum()), _arrows(found[forks]))
    return pd.concat([pairs, found[~forks].assign(evidence=evidence)], ignore_index=True), account


def _without_circles(pairs: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    first = _first_urns(pairs)
    # in a circle every URN has a predecessor, the "first" one too
    circle = first.isin(pairs["new"]).to_numpy()
    rule = "succession refused: the URNs follow each other in a circle"
    account = Account().excluded(TABLE, rule, int(circle.sum()), _arrows(pairs[circle]))
    return pairs[~circle], account


def _first_urns(pairs: pd.DataFrame) -> pd.Series:
    """Follow each chain back to its first URN, twice as far at every step."""
    back = pairs.set_index("new")["old"]
    for _ in range(len(pairs).bit_length()):
        further = back.reindex(back.to_numpy()).set_axis(back.index)
        back = further.fillna(back)
    return back


def _urns(entries: pd.DataFrame, register_homes: pd.DataFrame | None) -> pd.Series:
    listed = [] if register_homes is None else [register_homes["urn"]]
    every = pd.concat([entries["URN"], *listed], ignore_index=True)
    return every.drop_duplicates()


def _mapped(pairs: pd.DataFrame, urns: pd.Series) -> pd.DataFrame:
    every = pd.concat([urns, pairs["old"], pairs["new"]]).drop_duplicates().sort_values()
    said = pairs.set_index("new").assign(home=_first_urns(pairs))
    table = said.reindex(every)[["home", "evidence"]].rename_axis("urn").reset_index()
    return table.assign(
        home=table["home"].fillna(table["urn"]), evidence=table["evidence"].fillna(FIRST)
    ).astype("str")
