"""What the return says of a placement: its code, who provides it, the URN."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.care.market import SECURE
from bayescich.simulate.draws import YEAR, Floats, Ints, Texts, labels
from bayescich.simulate.returns.legal import under_placement_order
from bayescich.simulate.shapes import (
    ADOPTION,
    CUSTODY,
    FOSTER,
    HOME,
    KIN,
    OTHER,
    PARENTS,
    RESIDENTIAL,
    SUPPORTED,
)
from bayescich.simulate.shard import Shard

PLACES = (
    "U6", "U4", "U5", "U3", "U1", "K2", "K1", "A4", "A6", "P1", "H5", "P2", "R1", "R2", "R3", "S1",
    "R5", "Z1",
)  # fmt: skip
"""Placement codes in use; from 2024/25 H5 is returned as K3."""

PROVIDERS = ("", "PR0", "PR1", "PR2", "PR3", "PR4", "PR5")
"""Codes of who provides a placement."""

AGENCIES = 30
"""Independent fostering agencies, and the same number of supported-accommodation providers."""

_SUPPORTED_REGISTERED = int(np.datetime64("2023-10-27", "D").astype(np.int64))


@dataclass(frozen=True)
class Urns:
    """All URNs that an authority's returns may name, as a list of texts."""

    texts: Texts
    """The first is blank; then the council's own services, agencies, providers, registrations."""

    def of_registration(self, registration: Ints) -> Ints:
        """Return the positions of registrations of homes."""
        return registration + _FIRST_REGISTRATION


_COUNCIL, _FIRST_AGENCY = 1, 2
_FIRST_PROVIDER = _FIRST_AGENCY + AGENCIES
_FIRST_OTHER = _FIRST_PROVIDER + AGENCIES
_FIRST_REGISTRATION = _FIRST_OTHER + AGENCIES


@dataclass(frozen=True)
class Details:
    """Arrays with one entry per placement; positions in `PLACES`, `PROVIDERS` and `Urns`."""

    code: Ints
    provider: Ints
    urn: Ints
    provider_urn: Ints
    """URN that a supported placement has once its provider is registered."""


@lru_cache(maxsize=2)
def _urns(number: int, registrations: tuple[str, ...]) -> Urns:
    services = [str(4_000_000 + number)]
    for first in (4_100_000, 4_200_000, 4_300_000):
        services += [str(first + step) for step in range(AGENCIES)]
    return Urns(np.array(["", *services, *registrations], dtype=object))


def agency_urn(shard: Shard) -> Urns:
    """Return the URNs that the authority's returns may name."""
    return _urns(shard.number, tuple(shard.homes.registrations["urn"]))


def placement_details(shard: Shard) -> Details:
    """Draw code, provider and URN of each of a shard's placements, as on its first day.

    The random numbers are a stream of their own: asked twice, the answer is the same.
    """
    rng, placements = shard.rng("placement details"), shard.placements
    kind = placements["kind"].to_numpy()
    code = _codes(rng, shard, kind)
    provider = _providers(rng, shard, kind, code)
    agency = rng.integers(0, AGENCIES, len(kind))
    supported_urn = _FIRST_PROVIDER + agency
    registered = placements["start"].to_numpy() >= _SUPPORTED_REGISTERED
    fostered = np.isin(kind, (FOSTER, KIN, ADOPTION))
    independent = np.isin(provider, (PROVIDERS.index("PR4"), PROVIDERS.index("PR5")))
    inspected = np.isin(code, [PLACES.index(c) for c in ("R3", "S1")])
    urn = np.select(
        [
            kind == HOME,
            fostered & independent,
            fostered,
            (kind == SUPPORTED) & registered,
            inspected,
        ],
        [
            placements["registration"].to_numpy() + _FIRST_REGISTRATION,
            _FIRST_AGENCY + agency,
            _COUNCIL,
            supported_urn,
            _FIRST_OTHER + agency,
        ],
        0,
    )
    return Details(code, provider, urn, supported_urn)


def _codes(rng: np.random.Generator, shard: Shard, kind: Ints) -> Ints:
    shares = value("episodes.place_codes")
    placements = shard.placements
    born = shard.children["born"].to_numpy()[placements["child"].to_numpy()]
    age: Floats = (placements["start"].to_numpy() - born) / YEAR
    infant = age < 2
    groups = {
        "foster": kind == FOSTER,
        "kin": kind == KIN,
        "supported": kind == SUPPORTED,
        "infants in residential care": (kind == RESIDENTIAL) & infant,
        "residential": (kind == RESIDENTIAL) & ~infant,
    }
    code = np.full(len(kind), PLACES.index("Z1"))
    for name, rows in groups.items():
        drawn = labels(rng, shares[name], int(rows.sum()))
        code[rows] = [PLACES.index(text) for text in drawn]
    # independent living is not registered: it is written as H5 once that is asked for
    late = placements["start"].to_numpy() >= _SUPPORTED_REGISTERED
    code[late & (code == PLACES.index("P2"))] = PLACES.index("H5")
    secure = shard.homes.frame["provision"].eq(SECURE).to_numpy()
    at_home = kind == HOME
    code[at_home] = np.where(
        secure[placements["home"].to_numpy()[at_home]], PLACES.index("K1"), PLACES.index("K2")
    )
    ordered = under_placement_order(placements)
    code[kind == ADOPTION] = np.where(ordered, PLACES.index("A6"), PLACES.index("A4"))[
        kind == ADOPTION
    ]
    code[kind == PARENTS] = PLACES.index("P1")
    code[kind == CUSTODY] = PLACES.index("R5")
    code[kind == OTHER] = PLACES.index("Z1")
    return code


def _providers(rng: np.random.Generator, shard: Shard, kind: Ints, code: Ints) -> Ints:
    shares = value("episodes.providers")
    provider = np.zeros(len(kind), dtype=np.int64)
    for name, which in (
        ("foster", FOSTER), ("kin", KIN), ("adoption", ADOPTION), ("supported", SUPPORTED),
        ("residential", RESIDENTIAL),
    ):  # fmt: skip
        rows = kind == which
        drawn = labels(rng, _as_practised(shard, shares[name]), int(rows.sum()))
        provider[rows] = [PROVIDERS.index(text) for text in drawn]
    provider[kind == PARENTS] = PROVIDERS.index("PR0")
    health = np.isin(code, [PLACES.index(c) for c in ("R2", "R5")])
    provider[health] = PROVIDERS.index("PR3")
    at_home = np.flatnonzero(kind == HOME)
    provider[at_home] = _of_homes(shard, shard.placements["home"].to_numpy()[at_home])
    return provider


def _as_practised(shard: Shard, shares: dict[str, float]) -> dict[str, float]:
    """Return the shares of providers in an authority that buys more or less from others."""
    factor = float(np.exp(shard.truth.practice.private[shard.number]))
    return {code: share * (factor if code == "PR4" else 1.0) for code, share in shares.items()}


def _of_homes(shard: Shard, home: Ints) -> Ints:
    """Return who provides a place in a home: PR1 and PR2 tell one's own council from others."""
    frame = shard.homes.frame
    sector = frame["sector"].to_numpy(object)[home]
    own = frame["authority"].to_numpy()[home] == shard.number
    return np.select(
        [sector == "Private", (sector == "Local authority") & own, sector == "Local authority"],
        [PROVIDERS.index("PR4"), PROVIDERS.index("PR1"), PROVIDERS.index("PR2")],
        PROVIDERS.index("PR5"),
    )
