"""Schemas of what a child's care is made of: episodes, people, periods of care, homes' URNs."""

from __future__ import annotations

from bayescich.histories.schemas.kinds import (
    day,
    flag,
    one_of,
    place_class,
    returned,
    table,
    text,
    whole,
)
from bayescich.histories.succession import FIRST, GIVEN, LOOKUP, RETURNS

CHILD = "Authority and the authority's id of the child: LA/CHILD."
AUTHORITY = "Authority responsible for the child; one that was merged has its successor's name."
PERIOD = "Number of the period of care, rising over the table."
RECORDS_BEGIN = "1 April with which the first collection year of the authority begins."
RECORDS_END = "31 March with which the last collection year of the authority ends."

CHAIN = table(
    "chain",
    "One row per episode. The episodes of a child follow each other without overlap, ordered by "
    "child and DECOM.",
    {
        "child": text(CHILD),
        "LA": text(AUTHORITY),
        "YEAR": returned("YEAR", blank=False, said="Collection year of the return followed."),
        "CHILD": returned("CHILD", blank=False),
        "DECOM": returned("DECOM", blank=False),
        "DEC": returned(
            "DEC",
            blank=False,
            said="First day not in the episode: as returned, implied by other rows, or "
            "`records_end` while it is open.",
        ),
        "RNE": returned(
            "RNE",
            said="Why the episode begins; P where care is said to start (S) although the last "
            "episode goes on.",
        ),
        "LS": returned("LS"),
        "CIN": returned("CIN"),
        "PLACE": returned("PLACE"),
        "PLACE_CLASS": place_class("Class of the placement."),
        "PLACE_PROVIDER": returned("PLACE_PROVIDER"),
        "REC": returned(
            "REC",
            said="Why the episode ended; X1 if and only if the next one begins that day; blank "
            "while it is open or where how it ended is not recorded.",
        ),
        "REASON_PLACE_CHANGE": returned("REASON_PLACE_CHANGE"),
        "HOME_POST": returned("HOME_POST"),
        "PL_POST": returned("PL_POST"),
        "URN": returned("URN"),
        "born": day("Date of birth, of the child's latest Header row."),
        "sex": returned("SEX", "header", said="Sex: M, F or U (unknown)."),
        "ethnic": returned("ETHNIC", "header"),
        "open": flag("Still running when the records end."),
        "records_begin": day(RECORDS_BEGIN),
        "records_end": day(RECORDS_END),
        "period": whole(PERIOD, "", low=1),
        "imputed_end": flag("The end was not recorded but implied by other rows."),
        "person": text("Who the child is in all authorities: `person` of the table of people."),
        "continues_from": text(
            "Id of the child in the authority from which this period of care was taken over; "
            "blank where none was.",
            blank=True,
        ),
    },
    "child DECOM",
)

PEOPLE = table(
    "people",
    "One row per child of the Header, ordered by child: who is the same person under several ids.",
    {
        "child": text(CHILD),
        "person": text("First of the ids of the children who are one person by pupil number."),
    },
    "child",
)

PERIODS = table(
    "periods",
    "One row per period of care, ordered by child and start.",
    {
        "child": text(CHILD),
        "authority": text(AUTHORITY),
        "period": whole(PERIOD, "", low=1),
        "start": day("First day of its first episode."),
        "end": day("First day not looked after; `records_end` while it is open."),
        "open": flag("Still running when the records end."),
        "first_rne": returned("RNE", said="Why its first episode begins."),
        "last_rec": returned(
            "REC", said="Why its last episode ended; blank while open or where not recorded."
        ),
        "starts_known": flag("It begins with a start of care (S)."),
        "need": returned("CIN", said="Main need given on its first episode."),
        "cin_changes": whole("Times the main need changes within it.", "changes"),
        "episodes": whole("Episodes that it is made of.", "episodes", low=1),
        "days": whole("From its start to its end.", "days"),
        "complete": flag("Its start and its end are both recorded."),
    },
    "period",
)

SUCCESSION = table(
    "succession",
    "One row per URN of a home in the returns or on Ofsted's lists: which home it is.",
    {
        "urn": text("URN as recorded."),
        "home": text("First URN of the same physical home."),
        "evidence": one_of(
            "What says that the URN took its predecessor's place.", (FIRST, GIVEN, LOOKUP, RETURNS)
        ),
    },
    "urn",
)
