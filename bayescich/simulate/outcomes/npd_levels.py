"""Levels 2 and 3 by age (NPD, Young Person's Matched Administrative Dataset)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints
from bayescich.simulate.outcomes.columns import flags, school_years
from bayescich.simulate.outcomes.npd_results import Results
from bayescich.simulate.outcomes.pupils import Pupils
from bayescich.simulate.outcomes.traits import person_uniforms

AGES = (16, 17, 18, 19)
"""Ages by whose school year a level is reached or not; 16 is that of Year 11."""

_NEVER = 99


def ypmad_table(pupils: Pupils, results: Results) -> pd.DataFrame:
    """Return one row per pupil found whose Year 11 is within the years returned.

    Returns
    -------
    DataFrame
        Whether each level is reached by the end of the school year of each age, blank where that
        year is after the last one returned.
    """
    lives, settings = pupils.lives, pupils.lives.settings
    year = lives.year11
    child = np.flatnonzero(
        pupils.written & (year >= settings.first_year) & (year <= settings.last_year)
    )
    reached = {"L2": level2_age(pupils, results)[child], "L3": level3_age(results)[child]}
    columns: dict[str, object] = {
        "YPMAD_PupilMatchingRefAnonymous": pupils.reference[child],
        "YPMAD_Academic_Year": school_years(np.full(len(child), settings.last_year)),
    }
    for level, first in reached.items():
        for age in AGES:
            past = year[child] + age - AGES[0] <= settings.last_year
            columns[f"YPMAD_{level}_at_{age}"] = flags(first <= age, past)
    return pd.DataFrame(columns)


def level2_age(pupils: Pupils, results: Results) -> Ints:
    """Return the age at which each child reaches Level 2, beyond any where it does not by 19.

    Those with the points of five passes have it at 16, the others in the years after.
    """
    figures = value("outcomes.level2_at")
    drawn = person_uniforms(pupils.lives.settings.seed, pupils.lives.person, "level 2 later")
    later = _age(drawn, figures["later"])
    # a level reached by way of the next is reached no later than that
    later = np.minimum(later, level3_age(results))
    age = np.where(results.points >= figures["points"], AGES[0], later)
    return np.where(results.level2, age, _NEVER)


def level3_age(results: Results) -> Ints:
    """Return the age at which each child reaches Level 3, beyond any where it does not by 19."""
    return np.where(results.level3, np.where(results.level3_at_18, 18, 19), _NEVER)


def _age(drawn: Floats, shares: dict[int, float]) -> Ints:
    """Turn uniform numbers into ages, each with its share."""
    upto = np.cumsum([*shares.values()])
    at = np.searchsorted(upto, drawn * upto[-1], side="right")
    return np.array([*shares], dtype=np.int64)[np.minimum(at, len(shares) - 1)]
