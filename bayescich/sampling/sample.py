"""Sample what is missing, keep what is finished, join the chains."""

from __future__ import annotations

from pathlib import Path

import pymc as pm
import xarray as xr

from bayescich.model.build import reported_variables
from bayescich.progress import say
from bayescich.sampling.blackjax_chains import blackjax_chains
from bayescich.sampling.devices import choose_sampler
from bayescich.sampling.memory import refuse_too_large
from bayescich.sampling.numpyro_chains import numpyro_chains
from bayescich.sampling.nutpie_chains import nutpie_chains
from bayescich.sampling.pymc_chains import pymc_chains
from bayescich.sampling.settings import SamplerSettings
from bayescich.sampling.store import finished_chains, join_chains, save_chain


def sample_posterior(model: pm.Model, settings: SamplerSettings, folder: Path) -> xr.DataTree:
    """Sample the chains that ``folder`` does not hold yet and return all of them.

    Parameters
    ----------
    model : pymc.Model
    settings : SamplerSettings
    folder : Path
        Where finished chains are kept, one netCDF file each. It belongs to one model, one table
        and one set of settings: chains found there are used as they are.

    Returns
    -------
    DataTree
        Groups ``posterior`` (reported variables only) and ``sample_stats``; dims chain, draw.

    Raises
    ------
    SamplingError
        When the draws would not fit into memory, the sampler cannot start, or a kept chain
        cannot be read.
    """
    done = finished_chains(folder, settings.chains)
    missing = [k for k in range(settings.chains) if k not in done]
    if done and missing:
        say(f"{len(done)} of {settings.chains} chains were finished before; sampling the rest")
    if missing:
        refuse_too_large(model, settings)
        keep = reported_variables(model)
        sampler = choose_sampler(settings)
        for finished in _CHAINS[sampler](model, settings, missing):
            posterior = finished.posterior[[n for n in keep if n in finished.posterior]]
            save_chain(posterior, finished.sample_stats, folder, finished.chain)
    return join_chains(folder, range(settings.chains))


_CHAINS = {
    "nutpie": nutpie_chains,
    "blackjax": blackjax_chains,
    "numpyro": numpyro_chains,
    "pymc": pymc_chains,
}
