"""The truth is in the data: raw rates by home type are biased as confounding would have it, and a
model that knows the confounders is not."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from bayescich.simulate import England, Settings, simulate_england, write_england
from bayescich.simulate.calibration import value
from bayescich.simulate.care.hazards import routes_of_recs
from bayescich.simulate.care.home_effects import HomeEffects
from bayescich.simulate.care.journeys import MOVED, Journeys
from bayescich.simulate.checking.lost import read_journeys
from bayescich.simulate.shapes import HOME
from bayescich.simulate.truth import CUTS, EXIT_ROUTES

Floats = NDArray[np.float64]
FREQUENT = 400
"""Moves that a type must have seen to be compared."""


@dataclass(frozen=True)
class Stays:
    """Stays in homes: one entry each, and the types of those with moves enough."""

    england: England
    person: NDArray[np.int64]
    type: NDArray[np.object_]
    moved: Floats
    expected: Floats
    """Moves expected of the reference child, by days at risk in each band."""
    known: Floats
    """Log hazard of everything but type, frailty and baseline: what the oracle knows."""
    of_child: Floats
    """The part of it that the child brings."""

    @property
    def types(self) -> list[str]:
        moves = pd.Series(self.moved).groupby(self.type).sum()
        return sorted(moves.index[moves >= FREQUENT])

    def truth(self) -> Floats:
        return self.england.truth.home_type.reindex(self.types).to_numpy(float)


def stays_of(england: England) -> Stays:
    own = england.placements[england.placements["kind"] == HOME]
    person = own["person"].to_numpy(np.int64)
    days = (own["end"] - own["start"]).to_numpy(float)
    bands = np.diff([0.0, *CUTS, np.inf])
    inside = np.clip(days[:, None] - np.array([0.0, *CUTS]), 0, bands)
    kind = england.homes.frame["home_type"].to_numpy(object)[own["home"]]
    own_type = england.truth.home_type.reindex(kind).to_numpy(float)
    effects = HomeEffects(england.people.frame, england.people.needs, england.homes, england.truth)
    # a home that closes ends a stay whatever its hazard: that is censored
    moved = (own["outcome"].eq(MOVED) & ~own["closed"]).to_numpy(float)
    return Stays(
        england,
        person,
        kind,
        moved,
        inside @ np.array(value("moves.home_rates")) / 365.25,
        own["log_hazard"].to_numpy(float) - own_type,
        effects.of_child[person],
    )


def centred(effects: Floats, stays: Stays) -> Floats:
    """Centre effects by type, weighted by moves: types are compared with each other."""
    moves = pd.Series(stays.moved).groupby(stays.type).sum().reindex(stays.types)
    return effects - np.average(effects, weights=moves.to_numpy())


def raw(stays: Stays) -> Floats:
    """Log of moves over moves expected by duration alone, by type."""
    frame = pd.DataFrame({"moved": stays.moved, "expected": stays.expected})
    sums = frame.groupby(stays.type).sum().reindex(stays.types)
    return centred(np.log(sums["moved"] / sums["expected"]).to_numpy(), stays)


def oracle(stays: Stays) -> tuple[Floats, Floats]:
    """Maximum likelihood of types, the child's gamma frailty integrated out; with its errors."""
    position = pd.Index(stays.types).get_indexer(stays.type)
    used = position >= 0
    position, moved = position[used], stays.moved[used]
    child = pd.factorize(stays.person[used])[0]
    moves = np.bincount(child, weights=moved)
    at_risk = stays.expected[used] * np.exp(stays.known[used])

    def minus_log_likelihood(parameters: Floats) -> float:
        types, shape = parameters[:-1], np.exp(-parameters[-1])
        spent = np.bincount(child, weights=at_risk * np.exp(types[position]))
        after = shape + moves
        terms = gammaln(after) - gammaln(shape) + shape * np.log(shape)
        return -float(moved @ types[position] + (terms - after * np.log(shape + spent)).sum())

    start = np.zeros(len(stays.types) + 1)
    found = minimize(minus_log_likelihood, start, method="BFGS", options={"gtol": 0.05})
    errors = np.sqrt(np.diag(found.hess_inv))
    assert np.exp(found.x[-1]) == pytest.approx(value("moves.frailty_variance"), rel=0.35)
    return centred(found.x[:-1], stays), errors[:-1]


@pytest.fixture(scope="module")
def confounded() -> Stays:
    return stays_of(simulate_england(Settings(children=60_000, seed=5, dirt="none")))


@pytest.fixture(scope="module")
def hidden() -> Stays:
    settings = Settings(children=60_000, seed=5, dirt="none", hidden=1.5)
    return stays_of(simulate_england(settings))


def mean_by_type(what: Floats, stays: Stays) -> Floats:
    means = pd.Series(what).groupby(stays.type).mean().reindex(stays.types)
    return centred(means.to_numpy(float), stays)


def bias_by_child(stays: Stays, bias: Floats) -> float:
    """How far bias follows what children bring: the slope over types."""
    brought = mean_by_type(stays.of_child, stays)
    return float(np.polyfit(brought, bias, 1)[0])


def test_raw_rates_are_biased_towards_types_that_take_the_harder_children(
    confounded: Stays,
) -> None:
    bias = raw(confounded) - centred(confounded.truth(), confounded)
    brought = mean_by_type(confounded.of_child, confounded)
    assert np.ptp(brought) > 0.25, "types differ in the children they take"
    assert np.corrcoef(brought, bias)[0, 1] > 0.6
    assert bias_by_child(confounded, bias) > 0.5
    most, least = brought.argmax(), brought.argmin()
    assert bias[most] > 0.1
    assert bias[least] < -0.1


def test_small_private_homes_look_worse_than_they_are(confounded: Stays) -> None:
    bias = dict(zip(confounded.types, raw(confounded) - centred(confounded.truth(), confounded),
                    strict=True))  # fmt: skip
    assert bias["Private, dual"] > bias["Residential special school"] + 0.25


def test_the_oracle_is_not_biased(confounded: Stays) -> None:
    found, error = oracle(confounded)
    miss = found - centred(confounded.truth(), confounded)
    assert np.abs(miss / error).max() < 3.5
    assert np.mean((miss / error) ** 2) < 2.5
    assert abs(bias_by_child(confounded, miss)) < 0.25
    raw_miss = raw(confounded) - centred(confounded.truth(), confounded)
    assert np.sqrt(np.mean(miss**2)) < 0.5 * np.sqrt(np.mean(raw_miss**2))


def test_a_hidden_confounder_biases_whoever_does_not_know_it(hidden: Stays) -> None:
    own = hidden.england
    unseen = own.truth.hidden * own.people.frame["hidden"].to_numpy()[hidden.person]
    blind = Stays(
        own, hidden.person, hidden.type, hidden.moved, hidden.expected, hidden.known - unseen,
        hidden.of_child,
    )  # fmt: skip
    truth = centred(hidden.truth(), hidden)
    sent = mean_by_type(unseen, hidden)
    position = pd.Index(hidden.types)
    by_rate = pd.DataFrame(
        {"moved": hidden.moved, "at_risk": hidden.expected * np.exp(blind.known)}
    )
    sums = by_rate.groupby(hidden.type).sum().reindex(position)
    found = centred(np.log(sums["moved"] / sums["at_risk"]).to_numpy(), hidden)
    assert np.ptp(sent) > 0.2, "it sends children to some types rather than others"
    assert np.corrcoef(sent, found - truth)[0, 1] > 0.6


def test_the_files_alone_say_how_many_moves_to_expect(tmp_path: Path) -> None:
    settings = Settings(children=20_000, first_year=2016, seed=8, dirt="none")
    write_england(simulate_england(settings), tmp_path / "england")
    truth = tmp_path / "england" / "truth"
    stays = read_journeys(truth / "journeys.csv")
    stays = stays[stays["kind"].eq("home") & stays["begun_in_window"].eq(1)]
    parameters = pd.read_csv(truth / "parameters.csv", keep_default_na=False)
    baseline = parameters.query("model == 'stability' and variable == 'baseline'")["value"]
    frailty = pd.read_csv(truth / "children.csv").set_index("child")["frailty"]
    days = (stays["end"] - stays["start"]).dt.days.to_numpy(float)
    inside = np.clip(days[:, None] - np.array([0.0, *CUTS]), 0, np.diff([0.0, *CUTS, np.inf]))
    risk = inside @ np.exp(baseline.to_numpy(float)) / 365.25
    expected = risk * np.exp(stays["log_hazard"].astype(float)) * stays["child"].map(frailty)
    moved = (stays["ended_by"].eq("moved") & stays["closed"].eq(0)).sum()
    assert moved > 500
    assert moved == pytest.approx(expected.sum(), abs=4 * np.sqrt(moved))
    # moves that no hazard made: homes that closed
    assert 0 < (stays["closed"].eq(1)).sum() < 0.1 * moved


def test_a_home_changes_the_hazard_of_each_route_by_its_own_effect() -> None:
    england = simulate_england(Settings(children=2_000, seed=3, dirt="none"))
    journeys = Journeys(
        np.random.default_rng(1), england.settings, england.people, england.homes,
        england.authorities, england.truth,
    )  # fmt: skip
    who = np.arange(60)
    age = np.linspace(8, 17.5, 60)
    homes = np.flatnonzero(england.homes.frame["home_type"] != "")[np.arange(60) % 20]
    kind = np.full(60, HOME)
    with_effects = journeys._leaving(who, kind, homes, age)
    effects = journeys.effects.exits.copy()
    journeys.effects.exits = np.zeros_like(effects)
    without = journeys._leaving(who, kind, homes, age)
    for route in range(len(EXIT_ROUTES)):
        own = routes_of_recs() == route
        some = without[:, own].sum(axis=1) > 0
        ratio = with_effects[:, own].sum(axis=1)[some] / without[:, own].sum(axis=1)[some]
        assert np.log(ratio) == pytest.approx(effects[homes[some], route])
