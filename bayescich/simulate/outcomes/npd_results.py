"""Results at 11, 16 and 18 (NPD Key Stages 2, 4 and 5), with the headings of real extracts.

At 16 English and mathematics go with the points of Attainment 8: both come from one draw per
pupil, so that nobody passes with fewer points than the two grades are worth, yet each has the
distribution of its own model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaincinv, ndtr

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.outcomes.columns import decimals, flags, school_years, whole
from bayescich.simulate.outcomes.lives import column, expit, years_effect
from bayescich.simulate.outcomes.npd_census import PLAN, SUPPORT, provisions
from bayescich.simulate.outcomes.pupils import Pupils
from bayescich.simulate.outcomes.traits import person_uniforms

POINTS = 90
"""Points of Attainment 8 at most."""

_FIRST_YEAR_OF_SCALED_SCORES = 2016
_FIRST_YEAR_OF_ATTAINMENT_8 = 2016
_FIRST_YEAR_OF_9_TO_1 = 2017
_CANCELLED_KS2 = (2020, 2021)
_NO_PROGRESS_8 = (2020, 2021, 2025, 2026)
_PASS, _STRONG_PASS = 16, 20
"""Points that grade 4, or 5, in both English and mathematics (each counted twice) are worth."""
_ALL_BUT_A_PASS = 78
"""More points than this cannot be had without the two grades."""


@dataclass(frozen=True)
class Results:
    """Results at 16 and 18 of every child, whether or not a record of them is found."""

    points: Ints
    """Attainment 8."""
    pass4: Flags
    pass5: Flags
    """Grade 4 or above, 5 or above, in English and mathematics."""
    level3: Flags
    """Level 3 by 19."""
    level3_at_18: Flags
    """Of these, those whose results of Key Stage 5 show it, at 18."""
    level2: Flags
    """Level 2 by 19."""


def draw_results(pupils: Pupils) -> Results:
    """Draw results at 16 and 18 of every child of an authority.

    Parameters
    ----------
    pupils : Pupils
    """
    lives = pupils.lives
    rng = lives.shard.rng("results")
    at_16, at_18, year = lives.at_16, lives.at_18, lives.year11
    form = rng.normal(size=lives.number)
    points = _points(rng, column(at_16, "attainment"), year, form)
    shared = value("outcomes.results_shared")
    rank = ndtr(shared * form + np.sqrt(1 - shared**2) * rng.normal(size=lives.number))
    eta = column(at_16, "english_maths") + years_effect("english_maths", year)
    pass4 = (rank > 1 - expit(eta)) | (points > _ALL_BUT_A_PASS)
    pass5 = pass4 & (rank > 1 - expit(eta + value("outcomes.strong_pass")))
    worth = np.where(pass5, _STRONG_PASS, np.where(pass4, _PASS, 0))
    points = np.where(points < worth, worth + rng.integers(0, 6, lives.number), points)
    later = rng.normal(size=lives.number)
    level3, level2 = (_reached(at_18, name, year + 2, form, later) for name in ("level3", "level2"))
    known = person_uniforms(lives.settings.seed, lives.person, "level 3 at 18")
    at_once = level3 & (known < value("outcomes.level3_at_18"))
    # the few whose draw says otherwise: who has the higher level has the lower
    return Results(points, pass4, pass5, level3, at_once, level2 | level3)


def _reached(eta: Floats, name: str, year: Ints, form: Floats, later: Floats) -> Flags:
    """Say who reaches a level, from the form at 16 and what came later, the same for both."""
    shared = value(f"outcomes.{name}_shared")
    rank = ndtr(shared * form + np.sqrt(1 - shared**2) * later)
    reached: Flags = rank > 1 - expit(column(eta, name) + years_effect(name, year))
    return reached


def _points(rng: np.random.Generator, predictor: Floats, year: Ints, form: Floats) -> Ints:
    """Draw points: none at all, or a beta-binomial number that is not zero."""
    figures, spread = value("outcomes.any_points"), value("outcomes.dispersion")["attainment"]
    departure = predictor - value("outcomes.intercept")["attainment"]
    some = rng.random(len(predictor)) < expit(figures["intercept"] + figures["ratio"] * departure)
    mean = expit(predictor + years_effect("attainment", year))
    points = _beta_binomial(rng, mean, spread, ndtr(form))
    left = np.flatnonzero(some & (points == 0))
    while len(left):
        # the form of those few is drawn anew: points of those who have any are never zero
        points[left] = _beta_binomial(rng, mean[left], spread, rng.random(len(left)))
        left = left[points[left] == 0]
    return np.where(some, points, 0)


def _beta_binomial(rng: np.random.Generator, mean: Floats, spread: float, rank: Floats) -> Ints:
    share = betaincinv(mean * spread, (1 - mean) * spread, rank)
    return rng.binomial(POINTS, share).astype(np.int64)


def ks2_table(pupils: Pupils) -> pd.DataFrame:
    """Return Key Stage 2: prior attainment, drawn from ability alone.

    Returns
    -------
    DataFrame
        One row per pupil found whose Year 6 is no more than five years before the first year
        returned; none of 2020 and 2021, when there were no tests. Average points up to 2015,
        scaled scores from 2016.
    """
    lives, settings = pupils.lives, pupils.lives.settings
    year = lives.year11 - 5
    tested = (year >= settings.first_year - 5) & (year <= settings.last_year)
    tested &= ~np.isin(year, _CANCELLED_KS2) & ~lives.asylum & pupils.written
    child = np.flatnonzero(tested)
    year = year[child]
    figures = value("outcomes.ks2")
    scores = [_scaled(pupils, child, test) for test in ("reading", "maths", "spelling")]
    scaled = year >= _FIRST_YEAR_OF_SCALED_SCORES
    below = lives.normal("below the tests")[child] + 1.2 * scores[0][1] < figures["below_the_tests"]
    entered = scaled & ~below
    expected = np.all([score >= 100 for score, _ in scores], axis=0) & ~below
    level = np.mean([z for _, z in scores], axis=0)
    points = np.clip(figures["points_mean"] + figures["points_sd"] * level, 9, 39)
    return pd.DataFrame({
        "KS2_ACADYR": school_years(year),
        "KS2_PupilMatchingRefAnonymous": pupils.reference[child],
        "KS2_LA": np.full(len(child), lives.shard.name, dtype=object),
        "KS2_READSCORE": whole(scores[0][0], entered),
        "KS2_MATSCORE": whole(scores[1][0], entered),
        "KS2_GPSSCORE": whole(scores[2][0], entered),
        "KS2_RWM_EXP": flags(expected, scaled),
        "KS2_APSFG": decimals(points, 1, ~scaled & ~below),
    })  # fmt: skip


def _scaled(pupils: Pupils, child: Ints, test: str) -> tuple[Ints, Floats]:
    """Return the scaled score of a test, and the level behind it in standard deviations."""
    figures = value("outcomes.ks2")
    ability = pupils.lives.traits[child, 0]
    share = figures["ability"]
    level = share * ability + np.sqrt(1 - share**2) * pupils.lives.normal(test)[child]
    score = np.rint(figures["mean"] + figures["sd"] * level)
    return np.clip(score, 80, 120).astype(np.int64), level


def ks4_table(pupils: Pupils, results: Results) -> pd.DataFrame:
    """Return Key Stage 4: one row per pupil found, of Year 11 within the years returned.

    Returns
    -------
    DataFrame
        Attainment 8 from 2016 and capped points before; grades 4 and 5 in English and mathematics
        from 2017 and A* to C before; Progress 8 of the years that have it.
    """
    lives, settings = pupils.lives, pupils.lives.settings
    year = lives.year11
    child = np.flatnonzero(
        pupils.written & (year >= settings.first_year) & (year <= settings.last_year)
    )
    year, points = year[child], results.points[child]
    attainment_8, new_grades = year >= _FIRST_YEAR_OF_ATTAINMENT_8, year >= _FIRST_YEAR_OF_9_TO_1
    rng = lives.shard.rng("ks4")
    capped = points * value("outcomes.capped_per_point")
    ebacc = (points >= 20) & (rng.random(len(child)) < value("outcomes.ebacc"))
    fine = value("outcomes.ks2")["fine_grade_mean"] + _scaled(pupils, child, "maths")[1]
    measured = attainment_8 & ~np.isin(year, _NO_PROGRESS_8) & ~lives.asylum[child]
    provision = provisions(pupils, child, year)
    return pd.DataFrame({
        "KS4_ACADYR": school_years(year),
        "KS4_PupilMatchingRefAnonymous": pupils.reference[child],
        "KS4_LA": np.full(len(child), lives.shard.name, dtype=object),
        "KS4_URN": pupils.school_urn(child),
        "KS4_NATRES": flags(np.ones(len(child), np.bool_)),
        "KS4_ATT8": whole(points, attainment_8),
        "KS4_P8SCORE": decimals(_progress(points, fine), 2, measured),
        "KS4_L2BASICS_94": flags(results.pass4[child], new_grades),
        "KS4_L2BASICS_95": flags(results.pass5[child], new_grades),
        "KS4_LEVEL2_EM_PTQ_EE": flags(results.pass4[child], ~new_grades),
        "KS4_PTSCNEWE_PTQ_EE": decimals(capped, 1, ~attainment_8),
        "KS4_ANYPASS_PTQ_EE": flags(points > 0),
        "KS4_EBACC_E_PTQ_EE": flags(ebacc),
        "KS4_KS2EMFG": decimals(np.clip(fine, 1, 6), 2, (year - 5 < 2016) & ~lives.asylum[child]),
        "KS4_SENE": flags(provision == PLAN),
        "KS4_SENK": flags(provision == SUPPORT),
    })  # fmt: skip


def _progress(points: Ints, fine_grade: Floats) -> Floats:
    """Return Progress 8 in grades: points against those of pupils with the same results at 11."""
    figures = value("outcomes.progress")
    centre = value("outcomes.ks2")["fine_grade_mean"]
    usual = figures["usual_points"] + figures["per_fine_grade"] * (fine_grade - centre)
    progress: Floats = (points - usual) / 10
    return progress


def ks5_table(pupils: Pupils, results: Results) -> pd.DataFrame:
    """Return Key Stage 5: only those who reach Level 3 at 18, two years after Year 11.

    Returns
    -------
    DataFrame
        Points of A levels, blank for those with vocational results only.
    """
    lives, settings = pupils.lives, pupils.lives.settings
    year = lives.year11 + 2
    shown = (
        pupils.written
        & results.level3_at_18
        & (year >= settings.first_year)
        & (year <= settings.last_year)
    )
    child = np.flatnonzero(shown)
    rng, figures = lives.shard.rng("ks5"), value("outcomes.ks5")
    academic = rng.random(len(child)) < figures["academic"]
    points = rng.normal(
        figures["mean"] + figures["per_ability"] * lives.traits[child, 0], figures["sd"]
    )
    college = rng.random(len(child)) < figures["college"]
    return pd.DataFrame({
        "KS5_ACADYR": school_years(year[child]),
        "KS5_PupilMatchingRefAnonymous": pupils.reference[child],
        "KS5_LA": np.full(len(child), lives.shard.name, dtype=object),
        "KS5_NFTYPE": np.where(college, "FE college", "School sixth form").astype(object),
        "KS5_ToE_CODE": np.where(college, "18", "07").astype(object),
        "KS5_TOTPTSE_ALEV": whole(np.clip(10 * np.rint(points / 10), 10, 240), academic),
    })  # fmt: skip
