"""Code sets: the labels and codes of each return, kept as small CSV tables beside the code."""

from __future__ import annotations

from importlib import resources

import pandas as pd


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
    source = resources.files("bayescich.records").joinpath("codes", f"{name}.csv")
    with source.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, dtype=str, keep_default_na=False)
