"""Facts about codes that the rules need, read from the code tables of the records room."""

from __future__ import annotations

from functools import cache

from bayescich.records.code_sets import code_set


@cache
def in_groups(name: str, *groups: str) -> frozenset[str]:
    """Return the codes of one or more groups of a code set.

    Examples
    --------
    >>> sorted(in_groups("ssda903_ls", "respite"))
    ['V3', 'V4']
    """
    table = code_set(name)
    return frozenset(table.loc[table["group"].isin(groups), "code"])


@cache
def places_where(column: str, value: str) -> frozenset[str]:
    """Return the placement codes with a value in the table of what a placement requires.

    Examples
    --------
    >>> sorted(places_where("urn", "blank"))[:3]
    ['P1', 'P3', 'R1']
    """
    table = code_set("place_requires")
    return frozenset(table.loc[table[column].eq(value), "place"])


@cache
def facts(name: str, key: str, value: str) -> dict[str, str]:
    """Return one column of a code table by another.

    Examples
    --------
    >>> facts("changes_by_rne", "rne", "place")["L"]
    'no'
    """
    table = code_set(name)
    return dict(zip(table[key], table[value], strict=True))


@cache
def columns(name: str, *wanted: str) -> tuple[tuple[str, ...], ...]:
    """Return whole columns of a code table.

    Examples
    --------
    >>> columns("provider_by_place", "provider", "place")[0][:2]
    ('PR0', 'PR0')
    """
    table = code_set(name)
    return tuple(tuple(table[column]) for column in wanted)
