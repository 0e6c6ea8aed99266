"""When each episode of a chain ends: open rows, overlaps, gaps, and what REC says of them."""

from __future__ import annotations

import numpy as np

from bayescich.histories.chain_rows import CONTINUES, LEAVES, NO_REASON, ChainRows
from bayescich.histories.dates import collection_year_of, first_of_april
from bayescich.histories.sorted_rows import (
    MISSING,
    Flags,
    Integers,
    first_of,
    last_of,
    of_next,
    order_of,
)
from bayescich.spec.policies import HistoryPolicies

SHORT_GAP = 7
"""A gap after X1 longer than so many days is closed too, and has a line of its own."""

_YEAR = 366
_FURTHER_THAN_ANY_DATE = 10_000_000


def with_ends(chain: ChainRows, policies: HistoryPolicies) -> ChainRows:
    """Give every episode an end: its own, that of the records, or the one others imply.

    Adds ``open``; ``imputed`` marks the ends that are implied.
    """
    later = (chain["end"] != MISSING) & (chain["end"] > chain["records_end"])
    chain = chain.repaired(
        later, "ends after the authority's last collection year; open until then"
    )
    chain = chain.with_columns(end=np.where(later, MISSING, chain["end"]))
    blank = chain["end"] == MISSING
    early = blank & ~later & (chain["reason"] != NO_REASON)
    chain = chain.repaired(early, "REC on an open episode; ignored")
    chain = chain.with_columns(
        reason=np.where(blank, NO_REASON, chain["reason"]), imputed=chain["imputed"] & ~blank
    )
    next_start = _next_start(chain)
    stale = blank & ((next_start != MISSING) | (chain["year"] < chain["last_year"]))
    if policies.stale_open == "exclude":
        chain = chain.without(stale, "open, yet followed by another or never returned again")
    else:
        chain = _closed_where_implied(chain, stale, next_start)
    still_open = chain["end"] == MISSING
    end = np.where(still_open, chain["records_end"], chain["end"])
    return chain.with_columns(end=end, open=still_open)


def _next_start(chain: ChainRows) -> Integers:
    return of_next(chain["start"], chain["child"], MISSING)


def _next_starts_care(chain: ChainRows) -> Flags:
    return of_next(chain["starts_care"], chain["child"], False)


def _closed_where_implied(chain: ChainRows, stale: Flags, next_start: Integers) -> ChainRows:
    year = np.maximum(chain["year"], collection_year_of(chain["start"]))
    year_end = first_of_april(year) - 1
    followed = stale & (next_start != MISSING)
    restarts = followed & _next_starts_care(chain)
    unseen = followed & ~restarts & ~chain["next_collected"] & (next_start > year_end)
    goes_on = followed & ~restarts & ~unseen
    long_after = goes_on & (next_start > year_end + _YEAR)
    for rule, which in {
        "open, yet another placement follows; closed on its start": goes_on & ~long_after,
        "open, yet another placement follows more than a year after the last return; closed on "
        "its start": long_after,
        "open, yet the child starts care again; closed before that": restarts,
        "open when a collection year is missing; closed on the 31 March before": unseen,
        "open and never returned again; closed on that 31 March": stale & ~followed,
    }.items():
        chain = chain.repaired(which, rule)
    end = np.where(restarts, np.minimum(year_end, next_start - 1), year_end)
    end = np.where(goes_on, next_start, end)
    return chain.with_columns(
        end=np.where(stale, end, chain["end"]),
        reason=np.where(goes_on, CONTINUES, chain["reason"]),
        imputed=chain["imputed"] | stale,
    )


def without_overlaps(chain: ChainRows, policies: HistoryPolicies) -> ChainRows:
    """Trim, join or leave out episodes that run into the next of the child."""
    next_start = _next_start(chain)
    overlaps = (next_start != MISSING) & (next_start < chain["end"])
    if policies.overlaps == "exclude":
        return chain.without(overlaps, "runs into the next episode")
    if policies.overlaps == "merge":
        return _merged(chain)
    chain = chain.repaired(overlaps, "runs into the next episode; cut at its start")
    left = _next_starts_care(chain) & (chain["reason"] == LEAVES)
    return chain.with_columns(
        end=np.where(overlaps, next_start, chain["end"]),
        reason=np.where(overlaps & ~left, CONTINUES, chain["reason"]),
        open=chain["open"] & ~overlaps,
    )


def _merged(chain: ChainRows) -> ChainRows:
    """Join each run of overlapping episodes into its first, ending as the one that ends last."""
    reach = np.maximum.accumulate(chain["child"] * _FURTHER_THAN_ANY_DATE + chain["end"])
    so_far = reach - chain["child"] * _FURTHER_THAN_ANY_DATE
    separate = first_of(chain["child"])
    separate[1:] |= chain["start"][1:] >= so_far[:-1]
    group = separate.cumsum()
    ends_last = order_of(group, chain["end"])[last_of(group)]
    lasting = chain.take(ends_last)
    chain = chain.without(~separate, "runs on from the episode before; joined with it into one")
    taken = ("last", "end", "reason", "open", "imputed", "died")
    return chain.with_columns(**{column: lasting[column] for column in taken})


def without_gaps(chain: ChainRows, policies: HistoryPolicies) -> ChainRows:
    """Close the gaps in what is said to continue (X1); say where it does not continue."""
    next_start, starts_care = _next_start(chain), _next_starts_care(chain)
    followed = next_start != MISSING
    gap = np.where(followed, next_start - chain["end"], 0)
    limit = policies.gap_days_closed
    # S on the day after X1 is one day's confusion over the last day, not a second start of care
    closed = (chain["reason"] == CONTINUES) & (gap > 0) & (~starts_care | (gap == 1))
    closed &= np.ones(len(chain), dtype=bool) if limit is None else gap <= limit
    brief = f"a gap of up to {SHORT_GAP} days after X1; closed"
    chain = chain.repaired(closed & (gap <= SHORT_GAP), brief)
    long = f"a gap of more than {SHORT_GAP} days after X1; closed"
    chain = chain.repaired(closed & (gap > SHORT_GAP), long)
    chain = chain.with_columns(end=np.where(closed, next_start, chain["end"]))
    return _with_reasons(chain, followed & (next_start == chain["end"]), starts_care)


def _with_reasons(chain: ChainRows, meets_next: Flags, starts_care: Flags) -> ChainRows:
    """Make REC agree with what follows: X1 if and only if the next episode begins that day."""
    reason = chain["reason"]
    goes_on = (reason == NO_REASON) & meets_next & ~starts_care
    chain = chain.repaired(goes_on, "ends without REC on the day the next begins; read as X1")
    stops = (reason == CONTINUES) & ~meets_next
    rule = "X1, yet no episode begins that day; how it ended is not recorded"
    chain = chain.repaired(stops, rule)
    unsaid = (reason == NO_REASON) & ~goes_on & ~chain["open"] & ~chain["imputed"]
    chain = chain.noted(unsaid, "ends without REC; how it ended is not recorded")
    reason = np.where(goes_on, CONTINUES, np.where(stops, NO_REASON, reason))
    return chain.with_columns(reason=reason)
