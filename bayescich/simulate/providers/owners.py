"""Who owns homes: councils their own, a few companies very many, half of all owners one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.providers.authorities import largest_remainder

COUNCIL = "Local authority"
_NATIONAL = 0.009
"""Owners with a larger share of all homes have them anywhere in the country."""

_NAMES = {
    "Private": "Synthetic Care {:04d} Limited",
    "Voluntary": "Synthetic Trust {:04d}",
    "Health authority": "Synthetic Health {:04d} NHS Trust",
}


@dataclass(frozen=True)
class Sites:
    """What the choice of owner goes by; arrays with one entry a home."""

    sector: Texts
    authority: Ints
    region: Texts
    stands: Flags
    """Whether the home stands on the newest list."""


class OwnerBook:
    """Names of owners, in the order in which they first came up."""

    def __init__(self, councils: Texts) -> None:
        """Begin with one council for each authority, in their order."""
        self.names = [f"{name} Council" for name in councils]

    def new(self, sector: str, number: int) -> Ints:
        """Enter owners of a sector and return their positions."""
        first = len(self.names)
        form = _NAMES[sector]
        self.names += [form.format(position) for position in range(first, first + number)]
        return np.arange(first, first + number)


def draw_owners(rng: np.random.Generator, book: OwnerBook, sites: Sites) -> Ints:
    """Draw the present or last owner of each home.

    Returns
    -------
    array of int, shape (homes,)
        Positions in the book.
    """
    owner = sites.authority.copy()
    total = int(sites.stands.sum())
    for sector in _NAMES:
        rows = np.flatnonzero((sites.sector == sector) & sites.stands)
        if len(rows):
            owner[rows] = _owners_of_standing(rng, book, sites, rows, total)
        gone = np.flatnonzero((sites.sector == sector) & ~sites.stands)
        owner[gone] = _others(rng, book, sites, owner, gone)
    return owner


def draw_earlier_owners(
    rng: np.random.Generator, book: OwnerBook, sites: Sites, owner: Ints, rows: Ints
) -> Ints:
    """Draw who had homes (`rows`, not a council's) before they changed hands."""
    earlier = owner[rows].copy()
    for sector in _NAMES:
        here = np.flatnonzero(sites.sector[rows] == sector)
        earlier[here] = _others(rng, book, sites, owner, rows[here])
    return earlier


def _owners_of_standing(
    rng: np.random.Generator, book: OwnerBook, sites: Sites, rows: Ints, total: int
) -> Ints:
    sector = str(sites.sector[rows[0]])
    large = _largest(total) if sector == "Private" else np.zeros(0, dtype=np.int64)
    large = large[np.cumsum(large) <= len(rows) // 2]
    everywhere = large[large > _NATIONAL * total]
    sizes = np.concatenate([large[len(everywhere) :], _sizes(sector, len(rows) - int(large.sum()))])
    numbers = book.new(sector, len(everywhere) + len(sizes))
    dealt = rng.permutation(rows)[: everywhere.sum()]
    owner = np.full(len(sites.sector), -1)
    owner[dealt] = np.repeat(numbers[: len(everywhere)], everywhere)
    left = rows[owner[rows] < 0]
    turn = rng.permutation(len(sizes))
    owner[left[_neighbours(rng, sites, left)]] = np.repeat(
        numbers[len(everywhere) :][turn], sizes[turn]
    )
    return owner[rows]


def _largest(total: int) -> Ints:
    sizes = np.rint(np.array(value("homes.largest_owners")) * total).astype(np.int64)
    return sizes[sizes > 1]


def _sizes(sector: str, homes: int) -> Ints:
    """Return numbers of homes of owners that are not among the largest; they sum to `homes`."""
    published = value("homes.owner_sizes").get(sector.lower(), {1: 1})
    size = np.array(list(published), dtype=np.int64)
    count: Floats = np.array(list(published.values()), dtype=np.float64)
    owners = max(1, round(homes / ((size * count).sum() / count.sum())))
    sizes = np.repeat(size, largest_remainder(count, owners))
    kept = sizes[np.cumsum(sizes) <= homes]
    spare = homes - int(kept.sum())
    return np.concatenate([kept, np.ones(spare, dtype=np.int64)])


def _neighbours(rng: np.random.Generator, sites: Sites, rows: Ints) -> Ints:
    """Order homes so that those of one authority, then of one region, mostly follow each other."""
    regions, region = np.unique(sites.region[rows].astype(str), return_inverse=True)
    authorities = int(sites.authority.max()) + 1
    within = rng.random(authorities)[sites.authority[rows]]
    roam = value("homes.owner_roams")
    draw = rng.random(len(rows))
    anywhere = draw < roam["country"]
    in_region = ~anywhere & (draw < roam["country"] + roam["region"])
    spot = np.where(in_region, rng.random(len(rows)), within)
    key = np.where(anywhere, rng.random(len(rows)) * len(regions), region + spot)
    return np.argsort(key, kind="stable")


def _others(
    rng: np.random.Generator, book: OwnerBook, sites: Sites, owner: Ints, rows: Ints
) -> Ints:
    """Draw owners that have gone, or that have other homes in the region today."""
    if len(rows) == 0:
        return rows
    sector = sites.sector[rows[0]]
    drawn = np.full(len(rows), -1)
    standing = np.flatnonzero((sites.sector == sector) & sites.stands)
    for name in np.unique(sites.region[rows].astype(str)):
        here = np.flatnonzero(sites.region[rows] == name)
        near = standing[sites.region[standing] == name]
        if len(near):
            drawn[here] = owner[rng.choice(near, len(here))]
    gone = (rng.random(len(rows)) < value("homes.former_owners")) | (drawn < 0)
    gone |= drawn == owner[rows]
    drawn[gone] = book.new(str(sector), int(gone.sum()))
    return drawn
