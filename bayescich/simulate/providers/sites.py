"""Where homes stand: regions as published for each sector, and a postcode each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints, Texts
from bayescich.simulate.providers.places import UNITS, postcode_texts
from bayescich.simulate.providers.registrations import KINDS_OF_HOME, Lives
from bayescich.simulate.shapes import DISTRICTS, Authorities

_POSTCODES = DISTRICTS * UNITS
"""Postcodes of an authority, as numbered by `places.postcode_texts`."""
_SPREAD_IN_REGION = 0.4
"""Homes are nearer to their authority's middle than its region's authorities to each other."""


def where_they_stand(
    rng: np.random.Generator, lives: Lives, authorities: Authorities
) -> pd.DataFrame:
    """Draw where each home stands.

    Returns
    -------
    DataFrame
        authority (position), region, postcode (each home its own), east and north (miles), by
        position of the home.
    """
    number = len(lives.kind)
    authority = np.zeros(number, dtype=np.int64)
    for kind, name in enumerate(KINDS_OF_HOME):
        rows = np.flatnonzero(lives.kind == kind)
        weight = _site_weights(rng, name, authorities)
        authority[rows] = rng.choice(len(weight), len(rows), p=weight / weight.sum())
    spreads = value("homes.region_spread")
    region = authorities.region[authority]
    spread = np.minimum(
        value("homes.authority_spread"),
        _SPREAD_IN_REGION * np.array([spreads[name] for name in region]),
    )
    return pd.DataFrame(
        {
            "authority": authority,
            "region": region,
            "postcode": _postcodes(rng, authority, authorities),
            "east": authorities.east[authority] + spread * rng.normal(size=number),
            "north": authorities.north[authority] + spread * rng.normal(size=number),
        }
    )


def _site_weights(rng: np.random.Generator, name: str, authorities: Authorities) -> Floats:
    """Weigh authorities for a kind of home: its regions as published, within them as all homes."""
    within = authorities.share_of_homes.copy()
    if name in ("local authority", "secure"):
        own = value("homes.councils_own")
        within = within ** own["power"] * rng.lognormal(0, own["spread"], len(within))
    weight = np.zeros(len(within))
    for region, homes in value("homes.sector_by_region")[name].items():
        here = authorities.region == region
        weight[here] = homes * within[here] / max(within[here].sum(), 1e-12)
    return weight if weight.sum() > 0 else authorities.share_of_homes


def _postcodes(rng: np.random.Generator, authority: Ints, authorities: Authorities) -> Texts:
    """Give each home a postcode of its own in one of its authority's districts."""
    number = np.zeros(len(authority), dtype=np.int64)
    for position in np.unique(authority):
        here = np.flatnonzero(authority == position)
        number[here] = rng.choice(_POSTCODES, len(here), replace=False)
    return postcode_texts(authorities, authority, number)
