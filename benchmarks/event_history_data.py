"""Recurrent placement moves with a known truth: the data of the side-by-side speed benchmark.

    .venv/bin/python benchmarks/event_history_data.py --children 2000 --out folder

Children move between homes until their follow-up ends. The hazard of a move is

    frailty(child) · exp(baseline(time in the home) + x'β + home + provider + authority + type),

with as many homes, providers and authorities at 40,000 children as at 2,000, so that more
children bring more spells to each home and not more homes. Homes and children are crossed, homes
lie within providers, and the authority is the child's.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CUTS = (28, 91, 182, 365, 730)
"""Inner limits of the duration bands, in days."""
COVARIATES = tuple(f"x{k}" for k in range(1, 11))
YES_NO = ("x1", "x2", "x3", "x4", "x9")
"""The covariates that are 0 or 1; the others are measurements."""
BASELINE = np.array([0.3, 0.15, -0.1, -0.3, -0.55, -0.75])
"""Log hazard per year by band."""
COEFFICIENTS = np.array([0.3, -0.2, 0.25, 0.0, 0.3, -0.15, 0.1, 0.1, -0.2, 0.05])
FRAILTY_VARIANCE = 0.45
SDS = {"home": 0.35, "provider": 0.25, "authority": 0.25, "home_type": 0.3}

HOMES, PROVIDERS, AUTHORITIES, HOME_TYPES = 2_400, 700, 153, 8
DAYS_PER_YEAR = 365.25


def moves(children: int, seed: int = 1) -> pd.DataFrame:
    """Simulate the spells of ``children`` children, one row a spell.

    Parameters
    ----------
    children : int
        2,000 children give about 6,000 spells in 2,400 homes; 40,000 about 128,000 in the same
        homes. Below 2,000 there are fewer homes, providers and authorities too.
    seed : int
        The homes and their effects depend on the seed alone, not on the number of children.

    Returns
    -------
    DataFrame
        ``child``, ``home``, ``provider``, ``authority``, ``home_type``, ``x1`` to ``x10``,
        ``days`` (in the home) and ``moved`` (1 when the spell ended with a move, 0 when follow-up
        ended first).
    """
    place_rng, child_rng, spell_rng = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(3)
    )
    homes = _homes(min(HOMES, max(10, children * HOMES // 2_000)), place_rng)
    people = _children(children, min(AUTHORITIES, max(5, children // 5)), child_rng)
    spells = _spells(people, homes, spell_rng)
    spells = spells.sort_values(["child", "number"], ignore_index=True)
    names = ["child", "home", "provider", "authority", "home_type", *COVARIATES, "days", "moved"]
    return _labelled(spells[names])


def person_periods(spells: pd.DataFrame) -> pd.DataFrame:
    """Split spells at the cuts: one row for each spell and duration band it reached.

    Returns
    -------
    DataFrame
        The columns of ``spells`` without ``days`` and ``moved``, and ``band`` (1 to 6), ``event``
        (0 or 1) and ``exposure`` in years.
    """
    days = spells["days"].to_numpy(float)
    # a spell that ends on a cut ends in the band before it
    last = np.searchsorted(CUTS, days, side="left")
    rows = np.repeat(np.arange(len(spells)), last + 1)
    band = np.arange(len(rows)) - np.repeat(np.cumsum(last + 1) - (last + 1), last + 1)
    edges = np.array([0.0, *CUTS, np.inf])
    time_in_band = np.minimum(days[rows], edges[band + 1]) - edges[band]
    split = spells.drop(columns=["days", "moved"]).iloc[rows].reset_index(drop=True)
    return split.assign(
        band=band + 1,
        event=np.where(band == last[rows], spells["moved"].to_numpy()[rows], 0),
        exposure=time_in_band / DAYS_PER_YEAR,
    )


def write(children: int, folder: Path, seed: int = 1) -> pd.DataFrame:
    """Write spells and person-period rows, each as parquet and as CSV, and return the spells.

    Parameters
    ----------
    children, seed : int
        As of :func:`moves`.
    folder : Path
        Receives ``moves.parquet``, ``moves.csv``, ``periods.parquet`` and ``periods.csv``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spells = moves(children, seed)
    for name, table in (("moves", spells), ("periods", person_periods(spells))):
        table.to_parquet(folder / f"{name}.parquet", index=False)
        table.to_csv(folder / f"{name}.csv", index=False)
    return spells


def standardised(table: pd.DataFrame) -> FloatArray:
    """Return the covariates as the priors mean them: centred, measurements over their SD."""
    values = table[list(COVARIATES)].to_numpy(float)
    scale = np.where(np.isin(COVARIATES, YES_NO), 1.0, values.std(axis=0))
    return (values - values.mean(axis=0)) / scale


def _homes(homes: int, rng: np.random.Generator) -> pd.DataFrame:
    providers = max(3, homes * PROVIDERS // HOMES)
    provider = every_level_used(providers, homes, rng)
    home_type = every_level_used(HOME_TYPES, homes, rng)
    effect = SDS["home"] * rng.standard_normal(homes)
    effect += SDS["provider"] * rng.standard_normal(providers)[provider]
    types = rng.standard_normal(HOME_TYPES)
    # eight draws vary a good deal: these have the standard deviation they are said to have
    types = (types - types.mean()) / types.std(ddof=1)
    effect += SDS["home_type"] * types[home_type]
    return pd.DataFrame(
        {
            "provider": provider,
            "home_type": home_type,
            "x9": rng.binomial(1, 0.3, homes),
            "effect": effect,
            "popularity": rng.lognormal(0.0, 0.4, homes),
        }
    )


def _children(children: int, authorities: int, rng: np.random.Generator) -> pd.DataFrame:
    authority = every_level_used(authorities, children, rng)
    own = {f"x{k}": rng.binomial(1, p, children) for k, p in enumerate((0.6, 0.4, 0.25, 0.15), 1)}
    own |= {name: rng.standard_normal(children).round(3) for name in ("x5", "x6", "x7")}
    shape = 1.0 / FRAILTY_VARIANCE
    effect = np.log(rng.gamma(shape, 1.0 / shape, children))
    effect += SDS["authority"] * rng.standard_normal(authorities)[authority]
    return pd.DataFrame(
        {
            "authority": authority,
            **own,
            "effect": effect,
            # years in care seen: from a quarter to three and a half
            "follow_up": rng.integers(90, 1_250, children),
        }
    )


def _spells(people: pd.DataFrame, homes: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Follow all children side by side, one spell at a time, until everybody's time is up."""
    start = np.zeros(len(people), dtype=np.int64)
    deck = rng.permutation(len(homes))
    rounds = []
    for number in range(1_000):
        child = np.flatnonzero(start < people["follow_up"].to_numpy())
        if not len(child):
            break
        home, deck = _next_homes(deck, len(child), homes, rng)
        table = _one_spell(people.iloc[child], homes.iloc[home], start[child], rng)
        rounds.append(table.assign(child=child, home=home, number=number))
        start[child] += table["days"].to_numpy()
    return pd.concat(rounds, ignore_index=True)


def _next_homes(
    deck: IntArray, count: int, homes: pd.DataFrame, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    # each home is used once before any is used twice, so that small data know every home
    dealt, deck = deck[:count], deck[count:]
    chance = homes["popularity"].to_numpy() / homes["popularity"].sum()
    more = rng.choice(len(homes), count - len(dealt), p=chance)
    return np.concatenate([dealt, more]), deck


def _one_spell(
    people: pd.DataFrame, homes: pd.DataFrame, start: IntArray, rng: np.random.Generator
) -> pd.DataFrame:
    table = pd.concat(
        [
            people[["authority", *(f"x{k}" for k in range(1, 8))]].reset_index(drop=True),
            homes[["provider", "home_type", "x9"]].reset_index(drop=True),
        ],
        axis=1,
    )
    # years since the first placement, and something that changes with every placement
    table["x8"] = (start / DAYS_PER_YEAR).round(3)
    table["x10"] = rng.standard_normal(len(table)).round(3)
    eta = table[list(COVARIATES)].to_numpy(float) @ COEFFICIENTS
    eta += people["effect"].to_numpy() + homes["effect"].to_numpy()
    until_move = np.maximum(1, np.ceil(_waiting_days(eta, rng))).astype(np.int64)
    left = people["follow_up"].to_numpy() - start
    table["days"] = np.minimum(until_move, left)
    table["moved"] = (until_move <= left).astype(np.int64)
    return table


def _waiting_days(eta: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Invert the cumulative hazard, band by band."""
    left = rng.exponential(size=len(eta))
    days = np.zeros(len(eta))
    for width, level in zip(np.diff([0.0, *CUTS, np.inf]), BASELINE, strict=True):
        rate = np.exp(eta + level) / DAYS_PER_YEAR
        inside = np.minimum(left, rate * width)
        days += inside / rate
        left -= inside
    return days


def every_level_used(levels: int, size: int, rng: np.random.Generator) -> IntArray:
    """Return a level for each of ``size`` things: a few large, many small, none empty."""
    shares = rng.dirichlet(np.full(levels, 2.0))
    others = rng.choice(levels, max(size - levels, 0), p=shares)
    return rng.permutation(np.concatenate([np.arange(levels), others])[:size])


def _labelled(spells: pd.DataFrame) -> pd.DataFrame:
    widths = {"child": 6, "home": 5, "provider": 4, "authority": 3, "home_type": 1}
    labels = {
        name: name[0] + spells[name].add(1).astype(str).str.zfill(width)
        for name, width in widths.items()
    }
    return spells.assign(**labels)


def main() -> None:
    """Write the data of one size and say what they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    spells = write(asked.children, asked.out, asked.seed)
    levels = {name: spells[name].nunique() for name in ("child", "home", "provider", "authority")}
    counted = ", ".join(f"{count:,} of {name}" for name, count in levels.items())
    print(f"{len(spells):,} spells, {spells['moved'].mean():.0%} end with a move; {counted}")


if __name__ == "__main__":
    main()
