"""Rules about care leavers (OC3)."""

from __future__ import annotations

import pandas as pd

from bayescich.histories.faults.rule import Rule
from bayescich.histories.faults.tables import FaultTables

THEME = "care leavers (OC3)"
_TABLE = "oc3"
_NOTHING = "0"
_IN_TOUCH = "YES"


def _said(tables: FaultTables, column: str) -> pd.Series:
    value = tables.rows(_TABLE)[column]
    return value.notna() & value.ne(_NOTHING)


def _not_in_touch_yet_known(tables: FaultTables) -> pd.Series:
    touch = tables.rows(_TABLE)["IN_TOUCH"]
    away = touch.notna() & touch.ne(_IN_TOUCH)
    return away & (_said(tables, "ACTIV") | _said(tables, "ACCOM"))


def _in_touch_yet_unknown(tables: FaultTables) -> pd.Series:
    in_touch = tables.rows(_TABLE)["IN_TOUCH"].eq(_IN_TOUCH)
    return in_touch & ~(_said(tables, "ACTIV") & _said(tables, "ACCOM"))


def _mother_without_parenting(tables: FaultTables) -> pd.Series:
    """Find young men recorded as out of work through pregnancy or parenting."""
    rows = tables.rows(_TABLE)
    men = tables.sex_of[rows.child] == "M"
    return rows["ACTIV"].eq("G6") & rows.series(men)


def _suitable_on_the_street(tables: FaultTables) -> pd.Series:
    return tables.rows(_TABLE)["ACCOM"].isin(["S1", "X1"])


def _carers_at_17(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    with_carers = rows["ACCOM"].str.startswith("Z").fillna(value=False).astype(bool)
    return with_carers & (rows.year_end < rows.birthday(18))


def _foyer_at_17(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    foyer = rows["ACCOM"].str.startswith("T").fillna(value=False).astype(bool)
    return foyer & (rows.year_end < rows.birthday(18))


def _no_care_leaver(tables: FaultTables) -> pd.Series:
    rows = tables.rows(_TABLE)
    return (rows.year_end < rows.birthday(17)) | (rows.year_end >= rows.birthday(26))


RULES = (
    Rule("not in touch, yet known", THEME, _TABLE,
         "The authority is not in touch, yet activity or accommodation is recorded.",
         "What the young person does is second-hand or out of date.", _not_in_touch_yet_known),
    Rule("in touch, yet not known", THEME, _TABLE,
         "The authority is in touch, yet activity or accommodation is not recorded.",
         "An outcome is missing that could be known.", _in_touch_yet_unknown),
    Rule("young man, parenting", THEME, _TABLE,
         "A young man is not in education, employment or training because of pregnancy or "
         "parenting (G6).",
         "The reason, or the sex, may be wrong.", _mother_without_parenting, needs=("header",)),
    Rule("suitable, with no home", THEME, _TABLE,
         "Homelessness or custody is recorded as suitable accommodation (S1, X1).",
         "Suitability is not comparable between authorities.", _suitable_on_the_street),
    Rule("with former carers at 17", THEME, _TABLE,
         "Accommodation with former foster carers (Z) is recorded for a 17 year old.",
         "At 17 that is a placement: the young person is still looked after.", _carers_at_17,
         needs=("header",)),
    Rule("foyer at 17", THEME, _TABLE, "A foyer (T) is recorded for a 17 year old.",
         "Foyers are for adults: the accommodation or the age is wrong.", _foyer_at_17,
         needs=("header",)),
    Rule("not of a care leaver's age", THEME, _TABLE,
         "The young person is under 17 or over 25 on 31 March.",
         "The date of birth or the year is wrong.", _no_care_leaver, needs=("header",)),
)  # fmt: skip
