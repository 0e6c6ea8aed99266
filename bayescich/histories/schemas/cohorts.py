"""Schemas of what outcomes are joined to: homes in a window, and the cohorts at 16 and 18."""

from __future__ import annotations

import pandera.pandas as pa

from bayescich.histories.cohort_outcomes import (
    DEAD,
    LEAVER_AGES,
    LOOKED_AFTER,
    NO_ROW,
    NO_YEAR,
    NOT_19,
    NOT_ELIGIBLE,
    NOT_LINKED,
    NOT_RETURNED,
    NOT_YET,
)
from bayescich.histories.cohorts import COMPARISON, HOME
from bayescich.histories.membership import NOT_IN_CARE
from bayescich.histories.schemas.care import AUTHORITY, CHILD
from bayescich.histories.schemas.kinds import (
    as_in,
    day,
    flag,
    listed,
    number,
    one_of,
    returned,
    table,
    text,
    whole,
    year,
)
from bayescich.records import npd_schema

_SETTING = listed(
    "The kind of home, or of other setting.", "membership_settings", "setting", (NOT_IN_CARE,)
)
_HOME = text("First URN of the home; blank elsewhere, or where it is not known.", blank=True)

STAYS_IN_WINDOW = table(
    "stays in a window",
    "One row per stay in the window of a child: each day of it is in one. Columns of the home "
    "spells that were asked for come at the end.",
    {
        "child": text(CHILD),
        "home": _HOME,
        "setting": _SETTING,
        "start": day("First day of the stay that is in the window."),
        "end": day("First day not there, or not in the window."),
    },
    "child start",
)

MEMBERSHIP = table(
    "membership",
    "One row per child, home and setting of a window; the weights of a child add up to one. "
    "Columns of the home spells that were asked for come before the days.",
    {
        "child": text(CHILD),
        "home": _HOME,
        "setting": _SETTING,
        "days": whole("Days of the window spent there.", "days"),
        "weight": number("Share of the outcome that is put down to it.", "share", high=1),
    },
    "child home setting",
)

_PERSON = {
    "child": text(CHILD),
    "authority": text(AUTHORITY),
    "arm": one_of("In a home in the window, or looked after and never in one.", (HOME, COMPARISON)),
    "born": day("Date of birth."),
    "sex": returned("SEX", "header", said="Sex: M, F or U (unknown)."),
    "year11": year("School year in which the child turns 16."),
    "index_date": day("Day before which history is held constant; the window opens."),
    "window_start": day("First day of the window."),
    "window_end": day("First day after the window."),
    "window_observed": flag("The window opens within the records."),
    "in_care_days": whole("Looked after in the window.", "days"),
    "home_days": whole("In children's homes and secure homes in the window.", "days"),
    "first_home": text("First URN of the first home in the window, if known.", blank=True),
    "last_home": text("First URN of the last home in the window, if known.", blank=True),
}


def _why(outcome: str, *reasons: str) -> pa.Column:
    return one_of(f"Why {outcome} is missing; blank where it is not.", reasons, blank=True)


def _of_extract(
    name: str, source: dict[str, pa.Column], outcome: str, *reasons: str
) -> dict[str, pa.Column]:
    columns = {f"{name}_{column.lower()}": kind for column, kind in source.items()}
    columns |= {f"{name}_missing": _why(outcome, NOT_LINKED, NO_ROW, *reasons)}
    for column in columns.values():
        column.required = False
    return columns


def _as_extracted(source: pa.DataFrameSchema, *names: str) -> dict[str, pa.Column]:
    return {name: as_in(source.columns[name], source.columns[name].description) for name in names}


def _assessed(year: str) -> dict[str, pa.Column]:
    return {"ASSESSED": flag(f"Schools set the grades of that year ({year}).", blank=True)}


_YEAR = "School year of the row."
_KS4 = {
    "YEAR": year(_YEAR, blank=True),
    **_as_extracted(
        npd_schema.KS4.schema, "ATT8", "P8", "GRADE4_EM", "GRADE5_EM", "GRADE_C_EM", "ANY_PASS"
    ),
    **_assessed("2020 and 2021"),
}
_KS5 = {
    "YEAR": year(_YEAR, blank=True),
    **_as_extracted(npd_schema.KS5.schema, "A_LEVEL_POINTS"),
    **_assessed("2020 and 2021"),
}
_YPMAD = {
    "YEAR": year("Last school year that the extract counts.", blank=True),
    "LEVEL2": flag("Reached Level 2 by the school year of the 19th birthday.", blank=True),
    "LEVEL3": flag("Reached Level 3 by then.", blank=True),
}
_ABSENCE = {
    "POSSIBLE": number("Sessions possible in Year 11.", "half days", blank=True),
    "OVERALL": number("Sessions missed.", "half days", blank=True),
    "UNAUTHORISED": number("Sessions missed without leave.", "half days", blank=True),
    "PERSISTENT": flag("A tenth or more of sessions missed.", blank=True),
    "SEVERE": flag("Half or more of sessions missed.", blank=True),
    "AFFECTED": listed(
        "What the pandemic did to that year.", "npd_affected_years", "effect", blank=True
    ),
}
_EXCLUSIONS = {
    "SUSPENSIONS": whole("Suspensions in Year 11.", "suspensions", blank=True),
    "SUSPENSION_SESSIONS": number("Sessions lost to suspensions.", "half days", blank=True),
    "PERMANENT": whole("Permanent exclusions in Year 11.", "exclusions", blank=True),
}

_AT_16 = {
    "sdq_16": returned(
        "SDQ_SCORE",
        "oc2",
        said="Total difficulties score returned on the 31 March at the age of 16.",
    ),
    "sdq_16_missing": listed(
        "Why there is no score: a code or a text; blank where there is one.",
        "ssda903_sdq_reason",
        "code",
        (NOT_YET, NOT_RETURNED),
        blank=True,
    ),
    "convicted_16": returned(
        "CONVICTED", "oc2", said="Convicted or cautioned in the year to that 31 March."
    ),
    "convicted_16_missing": _why("it", NOT_YET, NOT_RETURNED),
}


def _of_leavers(age: int) -> dict[str, pa.Column]:
    around = f"around the birthday at {age}"
    return {
        f"in_touch_{age}": returned(
            "IN_TOUCH", "oc3", said=f"In touch with the authority {around}."
        ),
        f"activ_{age}": returned("ACTIV", "oc3", said=f"Main activity {around}."),
        f"accom_{age}": returned("ACCOM", "oc3", said=f"Accommodation {around}."),
        f"activ_group_{age}": listed(
            "Group of that activity.", "ssda903_activ", "group", blank=True
        ),
        f"accom_setting_{age}": listed(
            "Setting of that accommodation.", "ssda903_accom", "group", blank=True
        ),
        f"suitable_{age}": flag("That accommodation is suitable.", blank=True),
        f"oc3_{age}_missing": _why(
            "the row of that age", NOT_YET, DEAD, LOOKED_AFTER, NOT_ELIGIBLE, NOT_RETURNED
        ),
    }


_OPTIONAL = "The last columns are there with an extract of the National Pupil Database only."

COHORT_AT_16 = table(
    "cohort at 16",
    f"One row per child whose outcomes at the end of Year 11 are known. {_OPTIONAL}",
    {
        **_PERSON,
        **_AT_16,
        **_of_extract("ks4", _KS4, "the result", NO_YEAR),
        **_of_extract("absence", _ABSENCE, "absence", NO_YEAR),
        **_of_extract("exclusions", _EXCLUSIONS, "a row of exclusions", NO_YEAR),
    },
    "child",
)

COHORT_AT_18 = table(
    "cohort at 18",
    f"One row per child whose 18th birthday is within the records. {_OPTIONAL}",
    {
        **_PERSON,
        "eligible_care_leaver": flag(
            "Looked after for 13 weeks since the age of 14, and on a day since that of 16."
        ),
        **{name: kind for age in LEAVER_AGES for name, kind in _of_leavers(age).items()},
        **_of_extract("ks5", _KS5, "the result"),
        **_of_extract("ypmad", _YPMAD, "what is by 19", NOT_19),
    },
    "child",
)
