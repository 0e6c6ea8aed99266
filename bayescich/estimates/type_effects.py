"""The effect of each home type on the average child, whatever the type's effect is made of.

In the model a type's effect may have three parts: ``θ_h``; what each need does there beyond all
types, ``γ_nh``; and a course over time of its own, ``δ_hb``. A table needs one number a type:

    θ_h + Σ_n m_n γ_nh + Σ_b s_b (δ_hb - δ̄_b),

with ``m_n`` the share of spells of children with need n and ``s_b`` the share of events in band b.
All three sum to zero over the types, and so does their sum. Without needs within types, and with
one baseline, it is ``θ_h`` itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bayescich.design.core import Design, Grouping, IntArray, Membership
from bayescich.estimates.counting import spells_of_rows
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.effects.baseline import log_steps
from bayescich.model.effects.group import GroupEffect
from bayescich.model.effects.needs import TypeNeedEffect
from bayescich.model.hazard.arrays import route_events
from bayescich.model.likelihoods.times import HazardTimes
from bayescich.sampling.fit import Fit
from bayescich.spec.model import HazardTimesSpec, HomeTypeEffectSpec

DEPARTURE = "baseline_departure"


def home_type_of(fit: Fit) -> GroupEffect:
    """Return the home-type effect of a model that has one."""
    effect = fit.structure.home_type
    assert effect is not None, "only asked of models with home types"
    return effect


def type_word(fit: Fit) -> str:
    """Return what the types are called: home type, or the column that stands for it."""
    effect = fit.structure.home_type
    return effect.column.replace("_", " ") if effect is not None else "home type"


def type_need_of(fit: Fit) -> TypeNeedEffect | None:
    """Return the effect of needs within home types, when it is over the types of the report."""
    effect = fit.structure.home_type
    return next(
        (
            e
            for e in fit.structure.effects
            if isinstance(e, TypeNeedEffect) and effect is not None and e.column == effect.column
        ),
        None,
    )


def baseline_by_type(fit: Fit) -> bool:
    """Return whether each home type has a baseline of its own."""
    item, effect = fit.spec.likelihood, fit.structure.home_type
    by = item.baseline_by if isinstance(item, HazardTimesSpec) else None
    return effect is not None and by == effect.column


def is_compound(fit: Fit) -> bool:
    """Return whether a type's effect is more than one number in every draw."""
    return type_need_of(fit) is not None or baseline_by_type(fit)


def type_effects(fit: Fit, draws: Draws) -> FloatArray:
    """Return the effect of each type on the average child, (samples, types) or (…, routes)."""
    effects = draws[home_type_of(fit).variable]
    crossed = type_need_of(fit)
    if crossed is not None:
        shares = need_shares(fit.design, fit.design.factors[home_type_of(fit).column])
        effects = effects + np.tensordot(draws[crossed.variable], shares, axes=([1], [0]))
    if baseline_by_type(fit):
        effects = effects + _course(fit, draws)
    return np.asarray(effects)


def type_effect_sd(fit: Fit, draws: Draws) -> FloatArray:
    """Return the SD a type's effect has given the data of none, (samples,) or (…, routes)."""
    variance = home_type_of(fit).level_sd(draws) ** 2
    free = 1.0 - 1.0 / len(home_levels(fit))
    if type_need_of(fit) is not None:
        shares = need_shares(fit.design, fit.design.factors[home_type_of(fit).column])
        variance = variance + free * draws["type_need_sd"] ** 2 * np.sum(shares**2)
    if baseline_by_type(fit):
        likelihood = fit.structure.likelihood
        assert isinstance(likelihood, HazardTimes)
        later = np.cumsum(event_shares(fit)[::-1], axis=0)[::-1][1:]
        spread = np.tensordot(log_steps(likelihood.cuts), later**2, axes=1)
        sd = draws["baseline_departure_sd"]
        variance = variance + free * (sd[:, None] if fit.design.routes else sd) ** 2 * spread
    return np.sqrt(variance)


def home_levels(fit: Fit) -> tuple[str, ...]:
    """Return the home types in the order of the effect."""
    return fit.design.factors[home_type_of(fit).column].levels


def ranked_levels(fit: Fit) -> npt.NDArray[np.bool_]:
    """Say which home types are kinds to choose between: not homes of unknown type."""
    unknown = {e.unknown for e in fit.spec.effects if isinstance(e, HomeTypeEffectSpec)}
    return np.array([level not in unknown for level in home_levels(fit)])


def crossed_needs(design: Design, types: int) -> tuple[str, ...]:
    """Return the needs that are crossed with home types."""
    names = design.labels["type_need"].names
    return tuple(name.rpartition("|")[0] for name in names[::types])


def need_shares(design: Design, types: Grouping) -> FloatArray:
    """Return the share of spells with each crossed need, shape (needs,).

    Where children lived in several homes, of the time they lived in homes.
    """
    labels = design.labels["type_need"]
    spells = spells_of_rows(design)
    row = np.repeat(np.arange(design.rows), np.diff(labels.start))
    needs = len(labels.names) // types.size
    found = np.bincount(labels.labels // types.size, spells[row] * labels.weights, needs)
    total = types.labels.weights.sum() if isinstance(types, Membership) else spells.sum()
    return np.asarray(found / total)


def event_shares(fit: Fit) -> FloatArray:
    """Return the share of events in each band, (bands,) or (bands, routes)."""
    band, bands = fit.design.outcome["event_band"], len(fit.design.coords["band"])
    columns = route_events(fit.design).T
    counts = [np.bincount(band, column, bands) + 1e-9 for column in columns]
    shares = np.stack([count / count.sum() for count in counts], axis=1)
    return shares if fit.design.routes else shares[:, 0]


def stratum_of_type(fit: Fit) -> IntArray:
    """Return the position of each home type's baseline among the baselines, shape (types,)."""
    strata = fit.design.coords["baseline"]
    return np.array([strata.index(level) for level in home_levels(fit)], dtype=np.int64)


def centred_departures(fit: Fit, draws: Draws) -> FloatArray:
    """Return how each type's baseline departs from the mean of all, (samples, types, bands, …)."""
    departure = draws[DEPARTURE][:, stratum_of_type(fit)]
    return np.asarray(departure - departure.mean(axis=1, keepdims=True))


def _course(fit: Fit, draws: Draws) -> FloatArray:
    shares = event_shares(fit)
    return np.asarray((centred_departures(fit, draws) * shares).sum(axis=2))
