"""What children bring to their outcomes: traits, their slopes, and what no record shows."""

from __future__ import annotations

from functools import cache
from zlib import crc32

import numpy as np
import pandas as pd
from scipy.special import ndtri

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.outcomes.effects import OUTCOMES
from bayescich.simulate.shapes import NEEDS

TRAITS = (
    "ability", "difficulties", "acting_out", "distress", "disability", "schooling", "male",
    "asylum", "moves", "hidden",
)  # fmt: skip
"""Columns of `traits`."""

NEEDS_OF = {
    "acting_out": (
        "aggression", "violence", "criminal_behaviour", "property_damage", "drugs", "missing",
        "sexually_harmful_behaviour",
    ),
    "distress": ("self_harm", "mental_health", "emotional", "trauma", "child_sexual_exploitation"),
    "disability": ("learning_disabilities", "autism"),
    "schooling": ("school_attendance", "out_of_education"),
}  # fmt: skip
"""The needs that a trait counts."""

MOST_NEEDS = 4
"""More needs of one kind than this count for no more."""


def traits(
    children: pd.DataFrame, needs: Flags, moves: Ints | None = None, hidden: float = 0.0
) -> Floats:
    """Return the traits of each child.

    Parameters
    ----------
    children : DataFrame
        With ability, difficulties, SEX, uasc and hidden.
    needs : array of bool, shape (children, needs)
    moves : array of int, optional
        Placements before the window of the outcome; none if not given.
    hidden : float
        Strength of the confounder that no record shows.

    Returns
    -------
    array, shape (children, len(TRAITS))
        Difficulties in units of 7 points from 14; needs counted by kind, disability and schooling
        as yes or no; moves up to ten.
    """
    at, most = value("outcomes.difficulties_at"), value("outcomes.most_moves")
    count = needs @ _needs_by_trait()
    earlier = np.zeros(len(children)) if moves is None else np.minimum(moves, most)
    columns = [
        children["ability"].to_numpy(np.float64),
        (children["difficulties"].to_numpy(np.float64) - at["centre"]) / at["scale"],
        np.minimum(count[:, 0], MOST_NEEDS),
        np.minimum(count[:, 1], MOST_NEEDS),
        count[:, 2] > 0,
        count[:, 3] > 0,
        children["SEX"].to_numpy(object) == "M",
        children["uasc"].to_numpy(np.bool_),
        earlier,
        hidden * children["hidden"].to_numpy(np.float64),
    ]
    return np.column_stack(columns).astype(np.float64)


@cache
def slopes() -> Floats:
    """Return the slope of each trait in each outcome: shape (traits, outcomes)."""
    figures = value("outcomes.fixed")
    return np.array([[figures[name][trait] for name in OUTCOMES] for trait in TRAITS])


def moves_slope(moves: Ints) -> Floats:
    """Return what placements before the window add: shape (rows, outcomes)."""
    earlier = np.minimum(moves, value("outcomes.most_moves"))
    added: Floats = earlier[:, None] * slopes()[TRAITS.index("moves")]
    return added


def person_uniforms(seed: int, person: Ints, stream: str) -> Floats:
    """Draw one number in (0, 1) per person, the same in whatever authority the person is met.

    A child who moves between authorities has an id in each, and each is written by a process of
    its own; what belongs to the person is therefore a hash of the person, not the next number of
    a stream.

    Examples
    --------
    >>> here, there = (person_uniforms(1, np.array(who), "link") for who in ([7, 8], [9, 7]))
    >>> bool(here[0] == there[1]), bool(here[0] == there[0])
    (True, False)
    """
    key = np.array([seed, crc32(stream.encode())], dtype=np.uint64)
    start = _mixed(_mixed(key[:1]) ^ key[1:])
    bits = _mixed(_mixed(person.astype(np.uint64)) ^ start)
    return ((bits >> np.uint64(11)).astype(np.float64) + 0.5) / 2.0**53


def person_normals(seed: int, person: Ints, stream: str) -> Floats:
    """Draw one standard normal number per person; see `person_uniforms`."""
    drawn: Floats = ndtri(person_uniforms(seed, person, stream))
    return drawn


def _mixed(number: np.ndarray) -> np.ndarray:
    """Mix the bits of whole numbers (splitmix64), modulo 2 to the power of 64."""
    mixed = number + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


@cache
def _needs_by_trait() -> Floats:
    return np.array([[float(need in kinds) for kinds in NEEDS_OF.values()] for need in NEEDS])
