"""Absence by term, and suspensions and exclusions (NPD), of school years around time in care."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import first_of_april
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.outcomes.columns import dates, school_years, whole
from bayescich.simulate.outcomes.lives import by_age, column, expit, years_effect
from bayescich.simulate.outcomes.pupils import Pupils
from bayescich.simulate.outcomes.traits import TRAITS

TERMS = ("Autumn", "Spring", "Summer")

_NOT_PUBLISHED = 2020
_FIRST_YEAR_OF_SUSPENSIONS = 2021
_BEYOND = 1 << 21
"""More than any day."""
_SCHOOLING = TRAITS.index("schooling")


def at_school(pupils: Pupils, rng: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Return who is on the roll of a school in which years, and the predictors of those years.

    Parameters
    ----------
    pupils : Pupils
    rng : Generator

    Returns
    -------
    child, year : array of int, shape (rows,)
    predictor : array, shape (rows, outcomes)
        Of the window that ends with June of the year.
    """
    lives = pupils.lives
    child, year = pupils.years_at_school()
    figures = value("outcomes.off_roll")
    out = lives.traits[child, _SCHOOLING] > 0
    absent = rng.random(len(child)) < np.where(out, figures["with_need"], figures["without"])
    rows = np.flatnonzero(~absent)
    child, year = child[rows], year[rows]
    return child, year, lives.predictor(child, first_of_april(year) + 91)


def absence_table(pupils: Pupils, child: Ints, year: Ints, predictor: Floats) -> pd.DataFrame:
    """Return sessions possible and missed, by term.

    Parameters
    ----------
    pupils : Pupils
    child, year, predictor
        From `at_school`.

    Returns
    -------
    DataFrame
        One row per enrolment: a pupil who changes school within the year has two, the first of
        the autumn. Nothing of 2019/20, and no summer of Year 11.
    """
    lives, rng = pupils.lives, pupils.lives.shard.rng("absence")
    rows = np.flatnonzero(year != _NOT_PUBLISHED)
    child, year = child[rows], year[rows]
    terms = _possible(rng, lives.year11[child] == year)
    age = year - lives.year11[child] + 16
    eta = column(predictor[rows], "absence") + years_effect("absence", year)
    mean = expit(eta + by_age(value("outcomes.absence_age"), age))
    spread = value("outcomes.dispersion")["absence"]
    share = rng.beta(mean * spread, (1 - mean) * spread)
    missed = rng.binomial(terms, share[:, None])
    figures = value("outcomes.unauthorised")
    truant = expit(figures["intercept"] + figures["slope"] * (share - 0.1))
    unauthorised = rng.binomial(missed, truant[:, None])
    return _enrolments(
        pupils, child, year, np.stack([terms, missed - unauthorised, unauthorised, missed])
    )


def _possible(rng: np.random.Generator, last_year: Flags) -> Ints:
    """Draw the sessions of each term; there are none in the summer of Year 11."""
    usual = np.array(value("outcomes.sessions"))
    terms = usual - rng.integers(0, 5, (len(last_year), len(TERMS)))
    terms[last_year, 2] = 0
    return terms.astype(np.int64)


def _enrolments(pupils: Pupils, child: Ints, year: Ints, counts: Ints) -> pd.DataFrame:
    """Write one row per pupil and year, two of those who change school after the autumn."""
    rng = pupils.lives.shard.rng("enrolments")
    moves = rng.random(len(child)) < value("outcomes.changes_school")
    row = np.repeat(np.arange(len(child)), 1 + moves)
    second = np.append(False, row[1:] == row[:-1])[: len(row)]
    shown = np.column_stack([~second, second | ~moves[row], second | ~moves[row]])
    shown &= counts[0, row] > 0
    table: dict[str, object] = {
        "AcademicYear": school_years(year[row]),
        "PupilMatchingRefAnonymous": pupils.reference[child[row]],
        "LA": np.full(len(row), pupils.lives.shard.name, dtype=object),
        "URN": pupils.school_urn(child[row], second),
    }
    kinds = ("SessionsPossible", "AuthorisedAbsence", "UnauthorisedAbsence", "OverallAbsence")
    for number, kind in enumerate(kinds):
        for term, name in enumerate(TERMS):
            table[f"{kind}_{name}"] = whole(counts[number, row, term], shown[:, term])
    return pd.DataFrame(table)


def exclusions_table(pupils: Pupils, child: Ints, year: Ints, predictor: Floats) -> pd.DataFrame:
    """Return suspensions and permanent exclusions, one row each.

    Parameters
    ----------
    pupils : Pupils
    child, year, predictor
        From `at_school`; they follow what leads to offending.

    Returns
    -------
    DataFrame
        Category FIXD up to 2019/20 and SUSP after, PERM; first day, sessions and reasons.
    """
    lives, rng = pupils.lives, pupils.lives.shard.rng("exclusions")
    figures = value("outcomes.suspensions")
    conduct = column(predictor, "offending") - value("outcomes.intercept")["offending"]
    eta = figures["intercept"] + figures["conduct"] * conduct + years_effect("suspensions", year)
    eta = eta + by_age(figures["age"], year - lives.year11[child] + 16)
    habit = rng.gamma(figures["shape"], 1 / figures["shape"], len(child))
    number = np.minimum(rng.poisson(habit * np.exp(np.minimum(eta, 2.5))), 30)
    row = np.repeat(np.arange(len(child)), number)
    start = _school_days(rng, year[row])
    # one a day
    _, once = np.unique(row * _BEYOND + start, return_index=True)
    row, start = row[once], start[once]
    permanent = rng.random(len(row)) < figures["permanent"]
    lost = np.array(figures["sessions"])
    sessions = lost[rng.integers(0, len(lost), len(row))]
    reasons = _reasons(rng, len(row), year[row])
    suspended = np.where(year[row] >= _FIRST_YEAR_OF_SUSPENSIONS, "SUSP", "FIXD")
    return pd.DataFrame({
        "AcademicYear": school_years(year[row]),
        "PupilMatchingRefAnonymous": pupils.reference[child[row]],
        "LA": np.full(len(row), lives.shard.name, dtype=object),
        "URN": pupils.school_urn(child[row]),
        "Category": np.where(permanent, "PERM", suspended).astype(object),
        "StartDate": dates(start),
        "Sessions": whole(sessions, ~permanent),
        "Reason1": reasons[0],
        "Reason2": reasons[1],
        "Reason3": reasons[2],
    })  # fmt: skip


def _school_days(rng: np.random.Generator, year: Ints) -> Ints:
    """Draw weekdays from September to mid July, in 2019/20 to the closing of schools."""
    first = first_of_april(year - 1) + 156
    length = np.where(year == _NOT_PUBLISHED, 196, 315)
    day = first + np.floor(rng.random(len(year)) * length).astype(np.int64)
    # 1 January 1970 was a Thursday: days 2 and 3 of a week counted from it are the weekend
    weekday = day % 7
    return day - np.where(weekday == 2, 1, np.where(weekday == 3, 2, 0))


def _reasons(rng: np.random.Generator, number: int, year: Ints) -> list[Texts]:
    """Draw up to three reasons, the second and the third only since 2020/21."""
    figures = value("outcomes.suspension_reasons")
    codes, weight = (
        np.array([*figures], dtype=object),
        np.array([*figures.values()], dtype=np.float64),
    )
    drawn = codes[rng.choice(len(codes), (3, number), p=weight / weight.sum())]
    several = (rng.random((2, number)) < 0.15) & (year >= _FIRST_YEAR_OF_SUSPENSIONS)
    second = np.where(several[0] & (drawn[1] != drawn[0]), drawn[1], "").astype(object)
    third = several[1] & (second != "") & (drawn[2] != drawn[0]) & (drawn[2] != drawn[1])
    return [drawn[0], second, np.where(third, drawn[2], "").astype(object)]
