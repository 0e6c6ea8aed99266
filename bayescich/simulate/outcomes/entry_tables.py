"""What the return asks of children who enter care: asylum, and permanence arrangements before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Ints, Texts
from bayescich.simulate.outcomes.columns import dates
from bayescich.simulate.outcomes.lives import Lives

_FIRST_YEAR_OF_M_AND_F = 2025
_FIRST_YEAR_OF_PERMANENCE = 2017


def asylum_table(lives: Lives) -> pd.DataFrame:
    """Return unaccompanied asylum-seeking children, in each year in which they are looked after.

    Returns
    -------
    DataFrame
        YEAR, CHILD, SEX (in the codes of the year), DOB, DUC: the 18th birthday in the year in
        which it falls, blank before.
    """
    child, year = lives.years_of_periods(whole=False)
    rows = np.flatnonzero(lives.asylum[child])
    child, year = child[rows], year[rows]
    ceased = collection_year_of(lives.adult)[child] == year
    letters = year >= _FIRST_YEAR_OF_M_AND_F
    male = lives.male[child]
    sex = np.where(letters, np.where(male, "M", "F"), np.where(male, "1", "2"))
    return pd.DataFrame({
        "YEAR": year,
        "CHILD": lives.id[child],
        "SEX": sex.astype(object),
        "DOB": lives.dob[child],
        "DUC": dates(lives.adult[child], ceased),
    })  # fmt: skip


def permanence_table(lives: Lives) -> pd.DataFrame:
    """Return each start of a period of care since 2016/17, with the permanence arrangement before.

    Returns
    -------
    DataFrame
        YEAR, CHILD, DOB, PREV_PERM, LA_PERM (the authority that arranged it), DATE_PERM (text, in
        which zz stands for what is not known).
    """
    rng, settings = lives.shard.rng("permanence"), lives.settings
    periods = lives.periods
    child, start = (periods[name].to_numpy(np.int64) for name in ("child", "start"))
    year = collection_year_of(start)
    first = max(settings.first_year, _FIRST_YEAR_OF_PERMANENCE)
    rows = np.flatnonzero((year >= first) & (year <= settings.last_year))
    child, start, year = child[rows], start[rows], year[rows]
    kind = _kinds(rng, (start - lives.born[child]) / 365.25)
    order = np.lexsort((start, child, year))
    # one row a year: of two starts in it the last
    keep = np.append(
        (child[order][1:] != child[order][:-1]) | (year[order][1:] != year[order][:-1]), True
    )
    at = order[keep[: len(order)]]
    return pd.DataFrame({
        "YEAR": year[at],
        "CHILD": lives.id[child[at]],
        "DOB": lives.dob[child[at]],
        "PREV_PERM": kind[at],
        "LA_PERM": _authorities(rng, lives, kind[at]),
        "DATE_PERM": _dates(rng, lives.born[child[at]], start[at], kind[at]),
    })  # fmt: skip


def _kinds(rng: np.random.Generator, age: np.ndarray) -> Texts:
    """Draw the arrangement; the older a child, the more time there was for one."""
    figures = value("outcomes.previous_permanence")
    codes = np.array([*figures["kinds"]], dtype=object)
    weight = np.array([*figures["kinds"].values()], dtype=np.float64)
    drawn = codes[rng.choice(len(codes), len(age), p=weight / weight.sum())]
    chance = np.minimum(figures["per_year_of_age"] * age, figures["most"])
    return np.where(rng.random(len(age)) < chance, drawn, "Z1").astype(object)


def _authorities(rng: np.random.Generator, lives: Lives, kind: Texts) -> Texts:
    names = lives.shard.authorities.names
    other = names[rng.integers(0, len(names), len(kind))]
    own = rng.random(len(kind)) < value("outcomes.previous_permanence")["own_authority"]
    arranged = (kind != "Z1") & (kind != "P4")
    return np.where(arranged, np.where(own, lives.shard.name, other), "").astype(object)


def _dates(rng: np.random.Generator, born: Ints, start: Ints, kind: Texts) -> Texts:
    """Write dates between birth and entry, some known to the month or year only."""
    day = born + np.floor(rng.random(len(born)) * np.maximum(start - born - 30, 1)).astype(np.int64)
    date = day.astype("datetime64[D]")
    month = date.astype("datetime64[M]")
    known = rng.random(len(born))
    day_text = np.where(known < 0.15, "zz", _two_digits((date - month).astype(np.int64) + 1))
    month_text = np.where(known < 0.05, "zz", _two_digits(month.astype(np.int64) % 12 + 1))
    year_text = (month.astype(np.int64) // 12 + 1970).astype("U4").astype(object)
    written = day_text + "/" + month_text + "/" + year_text
    return np.where((kind == "Z1") | (kind == "P4"), "", written).astype(object)


def _two_digits(number: Ints) -> Texts:
    return np.array([f"{n:02d}" for n in range(32)], dtype=object)[number]
