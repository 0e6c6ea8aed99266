"""Placing authorities of a synthetic England: fictional names on a plane laid out as England is."""

from __future__ import annotations

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Ints, Texts
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import DISTRICTS, Authorities

FEWEST_AUTHORITIES = 8

_STEMS = (
    "North", "South", "East", "West", "Mid", "Lark", "Heron", "Wren", "Linnet", "Plover",
    "Curlew", "Thrush", "Kestrel", "Osprey", "Lapwing", "Dunlin", "Bittern", "Birch", "Alder",
    "Hazel", "Rowan", "Aspen", "Willow", "Juniper", "Larch", "Maple", "Sorrel", "Fennel", "Tansy",
    "Yarrow", "Clover", "Bracken", "Heather", "Thistle", "Foxglove", "Bluebell", "Otter",
    "Badger", "Marten", "Hare", "Vole", "Amber", "Garnet", "Opal", "Quartz", "Basalt", "Slate",
    "Marble", "Cobalt", "Copper", "Pewter",
)  # fmt: skip
_ENDINGS = ("shire", "borough", " Vale")

_AREAS = tuple("Z" + letter for letter in "ABCDFGHIJKLMNOPQRSTUVWXYZ")
"""Postcode areas that do not exist; ZE is Shetland's."""
_AUTHORITIES_PER_AREA = 99 // DISTRICTS

_CANDIDATES = 8
"""Points that an authority's middle is chosen from, the one farthest from the others."""


def draw_authorities(rng: np.random.Generator, settings: Settings) -> Authorities:
    """Draw the placing authorities, every region as in England.

    Parameters
    ----------
    rng : Generator
    settings : Settings
        `number_of_authorities` of them are drawn.

    Returns
    -------
    Authorities
        Regions have their share of England's authorities, children and homes. The map shrinks
        with the number of authorities, so that neighbours are as far apart as in England.

    Examples
    --------
    >>> drawn = draw_authorities(np.random.default_rng(1), Settings())
    >>> len(drawn.names), drawn.names[0]
    (9, 'Northshire')
    """
    number = number_of_authorities(settings)
    region = _regions(rng, number)
    children = _shares(rng.normal(size=number), region, "children")
    homes = _home_shares(rng, children, region)
    east, north = _middles(rng, region)
    position = np.arange(number)
    # districts of one area lie together, as those of one letter do in England
    order = np.lexsort((north, east, region))
    place = np.empty(number, dtype=np.int64)
    place[order] = position
    return Authorities(
        names=_names(number),
        region=region,
        share_of_children=children,
        share_of_homes=homes,
        east=east,
        north=north,
        area=np.array(_AREAS, dtype=object)[place // _AUTHORITIES_PER_AREA],
        first_district=1 + DISTRICTS * (place % _AUTHORITIES_PER_AREA),
    )


def number_of_authorities(settings: Settings) -> int:
    """Return how many authorities an England of this size has: fewer and smaller ones.

    Examples
    --------
    >>> number_of_authorities(Settings(children=600_000)), number_of_authorities(Settings())
    (153, 9)
    """
    whole = int(value("homes.authorities"))
    return int(np.clip(round(whole * settings.scale**0.5), FEWEST_AUTHORITIES, whole))


def largest_remainder(weights: Floats, total: int) -> Ints:
    """Part a whole number in proportion to weights.

    Examples
    --------
    >>> largest_remainder(np.array([2.0, 1.0, 1.0]), 5).tolist()
    [3, 1, 1]
    """
    exact = weights / weights.sum() * total
    parts = np.floor(exact).astype(np.int64)
    missing = total - parts.sum()
    parts[np.argsort(parts - exact, kind="stable")[:missing]] += 1
    return parts


def _names(number: int) -> Texts:
    return np.array([stem + end for end in _ENDINGS for stem in _STEMS][:number], dtype=object)


def _regions(rng: np.random.Generator, number: int) -> Texts:
    """Give each region its share of the authorities, but one at least, while there are enough."""
    counts = value("homes.authorities_by_region")
    weight = np.array(list(counts.values()), dtype=np.float64)
    least = (np.argsort(np.argsort(-weight, kind="stable")) < number).astype(np.int64)
    spare = number - int(least.sum())
    parts = least + largest_remainder(np.maximum(weight / weight.sum() * number - least, 0), spare)
    drawn = np.repeat(np.array(list(counts), dtype=object), parts)
    return rng.permutation(drawn)


def _shares(score: Floats, region: Texts, of: str) -> Floats:
    """Part each region's published share between its authorities, lognormal in the score."""
    raw = np.exp(value(f"homes.{of}_spread") * score)
    shares = np.zeros(len(region))
    for name, total in value(f"homes.{of}_by_region").items():
        here = region == name
        shares[here] = total * raw[here] / max(raw[here].sum(), 1e-9)
    return shares / shares.sum()


def _home_shares(rng: np.random.Generator, children: Floats, region: Texts) -> Floats:
    """Homes follow children, not closely; in one region a single authority has very many."""
    follow = value("homes.homes_follow_children")
    log = np.log(children)
    size = (log - log.mean()) / log.std()
    score = follow * size + np.sqrt(1 - follow**2) * rng.normal(size=len(region))
    shares = _shares(score, region, "homes")
    most = max(value("homes.homes_by_region").items(), key=lambda entry: entry[1])[0]
    here = np.flatnonzero(region == most)
    busiest, total = here[shares[here].argmax()] if len(here) else -1, shares[here].sum()
    share = value("homes.busiest_share")
    if len(here) > 1 / share and shares[busiest] < share * total:
        shares[here] *= (1 - share) * total / (total - shares[busiest])
        shares[busiest] = share * total
    return shares


def _middles(rng: np.random.Generator, region: Texts) -> tuple[Floats, Floats]:
    """Scatter authorities about the middle of their region, away from each other."""
    centres, spreads = value("homes.region_centres"), value("homes.region_spread")
    found = np.zeros((len(region), 2))
    offers = rng.normal(size=(len(region), _CANDIDATES, 2))
    for position, name in enumerate(region):
        points = np.array(centres[name]) + spreads[name] * offers[position]
        others = found[:position]
        apart = np.linalg.norm(points[:, None] - others[None], axis=2)
        nearest = apart.min(axis=1) if position else np.zeros(_CANDIDATES)
        found[position] = points[nearest.argmax()]
    shrunk = found * value("journeys.crowding") * np.sqrt(len(region) / value("homes.authorities"))
    return shrunk[:, 0], shrunk[:, 1]
