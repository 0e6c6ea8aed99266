"""What extracts of the National Pupil Database hold: tables, columns and their many spellings.

A pupil is known by the anonymous pupil matching reference (research extracts) or by the UPN.
"""

from __future__ import annotations

import pandera.pandas as pa

from bayescich.records.fields import code, day, flag, identifier, number, text, whole, year
from bayescich.records.npd_headings import NpdTable

TERMS = ("AUTUMN", "SPRING", "SUMMER", "SUMMER6TH")
"""Terms of the absence tables; the last is the summer of older pupils."""

ROLL_UPS = ("ANNUAL", "3TERM", "6HALFTERMS", "5HALFTERMS")
"""Sums over terms that a table may give instead, the best first."""

ABSENCE_KINDS = {
    "POSSIBLE": ("SessionsPossible", "sessions possible"),
    "AUTHORISED": ("AuthorisedAbsence", "sessions of authorised absence"),
    "UNAUTHORISED": ("UnauthorisedAbsence", "sessions of unauthorised absence"),
    "OVERALL": ("OverallAbsence", "sessions of absence"),
}
"""The kinds of sessions counted: the start of the heading, and its meaning."""


def _names(prefix: str, *names: str) -> tuple[str, ...]:
    prefixed = (f"{prefix}_{name}" for name in names) if prefix else ()
    return (*prefixed, *names)


def _pupil(prefix: str) -> dict[str, pa.Column]:
    """Return the columns that say which pupil and which school year, with their prefix."""
    reference = ("PupilMatchingRefAnonymous", "PUPILMATCHINGREF", "PMR", "PMRAnonymous", "PMRA")
    return {
        "LA": text(
            "authority of the school", needed=False, headings=_names(prefix, "LA", "LA_9CODE")
        ),
        "YEAR": year(
            "school year, as the year in which it ends",
            headings=_names(prefix, "ACADYR", "AcademicYear", "Academic_Year"),
        ),
        "PMR": identifier(
            "anonymous pupil matching reference", needed=False, headings=_names(prefix, *reference)
        ),
        "UPN": identifier(
            "unique pupil number; UN1 to UN5 stand for none",
            needed=False,
            headings=_names(prefix, "UPN", "UniquePupilNumber"),
        ),
    }


def _flag(prefix: str, meaning: str, *names: str) -> pa.Column:
    return flag(meaning, needed=False, headings=_names(prefix, *names))


def _number(
    prefix: str, meaning: str, unit: str, *names: str, low: float | None = None,
    high: float | None = None,
) -> pa.Column:  # fmt: skip
    headings = _names(prefix, *names)
    return number(meaning, unit, low=low, high=high, needed=False, headings=headings)


def _school(prefix: str) -> dict[str, pa.Column]:
    return {
        "SCHOOL_URN": identifier(
            "reference number of the school (never of a home)",
            needed=False,
            headings=_names(prefix, "URN"),
        ),
        "LAESTAB": identifier(
            "authority and establishment number of the school",
            needed=False,
            headings=_names(prefix, "LAESTAB", "LAEstab_ANON", "ESTAB"),
        ),
    }


_ANY_PUPIL = ("PMR", "UPN")

KS2 = NpdTable(
    "ks2",
    "Key Stage 2 (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil("KS2"),
            "READING": _number(
                "KS2", "scaled score in reading", "points, 80 to 120",
                "READSCORE", "READSCALEDSCORE", "READ_SCALED_SCORE",
            ),
            "MATHS": _number(
                "KS2", "scaled score in mathematics", "points, 80 to 120",
                "MATSCORE", "MATSCALEDSCORE", "MATHSSCORE",
            ),
            "GPS": _number(
                "KS2", "scaled score in grammar, punctuation and spelling", "points, 80 to 120",
                "GPSSCORE", "GPSSCALEDSCORE",
            ),
            "EXPECTED": _flag(
                "KS2", "reached the expected standard in reading, writing and mathematics",
                "RWM_EXP", "RWMEXP", "RWM_EXPECTED",
            ),
            "POINTS": _number(
                "KS2", "average points, finely graded (tests up to 2015)", "points",
                "APSFG", "AVGPOINTS", "FG_APS", "EMFG",
            ),
        },
        description="One row per pupil at the end of Key Stage 2 (age 11).",
    ),
    known_by=(),
    key=("YEAR",),
    origin=True,
    prefix="KS2",
    one_of=(_ANY_PUPIL, ("READING", "MATHS", "GPS", "EXPECTED", "POINTS")),
)  # fmt: skip

KS4 = NpdTable(
    "ks4",
    "Key Stage 4 (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil("KS4"),
            "NATRES": _flag("KS4", "counted in national results", "NATRES", "NPDDEN_NAT"),
            "ATT8": _number("KS4", "Attainment 8 (from 2016)", "points", "ATT8", low=0, high=90),
            "P8": _number("KS4", "Progress 8", "grades", "P8SCORE"),
            "GRADE4_EM": _flag(
                "KS4", "grade 4 or above in English and mathematics", "L2BASICS_94"
            ),
            "GRADE5_EM": _flag(
                "KS4", "grade 5 or above in English and mathematics", "L2BASICS_95"
            ),
            "GRADE_C_EM": _flag(
                "KS4", "A* to C in English and mathematics (up to 2016)",
                "LEVEL2_EM_PTQ_EE", "LEVEL2_EM",
            ),
            "CAPPED_POINTS": _number(
                "KS4", "capped points (up to 2015)", "points", "PTSCNEWE_PTQ_EE", "PTSCNEWE",
                low=0,
            ),
            "ANY_PASS": _flag("KS4", "passed anything", "ANYPASS_PTQ_EE", "PASS_94", "ANYPASS"),
            "EBACC_ENTERED": _flag(
                "KS4", "entered the English Baccalaureate", "EBACC_E_PTQ_EE", "EBACC_E"
            ),
            "KS2_GRADE": _number(
                "KS4", "average Key Stage 2 grade in English and mathematics", "fine grade",
                "KS2EMFG",
            ),
            "FSM6": _flag("KS4", "free school meals in the last six years", "FSM6"),
            "EHC_PLAN": _flag("KS4", "has an education, health and care plan", "SENE"),
            "SEN_SUPPORT": _flag("KS4", "has SEN support", "SENK"),
            "IDACI": _number("KS4", "income deprivation of the child's area", "share", "IDACI"),
            **_school("KS4"),
        },
        description="One row per pupil, school and year at the end of Key Stage 4 (age 16).",
    ),
    known_by=(),
    key=("YEAR",),
    origin=True,
    prefix="KS4",
    one_of=(_ANY_PUPIL, ("ATT8", "CAPPED_POINTS", "GRADE4_EM", "GRADE_C_EM")),
)  # fmt: skip

KS5 = NpdTable(
    "ks5",
    "Key Stage 5 (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil("KS5"),
            "A_LEVEL_POINTS": _number(
                "KS5", "total A-level points", "points", "TOTPTSE_ALEV", low=0
            ),
            "INSTITUTION": text(
                "type of school or college", needed=False, headings=_names("KS5", "NFTYPE")
            ),
            "ESTABLISHMENT": text(
                "type of establishment, as coded",
                needed=False,
                headings=_names("KS5", "ToE_CODE"),
            ),
        },
        description="One row per student and year in 16 to 18 results. Only those who entered "
        "appear: no row is not the same as no qualification.",
    ),
    known_by=(),
    key=("YEAR",),
    origin=True,
    prefix="KS5",
    one_of=(_ANY_PUPIL, ("A_LEVEL_POINTS", "ESTABLISHMENT", "INSTITUTION")),
)


LEVEL_AGES = (16, 17, 18, 19)
"""Ages by whose school year a level is reached or not: 16 is that of Year 11, 19 three years on."""

LEVELS = (2, 3)


def _levels() -> dict[str, pa.Column]:
    return {
        f"LEVEL{level}_AT_{age}": _flag(
            "YPMAD", f"reached Level {level} by the end of the school year of age {age}",
            f"L{level}_at_{age}",
        )
        for level in LEVELS
        for age in LEVEL_AGES
    }  # fmt: skip


YPMAD = NpdTable(
    "ypmad",
    "Levels 2 and 3 at 19 (NPD, Young Person's Matched Administrative Dataset)",
    pa.DataFrameSchema(
        {**_pupil("YPMAD"), **_levels()},
        description="One row per young person, from schools, colleges, apprenticeships and "
        "awarding bodies (the dataset's snapshot indicators). The school year is the last one "
        "that the extract counts, so a name such as `ypmad_2024-25.csv` says it; what is by an "
        "age that comes later is taken as blank.",
    ),
    known_by=(),
    key=("YEAR",),
    origin=True,
    prefix="YPMAD",
    one_of=(_ANY_PUPIL, tuple(f"LEVEL{level}_AT_{LEVEL_AGES[-1]}" for level in LEVELS)),
)


def _sessions() -> dict[str, pa.Column]:
    spans = (*TERMS, *ROLL_UPS)
    return {
        f"{kind}_{span}": _number(
            "", f"{meaning}, {_SPAN_WORDS[span]}", "half days",
            *(f"{start}_{spelling}" for spelling in _SPELT.get(span, (span.title(),))), low=0,
        )
        for kind, (start, meaning) in ABSENCE_KINDS.items()
        for span in spans
    }  # fmt: skip


_SPAN_WORDS = {
    "AUTUMN": "autumn term",
    "SPRING": "spring term",
    "SUMMER": "summer term",
    "SUMMER6TH": "second half of the summer term",
    "ANNUAL": "whole year",
    "3TERM": "three terms",
    "6HALFTERMS": "six half terms",
    "5HALFTERMS": "five half terms",
}
_SPELT = {
    "SUMMER6TH": ("Summer6th",),
    "3TERM": ("3Term",),
    "6HALFTERMS": ("6HalfTerms", "6HTERM"),
    "5HALFTERMS": ("5HalfTerms", "5HTERM"),
}

ABSENCE = NpdTable(
    "absence",
    "Absence (NPD)",
    pa.DataFrameSchema(
        {**_pupil(""), **_school(""), **_sessions()},
        description="One row per pupil, school and year: a pupil of two schools has two rows.",
    ),
    known_by=(),
    key=("YEAR",),
    origin=True,
    one_of=(_ANY_PUPIL, tuple(f"POSSIBLE_{span}" for span in (*TERMS, *ROLL_UPS))),
)

EXCLUSIONS = NpdTable(
    "exclusions",
    "Exclusions (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil(""),
            **_school(""),
            "CATEGORY": code(
                "kind of exclusion", "npd_exclusion_category", headings=_names("", "Category")
            ),
            "START": day("first day", headings=_names("", "StartDate", "Start_Date")),
            "SESSIONS": _number("", "sessions lost", "half days", "Sessions", low=0),
            **{
                f"REASON{i}": code(
                    f"reason, number {i}",
                    "npd_exclusion_reason",
                    needed=False,
                    headings=_names("", f"Reason{i}", f"Reason_{i}", *(["Reason"] * (i == 1))),
                )
                for i in (1, 2, 3)
            },
        },
        description="One row per suspension, lunchtime or permanent exclusion.",
    ),
    known_by=("CATEGORY", "START"),
    key=("YEAR", "CATEGORY"),
    origin=True,
    one_of=(_ANY_PUPIL,),
)

EXCLUSION_TOTALS = NpdTable(
    "exclusion_totals",
    "Exclusions added up by year (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil(""),
            "PERMANENT": whole(
                "permanent exclusions in the year",
                "exclusions",
                low=0,
                headings=_names("", "PermanentExclusionCount"),
            ),
            "SUSPENSIONS": whole(
                "suspensions in the year",
                "suspensions",
                low=0,
                headings=_names("", "TotalFixedExclusions", "TotalSuspensions"),
            ),
            "SUSPENSION_SESSIONS": _number(
                "", "sessions lost to suspensions", "half days", "TotalFixedSessions", low=0
            ),
        },
        description="One row per pupil and year.",
    ),
    known_by=("PERMANENT", "SUSPENSIONS"),
    key=("YEAR",),
    origin=True,
    one_of=(_ANY_PUPIL,),
)

CENSUS = NpdTable(
    "census",
    "School census: special educational needs (NPD)",
    pa.DataFrameSchema(
        {
            **_pupil(""),
            **_school(""),
            "TERM": text("term of the census", needed=False, headings=_names("", "CensusTerm")),
            "DATE": day("day of the census", needed=False, headings=_names("", "CensusDate")),
            "SEN": code(
                "provision for special educational needs",
                "npd_sen_provision",
                headings=_names("", "SENprovision", "SEN_provision"),
            ),
            **{
                f"SEN_TYPE{i}": code(
                    f"{word} type of need",
                    "npd_sen_type",
                    needed=False,
                    headings=_names("", f"{word}SENtype", f"{word}_SEN_type"),
                )
                for i, word in ((1, "Primary"), (2, "Secondary"))
            },
            "FSM": _flag("", "eligible for free school meals", "FSMeligible"),
        },
        description="One row per pupil, school and census (autumn, spring, summer).",
    ),
    known_by=("SEN",),
    key=("YEAR",),
    origin=True,
    one_of=(_ANY_PUPIL,),
)

LINK = NpdTable(
    "npd_link",
    "Link between children looked after and pupils",
    pa.DataFrameSchema(
        {
            "LA": text(
                "local authority responsible for the child", needed=False,
                headings=("CLA_LA", "CLA_CLA_LA"),
            ),
            "CHILD": identifier(
                "the authority's id of the child, as in SSDA903",
                headings=("CLA_Child_LA_Code_Anon", "CLA_Child_ID_Anon", "Child_ID"),
            ),
            "PMR": _pupil("CLA")["PMR"],
            "UPN": _pupil("CLA")["UPN"],
        },
        description="One row per child, or per child and year; no pupil means not linked.",
    ),
    known_by=("CHILD", "PMR"),
    prefix="CLA",
    key=("CHILD",),
)  # fmt: skip

NPD_TABLES: tuple[NpdTable, ...] = (
    KS2, KS4, KS5, YPMAD, ABSENCE, EXCLUSIONS, EXCLUSION_TOTALS, CENSUS, LINK,
)  # fmt: skip
"""The tables of an extract."""
