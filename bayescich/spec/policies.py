"""How returns become histories: one option for each choice a statistician may question."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bayescich.spec.base import Strict


class HistoryPolicies(Strict):
    """Every choice made between a return and a history, with its default.

    The defaults are those of ``docs/histories.md``, where each is explained with its source. A
    model's YAML file may change them under ``histories:`` to see what a choice does to a result.

    Examples
    --------
    >>> HistoryPolicies(overlaps="merge").temporary
    'bridge'
    """

    returned_twice: Literal["latest", "first"] = Field(
        default="latest", description="which return of an episode is followed when several hold it"
    )
    stale_open: Literal["close", "exclude"] = Field(
        default="close",
        description="an episode left open in an earlier year and never returned again: closed "
        "where the records imply its end (that 31 March at the latest), or left out",
    )
    overlaps: Literal["trim", "merge", "exclude"] = Field(
        default="trim",
        description="an episode that runs into the next: cut at the next one's start, joined with "
        "it into one, or left out",
    )
    gap_days_closed: int | None = Field(
        default=None,
        ge=0,
        description="longest gap, in days, closed between an episode that is said to continue (X1) "
        "and the next; no limit when empty",
    )
    short_breaks: Literal["exclude", "keep"] = Field(
        default="exclude", description="series of short breaks (V3, V4)"
    )
    temporary: Literal["bridge", "placement"] = Field(
        default="bridge",
        description="a temporary placement (T0 to T4) from which the child returns: part of the "
        "stay it interrupts, or a placement of its own",
    )
    days_away: Literal["at risk", "removed"] = Field(
        default="at risk", description="days on a bridged temporary placement"
    )
    same_carer: Literal["stay", "move"] = Field(
        default="stay", description="a change recorded as with the same carer (RNE T or U)"
    )
    status_only: Literal["stay", "move"] = Field(
        default="stay", description="a change whose reason is PLACE: only the status changes"
    )
    re_registered_homes: Literal["one home", "as registered"] = Field(
        default="one home", description="a home that goes on under a new URN"
    )
    transfer_days: int | None = Field(
        default=7,
        ge=0,
        description="a child taken over by another authority (E3) and found there within so many "
        "days is followed on; never when empty",
    )
    entry: Literal["inflow", "delayed"] = Field(
        default="inflow",
        description="spells already running when the records begin: left out, or entered late",
    )
    day_zero: float = Field(
        default=0.5,
        ge=0,
        lt=1,
        description="days given to a spell that ends on the day it starts; 0: out",
    )
    other_share: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="authorities that give OTHER as the reason of more than this share of moves "
        "are marked: their planned and unplanned moves cannot be told apart",
    )
