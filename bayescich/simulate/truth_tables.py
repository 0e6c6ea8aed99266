"""What the simulator knows of an authority's children: their journeys, traits and other lives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.sorted_rows import dates_of
from bayescich.histories.spells import (
    ADULT,
    DIED,
    EXTRACT_ENDS,
    LEFT_CARE,
    MOVED,
    TAKEN_OVER,
)
from bayescich.records.code_sets import code_set
from bayescich.simulate.calibration import value
from bayescich.simulate.care.hazards import RECS, moving_hazards, routes_of_recs
from bayescich.simulate.care.home_effects import HomeEffects
from bayescich.simulate.draws import YEAR, Floats, Texts
from bayescich.simulate.outcomes.counterfactual import expected_outcomes
from bayescich.simulate.returns.placement_details import PLACES, placement_details
from bayescich.simulate.shapes import HOME, KINDS, NEEDS
from bayescich.simulate.shard import Shard
from bayescich.simulate.truth import CUTS, EXIT_ROUTES, reference

HORIZON = 365.0
"""Days within which a move is counted in the counterfactuals."""

_NODES = 15

_ENDED_BY = {
    "moved": MOVED, "left": LEFT_CARE, "taken over": TAKEN_OVER, "birthday": ADULT,
    "open": EXTRACT_ENDS,
}  # fmt: skip


def journeys_table(shard: Shard) -> pd.DataFrame:
    """Return every stay as it was: child, start, end, kind, home, how it ended and by which route.

    Returns
    -------
    DataFrame
        child (``LA/CHILD``), start and end (first day not there), kind, home (first URN of the
        physical home, or blank), ended_by in the words of ``histories.spells``, reason (the true
        one), planned, route (of an exit from a home, by group of the histories), in_window,
        begun_in_window, closed (the home closed: a move that no hazard made), leaving_route (of
        ``truth.EXIT_ROUTES``, of those who left care from a home), log_hazard (of moving from a
        home: what to add to the baseline of ``parameters.csv``; frailty left out) and
        earlier_placements (before the first home).
    """
    placements, settings = shard.placements, shard.settings
    who = shard.children["CHILD"].to_numpy(object)[placements["child"].to_numpy()]
    first = shard.homes.registrations.drop_duplicates("home")["urn"].to_numpy(object)
    home = placements["home"].to_numpy()
    at_home = home >= 0
    ended = np.array([_ENDED_BY[word] for word in placements["outcome"]], dtype=object)
    ended[(placements["REC"] == "E2").to_numpy()] = DIED
    log_hazard = placements["log_hazard"].to_numpy(np.float64) + reference()
    begun = placements["start"].to_numpy() >= settings.first_day
    return pd.DataFrame(
        {
            "child": (shard.name + "/") + who,
            "start": dates_of(placements["start"].to_numpy()),
            "end": dates_of(placements["end"].to_numpy()),
            "kind": np.array(KINDS, dtype=object)[placements["kind"]],
            "home": np.where(at_home, first[home], ""),
            "ended_by": ended,
            "reason": placements["reason"].to_numpy(object),
            "planned": placements["planned"].to_numpy(bool),
            "route": _routes(shard, ended),
            "in_window": placements["end"].to_numpy() >= settings.first_day,
            "begun_in_window": begun,
            "closed": placements["closed"].to_numpy(bool),
            "leaving_route": _leaving_routes(placements, ended),
            "log_hazard": np.where(at_home, log_hazard.round(6), np.nan),
            "earlier_placements": placements["first_home_before"].to_numpy(),
        }
    )


def children_table(shard: Shard) -> pd.DataFrame:
    """Return what each child brought: frailty, hidden confounder, difficulties, ability, needs."""
    own = shard.children
    traits = own[["frailty", "hidden", "difficulties", "ability"]].round(6)
    needs = pd.DataFrame(shard.needs, columns=list(NEEDS))
    child = (shard.name + "/") + own["CHILD"].to_numpy(object)
    return pd.concat([pd.DataFrame({"child": child}), traits, needs], axis="columns")


def counterfactual_table(shard: Shard) -> pd.DataFrame:
    """Return what would have been expected of a sample of children in every type of home.

    Returns
    -------
    DataFrame
        child, home_type, whether it is the type of the child's first home, ``moved_within_year``
        (probability of a move within 365 days of arriving in a new home of the type, were there
        no other end; home, owner and frailty averaged over), and the columns of
        ``counterfactual.expected_outcomes``.
    """
    placements = shard.placements
    first = placements[(placements["kind"] == HOME).to_numpy()].drop_duplicates("child")
    share = value("outcomes.counterfactual_share")
    first = first[shard.rng("counterfactuals").random(len(first)) < share].reset_index(drop=True)
    child = first["child"].to_numpy(np.int64)
    types = shard.truth.home_type.index
    own_type = shard.homes.frame["home_type"].to_numpy(object)[first["home"].to_numpy()]
    logs = _log_hazards_by_type(shard, first)
    children = shard.children.iloc[child].reset_index(drop=True)
    expected = expected_outcomes(
        children,
        shard.needs[child],
        shard.truth.outcomes,
        [str(label) for label in types],
        moves=first["earlier"].to_numpy(np.int64),
        hidden=shard.settings.hidden,
        authority=shard.number,
    )
    name = (shard.name + "/") + children["CHILD"].to_numpy(object)
    table = pd.DataFrame(
        {
            "child": np.repeat(name, len(types)),
            "home_type": np.tile(types.to_numpy(object), len(child)),
            "lived_in": np.repeat(own_type, len(types))
            == np.tile(types.to_numpy(object), len(child)),
            "moved_within_year": _moved_within(logs).ravel().round(6),
        }
    )
    return pd.concat([table, _beside(table, expected)], axis="columns")


def _beside(table: pd.DataFrame, expected: pd.DataFrame) -> pd.DataFrame:
    """Return the outcomes' columns, in the order of the rows of `table`."""
    columns = [name for name in expected if name not in ("child", "home_type", "CHILD")]
    if (
        len(expected) != len(table)
        or (expected["home_type"].to_numpy(object) != table["home_type"].to_numpy(object)).any()
    ):
        raise AssertionError("outcomes and moves are not in one order")
    return expected[columns].round(6).reset_index(drop=True)


def _log_hazards_by_type(shard: Shard, first: pd.DataFrame) -> Floats:
    """Return log hazards of moving, less baseline, home, owner and matching: children by types."""
    truth, child = shard.truth, first["child"].to_numpy(np.int64)
    effects = HomeEffects(shard.children, shard.needs, shard.homes, truth)
    home = first["home"].to_numpy(np.int64)
    here = effects.type[home]
    centred = effects.needs[child] - effects.means
    own = effects.type_effect[here] + (centred * effects.type_need[here]).sum(axis=1)
    owner = effects.owner[effects.registration(home, first["start"].to_numpy(np.int64))]
    own = own + truth.home[home] + truth.provider[owner]
    own = own + (centred * effects.meets[home]) @ truth.matching
    everywhere = first["log_hazard"].to_numpy(float) - own
    anywhere = effects.type_effect + centred @ effects.type_need.T
    met = _meets_by_type(shard, effects)
    matched = (centred * truth.matching) @ met.T
    logs: Floats = everywhere[:, None] + anywhere + matched
    return logs


def _meets_by_type(shard: Shard, effects: HomeEffects) -> Floats:
    """Return the share of each type's homes that say they meet each need."""
    typed = (shard.homes.frame["home_type"] != "").to_numpy()
    types = len(effects.type_effect)
    met = np.zeros((types, len(NEEDS)))
    np.add.at(met, effects.type[typed], effects.meets[typed])
    homes = np.bincount(effects.type[typed], minlength=types)
    shares: Floats = met / np.maximum(homes, 1)[:, None]
    return shares


def _moved_within(logs: Floats) -> Floats:
    """Return the probability of a move within the horizon; home, owner and frailty averaged."""
    inside = np.clip(HORIZON - np.array([0.0, *CUTS]), 0, np.diff([0.0, *CUTS, np.inf]))
    base = float(moving_hazards()[0][HOME] @ inside) / YEAR
    sd = value("moves.sd")
    node, weight = np.polynomial.hermite_e.hermegauss(_NODES)
    spread = np.hypot(sd["home"], sd["provider"])
    variance = value("moves.frailty_variance")
    total = base * np.exp(logs[..., None] + spread * node)
    stayed = (1 + variance * total) ** (-1 / variance)
    moved: Floats = 1 - stayed @ (weight / weight.sum())
    return moved


def _routes(shard: Shard, ended: Texts) -> Texts:
    """Return the group of the route by which each stay in a home ended; blank for other stays."""
    placements = shard.placements
    following = np.append(placement_details(shard).code[1:], 0)
    place = np.array(PLACES, dtype=object)[following]
    by_place, by_rec = _route_groups()
    at_home = (placements["kind"] == HOME).to_numpy()
    moved, left = at_home & (ended == MOVED), at_home & (ended == LEFT_CARE)
    route = np.full(len(placements), "", dtype=object)
    route[moved] = [by_place[code] for code in place[moved]]
    route[left] = [by_rec[code] for code in placements["REC"].to_numpy(object)[left]]
    return route


def _leaving_routes(placements: pd.DataFrame, ended: Texts) -> Texts:
    """Return the route of the simulator's own hazards by which each child left care from a home."""
    code = pd.Index(RECS).get_indexer(pd.Index(placements["REC"]))
    route = np.array(EXIT_ROUTES, dtype=object)[routes_of_recs()[code]]
    left = np.isin(ended, (LEFT_CARE, TAKEN_OVER, DIED)) & (placements["kind"] == HOME).to_numpy()
    return np.where(left, route, "")


def _route_groups() -> tuple[dict[str, str], dict[str, str]]:
    groups = code_set("exit_routes").set_index("route")["route_group"]
    places = code_set("exit_routes_place")
    recs = code_set("exit_routes_rec").fillna("")
    named = recs[recs["route"].ne("") & recs["legal_status_group"].eq("")]
    classes = code_set("ssda903_place").set_index("code")["group"]
    by_class = places.set_index(places.columns[0])["route"].map(groups)
    by_place = {code: str(by_class.get(classes[code], "")) for code in PLACES}
    return by_place, dict(zip(named["code"], named["route"].map(groups), strict=True))
