"""Columns derived beside those of an SSDA903 return, so that years can be compared.

What was returned is never changed by it: a placement keeps its code and gets a class, in which
H5, P2 and K3 are one; an activity keeps its code and gets a group, in which F3 is one with F4 and
F5, into which it was split.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pandera.pandas as pa

from bayescich.records import code_sets
from bayescich.records.fields import day, flag, text
from bayescich.records.ssda903_codes import PREFIX, CodeSet, code_set
from bayescich.records.tables import Table
from bayescich.records.tabular import parse_dates

_PARTLY_KNOWN = r"^(?P<day>\d{1,2}|zz)/(?P<month>\d{1,2}|zz)/(?P<year>\d{4}|zzzz)$"

DERIVED_COLUMNS: dict[str, dict[str, pa.Column]] = {
    "episodes": {"PLACE_CLASS": text("Derived: class of the placement, by group of its code.")},
    "oc2": {"SDQ_BAND": text("Derived: normal, borderline or cause for concern, by SDQ_SCORE.")},
    "oc3": {
        "ACTIV_GROUP": text("Derived: group of the activity, the same in every year."),
        "ACCOM_SETTING": text("Derived: setting, by the letter of ACCOM."),
        "SUITABLE": flag(
            "Derived: whether the accommodation is suitable; homelessness and custody never are."
        ),
    },
    "previous_permanence": {
        "DATE_PERM_EARLIEST": day("Derived: first day that DATE_PERM can mean."),
        "DATE_PERM_LATEST": day("Derived: last day that DATE_PERM can mean."),
    },
}
"""Columns added to each table of the return, after those of the return."""


def full_schema(table: Table) -> pa.DataFrameSchema:
    """Return the schema of a table of the return with the columns derived beside its own.

    Examples
    --------
    >>> from bayescich.records.ssda903_schema import EPISODES
    >>> list(full_schema(EPISODES).columns)[-2:]
    ['URN', 'PLACE_CLASS']
    """
    return table.schema.add_columns(DERIVED_COLUMNS.get(table.name, {}))


def with_derived(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Add the derived columns to a typed table of the return.

    Parameters
    ----------
    name : str
        Name of the table, e.g. ``oc3``.
    frame : DataFrame
        Typed as its schema.

    Examples
    --------
    >>> with_derived("oc2", pd.DataFrame({"SDQ_SCORE": pd.array([13, 14, None], "Int64")}))
       SDQ_SCORE    SDQ_BAND
    0         13      normal
    1         14  borderline
    2       <NA>         NaN
    """
    derive = _DERIVED_OF.get(name)
    return frame.assign(**derive(frame)) if derive else frame


def possible_dates(dates: pd.Series) -> pd.DataFrame:
    """Return the first and the last day that each partly known date can mean.

    Parameters
    ----------
    dates : Series of str
        Such as ``05/06/2011``, ``zz/06/2011``, ``zz/zz/2011`` or ``zz/zz/zzzz``; blank is missing.

    Returns
    -------
    DataFrame
        earliest and latest (dates), and readable: whether the cell has one of these forms.

    Examples
    --------
    >>> possible_dates(pd.Series(["zz/02/2012"], dtype="str"))
        earliest     latest  readable
    0 2012-02-01 2012-02-29      True
    """
    parts = dates.str.lower().str.extract(_PARTLY_KNOWN)
    day_known = parse_dates(dates.fillna(""))
    unknown = parts.isin(["zz", "zzzz"])
    month = parts["month"].where(~unknown["month"])
    first = pd.to_datetime(parts["year"] + month.fillna("01"), format="%Y%m", errors="coerce")
    last = pd.to_datetime(parts["year"] + month.fillna("12"), format="%Y%m", errors="coerce")
    span = unknown["day"] & ~unknown["year"]
    earliest = day_known.fillna(first.where(span).astype("datetime64[ns]"))
    latest = day_known.fillna((last + pd.offsets.MonthEnd(0)).where(span).astype("datetime64[ns]"))
    readable = dates.isna() | earliest.notna() | unknown.all(axis=1)
    return pd.DataFrame({"earliest": earliest, "latest": latest, "readable": readable})


def _by_code(codes: pd.Series, known: CodeSet, column: str = "group") -> pd.Series:
    """Look up what the code table says of each code; blank for a blank code."""
    said = known.table[column].array
    return pd.Series(said.take(known.positions(codes), allow_fill=True), index=codes.index)


def _of_episodes(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {"PLACE_CLASS": _by_code(frame["PLACE"], code_set("place"))}


def _of_oc2(frame: pd.DataFrame) -> dict[str, pd.Series]:
    bands = code_sets.code_set(f"{PREFIX}sdq_band")
    score = frame["SDQ_SCORE"].to_numpy(dtype="float64", na_value=-1)
    position = np.searchsorted(bands["lowest"].astype(float), score, side="right") - 1
    band = bands["code"].array.take(position, allow_fill=True)
    return {"SDQ_BAND": pd.Series(band, index=frame.index, dtype="str")}


def _of_oc3(frame: pd.DataFrame) -> dict[str, pd.Series]:
    accommodation = code_set("accom")
    suitable = _by_code(frame["ACCOM"], accommodation, "suitable")
    return {
        "ACTIV_GROUP": _by_code(frame["ACTIV"], code_set("activ")),
        "ACCOM_SETTING": _by_code(frame["ACCOM"], accommodation),
        "SUITABLE": suitable.eq("yes").astype("boolean").where(suitable.isin(["yes", "no"])),
    }


def _of_previous_permanence(frame: pd.DataFrame) -> dict[str, pd.Series]:
    possible = possible_dates(frame["DATE_PERM"])
    return {
        "DATE_PERM_EARLIEST": possible["earliest"],
        "DATE_PERM_LATEST": possible["latest"],
    }


_DERIVED_OF: dict[str, Callable[[pd.DataFrame], dict[str, pd.Series]]] = {
    "episodes": _of_episodes,
    "oc2": _of_oc2,
    "oc3": _of_oc3,
    "previous_permanence": _of_previous_permanence,
}
