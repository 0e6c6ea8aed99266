"""Files of draws: whole or not there at all."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from bayescich.errors import SamplingError
from bayescich.sampling.store import (
    chain_file,
    finished_chains,
    join_chains,
    load_tree,
    save_chain,
    save_tree,
)


def tree(value: float) -> xr.DataTree:
    data = xr.Dataset({"x": (("chain", "draw", "home"), np.full((1, 3, 2), value))})
    return xr.DataTree.from_dict({"posterior": data.assign_coords(home=["a", "b"])})


def test_what_is_saved_is_read_and_no_other_file_is_left(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "draws.nc"
    save_tree(tree(0.1), path)
    read = load_tree(path)
    np.testing.assert_array_equal(read["posterior"]["x"].values, 0.1)
    assert read["posterior"]["home"].values.tolist() == ["a", "b"]
    assert [p.name for p in path.parent.iterdir()] == ["draws.nc"]
    # the file is closed and can be replaced
    save_tree(tree(0.2), path)
    assert load_tree(path)["posterior"]["x"].values.max() == 0.2


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "draws.nc"
    save_tree(tree(0.1), path)

    def full_disk(self: xr.DataTree, target: Path, **_: object) -> None:
        target.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(xr.DataTree, "to_netcdf", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_tree(tree(0.2), path)
    monkeypatch.undo()
    assert load_tree(path)["posterior"]["x"].values.max() == 0.1


def test_an_unfinished_write_is_no_finished_chain(tmp_path: Path) -> None:
    chain_file(tmp_path, 1).with_name("chain-1.nc.partial").write_bytes(b"half")
    assert finished_chains(tmp_path, 4) == []
    data = tree(3.0)["posterior"].to_dataset()
    save_chain(data, data, tmp_path, 1)
    assert finished_chains(tmp_path, 4) == [1]
    assert not list(tmp_path.glob("*.partial"))


def test_chains_are_joined_in_the_order_asked_for(tmp_path: Path) -> None:
    for chain in (2, 0, 10):
        data = tree(float(chain))["posterior"].to_dataset()
        save_chain(data, data.rename(x="energy"), tmp_path, chain)
    joined = join_chains(tmp_path, (0, 2, 10))
    assert joined["posterior"]["x"].values[:, 0, 0].tolist() == [0, 2, 10]
    assert joined["posterior"]["chain"].values.tolist() == [0, 2, 10]
    assert joined["sample_stats"]["energy"].sizes["chain"] == 3


def test_a_missing_chain_is_told(tmp_path: Path) -> None:
    with pytest.raises(SamplingError, match="chain-0"):
        join_chains(tmp_path, (0,))


def test_chains_join_when_one_has_a_divergence_and_the_other_none(tmp_path: Path) -> None:
    draws = tree(1.0)["posterior"].to_dataset()
    for chain, message in enumerate((np.nan, "")):
        stats = xr.Dataset(
            {
                "diverging": (("chain", "draw"), np.array([[False, chain == 1, False]])),
                "divergence_message": (("chain", "draw"), np.full((1, 3), message, dtype=object)),
            }
        )
        save_chain(draws, stats, tmp_path, chain)
    joined = join_chains(tmp_path, range(2))
    save_tree(joined, tmp_path / "draws.nc")
    read = load_tree(tmp_path / "draws.nc")["sample_stats"]
    assert read["diverging"].values.sum(axis=1).tolist() == [0, 1]
    assert "divergence_message" not in read
