"""Costs: prices by placement and by type of home, unit costs, implausible figures."""

from pathlib import Path

import pandas as pd

from bayescich.records.costs import read_costs


def rules(records, table: str) -> dict[str, int]:
    stages = ("excluded", "noted", "repaired")
    chosen = [e for e in records.account.entries if e.table == table and e.stage in stages]
    return {e.rule: e.rows for e in chosen}


def test_prices_of_placements(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(
        "LA,CHILD,START,URN,PRICE_WEEK\n"
        'A,1,01/04/2024,sc1,"£5,250.50"\n'
        "A,1,01/04/2024,SC1,5300\n"
        "A,2,01/04/2024,SC1,0\n"
        "A,3,01/04/2024,SC1,60000\n"
        "A,4,01/04/2024,SC1,ask\n"
        "A,5,,SC1,4000\n"
    )
    records = read_costs(tmp_path)
    prices = records.placement_prices.set_index("CHILD")["PRICE_WEEK"]
    assert prices["1"] == 5300
    assert prices["3"] == 60000
    assert prices[["2", "4"]].isna().all()
    assert rules(records, "placement_prices") == {
        "PRICE_WEEK is not a number; taken as blank": 1,
        "START is blank or cannot be read": 1,
        "PRICE_WEEK is zero or less; taken as blank": 1,
        "PRICE_WEEK is above £50,000 a week": 1,
        "PRICE_WEEK is blank": 1,
        "another price of the same placement and start; the last row of the file is kept": 1,
    }


def test_prices_by_type(tmp_path: Path) -> None:
    (tmp_path / "types.csv").write_text(
        "Type of home,Financial year,Weekly cost\nSolo,2023-24,9000\nSolo,2024-25,9500\n"
    )
    prices = read_costs(tmp_path).type_prices
    assert prices.to_numpy().tolist() == [["Solo", 2024, 9000.0], ["Solo", 2025, 9500.0]]


def test_section_251_takes_or_makes_the_unit_cost(tmp_path: Path) -> None:
    (tmp_path / "s251.csv").write_text(
        "la_name,time_period,Service,Unit cost,Expenditure,Bed weeks\n"
        "Barnet,202324,Residential care,5000,,\n"
        "Barnet,202324,fostering,,520000,1000\n"
        "Barnet,202324,SGO,,1000,0\n"
        "Barnet,202324,roads,9,,\n"
    )
    records = read_costs(tmp_path)
    costs = records.section251.set_index("CATEGORY")
    assert costs["UNIT_COST_WEEK"].to_dict() | {"special_guardianship": None} == {
        "residential": 5000.0,
        "fostering": 520.0,
        "special_guardianship": None,
    }
    assert pd.isna(costs.loc["special_guardianship", "BED_WEEKS"])
    assert costs["YEAR"].eq(2024).all()
    counted = rules(records, "section251")
    assert counted["UNIT_COST_WEEK was not given; it is EXPENDITURE by BED_WEEKS"] == 1
    assert counted["BED_WEEKS is zero or less; taken as blank"] == 1
    assert counted["CATEGORY is no term of the code set cost_categories"] == 1
    assert counted["UNIT_COST_WEEK is blank"] == 1
