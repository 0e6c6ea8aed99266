"""Code sets: the labels and codes of each return, kept as small CSV tables beside the code."""

from __future__ import annotations

from functools import cache
from importlib import resources

import pandas as pd


@cache
def _code_set(name: str) -> pd.DataFrame:
    source = resources.files("bayescich.records").joinpath("codes", f"{name}.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)


def code_set(name: str) -> pd.DataFrame:
    """Return one code set shipped with the package, every cell as text, blank as ``""``.

    Parameters
    ----------
    name : str
        The file's name in ``bayescich/records/codes``, without ``.csv``.

    Examples
    --------
    >>> code_set("judgements").set_index("label").loc["Adequate", "grade"]
    '2'
    """
    return _code_set(name).copy()


def known_codes(name: str) -> tuple[str, ...]:
    """Return the codes of a set, in the order of its file.

    Examples
    --------
    >>> known_codes("ssda903_rne")
    ('S', 'L', 'P', 'T', 'B', 'U')
    """
    return tuple(_code_set(name)["code"])
