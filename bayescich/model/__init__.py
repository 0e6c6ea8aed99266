"""From arrays to a ``pymc.Model``: likelihoods and effects, any with any."""

from bayescich.model.base import Effect, Likelihood
from bayescich.model.build import Structure, build_model, make_structure, reported_variables
from bayescich.model.draws import Draws

__all__ = [
    "Draws",
    "Effect",
    "Likelihood",
    "Structure",
    "build_model",
    "make_structure",
    "reported_variables",
]
