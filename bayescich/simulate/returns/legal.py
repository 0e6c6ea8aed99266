"""Legal statuses over a period of care: emergency orders lapse, interim orders become full ones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Ints
from bayescich.simulate.shapes import ADOPTION, PARENTS
from bayescich.simulate.shard import Shard

LEGAL = ("V2", "C1", "C2", "E1", "L1", "L2", "J1", "V3")
"""Codes of legal status in use."""

_V2, _C1, _C2, _E1, _L1, _L2, _J1 = range(7)


def legal_changes(rng: np.random.Generator, shard: Shard) -> tuple[Ints, Ints, Ints]:
    """Return child, day and new legal status of every change, in the order of time within a child.

    A child is placed with parents only under a care order, and for adoption only under a placement
    order or with consent.
    """
    placements = shard.placements
    first = ~placements.duplicated(["child", "period"])
    opening = placements[first.to_numpy()]
    child = opening["child"].to_numpy()
    start = opening["start"].to_numpy()
    status = _opening_status(
        rng, shard, child, opening["period"].to_numpy(), opening["kind"].to_numpy()
    )
    interim, full = _proceedings(rng, status, start)
    # what comes later in the list holds where several fall on one day
    steps = [
        (child, start, status, np.ones(len(child), np.bool_)),
        (child, interim, np.full(len(child), _C1), interim > start),
        (child, full, np.full(len(child), _C2), full > start),
    ]
    with_parents = (placements["kind"] == PARENTS).to_numpy()
    adopting = (placements["kind"] == ADOPTION).to_numpy()
    ordered = adopting & under_placement_order(placements)
    for rows, code in ((with_parents, _C2), (ordered, _E1)):
        own = placements[rows]
        steps.append(
            (own["child"].to_numpy(), own["start"].to_numpy(), np.full(len(own), code),
             np.ones(len(own), np.bool_))
        )  # fmt: skip
    # the court makes a placement order months before a family is found
    waiting = placements[ordered]
    begun = start[np.cumsum(first.to_numpy()) - 1][ordered]
    before = _between(rng, value("episodes.legal_path")["placement_order_days"], len(waiting))
    earlier = np.maximum(waiting["start"].to_numpy() - before, begun + 1)
    steps.append((waiting["child"].to_numpy(), earlier, np.full(len(waiting), _E1),
                  np.ones(len(waiting), np.bool_)))  # fmt: skip
    return _kept(steps, placements)


def under_placement_order(placements: pd.DataFrame) -> Flags:
    """Say of whom the court would make a placement order; the parents of others give consent.

    It is the same for a child whenever it is asked, and about `placement_order_share` of children.
    """
    person = placements["person"].to_numpy(np.int64)
    drawn: Flags = person * 48_271 % 1_009 < 1_009 * value("episodes.placement_order_share")
    return drawn


def _opening_status(
    rng: np.random.Generator, shard: Shard, child: Ints, period: Ints, kind: Ints
) -> Ints:
    """Return the status with which each period of care begins; later ones begin by agreement."""
    first = np.array([LEGAL.index(code) for code in shard.children["LS"]])[child]
    again = np.where(rng.random(len(child)) < 0.6, _V2, _C1)
    status = np.where(period == 0, first, again)
    too_young = (shard.children["uasc"].to_numpy()[child]) & (status != _V2)
    status = np.where(too_young, _V2, status)
    status = np.where((status == _J1) & (kind == PARENTS), _V2, status)
    return np.where((kind == PARENTS) | (kind == ADOPTION), _C2, status)


def _proceedings(rng: np.random.Generator, status: Ints, start: Ints) -> tuple[Ints, Ints]:
    """Return the days of the interim and of the full order; the start where there is none."""
    figure = value("episodes.legal_path")
    number = len(status)
    emergency = np.isin(status, (_L1, _L2))
    agreed = (status == _V2) & (rng.random(number) < figure["voluntary"])
    wait = np.select(
        [status == _L1, status == _L2, agreed],
        [2, 8, _between(rng, figure["voluntary_days"], number)],
        0,
    )
    interim = start + wait
    takes = _between(rng, figure["interim_days"], number)
    in_court = emergency | agreed | (status == _C1)
    return interim, np.where(in_court, interim + takes, start)


def _between(rng: np.random.Generator, days: list[int], number: int) -> Ints:
    """Draw numbers of days between two limits."""
    return rng.integers(days[0], days[1], number)


def _kept(
    steps: list[tuple[Ints, Ints, Ints, Flags]], placements: pd.DataFrame
) -> tuple[Ints, Ints, Ints]:
    """Keep the changes that fall within their period of care and do not undo a higher order."""
    child = np.concatenate([step[0][step[3]] for step in steps])
    date = np.concatenate([step[1][step[3]] for step in steps])
    status = np.concatenate([step[2][step[3]] for step in steps])
    rank = np.repeat(np.arange(len(steps)), [int(step[3].sum()) for step in steps])
    order = np.lexsort((rank, date, child))
    child, date, status = child[order], date[order], status[order]
    opens = rank[order] == 0
    period = np.cumsum(opens) - 1
    ends = _ends_of_periods(placements)
    inside = date < ends[period]
    # after a full order nothing returns to an interim one, after a placement order nothing at all
    weight = np.array([0, 1, 2, 3, 0, 0, 0, 0])[status] + 10 * period
    highest = np.maximum.accumulate(weight)
    kept = inside & (opens | (weight >= highest))
    return child[kept], date[kept], status[kept]


def _ends_of_periods(placements: pd.DataFrame) -> Ints:
    starts = np.flatnonzero(~placements.duplicated(["child", "period"]))
    return np.maximum.reduceat(placements["end"].to_numpy(), starts)
