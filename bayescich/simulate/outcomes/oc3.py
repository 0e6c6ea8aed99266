"""OC3: care leavers around their 17th to 21st birthdays.

Whether the authority is in touch, what the young person does and where they live are drawn for
everyone; only of those the authority is in touch with is the rest returned. Harder to keep in
touch with are the worse off, for a reason that no record shows (`Lives.trouble`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtr

from bayescich.histories.dates import collection_year_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.outcomes.accommodation import accommodation
from bayescich.simulate.outcomes.lives import Lives, by_age, column, expit, years_effect
from bayescich.simulate.shapes import NEEDS

COLUMNS = ("YEAR", "CHILD", "DOB", "IN_TOUCH", "ACTIV", "ACCOM")

AGES = (17, 18, 19, 20, 21)
"""Birthdays around which care leavers are returned."""

_LEAVER_DAYS = 13 * 7
_FIRST_YEAR_OF_F4 = 2022


def oc3_table(lives: Lives, level3: Flags) -> pd.DataFrame:
    """Return one row per care leaver and birthday from the 17th to the 21st.

    Parameters
    ----------
    lives : Lives
    level3 : array of bool
        Whether each child reaches Level 3 at 18: who does not is not in higher education.

    Returns
    -------
    DataFrame
        The columns of the return. In it are those looked after for 13 weeks since the age of 14
        and at least a day since 16, from the birthday on (or after) which they have left care.
    """
    leavers = _Leavers(lives)
    rows = [leavers.at(age, level3) for age in AGES]
    child, year, touch, activity, where = (np.concatenate(part) for part in zip(*rows, strict=True))
    order = np.lexsort((child, year))
    child = child[order]
    return pd.DataFrame({
        "YEAR": year[order],
        "CHILD": lives.id[child],
        "DOB": lives.dob[child],
        "IN_TOUCH": touch[order],
        "ACTIV": activity[order],
        "ACCOM": where[order],
    })  # fmt: skip


class _Leavers:
    """Care leavers, one entry per child that is eligible, and how they fare year by year."""

    def __init__(self, lives: Lives) -> None:
        self.lives, self.rng = lives, lives.shard.rng("oc3")
        last = lives.periods.drop_duplicates("child", keep="last").reset_index(drop=True)
        own = last["child"].to_numpy(np.int64)
        gone = last["outcome"].isin(["taken over", "open"]) | last["REC"].isin(
            value("outcomes.no_leaver")
        )
        keep = (_eligible(lives)[own] & ~gone.to_numpy()).nonzero()[0]
        self.child: Ints = own[keep]
        self.left, self.kind = (last[name].to_numpy(np.int64)[keep] for name in ("end", "kind"))
        self.rec: Texts = last["REC"].to_numpy(dtype=object)[keep]
        self.number = len(keep)
        self.predictor = lives.at_18[self.child]
        # what one year is like is like the year before
        self.states = {
            name: self._fresh() for name in ("touch", "activity", "kind", "where", "suits")
        }
        self.alive = np.ones(self.number, np.bool_)
        self.at_home = self._with_parents()
        self.lasting = self.rng.random(self.number)

    def _fresh(self) -> Floats:
        return self.rng.normal(size=self.number)

    def _with_parents(self) -> Flags:
        """Say who lives with parents for good: those who went home before they were adults."""
        home = np.isin(self.rec, ["E4A", "E4B"]) & (self.left < self.lives.adult[self.child])
        return home & (self.rng.random(self.number) < value("outcomes.stays_home"))

    def _uniform(self, name: str) -> Floats:
        uniform: Floats = ndtr(self.states[name])
        return uniform

    def _age_states(self) -> None:
        """Let the states drift a year."""
        lasting = value("outcomes.persistence")
        for name, state in self.states.items():
            own = lasting[name]
            self.states[name] = own * state + np.sqrt(1 - own**2) * self._fresh()

    def at(self, age: int, level3: Flags) -> tuple[Ints, Ints, Texts, Texts, Texts]:
        """Return the rows of one birthday: child, year, and codes of touch, activity and place."""
        self._age_states()
        lives, settings = self.lives, self.lives.settings
        year = collection_year_of(lives.born[self.child]) + age
        day = lives.birthday(age)[self.child]
        # one who left on the day itself is a care leaver on it
        due = (self.left <= day) & (year >= settings.first_year) & (year <= settings.last_year)
        died = due & self.alive & (self.rng.random(self.number) < value("outcomes.dies"))
        touch = self._in_touch(age, year, day, died)
        known = touch == "YES"
        activity = np.where(known, self._activity(age, year, level3), "0")
        suitable = self._uniform("suits") < expit(
            column(self.predictor, "accommodation")
            + by_age(value("outcomes.suitable_age"), np.full(1, age))
        )
        where = accommodation(
            self.rec, self.kind, age, suitable, self._uniform("where"), self.lasting
        )
        rows = np.flatnonzero(due & self.alive)
        self.alive &= ~died
        where = np.where(known, where, "0").astype(object)
        return self.child[rows], year[rows], touch[rows], activity[rows], where[rows]

    def _in_touch(self, age: int, year: Ints, day: Ints, died: Flags) -> Texts:
        eta = column(self.predictor, "in_touch") + years_effect("in_touch", year)
        eta = eta + by_age(value("outcomes.in_touch_age"), np.full(1, age))
        yes = self._uniform("touch") < expit(eta)
        figures = value("outcomes.not_in_touch")
        weight = np.array([*figures.values()], dtype=np.float64)
        why = np.array([*figures], dtype=object)[
            self.rng.choice(len(weight), self.number, p=weight / weight.sum())
        ]
        back = self.at_home & (day - self.left > 182)
        return np.select([died, back, yes], ["DIED", "RHOM", "YES"], why).astype(object)

    def _activity(self, age: int, year: Ints, level3: Flags) -> Texts:
        eta = column(self.predictor, "activity") + years_effect("activity", year)
        eta = eta + by_age(value("outcomes.activity_age"), np.full(1, age))
        busy = self._uniform("activity") < expit(eta)
        return np.where(busy, self._doing(age, year, level3), self._idle(age)).astype(object)

    def _doing(self, age: int, year: Ints, level3: Flags) -> Texts:
        """Choose among higher education (2), other education (1), apprenticeship and work."""
        figures = value("outcomes.doing")[age]
        studies = level3[self.child] & (self.lives.trouble[self.child] < figures["higher_below"])
        kind = self._uniform("kind")
        learns, trains = figures["education"], figures["education"] + figures["apprenticeship"]
        number = np.select([studies, kind < learns, kind < trains], ["1", "2", "4"], "5")
        older = (year < _FIRST_YEAR_OF_F4) & np.isin(number, ["4", "5"])
        number = np.where(older, "3", number)
        part_time = self.rng.random(self.number) < value("outcomes.part_time")
        return np.where(part_time, "P", "F").astype(object) + number.astype(object)

    def _idle(self, age: int) -> Texts:
        """Choose why one is not in education, employment or training."""
        figures = value("outcomes.idle")[17 if age < 19 else 19]
        needs, child = self.lives.shard.needs, self.child
        ill = (
            needs[child, NEEDS.index("mental_health")]
            | needs[child, NEEDS.index("learning_disabilities")]
        )
        share_ill = np.where(ill, figures["ill_with_need"], figures["ill"])
        parent = ~self.lives.male[child] & (self.rng.random(self.number) < figures["mother"])
        unwell = self.rng.random(self.number) < share_ill
        return np.select([parent, unwell], ["G6", "G4"], "G5").astype(object)


def _eligible(lives: Lives) -> Flags:
    """Say who was looked after for 13 weeks since the age of 14, and a day or more since 16."""
    exposure = lives.exposure
    days = np.zeros(lives.number, np.int64)
    since_14 = np.maximum(exposure.start, lives.birthday(14)[exposure.child])
    lasted = np.maximum(np.minimum(exposure.end, lives.adult[exposure.child]) - since_14, 0)
    np.add.at(days, exposure.child, lasted)
    late = np.zeros(lives.number, np.bool_)
    np.logical_or.at(late, exposure.child, exposure.end > lives.birthday(16)[exposure.child])
    return (days >= _LEAVER_DAYS) & late
