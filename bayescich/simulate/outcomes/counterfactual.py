"""What a child's outcomes would be expected to be in a new, average home of each type.

For outcome ``q``, child ``i`` and type ``h`` this is

    ``E[ g(a_q + x_i'b_q + theta_hq + r_lq + y_q + e) ],  e ~ N(0, sigma_v^2 + sigma_w^2 + k_q^2)``

with the inverse link ``g``: the whole window is lived in the type, in a home and with an owner
drawn anew, and what no record shows of the child is averaged over as well, since it leads nobody's
choice of home. The confounder behind ``--hidden`` is the child's own. The expectation is taken
over the sum of the variances by Gauss-Hermite quadrature (15 nodes), as in g-computation.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy.special import betaln

from bayescich.histories.cohorts import year_11
from bayescich.histories.dates import collection_year_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.outcomes.effects import OUTCOMES, POSITION, OutcomeEffects
from bayescich.simulate.outcomes.lives import expit, years_effect
from bayescich.simulate.outcomes.npd_results import POINTS
from bayescich.simulate.outcomes.oc2 import ITEMS
from bayescich.simulate.outcomes.traits import slopes, traits

NODES = 15
"""Points of the quadrature."""


def expected_outcomes(
    children: pd.DataFrame,
    needs: Flags,
    effects: OutcomeEffects,
    home_types: Sequence[str],
    moves: Ints | None = None,
    hidden: float = 0.0,
    authority: int | None = None,
) -> pd.DataFrame:
    """Return what would be expected of each child after a whole window in each type of home.

    Parameters
    ----------
    children : DataFrame
        With ability, difficulties, SEX, uasc, hidden, DOB and born, as in ``Shard.children``.
    needs : array of bool, shape (children, needs)
    effects : OutcomeEffects
    home_types : sequence of str
        Labels of types, of `effects`.
    moves : array of int, optional
        Placements before the window; none if not given.
    hidden : float
        Strength of the hidden confounder (``Settings.hidden``).
    authority : int, optional
        Position of the placing authority; an average one if not given.

    Returns
    -------
    DataFrame
        One row per child and home type, children together: child (row of `children`), home_type,
        and the expected attainment (points of Attainment 8), english_maths (probability of grade
        4 or above in both), sdq (points at 16, as scored by an average home), absence (share of
        the sessions of Year 11), offending (probability of a conviction in the year at whose end
        the child is 16), missing (times a year at 15), in_touch, activity, accommodation (at 18;
        activity and accommodation whether or not the authority knows of them), level3 and level2
        (probability of each level by 19).

    Raises
    ------
    ValueError
        If a label is no type of `effects`.

    Notes
    -----
    The few points that are added in the data where a pupil passes English and mathematics with
    fewer than the two grades are worth are left out.
    """
    base = _base(children, needs, moves, hidden)
    if authority is not None:
        base = base + effects.authority[authority]
    of_type = np.array([effects.type_effect(label) for label in home_types])
    eta = base[:, None, :] + of_type.reshape(len(home_types), len(OUTCOMES))
    spread = np.sqrt(effects.variance_of_new_home() + _loadings() ** 2)
    node, weight = np.polynomial.hermite_e.hermegauss(NODES)
    weight = weight / weight.sum()
    shape = (len(children), len(home_types))
    table: dict[str, object] = {
        "child": np.repeat(np.arange(shape[0]), shape[1]),
        "home_type": np.tile(np.array(home_types, dtype=object), shape[0]),
    }
    years = _years(children)
    for name in OUTCOMES:
        inverse = _INVERSE[name]
        at = eta[:, :, POSITION[name], None] + spread[POSITION[name]] * node
        table[name] = (inverse(at, years[name][:, None, None]) @ weight).ravel()
    return pd.DataFrame(table)


def _base(children: pd.DataFrame, needs: Flags, moves: Ints | None, hidden: float) -> Floats:
    intercept = np.array([value("outcomes.intercept")[name] for name in OUTCOMES])
    base: Floats = traits(children, needs, moves, hidden) @ slopes() + intercept
    return base


def _loadings() -> Floats:
    return np.array([value("outcomes.child_loading")[name] for name in OUTCOMES])


def _years(children: pd.DataFrame) -> dict[str, Floats]:
    """Return what year and age add to each outcome of each child."""
    year11 = year_11(children["DOB"]).to_numpy(np.int64)
    at_16 = collection_year_of(children["born"].to_numpy(np.int64)) + 16
    ages = value("outcomes.sdq_age")
    boy = children["SEX"].to_numpy(dtype=object) == "M"
    year = dict.fromkeys(OUTCOMES, at_16) | dict.fromkeys(
        ("attainment", "english_maths", "absence"), year11
    )
    year |= dict.fromkeys(("in_touch", "activity", "accommodation"), at_16 + 2)
    year |= dict.fromkeys(("level3", "level2"), year11 + 2) | {"missing": at_16 - 1}
    of_age = {
        "sdq": np.where(boy, ages["boys"][16], ages["girls"][16]),
        "absence": value("outcomes.absence_age")[16],
        "offending": value("outcomes.offending_age")[16],
        "missing": value("outcomes.missing_age")[15],
        "in_touch": value("outcomes.in_touch_age")[18],
        "activity": value("outcomes.activity_age")[18],
        "accommodation": value("outcomes.suitable_age")[18],
    }
    return {name: years_effect(name, year[name]) + of_age.get(name, 0.0) for name in OUTCOMES}


def _attainment(eta: Floats, year: Floats) -> Floats:
    """Return expected points: some at all, times the mean of a beta-binomial that is not zero."""
    figures, spread = value("outcomes.any_points"), value("outcomes.dispersion")["attainment"]
    departure = eta - value("outcomes.intercept")["attainment"]
    some = expit(figures["intercept"] + figures["ratio"] * departure)
    mean = expit(eta + year)
    none = np.exp(
        betaln(mean * spread, (1 - mean) * spread + POINTS)
        - betaln(mean * spread, (1 - mean) * spread)
    )
    points: Floats = some * POINTS * mean / (1 - none)
    return points


def _logit(eta: Floats, year: Floats) -> Floats:
    return expit(eta + year)


def _items(eta: Floats, year: Floats) -> Floats:
    points: Floats = ITEMS * expit(eta + year)
    return points


def _cloglog(eta: Floats, year: Floats) -> Floats:
    probability: Floats = -np.expm1(-np.exp(eta + year))
    return probability


def _rate(eta: Floats, year: Floats) -> Floats:
    rate: Floats = np.exp(eta + year)
    return rate


_INVERSE: dict[str, Callable[[Floats, Floats], Floats]] = {
    "attainment": _attainment,
    "sdq": _items,
    "offending": _cloglog,
    "missing": _rate,
    **dict.fromkeys(
        (
            "english_maths", "absence", "in_touch", "activity", "accommodation", "level3",
            "level2",
        ),
        _logit,
    ),
}  # fmt: skip
