"""How authorities differ in what they do: whom they place where, and how care ends there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats
from bayescich.simulate.shapes import Authorities


@dataclass(frozen=True)
class Practice:
    """Log weights by authority, centred on the average authority; arrays of one entry each."""

    home: Floats
    supported: Floats
    kin: Floats
    parents: Floats
    inside: Floats
    """Log odds of a placement inside the authority."""
    private: Floats
    size: Floats
    """Preference for small homes, per step of the size bands."""
    returns_home: Floats
    special_guardianship: Floats
    adoption: Floats
    stays_put: Floats
    independence: Floats
    moves: Floats
    """Log hazard of moving from placements other than homes."""


def draw_practice(rng: np.random.Generator, authorities: Authorities) -> Practice:
    """Draw how each authority departs from the average one."""
    sd = value("journeys.authority_practice")
    number = len(authorities.names)
    names = [*sd]
    drawn = rng.normal(size=(number, len(names))) * np.array([sd[name] for name in names])
    drawn -= drawn.mean(axis=0)
    by_name = {name.replace(" ", "_"): drawn[:, column] for column, name in enumerate(names)}
    by_name["returns_home"] = by_name.pop("return_home")
    return Practice(**by_name)
