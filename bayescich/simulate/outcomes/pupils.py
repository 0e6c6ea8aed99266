"""Which children are found in school records, and under which reference.

Linkage fails more often for children who move often, arrive late or seek asylum, so what is
missing for want of a link is not missing at random.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Ints, Texts
from bayescich.simulate.outcomes.lives import Lives, expit, spans
from bayescich.simulate.outcomes.traits import person_uniforms

_SCHOOLS = 60
"""Schools of an authority."""


class Pupils:
    """The children of an authority as pupils; arrays by child.

    Parameters
    ----------
    lives : Lives
    """

    def __init__(self, lives: Lives) -> None:
        self.lives = lives
        children = lives.children
        self.reference: Texts = children["PMR"].to_numpy(dtype=object)
        self._last = lives.periods.drop_duplicates("child", keep="last")
        self.linked = self._linked()
        outcome = self._last
        gone = outcome.loc[outcome["outcome"] == "taken over", "child"].to_numpy(np.int64)
        self.here: Flags = np.zeros(lives.number, np.bool_)
        self.here[outcome["child"].to_numpy(np.int64)] = True
        # a pupil has one record, written where the child was looked after last
        self.here[gone] = False

    def _linked(self) -> Flags:
        """Say of whom a record is found."""
        lives = self.lives
        number = lives.children["UPN"].to_numpy(dtype=object).astype("U13")
        issued = (number != "") & ~np.char.startswith(number, "UN")
        arrived = (lives.children["arrived"].to_numpy(np.int64) - lives.born) / YEAR
        moves = np.bincount(lives.exposure.child, minlength=lives.number) - 1
        figures = value("outcomes.link")
        eta = figures["intercept"] + figures["move"] * np.minimum(moves, 20)
        eta = eta + figures["late"] * (arrived >= 14) + figures["asylum"] * lives.asylum
        eta = eta + figures["young"] * self._left_young()
        found = person_uniforms(lives.settings.seed, lives.person, "link") < expit(eta)
        too_late = lives.asylum & (arrived >= 16)
        linked: Flags = issued & (self.reference != "") & found & ~too_late
        return linked

    def _left_young(self) -> Flags:
        """Say who had left care before going to school, so that a return never gave its number."""
        young = np.zeros(self.lives.number, np.bool_)
        child = self._last["child"].to_numpy(np.int64)
        age = (self._last["end"].to_numpy(np.int64) - self.lives.born[child]) / YEAR
        young[child] = age < 4.5
        return young

    @cached_property
    def written(self) -> Flags:
        """Whose rows this authority's extract holds."""
        return self.linked & self.here

    @cached_property
    def school(self) -> Ints:
        """The number of each child's school in the authority."""
        drawn = person_uniforms(self.lives.settings.seed, self.lives.person, "school")
        return np.floor(drawn * _SCHOOLS).astype(np.int64)

    def school_urn(self, child: Ints, other: Flags | None = None) -> Texts:
        """Return six-digit numbers of schools (never of homes), of a second school if asked."""
        place = self.school[child] + (0 if other is None else 7 * other)
        number = 100_000 + _SCHOOLS * self.lives.shard.number + place % _SCHOOLS
        text: Texts = number.astype("U6").astype(object)
        return text

    def years_at_school(self) -> tuple[Ints, Ints]:
        """Return the school years (Year 1 to 11) of which the extract has attendance.

        Returns
        -------
        child, year : array of int
            The year in which the school year ends. From the school year before the child first
            entered care to that in which it last left.
        """
        lives, settings = self.lives, self.lives.settings
        periods = lives.periods
        child = periods["child"].to_numpy(np.int64)
        first = np.append(True, child[1:] != child[:-1])[: len(child)]
        last = np.append(child[1:] != child[:-1], True)[: len(child)]
        who = child[first]
        start = periods["start"].to_numpy(np.int64)[first]
        end = np.minimum(periods["end"].to_numpy(np.int64)[last], settings.last_day)
        year11 = lives.year11[who]
        begins = np.maximum(school_year_of(start) - 1, np.maximum(year11 - 10, settings.first_year))
        ends = np.minimum(school_year_of(end), np.minimum(year11, settings.last_year))
        row, year = spans(begins, np.where(self.written[who], ends, begins - 1))
        return who[row], year


def school_year_of(day: Ints) -> Ints:
    """Return the year in which the school year of each day ends: it begins on 1 September.

    Examples
    --------
    >>> school_year_of(np.array([242, 243])).tolist()
    [1970, 1971]
    """
    months = day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return (months - 8) // 12 + 1971


def link_table(pupils: Pupils) -> pd.DataFrame:
    """Return the link between children looked after and pupils: one row per child.

    Returns
    -------
    DataFrame
        CLA_LA, CLA_Child_LA_Code_Anon, CLA_PupilMatchingRefAnonymous (blank: not linked).
    """
    lives = pupils.lives
    return pd.DataFrame({
        "CLA_LA": np.full(lives.number, lives.shard.name, dtype=object),
        "CLA_Child_LA_Code_Anon": lives.id,
        "CLA_PupilMatchingRefAnonymous": np.where(pupils.linked, pupils.reference, ""),
    })  # fmt: skip
