"""Homes of a synthetic England: how many, whose, where, how large, and what they say they meet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.home_type import SHORT_BREAKS, home_type_parts, merge_small_types
from bayescich.histories.providers import MINIMUM_HOMES
from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import YEAR, Flags, Ints, Texts, day, labels
from bayescich.simulate.providers.authorities import largest_remainder
from bayescich.simulate.providers.owners import (
    COUNCIL,
    OwnerBook,
    Sites,
    draw_earlier_owners,
    draw_owners,
)
from bayescich.simulate.providers.registrations import (
    KINDS_OF_HOME,
    LAST_LIST,
    Lives,
    draw_lives,
    draw_urns,
    registration_rows,
)
from bayescich.simulate.providers.sites import where_they_stand
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, NEVER, Authorities, Homes

YEARS_BEFORE = 15
"""Homes that stood in so many years before the window are drawn too."""

FIRST_LIST = 2016
"""Ofsted's lists are written from this 31 March on: earlier ones give no places."""


def draw_homes(rng: np.random.Generator, settings: Settings, authorities: Authorities) -> Homes:
    """Draw all homes that stood at any time from 15 years before the window to its end.

    Parameters
    ----------
    rng : Generator
    settings : Settings
        Its scale, but for the smallest sizes, where homes are more than in proportion.
    authorities : Authorities
        Where homes can stand.

    Returns
    -------
    Homes

    Examples
    --------
    >>> from bayescich.simulate.providers.authorities import draw_authorities
    >>> rng, settings = np.random.default_rng(1), Settings()
    >>> homes = draw_homes(rng, settings, draw_authorities(rng, settings))
    >>> int((homes.frame["closed"] == NEVER).sum())
    80
    """
    lives = draw_lives(rng, max(settings.scale, value("homes.fewest")))
    frame = _what_they_are(rng, lives)
    frame = frame.join(where_they_stand(rng, lives, authorities))
    registrations, owners = _registered(rng, lives, frame, authorities)
    meets = _what_they_meet(rng, frame)
    rows = np.flatnonzero(
        (lives.closed > settings.first_day - round(YEARS_BEFORE * YEAR))
        & (lives.opened <= settings.last_day)
    )
    frame = frame.iloc[rows].reset_index(drop=True)
    frame["closed"] = frame["closed"].mask(frame["closed"] > settings.last_day, NEVER)
    registrations, owners = _kept(registrations, owners, rows, settings.last_day)
    frame["home_type"] = _types(frame, registrations, settings)
    return Homes(frame, registrations, owners, meets[rows])


def list_days(settings: Settings) -> Ints:
    """Return the 31 March of each list that Ofsted publishes in the window, in days since 1970."""
    first = min(max(FIRST_LIST, settings.first_year), settings.last_year)
    return np.array([day(f"{year}-03-31") for year in range(first, settings.last_year + 1)])


def listed(registrations: pd.DataFrame, days: Ints) -> Flags:
    """Say which registrations stand on the list of each day.

    Returns
    -------
    array of bool, shape (registrations, days)
    """
    begins, ends = (registrations[name].to_numpy()[:, None] for name in ("begins", "ends"))
    on_list: Flags = (begins <= days) & (days < ends)
    return on_list


def _what_they_are(rng: np.random.Generator, lives: Lives) -> pd.DataFrame:
    """Give each home its provision type, sector and places."""
    number = len(lives.kind)
    provision, sector = np.empty(number, dtype=object), np.empty(number, dtype=object)
    short_breaks = np.zeros(number, dtype=bool)
    places = np.zeros(number, dtype=np.int64)
    for kind, name in enumerate(KINDS_OF_HOME):
        rows = np.flatnonzero(lives.kind == kind)
        provision[rows], sector[rows], share = value("homes.kinds")[name]
        if name in value("homes.sector_of_others"):
            sector[rows] = labels(rng, value("homes.sector_of_others")[name], len(rows))
        short_breaks[rows] = _spread_evenly(rng, lives.stands[rows], share)
        places[rows] = _places(rng, name, lives.at(rows), short_breaks[rows])
    return pd.DataFrame(
        {
            "opened": lives.opened,
            "closed": lives.closed,
            "places": places,
            "provision": provision,
            "sector": sector,
            "short_breaks": short_breaks,
        }
    )


def _spread_evenly(rng: np.random.Generator, stands: Flags, share: float) -> Flags:
    """Mark a share of the homes that stand and of those that do not."""
    marked = np.zeros(len(stands), dtype=bool)
    for rows in (np.flatnonzero(stands), np.flatnonzero(~stands)):
        marked[rng.permutation(rows)[: round(share * len(rows))]] = True
    return marked


def _places(rng: np.random.Generator, name: str, lives: Lives, short_breaks: Flags) -> Ints:
    """Draw registered places: the published ones for homes that stand, more for earlier ones."""
    table = value("homes.places")[name]
    size = np.array(list(table), dtype=np.int64)
    count = np.array(list(table.values()), dtype=np.float64)
    age = np.log1p(np.maximum(LAST_LIST - lives.registered, 0) / YEAR)
    lean = value("homes.places_and_age")
    score = lean * (age - age.mean()) / (age.std() + 1e-9) if len(age) else age
    score = score + np.sqrt(1 - lean**2) * rng.normal(size=len(age))
    places = np.zeros(len(age))
    ordinary = np.flatnonzero(lives.stands & ~short_breaks)
    ordered = ordinary[np.argsort(score[ordinary], kind="stable")]
    places[ordered] = np.repeat(size, largest_remainder(count, len(ordered)))
    others = np.flatnonzero(~lives.stands | short_breaks)
    places[others] = size[rng.choice(len(size), len(others), p=count / count.sum())]
    years = 1970 + lives.closed / YEAR
    factor = np.where(lives.stands, 1.0, np.interp(years, *np.array(_closed_factors()).T))
    factor = np.where(short_breaks, value("homes.places_of_short_breaks") * factor, factor)
    return np.maximum(np.floor(places * factor + rng.random(len(age)) * (factor > 1)), 1).astype(
        np.int64
    )


def _closed_factors() -> list[list[float]]:
    factors: list[list[float]] = value("homes.places_of_closed")
    return factors


def _registered(
    rng: np.random.Generator, lives: Lives, frame: pd.DataFrame, authorities: Authorities
) -> tuple[pd.DataFrame, Texts]:
    """Return every registration there ever was, with its URN and owner."""
    rows = registration_rows(lives, LAST_LIST)
    sites = Sites(
        frame["sector"].to_numpy(dtype=object),
        frame["authority"].to_numpy(),
        frame["region"].to_numpy(dtype=object),
        lives.stands,
    )
    book = OwnerBook(authorities.names)
    last = draw_owners(rng, book, sites)
    home = rows["home"].to_numpy()
    owner = last[home]
    sold = rows["first"].to_numpy() & (sites.sector[home] != COUNCIL) & ~lives.national[home]
    sold &= rng.random(len(rows)) < value("homes.changes_hands")
    owner[sold] = draw_earlier_owners(rng, book, sites, last, home[sold])
    urns = draw_urns(rng, rows["begins"].to_numpy())
    named = rows[["home", "begins", "ends"]].assign(urn=urns, owner=owner)
    return named[["home", "urn", "begins", "ends", "owner"]], np.array(book.names, dtype=object)


def _kept(
    registrations: pd.DataFrame, owners: Texts, rows: Ints, last_day: int
) -> tuple[pd.DataFrame, Texts]:
    """Keep the registrations of some homes that began by a day, and their owners."""
    position = np.full(int(registrations["home"].max()) + 1, -1)
    position[rows] = np.arange(len(rows))
    home = position[registrations["home"]]
    known = (home >= 0) & (registrations["begins"] <= last_day).to_numpy()
    kept = registrations[known].assign(home=home[known]).reset_index(drop=True)
    kept["ends"] = kept["ends"].mask(kept["ends"] > last_day, NEVER)
    used, owner = np.unique(kept["owner"].to_numpy(), return_inverse=True)
    return kept.assign(owner=owner), owners[used]


def _what_they_meet(rng: np.random.Generator, frame: pd.DataFrame) -> Flags:
    """Draw which needs each home's Statement of Purpose names: one at least."""
    base = np.array([value("homes.needs_met")[need] for need in NEEDS])
    level = np.log(base / (1 - base)) + value("homes.breadth_shift")
    score = level + value("homes.breadth") * rng.normal(size=(len(frame), 1))
    school = frame["provision"].str.startswith("Residential").to_numpy()
    disability = school | frame["short_breaks"].to_numpy()
    disability |= rng.random(len(frame)) < value("homes.disability_homes")
    secure = frame["provision"].str.startswith("Secure").to_numpy()
    groups = {
        "not_private": frame["sector"].ne("Private").to_numpy(),
        "disability_needs": disability & ~secure,
        "secure_needs": secure,
    }
    for name, which in groups.items():
        for need, shift in value(f"homes.{name}").items():
            score[which, NEEDS.index(need)] += shift
    meets = score + rng.logistic(size=score.shape) > 0
    meets[np.arange(len(frame)), score.argmax(axis=1)] |= ~meets.any(axis=1)
    return meets


def _types(frame: pd.DataFrame, registrations: pd.DataFrame, settings: Settings) -> Texts:
    """Label homes as `histories.providers.typed_homes` labels the lists when they are read back."""
    seen = registrations[listed(registrations, list_days(settings)).any(axis=1)]
    parts = home_type_parts(frame.rename(columns={"provision": "provision_type"}))
    on_lists = parts["home_type"].iloc[seen["home"]].reset_index(drop=True)
    joined, _ = merge_small_types(on_lists, seen["urn"].reset_index(drop=True), MINIMUM_HOMES)
    label = dict(zip(on_lists, joined, strict=True))
    label |= {kind: _label_of_nearest(kind, label) for kind in _on_no_list(parts, label)}
    types = parts["home_type"].map(label).to_numpy(dtype=object)
    return np.where(parts["home_class"].eq(SHORT_BREAKS), "", types)


def _on_no_list(parts: pd.DataFrame, label: dict[str, str]) -> list[str]:
    return sorted(set(parts["home_type"]) - set(label))


def _label_of_nearest(kind: str, label: dict[str, str]) -> str:
    """Return the label of the same sector's nearest size that some list has, if any has one."""
    sector, _, band = kind.partition(", ")
    bands = list(code_set("size_bands")["band"])
    offered = [name for name in bands if f"{sector}, {name}" in label]
    if band not in bands or not offered:
        return kind
    nearest = min(offered, key=lambda name: abs(bands.index(name) - bands.index(band)))
    return label[f"{sector}, {nearest}"]
