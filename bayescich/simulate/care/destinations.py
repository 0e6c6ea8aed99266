"""Where a child is placed next: the kinds of placement and what leads to each."""

from __future__ import annotations

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.care.children import ACTING_OUT, DISABILITY, DISTRESS, People
from bayescich.simulate.care.practice import Practice
from bayescich.simulate.draws import Flags, Floats, Ints, decimal_year, weighted
from bayescich.simulate.shapes import (
    ADOPTION,
    CUSTODY,
    FOSTER,
    HOME,
    KIN,
    KINDS,
    OTHER,
    PARENTS,
    SUPPORTED,
)

_TABLES = {
    "foster": "after_foster", "kin": "after_kin", "home": "after_home",
    "adoption": "after_adoption", "parents": "after_parents", "supported": "after_supported",
    "residential": "after_other", "custody": "after_other", "other": "after_other",
}  # fmt: skip


class Destinations:
    """Weighs the kinds of placement for children on their way to one."""

    def __init__(self, people: People, practice: Practice) -> None:
        self.limits = np.array(value("journeys.age_groups"), dtype=np.float64)
        groups = len(self.limits)
        after = [_by_age(value(f"journeys.{_TABLES[kind]}"), groups) for kind in KINDS]
        # the last table is of children who enter care: the row of "no kind before"
        self.weights = np.array([*after, _by_age(value("journeys.entry"), groups)])
        self.uasc_entry = np.array(value("journeys.entry_uasc"), dtype=np.float64)
        self.uasc = people.frame["uasc"].to_numpy(bool)
        self.for_home = _need_for_home(people)
        self.practice = np.zeros((len(practice.home), len(KINDS)))
        self.practice[:, HOME] = practice.home
        self.practice[:, SUPPORTED] = practice.supported
        self.practice[:, KIN] = practice.kin
        self.practice[:, PARENTS] = practice.parents
        self.practice[:, ADOPTION] = practice.adoption
        favours = (value("journeys.unplanned_favours"), value("journeys.planned_favours"))
        self.favours = np.array(favours, dtype=np.float64)
        trend = value("journeys.home_trend")
        self.trend_years = np.array(list(trend), dtype=np.float64)
        self.trend = np.array(list(trend.values()), dtype=np.float64)

    def age_group(self, age: Floats) -> Ints:
        """Return the group of ages that each age in years is in."""
        return np.searchsorted(self.limits, age, side="right") - 1

    def choose(
        self,
        rng: np.random.Generator,
        who: Ints,
        age: Floats,
        authority: Ints,
        before: Ints,
        planned: Flags,
        today: Ints,
    ) -> Ints:
        """Draw a kind of placement for each child.

        Parameters
        ----------
        before : array of int
            Kind of the placement left; -1 for children who enter care.
        planned : array of bool
            Whether the move was planned; of no account on entry.
        """
        weights = self.weights[before, self.age_group(age)]
        alone = (before < 0) & self.uasc[who]
        weights[alone] = self.uasc_entry
        weights *= np.exp(self.practice[authority])
        from_home = before == HOME
        weights[from_home] *= self.favours[planned[from_home].astype(np.int64)]
        trend = np.interp(decimal_year(today), self.trend_years, self.trend)
        weights[:, HOME] *= np.exp(self.for_home[who]) * trend
        weights[age < value("journeys.youngest_in_home"), HOME] = 0
        weights[age < 10, CUSTODY] = 0
        weights[age < 16, SUPPORTED] = 0
        return weighted(rng, weights)

    def instead_of_home(self, rng: np.random.Generator, age: Floats) -> Ints:
        """Draw where children go for whom no home has a place."""
        usual = rng.random(len(age)) < value("journeys.instead_of_home")
        older, younger = np.where(usual, SUPPORTED, OTHER), np.where(usual, FOSTER, OTHER)
        return np.where(age >= 16, older, younger)


def _by_age(table: list[object], groups: int) -> np.ndarray:
    """Return one row of weights per group of ages; a table of one row is for all."""
    rows = np.array(table, dtype=np.float64)
    return np.broadcast_to(rows, (groups, len(KINDS))).copy()


def _need_for_home(people: People) -> Floats:
    """Return log odds of a home against other kinds, centred on the average child."""
    effects = value("journeys.need_for_home")
    factors = np.clip(people.factors, -2.5, 2.5)
    category = people.frame["CIN"].to_numpy(object)
    log_odds: Floats = (
        effects["acting_out"] * factors[:, ACTING_OUT]
        + effects["distress"] * factors[:, DISTRESS]
        + effects["disability"] * factors[:, DISABILITY]
        + effects["male"] * ((people.frame["SEX"] == "M").to_numpy() - 0.5)
        + effects["uasc"] * people.frame["uasc"].to_numpy()
        + sum(effects[code] * (category == code) for code in ("N2", "N6"))
    )
    return log_odds - np.log(np.exp(log_odds).mean())
