"""How each stay in a home ended: the move or exit of the placement spell that ended with it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.exits import CENSORED, routes
from bayescich.histories.sorted_rows import days_of
from bayescich.histories.spells import MOVED

_FAR = 10_000_000
_OF_MOVE = ["disruption", "unplanned"]
_OF_EXIT = ["route", "route_group"]


def _of_ending_spell(spells: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Fetch for each stay the facts of the placement spell that ended with it; blank if none.

    A stay may be of several placement spells, if its home was registered anew meanwhile, or end
    before its placement does, if the child moves on with the same carer.
    """
    ended = facts["period"].to_numpy(dtype=np.int64) * _FAR + days_of(facts["date"])
    wanted = spells["period"].to_numpy(dtype=np.int64) * _FAR + days_of(spells["end"])
    spell = facts["spell"].to_numpy(dtype=np.int64)
    place = np.searchsorted(ended, wanted)
    # two spells end on one day where the later one has no day; it began the stay that it is
    later = np.searchsorted(spell, spells["spell"].to_numpy(dtype=np.int64))
    place = np.maximum(place, later)
    found = place < len(facts)
    found[found] = ended[place[found]] == wanted[found]
    taken = facts.reset_index(drop=True).reindex(np.where(found, place, -1))
    return taken.set_axis(spells.index)


def move_of(spells: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Say of each stay whether it was disrupted, and whether its reasons can be used."""
    moved = spells["ended_by"].eq(MOVED)
    of_spell = _of_ending_spell(spells, moves[["period", "spell", "date", *_OF_MOVE]])
    usable = moves.drop_duplicates("authority").set_index("authority")["reasons_usable"]
    disrupted = of_spell["disruption"].astype("boolean").fillna(True) & moved
    return pd.DataFrame(
        {
            "disrupted": disrupted.astype("int64"),
            "unplanned": of_spell["unplanned"].astype("Int64").where(moved, 0),
            "reasons_usable": spells["authority"].map(usable).astype("boolean").fillna(True),
        }
    )


def exit_of(spells: pd.DataFrame, exits: pd.DataFrame) -> pd.DataFrame:
    """Say by which route each stay ended."""
    own = routes(spells)[_OF_EXIT]
    of_spell = _of_ending_spell(spells, exits[["period", "spell", "date", *_OF_EXIT]])
    # a stay that began as another kind of placement has no exit of its own there
    found = of_spell["spell"].notna()
    return own.mask(found, of_spell[_OF_EXIT]).fillna(CENSORED)
