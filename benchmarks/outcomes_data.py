"""Outcomes after several homes with a known truth: the data of the benchmark of outcomes.

    .venv/bin/python benchmarks/outcomes_data.py --children 3000 --out folder

Each child lived in one to eight places for parts of a window: in homes, or elsewhere. What a home,
its provider and its type do counts by the part of the window; the authority is the child's:

    η = intercept + x'β + Σ weight · (setting + home type + home + provider) + authority.

Eight outcomes have η of their own, to which homes and children bring what they share. There are
twelve children to a home, up to the 5,000 homes of 60,000 children; a child lives in several.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from event_history_data import every_level_used
from scipy.special import expit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

PLACES = 8
"""The most places of one child."""
HOMES, PROVIDERS, AUTHORITIES, HOME_TYPES = 5_000, 1_000, 150, 9
CHILDREN_PER_HOME = 12
SETTINGS = ("foster", "home", "kin", "supported")
"""The first is the one that others are compared with."""
SETTING_EFFECTS = np.array([0.0, -0.2, 0.1, -0.3])
SETTING_SHARES = np.array([0.2, 0.65, 0.05, 0.1])
COVARIATES = tuple(f"x{k}" for k in range(1, 11))
COEFFICIENTS = np.array([0.3, -0.2, 0.25, 0.0, 0.3, -0.15, 0.1, 0.1, -0.2, 0.05])
SDS = {"home": 0.35, "provider": 0.2, "authority": 0.25, "home_type": 0.25}
INTERCEPTS = {
    "passed": 0.5, "points": -0.9, "score": -0.5, "missed": -1.8, "offended": -2.5, "grade": 0.0,
    "in_touch": 1.5, "level3": -1.0,
}  # fmt: skip
MOST_POINTS, MOST_SCORE = 90, 40
DISPERSION = {"points": 14.0, "score": 20.0, "missed": 4.0}
SHARED = 0.5
"""Part of the variance between homes and between types that all outcomes share."""
CHILD_LOADING = 0.4


def outcomes(children: int, seed: int = 1, homes: int | None = None) -> pd.DataFrame:
    """Simulate one row a child.

    Parameters
    ----------
    children : int
    seed : int
    homes : int, optional
        Twelve children a home, at most 5,000, when not given; a fifth as many providers.

    Returns
    -------
    DataFrame
        ``child``, ``authority``, ``x1`` to ``x10``; ``setting_1``, ``home_1``, ``provider_1``,
        ``home_type_1`` and ``weight_1`` up to 8 (blank beyond the child's places; homes,
        providers and types blank elsewhere than in a home); the outcomes: ``passed``, ``points``
        (0 to 90), ``score`` (0 to 40), ``missed`` of ``possible`` sessions, ``offended`` within
        ``years``, ``grade`` (low, middle, high), ``in_touch`` and ``level3``.
    """
    place_rng, child_rng, outcome_rng = (
        np.random.default_rng(stream) for stream in np.random.SeedSequence(seed).spawn(3)
    )
    count = homes or min(HOMES, max(20, children // CHILDREN_PER_HOME))
    provider, home_type, of_home = _homes(count, place_rng)
    weight, setting, home = _stays(children, count, child_rng)
    own = _children(children, child_rng)
    at_home = setting == SETTINGS.index("home")
    lived = np.where(at_home[:, :, None], of_home[home], 0.0) + SETTING_EFFECTS[setting][:, :, None]
    eta = (weight[:, :, None] * lived).sum(axis=1)
    eta += (own[list(COVARIATES)].to_numpy() @ COEFFICIENTS)[:, None]
    authority = own["authority"].to_numpy()
    eta += (SDS["authority"] * child_rng.standard_normal((AUTHORITIES, len(INTERCEPTS))))[authority]
    eta += CHILD_LOADING * child_rng.standard_normal((children, 1))
    eta += np.array(list(INTERCEPTS.values()))
    there = weight > 0
    columns: dict[str, object] = {"child": _named("c", np.arange(children), 6)}
    for place in range(PLACES):
        here, housed = there[:, place], there[:, place] & at_home[:, place]
        number = place + 1
        columns[f"setting_{number}"] = np.where(
            here, np.array(SETTINGS, dtype=object)[setting[:, place]], None
        )
        levels = (("home", home, 5), ("provider", provider[home], 4), ("type", home_type[home], 1))
        for name, codes, width in levels:
            column = "home_type" if name == "type" else name
            labels = _named(name[0], codes[:, place], width)
            columns[f"{column}_{number}"] = np.where(housed, labels, None)
        columns[f"weight_{number}"] = np.where(here, weight[:, place], np.nan)
    table = pd.DataFrame(columns | {name: own[name] for name in COVARIATES})
    table["authority"] = _named("a", authority, 3)
    return pd.concat([table, _drawn(eta, outcome_rng)], axis=1)


def _homes(homes: int, rng: np.random.Generator) -> tuple[IntArray, IntArray, FloatArray]:
    """Return provider and type of each home, and its effects by outcome (all three together)."""
    providers = max(5, homes * PROVIDERS // HOMES)
    provider = every_level_used(providers, homes, rng)
    home_type = every_level_used(HOME_TYPES, homes, rng)
    effect = SDS["home"] * _shared(homes, rng)
    effect += SDS["provider"] * rng.standard_normal((providers, len(INTERCEPTS)))[provider]
    types = _shared(HOME_TYPES, rng)
    types = (types - types.mean(axis=0)) / types.std(axis=0, ddof=1)
    return provider, home_type, effect + SDS["home_type"] * types[home_type]


def _shared(levels: int, rng: np.random.Generator) -> FloatArray:
    quality = rng.standard_normal((levels, 1))
    own = rng.standard_normal((levels, len(INTERCEPTS)))
    return np.sqrt(SHARED) * quality + np.sqrt(1.0 - SHARED) * own


def _stays(
    children: int, homes: int, rng: np.random.Generator
) -> tuple[FloatArray, IntArray, IntArray]:
    """Return weights (0 beyond the child's last place), settings and homes, (children, places)."""
    chance = 0.65 ** np.arange(PLACES)
    count = rng.choice(np.arange(1, PLACES + 1), children, p=chance / chance.sum())
    length = rng.gamma(0.8, 1.0, (children, PLACES)) + 0.02
    length[np.arange(PLACES) >= count[:, None]] = 0.0
    weight = length / length.sum(axis=1, keepdims=True)
    # rounding down, so that shares never add up to more than one
    weight = np.floor(weight * 1e4) / 1e4
    setting = rng.choice(len(SETTINGS), (children, PLACES), p=SETTING_SHARES)
    popularity = rng.lognormal(0.0, 0.5, homes)
    home = rng.choice(homes, (children, PLACES), p=popularity / popularity.sum())
    return weight, setting, home


def _children(children: int, rng: np.random.Generator) -> pd.DataFrame:
    authority = every_level_used(AUTHORITIES, children, rng)
    own = {f"x{k}": rng.binomial(1, p, children) for k, p in enumerate((0.6, 0.4, 0.25, 0.15), 1)}
    own |= {f"x{k}": rng.standard_normal(children).round(3) for k in range(5, 11)}
    return pd.DataFrame({"authority": authority, **own})


def _drawn(eta: FloatArray, rng: np.random.Generator) -> pd.DataFrame:
    by_name = dict(zip(INTERCEPTS, eta.T, strict=True))
    rows = len(eta)
    any_points = rng.random(rows) < expit(2.0 + by_name["points"])
    points = np.maximum(_beta_binomial(MOST_POINTS, by_name["points"], "points", rng), 1)
    possible = rng.integers(250, 380, rows)
    years = rng.uniform(0.5, 1.0, rows).round(2)
    latent = by_name["grade"] + rng.logistic(size=rows)
    return pd.DataFrame(
        {
            "passed": (rng.random(rows) < expit(by_name["passed"])).astype(int),
            "points": np.where(any_points, points, 0),
            "score": _beta_binomial(MOST_SCORE, by_name["score"], "score", rng),
            "missed": _beta_binomial(possible, by_name["missed"], "missed", rng),
            "possible": possible,
            "offended": (rng.exponential(size=rows) < years * np.exp(by_name["offended"])) * 1,
            "years": years,
            "grade": np.array(["low", "middle", "high"], dtype=object)[
                (latent > 0.0) * 1 + (latent > 1.5) * 1
            ],
            "in_touch": (rng.random(rows) < expit(by_name["in_touch"])).astype(int),
            "level3": (rng.random(rows) < expit(by_name["level3"])).astype(int),
        }
    )


def _beta_binomial(
    most: int | IntArray, eta: FloatArray, name: str, rng: np.random.Generator
) -> IntArray:
    total = DISPERSION[name]
    chance = rng.beta(expit(eta) * total, expit(-eta) * total)
    return rng.binomial(most, chance)


def _named(letter: str, codes: IntArray, width: int) -> npt.NDArray[np.object_]:
    return np.array([f"{letter}{code + 1:0{width}d}" for code in codes], dtype=object)


def for_brms(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table as brms reads it: no blanks, shares of settings, places for everyone.

    A place that is no home has the weight 0 in ``home_weight_1`` and so on, and any home's name.
    """
    flat = table.copy()
    for number in range(1, PLACES + 1):
        housed = flat[f"home_{number}"].notna()
        flat[f"home_weight_{number}"] = flat[f"weight_{number}"].where(housed, 0.0)
        for name in ("home", "provider", "home_type"):
            column = f"{name}_{number}"
            flat[column] = flat[column].fillna(table[column].dropna().iloc[0])
    for setting in SETTINGS[1:]:
        parts = (
            table[f"weight_{k}"].where(table[f"setting_{k}"] == setting, 0.0)
            for k in range(1, PLACES + 1)
        )
        flat[f"share_{setting}"] = sum(parts)
    drop = [f"{name}_{k}" for name in ("weight", "setting") for k in range(1, PLACES + 1)]
    return flat.drop(columns=drop)


def write(children: int, folder: Path, seed: int = 1, homes: int | None = None) -> pd.DataFrame:
    """Write ``outcomes.parquet``, and ``outcomes.csv`` for brms, and return the table."""
    folder.mkdir(parents=True, exist_ok=True)
    table = outcomes(children, seed, homes)
    table.to_parquet(folder / "outcomes.parquet", index=False)
    for_brms(table).to_csv(folder / "outcomes.csv", index=False)
    return table


def main() -> None:
    """Write the data of one size and say what they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--children", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    table = write(asked.children, asked.out, asked.seed)
    print(f"{len(table):,} children, {said(table)}")


def said(table: pd.DataFrame) -> str:
    """Return how many places, homes, providers and authorities a table has."""
    numbers = range(1, PLACES + 1)
    stays = sum(int(table[f"weight_{k}"].notna().sum()) for k in numbers)
    counts = {
        name: pd.unique(pd.concat([table[f"{name}_{k}"] for k in numbers]).dropna()).size
        for name in ("home", "provider")
    }
    return (
        f"{stays:,} places, {counts['home']:,} homes, {counts['provider']:,} providers, "
        f"{table['authority'].nunique():,} authorities"
    )


if __name__ == "__main__":
    main()
