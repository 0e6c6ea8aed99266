"""Placements cut into SSDA903 episodes: one row for every legal status and placement."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.records.ssda903_schema import EPISODE_COLUMNS
from bayescich.simulate import calibration as published
from bayescich.simulate.draws import Flags, Ints, Texts, day, labels_by_group, postcodes
from bayescich.simulate.journeys import HOME

LONG_ENOUGH = 60
"""Days a stay lasts before it may be broken or change address."""

_PLACE = {"foster": "U6", "kin": "U3", "parents": "P1", "supported": "H5", "residential": "R2"}
_PROVIDER = {"kin": "PR1", "parents": "PR0", "supported": "PR4", "residential": "PR3"}
_HOME_PROVIDER = {"Private": "PR4", "Voluntary": "PR5"}
_AGENCY_SHARE = 0.4


def placement_details(
    rng: np.random.Generator, placements: pd.DataFrame, children: pd.DataFrame, homes: pd.DataFrame
) -> pd.DataFrame:
    """Add what the return says of each placement: PLACE, PLACE_PROVIDER, URN, PL_POST, reason."""
    number = len(placements)
    kind = np.array(published.KINDS, dtype=object)[placements["kind"]]
    home = homes.iloc[placements["home"].to_numpy()].reset_index(drop=True)
    child = children.iloc[placements["child"].to_numpy()].reset_index(drop=True)
    at_home = (placements["kind"] == HOME).to_numpy()
    agency = (kind == "foster") & (rng.random(number) < _AGENCY_SHARE)
    council = np.where(home["authority"] == child["LA"], "PR1", "PR2")
    other_sector = home["sector"].map(_HOME_PROVIDER)
    home_provider = np.where(other_sector.notna(), other_sector, council)
    provider = pd.Series(kind).map(_PROVIDER)
    other_provider = np.where(provider.notna(), provider, np.where(agency, "PR4", "PR1"))
    secure = (home["provision_type"] == "Secure children's home").to_numpy()
    place = pd.Series(kind).map(_PLACE)
    reasons = list(published.CHANGE_REASONS.value.values())
    reason = labels_by_group(rng, reasons, np.where(at_home, 0, 1))
    return placements.assign(
        PLACE=np.where(at_home, np.where(secure, "K1", "K2"), place),
        PLACE_PROVIDER=np.where(at_home, home_provider, other_provider),
        URN=np.where(at_home, home["urn"], _agencies(rng, kind, agency, child["authority"])),
        PL_POST=np.where(at_home, home["postcode"], postcodes(rng, number)),
        reason=np.where(placements["outcome"] == "moved", reason, ""),
    )


def episodes(
    rng: np.random.Generator, placements: pd.DataFrame, children: pd.DataFrame
) -> pd.DataFrame:
    """Cut placements at legal changes, temporary placements and changes of address.

    Parameters
    ----------
    placements : DataFrame
        From `placement_details`, ordered by child and start.
    children : DataFrame
        From ``children.draw_children``.

    Returns
    -------
    DataFrame
        ``LA`` and the columns of the Episodes table, dates as dates, blank as ``""``; one row
        per episode over the child's whole history, open ones with blank DEC and REC.
    """
    cuts = pd.concat(
        [
            _starts(placements, children),
            _legal_changes(rng, placements, children),
            *_interruptions(rng, placements),
        ],
        ignore_index=True,
    )
    # what happens on one day makes one new episode
    rows = cuts.groupby(["child", "date"], as_index=False).last()
    carried = ["placement", "LS", "temporary", "address"]
    rows[carried] = rows.groupby("child")[carried].ffill()
    rows["placement"] = rows["placement"].astype(np.int64)
    return _as_returned(rows, placements, children)


def short_breaks(rng: np.random.Generator, children: pd.DataFrame) -> pd.DataFrame:
    """Draw series of short breaks (V3): each break its own start and its own end."""
    breaks = rng.integers(3, 9, len(children))
    child = np.repeat(np.arange(len(children)), breaks)
    order = np.arange(len(child)) - np.repeat(np.cumsum(breaks) - breaks, breaks)
    who = children.iloc[child].reset_index(drop=True)
    start = who["entry"].to_numpy(np.int64) + 30 * order
    end = start + rng.integers(1, 5, len(child))
    within = end < np.minimum(who["adult"], day(published.LAST_DAY))
    in_home = rng.random(len(child)) < 0.5
    frame = pd.DataFrame(
        {
            "LA": who["LA"], "CHILD": who["CHILD"], "DECOM": _dates(start), "RNE": "S",
            "LS": "V3", "CIN": who["CIN"], "PLACE": np.where(in_home, "K2", "U6"),
            "PLACE_PROVIDER": "PR1", "DEC": _dates(end), "REC": "E4A",
            "REASON_PLACE_CHANGE": "", "HOME_POST": "", "PL_POST": "", "URN": "",
        }
    )  # fmt: skip
    kept: pd.DataFrame = frame[within]
    return kept


def _starts(placements: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    opening = _opening(placements)
    status = children["LS"].to_numpy(dtype=object)[placements["child"]]
    return pd.DataFrame(
        {
            "child": placements["child"],
            "date": placements["start"],
            "placement": np.arange(len(placements), dtype=np.float64),
            "LS": pd.Series(status, dtype=object).where(opening, None),
            "temporary": "",
            "address": "",
        }
    )


def _legal_changes(
    rng: np.random.Generator, placements: pd.DataFrame, children: pd.DataFrame
) -> pd.DataFrame:
    """Let emergency orders lapse, and interim orders become full ones, within a period of care."""
    periods = placements.groupby(["child", "period"], as_index=False).agg(
        start=("start", "min"), end=("end", "max")
    )
    status = children["LS"].to_numpy(dtype=object)[periods["child"]]
    draw = rng.random(len(periods))
    emergency = np.isin(status, ("L1", "L2"))
    voluntary = (status == "V2") & (draw < 0.25)
    wait = np.select(
        [status == "L1", status == "L2", voluntary], [2, 8, rng.integers(30, 200, len(periods))], 0
    )
    interim = periods["start"] + wait
    full = interim + rng.integers(120, 300, len(periods))
    steps = [(interim, "C1", emergency | voluntary)]
    steps.append((full, "C2", emergency | voluntary | (status == "C1")))
    parts = [
        pd.DataFrame({"child": periods["child"], "date": date, "LS": order})[
            applies & (date < periods["end"])
        ]
        for date, order, applies in steps
    ]
    changes: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return changes


def _interruptions(rng: np.random.Generator, placements: pd.DataFrame) -> list[pd.DataFrame]:
    """Break some longer stays by a temporary placement and return, or by a change of address."""
    lasts = (placements["end"] - placements["start"]).to_numpy()
    long_enough = lasts >= LONG_ENOUGH
    away = long_enough & (rng.random(len(lasts)) < published.TEMPORARY.value)
    hospital = rng.random(len(lasts)) < 0.4
    leaves = (placements["start"] + (0.2 + 0.2 * rng.random(len(lasts))) * lasts).astype(np.int64)
    returns = leaves + np.where(hospital, rng.integers(2, 15, len(lasts)), 5)
    stays = placements["PLACE"].isin(["K2", "U6", "U3"]).to_numpy()
    moves_house = long_enough & stays & (rng.random(len(lasts)) < published.SAME_CARER_CHANGE.value)
    moved = (placements["start"] + 0.8 * lasts).astype(np.int64)
    child = placements["child"]
    goes = {"child": child, "date": leaves, "temporary": np.where(hospital, "T1", "T4")}
    comes = {"child": child, "date": returns, "temporary": ""}
    changes = {"child": child, "date": moved, "address": postcodes(rng, len(lasts))}
    return [
        pd.DataFrame(goes)[away],
        pd.DataFrame(comes)[away],
        pd.DataFrame(changes)[moves_house],
    ]


def _as_returned(
    rows: pd.DataFrame, placements: pd.DataFrame, children: pd.DataFrame
) -> pd.DataFrame:
    """Write the cut rows as the return has them."""
    own = placements.iloc[rows["placement"].to_numpy()].reset_index(drop=True)
    who = children.iloc[rows["child"].to_numpy()].reset_index(drop=True)
    away = rows["temporary"].ne("")
    period = own["child"].astype(str) + "/" + own["period"].astype(str)
    continues = period.eq(period.shift(-1))
    new_reason = _reason_for_new_episode(rows, period)
    period_end = own.groupby(period)["end"].transform("max")
    still_open = ~continues & own["outcome"].eq("open")
    end = rows["date"].shift(-1).where(continues, period_end)
    ends = _dates(end.to_numpy(np.int64)).where(~still_open)
    return pd.DataFrame(
        {
            "LA": who["LA"],
            "CHILD": who["CHILD"],
            "DECOM": _dates(rows["date"].to_numpy(np.int64)),
            "RNE": new_reason,
            "LS": rows["LS"],
            "CIN": who["CIN"],
            "PLACE": rows["temporary"].where(away, own["PLACE"]),
            "PLACE_PROVIDER": own["PLACE_PROVIDER"].where(~away, ""),
            "DEC": ends,
            "REC": own["REC"].where(~continues, "X1"),
            "REASON_PLACE_CHANGE": _change_reason(own["reason"], new_reason, away, continues),
            "HOME_POST": who["HOME_POST"],
            "PL_POST": own["PL_POST"]
            .where(rows["address"].eq(""), rows["address"])
            .where(~away, ""),
            "URN": own["URN"].where(~away, ""),
        }
    )[["LA", *EPISODE_COLUMNS]]


def _reason_for_new_episode(rows: pd.DataFrame, period: pd.Series) -> Texts:
    before = rows.shift()
    legal = rows["LS"].ne(before["LS"])
    carer = rows["placement"].ne(before["placement"]) | rows["temporary"].ne(before["temporary"])
    # S starts the period; then the code says which of legal status, place and carer changed
    return np.select(
        [
            period.ne(period.shift()),
            carer & legal,
            carer,
            ~legal,
            rows["address"].eq(before["address"]),
        ],
        ["S", "B", "P", "T", "L"],
        "U",
    )


def _change_reason(
    reason: pd.Series, new_reason: Texts, away: pd.Series, continues: pd.Series
) -> Texts:
    """Give the reason on the episode that ends; none around a temporary placement."""
    following = pd.Series(new_reason).shift(-1)
    known = continues & ~away & ~away.shift(-1, fill_value=False)
    return np.select(
        [known & following.isin(["T", "U"]), known & following.isin(["P", "B"])],
        ["PLACE", reason],
        "",
    )


def _opening(placements: pd.DataFrame) -> pd.Series:
    """Say which placements begin a period of care."""
    return ~placements.duplicated(["child", "period"])


def _agencies(rng: np.random.Generator, kind: Texts, agency: Flags, authority: pd.Series) -> Texts:
    """Return the URN of the fostering service or the supported provider, blank for other kinds."""
    council = 4_000_000 + authority.to_numpy(np.int64)
    independent = 4_100_000 + rng.integers(0, 30, len(kind))
    supported = 4_200_000 + rng.integers(0, 60, len(kind))
    number = np.select([agency, kind == "supported"], [independent, supported], council)
    inspected = np.isin(kind, ("foster", "kin", "supported"))
    return np.where(inspected, number.astype(str).astype(object), "")


def _dates(days: Ints) -> pd.Series:
    return pd.Series(days.astype("datetime64[D]").astype("datetime64[ns]"))
