"""How authorities record what happened: most of them well, a few badly, and each in its own way.

An authority's habits are the shares of its rows, episodes, placements or children that have each
fault (``faulty*.py``); what they are drawn from is in ``calibration``. A fault in what the
authority's own records hold is in every return; one in a return is in that year's only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit, logit, ndtri

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Floats, Texts
from bayescich.simulate.recording import codes, dates, nasty, returns
from bayescich.simulate.recording.book import Book
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import Authorities
from bayescich.simulate.shard import Shard

Fault = Callable[[Book, np.random.Generator, float], Book]
"""Changes a book, given random numbers and how common the fault is in the authority."""

REALISTIC: dict[str, Fault] = {
    "status changes": dates.status_changes,
    "other reasons": codes.other_reasons,
    "reason missing": codes.reason_missing,
    "urn not collected": codes.urn_not_collected,
    "urn wrong": codes.urn_wrong,
    "urn not inspected": codes.urn_not_inspected,
    "urn missing": codes.urn_missing,
    "postcode missing": codes.postcode_missing,
    "same carer as new": codes.same_carer_as_new,
    "new carer as same": codes.new_carer_as_same,
    "legal for new placement": codes.legal_for_new_placement,
    "placement for legal": codes.placement_for_legal,
    "need drifts": codes.need_drifts,
    "overlap": dates.overlap,
    "gap": dates.gap,
    "left open": dates.left_open,
    "recorded late": dates.recorded_late,
    "end without reason": codes.end_without_reason,
    "amended": codes.amended,
    "returned twice": returns.returned_twice,
    "sex differs": returns.sex_differs,
    "ethnicity differs": returns.ethnicity_differs,
    "birth date differs": returns.birth_date_differs,
    "upn lost": returns.upn_lost,
    "header row missing": returns.header_row_missing,
    "year not returned": dates.year_not_returned,
}
"""Faults that authorities have, in the order in which they befall the returns."""

NASTY: dict[str, Fault] = {
    "open with reason": nasty.open_with_reason,
    "ends on first day": nasty.ends_on_first_day,
    "ends in the future": nasty.ends_in_the_future,
    "ends before start": nasty.ends_before_start,
    "provider contradicts": nasty.provider_contradicts,
    "urn where none": nasty.urn_where_none,
    "unknown code": nasty.unknown_code,
    "blank code": nasty.blank_code,
    "starts before birth": nasty.starts_before_birth,
    "upn shared": nasty.upn_shared,
    "header row twice": nasty.header_row_twice,
    "header rows missing": nasty.header_rows_missing,
    "missing spell backwards": nasty.missing_spell_backwards,
    "day and month swapped": nasty.day_and_month_swapped,
    "year of two digits": nasty.year_of_two_digits,
    "date of no calendar": nasty.date_of_no_calendar,
    "id mangled": nasty.id_mangled,
}
"""Faults that no authority should have."""

FORMATS: dict[str, Fault] = {
    "untidy cells": returns.untidy_cells,
    "dates year first": returns.dates_year_first,
}
"""How the files are written; nothing is lost by it."""

_IN_EVERY_RETURN = "urn not collected"
_A_YEAR = "year not returned"
_ORDERS = 512


@dataclass(frozen=True, eq=False)
class Habits:
    """How each authority records; no rates at all where everything is recorded as it was."""

    authorities: Texts
    rates: dict[str, Floats]
    """By fault, one figure for each authority: how common the fault is; of *other reasons* and
    *status changes* the share of changes with that reason; of *year not returned* the collection
    year that is lacking, 0 for none."""

    def table(self) -> pd.DataFrame:
        """Return one row per authority, one column per fault, for ``truth/recording_habits.csv``.

        Examples
        --------
        >>> Habits(np.array(["Northshire"], dtype=object), {"gap": np.array([0.1])}).table()
            authority  gap
        0  Northshire  0.1
        """
        whole = {
            name: rate.astype(np.int64) for name, rate in self.rates.items() if name == _A_YEAR
        }
        columns = {name.replace(" ", "_"): rate for name, rate in (self.rates | whole).items()}
        return pd.DataFrame({"authority": self.authorities, **columns})


def draw_habits(rng: np.random.Generator, settings: Settings, authorities: Authorities) -> Habits:
    """Draw how each authority records.

    Parameters
    ----------
    rng : Generator
    settings : Settings
        ``dirt`` decides which faults there are, and how common they are.
    authorities : Authorities

    Returns
    -------
    Habits
        Each fault is spread evenly over its distribution, so that even a small England has an
        authority that is bad at it.
    """
    names = authorities.names
    if settings.dirt == "none":
        return Habits(names, {})
    times = value("recording.nasty_times") if settings.dirt == "nasty" else 1.0
    faults = REALISTIC | (NASTY if settings.dirt == "nasty" else {}) | FORMATS
    rates = {}
    for name in faults:
        if name == _A_YEAR:
            rates[name] = _years_lacking(rng, settings, len(names), times)
        elif name != _IN_EVERY_RETURN:
            spread = value(f"recording.{name.replace(' ', '_')}")
            rates[name] = _given_out(rng, spread, times, authorities.share_of_children)
    # the reasons of one authority's changes are no more than all of them
    rates["status changes"] = np.minimum(rates["status changes"], 1 - rates["other reasons"])
    return Habits(names, rates)


def _given_out(
    rng: np.random.Generator, spread: dict[str, object], times: float, children: Floats
) -> Floats:
    """Give each authority a rate, so that England's is the published one, else that of the mean."""
    number = len(children)
    rates = _rates(spread, (np.arange(number) + rng.random(number)) / number, times)
    orders = rng.permuted(np.tile(np.arange(number), (_ORDERS, 1)), axis=1)
    weights = children / (1 - rates[orders]) if spread.get("adds") else children
    england = (rates[orders] * weights).sum(axis=1) / (weights * np.ones(number)).sum(axis=-1)
    aim = float(str(spread.get("england", rates.mean())))
    nearest: Floats = rates[orders[np.abs(england - aim).argmin()]]
    return nearest


def _rates(spread: dict[str, object], place: Floats, times: float) -> Floats:
    """Return the quantiles of a distribution over authorities at some places from 0 to 1."""
    if "shares" in spread:
        places, shares = (np.asarray(spread[name], np.float64) for name in ("quantiles", "shares"))
        return np.interp(place, places, shares)
    median, sd, most = (float(str(spread[name])) for name in ("median", "sd", "most"))
    drawn: Floats = expit(logit(median) + np.log(times) + sd * ndtri(place))
    return np.minimum(drawn, most)


def _years_lacking(
    rng: np.random.Generator, settings: Settings, number: int, times: float
) -> Floats:
    """Choose the collection year that an authority fails to return, never the first or last."""
    inner = np.arange(settings.first_year + 1, settings.last_year)
    if not len(inner):
        return np.zeros(number)
    lacking = rng.random(number) < times * value("recording.year_not_returned")
    return np.where(lacking, rng.choice(inner, number), 0).astype(np.float64)


def record(
    shard: Shard, habits: Habits, tables: dict[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Write down the returns of one authority as it does.

    Parameters
    ----------
    shard : Shard
        Whose returns they are, and the random numbers.
    habits : Habits
        From `draw_habits`.
    tables : dict of DataFrame
        Every table of the returns by name, with YEAR and the columns of the standard, as it
        should be: dates as dates, blanks as ``""``, one row of ``episodes`` per episode and
        collection year in which it runs.

    Returns
    -------
    dict of DataFrame
        As recorded. Dates are text where a fault makes some so.
    DataFrame
        What was done, one row per cause, child and episode: cause, child (``LA/CHILD``), begun
        (true start of the episode; blank where the fault is the child's) and rows (how many were
        changed). A fault of whole files has one row, with a blank child.
    """
    if not habits.rates:
        return tables, Book.of(tables, np.empty(0, dtype=object)).notes()
    urns = shard.homes.registrations["urn"].to_numpy(dtype=object)
    book = Book.of(tables, urns)
    for name, fault in (REALISTIC | NASTY | FORMATS).items():
        if name in habits.rates or name == _IN_EVERY_RETURN:
            rate = float(habits.rates[name][shard.number]) if name in habits.rates else 1.0
            book = fault(book, shard.rng(f"recording {name}"), rate)
    notes = book.notes()
    child = (shard.name + "/" + notes["child"]).where(notes["child"].ne(""), "")
    return returns.tables_of(book), notes.assign(child=child)
