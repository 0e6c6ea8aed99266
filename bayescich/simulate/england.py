"""A synthetic England: authorities, homes, children, their journeys, and the truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import dates_of
from bayescich.simulate.care.children import People, draw_people
from bayescich.simulate.care.hazards import REASONS, RECS
from bayescich.simulate.care.home_effects import HomeEffects
from bayescich.simulate.care.journeys import OUTCOMES, Journeys, with_reasons
from bayescich.simulate.care.whereabouts import whereabouts
from bayescich.simulate.draws import Ints, Texts
from bayescich.simulate.providers.authorities import draw_authorities
from bayescich.simulate.providers.homes import draw_homes
from bayescich.simulate.recording.record import Habits, draw_habits
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities, Homes
from bayescich.simulate.shard import Shard
from bayescich.simulate.truth import Truth, draw_truth


@dataclass(frozen=True)
class England:
    """Everything there is, before anybody records it."""

    settings: Settings
    authorities: Authorities
    homes: Homes
    people: People
    placements: pd.DataFrame
    """Every placement of everyone, ordered by authority, person and start: the columns of
    ``journeys.Journeys.placements``, reason, registration (row of ``Homes.registrations``, -1),
    place (authority it is in), post (number of its postcode there), miles (from where the child
    lived) and child (number of the child within the authority; -1 for nobody who is returned)."""
    truth: Truth
    habits: Habits
    first_row: Ints
    """Row of `placements` at which each authority begins; one more than there are authorities."""

    def children_in_window(self) -> int:
        """Return how many child ids of the returns have a period of care, short breaks apart."""
        own = self.placements
        return len(own.loc[own["child"] >= 0, ["authority", "child"]].drop_duplicates())

    def shard(self, number: int) -> Shard:
        """Return one authority's children and their journeys.

        Parameters
        ----------
        number : int
            Position of the authority.
        """
        rows = self.placements.iloc[self.first_row[number] : self.first_row[number + 1]]
        rows = rows[rows["child"] >= 0].reset_index(drop=True)
        first = ~rows["person"].duplicated().to_numpy()
        person = rows["person"].to_numpy()[first]
        # ids are numbers by first placement; the rows of a shard are ordered by id
        order = np.argsort(rows["child"].to_numpy()[first], kind="stable")
        person = person[order]
        position = np.empty(len(order), dtype=np.int64)
        position[order] = np.arange(len(order))
        child = position[np.cumsum(first) - 1]
        entered = rows["start"].to_numpy()[first][order]
        placements = _as_words(rows).assign(child=child)
        placements = placements.iloc[np.lexsort((placements["start"], child))]
        return Shard(
            settings=self.settings,
            number=number,
            children=_children(self.people, person, entered),
            needs=self.people.needs[person],
            placements=placements.reset_index(drop=True),
            authorities=self.authorities,
            homes=self.homes,
            truth=self.truth,
        )


def simulate_england(settings: Settings) -> England:
    """Draw a synthetic England.

    Examples
    --------
    >>> england = simulate_england(Settings(children=500, seed=1))
    >>> len(england.authorities.names)
    8
    """
    authorities = draw_authorities(_rng(settings, "authorities"), settings)
    homes = draw_homes(_rng(settings, "homes"), settings, authorities)
    truth = draw_truth(_rng(settings, "truth"), settings, homes, authorities)
    habits = draw_habits(_rng(settings, "habits"), settings, authorities)
    people = draw_people(_rng(settings, "people"), settings, authorities)
    journeys = Journeys(_rng(settings, "journeys"), settings, people, homes, authorities, truth)
    placements = with_reasons(_rng(settings, "reasons"), journeys.placements(), people)
    placements = placements.assign(
        registration=_registrations(journeys.effects, placements),
        **whereabouts(
            _rng(settings, "whereabouts"), placements, people, homes, authorities, truth.practice
        ),
    )
    placements, first_row = _by_authority(placements, settings, len(authorities.names))
    return England(settings, authorities, homes, people, placements, truth, habits, first_row)


def _rng(settings: Settings, stream: str) -> np.random.Generator:
    return np.random.default_rng([settings.seed, crc32(stream.encode())])


def _registrations(effects: HomeEffects, placements: pd.DataFrame) -> Ints:
    home = placements["home"].to_numpy()
    found = effects.registration(np.maximum(home, 0), placements["start"].to_numpy())
    return np.where(home >= 0, found, -1)


def _by_authority(
    placements: pd.DataFrame, settings: Settings, authorities: int
) -> tuple[pd.DataFrame, Ints]:
    """Order placements by authority, and number the children of each who are in the returns."""
    order = np.lexsort((placements["start"], placements["person"], placements["authority"]))
    placements = placements.iloc[order].reset_index(drop=True)
    key = placements["authority"].to_numpy() * 10**9 + placements["person"].to_numpy()
    first = np.r_[True, key[1:] != key[:-1]]
    group = np.cumsum(first) - 1
    last_end = np.maximum.reduceat(placements["end"].to_numpy(), np.flatnonzero(first))
    returned = last_end >= settings.first_day
    authority = placements["authority"].to_numpy()[first]
    entered = placements["start"].to_numpy()[first]
    number = np.full(len(authority), -1)
    by_entry = np.lexsort((entered, authority))
    by_entry = by_entry[returned[by_entry]]
    own = authority[by_entry]
    number[by_entry] = np.arange(len(own)) - np.searchsorted(own, own, side="left")
    placements["child"] = number[group]
    first_row = np.searchsorted(placements["authority"].to_numpy(), np.arange(authorities + 1))
    return placements, first_row


def _as_words(rows: pd.DataFrame) -> pd.DataFrame:
    """Write the codes of outcomes and reasons as the words and codes they stand for."""
    words: dict[str, tuple[str, tuple[str, ...]]] = {
        "outcome": ("outcome", OUTCOMES),
        "REC": ("rec", RECS),
        "reason": ("reason", REASONS),
    }
    written: dict[str, Texts] = {
        name: np.array(meaning, dtype=object)[rows[code].to_numpy()]
        for name, (code, meaning) in words.items()
    }
    kept = [
        "person", "child", "period", "start", "end", "kind", "home", "registration", "place",
        "post", "miles", "earlier", "at_first_home", "log_hazard", "planned", "closed",
    ]  # fmt: skip
    return rows[kept].assign(**written).rename(columns={"at_first_home": "first_home_before"})


def _children(people: People, person: Ints, entered: Ints) -> pd.DataFrame:
    """Return the children of one authority, ordered by id."""
    own = people.frame.iloc[person].reset_index(drop=True)
    born = dates_of(own["born"].to_numpy())
    number = np.arange(len(own))
    return own.assign(
        CHILD=np.char.add("1", np.char.zfill((number + 1).astype("U6"), 6)).astype(object),
        person=person,
        DOB=born,
        arrived=entered,
        UPN=_upns(person, own),
        PMR=np.char.add("P", np.char.zfill(_scrambled(person).astype("U9"), 9)).astype(object),
    )


def _upns(person: Ints, own: pd.DataFrame) -> Texts:
    """Give pupils a number of the right form; the very young and most late arrivals have none."""
    digits = np.char.zfill(_scrambled(person).astype("U12"), 12)
    issued = np.char.add("Z", digits).astype(object)
    arrived_late = own["uasc"].to_numpy() & (person % 5 > 0)
    # nobody who is not five by the end of the records has started school
    never_at_school = own["born"].to_numpy() > own["entry"].to_numpy().max() - 5 * 365
    return np.select([arrived_late, never_at_school], ["UN2", "UN1"], issued)


def _scrambled(person: Ints) -> Ints:
    """Return a different number for each person, in no visible order."""
    return (person * 48_271 + 11) % 2_147_483_647 % 10**9
