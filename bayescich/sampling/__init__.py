"""From a ``pymc.Model`` to draws: chain by chain, each kept as soon as it is finished."""

from bayescich.sampling.fit import Fit
from bayescich.sampling.prior import sample_prior
from bayescich.sampling.sample import sample_posterior
from bayescich.sampling.settings import SamplerSettings

__all__ = ["Fit", "SamplerSettings", "sample_posterior", "sample_prior"]
