"""Ofsted's restricted look-up of providers: a workbook of every registration there ever was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.providers.inspections import (
    dates,
    draw_inspections,
    latest_inspections,
    national_rng,
)
from bayescich.simulate.providers.workbook import write_workbook
from bayescich.simulate.returns.placement_details import AGENCIES
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, NEVER, Authorities, Homes

SPECIALISMS = {
    "Emotional and behavioural difficulties": (
        "emotional", "aggression", "trauma", "violence", "missing", "property_damage",
    ),
    "Mental disorders": ("mental_health", "self_harm"),
    "Sensory impairment": (),
    "Present alcohol problems": ("drugs",),
    "Present drug problems": ("drugs",),
    "Learning difficulty": ("learning_disabilities", "autism"),
    "Physical disabilities": (),
}  # fmt: skip
"""What a home may be registered for, and the needs in its Statement of Purpose that say so."""

_RARE = ("Sensory impairment", "Physical disabilities")
"""Registered for in some of the homes for learning disabilities; no need of the audit says so."""

_PROVIDER_CODES = {
    "Local authority": "PR1,PR2", "Private": "PR4", "Voluntary": "PR5", "Health authority": "PR3",
}  # fmt: skip
_SECURE = "Secure children's home"

_FOSTERING = "U1,U2,U3,U4,U5,U6,A3,A4,A5,A6"
_ANY_PROVIDER = "PR1,PR2,PR3,PR4,PR5"
_OTHERS = (
    ("Local Authority Fostering Agency", 4_000_000, _FOSTERING, "PR1,PR2"),
    ("Independent Fostering Agency", 4_100_000, _FOSTERING, "PR4,PR5"),
    ("Supported Accommodation", 4_200_000, "K3,H5", _ANY_PROVIDER),
    ("Residential Family Centre or School", 4_300_000, "R3,S1", _ANY_PROVIDER),
)
"""Providers of other placements: type, first URN (as `placement_details` numbers them), codes."""


def lookup_table(settings: Settings, homes: Homes, authorities: Authorities) -> pd.DataFrame:
    """Return the rows of the look-up, in the layout of 2024.

    Returns
    -------
    DataFrame
        One row per registration, also those that have ended, ordered by URN; the homes, then
        other providers.
    """
    rows = _of_homes(settings, homes, authorities)
    others = pd.concat(
        [_of_others(*kind, len(authorities.names)) for kind in _OTHERS], ignore_index=True
    )
    together = pd.concat([rows.sort_values("URN"), others], ignore_index=True)
    counts = rows.columns[rows.dtypes.eq("int64")]
    return together.astype(dict.fromkeys(counts, "Int64"))


def write_lookup(settings: Settings, homes: Homes, authorities: Authorities, path: Path) -> None:
    """Write the look-up as a workbook; the same England gives the same bytes."""
    write_workbook(lookup_table(settings, homes, authorities), "Providers", path)


def _of_homes(settings: Settings, homes: Homes, authorities: Authorities) -> pd.DataFrame:
    table = homes.registrations
    home = homes.frame.iloc[table["home"]].reset_index(drop=True)
    inspections = draw_inspections(settings, homes)
    latest = latest_inspections(inspections, len(table), settings.last_day)
    spelling = code_set("sectors").drop_duplicates("sector").set_index("sector")["label"]
    secure = home["provision"].eq(_SECURE)
    ended = table["ends"] < NEVER
    owner = table["owner"].to_numpy()
    several = national_rng(settings, "buildings").random(len(homes.frame))
    columns = {
        "Local Authority": authorities.names[home["authority"]],
        "URN": table["urn"],
        "Provider Type": home["provision"],
        "Provider Subtype": np.where(secure, "Secure Unit", ""),
        "Sector": home["sector"].map(spelling),
        "Setting Name": "Synthetic Home " + table["urn"],
        "Registration Date": dates(table["begins"].to_numpy()),
        "Registration Status": np.where(ended, "Resigned", "Active"),
        "Deregistration Date": dates(table["ends"].to_numpy()),
        "Placement Code": np.where(secure, "K1", "K2"),
        "Setting Address Postcode": home["postcode"],
        "Owner ID": 500_000 + owner,
        "Owner name": homes.owners[owner],
        "Region": home["region"],
        "Placement Provider Code": home["sector"].map(_PROVIDER_CODES),
        "Date of last full inspection": latest["date"],
        "Latest overall Effectiveness grade from last full inspection": latest["judgement"],
        "Number of registered places": home["places"],
        "Top company (as listed on Companies' House)": _top_companies(homes)[owner],
        **_specialisms(settings, homes),
        "Multi building CH": np.where(several < value("homes.several_buildings"), "Yes", "No")[
            table["home"]
        ],
        "Conditions": _conditions(home),
    }
    return pd.DataFrame(columns)


def _of_others(kind: str, first: int, places: str, providers: str, councils: int) -> pd.DataFrame:
    """Return the providers of one kind of other placement: URN and the codes it may go with."""
    number = councils if kind.startswith("Local") else AGENCIES
    urns = pd.Series(np.arange(first, first + number)).astype("str")
    return pd.DataFrame(
        {
            "URN": urns,
            "Provider Type": kind,
            "Setting Name": "Synthetic Provider " + urns,
            "Registration Status": "Active",
            "Placement Code": places,
            "Placement Provider Code": providers,
        }
    )


def _top_companies(homes: Homes) -> Texts:
    """Return the company at the top of each owner's group; blank for an owner that is none.

    The largest owners on the newest day are put together into groups of the published sizes;
    every other company stands alone.
    """
    table = homes.registrations
    private = homes.frame["sector"].eq("Private").to_numpy()[table["home"]]
    standing = (table["ends"] == NEVER).to_numpy()
    owned = table["owner"].to_numpy()[standing & private]
    size = np.bincount(owned, minlength=len(homes.owners))
    shares: Floats = np.array(value("homes.top_companies"), dtype=np.float64)
    room: Floats = shares * float(standing.sum())
    group = _grouped(size, room)
    names = np.where(group < 0, homes.owners, "")
    names[group >= 0] = [f"Synthetic Group {number + 1:02d} plc" for number in group[group >= 0]]
    company: Flags = np.isin(np.arange(len(names)), table["owner"].to_numpy()[private])
    return np.where(company, names, "")


def _grouped(size: Ints, room: Floats) -> Ints:
    """Put owners, the largest first, into the group with the most room left; -1 for none."""
    group = np.full(len(size), -1)
    for owner in np.argsort(-size, kind="stable"):
        best = int(room.argmax())
        if size[owner] < 2 or room[best] < size[owner] / 2:
            break
        group[owner] = best
        room[best] -= size[owner]
    return group


def _specialisms(settings: Settings, homes: Homes) -> dict[str, Ints]:
    """Say what each registration is for, in agreement with the Statement of Purpose."""
    rare = national_rng(settings, "specialisms").random((len(homes.frame), len(_RARE)))
    shares = value("homes.rare_specialisms")
    learning = homes.meets[:, NEEDS.index("learning_disabilities")]
    home = homes.registrations["home"].to_numpy()
    said = {}
    for name, needs in SPECIALISMS.items():
        if name in _RARE:
            which = learning & (rare[:, _RARE.index(name)] < shares[name])
        else:
            which = homes.meets[:, [NEEDS.index(need) for need in needs]].any(axis=1)
        said[name] = which.astype(np.int64)[home]
    return said


def _conditions(home: pd.DataFrame) -> pd.Series:
    places = home["places"].astype("str")
    ending = np.where(home["places"].eq(1), " child.", " children.")
    return "The home may have " + places + ending
