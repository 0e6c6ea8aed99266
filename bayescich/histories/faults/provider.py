"""Rules about who provides a placement (PLACE_PROVIDER), held against its kind (PLACE)."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.faults.known import columns, in_groups, places_where
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, FaultTables

THEME = "provider"


def _contradicts(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    provider, place = columns("provider_by_place", "provider", "place")
    found = rows.nothing
    for one in dict.fromkeys(provider):
        never = [p for who, p in zip(provider, place, strict=True) if who == one]
        found |= rows["PLACE_PROVIDER"].eq(one) & rows["PLACE"].isin(never)
    return found


def _missing(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["PLACE_PROVIDER"].isna() & rows["PLACE"].isin(places_where("provider", "needed"))


def _must_be_blank(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    return rows["PLACE_PROVIDER"].notna() & rows["PLACE"].isin(places_where("provider", "blank"))


def _home_without(tables: FaultTables) -> pd.Series:
    home = in_groups("ssda903_place", "children's home")
    return _missing(tables) & tables.episodes["PLACE"].isin(home)


RULES = (
    Rule("provider contradicts the placement", THEME, EPISODES,
         "This provider cannot run this kind of placement.",
         "The sector of the placement, or its kind, is wrong.", _contradicts),
    Rule("provider missing", THEME, EPISODES, "The placement needs a provider and has none.",
         "The sector of the placement is not known.", _missing),
    Rule("provider of a home missing", THEME, EPISODES,
         "A placement in a children's home has no provider.",
         "The sector of the home is not known where its URN is not either.", _home_without),
    Rule("provider must be blank", THEME, EPISODES,
         "A provider is given for a temporary or other placement (T0 to T4, Z1).",
         "The placement code may be wrong.", _must_be_blank),
)  # fmt: skip
