"""The children of a synthetic England: who they are, what they need, when they first enter care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayescich.histories.dates import birthday
from bayescich.histories.sorted_rows import dates_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Floats, Ints, Texts, day, labels, labels_by_group
from bayescich.simulate.providers.places import UNITS
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import DISTRICTS, NEEDS, Authorities

ACTING_OUT, DISTRESS, DISABILITY = range(3)
"""Columns of `People.factors`."""


@dataclass(frozen=True)
class People:
    """Everyone who is ever looked after, by the day on which they first enter care."""

    frame: pd.DataFrame
    """One row per person: authority (position, of the first entry), born, entry and adult (days),
    SEX, ETHNIC, CIN, LS (on first entry), uasc, home_post (number of a postcode within the
    authority), difficulties, ability, hidden, frailty."""
    factors: Floats
    """Shape (people, 3): acting out, distress and disability, each with SD about one."""
    needs: Flags
    """Shape (people, needs)."""


def draw_people(rng: np.random.Generator, settings: Settings, authorities: Authorities) -> People:
    """Draw everyone who enters care from before the window until its last day."""
    entry, uasc = _entries(rng, settings)
    number = len(entry)
    age, group = _ages(rng, uasc)
    born = entry - np.floor(age * YEAR).astype(np.int64)
    dates = pd.Series(dates_of(born))
    male = rng.random(number) < np.where(
        uasc, value("children.uasc_male"), np.array(value("children.male"))[group]
    )
    need = labels_by_group(rng, value("children.need"), group)
    need[uasc] = "N8"
    status = labels_by_group(rng, value("children.legal_status"), group)
    status[uasc] = "V2"
    ethnic = labels(rng, value("children.ethnicity"), number)
    ethnic[uasc] = labels(rng, value("children.uasc_ethnicity"), int(uasc.sum()))
    factors = _factors(rng, need, uasc)
    frame = pd.DataFrame(
        {
            "authority": rng.choice(
                len(authorities.names), number, p=authorities.share_of_children
            ),
            "born": born,
            "entry": entry,
            "adult": birthday(dates, 18).to_numpy().astype("datetime64[D]").astype(np.int64),
            "SEX": np.where(male, "M", "F").astype(object),
            "ETHNIC": ethnic,
            "CIN": need,
            "LS": status,
            "uasc": uasc,
            "home_post": rng.integers(0, DISTRICTS * UNITS, number),
            "difficulties": _difficulties(rng, factors, male),
            "ability": _ability(rng, factors),
            "hidden": rng.normal(size=number),
            "frailty": _frailty(rng, number),
        }
    )
    return People(frame, factors, _needs(rng, factors))


def _entries(rng: np.random.Generator, settings: Settings) -> tuple[Ints, Flags]:
    """Draw the days of first entry, in order, and who is an unaccompanied child seeking asylum."""
    starts, stock = value("children.starts"), value("children.uasc_stock")
    first = settings.first_year - value("children.burn_in_years")
    days, alone = [], []
    for year in range(first, settings.last_year + 1):
        all_starts = starts.get(year, starts[min(starts)]) * settings.scale
        held = stock.get(year, stock[min(stock)]) * settings.scale
        uasc = held * value("children.uasc_starts_per_stock")
        others = max(all_starts - uasc, 0) * value("children.first_time")
        number = [int(rng.poisson(others)), int(rng.poisson(uasc))]
        begins = day(f"{year - 1}-04-01")
        days.append(np.sort(rng.integers(begins, begins + 365, sum(number))))
        alone.append(rng.permutation(np.repeat([False, True], number)))
    return np.concatenate(days), np.concatenate(alone)


def _ages(rng: np.random.Generator, uasc: Flags) -> tuple[Floats, Ints]:
    """Draw ages in years at first entry, and the group of ages each is in."""
    age = np.empty(len(uasc))
    for name, rows in (("age_at_entry", ~uasc), ("uasc_age_at_entry", uasc)):
        shares = value(f"children.{name}")
        limits = np.array(shares["limits"], dtype=np.float64)
        limits[-1] -= 0.1  # nobody enters on the last days before the 18th birthday
        weight = np.array(shares["starts"], dtype=np.float64)
        which = rng.choice(len(weight), int(rows.sum()), p=weight / weight.sum())
        # infants enter soon after birth
        within = rng.random(len(which)) ** np.where(limits[which] == 0, 3, 1)
        age[rows] = limits[which] + within * (limits[which + 1] - limits[which])
    group = np.searchsorted(value("children.age_at_entry")["limits"], age, side="right") - 1
    return age, np.minimum(group, 4)


def _factors(rng: np.random.Generator, need: Texts, uasc: Flags) -> Floats:
    factors = rng.normal(size=(len(need), 3))
    shared = value("children.factor_correlation")
    factors[:, DISTRESS] = (
        shared * factors[:, ACTING_OUT] + np.sqrt(1 - shared**2) * factors[:, DISTRESS]
    )
    for category, shift in value("children.category_shifts").items():
        factors[(need == category) & ~uasc] += shift
    factors[uasc] += value("children.uasc_shift")
    return factors


def _needs(rng: np.random.Generator, factors: Floats) -> Flags:
    """Let a child have a need where its liability, which the factors share, passes a threshold."""
    has = np.empty((len(factors), len(NEEDS)), dtype=np.bool_)
    for column, name in enumerate(NEEDS):
        figure = value("children.needs")[name]
        loads = np.array(figure["loads"])
        rest = np.sqrt(max(1 - loads @ loads, 0.1))
        liability = factors @ loads + rest * rng.normal(size=len(factors))
        has[:, column] = liability > ndtri(1 - figure["share"])
    return has


def _difficulties(rng: np.random.Generator, factors: Floats, male: Flags) -> Floats:
    figure = value("children.difficulties")
    rest = figure["rest"] * rng.normal(size=len(factors))
    level = figure["mean"] + factors @ np.array(figure["loads"]) + figure["male"] * male + rest
    points: Floats = np.clip(level, 0, 40)
    return points


def _ability(rng: np.random.Generator, factors: Floats) -> Floats:
    figure = value("children.ability")
    level: Floats = factors @ np.array(figure["loads"]) + figure["rest"] * rng.normal(
        size=len(factors)
    )
    return level


def _frailty(rng: np.random.Generator, number: int) -> Floats:
    variance = value("moves.frailty_variance")
    drawn: Floats = rng.gamma(1 / variance, variance, number)
    return drawn
