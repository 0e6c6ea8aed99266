"""Schema of what was known of a child on the day of the first placement in a home."""

from __future__ import annotations

from bayescich.histories.schemas.care import CHILD
from bayescich.histories.schemas.kinds import day, flag, number, returned, table, text, whole
from bayescich.records.code_sets import code_set

_BEFORE = "before the index date"
_PLACED = {
    "homes": "in children's homes and secure homes",
    "supported": "in supported accommodation",
    "parents": "with parents",
    "other": "of other kinds",
    "residential": "in other residential places",
    "custody": "in custody",
    "kinship": "with relatives or friends who foster",
    "foster": "with other foster carers",
    "unregistered": "of no kind that is registered",
}
"""What each kind of the code table ``membership_settings`` is in words."""


def _placements() -> dict[str, str]:
    kinds = dict.fromkeys(code_set("membership_settings")["earlier"])
    return {kind: _PLACED[kind] for kind in kinds if kind != "temporary"}


PRIOR = table(
    "prior history",
    "One row per child placed in a home, frozen on the day of the first placement there, the "
    "index date. Ordered by child.",
    {
        "child": text(CHILD),
        "index_date": day("First day of the first placement in a home."),
        "index_home": text("First URN of that home; blank where it is not known.", blank=True),
        "first_of_person": flag("The person was never placed in a home before."),
        "age_at_index": number("Age on the index date.", "years"),
        "age_at_first_entry": number("Age when first looked after, as far as recorded.", "years"),
        "years_in_care_before": number(f"Time looked after {_BEFORE}.", "years"),
        "earlier_periods": whole(f"Periods of care ended {_BEFORE}.", "periods"),
        "earlier_placements": whole(
            f"Placements begun {_BEFORE}, temporary ones left out.", "placements"
        ),
        **{
            f"earlier_{kind}": whole(f"Of these, {words}.", "placements")
            for kind, words in _placements().items()
        },
        "earlier_unplanned_endings": whole(
            "Placements ended by the index date for an unplanned reason.", "placements"
        ),
        "previous_breakdown": flag("One of them ended because it broke down."),
        "history_complete": flag("The child's first row in the records starts care (S)."),
        "last_sdq_before": returned(
            "SDQ_SCORE",
            "oc2",
            said=f"Latest total difficulties score returned {_BEFORE}; blank if none was.",
        ),
        "last_sdq_days_before": whole(
            "From the 31 March on which that score was known to the index date.",
            "days",
            blank=True,
        ),
        "convicted_before": flag(
            f"Convicted or cautioned in a year that ended {_BEFORE}; blank if never returned.",
            blank=True,
        ),
        "substance_before": flag(
            f"Substance misuse in a year that ended {_BEFORE}; blank if never returned.",
            blank=True,
        ),
        "missing_episodes_before": whole(f"Times missing or away {_BEFORE}.", "times"),
        "missing_episodes_year_before": whole("Of these, within 365 days of it.", "times"),
        "previous_permanence": returned(
            "PREV_PERM",
            "previous_permanence",
            said="Permanence arrangement before care, of the latest return; blank if none.",
        ),
        "uasc": flag("Returned as an unaccompanied asylum-seeking child by then."),
    },
    "child",
)
