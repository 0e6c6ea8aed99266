"""Full inspections of homes and the judgement each ends with, drawn over the whole country.

A judgement goes by the one before and by the home's lasting quality, of which its owner's other
homes share a part; the published shares of both years and the correlations come out.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints, day, weighted
from bayescich.simulate.providers.homes import list_days
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEVER, Homes

GRADES = ("Inadequate", "Requires improvement to be good", "Good", "Outstanding")
"""Judgements, from the first grade to the fourth."""

_YEARS_BEFORE = 3
"""Inspections are drawn from so many years before the first list."""
_FIRST_EVENT = 10_000_000
_SOONEST = 30.0
"""Days, at least, from one inspection to the next."""


def national_rng(settings: Settings, stream: str) -> np.random.Generator:
    """Return the random numbers of what is drawn once for the whole country.

    Parameters
    ----------
    stream : str
        What they are for, for example ``inspections``.
    """
    return np.random.default_rng([settings.seed, NEVER, crc32(stream.encode())])


def dates(days: Ints) -> pd.Series:
    """Return days since 1970 as dates, blank where something is still to come."""
    known = np.where(days < NEVER, days, 0).astype("datetime64[D]").astype("datetime64[ns]")
    return pd.Series(known).mask(days >= NEVER)


def draw_inspections(
    settings: Settings, homes: Homes, quality: Floats | None = None
) -> pd.DataFrame:
    """Draw every full inspection from three years before the first list to the last.

    Parameters
    ----------
    quality : array, shape (homes,), or None
        Lasting quality of each home, with a standard deviation of one: higher is better. None
        draws it, a part of it shared by the homes of an owner.

    Returns
    -------
    DataFrame
        registration (row of ``homes.registrations``), day, grade (1 to 4) and event (text, in
        the order of the days), ordered by registration and day.
    """
    rng = national_rng(settings, "inspections")
    if quality is None:
        quality = _drawn_quality(rng, homes)
    table = homes.registrations
    begins, ends = table["begins"].to_numpy(), table["ends"].to_numpy()
    start = int(list_days(settings)[0] - _YEARS_BEFORE * 365)
    stop = np.minimum(ends, settings.last_day + 1)
    rows = np.flatnonzero(stop > start)
    steps = _steps(rng, begins[rows], start, stop[rows], quality[table["home"].to_numpy()[rows]])
    found = pd.concat(steps, ignore_index=True)
    found["registration"] = rows[found["registration"]]
    found = found.sort_values(["day", "registration"], ignore_index=True)
    found["event"] = (_FIRST_EVENT + np.arange(len(found))).astype(str).astype(object)
    return found.sort_values(["registration", "day"], ignore_index=True)


def latest_inspections(inspections: pd.DataFrame, registrations: int, on: int) -> pd.DataFrame:
    """Return each registration's latest full inspection on a day; blank if it has had none.

    Returns
    -------
    DataFrame, shape (registrations, ...)
        date, grade (0 for none), judgement and event, by row of ``homes.registrations``.
    """
    known = inspections[inspections["day"] <= on]
    last = known.drop_duplicates("registration", keep="last").set_index("registration")
    last = last.reindex(pd.RangeIndex(registrations))
    grade = last["grade"].fillna(0).to_numpy(dtype=np.int64)
    return pd.DataFrame(
        {
            "date": dates(last["day"].fillna(NEVER).to_numpy(dtype=np.int64)),
            "grade": grade,
            "judgement": np.array(["", *GRADES], dtype=object)[grade],
            "event": last["event"].fillna(""),
        }
    )


def _drawn_quality(rng: np.random.Generator, homes: Homes) -> Floats:
    part = value("homes.grade_persists")["owner"]
    last = homes.registrations.drop_duplicates("home", keep="last")["owner"].to_numpy()
    of_owner = rng.normal(size=len(homes.owners))[last]
    drawn: Floats = np.sqrt(part) * of_owner + np.sqrt(1 - part) * rng.normal(size=len(last))
    return drawn


def _steps(
    rng: np.random.Generator, begins: Ints, start: int, stop: Ints, quality: Floats
) -> list[pd.DataFrame]:
    """Inspect each registration again and again, until it ends or the window does."""
    lean = np.exp(value("homes.grade_persists")["quality"] * np.outer(quality, np.arange(-2, 2)))
    days, levels = _levels()
    usual, nexts = _grade_chances()
    is_new = begins >= start
    first = np.where(is_new[:, None], np.array(value("homes.first_grades")), usual)
    wait = _gap(rng, "first_inspection", len(begins))
    again = _gap(rng, "inspection_gap", len(begins)) * rng.random(len(begins))
    due = _working(np.maximum(begins, start)) + np.where(is_new, wait, again)
    here, chance = np.arange(len(begins)), first
    steps: list[pd.DataFrame] = []
    while True:
        on = _calendar(due).astype(np.int64)
        still = on < stop[here]
        here, due, on, chance = here[still], due[still], on[still], chance[still]
        if len(here) == 0:
            return steps
        level = levels[np.searchsorted(days, on, side="right") - 1]
        grade = weighted(rng, chance * lean[here] * level)
        steps.append(pd.DataFrame({"registration": here, "day": on, "grade": 1 + grade}))
        due, chance = due + _gap(rng, "inspection_gap", len(here)), nexts[grade]


def _levels() -> tuple[Ints, Floats]:
    """Return days and, from each on, the factors on the chances of the four grades."""
    known = value("homes.grade_levels")
    years = np.arange(min(known), max(known) + 1)
    logs = np.log(np.array(list(known.values())))
    levels = [np.interp(years, list(known), logs[:, grade]) for grade in range(len(GRADES))]
    days = np.array([day(f"{year}-01-01") for year in years])
    days[0] = 0
    return days, np.exp(np.stack(levels, axis=1))


def _grade_chances() -> tuple[Floats, Floats]:
    """Return the usual shares of grades, and those given the last grade, less bound to it."""
    published = np.array(value("homes.next_grades"))
    usual = np.linalg.matrix_power(published, 50)[0]
    last = value("homes.grade_persists")["last"]
    return usual / usual.sum(), published**last * usual ** (1 - last)


def _gap(rng: np.random.Generator, name: str, number: int) -> Floats:
    figures = value(f"homes.{name}")
    drawn: Floats = figures["median"] * rng.lognormal(0.0, figures["spread"], number)
    return np.maximum(drawn, _SOONEST)


def _pause() -> tuple[int, int]:
    first, last = value("homes.inspection_pause")
    return day(str(first)), day(str(last))


def _working(days: Ints) -> Floats:
    """Count days without the pause in which no home was inspected."""
    first, last = _pause()
    return (np.minimum(days, first) + np.maximum(days - last, 0)).astype(np.float64)


def _calendar(working: Floats) -> Floats:
    first, last = _pause()
    return np.where(working < first, working, working + (last - first))
