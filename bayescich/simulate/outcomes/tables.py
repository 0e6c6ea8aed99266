"""Every table of an authority that carries outcomes, from the journeys of its children."""

from __future__ import annotations

import pandas as pd

from bayescich.simulate.outcomes.entry_tables import asylum_table, permanence_table
from bayescich.simulate.outcomes.lives import Lives
from bayescich.simulate.outcomes.missing import missing_table
from bayescich.simulate.outcomes.npd_attendance import absence_table, at_school, exclusions_table
from bayescich.simulate.outcomes.npd_census import census_table
from bayescich.simulate.outcomes.npd_levels import ypmad_table
from bayescich.simulate.outcomes.npd_results import draw_results, ks2_table, ks4_table, ks5_table
from bayescich.simulate.outcomes.oc2 import oc2_table
from bayescich.simulate.outcomes.oc3 import oc3_table
from bayescich.simulate.outcomes.pupils import Pupils, link_table
from bayescich.simulate.shard import Shard

MODULES = ("oc2", "oc3", "missing", "uasc", "previous_permanence")
"""Tables of the SSDA903 return, each with YEAR and CHILD before the columns of the standard."""

NPD = ("ks2", "ks4", "ks5", "ypmad", "absence", "exclusions", "census", "link")
"""Tables of the National Pupil Database, with the headings of its extracts."""


def outcome_tables(shard: Shard) -> dict[str, pd.DataFrame]:
    """Return every table of an authority that carries outcomes.

    Parameters
    ----------
    shard : Shard
        With ``truth.outcomes``.

    Returns
    -------
    dict of str to DataFrame
        By the names of `MODULES` and of `NPD`. Cells are text, blank as the empty string; dates
        are datetime64[ns], blank as NaT; YEAR, the year in which a collection ends, is int64.
    """
    lives = Lives(shard)
    pupils = Pupils(lives)
    results = draw_results(pupils)
    attending = at_school(pupils, shard.rng("roll"))
    child, year, _ = attending
    return {
        "oc2": oc2_table(lives),
        "oc3": oc3_table(lives, results.level3_at_18),
        "missing": missing_table(lives),
        "uasc": asylum_table(lives),
        "previous_permanence": permanence_table(lives),
        "ks2": ks2_table(pupils),
        "ks4": ks4_table(pupils, results),
        "ks5": ks5_table(pupils, results),
        "ypmad": ypmad_table(pupils, results),
        "absence": absence_table(pupils, *attending),
        "exclusions": exclusions_table(pupils, *attending),
        "census": census_table(pupils, child, year),
        "link": link_table(pupils),
    }
