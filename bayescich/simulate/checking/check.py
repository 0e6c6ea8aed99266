"""The check that a synthetic England looks like England: published figures beside simulated ones.

Every simulated figure is counted in the files as they are read back, never in what the simulator
remembers, and each as its publisher counts. The published figures, with their sources and how far
a simulated one may be, are in ``calibration.yaml``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from bayescich.errors import RecordsError
from bayescich.records.sources import SYNTHETIC_MARK, SYNTHETIC_TRUTH
from bayescich.simulate.calibration import Figure, figures
from bayescich.simulate.checking import (
    between,
    care_leavers,
    conduct,
    flows,
    geography,
    homes,
    looked_after,
    missing,
    placement_ends,
    reentry,
    schooling,
    stability,
)
from bayescich.simulate.checking.compared import Compared, NotCompared
from bayescich.simulate.checking.counting import NOTHING, Figures, Measured
from bayescich.simulate.checking.facts import RECENT, Facts, read_facts
from bayescich.simulate.checking.lost import as_markdown as lost_section
from bayescich.simulate.checking.lost import journeys_found
from bayescich.simulate.checking.wording import markdown, text
from bayescich.simulate.target import mark_of

COLUMNS = (
    "theme", "figure", "published", "simulated", "tolerance", "within", "unit", "source", "n",
    "note", "why",
)  # fmt: skip
"""The columns of the table of figures, in order."""

SECTION = "published."
"""What the full names of published figures begin with."""

_THEMES: tuple[Callable[[Facts], Figures], ...] = (
    looked_after.measures, flows.measures, reentry.measures, stability.measures,
    placement_ends.measures, geography.measures, missing.measures, conduct.measures,
    schooling.measures, care_leavers.measures, homes.measures, between.measures,
)  # fmt: skip

_OF_THE_TRUTH = ("journeys.csv", "recording.csv", "places.csv")
"""The files of the truth that are read."""

_NATIONAL = 120
"""Authorities from which a synthetic England is as large as England for what depends on size."""

_AT_NATIONAL_SIZE = {
    "owners: homes of the ": "the largest of few owners hold more than the largest of many",
    "owners: homes per owner": "of fewer homes the largest owners cannot have as many",
    "owners: homes of owners with one": "of fewer homes the largest owners cannot have as many",
    "owners: homes of owners in several": "with fewer authorities fewer owners can be in several",
    "homes per authority: most": "the largest of few authorities holds more than that of many",
}
_ENOUGH_CHILDREN = 1_500
_NOT_IN_PROPORTION = {
    "homes: number": "homes are more numerous than in proportion to so few children",
    "homes: occupancy": "homes are more numerous than in proportion to so few children",
}


@dataclass(frozen=True)
class Checked:
    """Published figures beside simulated ones."""

    figures: tuple[Compared, ...]
    """The figures compared, in the order of their file."""
    others: tuple[NotCompared, ...]
    """The figures that are not compared, and why."""
    size: str
    """How large the synthetic England is, in words."""

    @property
    def table(self) -> pd.DataFrame:
        """Return one row per figure compared, with `COLUMNS`."""
        rows = [{name: getattr(figure, name) for name in COLUMNS} for figure in self.figures]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    @property
    def within(self) -> int:
        """Return how many figures are within their tolerance."""
        return sum(figure.within for figure in self.figures)

    @property
    def misses(self) -> tuple[Compared, ...]:
        """Return the figures that are not, the farthest out first."""
        missed = [figure for figure in self.figures if not figure.within]
        return tuple(sorted(missed, key=lambda figure: -figure.out))


def check_england(folder: Path) -> Checked:
    """Compare a synthetic England with the published figures of England.

    Parameters
    ----------
    folder : Path
        As ``bayescich simulate`` writes it. The tolerances are for the size ``study``: of fewer
        children, more figures are missed by chance.

    Returns
    -------
    Checked

    Raises
    ------
    RecordsError
        If the folder holds no returns.
    """
    return compare(read_facts(folder))


def compare(facts: Facts) -> Checked:
    """Compare figures counted in files already read: see `check_england`."""
    simulated: Figures = {}
    for measures in _THEMES:
        simulated |= measures(facts)
    compared, others = [], []
    for name, figure in published().items():
        theme, rest = name.split(": ", 1)
        value, why = float(figure.value), _not_compared(name, facts)
        if why:
            others.append(NotCompared(theme, rest, value, figure.unit, figure.source, why))
        else:
            compared.append(_compared(name, figure, simulated.get(name, NOTHING)))
    return Checked(tuple(compared), tuple(others), _size(facts))


def published() -> dict[str, Figure]:
    """Return the published figures by their name, such as ``looked after: male``.

    Examples
    --------
    >>> published()["looked after: male"].source
    'D24'
    """
    return {
        name.removeprefix(SECTION): figure
        for name, figure in figures().items()
        if name.startswith(SECTION)
    }


def as_text(checked: Checked) -> str:
    """Return the comparison as a person reads it in a terminal, misses first."""
    return text(checked.figures, checked.misses, checked.others, checked.size)


def as_markdown(checked: Checked, settings_line: str) -> str:
    """Return the comparison as a page of documentation, with every miss listed.

    Parameters
    ----------
    checked : Checked
    settings_line : str
        What was simulated, in one sentence.
    """
    settings = f"{settings_line} {checked.size}"
    return markdown(checked.figures, checked.misses, checked.others, settings)


def settings_line(folder: Path) -> str:
    """Return what was simulated, of ``synthetic.json``, in one sentence."""
    mark = mark_of(folder) or {}
    try:
        return (
            f"Simulated: {mark['children']:,} children ever looked after in the collection years "
            f"{mark['years'].replace(':', ' to ')}, seed {mark['seed']}, {mark['dirt']} recording."
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise RecordsError(
            "The mark of the synthetic England does not say what was simulated.",
            where=str(folder / SYNTHETIC_MARK),
            next_step="Write the England again with bayescich simulate.",
        ) from error


def refuse_others(folder: Path) -> None:
    """Refuse a folder that holds no complete synthetic England.

    Raises
    ------
    RecordsError
        If the simulator has not written it, or what the check needs of its truth is missing.
    """
    if mark_of(folder) is None:
        raise RecordsError(
            f"'{folder}' is not a synthetic England, so there is nothing to check.",
            where=str(folder / SYNTHETIC_MARK),
            why="only what `bayescich simulate` wrote has a truth to be held against",
            next_step="Name a synthetic England, or a folder that is not there yet, with --out; "
            "for returns use: bayescich records check FOLDER",
        )
    for name in _OF_THE_TRUTH:
        file = folder / SYNTHETIC_TRUTH / name
        if not file.is_file():
            raise RecordsError(
                "A file of the truth is missing.",
                where=str(file),
                why="distances and what recording loses are counted with it",
                next_step="Write the England again with bayescich simulate.",
            )


_ALIKE = "children differ less in how often they move on than in England"
_LONG = "leaving depends on the time in a placement, not on the time in care"
_CONSENT = "only children who are placed for adoption later have an order here"
_SUPPORTED = "young people move between flats less here; the part of it that is moves is judgement"

_WHY: dict[str, str] = {
    "in all of care: 1 placement": _ALIKE,
    "in all of care: 4 to 6 placements": _ALIKE,
    "in all of care: 10 or more placements": _ALIKE,
    "in all of care: 10 or more placements, ceasing at 18": _ALIKE,
    "placements in the year: 3 or more, in care for less than 12 months": _ALIKE,
    "last period of care: 10 years and over": _LONG,
    "last period of care: 5 to 10 years": _LONG,
    "last period of care: 3 to 5 years": _LONG,
    "looked after: placement order": _CONSENT,
    "placements in the year: 1, the first in supported": _SUPPORTED,
    "placements in two years: 1, the first in supported": _SUPPORTED,
    "placements in two years: 3 or more, the first in supported": _SUPPORTED,
    "care leavers 18: with former foster carers, of those last in foster": (
        "too few of the fostered stay with their carers at 18 where an authority seldom says so"
    ),
    "last placement: children's homes": (
        "young people are moved on from homes before they are 18 more often in England"
    ),
}
"""Why a figure is missed, where that is known, by its name."""


def _compared(name: str, figure: Figure, found: Measured) -> Compared:
    theme, rest = name.split(": ", 1)
    compared = Compared(
        theme=theme,
        figure=rest,
        published=float(figure.value),
        simulated=found.value,
        tolerance=float(figure.tolerance or 0.0),
        unit=figure.unit,
        source=figure.source,
        n=found.n,
        note=figure.note,
        why="",
    )
    why = _WHY.get(name, "") if found.n else "nothing to count"
    return compared if compared.within else replace(compared, why=why)


def _not_compared(name: str, facts: Facts) -> str:
    """Say why a figure is not compared; blank if it is."""
    years = {int(year) for year in re.findall(r"\b20\d\d\b", name)}
    absent = sorted((years or set(RECENT)) - set(facts.years))
    if absent and (years or not facts.recent):
        return f"{absent[-1]} is not among the years simulated"
    authorities = facts.everything.returns.header["LA"].nunique()
    small = len(facts.stocks[facts.years[-1]]) < _ENOUGH_CHILDREN
    for rules, holds in ((_AT_NATIONAL_SIZE, authorities < _NATIONAL), (_NOT_IN_PROPORTION, small)):
        for begins, why in rules.items():
            if holds and name.startswith(begins):
                return why
    return ""


def _size(facts: Facts) -> str:
    last = facts.years[-1]
    authorities = facts.everything.returns.header["LA"].nunique()
    return (
        f"{len(facts.stocks[last]):,} children looked after on 31 March {last} in {authorities} "
        "authorities."
    )


def said(folder: Path) -> str:
    """Return what a terminal shows: figures beside the published ones, and what recording lost."""
    refuse_others(folder)
    facts = read_facts(folder)
    lost = journeys_found(folder, facts.histories)
    return f"{as_text(compare(facts))}\n\nWhat recording loses\n{lost.text()}"


def page(folder: Path) -> str:
    """Return the page of documentation of the synthetic England in a folder."""
    refuse_others(folder)
    facts = read_facts(folder)
    lost = journeys_found(folder, facts.histories)
    return f"{as_markdown(compare(facts), settings_line(folder))}\n{lost_section(lost)}"


def main() -> None:
    """Print the page of documentation of the synthetic England in a folder."""
    print(page(Path(sys.argv[1])), end="")


if __name__ == "__main__":
    main()
