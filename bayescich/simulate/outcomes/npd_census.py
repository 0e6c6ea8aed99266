"""Special educational needs as the school census of January has them (NPD)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints, Texts
from bayescich.simulate.outcomes.columns import dates, flags, school_years
from bayescich.simulate.outcomes.lives import by_age
from bayescich.simulate.outcomes.pupils import Pupils
from bayescich.simulate.outcomes.traits import TRAITS
from bayescich.simulate.shapes import NEEDS

NONE, SUPPORT, PLAN = range(3)
"""Provision for special educational needs."""

_FIRST_YEAR_OF_PLANS = 2015
_LAST_YEAR_OF_STATEMENTS = 2018
_TYPES = ("SPLD", "MLD", "SLCN", "SLD", "PD", "OTH")
_SEMH, _BESD = "SEMH", "BESD"


def provisions(pupils: Pupils, child: Ints, year: Ints) -> Ints:
    """Return the provision of children in school years.

    A child's liability lasts, rises with age, and is raised from the first day in a home.

    Parameters
    ----------
    pupils : Pupils
    child, year : array of int, shape (rows,)

    Returns
    -------
    array of int, shape (rows,)
        `NONE`, `SUPPORT` or `PLAN`.
    """
    lives = pupils.lives
    figures = value("outcomes.sen")
    slope = np.array([figures["traits"].get(trait, 0.0) for trait in TRAITS])
    liability = (lives.traits @ slope)[child] + lives.normal("special needs")[child]
    liability = liability + by_age(figures["age"], year - lives.year11[child] + 16)
    in_home_by = _january(year) > lives.exposure.first_home()[child]
    liability = liability + figures["home"] * in_home_by + by_age(figures["years"], year)
    above = [liability > figures[limit] for limit in ("support", "plan")]
    return above[0].astype(np.int64) + above[1]


def census_table(pupils: Pupils, child: Ints, year: Ints) -> pd.DataFrame:
    """Return the spring census of pupils in school years.

    Parameters
    ----------
    pupils : Pupils
    child, year : array of int, shape (rows,)
        Who is at school in which year.

    Returns
    -------
    DataFrame
        One row per pupil and year, with codes of the year: statements until 2018, plans and SEN
        support from 2015, School Action and School Action Plus before.
    """
    rng = pupils.lives.shard.rng("census")
    provision = provisions(pupils, child, year)
    first, second = _types(pupils, child, year, rng)
    special = provision > NONE
    fsm = rng.random(len(child)) < value("outcomes.free_meals")
    return pd.DataFrame({
        "AcademicYear": school_years(year),
        "PupilMatchingRefAnonymous": pupils.reference[child],
        "LA": np.full(len(child), pupils.lives.shard.name, dtype=object),
        "URN": pupils.school_urn(child),
        "CensusTerm": np.full(len(child), "SPR", dtype=object),
        "CensusDate": dates(_january(year)),
        "SENprovision": _codes(provision, year, rng),
        "PrimarySENtype": np.where(special, first, "").astype(object),
        "SecondarySENtype": np.where(special & (second != first), second, "").astype(object),
        "FSMeligible": flags(fsm),
    })  # fmt: skip


def _january(year: Ints) -> Ints:
    """Return the third Thursday of January, the day of the spring census."""
    first = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    # 1 January 1970 was a Thursday
    return first + (-first) % 7 + 14


def _codes(provision: Ints, year: Ints, rng: np.random.Generator) -> Texts:
    drawn = rng.random(len(year))
    before = year < _FIRST_YEAR_OF_PLANS
    moved_over = (year - _FIRST_YEAR_OF_PLANS + 1) / 5
    statement = before | ((year <= _LAST_YEAR_OF_STATEMENTS) & (drawn > moved_over))
    plan = np.where(statement, "S", "E")
    support = np.where(before, np.where(drawn < 0.4, "A", "P"), "K")
    return np.select([provision == PLAN, provision == SUPPORT], [plan, support], "N").astype(object)


def _types(
    pupils: Pupils, child: Ints, year: Ints, rng: np.random.Generator
) -> tuple[Texts, Texts]:
    """Draw the primary and the secondary type of need: half are social, emotional and mental."""
    lives, figures = pupils.lives, value("outcomes.sen_types")
    needs = lives.shard.needs[child]
    autism, learning = (needs[:, NEEDS.index(n)] for n in ("autism", "learning_disabilities"))
    social = np.where(year < _FIRST_YEAR_OF_PLANS, _BESD, _SEMH).astype(object)
    weight = np.array([figures["other"][name] for name in _TYPES], dtype=np.float64)
    other = np.array(_TYPES, dtype=object)[
        rng.choice(len(_TYPES), (2, len(child)), p=weight / weight.sum())
    ]
    other[0, learning] = "MLD"
    drawn: Floats = rng.random(len(child))
    rest = np.where(autism, "ASD", other[0]).astype(object)
    first_is_social = drawn < np.where(autism, 0.2, figures["social"])
    first = np.where(first_is_social, social, rest).astype(object)
    second = np.where(first_is_social, rest, other[1]).astype(object)
    shown = rng.random(len(child)) < figures["second"]
    return first, np.where(shown, second, "").astype(object)
