"""The shapes that the parts of a synthetic England share: kinds, needs, authorities, homes."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from bayescich.simulate.draws import Flags, Floats, Ints, Texts

NEVER = 10**6
"""Day that stands for *not yet*: a home that is still open, a registration that still holds."""

KINDS = (
    "foster", "kin", "home", "adoption", "parents", "supported", "residential", "custody", "other",
)  # fmt: skip
"""Kinds of placement: the states of a journey through care."""

FOSTER, KIN, HOME, ADOPTION, PARENTS, SUPPORTED, RESIDENTIAL, CUSTODY, OTHER = range(len(KINDS))

NEEDS = (
    "missing", "child_sexual_exploitation", "aggression", "self_harm", "autism", "trauma",
    "violence", "drugs", "emotional", "school_attendance", "sexually_harmful_behaviour",
    "criminal_behaviour", "learning_disabilities", "mental_health", "out_of_education",
    "property_damage",
)  # fmt: skip
"""Needs a child may have and a home may say it meets: terms of the code set ``needs``."""


@dataclass(frozen=True)
class Authorities:
    """Placing authorities, all fictional; arrays with one entry each."""

    names: Texts
    region: Texts
    share_of_children: Floats
    share_of_homes: Floats
    east: Floats
    """Miles."""
    north: Floats
    """Miles."""
    area: Texts
    """The outward letters of postcodes there, for example ``ZD``: an area that does not exist."""
    first_district: Ints
    """Number of the first of its `DISTRICTS` postcode districts: district ``ZD12`` and so on."""


DISTRICTS = 9
"""Postcode districts of each authority."""


@dataclass(frozen=True)
class Homes:
    """Homes, whatever their URN, and the registrations that give them one after another."""

    frame: pd.DataFrame
    """One row per physical home, ordered by ``opened``."""
    registrations: pd.DataFrame
    """One row per URN, ordered by home and ``begins``."""
    owners: Texts
    meets: Flags
    """Shape (homes, needs): what the Statement of Purpose says the home meets."""
