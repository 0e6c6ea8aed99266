"""PyMC's own NUTS, one chain after another."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import pymc as pm

from bayescich.model.build import reported_variables
from bayescich.progress import say
from bayescich.sampling.chain import FinishedChain
from bayescich.sampling.settings import SamplerSettings


def pymc_chains(
    model: pm.Model, settings: SamplerSettings, chains: list[int]
) -> Iterator[FinishedChain]:
    """Sample these chains; yield each when it ends."""
    for chain in chains:
        say(f"pymc: chain {chain}, {settings.tune} + {settings.draws} iterations")
        with _quiet():
            tree = pm.sample(
                draws=settings.draws,
                tune=settings.tune,
                chains=1,
                cores=1,
                nuts_sampler="pymc",
                target_accept=settings.target_accept,
                random_seed=settings.chain_seed(chain),
                model=model,
                var_names=reported_variables(model),
                progressbar=False,
                compute_convergence_checks=False,
            )
        if tree["posterior"].sizes["draw"] < settings.draws:
            # PyMC answers Ctrl-C with the draws so far; half a chain must not count as finished
            raise KeyboardInterrupt
        yield FinishedChain(
            chain, tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset()
        )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # PyMC announces every single chain; the progress line says it once
    logger = logging.getLogger("pymc")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
