"""Authorities, owners and homes of a synthetic England, in the published proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.records.ofsted_schema import HOMES
from bayescich.simulate import calibration as published
from bayescich.simulate.draws import Floats, Ints, Texts, day, labels, postcodes

_STEMS = (
    "North", "South", "East", "West", "Mid", "Lark", "Heron", "Wren", "Linnet", "Plover",
    "Curlew", "Thrush", "Kestrel", "Osprey", "Lapwing", "Dunlin", "Bittern", "Birch", "Alder",
    "Hazel", "Rowan", "Aspen", "Willow", "Juniper", "Larch", "Maple", "Sorrel", "Fennel", "Tansy",
    "Yarrow", "Clover", "Bracken", "Heather", "Thistle", "Foxglove", "Bluebell", "Otter",
    "Badger", "Marten", "Hare", "Vole", "Amber", "Garnet", "Opal", "Quartz", "Basalt", "Slate",
    "Marble", "Cobalt", "Copper", "Pewter",
)  # fmt: skip
_ENDINGS = ("shire", "borough", " Vale")
FEWEST_AUTHORITIES = 6
FEWEST_HOMES = 40


@dataclass(frozen=True)
class Authorities:
    """Placing authorities, all fictional."""

    names: pd.Index
    region: pd.Series
    """Region by name."""
    children: Floats
    """Share of the children looked after."""
    homes: Floats
    """Share of the homes that stand there."""


def draw_authorities(rng: np.random.Generator, children: int) -> Authorities:
    """Draw authorities in proportion to the children: at least six, at most England's 153."""
    wanted = round(children * published.AUTHORITIES_PER_CHILD.value)
    number = int(np.clip(wanted, FEWEST_AUTHORITIES, len(_STEMS) * len(_ENDINGS)))
    names = pd.Index([stem + ending for ending in _ENDINGS for stem in _STEMS][:number])
    regions = labels(rng, published.REGIONS.value, number)
    child_share = rng.lognormal(0.0, 0.5, number)
    home_share = rng.lognormal(0.0, 0.8, number)
    return Authorities(
        names,
        pd.Series(regions, index=names),
        child_share / child_share.sum(),
        home_share / home_share.sum(),
    )


def draw_homes(rng: np.random.Generator, children: int, authorities: Authorities) -> pd.DataFrame:
    """Draw the register of homes on its date, ordered by registration.

    Parameters
    ----------
    children : int
        Children looked after; 4.8 homes for every hundred.
    authorities : Authorities
        Where homes can stand.

    Returns
    -------
    DataFrame
        The columns of ``ofsted_schema.HOMES``, and ``postcode``.
    """
    number = max(FEWEST_HOMES, round(children * published.HOMES_PER_CHILD.value))
    sector = labels(rng, published.SECTORS.value, number)
    provision = labels(rng, published.PROVISION.value, number)
    standing = rng.choice(len(authorities.names), number, p=authorities.homes)
    place = authorities.names[standing]
    sector[provision == "Secure children's home"] = "Local Authority"
    short_breaks = provision == "Short breaks"
    homes = pd.DataFrame(
        {
            "urn": _urns(rng, number),
            "snapshot": int(published.REGISTER_DATE.value[:4]),
            "provision_type": np.where(short_breaks, "Children's home", provision),
            "sector": pd.Series(sector).map(code_set("sectors").set_index("label")["sector"]),
            "places": pd.array(_places(rng, sector), dtype="Int64"),
            "short_breaks": short_breaks,
            "owner": _owners(rng, sector, place),
            "authority": place,
            "region": authorities.region[place].to_numpy(),
            "registration_date": _registered(rng, number),
            "status": "Active",
        }
    )
    text = [name for name, column in HOMES.columns.items() if str(column.dtype) == "str"]
    homes = HOMES.validate(homes.astype(dict.fromkeys(text, "str")))
    homes["postcode"] = postcodes(rng, number)
    return homes.sort_values("registration_date", kind="stable", ignore_index=True)


def _urns(rng: np.random.Generator, number: int) -> list[str]:
    # Two numbers in seven are of the older form, as in the list.
    drawn = rng.choice(900_000, number, replace=False) + 100_000
    older = rng.random(number) < 2 / 7
    return [f"SC{n}" if old else f"9{n}" for n, old in zip(drawn, older, strict=True)]


def _places(rng: np.random.Generator, sector: Texts) -> Ints:
    places = np.zeros(len(sector), dtype=np.int64)
    for name, shares in published.PLACES.value.items():
        weight = np.array(shares)
        rows = np.flatnonzero(sector == name)
        places[rows] = 1 + rng.choice(len(weight), len(rows), p=weight / weight.sum())
    return places


def _owners(rng: np.random.Generator, sector: Texts, place: pd.Index) -> Texts:
    """Authorities own theirs; of other owners half have one home and a few have many."""
    owner = (place.to_numpy(dtype=object) + " Council").astype(object)
    for name, kind in (("Private", "Care Limited"), ("Voluntary", "Trust")):
        rows = rng.permutation(np.flatnonzero(sector == name))
        sizes = _owner_sizes(rng, len(rows))
        number = np.repeat(np.arange(1, len(sizes) + 1), sizes)[: len(rows)]
        owner[rows] = [f"Synthetic {kind} {n:04d}" for n in number]
    return owner


def _owner_sizes(rng: np.random.Generator, homes: int) -> Ints:
    """Draw owners' numbers of homes until every home has one."""
    largest = max(2, round(0.05 * homes))
    size = np.arange(1, largest + 1)
    weight = size**-published.OWNER_SIZE_EXPONENT.value
    drawn = rng.choice(size, max(homes, 1), p=weight / weight.sum())
    return drawn[: int(np.searchsorted(drawn.cumsum(), homes)) + 1]


def _registered(rng: np.random.Generator, number: int) -> pd.DatetimeIndex:
    first, last = day(published.FIRST_ENTRY), day(published.REGISTER_DATE.value)
    before = rng.random(number) < published.REGISTERED_BEFORE_WINDOW.value
    # homes of every age stand from the first day, so that no child is without a choice
    before[: number // 10] = True
    early = rng.integers(first - 5_000, first, number)
    late = rng.integers(first, last, number)
    days = np.where(before, early, late)
    return pd.DatetimeIndex(days.astype("datetime64[D]").astype("datetime64[ns]"))
