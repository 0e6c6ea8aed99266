"""Other ways to weigh the homes a child lived in: does the answer hang on it?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.estimates.core import Estimate
from bayescich.estimates.outcome_types import against, has_outcome_types, reference_place
from bayescich.estimates.places import lived_in
from bayescich.estimates.readings import readings_of
from bayescich.estimates.routes_axis import span
from bayescich.estimates.summaries import columns, headings, probability_of_direction, reading
from bayescich.estimates.type_effects import type_word
from bayescich.model.draws import FloatArray
from bayescich.sampling.fit import Fit
from bayescich.spec.variants import SCHEMES

_WORDS = {
    "given": "days in each",
    "equal": "each stay the same",
    "first": "first home alone",
    "last": "last home alone",
    "recency": "later days more",
}


def membership_estimates(fit: Fit, seed: int) -> tuple[Estimate, ...]:
    """Return ``membership_schemes``, when fits with other weights were made.

    Parameters
    ----------
    fit : Fit
        With companions named by their scheme.
    seed : int
        The same children and new homes for every scheme.
    """
    others = {name: own for name, own in fit.companions.items() if name in SCHEMES}
    if not others or not has_outcome_types(fit) or fit.spec.membership is None:
        return ()
    fits = {fit.spec.membership.scheme: fit, **others}
    table = pd.concat([_of_scheme(own, name, seed) for name, own in fits.items()])
    return (_estimate(fit, fits, table.reset_index(drop=True)),)


def _of_scheme(fit: Fit, scheme: str, seed: int) -> pd.DataFrame:
    lived = lived_in(fit, np.random.default_rng(seed), readings_of(fit)[:1])
    reference = reference_place(fit, lived)
    difference, _ = against(lived.of(0), reference)
    own = difference[:, : lived.types]
    direction = probability_of_direction(own)
    table = pd.DataFrame({"type": lived.places[: lived.types]})
    return table.assign(
        scheme=_WORDS[scheme], **columns("std_diff", own), pd=direction,
        reading=[reading(float(d)) for d in direction],
    )  # fmt: skip


def _estimate(fit: Fit, fits: dict[str, Fit], table: pd.DataFrame) -> Estimate:
    spread = "; ".join(f"{span(_home_sd(own))}, {_WORDS[name]}" for name, own in fits.items())
    main = readings_of(fit)[0].name
    wide = table.pivot_table(index="type", columns="scheme", values="std_diff_mean")
    moved = (wide.max(axis=1) - wide.min(axis=1)).sort_values(ascending=False)
    sentence = (
        f"The SD between homes is {spread}. The difference that hangs most on how homes are "
        f"weighed is that of '{moved.index[0]}': its posterior means lie {moved.iloc[0]:.2g} apart."
    )
    words = {
        "type": type_word(fit), "scheme": "homes weighed by",
        **headings("std_diff", f"{main}: difference"), "pd": "probability of direction",
        "reading": "in words",
    }  # fmt: skip
    notes = (
        (
            "The first home alone asks what it does to be sent to a kind of home, wherever the "
            "child went then (intention to treat); days in each asks what the time there does. "
            "Children who do badly move on, so short stays look bad."
        ),
        "Half as many draws were made with other weights.",
    )
    return Estimate(
        "membership_schemes", "Homes lived in, weighed otherwise", sentence, table,
        {name: words[name] for name in table.columns}, notes, across="scheme",
        shown=("type", "std_diff_mean"),
    )  # fmt: skip


def _home_sd(fit: Fit) -> FloatArray:
    """Return the SD between homes of the main part of the outcome, (samples,)."""
    finest = max(
        (g for g in fit.structure.groups if g.role == "group"),
        key=lambda g: fit.design.factors[g.column].size,
    )
    sd = fit.posterior[finest.sd_variable]
    return sd if sd.ndim == 1 else sd[:, 0]
