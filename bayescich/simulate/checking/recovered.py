"""What histories find of the simulator's own journeys, and by which fault the rest is lost.

Returns without dirt must give every stay, move, exit and day back. Of others the losses are
counted: each true stay in a home was found as it was, or with other dates, split, joined with
another, in a home not known or a wrong one, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.histories.construct import Histories
from bayescich.histories.exits import CENSORED
from bayescich.histories.places import HOME_CLASSES, TEMPORARY
from bayescich.histories.sorted_rows import MISSING, dates_of, days_of
from bayescich.histories.spells import MOVED
from bayescich.simulate.checking.loss_causes import causes_of
from bayescich.simulate.checking.stay_outcomes import NEVER_WAS, OUTCOMES, outcomes_of
from bayescich.simulate.draws import Ints

STAY, HOME_STAY, MOVE, EXIT, DAYS = "stays", "stays in homes", "moves", "exits", "days in a home"

KIND_OF_CLASS = {
    **dict.fromkeys(HOME_CLASSES, "home"),
    "foster": "foster",
    "kinship foster": "kin",
    "adoption": "adoption",
    "parents": "parents",
    "supported": "supported",
    "residential school": "residential",
    "family assessment": "residential",
    "other residential": "residential",
    "health": "residential",
    "custody": "custody",
    "other": "other",
    "other or unregistered": "other",
}
"""The simulator's kind of each class of placement."""

_NOT_RECORDED = 10_000_000


@dataclass(frozen=True, eq=False)
class Recovery:
    """How the journeys that were made compare with the histories that were found."""

    counts: pd.DataFrame
    """What, made, found, alike: of stays of every kind, stays in homes, moves, exits, homes."""
    differences: pd.DataFrame
    """One row per thing made and not found, or found and not made: what, child, date (start of a
    stay, day of a move or exit), said, side (``made`` or ``found``)."""
    stays: pd.DataFrame
    """One row per true stay in a home, and per stay found that never was: child, start, end, home,
    days, days_right (that histories have in the right home), outcome, cause."""

    @property
    def exact(self) -> bool:
        """Whether everything made was found, and nothing else."""
        return not len(self.differences)

    def table(self) -> pd.DataFrame:
        """Return outcome, cause, stays, days and days_right, the outcomes in their order."""
        order = pd.Categorical(self.stays["outcome"], OUTCOMES, ordered=True)
        groups = self.stays.assign(outcome=order).groupby(["outcome", "cause"], observed=True)
        table = groups.agg(
            stays=("days", "size"), days=("days", "sum"), days_right=("days_right", "sum")
        ).reset_index()
        return table.sort_values(
            ["outcome", "stays", "cause"], ascending=[True, False, True], ignore_index=True
        ).astype({"outcome": "str"})

    def text(self) -> str:
        """Say in words and figures what was found and what was lost, and why."""
        made = self.stays[self.stays["outcome"].ne(NEVER_WAS)]
        right = made["days_right"].sum() / max(made["days"].sum(), 1.0)
        counts, table = (t.to_dict("list") for t in (self.counts, self.table()))
        lines = [
            f"{what}: {made:,} made, {found:,} found, {alike:,} alike"
            for what, made, found, alike in zip(*counts.values(), strict=True)
        ]
        lines.append(f"Of the days in homes, {right:.2%} are found in the right home.")
        for outcome, cause, stays in zip(
            table["outcome"], table["cause"], table["stays"], strict=True
        ):
            share = stays / max(len(made), 1)
            lines.append(f"  {outcome}{cause and ', ' + cause}: {stays:,} stays ({share:.2%})")
        return "\n".join(lines)


def compare(
    journeys: pd.DataFrame, histories: Histories, causes: pd.DataFrame | None = None
) -> Recovery:
    """Hold histories against the journeys they should be of.

    Parameters
    ----------
    journeys : DataFrame
        The simulator's stays: child (LA/CHILD), start, end (dates), kind, home (first URN of the
        home, else blank), ended_by (in the words of ``histories.spells``), route (group of the
        route by which a stay in a home ended, else blank), in_window.
    histories : Histories
        Constructed from the returns of the same children.
    causes : DataFrame, optional
        What was done to the returns, from ``recording.record`` of every authority.

    Returns
    -------
    Recovery
    """
    made, found = _made(journeys, histories.chain), _found(histories)
    counts, differences = [], []
    for what, things in made.items():
        counted, unlike = _unlike(what, things, found[what])
        counts.append(counted)
        differences.append(unlike)
    stays = outcomes_of(made[HOME_STAY], found[HOME_STAY])
    return Recovery(
        pd.DataFrame(counts, columns=["what", "made", "found", "alike"]),
        pd.concat(differences, ignore_index=True),
        stays.assign(cause=causes_of(stays, causes, set(journeys["child"]))),
    )


def _made(journeys: pd.DataFrame, chain: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the tables that histories should have."""
    stays = journeys[journeys["in_window"].to_numpy(dtype=bool)].reset_index(drop=True)
    stays = stays.assign(start=_first_recorded(stays, chain), end=days_of(stays["end"]))
    at_home = stays[stays["kind"].eq("home")]
    moved = stays[stays["ended_by"].eq(MOVED)]
    route = at_home["route"].where(at_home["route"].ne(""), CENSORED)
    return _tables(
        stays[["child", "start", "end", "kind", "ended_by"]],
        at_home[["child", "start", "end", "home"]],
        moved[["child", "end"]].rename(columns={"end": "start"}),
        at_home[["child"]].assign(start=at_home["end"], route=route),
    )


def _found(histories: Histories) -> dict[str, pd.DataFrame]:
    spells = histories.spells[histories.spells["PLACE_CLASS"].ne(TEMPORARY)]
    stays = _dated(spells).assign(kind=spells["PLACE_CLASS"].map(KIND_OF_CLASS).fillna("other"))
    at_home = _dated(histories.home_spells)
    moved = histories.moves.assign(start=days_of(histories.moves["date"]))
    left = histories.exits.assign(
        start=days_of(histories.exits["date"]), route=histories.exits["route_group"]
    )
    return _tables(
        stays[["child", "start", "end", "kind", "ended_by"]],
        at_home[["child", "start", "end"]].assign(home=at_home["home"].fillna("")),
        moved[["child", "start"]],
        left[["child", "start", "route"]],
    )


def _tables(
    stays: pd.DataFrame, at_home: pd.DataFrame, moved: pd.DataFrame, left: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    days = at_home["end"] - at_home["start"]
    homes = days.groupby(at_home["home"]).sum().rename("days").rename_axis("home").reset_index()
    homes = homes.assign(child="", start=MISSING)
    tables = {STAY: stays, HOME_STAY: at_home, MOVE: moved, EXIT: left, DAYS: homes}
    return {what: table.reset_index(drop=True) for what, table in tables.items()}


def _dated(spells: pd.DataFrame) -> pd.DataFrame:
    return spells.assign(start=days_of(spells["start"]), end=days_of(spells["end"]))


def _first_recorded(stays: pd.DataFrame, chain: pd.DataFrame) -> Ints:
    """Return the first day of each stay, of one that was running first the first one recorded.

    A child who is away when the records begin has come from nowhere that they show.
    """
    start = days_of(stays["start"])
    first = chain.drop_duplicates("child")
    lasting = chain[chain["PLACE_CLASS"].ne(TEMPORARY)].drop_duplicates("child")
    shown = _of_child(stays, first, "DECOM", _NOT_RECORDED)
    opens = _of_child(stays, first, "records_begin", 0)
    running = (start < opens) & (shown <= opens)
    recorded = np.maximum(start, _of_child(stays, lasting, "DECOM", 0))
    days: Ints = np.where(running, recorded, start)
    return days


def _of_child(stays: pd.DataFrame, rows: pd.DataFrame, column: str, nothing: int) -> Ints:
    """Return a day of the row of each stay's child."""
    known = pd.Series(days_of(rows[column]), index=rows["child"])
    return stays["child"].map(known).fillna(nothing).to_numpy(dtype=np.int64)


def _unlike(
    what: str, made: pd.DataFrame, found: pd.DataFrame
) -> tuple[tuple[str, int, int, int], pd.DataFrame]:
    """Return the counts of one kind of thing, and those that are on one side only."""
    keys = list(made.columns)
    both = pd.concat([made, found[keys]], ignore_index=True)
    whole = pd.util.hash_pandas_object(both.astype("str"), index=False)
    is_made = np.arange(len(both)) < len(made)
    # the same thing twice on one side is alike only if it is twice on the other
    time = whole.groupby([whole, is_made]).cumcount()
    alone = ~pd.MultiIndex.from_arrays([whole, time]).duplicated(keep=False)
    rows = both[alone]
    unlike = pd.DataFrame(
        {
            "what": what,
            "child": rows["child"],
            "date": dates_of(rows["start"].to_numpy(dtype=np.int64)),
            "said": _said(rows.drop(columns=["child", "start"])),
            "side": np.where(is_made[alone], "made", "found"),
        }
    )
    alike = int((~alone & is_made).sum())
    return (what, len(made), len(found), alike), unlike


def _said(rows: pd.DataFrame) -> pd.Series:
    """Write the columns of each row in one cell."""
    said = pd.Series("", index=rows.index, dtype="str")
    for position, name in enumerate(rows):
        column = rows[name]
        if name == "end":
            column = pd.Series(dates_of(column.to_numpy()), rows.index)
        said = said + (" | " if position else "") + column.astype("str")
    return said
