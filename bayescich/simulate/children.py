"""The children of a synthetic England: who they are and when they first enter care."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import birthday
from bayescich.simulate import calibration as published
from bayescich.simulate.draws import (
    YEAR,
    Floats,
    Ints,
    Texts,
    day,
    labels,
    labels_by_group,
    postcodes,
)
from bayescich.simulate.homes import Authorities


def draw_children(rng: np.random.Generator, number: int, authorities: Authorities) -> pd.DataFrame:
    """Draw children who enter care in the window.

    Returns
    -------
    DataFrame
        One row per child: LA, CHILD (unique within an authority only), SEX (M or F), DOB,
        ETHNIC, UPN, CIN, LS (legal status on entry), HOME_POST, and as days from 1970
        ``born``, ``entry`` and ``adult`` (the 18th birthday).
    """
    entry = rng.integers(day(published.FIRST_ENTRY), day(published.LAST_DAY), number)
    age = _ages(rng, number)
    group = np.searchsorted(published.AGE_GROUPS, age, side="right") - 1
    born = entry - np.floor(age * YEAR).astype(np.int64)
    dob = pd.Series(born.astype("datetime64[D]").astype("datetime64[ns]"))
    male = rng.random(number) < np.array(published.MALE.value)[group]
    standing = np.sort(rng.choice(len(authorities.names), number, p=authorities.children))
    frame = pd.DataFrame(
        {
            "LA": authorities.names[standing],
            "CHILD": _ids(standing),
            "SEX": np.where(male, "M", "F"),
            "DOB": dob,
            "ETHNIC": labels(rng, published.ETHNICITY.value, number),
            "UPN": _upns(rng, age, entry),
            "CIN": labels_by_group(rng, published.NEED.value, group),
            "LS": labels_by_group(rng, published.LEGAL_STATUS.value, group),
            "HOME_POST": postcodes(rng, number),
            "authority": standing,
            "born": born,
            "entry": entry,
        }
    )
    frame["adult"] = birthday(dob, 18).to_numpy().astype("datetime64[D]").astype(np.int64)
    return frame


def _ages(rng: np.random.Generator, number: int) -> Floats:
    limits = np.array(list(published.AGE_AT_ENTRY.value), dtype=np.float64)
    # nobody enters on the last days before the 18th birthday
    limits[-1, 1] -= 0.2
    share = np.array(list(published.AGE_AT_ENTRY.value.values()), dtype=np.float64)
    which = rng.choice(len(share), number, p=share / share.sum())
    ages: Floats = rng.uniform(limits[which, 0], limits[which, 1])
    return ages


def _ids(standing: Ints) -> Texts:
    """Number the children of each authority from one: the same ids return in every authority."""
    first = np.searchsorted(standing, standing, side="left")
    return (1_000_001 + np.arange(len(standing)) - first).astype(str).astype(object)


def _upns(rng: np.random.Generator, age: Floats, entry: Ints) -> Texts:
    """Give pupils a number of the right form; children who never reach school age none."""
    digits = rng.integers(10**11, 10**12, len(age)).astype(str).astype(object)
    issued = "Z" + digits
    school_age_in_window = age + (day(published.LAST_DAY) - entry) / YEAR >= 5
    return np.where(school_age_in_window, issued, "UN1")
