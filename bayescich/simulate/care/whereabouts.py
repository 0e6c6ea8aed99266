"""Where placements are: inside the authority or not, in which postcode, how far from home."""

from __future__ import annotations

from typing import TypedDict

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.care.children import People
from bayescich.simulate.care.market import miles_between
from bayescich.simulate.care.practice import Practice
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.providers.places import UNITS, district_coordinates
from bayescich.simulate.shapes import DISTRICTS, PARENTS, Authorities, Homes

_NEIGHBOURS = 4
_STEP = 7_919
"""Postcodes from one placement of a child to the next: prime to their number, so that a child
does not come back to a postcode."""


class Whereabouts(TypedDict):
    """Columns to add to placements."""

    place: Ints
    post: Ints
    miles: Floats


def whereabouts(
    rng: np.random.Generator,
    placements: pd.DataFrame,
    people: People,
    homes: Homes,
    authorities: Authorities,
    practice: Practice,
) -> Whereabouts:
    """Draw where every placement is.

    Returns
    -------
    Whereabouts
        ``place`` (authority it is in), ``post`` (number of its postcode there, of no meaning for
        homes, which have their own) and ``miles`` from where the child lived before care.
    """
    person = placements["person"].to_numpy()
    authority = placements["authority"].to_numpy()
    home = placements["home"].to_numpy()
    kind = placements["kind"].to_numpy()
    place = _place(rng, authority, kind, authorities, practice)
    at_home = home >= 0
    place[at_home] = homes.frame["authority"].to_numpy()[home[at_home]]
    first_post = people.frame["home_post"].to_numpy()
    step = _STEP * (1 + placements["earlier"].to_numpy())
    post = (first_post[person] + step + _STEP * 31 * placements["period"].to_numpy()) % (
        DISTRICTS * UNITS
    )
    # with parents means at home, unless the parent has moved, as half have
    stays = (
        (kind == PARENTS)
        & (person % 2 == 0)
        & (place == people.frame["authority"].to_numpy()[person])
    )
    post = np.where(stays & (placements["earlier"].to_numpy() == 0), first_post[person], post)
    return {
        "place": place,
        "post": post,
        "miles": _miles(person, place, post, home, people, homes, authorities),
    }


def _place(
    rng: np.random.Generator,
    authority: Ints,
    kind: Ints,
    authorities: Authorities,
    practice: Practice,
) -> Ints:
    """Choose the authority: the child's own, one of its neighbours, or one far away."""
    share = np.array(value("journeys.inside_authority"), dtype=np.float64)[kind]
    share = np.clip(share, 0.01, 0.99)
    log_odds = np.log(share / (1 - share)) + practice.inside[authority]
    inside: Flags = rng.random(len(kind)) < 1 / (1 + np.exp(-log_odds))
    far = rng.random(len(kind)) < np.array(value("journeys.far_away"), dtype=np.float64)[kind]
    number = len(authorities.names)
    neighbours = _neighbours(authorities)
    near = neighbours[authority, rng.integers(0, neighbours.shape[1], len(kind))]
    anywhere = rng.choice(number, len(kind), p=authorities.share_of_children)
    return np.select([inside, far], [authority, anywhere], near)


def _neighbours(authorities: Authorities) -> Ints:
    miles = miles_between(
        authorities.east[:, None], authorities.north[:, None], authorities.east, authorities.north
    )
    np.fill_diagonal(miles, np.inf)
    return np.argsort(miles, axis=1, kind="stable")[:, :_NEIGHBOURS]


def _miles(
    person: Ints,
    place: Ints,
    post: Ints,
    home: Ints,
    people: People,
    homes: Homes,
    authorities: Authorities,
) -> Floats:
    east, north = district_coordinates(authorities)
    from_authority = people.frame["authority"].to_numpy()[person]
    from_district = people.frame["home_post"].to_numpy()[person] // UNITS
    to_district = post // UNITS
    at_home = home >= 0
    to_east = np.where(at_home, homes.frame["east"].to_numpy()[home], east[place, to_district])
    to_north = np.where(at_home, homes.frame["north"].to_numpy()[home], north[place, to_district])
    return miles_between(
        east[from_authority, from_district], north[from_authority, from_district], to_east, to_north
    )
