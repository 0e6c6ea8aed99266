"""Schemas of what is made ready for models beside the stays in homes themselves."""

from __future__ import annotations

from bayescich.histories.exits import CENSORED
from bayescich.histories.schemas.care import AUTHORITY, CHILD
from bayescich.histories.schemas.kinds import (
    day,
    listed,
    number,
    one_of,
    optional,
    table,
    text,
    time_at_risk,
    zero_or_one,
)
from bayescich.histories.schemas.stays import ENDINGS

_STARTED = day("First day of the stay.")
_BORN = day("Date of birth.")
_BY_AUDIT = "Only where the source holds a needs audit."
_BY_STATEMENT = "Only where it holds Statements of Purpose."


NEEDS_OF_STAYS = table(
    "needs of stays",
    "What stands at the end of each row of the stays in homes (and of the exits from homes).",
    {
        "child": text(CHILD),
        "start": _STARTED,
        "born": _BORN,
        "needs_known": optional(
            zero_or_one(
                "1 if the audit says anything of the child on or before the start of the first "
                f"stay in a home in the records. {_BY_AUDIT}"
            )
        ),
        "has_.+": optional(
            zero_or_one(
                "1 if the need, a code of `needs`, is recorded by then as present; frozen there. "
                f"{_BY_AUDIT}"
            ),
            per_need=True,
        ),
        "statement_known": optional(
            zero_or_one(
                f"1 if there is a statement of the home on or before the start. {_BY_STATEMENT}"
            )
        ),
        "meets_.+": optional(
            zero_or_one(
                f"1 if the newest such statement says that the home meets the need. {_BY_STATEMENT}"
            ),
            per_need=True,
        ),
    },
    "child start",
)

EXIT_TABLE = table(
    "stays by route of exit",
    "Stays in homes for competing routes of exit. Each row has all columns of the stays in homes; "
    "these are added.",
    {
        "child": text(CHILD),
        "start": _STARTED,
        "exit_days": time_at_risk(
            "Time at risk of any exit: to the end of the stay, or to the day on which the child "
            "is 17 years and 11 months old."
        ),
        "exit": listed(
            "Group of the route by which the stay ended before that day.",
            "exit_routes",
            "route_group",
            (CENSORED,),
        ),
    },
    "child start",
)

SETTINGS = table(
    "stays by setting",
    "One row per placement spell in any setting, temporary placements left out. Ordered by child "
    "and start.",
    {
        "child": text(CHILD),
        "authority": text(AUTHORITY),
        "setting": listed("Kind of setting.", "compared_settings", "setting"),
        "setting_type": text("Type of the home when the stay began, if known; else the setting."),
        "year": text("Collection year in which the stay began, e.g. 2019-20."),
        "start": _STARTED,
        "end": day("First day not there; never after the 18th birthday."),
        "days": time_at_risk("Time from the start to the end."),
        "moved": zero_or_one("1 if the stay ended with a move to another carer or home."),
        "ended_by": one_of("How the stay ended; all but a move censor it.", ENDINGS),
        "disrupted": zero_or_one(
            "1 if that move was not a planned step to a family, a less intensive placement or a "
            "larger home."
        ),
        "reasons_usable": zero_or_one(
            "1 if the authority gives a reason other than OTHER for enough of its moves."
        ),
        "age_at_start": number("Age on the first day.", "years", high=18),
        "age_band": listed("Band of that age, in years.", "age_bands", "band"),
        "male": zero_or_one("1 if male."),
        "need_behaviour": zero_or_one(
            "1 if the category of need is socially unacceptable behaviour."
        ),
        "need_disability": zero_or_one(
            "1 if the category of need is the child's disability or illness."
        ),
        "legal_status": text("Group of the legal status on the first day."),
        "first_stay": zero_or_one("1 for the child's first placement in the records."),
        "exit_route": listed(
            "Route by which the stay ended, as from a home; censored if none was seen.",
            "exit_routes",
            "route",
            (CENSORED,),
        ),
        "exit_group": listed("Group of that route.", "exit_routes", "route_group", (CENSORED,)),
        "entry_days": number(
            "Days of the stay that had passed when the records begin; not at risk.", "days"
        ),
        "imputed_end": zero_or_one("1 if the end was not recorded but implied by other rows."),
        "born": _BORN,
    },
    "child start",
)
