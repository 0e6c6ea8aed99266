"""Schemas of the tables that models of outcomes at 16 and 18 are fitted to."""

from __future__ import annotations

import pandera.pandas as pa

from bayescich.histories.cohort_outcomes import (
    DEAD,
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
from bayescich.histories.outcome_stays import TYPE_NOT_KNOWN
from bayescich.histories.outcome_values import (
    ACTIVITIES,
    BACK_HOME,
    ENGLISH_MATHS,
    NO_INFORMATION,
    NO_SERVICES,
    NOT_A_YEAR,
    NOT_MEASURED,
    NOT_PLAUSIBLE,
    NOT_PUBLISHED,
    OUT_OF_TOUCH,
    RESIDENCE_UNKNOWN,
)
from bayescich.histories.prior_attainment import CANCELLED, NO_RESULT, NOT_BEFORE, SCALES
from bayescich.histories.schemas.care import AUTHORITY, CHILD
from bayescich.histories.schemas.kinds import (
    day,
    listed,
    number,
    one_of,
    optional,
    score,
    table,
    text,
    whole,
    yes_or_blank,
    zero_or_one,
)
from bayescich.histories.schemas.prior import PRIOR
from bayescich.records.fields import meaning_of

_EXTRACT = "Only with an extract of the National Pupil Database."
_AUDIT = "Only where the source holds a needs audit."
_STATEMENTS = "Only where the source holds Statements of Purpose."


def _why(outcome: str, *reasons: str) -> pa.Column:
    return one_of(f"Why {outcome} is missing; blank where it is not.", reasons, blank=True)


def _per_stay(columns: dict[str, pa.Column]) -> dict[str, pa.Column]:
    """Return one column for the same thing said of each stay, whatever their number."""
    for column in columns.values():
        column.regex, column.required = True, False
    return {rf"^{name}_\d+$": column for name, column in columns.items()}


def _background() -> dict[str, pa.Column]:
    """Return the columns of the prior history, those of true and false as numbers."""
    left_out = {"child", "index_date", "index_home", "first_of_person", "age_at_index"}
    columns = {}
    for name, column in PRIOR.columns.items():
        if name not in left_out:
            columns[name] = _as_number(column)
    return columns


def _as_number(column: pa.Column) -> pa.Column:
    said, kind = str(column.description), meaning_of(column)
    if kind.kind == "flag":
        return yes_or_blank(said) if column.nullable else zero_or_one(said)
    if column.nullable and kind.kind in ("whole", "number"):
        return number(said, kind.unit, low=kind.low or 0, high=kind.high, blank=True)
    return column


def _person(year: str) -> dict[str, pa.Column]:
    return {
        "child": text(CHILD),
        "authority": text(AUTHORITY),
        "arm": one_of(
            "Lived in a home in the window, or looked after in it and never in one.",
            (HOME, COMPARISON),
        ),
        "year": text(f"{year}, e.g. 2019-20."),
        "born": day("Date of birth."),
        "index_date": day("Day before which history is held constant; the window opens."),
        "age_at_start": number("Age on the index date.", "years", high=18),
        "male": zero_or_one("1 if male."),
        "need_behaviour": zero_or_one(
            "1 if the category of need is socially unacceptable behaviour."
        ),
        "need_disability": zero_or_one(
            "1 if the category of need is the child's disability or illness."
        ),
        "legal_status": text("Group of the legal status on the index date."),
        **_background(),
        "ks2": score(
            "Result at 11, in standard deviations from the mean of the children of this table "
            "whose result is on the same scale.",
            "standard deviations",
        ),
        "ks2_scale": one_of(
            "Scale of that result: mean of the scaled scores in reading and mathematics (from "
            "2016), average points, or the average grade given with the results at 16.",
            SCALES,
            blank=True,
        ),
        "ks2_missing": _why("it", CANCELLED, NOT_LINKED, NO_RESULT, NO_ROW),
        "ks2_later": zero_or_one("1 if the tests were taken after the index date."),
        "ehc_plan_before": yes_or_blank(
            "1 if the latest census before the index date shows an education, health and care "
            "plan (a statement before 2015)."
        ),
        "sen_support_before": yes_or_blank(
            "1 if it shows support for special needs without a plan."
        ),
        "sen_missing": _why("what it shows", NOT_LINKED, NO_ROW, NOT_BEFORE),
        "needs_known": optional(
            zero_or_one(
                f"1 if the audit says anything of the child on or before the index date. {_AUDIT}"
            )
        ),
        "has_.+": optional(
            zero_or_one(
                "1 if the need, a code of `needs`, is recorded by then as present; frozen there. "
                f"{_AUDIT}"
            ),
            per_need=True,
        ),
        "window_start": day("First day of the window."),
        "window_end": day("First day after the window."),
        "in_care_days": whole("Looked after in the window.", "days"),
        "home_days": whole("In children's homes and secure homes in the window.", "days"),
    }


_UNNAMED = "blank where it is not known"
_STAYS = {
    "first_home": text(f"First URN of the first home in the window; {_UNNAMED}.", blank=True),
    "last_home": text(f"First URN of the last home in the window; {_UNNAMED}.", blank=True),
    "first_home_type": text(
        "Type of that first home when the stay began; blank if never in one.", blank=True
    ),
    "last_home_type": text(
        "Type of that last home when the stay began; blank if never in one.", blank=True
    ),
    "main_home": text(
        "The known home with most days of the window, of equals the first.", blank=True
    ),
    "home_weight": number("Days in homes, of the days of the window.", "share", high=1),
    "unnamed_home_weight": number("Of these, in homes that are not known.", "share", high=1),
    "statement_known": optional(
        number(
            "Days in homes with a statement on or before the first day of the stay, of the days "
            f"of the window. {_STATEMENTS}",
            "share",
            high=1,
        )
    ),
    "meets_.+": optional(
        number(
            "Days in homes whose newest such statement says that the home meets the need, of the "
            f"days of the window. {_STATEMENTS}",
            "share",
            high=1,
        ),
        per_need=True,
    ),
    **_per_stay(
        {
            "setting": listed(
                "Setting of the k-th stay in the window; blank beyond the last.",
                "membership_settings",
                "kind",
                blank=True,
            ),
            "home": text(f"First URN of its home; blank elsewhere, and {_UNNAMED}.", blank=True),
            "home_type": text(
                "Type of that home on the first day of the stay; blank elsewhere. "
                f"`{TYPE_NOT_KNOWN}` where no list says it.",
                blank=True,
            ),
            "provider": text(
                "Owner of that home on the first day of the stay; blank elsewhere, and where no "
                "list says it.",
                blank=True,
            ),
            "weight": number(
                "Days of the stay, of the days of the window.", "share", high=1, blank=True
            ),
            "began": number(
                "From its first day in the window to the end of the window.", "years", blank=True
            ),
            "ended": number("From its end to the end of the window.", "years", blank=True),
        }
    ),
}

_OF_RESULTS = (NOT_LINKED, NO_ROW, NO_YEAR, NOT_MEASURED, NO_RESULT)
_OF_LEVELS = (NOT_LINKED, NOT_19, NO_ROW, NO_RESULT)
_OF_OC2 = (NOT_YET, NOT_RETURNED, NOT_A_YEAR)

OUTCOMES_16 = table(
    "outcomes at 16",
    "One row per child of the cohort at 16: what was known before, the stays in its window in "
    "order of time (k = 1, 2, …) and the outcomes. Ordered by child.",
    {
        **_person("School year in which Year 11 ends"),
        **_STAYS,
        "attainment8": number(
            "Points of Attainment 8, rounded; some points are never rounded to none.", "points",
            high=90, blank=True,
        ),
        "attainment8_missing": _why("it", *_OF_RESULTS),
        "grade4_em": yes_or_blank(
            "1 if grade 4 or above in English and mathematics (C or above before 2017)."
        ),
        "grade4_em_missing": _why("it", *_OF_RESULTS),
        "grade5_em": yes_or_blank("1 if grade 5 or above in English and mathematics."),
        "grade5_em_missing": _why("it", *_OF_RESULTS),
        "english_maths": one_of(
            "Grades in both: below 4, 4 or above, 5 or above, in this order.", ENGLISH_MATHS,
            blank=True,
        ),
        "english_maths_missing": _why("it", *_OF_RESULTS),
        "sdq": number(
            "Total difficulties score returned on the 31 March at the age of 16.", "points",
            high=40, blank=True,
        ),
        "sdq_missing": listed(
            "Why there is no score: a code or a text; blank where there is one.",
            "ssda903_sdq_reason", "code", _OF_OC2, blank=True,
        ),
        "convicted": yes_or_blank("1 if convicted or cautioned in the year to that 31 March."),
        "convicted_missing": _why("it", *_OF_OC2),
        "offending_years": number("Time that `convicted` is of.", "years"),
        "absence_missed": number("Sessions missed in Year 11.", "half days", blank=True),
        "absence_possible": number("Sessions possible in Year 11.", "half days", blank=True),
        "absence_missing": _why(
            "absence", NOT_LINKED, NO_ROW, NO_YEAR, NOT_PUBLISHED, NO_RESULT, NOT_PLAUSIBLE
        ),
    },
    "child",
)  # fmt: skip

_OF_OC3 = (
    NOT_YET, DEAD, LOOKED_AFTER, NOT_ELIGIBLE, NOT_RETURNED, BACK_HOME, NO_SERVICES,
    NO_INFORMATION,
)  # fmt: skip

OUTCOMES_18 = table(
    "outcomes at 18",
    "One row per child of the cohort at 18, as the table of outcomes at 16. The return of care "
    "leavers is of those that `eligible_care_leaver` marks: homes have shaped who they are. "
    "Ordered by child.",
    {
        **_person("Collection year of the 18th birthday"),
        **_STAYS,
        "eligible_care_leaver": zero_or_one(
            "1 if looked after for 13 weeks since the age of 14, and on a day since that of 16."
        ),
        "in_touch": yes_or_blank(
            "1 if the authority is in touch around the 18th birthday; 0 if it is not, or the young "
            "person refuses contact."
        ),
        "in_touch_missing": _why("it", *_OF_OC3),
        "activity": one_of(
            "Main activity around the 18th birthday, of those in touch.",
            list(dict.fromkeys(ACTIVITIES.values())),
            blank=True,
        ),
        "activity_missing": _why("it", OUT_OF_TOUCH, *_OF_OC3),
        "accommodation_suitable": yes_or_blank(
            "1 if the accommodation around the 18th birthday is suitable, of those in touch."
        ),
        "accommodation_suitable_missing": _why("it", OUT_OF_TOUCH, RESIDENCE_UNKNOWN, *_OF_OC3),
        "level2": yes_or_blank(
            "1 if Level 2 (five GCSEs at 4 or above, or the like) is reached by the end of the "
            "school year of the 19th birthday, by any route; 0 if it is not."
        ),
        "level2_missing": _why("it", *_OF_LEVELS),
        "level3": yes_or_blank("1 if Level 3 (two A levels, or the like) is; 0 if it is not."),
        "level3_missing": _why("it", *_OF_LEVELS),
    },
    "child",
)
