"""The twelve tables of an SSDA903 return: their columns, in the order in which they are exported.

The schemas are also the data dictionary. What is derived beside the columns of a return is in
``ssda903_derived.py``.
"""

from __future__ import annotations

from bayescich.records.fields import code, day, flag, identifier, postcode
from bayescich.records.ssda903_codes import CodeSet, code_set
from bayescich.records.ssda903_columns import return_table, sex
from bayescich.records.ssda903_modules import (
    ADOPTIONS,
    DEPRIVATIONS,
    MISSING,
    OC2,
    OC3,
    PLACED_FOR_ADOPTION,
    PREVIOUS_PERMANENCE,
    REVIEWS,
    SOCIAL_WORKERS,
    UASC,
)
from bayescich.records.tables import ORIGIN, Table

__all__ = [
    "EPISODE_COLUMNS",
    "HEADER_COLUMNS",
    "SEX_CODES",
    "SSDA903_TABLES",
    "CodeSet",
    "code_set",
]

SEX_CODES = ("M", "F", "U")
"""How ``SEX`` is written after reading, whatever the collection year."""


HEADER = return_table(
    "header",
    "Header",
    {
        "SEX": sex(needed=True),
        "DOB": day("Date of birth; the 15th of the month where the day is not known."),
        "ETHNIC": code("Ethnic group.", "ssda903_ethnic", needed=False, recoded={"CNHE": "CHNE"}),
        "UPN": identifier(
            "Unique pupil number, or UN1 to UN5 for why there is none.", needed=False
        ),
        "MOTHER": flag("Whether the child is herself a mother.", needed=False),
        "MC_DOB": day("Date of birth of the child's own first child.", needed=False),
    },
    "SEX DOB",
)

EPISODES = return_table(
    "episodes",
    "Episodes",
    {
        "DECOM": day("First day of the episode.", nullable=False),
        "RNE": code("Why a new episode begins.", "ssda903_rne"),
        "LS": code("Legal status.", "ssda903_ls"),
        "CIN": code("Main need at the start of the period of care.", "ssda903_cin", needed=False),
        "PLACE": code("Kind of placement.", "ssda903_place", headings=("PL",)),
        "PLACE_PROVIDER": code(
            "Who provides the placement.", "ssda903_place_provider", needed=False
        ),
        "DEC": day("Day on which the episode ended; blank while it is open."),
        "REC": code("Why the episode ended; blank while it is open.", "ssda903_rec"),
        "REASON_PLACE_CHANGE": code(
            "Why the placement ended, on the episode that ends.",
            "ssda903_reason_place_change",
            needed=False,
        ),
        "HOME_POST": postcode("Where the child lived on entering care.", needed=False),
        "PL_POST": postcode("Where the child is placed.", needed=False),
        "URN": identifier(
            "Ofsted's registration number: of the home for K1 and K2, of the agency for foster and "
            "adoptive placements, of the provider for K3; XXXXXXX where Ofsted does not inspect. "
            "Collected from 2016.",
            needed=False,
        ),
    },
    "DECOM",
    "DECOM",
)

SSDA903_TABLES: tuple[Table, ...] = (
    HEADER,
    EPISODES,
    OC2,
    OC3,
    MISSING,
    REVIEWS,
    UASC,
    PREVIOUS_PERMANENCE,
    PLACED_FOR_ADOPTION,
    ADOPTIONS,
    SOCIAL_WORKERS,
    DEPRIVATIONS,
)
"""Every table of the return."""


def _exported(table: Table) -> tuple[str, ...]:
    return tuple(str(name) for name in table.schema.columns if name not in ORIGIN)


HEADER_COLUMNS = _exported(HEADER)
"""The Header table in the order in which it is exported: one row per child."""

EPISODE_COLUMNS = _exported(EPISODES)
"""The Episodes table in the order in which it is exported: one row per episode."""
