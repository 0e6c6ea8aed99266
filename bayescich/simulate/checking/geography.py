"""How far from home children are placed, and whether in their own authority."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bayescich.simulate.checking.counting import NOTHING, Figures, Measured, share, together
from bayescich.simulate.checking.facts import Facts
from bayescich.simulate.checking.placements import FOSTER, HOMES, PARENTS, SUPPORTED

FAR = 20.0
"""Miles from home beyond which a placement is far."""

_OVER = {"all": None, "children's homes": HOMES, "foster": FOSTER, "with parents": PARENTS}
_UNKNOWN = {"all": None, "supported": SUPPORTED}
_OUTSIDE = {"all": None, "children's homes": HOMES, "foster": FOSTER}


def measures(facts: Facts) -> Figures:
    """Return the figures of distance; nothing is counted where no file says where postcodes are."""
    stock = together(facts.stocks[year] for year in facts.recent)
    if stock.empty:
        return {}
    where = located(stock, facts.places)
    return {
        **_by_kind("over 20 miles", where, "far", _OVER),
        **_by_kind("distance not known", where, "unknown", _UNKNOWN),
        **_by_kind("outside the authority", where, "outside", _OUTSIDE),
        "over 20 miles: and outside the authority, children's homes": _far_and_outside(where),
    }


def located(stock: pd.DataFrame, places: pd.DataFrame | None) -> pd.DataFrame:
    """Add where the placement is, seen from home.

    Parameters
    ----------
    stock : DataFrame
        With authority, HOME_POST and PL_POST.
    places : DataFrame or None
        Postcode or postcode district, authority, east and north (miles).

    Returns
    -------
    DataFrame
        With ``far``, ``unknown`` (the distance) and ``outside`` (the authority); no rows without
        `places`.
    """
    if places is None:
        return stock.iloc[:0].assign(far=False, unknown=False, outside=False)
    known = places.assign(key=_key(places["postcode"])).drop_duplicates("key").set_index("key")
    home, placed = (_position(known, stock[column]) for column in ("HOME_POST", "PL_POST"))
    miles = _miles(known, home, placed)
    authority = known["authority"].to_numpy()[placed]
    elsewhere = (placed >= 0) & (authority != stock["authority"].to_numpy())
    return stock.assign(far=miles > FAR, unknown=np.isnan(miles), outside=elsewhere)


def _key(postcodes: pd.Series) -> pd.Series:
    return postcodes.str.upper().str.replace(" ", "")


def _position(known: pd.DataFrame, postcodes: pd.Series) -> NDArray[np.int64]:
    """Return where each postcode stands among the known, else its district, else -1."""
    whole = known.index.get_indexer(pd.Index(_key(postcodes)))
    # what follows the district is always three characters
    district = known.index.get_indexer(pd.Index(_key(postcodes).str[:-3]))
    return np.where(whole >= 0, whole, district)


def _miles(
    known: pd.DataFrame, home: NDArray[np.int64], placed: NDArray[np.int64]
) -> NDArray[np.float64]:
    east, north = (known[column].to_numpy(dtype=np.float64) for column in ("east", "north"))
    apart = np.hypot(east[home] - east[placed], north[home] - north[placed])
    return np.where((home >= 0) & (placed >= 0), apart, np.nan)


def _by_kind(theme: str, where: pd.DataFrame, flag: str, kinds: dict[str, str | None]) -> Figures:
    return {
        f"{theme}: {name}": share(
            where[flag] if kind is None else where.loc[where["group"].eq(kind), flag]
        )
        for name, kind in kinds.items()
    }


def _far_and_outside(where: pd.DataFrame) -> Measured:
    at_home = where[where["group"].eq(HOMES)]
    return share(at_home["far"] & at_home["outside"]) if len(at_home) else NOTHING
