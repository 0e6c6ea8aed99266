"""The whole way from returns to histories, in one call and one order."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.account import Account
from bayescich.histories.authorities import harmonise_authorities
from bayescich.histories.episodes import chained_episodes
from bayescich.histories.exits import exits
from bayescich.histories.home_spells import home_spells
from bayescich.histories.moves import moves
from bayescich.histories.people import follow_transfers, link_people
from bayescich.histories.periods import periods_of_care
from bayescich.histories.prior_history import prior_history
from bayescich.histories.providers import with_places
from bayescich.histories.reorganisations import follow_reorganisations
from bayescich.histories.schemas import SCHEMAS, checked
from bayescich.histories.spells import placement_spells
from bayescich.histories.succession import urn_succession
from bayescich.records.ssda903 import Ssda903Records
from bayescich.spec.policies import HistoryPolicies


@dataclass(frozen=True)
class Histories:
    """What happened to each child, in tables ordered by child and date."""

    chain: pd.DataFrame
    """One row per episode, each child's in one chain."""
    people: pd.DataFrame
    """Columns child, person: who is the same under two authorities."""
    periods: pd.DataFrame
    """One row per period of care."""
    succession: pd.DataFrame
    """Columns urn, home, evidence: homes that went on under another URN."""
    spells: pd.DataFrame
    """One row per stay with one carer or in one home, in every kind of placement."""
    home_spells: pd.DataFrame
    """One row per stay in one children's home."""
    moves: pd.DataFrame
    """One row per move."""
    exits: pd.DataFrame
    """One row per stay in a home: the route by which it ended."""
    prior: pd.DataFrame
    """One row per child placed in a home: what was known on the day of the first placement."""
    account: Account
    """What was left out, repaired and noted on the way."""


def construct(
    returns: Ssda903Records,
    policies: HistoryPolicies | None = None,
    *,
    homes: pd.DataFrame | None = None,
    lookup: pd.DataFrame | None = None,
    given: pd.DataFrame | None = None,
) -> Histories:
    """Construct the histories of all children of the returns.

    Parameters
    ----------
    returns : Ssda903Records
        From ``records.ssda903``.
    policies : HistoryPolicies, optional
        Where another choice than the default is wanted.
    homes : DataFrame, optional
        Ofsted's register (``records.ofsted_schema.HOMES``).
    lookup : DataFrame, optional
        Ofsted's look-up workbook, for homes that were registered again.
    given : DataFrame, optional
        Successions of URNs that the user knows of.

    Returns
    -------
    Histories
        Each table as its schema in ``histories.schemas``.
    """
    policies = policies or HistoryPolicies()
    returns, account = follow_reorganisations(returns)
    chain, counted = chained_episodes(returns, policies)
    account += counted
    authorities, counted = harmonise_authorities(chain["LA"], chain["YEAR"])
    chain, account = chain.assign(LA=authorities), account + counted
    people, counted = link_people(returns.header, chain)
    account += counted
    chain, counted = follow_transfers(chain, people, policies)
    account += counted
    periods, counted = periods_of_care(chain)
    account += counted
    succession, counted = urn_succession(chain, homes, lookup, given)
    account += counted
    spells, counted = placement_spells(chain, policies)
    account += counted
    at_home, counted = home_spells(chain, spells, policies, succession)
    account += counted
    sized = spells if homes is None else with_places(spells, homes)
    moved, counted = moves(sized, policies)
    account += counted
    ended, counted = exits(spells, policies)
    account += counted
    prior, counted = prior_history(spells, at_home, returns, people, policies.entry)
    account += counted
    made = Histories(
        chain, people, periods, succession, spells, at_home, moved, ended, prior, account
    )
    for name in SCHEMAS:
        checked(name, getattr(made, name))
    return made
