"""What is asked and what is believed: YAML files read into frozen models.

``ModelSpec`` is one file of ``models/``, ``PriorSet`` one file of ``priors/``.
This room knows nothing of data or of PyMC.
"""

from bayescich.spec.loader import (
    find_spec,
    load_model_spec,
    load_prior_set,
    model_names,
    outcome_names,
    override_sampling,
    override_weights,
    refuse_unweighed,
)
from bayescich.spec.model import ModelSpec, SamplingSpec
from bayescich.spec.policies import HistoryPolicies
from bayescich.spec.priors import Prior, PriorSet

__all__ = [
    "HistoryPolicies",
    "ModelSpec",
    "Prior",
    "PriorSet",
    "SamplingSpec",
    "find_spec",
    "load_model_spec",
    "load_prior_set",
    "model_names",
    "outcome_names",
    "override_sampling",
    "override_weights",
    "refuse_unweighed",
]
