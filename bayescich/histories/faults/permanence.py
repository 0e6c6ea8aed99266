"""Rules about adoption and special guardianship, held against the placements before them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.known import facts, in_groups, places_where
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, FaultTables

THEME = "permanence"

_FOSTER = ("foster", "kinship foster")


def _not_with_carer(tables: FaultTables) -> pd.Series:
    """Find adoption by "the current foster carer" where the placement before was none."""
    rows = tables.episodes
    current = rows["PLACE"].isin(places_where("adopts", "current carer"))
    fostered = rows.before("PLACE").isin(in_groups("ssda903_place", *_FOSTER))
    return current & ~fostered & rows.continues & rows.changed("PLACE")


def _ceased_from(tables: FaultTables, placement: str) -> pd.Series:
    """Find exits that only one kind of placement can lead to."""
    rows = tables.episodes
    required = facts("rec_requires", "rec", "placement")
    codes = [rec for rec, kind in required.items() if kind == placement]
    return rows["REC"].isin(codes) & rows["DEC"].notna()


def _guardian_without_fostering(tables: FaultTables) -> pd.Series:
    fostered = tables.episodes["PLACE"].isin(in_groups("ssda903_place", *_FOSTER))
    return _ceased_from(tables, "fostering") & ~fostered


def _adopted_from_elsewhere(tables: FaultTables) -> pd.Series:
    placed = tables.episodes["PLACE"].isin(in_groups("ssda903_place", "adoption"))
    return _ceased_from(tables, "adoption") & ~placed


def _after_adoption(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    adopted = rows.before("REC").isin(in_groups("ssda903_rec", "adoption"))
    return adopted & rows.before("DEC").notna()


def _without_order(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    needs = rows["PLACE"].isin(places_where("adopts_under", "placement order"))
    order = in_groups("ssda903_ls", "placement or freeing order")
    return needs & ~rows["LS"].isin(order)


def _adopted_not_in_ad1(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    listed = np.unique(tables.rows("adoptions").child)
    return _ceased_from(tables, "adoption") & rows.series(~np.isin(rows.child, listed))


RULES = (
    Rule("adopted by carer, not fostered", THEME, EPISODES,
         "Placed for adoption with the current foster carer (A3, A5), yet not fostered before.",
         "Whether the child moved on being placed for adoption is not known.", _not_with_carer),
    Rule("placed for adoption without an order", THEME, EPISODES,
         "Placed for adoption under a placement order (A5, A6) with another legal status.",
         "The legal status is not that of the day.", _without_order),
    Rule("guardian was no foster carer", THEME, EPISODES,
         "Special guardianship to the former foster carer (E45, E46), yet not fostered last.",
         "The exit, or the last placement, is wrong.", _guardian_without_fostering),
    Rule("adopted from another placement", THEME, EPISODES,
         "The child is adopted out of a placement that is not for adoption.",
         "The last placement, or the exit, is wrong.", _adopted_from_elsewhere),
    Rule("in care after adoption", THEME, EPISODES,
         "An episode follows the child's adoption under the same id.",
         "Adopted children who return have a new id: this one may be another child.",
         _after_adoption),
    Rule("adopted, not in AD1", THEME, EPISODES,
         "The child is adopted, yet not in the table of adoptions (AD1).",
         "The exit by adoption is not confirmed.", _adopted_not_in_ad1, needs=("adoptions",)),
)  # fmt: skip
