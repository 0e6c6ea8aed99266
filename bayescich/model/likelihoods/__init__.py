"""Likelihoods: one file each, one Protocol (:class:`bayescich.model.base.Likelihood`)."""

from __future__ import annotations

from typing import Any

from bayescich.model.base import Likelihood
from bayescich.model.effects.frailty import make_frailty
from bayescich.model.likelihoods.competing import CompetingLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.model.likelihoods.responses import ResponseLikelihood
from bayescich.spec.model import CompetingSpec, HazardSpec, HazardTimesSpec, ModelSpec
from bayescich.spec.outcomes import JointSpec, OrdinalSpec, has_parts

__all__ = ["make_likelihood"]


def make_likelihood(spec: ModelSpec) -> Likelihood:
    """Return the likelihood that a spec names."""
    chosen = spec.likelihood
    words = spec.report.outcome_name
    if isinstance(chosen, HazardSpec):
        return HazardLikelihood(**_times(chosen), event_name=words)
    if isinstance(chosen, CompetingSpec):
        return CompetingLikelihood(
            **_times(chosen), routes=chosen.routes, recorded_by=chosen.recording,
            shifted=chosen.recording_shift, event_name=words,
        )  # fmt: skip
    if isinstance(chosen, OrdinalSpec) and not has_parts(chosen):
        return OrdinalLikelihood(chosen.categories)
    if isinstance(chosen, JointSpec):
        return ResponseLikelihood(words, nodes=chosen.nodes if chosen.child_effect else 1)
    # thresholds are the level of grades, unless other parts stand beside them
    return ResponseLikelihood(
        words, has_own_level=isinstance(chosen, OrdinalSpec) and not spec.routes
    )


def _times(spec: HazardTimesSpec) -> dict[str, Any]:
    return {
        "cuts": spec.cuts,
        "frailty": spec.frailty,
        "family": make_frailty(spec.frailty_family if spec.frailty else None),
        "ratio": spec.late_entry == "ratio",
    }
