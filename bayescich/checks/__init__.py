"""May we believe the draws? Priors, convergence, replicated data and cross-validation.

To add a check: one file with a function from a fit and a random generator to ``Check`` results,
and one line in ``SECTIONS``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from bayescich.checks.convergence import convergence_checks
from bayescich.checks.core import Check, Status
from bayescich.checks.loo import loo_checks
from bayescich.checks.predictive import predictive_checks
from bayescich.checks.predictive_grades import grade_checks
from bayescich.checks.predictive_hazard import hazard_checks
from bayescich.checks.predictive_responses import response_checks
from bayescich.checks.predictive_routes import route_checks
from bayescich.checks.prior_predictive import prior_checks
from bayescich.checks.separation import separation_checks
from bayescich.sampling.fit import Fit

__all__ = ["SECTIONS", "Check", "Status", "run_checks"]

SECTIONS: Mapping[str, Callable[[Fit, np.random.Generator], tuple[Check, ...]]] = {
    "prior": prior_checks,
    "convergence": lambda fit, _: convergence_checks(fit),
    "predictive": predictive_checks,
    "predictive_hazard": hazard_checks,
    "predictive_grades": grade_checks,
    "predictive_responses": response_checks,
    "predictive_routes": route_checks,
    "separation": lambda fit, _: separation_checks(fit),
    "loo": lambda fit, _: loo_checks(fit),
}
"""In the order of the report."""


def run_checks(fit: Fit, seed: int) -> tuple[Check, ...]:
    """Run every check that suits the model.

    Parameters
    ----------
    fit : Fit
    seed : int
        Each section draws from a stream of its own, so that adding one leaves the others' figures
        as they were.

    Returns
    -------
    tuple of Check
        A check that cannot be made says so; it is never left out as if it had passed.
    """
    found: list[Check] = []
    for name, section in SECTIONS.items():
        rng = np.random.default_rng([seed, *name.encode()])
        found.extend(section(fit, rng))
    return tuple(found)
