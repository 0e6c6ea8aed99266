"""Likelihoods: one file each, one Protocol (:class:`bayescich.model.base.Likelihood`)."""

from __future__ import annotations

from bayescich.model.base import Likelihood
from bayescich.model.likelihoods.binomial import BinomialLikelihood
from bayescich.model.likelihoods.gaussian import GaussianLikelihood
from bayescich.model.likelihoods.hazard import HazardLikelihood
from bayescich.model.likelihoods.ordinal import OrdinalLikelihood
from bayescich.spec.model import GaussianSpec, HazardSpec, ModelSpec, OrdinalSpec

__all__ = ["make_likelihood"]


def make_likelihood(spec: ModelSpec) -> Likelihood:
    """Return the likelihood that a spec names."""
    chosen = spec.likelihood
    words = spec.report.outcome_name
    if isinstance(chosen, HazardSpec):
        return HazardLikelihood(chosen.cuts, chosen.frailty, words)
    if isinstance(chosen, OrdinalSpec):
        return OrdinalLikelihood(chosen.categories)
    if isinstance(chosen, GaussianSpec):
        return GaussianLikelihood(words)
    return BinomialLikelihood(words)
