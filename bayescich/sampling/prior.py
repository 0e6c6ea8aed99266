"""Draws from the priors alone."""

from __future__ import annotations

import logging
import warnings

import pymc as pm
import xarray as xr
from pytensor.configdefaults import config

from bayescich.model.build import reported_variables
from bayescich.sampling.chain import PLAIN


def sample_prior(model: pm.Model, draws: int, seed: int) -> xr.Dataset:
    """Draw every reported variable from its prior.

    Outcomes are not drawn here: the likelihood replicates them from these draws.

    Returns
    -------
    Dataset
        Dims chain (1) and draw, and those of each variable.
    """
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        # each draw is cheap and compiling is not; with a C compiler PyTensor would warn of BLAS
        with warnings.catch_warnings(), config.change_flags(cxx=""):
            # our likelihoods are potentials; the priors do not depend on them
            warnings.filterwarnings("ignore", "The effect of Potentials", UserWarning)
            tree = pm.sample_prior_predictive(
                draws, model=model, var_names=reported_variables(model), random_seed=seed,
                compile_kwargs={"mode": PLAIN},
            )  # fmt: skip
    finally:
        logger.setLevel(level)
    return tree["prior"].to_dataset()
