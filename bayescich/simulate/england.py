"""A synthetic England: authorities, homes, children, their episodes and the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.errors import BayescichError
from bayescich.histories.placements import typed_homes
from bayescich.records.ssda903_schema import HEADER_COLUMNS
from bayescich.simulate import calibration as published
from bayescich.simulate.children import draw_children
from bayescich.simulate.episodes import episodes, placement_details, short_breaks
from bayescich.simulate.homes import draw_authorities, draw_homes
from bayescich.simulate.journeys import HOME, Travel
from bayescich.simulate.truth import Truth, draw_truth

FEWEST_CHILDREN = 100


@dataclass(frozen=True)
class SyntheticEngland:
    """The tables of a synthetic England and what made them."""

    header: pd.DataFrame
    """One row per child: LA, the columns of the Header table and ``short_breaks``."""
    episodes: pd.DataFrame
    """One row per episode over the whole history: LA and the columns of the Episodes table."""
    homes: pd.DataFrame
    """The register: ``ofsted_schema.HOMES`` and ``postcode``."""
    journeys: pd.DataFrame
    """One row per stay in a children's home, as drawn: child, home, start, end, moved and
    earlier_placements (before the child's first home)."""
    truth: Truth
    """The effects that made the moves."""
    children: int
    """How many were asked for; those with short breaks only come on top."""
    seed: int


def simulate_england(children: int = 10_000, seed: int = 2026) -> SyntheticEngland:
    """Draw a synthetic England.

    Parameters
    ----------
    children : int
        Children entering care between April 2015 and March 2025.
    seed : int
        The same seed and size give the same England.

    Returns
    -------
    SyntheticEngland

    Raises
    ------
    BayescichError
        If fewer than a hundred children are asked for.

    Examples
    --------
    >>> england = simulate_england(children=200, seed=1)
    >>> len(england.header[~england.header["short_breaks"]])
    200
    """
    if children < FEWEST_CHILDREN:
        raise BayescichError(
            f"A synthetic England of {children} children was asked for.",
            why="too few children enter a home for any model to be tried",
            next_step=f"Ask for {FEWEST_CHILDREN} children or more, e.g. 10000.",
        )
    rng = np.random.default_rng([seed, children])
    authorities = draw_authorities(rng, children)
    homes = draw_homes(rng, children, authorities)
    types, _ = typed_homes(homes)
    placeable = ~homes["short_breaks"]
    truth = draw_truth(rng, homes[placeable], types[placeable], authorities.names)
    extra = round(children * published.SHORT_BREAK_CHILDREN.value)
    everyone = draw_children(rng, children + extra, authorities)
    breaks = pd.Series(rng.permutation(len(everyone)) < extra)
    looked_after = everyone[~breaks].reset_index(drop=True)
    travel = Travel(rng, looked_after, homes, types, truth, authorities)
    placements = placement_details(rng, travel.placements(), looked_after, homes)
    rows = pd.concat(
        [
            episodes(rng, placements, looked_after),
            short_breaks(rng, everyone[breaks].reset_index(drop=True)),
        ],
        ignore_index=True,
    )
    return SyntheticEngland(
        _header(everyone.assign(short_breaks=breaks), rows),
        rows.sort_values(["LA", "CHILD", "DECOM"], ignore_index=True),
        homes,
        _journeys(placements, looked_after, homes),
        truth,
        children,
        seed,
    )


def _header(everyone: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    first = rows.groupby(["LA", "CHILD"])["DECOM"].min().rename("first").reset_index()
    header = everyone.assign(MOTHER="", MC_DOB="").merge(first, on=["LA", "CHILD"])
    header["MOTHER"] = np.where(header["SEX"] == "F", "0", "")
    return header[["LA", *HEADER_COLUMNS, "short_breaks"]]


def _journeys(
    placements: pd.DataFrame, children: pd.DataFrame, homes: pd.DataFrame
) -> pd.DataFrame:
    stays = placements[placements["kind"] == HOME]
    who = children.iloc[stays["child"].to_numpy()]
    dates = {
        name: stays[name].to_numpy().astype("datetime64[D]").astype("datetime64[ns]")
        for name in ("start", "end")
    }
    return pd.DataFrame(
        {
            "child": (who["LA"] + "/" + who["CHILD"]).to_numpy(),
            "home": homes["urn"].to_numpy()[stays["home"]],
            "start": dates["start"],
            "end": dates["end"],
            "moved": (stays["outcome"] == "moved").to_numpy().astype(np.int64),
            "earlier_placements": stays["at_first_home"].to_numpy(),
        }
    )
