"""Costs: weekly prices of placements or of types of home, and unit costs from Section 251.

Everything is in pounds a week, as paid at the time: no price is moved to another year here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pandera.pandas as pa

from bayescich.account import Account
from bayescich.records.fields import day, identifier, number, text, year
from bayescich.records.sources import Reading, read_tables_of
from bayescich.records.tables import Table
from bayescich.records.tidying import coded, one_row_each, shown, with_authority

DEAREST_WEEK = 50_000.0
"""A price above this many pounds a week is noted as implausible."""

WEEKLY = "pounds a week"

_PRICE = number(
    "price of one week",
    WEEKLY,
    headings=("Weekly price", "Weekly cost", "WEEKLY_COST", "Cost per week", "Price per week"),
)

PLACEMENT_PRICES = Table(
    "placement_prices",
    "Weekly price of each placement",
    pa.DataFrameSchema(
        {
            "LA": text("authority that pays", needed=False, headings=("Authority",)),
            "CHILD": identifier("the authority's id of the child, as in SSDA903"),
            "START": day(
                "first day of the placement, or of the price",
                headings=("Start date", "Placement start", "DECOM"),
            ),
            "URN": identifier("Ofsted's reference number of the home", needed=False),
            "PRICE_WEEK": _PRICE,
        },
        description="One row per placement, or per price agreed within it.",
    ),
    known_by=("CHILD", "START", "PRICE_WEEK"),
    key=("CHILD", "START"),
)

TYPE_PRICES = Table(
    "type_prices",
    "Weekly price by type of home",
    pa.DataFrameSchema(
        {
            "HOME_TYPE": text("type of home, as named by the source", headings=("Type of home",)),
            "YEAR": year(
                "financial year, as the year in which it ends", headings=("Financial year",)
            ),
            "PRICE_WEEK": _PRICE,
        },
        description="One row per type of home and financial year.",
    ),
    known_by=("HOME_TYPE", "PRICE_WEEK"),
    key=("HOME_TYPE", "YEAR"),
)

SECTION251 = Table(
    "section251",
    "Section 251 unit costs",
    pa.DataFrameSchema(
        {
            "LA": text("authority", headings=("la_name", "Authority", "Local authority")),
            "YEAR": year(
                "financial year, as the year in which it ends",
                headings=("time_period", "Financial year"),
            ),
            "CATEGORY": text(
                "service, in the words of the code set cost_categories",
                headings=("Service", "category_of_expenditure", "Expenditure category"),
            ),
            "UNIT_COST_WEEK": number(
                "cost of one child for one week",
                WEEKLY,
                needed=False,
                headings=("Unit cost", "Unit cost per week", "unit_cost"),
            ),
            "EXPENDITURE": number(
                "expenditure of the year; not thousands",
                "pounds",
                needed=False,
                headings=("Net expenditure", "Total expenditure", "Gross expenditure"),
            ),
            "BED_WEEKS": number(
                "weeks of care given in the year, over all children",
                "weeks",
                needed=False,
                headings=("Bed weeks", "Weeks of care"),
            ),
        },
        description="One row per authority, financial year and service.",
    ),
    known_by=("LA", "YEAR", "CATEGORY"),
    key=("LA", "YEAR", "CATEGORY"),
)

COST_TABLES: tuple[Table, ...] = (PLACEMENT_PRICES, TYPE_PRICES, SECTION251)
"""The tables of costs."""


@dataclass(frozen=True)
class CostRecords:
    """What placements cost, in pounds a week."""

    placement_prices: pd.DataFrame
    """One row per placement: LA, CHILD, START, URN, PRICE_WEEK."""
    type_prices: pd.DataFrame
    """One row per type of home and year: HOME_TYPE, YEAR (in which it ends), PRICE_WEEK."""
    section251: pd.DataFrame
    """One row per authority, year and service: LA, YEAR, CATEGORY (code), UNIT_COST_WEEK,
    EXPENDITURE (pounds), BED_WEEKS."""
    account: Account
    """What was read, repaired, left out and kept."""


def read_costs(source: Path | str) -> CostRecords:
    """Read prices and unit costs.

    Parameters
    ----------
    source : Path or str
        A folder, a file or an SQLAlchemy URL.

    Returns
    -------
    CostRecords

    Raises
    ------
    RecordsError
        If a file cannot be read as what its columns say it is.
    """
    reading = read_tables_of(source, COST_TABLES)
    records = cost_records(reading)
    return replace(records, account=reading.account + records.account)


def cost_records(reading: Reading) -> CostRecords:
    """Make the costs of tables already read.

    Parameters
    ----------
    reading : Reading
        Made with `COST_TABLES` among its tables.

    Returns
    -------
    CostRecords
        Its account begins where that of the reading ends.
    """
    placements, first = _placement_prices(reading.tables["placement_prices"])
    types, second = _type_prices(reading.tables["type_prices"])
    unit_costs, third = _section251(reading.tables["section251"])
    return CostRecords(placements, types, unit_costs, first + second + third)


def _placement_prices(prices: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    name, keys = "placement_prices", ["LA", "CHILD", "START", "URN"]
    prices, authority = with_authority(prices, name)
    prices, checked = _plausible(prices, "PRICE_WEEK", keys[:3], name)
    rule = "another price of the same placement and start; the last row of the file is kept"
    prices, once = one_row_each(prices, keys, [], name, rule)
    return prices, (authority + checked + once).kept(name, "prices", len(prices))


def _type_prices(prices: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    name, keys = "type_prices", ["HOME_TYPE", "YEAR"]
    prices, checked = _plausible(prices, "PRICE_WEEK", keys, name)
    rule = "another price of the same type and year; the last row of the file is kept"
    prices, once = one_row_each(prices, keys, [], name, rule)
    return prices, (checked + once).kept(name, "prices", len(prices))


def _section251(costs: pd.DataFrame) -> tuple[pd.DataFrame, Account]:
    name, keys = "section251", ["LA", "YEAR", "CATEGORY"]
    costs, terms = coded(costs, "CATEGORY", "cost_categories", name, required=True)
    costs, divided = _unit_costs(costs, name)
    costs, checked = _plausible(costs, "UNIT_COST_WEEK", keys, name)
    rule = "another figure of the same authority, year and service; the last of the file is kept"
    costs, once = one_row_each(costs, keys, [], name, rule)
    account = terms + divided + checked + once
    return costs, account.kept(name, "unit costs", len(costs))


def _unit_costs(costs: pd.DataFrame, table: str) -> tuple[pd.DataFrame, Account]:
    """Divide expenditure by weeks of care where the source gives no unit cost."""
    no_weeks = costs["BED_WEEKS"] <= 0
    weeks = costs["BED_WEEKS"].mask(no_weeks)
    divided = costs["EXPENDITURE"] / weeks
    derived = costs["UNIT_COST_WEEK"].isna() & divided.notna()
    rule = "UNIT_COST_WEEK was not given; it is EXPENDITURE by BED_WEEKS"
    unit = costs["UNIT_COST_WEEK"].fillna(divided)
    account = Account().repaired(table, rule, int(derived.sum()))
    rule = "BED_WEEKS is zero or less; taken as blank"
    account = account.repaired(table, rule, int(no_weeks.sum()))
    return costs.assign(UNIT_COST_WEEK=unit, BED_WEEKS=weeks), account


def _plausible(
    frame: pd.DataFrame, column: str, keys: Sequence[str], table: str
) -> tuple[pd.DataFrame, Account]:
    price = frame[column]
    nothing, dear, blank = price <= 0, price > DEAREST_WEEK, price.isna()
    rule = f"{column} is zero or less; taken as blank"
    account = Account().repaired(table, rule, int(nothing.sum()), shown(frame, keys, nothing))
    rule = f"{column} is above £{DEAREST_WEEK:,.0f} a week"
    account = account.noted(table, rule, int(dear.sum()), shown(frame, keys, dear))
    rule = f"{column} is blank"
    account = account.noted(table, rule, int(blank.sum()), shown(frame, keys, blank))
    return frame.assign(**{column: price.mask(nothing)}), account
