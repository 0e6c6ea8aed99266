"""Competing routes: what was seen, the effects behind it, and how homes' effects hang together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.design.outcomes import UNKNOWN
from bayescich.estimates.core import Estimate
from bayescich.estimates.home_types import compound_notes, unpooled_effects
from bayescich.estimates.incidence import any_word
from bayescich.estimates.routes_axis import axis_word
from bayescich.estimates.summaries import (
    columns,
    headings,
    pooling,
    probability_of_direction,
    ratio_name,
    reading,
    reliability,
)
from bayescich.estimates.type_effects import (
    home_type_of,
    type_effect_sd,
    type_effects,
    type_word,
)
from bayescich.model.draws import FloatArray
from bayescich.model.effects.group import GroupEffect
from bayescich.model.hazard.arrays import route_events
from bayescich.sampling.fit import Fit

NOT_AN_EFFECT = "A hazard ratio on one route is not an effect on the probability of that route."
"""It may be higher and the route be taken less, when another route takes more children first."""


def route_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``routes``, ``route_effects`` and ``route_correlations``, as far as they apply."""
    if not fit.design.routes:
        return ()
    correlated = [g for g in fit.structure.groups if g.correlated]
    if fit.design.responses:
        return (_correlations(fit, correlated),) if correlated else ()
    effects = (_effects(fit),) if fit.structure.home_type is not None else ()
    return (_observed(fit), *effects, *((_correlations(fit, correlated),) if correlated else ()))


def _observed(fit: Fit) -> Estimate:
    outcome, routes = fit.design.outcome, fit.design.routes
    by_route = route_events(fit.design).sum(axis=0)
    years = float(outcome["exposure"].sum())
    unknown = int((outcome["cause"] == UNKNOWN).sum())
    number = np.r_[by_route, unknown, by_route.sum() + unknown]
    table = pd.DataFrame({"route": [*routes, "not known", any_word(fit)]}).assign(
        n_events=number.astype(np.int64), share=number / number[-1], rate=number / years
    )
    if not unknown:
        table = table[table["route"] != "not known"].reset_index(drop=True)
    event = fit.spec.report.outcome_name
    first, last = (routes[int(f(by_route))] for f in (np.argmax, np.argmin))
    sentence = (
        f"{int(number[-1]):,} {event}s in {years:,.0f} years at risk; most by '{first}' "
        f"({by_route.max() / number[-1]:.0%}), fewest by '{last}' "
        f"({by_route.min() / number[-1]:.0%})"
        + (f"; of {unknown / number[-1]:.0%} the route is not known." if unknown else ".")
    )
    words = {
        "route": "route", "n_events": f"{event}s", "share": f"share of all {event}s",
        "rate": "per year at risk",
    }  # fmt: skip
    notes = ("What was counted, no model involved.",)
    return Estimate("routes", "The routes as recorded", sentence, table, words, notes)


def _effects(fit: Fit) -> Estimate:
    factor, routes = fit.design.factors[home_type_of(fit).column], fit.design.routes
    effects, sd = type_effects(fit, fit.posterior), type_effect_sd(fit, fit.posterior)
    free = unpooled_effects(fit)
    events, years = events_of_types(fit), factor.sums(fit.design.outcome["exposure"].sum(axis=1))
    parts = []
    for place, route in enumerate(routes):
        own = effects[:, :, place]
        direction = probability_of_direction(own)
        part = pd.DataFrame({"type": factor.levels}).assign(
            route=route, n_events=events[:, place].astype(np.int64), raw=events[:, place] / years
        )
        if free is not None:
            other = free[:, :, place]
            part = part.assign(
                **columns("unpooled", other),
                reliability=reliability(sd[:, place], other.std(axis=0, ddof=1)),
            )
        part = part.assign(
            **columns("pooled", own), **columns("ratio", np.exp(own)),
            pooling_check=pooling(own, sd[:, place]), pd=direction,
        )  # fmt: skip
        parts.append(part.assign(reading=[reading(float(d)) for d in direction]))
    table = pd.concat(parts, ignore_index=True)
    told = int((table["reading"] != "not distinguishable").sum())
    sentence = (
        f"{told} of {len(table)} hazard ratios of a type on a route show some or strong evidence "
        f"of a difference from the average type. {NOT_AN_EFFECT}"
    )
    words = {
        "type": type_word(fit), "route": axis_word(fit), "n_events": "events",
        "raw": "raw: per year at risk", **headings("unpooled", "unpooled effect"),
        "reliability": "reliability", **headings("pooled", "partially pooled effect"),
        **headings("ratio", f"{ratio_name(fit)} against the average type"),
        "pooling_check": "reliability, from the posterior", "pd": "probability of direction",
        "reading": "in words",
    }  # fmt: skip
    notes = (
        NOT_AN_EFFECT + " What types do to where children go stands in the table of incidence.",
        *compound_notes(fit),
    )
    return Estimate(
        "route_effects", "Annex: hazard ratios of each type on each route", sentence, table,
        {name: words[name] for name in table.columns}, notes, across="route",
        shown=("type", "ratio_mean"),
    )  # fmt: skip


def events_of_types(fit: Fit) -> FloatArray:
    """Return the events of each home type by route, shape (types, routes)."""
    factor = fit.design.factors[home_type_of(fit).column]
    return factor.sums(route_events(fit.design).T).T


def _correlations(fit: Fit, groups: list[GroupEffect]) -> Estimate:
    routes, several = fit.design.routes, len(groups) > 1
    rows = []
    for group in groups:
        found = group.correlation(fit.posterior, len(routes))
        for a, one in enumerate(routes):
            for b, other in enumerate(routes[a + 1 :], a + 1):
                own = found[:, a, b]
                direction = float(probability_of_direction(own))
                low_high = {k: float(v[0]) for k, v in columns("", own[:, None]).items()}
                rows.append(
                    {
                        **({"column": group.column} if several else {}),
                        "route": one, "other_route": other, **low_high, "pd": direction,
                        "reading": reading(direction),
                    }
                )  # fmt: skip
    table = pd.DataFrame(rows).sort_values("mean", key=abs, ascending=False, ignore_index=True)
    top = table.iloc[0]
    level = groups[0].column.replace("_", " ")
    sentence = (
        f"Of {level}s' effects, those on '{top['route']}' and '{top['other_route']}' belong "
        f"together most: correlation {top['mean']:.2f} ({top['q05']:.2f} to {top['q95']:.2f}), "
        f"{top['reading']}."
    )
    words = {
        "column": "grouped by", "route": axis_word(fit), "other_route": f"and {axis_word(fit)}",
        **headings("", "correlation"), "pd": "probability of direction", "reading": "in words",
    }  # fmt: skip
    above = (
        "homes that are high on one part of the outcome are high on the other"
        if fit.design.responses
        else "homes from which more children go by one route are those from which more go by the "
        "other"
    )
    notes = (f"Above 0, {above}. The prior is centred on no correlation and wide.",)
    return Estimate(
        "route_correlations", f"Do {level}s' effects on the {axis_word(fit)}s hang together?",
        sentence, table, {name: words[name] for name in table.columns}, notes,
    )  # fmt: skip
