"""The ten tables of an SSDA903 return beside Header and Episodes."""

from __future__ import annotations

from bayescich.records.fields import code, day, flag, identifier, text, whole
from bayescich.records.ssda903_columns import born, return_table, sex

OC2 = return_table(
    "oc2",
    "OC2: health and conduct of children looked after for 12 months",
    born()
    | {
        "SDQ_SCORE": whole(
            "Total difficulties score of the Strengths and Difficulties Questionnaire, by the "
            "carer, at ages 4 to 16.",
            "points",
            low=0,
            high=40,
        ),
        "SDQ_REASON": code("Why there is no score.", "ssda903_sdq_reason", needed=False),
        "CONVICTED": flag(
            "Convicted or cautioned in the year; of children aged 10 or over at its end.",
            needed=False,
        ),
        "HEALTH_CHECK": flag("Developmental checks up to date; of children under 5.", needed=False),
        "IMMUNISATIONS": flag("Immunisations up to date.", needed=False),
        "TEETH_CHECK": flag("Teeth checked by a dentist in the year.", needed=False),
        "HEALTH_ASSESSMENT": flag("Health assessed in the year.", needed=False),
        "SUBSTANCE_MISUSE": flag("Found to have a substance misuse problem.", needed=False),
        "INTERVENTION_RECEIVED": flag(
            "Received help with substance misuse; of those with the problem.", needed=False
        ),
        "INTERVENTION_OFFERED": flag(
            "Was offered help with substance misuse; of those who received none.", needed=False
        ),
    },
    "SDQ_SCORE",
)

OC3 = return_table(
    "oc3",
    "OC3: care leavers",
    born()
    | {
        "IN_TOUCH": code(
            "Whether the authority is in touch with the care leaver.", "ssda903_in_touch"
        ),
        "ACTIV": code("Main activity around the birthday.", "ssda903_activ", needed=False),
        "ACCOM": code(
            "Accommodation: a letter for the setting, then 1 suitable or 2 unsuitable.",
            "ssda903_accom",
            needed=False,
        ),
    },
    "IN_TOUCH",
)

MISSING = return_table(
    "missing",
    "Missing and away",
    born()
    | {
        "MISSING": code("Missing, or away without authorisation.", "ssda903_missing", needed=False),
        "MIS_START": day("First day of the spell.", nullable=False),
        "MIS_END": day("Last day of the spell; blank while it lasts.", needed=False),
    },
    "MIS_START",
    "MIS_START",
)

REVIEWS = return_table(
    "reviews",
    "Reviews",
    born()
    | {
        "REVIEW": day("Day of the review.", nullable=False),
        "REVIEW_CODE": code("How the child took part.", "ssda903_review_code", needed=False),
    },
    "REVIEW",
    "REVIEW",
)

UASC = return_table(
    "uasc",
    "Unaccompanied asylum-seeking children",
    {
        "SEX": sex(needed=False),
        **born(),
        "DUC": day("Day on which the status ceased, at the latest the 18th birthday."),
    },
    "DUC",
)

PREVIOUS_PERMANENCE = return_table(
    "previous_permanence",
    "Previous permanence arrangements",
    born()
    | {
        "PREV_PERM": code(
            "Permanence arrangement before this period of care.", "ssda903_prev_perm"
        ),
        "LA_PERM": identifier("Authority that arranged it.", needed=False),
        "DATE_PERM": text(
            "Day of the order; zz stands for a part of the date that is not known, as in "
            "zz/06/2011.",
            needed=False,
        ),
    },
    "PREV_PERM",
)

PLACED_FOR_ADOPTION = return_table(
    "placed_for_adoption",
    "Decisions that a child should be placed for adoption",
    born()
    | {
        "DATE_PLACED": day("Day of the decision.", nullable=False),
        "DATE_PLACED_CEASED": day("Day on which the decision was changed.", needed=False),
        "REASON_PLACED_CEASED": code(
            "Why it was changed.", "ssda903_reason_placed_ceased", needed=False
        ),
    },
    "DATE_PLACED",
    "DATE_PLACED",
)

ADOPTIONS = return_table(
    "adoptions",
    "AD1: adopted children",
    born()
    | {
        "DATE_INT": day("Day of the decision that the child should be placed for adoption."),
        "DATE_MATCH": day("Day of the match with the adopters.", needed=False),
        "FOSTER_CARE": flag("Whether adopted by a former foster carer.", needed=False),
        "NB_ADOPTR": whole("Number of adopters.", "people", low=1, high=2, needed=False),
        "SEX_ADOPTR": code("Sex of the adopters.", "ssda903_sex_adoptr", needed=False),
        "LS_ADOPTR": code("Legal status of the adopters.", "ssda903_ls_adoptr", needed=False),
    },
    "DATE_INT",
)

SOCIAL_WORKERS = return_table(
    "social_workers",
    "Social worker episodes, from 2024",
    born()
    | {
        "SW_ID": identifier(
            "Registration number of the social worker, beginning SW; XX where there is none.",
            needed=False,
        ),
        "SW_DECOM": day("First day with the social worker.", nullable=False),
        "SW_DEC": day("Last day with the social worker; blank while it lasts.", needed=False),
        "SW_REASON": code("Why the social worker began.", "ssda903_sw_reason", needed=False),
    },
    "SW_DECOM",
    "SW_DECOM",
)

DEPRIVATIONS = return_table(
    "deprivations",
    "Deprivation of liberty orders, from 2027",
    born()
    | {
        "DOLO_START": day("First day of the order.", nullable=False),
        "DOLO_END": day("Last day of the order; blank while it lasts.", needed=False),
    },
    "DOLO_START",
    "DOLO_START",
)
