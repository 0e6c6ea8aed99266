"""The draws of a run: loaded where they are kept, else sampled and kept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pymc as pm
import xarray as xr

from bayescich.progress import say
from bayescich.sampling.prior import sample_prior
from bayescich.sampling.sample import sample_posterior
from bayescich.sampling.settings import SamplerSettings
from bayescich.sampling.store import load_tree, save_tree

PRIOR_DRAWS = 1000


def kept_draws(
    build: Callable[[], pm.Model],
    settings: SamplerSettings,
    file: Path,
    *,
    with_prior: bool = False,
) -> xr.DataTree:
    """Load the draws of a run, or sample the chains that are missing and keep them.

    Parameters
    ----------
    build : callable
        Makes the model; called only when something must be sampled.
    settings : SamplerSettings
    file : Path
        Where all draws are kept; unfinished ones lie in a folder beside it.
    with_prior : bool
        Whether draws from the priors are kept, too.

    Returns
    -------
    DataTree
        Groups ``posterior``, ``sample_stats`` and, when asked for, ``prior``.
    """
    if file.is_file():
        return load_tree(file)
    model = build()
    groups = {}
    if with_prior:
        say(f"prior predictive: {PRIOR_DRAWS:,} draws from the priors")
        groups["prior"] = xr.DataTree(sample_prior(model, PRIOR_DRAWS, settings.seed))
    chains = file.with_name(f"chains-{file.stem}")
    tree = sample_posterior(model, settings, chains)
    tree = tree.assign(groups)
    save_tree(tree, file)
    shutil.rmtree(chains)
    return tree
