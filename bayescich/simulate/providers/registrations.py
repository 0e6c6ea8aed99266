"""How long homes stand and under which registrations, so that published counts come out.

Homes that stand in 2025 get their registration's age from the published distribution. All others
open and close between so many each year that with the former they make up England's number of
homes at every 31 March.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Floats, Ints, Texts, day
from bayescich.simulate.shapes import NEVER

KINDS_OF_HOME = ("private", "local authority", "voluntary", "health", "special school", "secure")
"""Kinds of home by which figures are given."""

LAST_LIST = day("2025-03-31")
"""Day of the newest published list: what happens is drawn up to here."""

_EARLIEST = 1985
_ALWAYS_THERE = ("special school", "secure")
_SHORTEST = 0.5
"""Years that a registration holds at the least."""


@dataclass(frozen=True)
class Lives:
    """Days on which homes open, close and are registered anew; arrays with one entry a home."""

    kind: Ints
    """Position in `KINDS_OF_HOME`."""
    opened: Ints
    closed: Ints
    """`NEVER` for a home that stands in 2025."""
    anew: Ints
    """Day of the registration that took the first one's place, else `NEVER`."""
    national: Flags
    """Whether that was the home's entry on the national register."""

    @property
    def stands(self) -> Flags:
        """Say which homes stand on the newest list."""
        return self.closed == NEVER

    @property
    def registered(self) -> Ints:
        """Return the day of each home's last registration."""
        return np.where(self.anew < NEVER, self.anew, self.opened)

    def at(self, rows: Ints) -> Lives:
        """Return some of the homes, in the order of `rows`."""
        return Lives(
            self.kind[rows],
            self.opened[rows],
            self.closed[rows],
            self.anew[rows],
            self.national[rows],
        )


def draw_lives(rng: np.random.Generator, scale: float) -> Lives:
    """Draw the homes that stood at any time from 1985 to 2025, ordered by opening.

    Parameters
    ----------
    scale : float
        Homes as a share of England's.

    Examples
    --------
    >>> lives = draw_lives(np.random.default_rng(1), 1.0)
    >>> int(lives.stands.sum())
    4009
    """
    parts = [_lives_of_kind(rng, kind, scale) for kind in range(len(KINDS_OF_HOME))]
    joined = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("kind", "opened", "closed", "anew", "national")
    ]
    lives = Lives(*joined)
    return lives.at(np.argsort(lives.opened, kind="stable"))


def registration_rows(lives: Lives, last_day: int) -> pd.DataFrame:
    """Return one row per registration up to a day, ordered by home and ``begins``.

    Returns
    -------
    DataFrame
        home (position), begins, ends (`NEVER` if it holds on the day), first (bool: another
        registration came after it).
    """
    twice = lives.anew <= last_day
    home = np.repeat(np.arange(len(twice)), 1 + twice)
    second = np.zeros(len(home), dtype=bool)
    second[np.cumsum(1 + twice)[twice] - 1] = True
    first = twice[home] & ~second
    ends = np.where(first, lives.anew[home], lives.closed[home])
    return pd.DataFrame(
        {
            "home": home,
            "begins": np.where(second, lives.anew[home], lives.opened[home]),
            "ends": np.where(ends > last_day, NEVER, ends),
            "first": first,
        }
    )


def draw_urns(rng: np.random.Generator, begins: Ints) -> Texts:
    """Number registrations in the order of their days, in the form of the time.

    Examples
    --------
    >>> draw_urns(np.random.default_rng(1), np.array([10_000, 18_000]))
    array(['SC237120', '2070096'], dtype=object)
    """
    older = begins < day(str(value("homes.first_of_new_urns")))
    order = np.argsort(begins, kind="stable")
    urns = np.empty(len(begins), dtype=object)
    forms = ((older, "SC{:06d}", 1_000, 499_999), (~older, "{}", 1_200_000, 2_899_999))
    for which, form, low, high in forms:
        rows = order[which[order]]
        numbers = np.sort(rng.choice(high - low, len(rows), replace=False)) + low
        urns[rows] = [form.format(number) for number in numbers]
    return urns


def _lives_of_kind(rng: np.random.Generator, kind: int, scale: float) -> Lives:
    name = KINDS_OF_HOME[kind]
    standing = _standing(name, scale)
    opened, anew, national = _those_that_stand(rng, name, int(standing[-1]))
    entered, left = _those_that_close(rng, standing, opened, value("homes.closing")[name])
    anew_too, national_too = _anew_before_closing(rng, name, entered, left)
    number = len(opened) + len(entered)
    return Lives(
        np.full(number, kind),
        np.concatenate([opened, entered]),
        np.concatenate([np.full(len(opened), NEVER), left]),
        np.concatenate([anew, anew_too]),
        np.concatenate([national, national_too]),
    )


def _standing(name: str, scale: float) -> Ints:
    """Return how many homes of a kind stand on each 31 March from 1985."""
    years = np.arange(_EARLIEST, 2026)
    exact = np.interp(years, value("homes.years"), value("homes.standing")[name]) * scale
    return np.maximum(np.rint(exact), name in _ALWAYS_THERE).astype(np.int64)


def _those_that_stand(rng: np.random.Generator, name: str, number: int) -> tuple[Ints, Ints, Flags]:
    """Draw the openings of homes that stand in 2025 and the day each was registered anew."""
    if number == 0:
        nothing = np.zeros(0, dtype=np.int64)
        return nothing, nothing, nothing.astype(bool)
    spot = (rng.permutation(number) + rng.random(number)) / number
    age = np.interp(spot, value("homes.age_points"), value("homes.ages")[name])
    registered = LAST_LIST - np.maximum(age * YEAR, 1).astype(np.int64)
    national = _on_national_register(name, registered)
    anew = ~national & (rng.random(number) < value("homes.registered_anew")[name])
    before = np.where(national, value("homes.age_before_register"), value("homes.first_holds"))
    earlier = _SHORTEST + rng.exponential(before - _SHORTEST, number)
    again = national | anew
    opened = registered - np.where(again, earlier * YEAR, 0).astype(np.int64)
    return opened, np.where(again, registered, NEVER), national


def _on_national_register(name: str, registered: Ints) -> Flags:
    first, last = (day(f"{year}-04-01") for year in value("homes.national_register"))
    return (registered >= first) & (registered < last) & (name == "local authority")


def _those_that_close(
    rng: np.random.Generator, standing: Ints, opened: Ints, rate: float
) -> tuple[Ints, Ints]:
    """Open and close homes year by year so that with those that stand they are as many as said."""
    days = np.array([day(f"{_EARLIEST + n}-03-31") for n in range(len(standing))])
    lasting = np.searchsorted(np.sort(opened), days, side="right")
    short = np.maximum(standing - lasting, 0)
    hoped = np.diff(np.floor(np.cumsum(rate * standing) + rng.random()), prepend=0)
    here = days[0] - (rng.exponential(15.0, short[0]) * YEAR).astype(np.int64)
    left = np.zeros(0, dtype=np.int64)
    entered = left
    for year in range(len(days) - 1):
        leaving = int(np.clip(hoped[year + 1], max(short[year] - short[year + 1], 0), short[year]))
        shuffled = rng.permutation(here)
        new = rng.integers(days[year], days[year + 1], short[year + 1] - short[year] + leaving)
        entered = np.concatenate([entered, shuffled[:leaving]])
        left = np.concatenate([left, rng.integers(days[year], days[year + 1], leaving) + 1])
        here = np.concatenate([shuffled[leaving:], new])
    return entered, left


def _anew_before_closing(
    rng: np.random.Generator, name: str, entered: Ints, left: Ints
) -> tuple[Ints, Flags]:
    first, last = (day(f"{year}-04-01") for year in value("homes.national_register"))
    through = (entered < first) & (left >= last) & (name == "local authority")
    life: Floats = (left - entered).astype(np.float64)
    rate = value("homes.anew_a_year") * (value("homes.registered_anew")[name] > 0)
    chance = 1 - np.exp(-rate * life / YEAR)
    again = (rng.random(len(life)) < chance) & (life > 4 * _SHORTEST * YEAR) & ~through
    middle = entered + (life * rng.uniform(0.2, 0.8, len(life))).astype(np.int64)
    entry = rng.integers(first, last, len(life))
    return np.where(through, entry, np.where(again, middle, NEVER)), through
