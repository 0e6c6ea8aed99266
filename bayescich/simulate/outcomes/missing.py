"""Going missing: spells within placements, frequent for a few children and mostly short."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of, first_of_april
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Floats, Ints
from bayescich.simulate.outcomes.columns import dates
from bayescich.simulate.outcomes.effects import POSITION
from bayescich.simulate.outcomes.lives import Lives, by_age, spans, years_effect
from bayescich.simulate.outcomes.traits import moves_slope

COLUMNS = ("YEAR", "CHILD", "DOB", "MISSING", "MIS_START", "MIS_END")


def missing_table(lives: Lives) -> pd.DataFrame:
    """Return one row per spell and collection year in which it began or went on.

    Parameters
    ----------
    lives : Lives

    Returns
    -------
    DataFrame
        The columns of the return. A spell that is not over on 31 March has no end in that year
        and is returned again, with its end, the year after.
    """
    rng = lives.shard.rng("missing")
    child, start, end = _spells(lives, rng)
    away = rng.random(len(child)) < value("outcomes.away")
    row, year, still = _returned(lives, start, end)
    table = {
        "YEAR": year,
        "CHILD": lives.id[child[row]],
        "DOB": lives.dob[child[row]],
        "MISSING": np.where(away[row], "A", "M").astype(object),
        "MIS_START": dates(start[row]),
        "MIS_END": dates(end[row], ~still),
    }
    order = np.lexsort((start[row], child[row], year))
    return pd.DataFrame({name: table[name][order] for name in COLUMNS})


def _spells(lives: Lives, rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Draw child, first and last day of spells that neither touch nor leave their placement."""
    exposure, settings = lives.exposure, lives.settings
    first = np.maximum(exposure.start, settings.first_day)
    last = np.minimum(exposure.end, settings.last_day + 1)
    stay, year = _by_year(first, last)
    begins = np.maximum(first[stay], first_of_april(year - 1))
    days = np.maximum(np.minimum(last[stay], first_of_april(year)) - begins, 0)
    number = rng.poisson(_rates(lives, stay, year) * days / YEAR)
    spell = np.repeat(np.arange(len(stay)), number)
    start = begins[spell] + np.floor(rng.random(len(spell)) * days[spell]).astype(np.int64)
    end = start + _lengths(rng, len(spell))
    stay = stay[spell]
    # the last day away is a day before the placement ends
    end = np.maximum(np.minimum(end, exposure.end[stay] - 1), start)
    order = np.lexsort((start, stay))
    stay, start, end = stay[order], start[order], end[order]
    kept = _apart(stay, start, end)
    return exposure.child[stay[kept]], start[kept], end[kept]


def _by_year(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Cut stays into collection years: row and year of each piece."""
    inside = first < last
    to_year = collection_year_of(np.maximum(last - 1, first))
    from_year = collection_year_of(first)
    return spans(from_year, np.where(inside, to_year, from_year - 1))


def _rates(lives: Lives, stay: Ints, year: Ints) -> Floats:
    """Return spells per year of each piece of a stay: heavy-tailed between children."""
    exposure, place = lives.exposure, POSITION["missing"]
    child = exposure.child[stay]
    age = year - 0.5 - collection_year_of(lives.born)[child]
    shape = value("outcomes.missing_shape")
    habit = lives.shard.rng("habit").gamma(shape, 1 / shape, lives.number)
    earlier = stay - exposure.first_stay(child)
    eta = (
        lives.base[child, place]
        + exposure.effect[stay, place]
        + moves_slope(earlier)[:, place]
        + years_effect("missing", year)
        + by_age(value("outcomes.missing_age"), np.floor(age).astype(np.int64))
    )
    rates: Floats = habit[child] * np.exp(eta)
    return np.minimum(rates, value("outcomes.missing_most"))


def _lengths(rng: np.random.Generator, number: int) -> Ints:
    """Draw days from the first to the last of a spell; 0 for one that begins and ends on a day."""
    figures = value("outcomes.missing_days")
    low, high = np.array(figures["from"]), np.array(figures["to"])
    weight = np.array(figures["share"], dtype=np.float64)
    band = rng.choice(len(weight), number, p=weight / weight.sum())
    return low[band] + np.floor(rng.random(number) * (high - low + 1)[band]).astype(np.int64)


def _apart(stay: Ints, start: Ints, end: Ints) -> Ints:
    """Keep spells that begin after all earlier ones of the same stay are over."""
    # one key for stay and day, so that the latest end so far never reaches into another stay
    offset = stay * (1 << 21)
    so_far = np.maximum.accumulate(offset + end) if len(end) else end
    clear = np.ones(len(start), dtype=np.bool_)
    clear[1:] = (offset + start)[1:] > so_far[:-1]
    return np.flatnonzero(clear)


def _returned(lives: Lives, start: Ints, end: Ints) -> tuple[Ints, Ints, Flags]:
    """Return the rows of the returns: spell, year, and whether it is not over by then."""
    year = collection_year_of(start)
    over_april = np.flatnonzero((end >= first_of_april(year)) & (year < lives.settings.last_year))
    row = np.concatenate([np.arange(len(start)), over_april])
    years = np.concatenate([year, year[over_april] + 1])
    return row, years, end[row] >= first_of_april(years)
