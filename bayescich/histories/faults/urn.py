"""Rules about the URN: Ofsted's number of the home or the agency."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.faults.known import facts, in_groups, places_where
from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import EPISODES, LOOKUP, REGISTER, FaultTables

THEME = "URN"

NOT_INSPECTED = "XXXXXXX"
"""Written for a provider that Ofsted does not inspect: never the number of a home."""

_PATTERN = r"(?:SC)?\d{6,7}"
_HOMES = ("children's home", "secure children's home")
_ONLY_AGENCIES_FROM = 2026
"""From this collection year only agencies may be without a number of Ofsted's."""


def _needs_urn(tables: FaultTables) -> pd.Series:
    """Say where the placement is one of Ofsted's, in England as far as the postcode tells."""
    rows = tables.episodes
    since = _by_category(rows["PLACE"], facts("place_requires", "place", "urn_from"))
    return (
        (rows.end >= rows.series(since)) & ~tables.short_breaks & ~_outside_england(rows["PL_POST"])
    )


def _outside_england(postcode: pd.Series) -> pd.Series:
    areas = facts("postcode_areas_outside_england", "area", "country")
    values = pd.Series(postcode.cat.categories, dtype="str")
    outside = values.str.extract(r"^([A-Z]+)", expand=False).isin(list(areas))
    return postcode.isin(values[outside])


def _by_category(codes: pd.Series, known: dict[str, str]) -> np.ndarray:
    """Return the date of each row's code; none for a code without one."""
    dates = [known.get(str(code)) or "NaT" for code in codes.cat.categories]
    return np.array([*dates, "NaT"], dtype="datetime64[ns]")[codes.cat.codes.to_numpy()]


def _missing(tables: FaultTables) -> pd.Series:
    return _needs_urn(tables) & tables.episodes["URN"].isna()


def _missing_home(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    home = rows["PLACE"].isin(in_groups("ssda903_place", *_HOMES))
    return home & rows["URN"].isna() & ~tables.short_breaks


def _malformed(tables: FaultTables) -> pd.Series:
    urn = tables.episodes["URN"]
    values = pd.Series(urn.cat.categories, dtype="str")
    good = values.str.fullmatch(_PATTERN) | values.eq(NOT_INSPECTED)
    return urn.isin(values[~good])


def _not_inspected_home(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    home = rows["PLACE"].isin(in_groups("ssda903_place", *_HOMES))
    return rows["URN"].eq(NOT_INSPECTED) & home


def _not_inspected_late(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    agency = rows["PLACE"].isin(places_where("not_inspected", "allowed"))
    late = rows["YEAR"].ge(_ONLY_AGENCIES_FROM)
    return rows["URN"].eq(NOT_INSPECTED) & late & ~agency


def _must_be_blank(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    none_of_ofsteds = rows["PLACE"].isin(places_where("urn", "blank"))
    return rows["URN"].notna() & (none_of_ofsteds | tables.short_breaks)


def plain_urn(urn: pd.Series) -> pd.Series:
    """Return numbers as the register writes them, blank where it is no number.

    Examples
    --------
    >>> plain_urn(pd.Series(["sc012345", " 1234567", "XXXXXXX"], dtype="str")).tolist()
    ['SC012345', '1234567', nan]
    """
    text = urn.astype("str").str.strip().str.upper()
    return text.where(text.str.fullmatch(_PATTERN))


def _homes_urn(tables: FaultTables) -> pd.Series:
    rows = tables.episodes
    home = rows["PLACE"].isin(in_groups("ssda903_place", *_HOMES))
    return rows["URN"].where(home)


def _not_listed(urn: pd.Series, listed: pd.DataFrame) -> pd.Series:
    values = pd.Series(urn.cat.categories, dtype="str")
    known = plain_urn(values).isin(plain_urn(listed["urn"]).dropna())
    stranger = plain_urn(values).notna() & ~known
    return urn.isin(values[stranger])


def _not_on_register(tables: FaultTables) -> pd.Series:
    assert tables.register is not None
    return _not_listed(_homes_urn(tables), tables.register)


def _not_in_lookup(tables: FaultTables) -> pd.Series:
    assert tables.lookup is not None
    return _not_listed(tables.episodes["URN"], tables.lookup)


def _dates_of(tables: FaultTables, column: str, which: str) -> pd.Series:
    """Return a date of the look-up for every episode; blank where it has none."""
    rows, listed = tables.episodes, tables.lookup
    if listed is None or column not in listed:
        return pd.Series(pd.NaT, index=rows.frame.index, dtype="datetime64[ns]")
    dates = listed[column].groupby(plain_urn(listed["urn"])).agg(which)
    values = pd.Series(rows["URN"].cat.categories, dtype="str")
    known = dates.reindex(plain_urn(values)).to_numpy().astype("datetime64[ns]")
    found = np.append(known, np.datetime64("NaT", "ns"))[rows["URN"].cat.codes.to_numpy()]
    return rows.series(found)


def _before_registration(tables: FaultTables) -> pd.Series:
    return tables.episodes["DECOM"] < _dates_of(tables, "registration_date", "min")


def _after_closure(tables: FaultTables) -> pd.Series:
    return tables.episodes.end > _dates_of(tables, "closed_date", "max")


def _codes_of(tables: FaultTables, column: str, listed: str) -> pd.Series:
    """Find codes that are not among those the look-up gives for the URN."""
    rows, lookup = tables.episodes, tables.lookup
    if lookup is None or listed not in lookup:
        return rows.nothing
    text = lookup.assign(urn=plain_urn(lookup["urn"])).dropna(subset=["urn", listed])
    codes = text.assign(code=text[listed].str.upper().str.findall(r"[A-Z]+\d+")).explode("code")
    pairs = pd.MultiIndex.from_frame(codes[["urn", "code"]])
    mine = rows.frame[["URN", column]].astype("str")
    listed_urn = mine["URN"].isin(codes["urn"]) & mine[column].notna()
    return listed_urn & ~pd.Series(pd.MultiIndex.from_frame(mine).isin(pairs), index=mine.index)


def _other_place(tables: FaultTables) -> pd.Series:
    return _codes_of(tables, "PLACE", "place_codes")


def _other_provider(tables: FaultTables) -> pd.Series:
    return _codes_of(tables, "PLACE_PROVIDER", "provider_codes")


_HOME_LOST = "The home is not known, and the spell is lost to the model of homes."
_WRONG_HOME = "The child may have lived in another home than the one named."

RULES = (
    Rule("URN missing", THEME, EPISODES,
         "The placement needs a URN and has none (in England, from the year it was collected).",
         _HOME_LOST, _missing),
    Rule("URN of a home missing", THEME, EPISODES,
         "A placement in a children's home or secure children's home has no URN.",
         _HOME_LOST, _missing_home),
    Rule("URN malformed", THEME, EPISODES,
         "The URN is not six or seven digits, with or without SC before them.",
         "It cannot be found on any register.", _malformed),
    Rule("URN of a home not inspected", THEME, EPISODES,
         "A children's home has the URN of a provider not inspected by Ofsted (XXXXXXX).",
         "XXXXXXX is no number: all such homes would be taken for one.", _not_inspected_home),
    Rule("URN not inspected, from 2025-26", THEME, EPISODES,
         "XXXXXXX is given for a placement other than fostering or adoption (from 2025-26).",
         _HOME_LOST, _not_inspected_late),
    Rule("URN must be blank", THEME, EPISODES,
         "A URN is given for a placement that Ofsted does not register, or for a short break.",
         "The placement code or the URN is wrong.", _must_be_blank),
    Rule("URN not on the register", THEME, EPISODES,
         "The URN of a children's home is not on Ofsted's register.",
         "Type, size and sector of the home are not known.", _not_on_register,
         needs=(REGISTER,)),
    Rule("URN not in the look-up", THEME, EPISODES,
         "The URN is not in Ofsted's look-up list for authorities.",
         _WRONG_HOME, _not_in_lookup, needs=(LOOKUP,)),
    Rule("URN before registration", THEME, EPISODES,
         "The episode starts before the provider was registered.",
         _WRONG_HOME, _before_registration, needs=(LOOKUP,)),
    Rule("URN after closure", THEME, EPISODES,
         "The episode runs on after the provider was taken off the register.",
         "The home may go on under a new URN, or the URN is wrong.", _after_closure,
         needs=(LOOKUP,)),
    Rule("URN of another kind of placement", THEME, EPISODES,
         "The placement code is not one that Ofsted lists for the URN.",
         _WRONG_HOME, _other_place, needs=(LOOKUP,)),
    Rule("URN of another kind of provider", THEME, EPISODES,
         "The provider code is not one that Ofsted lists for the URN.",
         "The sector of the home is in doubt.", _other_provider, needs=(LOOKUP,)),
)  # fmt: skip
