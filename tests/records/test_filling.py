"""Blanks filled from the nearest record in time."""

from __future__ import annotations

import pandas as pd

from bayescich.records.filling import fill_nearest


def test_nearest_in_time_within_the_unit_and_the_later_of_two_equally_near() -> None:
    table = pd.DataFrame(
        {
            "home": ["A", "B", "A", "A", "A", "B", "C"],
            "year": [2020, 2021, 2018, 2016, 2023, 2020, 2019],
            "places": [None, None, 3, None, 5, 8, None],
        },
        index=[10, 11, 12, 13, 14, 15, 16],
    ).astype({"places": "Int64"})
    filled = fill_nearest(table, "places", unit="home", time="year")
    assert filled.index.tolist() == table.index.tolist()
    assert filled[[10, 11, 12, 13, 14, 15]].tolist() == [3, 8, 3, 3, 5, 8]
    assert filled.isna().tolist() == [False] * 6 + [True]
    table["year"] = table["year"].replace(2023, 2022)
    assert fill_nearest(table, "places", unit="home", time="year")[10] == 5
