"""New homes are filled for as long as the observed ones, whatever their own effects are."""

import numpy as np
import pytest

from bayescich.checks.places import Places
from bayescich.checks.predictive import between_homes, home_statistics
from bayescich.checks.replicates import (
    Outcome,
    gathered,
    observed,
    replicated,
    replicated_spells,
)
from bayescich.checks.spells import Spells
from bayescich.checks.walk import Replicates
from tests.tiny_routes import spells_fit

SD, YEARS, HOMES = 0.7, 40.0, 3000


def rng():
    return np.random.default_rng(8)


def by_home(fit, outcome):
    homes = fit.design.factors["home"]
    return {"events": homes.sums(outcome.counts), "years": homes.sums(outcome.sizes)}


@pytest.mark.parametrize("split", [False, True])
def test_new_homes_are_filled_for_as_long_as_the_observed_ones(split):
    fit = spells_fit(600, split=split)
    seen = by_home(fit, observed(fit))
    made = replicated(fit, lambda o: by_home(fit, o), rng(), new_homes=True)
    assert made["years"] == pytest.approx(np.tile(seen["years"], (200, 1)))
    # as many events as the hazards make, not as there were spells
    assert made["events"].max() > fit.design.factors["home"].counts().max() / (4 if split else 1)
    assert made["events"].sum(axis=1).mean() == pytest.approx(seen["events"].sum(), rel=0.2)


def test_spells_under_way_at_first_sight_fill_nothing():
    fit = spells_fit(600)
    fit.design.outcome["entry"][:200] = 5.0
    seen = by_home(fit, observed(fit))
    made = replicated(fit, lambda o: by_home(fit, o), rng(), new_homes=True)
    assert made["years"] == pytest.approx(np.tile(seen["years"], (200, 1)))


def drawn(places, home, rate):
    """Draw stays that are never censored, each with the hazard of its home."""
    random = rng()

    def replay(which):
        days = random.exponential(365.25 / rate[:, home[which]])
        ones = np.ones(days.shape)
        whole = np.zeros(days.shape, dtype=int)
        return Replicates(None, ones, days, whole, whole)

    return places.filled(replay, random)


def test_new_homes_differ_as_much_as_their_effects_make_them():
    # each home once had as many stays as its own effect made: homes with many have high hazards
    random = rng()
    old, new = np.exp(SD * random.standard_normal((2, HOMES)))
    stays = np.maximum(random.poisson(YEARS * old), 1)
    home = np.repeat(np.arange(HOMES), stays)
    places = Places(np.arange(len(home)), home, np.full(HOMES, YEARS))
    events, years = (np.bincount(home, x[0], HOMES) for x in drawn(places, home, new[None]))
    assert years == pytest.approx(np.full(HOMES, YEARS))
    rates = events / YEARS
    assert rates.mean() == pytest.approx(np.exp(SD**2 / 2), rel=0.04)
    spread = np.sqrt(rates.var() - rates.mean() / YEARS) / rates.mean()
    assert spread == pytest.approx(np.sqrt(np.exp(SD**2) - 1), rel=0.1)
    assert abs(np.corrcoef(events, stays)[0, 1]) < 0.05


def test_one_spell_is_taken_again_and_cut_where_the_time_ends():
    spells = Spells(np.arange(2), np.zeros(1, int), np.zeros(1, int), np.zeros(1),
                    np.array([1000.0]), np.array([0]))  # fmt: skip
    places = Places(np.array([0]), np.array([0]), np.array([1000 / 365.25]))
    one = np.ones((2, 1))
    days = np.array([[300.0], [1000.0]])
    again = Replicates(spells, one, days, np.zeros((2, 1), int), np.zeros((2, 1), int))
    events, years = places.filled(lambda _: again, rng())
    # 300 days three times and 100 more; 1,000 days to the very end
    assert events.tolist() == [[3.0], [1.0]]
    assert years * 365.25 == pytest.approx(1000.0)


def test_homes_that_differ_pass_where_the_numbers_of_their_stays_would_not_let_them():
    fit = spells_fit(places=8.0)
    homes = fit.design.factors["home"]

    def spread(outcome):
        return {"spread": home_statistics(fit, homes, outcome)["spread"]}

    def of_stays(drawn):
        events = drawn.events_by_piece()
        return spread(Outcome(events, events, drawn.years_by_piece()))

    seen = spread(observed(fit))["spread"]
    filled = replicated(fit, spread, rng(), new_homes=True)["spread"]
    again = replicated_spells(fit, fit.structure.likelihood, rng(), new_homes=True)
    same_numbers = gathered(of_stays(drawn) for _, drawn in again)["spread"]
    assert between_homes(fit, rng()).status == "passed"
    assert same_numbers.mean() < 0.9 * filled.mean()
    assert (same_numbers > seen).mean() < (filled > seen).mean() - 0.3
