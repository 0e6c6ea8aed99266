"""Headings of the National Pupil Database: the table and year that end them, and what they need.

Headings of annual tables end in the table and year, as in ``SessionsPossible_Autumn_AB19`` or
``SENprovision_SPR15``; that suffix is taken off before a column is looked up, and the year serves
where no column gives one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bayescich.errors import RecordsError
from bayescich.records.tables import Table

_SUFFIX = re.compile(
    r"_(?P<table>AB|AUT|SPR|SUM|EX|EXC|EXCL|AP|PRU|KS2|KS4|KS5)_?(?P<year>\d{2}|\d{4})$",
    re.IGNORECASE,
)


def without_year(heading: str) -> str:
    """Take the suffix of table and year off a heading.

    Parameters
    ----------
    heading : str

    Examples
    --------
    >>> without_year("SessionsPossible_Autumn_AB19"), without_year("KS4_L2BASICS_94")
    ('SessionsPossible_Autumn', 'KS4_L2BASICS_94')
    """
    return _SUFFIX.sub("", heading.strip())


def year_in_suffix(heading: str) -> int | None:
    """Return the year in which the school year of a heading's suffix ends.

    Parameters
    ----------
    heading : str

    Returns
    -------
    int or None
        None where the heading has no such suffix. The autumn census of a school year is named
        after the calendar year it is taken in, so one is added.

    Examples
    --------
    >>> year_in_suffix("UPN_SPR15"), year_in_suffix("UPN_AUT14"), year_in_suffix("UPN")
    (2015, 2015, None)
    """
    found = _SUFFIX.search(heading.strip())
    if not found:
        return None
    number = int(found["year"])
    number += 2000 if number < 100 else 0
    return number + (found["table"].upper() == "AUT")


@dataclass(frozen=True, eq=False)
class NpdTable(Table):
    """A table of an extract: headings with a year, and columns of which any one will do."""

    one_of: tuple[tuple[str, ...], ...] = ()
    """Groups of columns; a file must have at least one column of each."""
    prefix: str = ""
    """What headings may begin with, e.g. ``KS4``."""

    def columns_of(self, headings: Iterable[str]) -> dict[str, str]:
        """Map columns to headings, whatever year ends them; none where a group is lacking."""
        given: dict[str, str] = {}
        for heading in headings:
            given.setdefault(without_year(heading), heading)
        columns = {name: given[short] for name, short in super().columns_of(given).items()}
        known = all(any(name in columns for name in group) for group in self.one_of)
        return columns if known else {}

    def year_of(self, headings: Iterable[str]) -> int | None:
        """Return the school year that the headings carry, as the year in which it ends.

        Raises
        ------
        RecordsError
            If they carry several: the years stand side by side.
        """
        given = list(headings)
        read = set(super().columns_of(map(without_year, given)).values())
        used = [heading for heading in given if without_year(heading) in read]
        years = {found for heading in used if (found := year_in_suffix(heading))}
        if len(years) > 1:
            raise _side_by_side(self, used, sorted(years))
        return years.pop() if years else None


def _side_by_side(table: Table, headings: list[str], years: list[int]) -> RecordsError:
    return RecordsError(
        "The columns of several school years stand side by side in one table.",
        where=f"{table.title}, years {', '.join(map(str, years))}",
        examples=[heading for heading in headings if year_in_suffix(heading)],
        why="each row must be of one school year",
        next_step="Export one file per year, or put the years below one another.",
    )
