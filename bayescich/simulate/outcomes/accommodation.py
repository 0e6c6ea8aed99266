"""Where care leavers live: by how they left care, by age, and by whether the place is suitable."""

from __future__ import annotations

import numpy as np

from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints, Texts
from bayescich.simulate.shapes import FOSTER, KIN, PARENTS

SUITABLE, UNSUITABLE = "1", "2"


def accommodation(
    rec: Texts, kind: Ints, age: int, suitable: Flags, where: Floats, lasting: Floats
) -> Texts:
    """Draw the code of the accommodation of each care leaver.

    Parameters
    ----------
    rec, kind : array
        How care ended, and the kind of the last placement.
    age : int
        At the birthday.
    suitable : array of bool
        Whether it is suitable: homelessness and custody never are.
    where, lasting : array of float
        Uniform numbers: one that drifts from year to year, and one that stays, by which those
        who went somewhere on leaving care stay there for longer or shorter.

    Returns
    -------
    array of str
        A letter and 1 (suitable) or 2.
    """
    ages = value("outcomes.accommodation")
    letters = [*ages["letters"]]
    weight = np.array([ages["suitable"][age][letter] for letter in letters], dtype=np.float64)
    good = _by_weight(letters, weight, where)
    good = _with_carers(good, rec, kind, age, lasting)
    poor = value("outcomes.unsuitable")
    bad = _by_weight([*poor], np.array([*poor.values()], dtype=np.float64), where)
    return np.where(suitable, good + SUITABLE, bad + UNSUITABLE).astype(object)


def _with_carers(good: Texts, rec: Texts, kind: Ints, age: int, lasting: Floats) -> Texts:
    """Let those who left care in a way that says where to live there, for a time."""
    stays = value("outcomes.stays")
    fostered = (kind == FOSTER) | (kind == KIN)
    went = {
        "Z": (rec == "E17") & fostered if age >= 18 else np.zeros(len(rec), np.bool_),
        "B": np.isin(rec, ["E4A", "E4B", "E13"]) | (kind == PARENTS),
        "C": rec == "E7",
    }
    for letter, which in went.items():
        good = np.where(which & (lasting < stays[letter][age]), letter, good)
    return good


def _by_weight(letters: list[str], weight: Floats, where: Floats) -> Texts:
    reached = weight.cumsum() / weight.sum()
    position = np.minimum(np.searchsorted(reached, where, side="right"), len(letters) - 1)
    return np.array(letters, dtype=object)[position]
