"""The data dictionary of Ofsted's look-up workbooks, which authorities receive.

The lists are restricted: unlike the published ones they give postcode, closing date, the codes a
registration may be used with, and the needs a home is registered for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandera.pandas as pa

from bayescich.records.fields import day, flag, identifier, postcode, text, whole
from bayescich.records.tables import Table


@dataclass(frozen=True, eq=False)
class LookupTable(Table):
    """A list of registrations with the codes each may be used with, as no published list has."""

    def columns_of(self, headings: Iterable[str]) -> dict[str, str]:
        """Map columns to headings; nothing is known where no heading is one of codes."""
        columns = super().columns_of(headings)
        return columns if {"place_codes", "provider_codes"} & set(columns) else {}


def _specialism(need: str, *headings: str) -> pa.Column:
    return flag(f"whether registered for children with {need}", needed=False, headings=headings)


LOOKUP = LookupTable(
    name="look-up",
    title="Look-up of providers (Ofsted, restricted)",
    schema=pa.DataFrameSchema(
        {
            "urn": identifier("Ofsted's number of the registration", nullable=False),
            "provider_type": text(
                "what the provider is registered as", headings=["Provision type"]
            ),
            "provider_subtype": text("finer type, for example of a secure home", needed=False),
            "sector": text("who runs the provider, in Ofsted's words", needed=False),
            "authority": text(
                "local authority the setting stands in, as written",
                needed=False,
                headings=["Setting local authority", "Local authority", "Provider local authority"],
            ),
            "postcode": postcode(
                "postcode of the setting",
                needed=False,
                headings=["Setting address postcode", "Setting postcode", "Provider postcode"],
            ),
            "registration_date": day("date of this registration", needed=False),
            "status": text(
                "status of the registration, for example Active",
                needed=False,
                headings=["Registration status", "Provider status"],
            ),
            "closed_date": day(
                "date on which the registration ended",
                needed=False,
                headings=["Deregistration date"],
            ),
            "places": whole(
                "registered places",
                "children",
                low=1,
                needed=False,
                headings=["Max users", "Number of registered places"],
            ),
            "place_codes": text(
                "PLACE codes that may be used with the URN, parted by |",
                needed=False,
                headings=["Placement code", "Provider placement code"],
            ),
            "provider_codes": text(
                "PLACE_PROVIDER codes that may be used with the URN, parted by |",
                needed=False,
                headings=["Placement provider code", "Provider code"],
            ),
            "specialism_ebd": _specialism(
                "emotional and behavioural difficulties", "Emotional and behavioural difficulties"
            ),
            "specialism_mental_disorder": _specialism("mental disorders", "Mental disorders"),
            "specialism_sensory": _specialism("sensory impairment", "Sensory impairment"),
            # one layout has "Present impairment" where the others have alcohol
            "specialism_alcohol": _specialism(
                "alcohol problems", "Present alcohol problems", "Present impairment"
            ),
            "specialism_drugs": _specialism("drug problems", "Present drug problems"),
            "specialism_learning": _specialism("a learning difficulty", "Learning difficulty"),
            "specialism_physical": _specialism("physical disabilities", "Physical disabilities"),
            "owner_id": identifier("Ofsted's number of the owner", needed=False),
            "owner_name": text(
                "legal registrant, as written", needed=False, headings=["Organisation name"]
            ),
            "top_company": text(
                "company at the top of the owner's group, as listed at Companies House",
                needed=False,
                headings=["Top company (as listed on Companies' House)"],
            ),
            "region": text("government office region", needed=False),
            "multi_building": flag(
                "whether one registration covers several buildings",
                needed=False,
                headings=["Multi building CH", "Multi-building children's home"],
            ),
            "conditions": text("conditions of registration", needed=False),
            "judgement": text(
                "overall judgement of the latest full inspection",
                needed=False,
                headings=[
                    "Overall effectiveness",
                    "Latest overall effectiveness grade from last full inspection",
                ],
            ),
            "inspection_date": day(
                "date of the latest full inspection",
                needed=False,
                headings=["Full inspection start date", "Date of last full inspection"],
            ),
        },
        strict=True,
        ordered=True,
        name="lookup",
        description="One row per registration of a provider in Ofsted's look-up workbooks.",
    ),
    known_by=("urn", "provider_type"),
    key=("urn",),
)
"""The look-up of providers."""

CONDITIONS = Table(
    name="look-up conditions",
    title="Conditions of registration (Ofsted, restricted)",
    schema=pa.DataFrameSchema(
        {
            "urn": identifier("Ofsted's number of the registration", nullable=False),
            "conditions": text("a condition of registration"),
        },
        strict=True,
        ordered=True,
        name="lookup_conditions",
        description="One row per registration and condition, where a workbook has such a sheet.",
    ),
    known_by=("urn", "conditions"),
    key=("urn",),
)
"""The sheet of conditions, which some layouts have apart from the providers."""

SPECIALISMS = tuple(name for name in LOOKUP.schema.columns if name.startswith("specialism_"))
"""Columns of what a home is registered for."""


def is_lookup(headings: Iterable[str]) -> bool:
    """Say whether a header is one of the restricted look-up and not of a published list.

    Examples
    --------
    >>> is_lookup(["URN", "Provider type", "Placement code", "Postcode"])
    True
    >>> is_lookup(["URN", "Provision type", "Places", "Postcode"])
    False
    """
    columns = LOOKUP.columns_of(headings)
    return all(name in columns for name in LOOKUP.known_by)
