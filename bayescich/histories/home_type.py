"""The type of a home: class first, then sector and registered size within open homes.

A home is secure, a residential special school registered as a home, for short breaks only,
or open. Open homes differ by who runs them and by how many children they may take. The
inspection judgement is never part of the type: it comes after what a type may cause.
"""

from __future__ import annotations

import pandas as pd

from bayescich.account import Account
from bayescich.errors import HistoriesError
from bayescich.records.code_sets import code_set

OPEN = "Open"
"""Class of the homes that are typed further, by sector and size."""
SHORT_BREAKS = "Short breaks"
"""Class of the homes flagged as for short breaks only."""
SIZE_UNKNOWN = "size unknown"
"""Band of an open home whose registered places are not known."""
ALL_SIZES = "all sizes"
"""Band of a sector with too few homes to tell sizes apart."""
ANY_SECTOR = "all sectors"
"""Sector of a class that is not divided by sector."""


def home_type(homes: pd.DataFrame) -> pd.Series:
    """Return a readable type for each home.

    Parameters
    ----------
    homes : DataFrame
        With ``provision_type``, ``sector``, ``places`` (blank if unknown), ``short_breaks``,
        as in ``ofsted_schema.HOMES``; any number of rows per home.

    Returns
    -------
    Series of str
        Named ``home_type``, indexed as `homes`.

    Raises
    ------
    HistoriesError
        If a provision type or a sector is none of the code sets.

    Examples
    --------
    >>> homes = pd.DataFrame({
    ...     "provision_type": ["Children's home", "Secure children's home"],
    ...     "sector": ["Private", "Local authority"],
    ...     "places": [1, 12],
    ...     "short_breaks": [False, False],
    ... })
    >>> home_type(homes).tolist()
    ['Private, solo', 'Secure']
    """
    return home_type_parts(homes)["home_type"]


def home_type_parts(homes: pd.DataFrame) -> pd.DataFrame:
    """Return the type of each home with its parts.

    Parameters
    ----------
    homes : DataFrame
        As for `home_type`.

    Returns
    -------
    DataFrame of str
        ``home_type``, ``home_class``, ``home_sector``, ``home_band``, indexed as `homes`.
    """
    home_class = _translated(homes, "provision_type", "provision_types", "class")
    home_class = home_class.mask(homes["short_breaks"] & home_class.eq(OPEN), SHORT_BREAKS)
    is_open = home_class.eq(OPEN)
    sector = _translated(homes, "sector", "sectors", "home_type_sector")
    sector = sector.where(is_open, ANY_SECTOR)
    band = size_band(homes["places"]).where(is_open, ALL_SIZES)
    return pd.DataFrame(
        {
            "home_type": home_class.where(~is_open, sector + ", " + band),
            "home_class": home_class,
            "home_sector": sector,
            "home_band": band,
        }
    )


def parts_of_types(types: pd.Series) -> pd.DataFrame:
    """Take labels of home types, joined ones too, apart again.

    Returns
    -------
    DataFrame of str
        As `home_type_parts`, indexed as `types`.

    Examples
    --------
    >>> parts_of_types(pd.Series(["Voluntary, solo to small", "Secure"]))["home_band"].tolist()
    ['solo to small', 'all sizes']
    """
    split = types.str.split(", ", n=1, expand=True).reindex(columns=[0, 1])
    is_open = split[1].notna()
    return pd.DataFrame(
        {
            "home_type": types,
            "home_class": split[0].mask(is_open, OPEN),
            "home_sector": split[0].where(is_open, ANY_SECTOR),
            "home_band": split[1].where(is_open, ALL_SIZES),
        }
    )


def size_band(places: pd.Series) -> pd.Series:
    """Return the band of registered places: solo 1, dual 2, small 3-4, medium 5-6, large 7+.

    Examples
    --------
    >>> size_band(pd.Series([1, 4, 9, None])).tolist()
    ['solo', 'small', 'large', 'size unknown']
    """
    bands = code_set("size_bands")
    number = places.astype("Float64")
    band = pd.Series(SIZE_UNKNOWN, index=places.index, dtype="str")
    for name, least in zip(bands["band"], bands["least_places"].astype(int), strict=True):
        band = band.mask((number >= least).fillna(False).astype(bool), name)
    return band


def merge_small_types(
    types: pd.Series, homes: pd.Series, minimum_homes: int = 20
) -> tuple[pd.Series, Account]:
    """Join size bands with too few homes to the neighbouring band of the same sector.

    The smallest group goes first, to the neighbour with fewer homes, until every group of
    the sector has enough or one is left. Homes of unknown size, when few, join the sector's
    largest group. Classes and sectors are never joined with each other.

    Parameters
    ----------
    types : Series of str
        Label of each row, from `home_type`.
    homes : Series of str
        URN of each row, aligned with `types`.
    minimum_homes : int
        How many different homes a type should have.

    Returns
    -------
    Series of str
        The labels, joined where need be, e.g. ``Voluntary, solo to dual``.
    Account
        Every join with the rows it touched, and every small type that stays.

    Examples
    --------
    >>> types = pd.Series(["Voluntary, solo", "Voluntary, dual", "Secure"])
    >>> merged, account = merge_small_types(types, pd.Series(["A", "B", "C"]))
    >>> merged.tolist()
    ['Voluntary, all sizes', 'Voluntary, all sizes', 'Secure']
    """
    rows = pd.DataFrame({"type": types, "home": homes})
    parts = parts_of_types(pd.Series(rows["type"].unique()))
    sectors = parts.loc[parts["home_class"].eq(OPEN), "home_sector"].unique()
    renamed: dict[str, str] = {}
    for sector in sorted(sectors):
        renamed |= _joined_labels(rows, sector, minimum_homes)
    merged = types.replace(renamed) if renamed else types.copy()
    return merged, _joins(rows, renamed, merged, minimum_homes)


def _translated(homes: pd.DataFrame, column: str, codes: str, into: str) -> pd.Series:
    table = code_set(codes)
    label = table.columns[1]
    meaning = dict(zip(table[label], table[into], strict=True))
    unknown = sorted(set(homes[column].unique()) - set(meaning))
    if unknown:
        raise HistoriesError(
            f'"{unknown[0]}" is no {column.replace("_", " ")} that a home can be typed by.',
            where=f"column {column}, {int(homes[column].isin(unknown).sum())} rows",
            next_step="Use one of: " + ", ".join(f'"{name}"' for name in meaning) + ".",
        )
    return homes[column].map(meaning).astype("str")


def _joined_labels(rows: pd.DataFrame, sector: str, minimum: int) -> dict[str, str]:
    """Return old label to new label for the types of one sector that change."""
    bands = [band for band in code_set("size_bands")["band"] if _homes(rows, sector, [band])]
    groups = [[band] for band in bands]
    while len(groups) > 1 and min(_homes(rows, sector, group) for group in groups) < minimum:
        groups = _join_smallest(rows, sector, groups)
    unknown = _homes(rows, sector, [SIZE_UNKNOWN])
    if groups and 0 < unknown < minimum:
        max(groups, key=lambda group: _homes(rows, sector, group)).append(SIZE_UNKNOWN)
    return {
        f"{sector}, {band}": f"{sector}, {_band_name(group, bands)}"
        for group in groups
        for band in group
        if _band_name(group, bands) != band
    }


def _join_smallest(rows: pd.DataFrame, sector: str, groups: list[list[str]]) -> list[list[str]]:
    sizes = [_homes(rows, sector, group) for group in groups]
    smallest = sizes.index(min(sizes))
    neighbours = [i for i in (smallest - 1, smallest + 1) if 0 <= i < len(groups)]
    first, second = sorted((smallest, min(neighbours, key=lambda i: sizes[i])))
    return [*groups[:first], groups[first] + groups[second], *groups[second + 1 :]]


def _homes(rows: pd.DataFrame, sector: str, bands: list[str]) -> int:
    labels = [f"{sector}, {band}" for band in bands]
    return int(rows.loc[rows["type"].isin(labels), "home"].nunique())


def _band_name(group: list[str], bands: list[str]) -> str:
    known = [band for band in group if band != SIZE_UNKNOWN]
    if len(known) > 1 and known == bands:
        return ALL_SIZES
    return known[0] if len(known) == 1 else f"{known[0]} to {known[-1]}"


def _joins(rows: pd.DataFrame, renamed: dict[str, str], merged: pd.Series, minimum: int) -> Account:
    account = Account()
    for old, new in renamed.items():
        touched = rows.loc[rows["type"].eq(old), "home"]
        rule = f'home type "{old}" joined to "{new}"'
        account = account.repaired("home types", rule, len(touched), touched.unique())
    after = rows["home"].groupby(merged).agg(["nunique", "size"])
    for name, counts in after[after["nunique"] < minimum].iterrows():
        rule = f'home type "{name}" stays though it has fewer than {minimum} homes'
        account = account.kept("home types", rule, counts["size"])
    return account
