"""Where things are: postcodes that do not exist, on a plane measured in miles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.draws import Floats, Ints, Texts
from bayescich.simulate.shapes import DISTRICTS, Authorities, Homes

SPACING = 4.0
"""Miles between the postcode districts of an authority, which lie in a square."""

_LETTERS = np.array(list("ABDEFGHJLNPQRSTUWXYZ"), dtype=object)

UNITS = 10 * len(_LETTERS) ** 2
"""Full postcodes of one district."""


def district_coordinates(authorities: Authorities) -> tuple[Floats, Floats]:
    """Return east and north in miles of every postcode district.

    Returns
    -------
    tuple of array, each of shape (authorities, DISTRICTS)
    """
    side = int(np.sqrt(DISTRICTS))
    step = SPACING * (np.arange(DISTRICTS) % side - side // 2)
    rise = SPACING * (np.arange(DISTRICTS) // side - side // 2)
    return authorities.east[:, None] + step, authorities.north[:, None] + rise


def postcode_texts(authorities: Authorities, authority: Ints, number: Ints) -> Texts:
    """Write postcodes.

    Parameters
    ----------
    authority : array of int
        Position of the authority it lies in; -1 for a blank postcode.
    number : array of int
        Which of the authority's postcodes: district first, then unit, from 0 to 36,000.

    Examples
    --------
    >>> here = Authorities(*[np.array([0])] * 6, np.array(["ZD"], dtype=object), np.array([1]))
    >>> postcode_texts(here, np.array([0, -1]), np.array([4001, 7])).tolist()
    ['ZD2 0AB', '']
    """
    district, unit = np.divmod(number, UNITS)
    outward = np.char.add(
        authorities.area[authority].astype("U2"),
        (authorities.first_district[authority] + district).astype("U2"),
    )
    inward = _inward()[unit]
    texts = np.char.add(np.char.add(outward, " "), inward).astype(object)
    return np.where(authority >= 0, texts, "")


def places_table(authorities: Authorities, homes: Homes) -> pd.DataFrame:
    """Return postcode (of a home, or a whole district), authority, east and north in miles."""
    east, north = district_coordinates(authorities)
    number = np.arange(DISTRICTS)
    districts = pd.DataFrame(
        {
            "postcode": [
                f"{area}{first + step}"
                for area, first in zip(authorities.area, authorities.first_district, strict=True)
                for step in number
            ],
            "authority": np.repeat(authorities.names, DISTRICTS),
            "east": east.ravel(),
            "north": north.ravel(),
        }
    )
    own = homes.frame
    at_home = pd.DataFrame(
        {
            "postcode": own["postcode"],
            "authority": authorities.names[own["authority"]],
            "east": own["east"],
            "north": own["north"],
        }
    )
    return pd.concat([districts, at_home], ignore_index=True).round({"east": 2, "north": 2})


def _inward() -> np.ndarray:
    digit, rest = np.divmod(np.arange(UNITS), len(_LETTERS) ** 2)
    first, second = np.divmod(rest, len(_LETTERS))
    letters = _LETTERS.astype("U1")
    return np.char.add(np.char.add(digit.astype("U1"), letters[first]), letters[second])
