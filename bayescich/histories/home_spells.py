"""Home spells: continuous stays in one physical home, whoever runs it and under whatever URN.

A home spell is finer than a placement spell where a child moves to another home with the same
carer, and may join two where a home is registered anew and its children are recorded as moved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.account import Account
from bayescich.histories.places import HOME_CLASSES, TEMPORARY, place_key, usable_urn
from bayescich.histories.sorted_rows import (
    Flags,
    Integers,
    codes_of,
    days_of,
    first_of,
    last_of,
    latest_where,
    of_next,
    of_previous,
    soonest_where,
    sums,
)
from bayescich.histories.spells import (
    COLUMNS,
    OF_FIRST_EPISODE,
    days_away,
    same_carer_changes,
    with_days,
)
from bayescich.spec.policies import HistoryPolicies

TABLE = "stays in homes"
"""Name of this table in the account."""

SAME_CARER = "same carer, new home"
NO_LONGER_A_HOME = "same carer, no longer a home"
"""How a stay in a home ended within a placement: neither is a move, both censor."""

HOME_COLUMNS = [*COLUMNS, "home", "home_spell", "registered_late"]
"""The columns of home spells, in order."""

_FURTHER_THAN_ANY_DATE = 10_000_000
_OF_SPELL = ["need", "history_known", "placements_before"]
_ENDING = [
    "end", "ended_by", "reason", "REC", "imputed_end", "next_place", "next_class", "next_urn",
]  # fmt: skip


def home_spells(
    chain: pd.DataFrame,
    spells: pd.DataFrame,
    policies: HistoryPolicies | None = None,
    succession: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, Account]:
    """Find the stays in homes (children's homes and secure homes) within placement spells.

    Parameters
    ----------
    chain : DataFrame
        From ``episodes.chained_episodes``.
    spells : DataFrame
        From ``spells.placement_spells``, of the same chain.
    policies : HistoryPolicies, optional
        Those of homes registered anew, days away and spells of no day; the defaults if left out.
    succession : DataFrame, optional
        Columns ``urn`` and ``home``: the first URN of a home that went on under a new one.

    Returns
    -------
    DataFrame
        `HOME_COLUMNS`, ordered by child and start: those of ``spells.COLUMNS``, where ``spell``
        is the spell in which the stay began; ``home``, the URN of the home's first registration,
        blank where no usable URN is recorded; ``home_spell``, 0 to n - 1; ``registered_late``,
        true where the child already lived there before it was a registered home.
    Account
        Stays formed, noted, repaired, excluded and kept, by rule.
    """
    policies = policies or HistoryPolicies()
    rows, spell = _rows_of_stays(chain, spells)
    home = _home(rows, policies, succession)
    begins = _begins(rows, spell, home)
    stays = _with_endings(_stays(rows, spells, spell, begins, home), spells)
    stays = stays[stays["at_home"]].reset_index(drop=True)
    account = Account().read(TABLE, "stays in one home formed of the chained episodes", len(stays))
    stays, account = _joined(stays, account)
    stays = with_days(stays, policies)
    no_time = stays["days"].le(0)
    account = account.excluded(
        TABLE, "no day at risk", int(no_time.sum()), stays["child"][no_time].iloc[:5]
    )
    stays = stays[~no_time].reset_index(drop=True)
    stays["home_spell"] = np.arange(len(stays))
    account = _noted(stays, account).kept(TABLE, "stays in one home", len(stays))
    return stays[HOME_COLUMNS], account


def _rows_of_stays(chain: pd.DataFrame, spells: pd.DataFrame) -> tuple[pd.DataFrame, Integers]:
    """Return the episodes of spells with a day in a home, and the position of each one's spell."""
    start, begins = days_of(chain["DECOM"]), days_of(spells["start"])
    far = _FURTHER_THAN_ANY_DATE
    moment = chain["period"].to_numpy(dtype=np.int64) * far + start
    opening = spells["period"].to_numpy(dtype=np.int64) * far + begins
    spell = np.searchsorted(opening, moment, side="right") - 1
    known = spell >= 0
    place = np.where(known, spell, 0) if len(spells) else np.zeros(0, dtype=np.int64)
    if not len(spells):
        return chain.iloc[:0], place
    closing = opening + np.maximum(days_of(spells["end"]) - begins, 1)
    inside = known & (moment < closing[place])
    at_home = chain["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy(dtype=bool)
    homely = np.zeros(len(spells), dtype=bool)
    homely[spell[inside & at_home]] = True
    kept = np.flatnonzero(inside & homely[place])
    return chain.take(kept).reset_index(drop=True), spell[kept]


def _home(
    rows: pd.DataFrame, policies: HistoryPolicies, succession: pd.DataFrame | None
) -> pd.Series:
    """Return the first URN of each row's home, blank where it is no home or not recorded."""
    urns = usable_urn(rows["URN"]).where(rows["PLACE_CLASS"].isin(HOME_CLASSES))
    if succession is None or policies.re_registered_homes == "as registered":
        return urns
    first = succession.drop_duplicates("urn").set_index("urn")["home"]
    return urns.map(first).astype("str").fillna(urns)


def _begins(rows: pd.DataFrame, spell: Integers, home: pd.Series) -> Flags:
    """Say which episodes begin a stay: the first of a spell, and those in another home."""
    away = _away(rows, spell)
    before = of_previous(latest_where(~away, spell), spell, -1)
    at_home = rows["PLACE_CLASS"].isin(HOME_CLASSES).to_numpy(dtype=bool)
    turns = at_home != at_home[before]
    elsewhere = at_home & at_home[before] & _elsewhere(rows, spell, codes_of(home), before)
    return first_of(spell) | (~away & (turns | elsewhere))


def _away(rows: pd.DataFrame, spell: Integers) -> Flags:
    return rows["PLACE_CLASS"].eq(TEMPORARY).to_numpy(dtype=bool, na_value=False) & ~first_of(spell)


def _elsewhere(rows: pd.DataFrame, spell: Integers, home: Integers, before: Integers) -> Flags:
    """Say where the home differs from the one before: by URN, else postcode, else last known."""
    post = codes_of(rows["PL_POST"])
    known = (home >= 0) & (home[before] >= 0)
    posts_known = (post >= 0) & (post[before] >= 0)
    last_known = of_previous(latest_where(home >= 0, spell), spell, -1)
    differs_from_last = (home >= 0) & (last_known >= 0) & (home != home[last_known])
    by_post = np.where(posts_known, post != post[before], differs_from_last)
    return np.where(known, home != home[before], by_post).astype(bool)


def _stays(
    rows: pd.DataFrame, spells: pd.DataFrame, spell: Integers, begins: Flags, home: pd.Series
) -> pd.DataFrame:
    """Return one row per stay, in a home or between homes, with what its episodes say."""
    first, last = np.flatnonzero(begins), np.flatnonzero(last_of(begins.cumsum()))
    stays = rows[[*OF_FIRST_EPISODE, "DECOM"]].take(first).reset_index(drop=True)
    stays = stays.rename(columns={"LA": "authority", "DECOM": "start"})
    ended = rows[["DEC", "REC", "REASON_PLACE_CHANGE", "imputed_end"]].take(last)
    ended = ended.reset_index(drop=True)
    named = soonest_where(home.notna().to_numpy(), begins.cumsum())[first]
    stays = stays.assign(
        end=ended["DEC"],
        REC=ended["REC"],
        reason=ended["REASON_PLACE_CHANGE"],
        imputed_end=ended["imputed_end"],
        place=place_key(stays),
        days_away=days_away(rows, begins, first),
        same_carer_changes=same_carer_changes(rows, begins, first),
        at_home=stays["PLACE_CLASS"].isin(HOME_CLASSES),
        home=home.take(named).mask(named < 0).reset_index(drop=True),
        spell=spell[first],
    )
    of_spell = spells[_OF_SPELL].take(spell[first]).reset_index(drop=True)
    return pd.concat([stays, of_spell], axis=1)


def _with_endings(stays: pd.DataFrame, spells: pd.DataFrame) -> pd.DataFrame:
    """Say how each stay ended: as its spell did, or by a change of home with the same carer."""
    spell = stays["spell"].to_numpy(dtype=np.int64)
    final = pd.Series(last_of(spell))
    stays_home = of_next(stays["at_home"].to_numpy(dtype=bool), spell, False)
    following = {"next_place": "place", "next_class": "PLACE_CLASS", "next_urn": "URN"}
    within = stays.assign(
        ended_by=pd.Series(np.where(stays_home, SAME_CARER, NO_LONGER_A_HOME), dtype="str"),
        **{name: stays[column].shift(-1) for name, column in following.items()},
    )
    of_spell = spells[_ENDING].take(spell).reset_index(drop=True)
    ending = {name: within[name].where(~final, of_spell[name]) for name in _ENDING}
    came_before = of_previous(stays["at_home"].to_numpy(dtype=bool), spell, True)
    return stays.assign(registered_late=~came_before, **ending)


def _joined(stays: pd.DataFrame, account: Account) -> tuple[pd.DataFrame, Account]:
    """Join stays in one home that follow without a day between, whatever was recorded."""
    period = stays["period"].to_numpy(dtype=np.int64)
    home = codes_of(stays["home"])
    same_home = (home >= 0) & (home == of_previous(home, period, -1))
    end, start = days_of(stays["end"]), days_of(stays["start"])
    joined = same_home & (start == of_previous(end, period, -1))
    first, last = np.flatnonzero(~joined), np.flatnonzero(last_of((~joined).cumsum()))
    whole = stays.take(first).reset_index(drop=True)
    whole[_ENDING] = stays[_ENDING].take(last).reset_index(drop=True)
    for column in ("days_away", "same_carer_changes"):
        whole[column] = sums(stays[column].to_numpy(dtype=np.int64), first)
    rule = "a new placement is recorded, but the home is the same under a new URN; joined"
    examples = stays["child"][joined].iloc[:5]
    return whole, account.excluded(TABLE, rule, int(joined.sum()), examples)


def _noted(stays: pd.DataFrame, account: Account) -> Account:
    for rule, which in {
        "no usable URN; the home is not known": stays["home"].isna(),
        "ends as the child moves to another home with the same carer; not a move": stays[
            "ended_by"
        ].eq(SAME_CARER),
        "the place was registered as a home during the stay; counted from then": stays[
            "registered_late"
        ],
    }.items():
        account = account.noted(TABLE, rule, int(which.sum()), stays["child"][which].iloc[:5])
    return account
