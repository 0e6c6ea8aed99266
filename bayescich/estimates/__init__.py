"""What is cited: tidy tables with uncertainty.

To add an estimate: one file with a function from a fit to ``Estimate`` results, and one line in
``SECTIONS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from bayescich.estimates.baselines import baseline_estimates
from bayescich.estimates.coefficients import coefficient_estimates
from bayescich.estimates.core import Estimate
from bayescich.estimates.groups import group_estimates
from bayescich.estimates.hierarchy import hierarchy_estimates
from bayescich.estimates.home_types import home_type_estimates
from bayescich.estimates.homes import home_estimates
from bayescich.estimates.incidence import incidence_estimates
from bayescich.estimates.joint import joint_estimates
from bayescich.estimates.matching import matching_estimates
from bayescich.estimates.membership import membership_estimates
from bayescich.estimates.missing_outcomes import missing_outcome_estimates
from bayescich.estimates.needs import need_estimates
from bayescich.estimates.outcome_types import outcome_type_estimates
from bayescich.estimates.recording import recording_estimates
from bayescich.estimates.routes import route_estimates
from bayescich.estimates.slopes import slope_estimates
from bayescich.estimates.standardised_times import standardised_time_estimates
from bayescich.estimates.truth import truth_estimates
from bayescich.estimates.type_need import type_need_estimates
from bayescich.estimates.variance import variance_estimates
from bayescich.estimates.walks import walk_estimates
from bayescich.sampling.fit import Fit

__all__ = ["SECTIONS", "Estimate", "run_estimates"]

Section = Callable[[Fit, pd.DataFrame | None], tuple[Estimate, ...]]

SECTIONS: Mapping[str, Section] = {
    "home_types": lambda fit, _: home_type_estimates(fit, _stream(fit, "home types")),
    "outcome_types": lambda fit, _: outcome_type_estimates(fit, _stream(fit, "outcome types")),
    "missing_outcomes": lambda fit, _: missing_outcome_estimates(fit, _stream(fit, "missing")),
    "membership": lambda fit, _: membership_estimates(fit, fit.spec.sampling.seed),
    "joint": lambda fit, _: joint_estimates(fit),
    "standardised_times": lambda fit, _: standardised_time_estimates(fit, _stream(fit, "times")),
    "incidence": lambda fit, _: incidence_estimates(fit, _stream(fit, "incidence")),
    "routes": lambda fit, _: route_estimates(fit),
    "recording": lambda fit, _: recording_estimates(fit),
    "needs": lambda fit, _: need_estimates(fit),
    "matching": lambda fit, _: matching_estimates(fit),
    "type_need": lambda fit, _: type_need_estimates(fit, _stream(fit, "type need")),
    "groups": lambda fit, _: group_estimates(fit),
    "coefficients": lambda fit, _: coefficient_estimates(fit),
    "slopes": lambda fit, _: slope_estimates(fit),
    "baselines": lambda fit, _: baseline_estimates(fit),
    "walks": lambda fit, _: walk_estimates(fit),
    "variance": lambda fit, _: variance_estimates(fit),
    "homes": lambda fit, _: home_estimates(fit),
    "hierarchy": lambda fit, _: hierarchy_estimates(fit),
    "truth": truth_estimates,
}
"""In the order of the report."""


def run_estimates(fit: Fit, truth: pd.DataFrame | None) -> tuple[Estimate, ...]:
    """Make every table that suits the model.

    Parameters
    ----------
    fit : Fit
    truth : DataFrame, optional
        For simulated data: columns model, variable, level, value.

    Returns
    -------
    tuple of Estimate
        The same for the same fit: the Bayesian bootstrap takes the seed of the spec.
    """
    return tuple(e for section in SECTIONS.values() for e in section(fit, truth))


def _stream(fit: Fit, table: str) -> np.random.Generator:
    return np.random.default_rng([fit.spec.sampling.seed, *f"estimates {table}".encode()])
