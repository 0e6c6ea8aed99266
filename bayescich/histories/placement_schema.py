"""The columns of the table that MODEL=stability is fitted to: stays in children's homes."""

from __future__ import annotations

import pandera.pandas as pa


def _text(description: str) -> pa.Column:
    return pa.Column("str", pa.Check.str_length(min_value=1), description=description)


def _nullable(description: str) -> pa.Column:
    return pa.Column("str", nullable=True, description=description)


def _flag(description: str) -> pa.Column:
    return pa.Column("int64", pa.Check.isin([0, 1]), description=description)


def _date(description: str) -> pa.Column:
    return pa.Column("datetime64[ns]", description=description)


PLACEMENTS = pa.DataFrameSchema(
    {
        "child": _text("authority and child id, LA/CHILD"),
        "home": _text("URN of the home"),
        "provider": _text("registered owner of the home"),
        "authority": _text("authority responsible for the child"),
        "home_type": _text("type of the home when the spell started"),
        "year": _text("collection year in which the spell started, e.g. 2019-20"),
        "start": _date("first day of the spell"),
        "end": _date("day of the end or of censoring"),
        "days": pa.Column(
            "float64",
            pa.Check.gt(0),
            description="days from the start to the end, less than one if they are the same day",
        ),
        "moved": _flag("1 if the spell ended with a move to another carer or home"),
        "ended_by": _text("how the spell ended; all but a move censor it"),
        "age_at_start": pa.Column(
            "float64", pa.Check.in_range(0, 18), description="age in years on the first day"
        ),
        "male": _flag("1 if male"),
        "need_behaviour": _flag("1 if the category of need is socially unacceptable behaviour"),
        "need_disability": _flag("1 if the category of need is the child's disability or illness"),
        "legal_status": _text("group of the legal status on the first day"),
        "earlier_placements": pa.Column(
            "int64",
            pa.Check.ge(0),
            description="placements before the child's first home in the records; frozen there",
        ),
        "first_home_spell": _flag("1 for the child's first home in the records"),
        "disrupted": _flag(
            "1 if the spell ended with a move that was not a planned step to a family, a less "
            "intensive placement or a larger home"
        ),
        "unplanned": pa.Column(
            "Int64",
            pa.Check.isin([0, 1]),
            nullable=True,
            description="1 if the reason given for the move is unplanned; 0 if planned or no move; "
            "blank if the reason is OTHER or not recorded",
        ),
        "move_kind": pa.Column(
            "str",
            pa.Check.isin(["disruption", "step forward", "not known", "censored"]),
            description="kind of the move that ended the spell: disruption or step forward; not "
            "known if its reason is OTHER or not recorded; censored without a move",
        ),
        "exit_route": _text("route by which the spell ended; censored if none was seen"),
        "exit_group": _text("group of routes; censored if none was seen"),
        "entry_days": pa.Column(
            "float64",
            pa.Check.ge(0),
            description="days of the spell that had passed when the records begin; not at risk",
        ),
        "home_authority": _nullable("authority the home stands in, when the spell started"),
        "region": _nullable("region the home stands in, when the spell started"),
        "places": pa.Column(
            "Int64",
            pa.Check.gt(0),
            nullable=True,
            description="registered places of the home when the spell started",
        ),
        "owner_group": _nullable("group of the home's owner when the spell started"),
        "imputed_end": _flag("1 if the end was not recorded but implied by other records"),
        "reasons_usable": _flag(
            "1 if the authority gives a reason other than OTHER for enough of its moves"
        ),
    },
    unique=["child", "start"],
    strict=True,
    ordered=True,
    name="placements",
    description="One row per stay of a child in a children's home.",
)
"""One row per stay of a child in a children's home."""
