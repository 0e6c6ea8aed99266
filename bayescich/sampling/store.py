"""Finished chains on disk: one netCDF file each, whole or not there at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import xarray as xr

from bayescich.errors import SamplingError


def chain_file(folder: Path, chain: int) -> Path:
    """Return where a chain is kept."""
    return folder / f"chain-{chain}.nc"


def finished_chains(folder: Path, chains: int) -> list[int]:
    """Return the chains already on disk."""
    return [k for k in range(chains) if chain_file(folder, k).is_file()]


def save_tree(tree: xr.DataTree, path: Path) -> None:
    """Write under a temporary name, then rename: a crash leaves no half-written file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    tree.to_netcdf(partial, engine="h5netcdf")
    partial.replace(path)


def load_tree(path: Path) -> xr.DataTree:
    """Read a tree into memory and close the file.

    Raises
    ------
    SamplingError
        When the file is damaged.
    """
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return tree.load()
    except (OSError, ValueError) as error:
        raise SamplingError(
            f"Stored draws cannot be read: {error}",
            where=str(path),
            next_step="Delete that file and run the same command again.",
        ) from error


def save_chain(posterior: xr.Dataset, sample_stats: xr.Dataset, folder: Path, chain: int) -> None:
    """Keep one finished chain.

    Texts are left out: nutpie's messages of divergences are blank in one chain and missing in the
    next, and chains of different kinds cannot be joined. That a draw diverged is kept.
    """
    numeric = [name for name, values in sample_stats.items() if values.dtype.kind in "biuf"]
    sample_stats = sample_stats[numeric]
    groups = {"posterior": posterior, "sample_stats": sample_stats}
    labelled = {
        name: dataset.isel(chain=[0]).assign_coords(chain=[chain])
        for name, dataset in groups.items()
    }
    save_tree(xr.DataTree.from_dict(labelled), chain_file(folder, chain))


def join_chains(folder: Path, chains: Iterable[int]) -> xr.DataTree:
    """Join the chains of a folder, in the order of their numbers."""
    trees = [load_tree(chain_file(folder, chain)) for chain in chains]
    groups = {
        name: xr.concat([tree[name].to_dataset() for tree in trees], dim="chain")
        for name in ("posterior", "sample_stats")
    }
    return xr.DataTree.from_dict(groups)
