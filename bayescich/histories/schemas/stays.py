"""Schemas of stays and of how they ended: spells, home spells, moves and exits."""

from __future__ import annotations

from bayescich.histories.exits import CENSORED
from bayescich.histories.home_spells import NO_LONGER_A_HOME, SAME_CARER
from bayescich.histories.moves import NOT_RECORDED as NO_REASON
from bayescich.histories.places import HOME_CLASSES
from bayescich.histories.schemas.care import (
    AUTHORITY,
    CHILD,
    PERIOD,
    RECORDS_BEGIN,
    RECORDS_END,
)
from bayescich.histories.schemas.kinds import (
    day,
    flag,
    listed,
    number,
    one_of,
    place_class,
    returned,
    table,
    text,
    time_at_risk,
    whole,
)
from bayescich.histories.spells import (
    ADULT,
    DIED,
    EXTRACT_ENDS,
    LEFT_CARE,
    MOVED,
    NOT_RECORDED,
    TAKEN_OVER,
)

_HIDING = (ADULT, EXTRACT_ENDS, TAKEN_OVER, DIED, NOT_RECORDED)
ENDINGS = (MOVED, LEFT_CARE, *_HIDING)
"""How a placement spell may end."""

_ENDED_BY = "How the stay ended; all but a move censor the time to a move."
_FIRST = "of the first episode"

_OF_STAY = {
    "child": text(CHILD),
    "authority": text(AUTHORITY),
    "born": day("Date of birth."),
    "sex": returned("SEX", "header", said="Sex: M, F or U (unknown)."),
    "ethnic": returned("ETHNIC", "header"),
    "period": whole(PERIOD, "", low=1),
    "spell": whole("Number of the placement spell.", ""),
    "start": day("First day of the stay."),
    "end": day("First day not there; never after the 18th birthday."),
    "days": time_at_risk("Time at risk of a move; a stay of no day has `day_zero` of a day."),
    "days_away": whole("On temporary placements from which the child returned.", "days"),
    "PLACE": returned("PLACE", said=f"Kind of placement {_FIRST}."),
    "PLACE_CLASS": place_class(f"Class of placement {_FIRST}."),
    "PLACE_PROVIDER": returned("PLACE_PROVIDER", said=f"Who provides the placement {_FIRST}."),
    "URN": returned("URN", said=f"URN {_FIRST}: of the home, or of the agency."),
    "PL_POST": returned("PL_POST", said=f"Postcode of the placement {_FIRST}."),
    "place": text("What tells places apart: the URN of a home; else class and postcode, or URN."),
    "LS": returned("LS", said=f"Legal status {_FIRST}."),
    "need": returned("CIN", said="Main need at the start of the period of care."),
    "history_known": flag("The child's first row in the records starts a period of care (S)."),
    "records_begin": day(RECORDS_BEGIN),
    "records_end": day(RECORDS_END),
    "placements_before": whole(
        "Earlier placements of the child in the records, temporary ones left out.", "placements"
    ),
    "ended_by": one_of(_ENDED_BY, ENDINGS),
    "reason": returned("REASON_PLACE_CHANGE", said="Reason given for the move, as the stay ended."),
    "REC": returned("REC", said="Why the last episode ended."),
    "imputed_end": flag("The end was not recorded but implied by other rows."),
    "same_carer_changes": whole("Changes with the same carer (T, U) within the stay.", "changes"),
    "next_place": text("Place of the next stay; blank where none follows.", blank=True),
    "next_class": place_class("Class of placement of the next stay."),
    "next_urn": returned("URN", said="URN of the next stay."),
}

SPELLS = table(
    "spells",
    "One row per placement spell: an unbroken stay with one carer or in one home, in every kind "
    "of placement. Ordered by child and start.",
    _OF_STAY,
    "spell",
)

HOME_SPELLS = table(
    "home spells",
    "One row per stay in one children's home or secure home. Ordered by child and start.",
    _OF_STAY
    | {
        "spell": whole("Number of the placement spell in which the stay began.", ""),
        "PLACE_CLASS": one_of(f"Class of placement {_FIRST}.", HOME_CLASSES),
        "ended_by": one_of(_ENDED_BY, (*ENDINGS, SAME_CARER, NO_LONGER_A_HOME)),
        "home": text(
            "URN of the first registration of the home; blank where no usable URN is recorded.",
            blank=True,
        ),
        "home_spell": whole("Number of the stay.", ""),
        "registered_late": flag("The child lived there before it was a registered home."),
    },
    "home_spell",
)

MOVES = table(
    "moves",
    "One row per move to another carer or home within a period of care. Ordered by child and date.",
    {
        "child": text(CHILD),
        "authority": text(AUTHORITY),
        "period": whole(PERIOD, "", low=1),
        "spell": whole("Number of the placement spell that the move ended.", ""),
        "date": day("Day on which the placement left had ended."),
        "from_class": place_class("Class of the placement left."),
        "to_class": place_class("Class of the next placement, temporary ones passed over."),
        "from_place": text("Place left, as `place` of the spells."),
        "to_place": text("Next place, temporary ones passed over.", blank=True),
        "from_urn": returned("URN", said="URN of the placement left."),
        "to_urn": returned("URN", said="URN of the next placement."),
        "reason": returned("REASON_PLACE_CHANGE", said="Reason given for the move."),
        "reason_class": listed(
            "Class of the reason.", "ssda903_reason_place_change", "group", (NO_REASON,)
        ),
        "unplanned": flag(
            "Unplanned from the child's point of view; blank where the reason does not tell.",
            blank=True,
        ),
        "disruption": flag(
            "Any move but a planned one to a family, a less intensive placement or a larger home."
        ),
        "family_type_next": flag(
            "The next placement is with foster carers, kin, adopters or parents."
        ),
        "other_share_of_authority": number(
            "Moves of the authority whose reason is OTHER, blank or imputed.", "share", high=1
        ),
        "reasons_usable": flag("That share is at most `other_share`."),
    },
    "spell",
)

EXITS = table(
    "exits",
    "One row per placement spell in a children's home or secure home. Ordered by child and date.",
    {
        "child": text(CHILD),
        "period": whole(PERIOD, "", low=1),
        "spell": whole("Number of the placement spell.", ""),
        "date": day("Day on which the stay had ended, or was last seen."),
        "from_class": one_of("Class of the home.", HOME_CLASSES),
        "to_class": place_class("Class of the next placement that is not temporary."),
        "REC": returned("REC", said="Why the last episode ended."),
        "route": listed("Route by which the stay ended.", "exit_routes", "route", blank=True),
        "route_group": listed("Group of the route.", "exit_routes", "route_group", (CENSORED,)),
        "censored_by": listed(
            "What came before any route; blank where there is a route.",
            "exit_routes_rec",
            "censored_by",
            _HIDING,
            blank=True,
        ),
        "near_18": flag("Ended at 17 years and 11 months or older."),
    },
    "spell",
)
