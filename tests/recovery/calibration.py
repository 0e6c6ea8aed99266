"""What must hold of quantities whose truth was drawn from the priors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.recovery.drawn import ENGLAND
from tests.recovery.fitting import LENGTH
from tests.recovery.results import CHILDREN, coverage

_FROM_PRIORS = (
    f"The rows of one synthetic England ({CHILDREN:,} children, seed {ENGLAND}) are given new "
    "ends, drawn from parameters that were themselves drawn from the priors, anew for each seed; "
    f"then the model is fitted ({LENGTH['chains']} chains of {LENGTH['draws']} draws). Here the "
    "share covered must be 90% and the mean rank a half, but for chance (simulation-based "
    "calibration)."
)


def words(rows: pd.DataFrame) -> str:
    """Return how the rows came about, of how many data sets they are, and how many cover."""
    return f"{_FROM_PRIORS} {hits(rows)}"


def hits(rows: pd.DataFrame) -> str:
    """Return how many intervals of which seeds cover."""
    found = f"{rows['covered'].sum():,} of {len(rows):,} intervals"
    first, last = rows["seed"].min(), rows["seed"].max()
    seeds = f"Seeds {first} to {last}" if first != last else f"Seed {first} alone"
    return f"{seeds}: **{found} cover their truth ({rows['covered'].mean():.1%}).**"


def check_calibrated(rows: pd.DataFrame) -> None:
    """Of all intervals, and of those of each quantity, nine in ten cover."""
    share, error = coverage(rows)
    assert abs(share - 0.9) < 3 * error + 0.01
    far = {}
    for what, own in rows.groupby("what"):
        share, error = coverage(own)
        # one quantity a seed varies as a coin does; levels of a group vary less
        error = max(error, np.sqrt(0.09 / len(own)))
        if abs(share - 0.9) > 3.5 * error + 0.01:
            far[what] = round(share, 3)
    assert not far


def check_middle(rows: pd.DataFrame) -> None:
    """The ranks of each quantity have a mean of a half."""
    far = {}
    for what, own in rows.groupby("what"):
        by_seed = own.groupby("seed")["rank"].mean()
        error = max(by_seed.std(ddof=1), 0.02) / np.sqrt(len(by_seed))
        if abs(by_seed.mean() - 0.5) > 3.5 * error + 0.01:
            far[what] = round(float(by_seed.mean()), 3)
    assert not far
