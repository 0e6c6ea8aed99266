"""Rounding, alignment and intervals of tables."""

import numpy as np
import pandas as pd

from bayescich.checks import Check
from bayescich.estimates import Estimate
from bayescich.report.spread import estimate_table
from bayescich.report.tables import SHOWN_ROWS, columns_of, gates_table, table_from


def texts(table, column):
    return [row[column].text for row in table.rows]


def test_all_numbers_of_a_column_share_their_decimals():
    frame = pd.DataFrame({"t": ["a", "b"], "x": [0.5, 0.01234]})
    assert texts(table_from(frame, name="t", caption="c"), 1) == ["0.50", "0.01"]


def test_unlike_things_keep_two_figures_each():
    frame = pd.DataFrame({"t": ["age", "share"], "mean_in_data": [14.23, 0.4912]})
    assert texts(table_from(frame, name="t", caption="c"), 1) == ["14", "0.49"]


def test_observed_over_expected_keeps_two_decimals_beside_one_wild_value():
    frame = pd.DataFrame({"t": ["many", "one child"], "oe": [0.94, 11.8]})
    assert texts(table_from(frame, name="t", caption="c"), 1) == ["0.94", "11.80"]


def test_intervals_join_their_estimate_and_medians_say_so():
    frame = pd.DataFrame({"t": ["a"], "q05": [0.1], "mean": [0.2], "q95": [0.3],
                          "p_median": [1.0], "p_q05": [0.5], "p_q95": [2.0]})  # fmt: skip
    assert [c.name for c in columns_of(frame)] == ["t", "mean", "p_median"]
    table = table_from(frame, name="t", caption="c")
    assert table.rows[0][1].detail == "0.10 to 0.30"
    assert [h.detail for h in table.headings] == ["", "mean, 90% interval", "median, 90% interval"]


def test_counts_and_probabilities_are_written_as_such():
    frame = pd.DataFrame({"t": ["a", "b"], "n_homes": [1234.0, 7.0], "pd": [0.9999, np.nan],
                          "ok": [True, False]})  # fmt: skip
    table = table_from(frame, name="t", caption="c")
    assert [texts(table, i) for i in (1, 2, 3)] == [["1,234", "7"], [">0.999", "–"], ["yes", "no"]]


def test_numbers_below_zero_that_are_not_whole_are_no_counts():
    frame = pd.DataFrame({"t": ["a", "b"], "numerator": [-0.72, 1.04]})
    assert texts(table_from(frame, name="t", caption="c"), 1) == ["−0.72", "1.04"]


def test_a_missing_interval_is_blank_and_an_empty_column_goes():
    frame = pd.DataFrame({"t": ["a", "b"], "x_mean": [1.0, np.nan], "x_q05": [0.0, np.nan],
                          "x_q95": [2.0, np.nan], "p_best": [np.nan, np.nan]})  # fmt: skip
    table = table_from(frame, name="t", caption="c")
    assert len(table.headings) == 2
    assert [row[1].detail for row in table.rows] == ["0.00 to 2.00", ""]
    assert [row[1].sort for row in table.rows] == ["1", "nan"]


def test_a_long_table_is_cut_and_says_so():
    frame = pd.DataFrame({"t": [f"h{i}" for i in range(SHOWN_ROWS + 5)]})
    table = table_from(frame, name="t", caption="c", download="tables/t.csv")
    assert len(table.rows) == SHOWN_ROWS
    assert table.notes == ("The first 60 of 65 rows; tables/t.csv has all of them.",)


def test_reliability_has_a_bar_of_its_length():
    frame = pd.DataFrame({"t": ["a", "b"], "reliability": [0.25, np.nan]})
    table = table_from(frame, name="t", caption="c")
    assert [row[1].share for row in table.rows] == [0.25, None]


def test_names_of_variables_become_words():
    frame = pd.DataFrame({"label": ["home_sd", "fixed[age_at_start]", "Private, solo"]})
    shown = texts(table_from(frame, name="t", caption="c"), 0)
    assert shown == ["SD between homes", "coefficient, age at start", "Private, solo"]


def test_gates_show_figure_limit_and_result():
    checks = [
        Check("rhat", "R-hat", "convergence", "passed", "Fine.", True, 1.0043, 1.01),
        Check("ess", "ESS", "convergence", "failed", "Few.", True, 212.7, 400.0),
        Check("bfmi", "BFMI", "convergence", "not applicable", "None.", True),
    ]
    rows = [[cell.text for cell in row[1:4]] for row in gates_table(checks).rows]
    assert rows == [["passed", "1.004", "1.010"], ["failed", "213", "400"],
                    ["not applicable", "–", "–"]]  # fmt: skip
    assert [row[1].tone for row in gates_table(checks).rows] == ["good", "bad", "quiet"]


def test_a_spread_table_of_which_nothing_is_known_shows_its_rows_and_says_so() -> None:
    frame = pd.DataFrame(
        {"need": ["autism", "autism"], "home_type": ["solo", "small"], "x": [np.nan, np.nan]}
    )
    estimate = Estimate("e", "E", "Said.", frame, across="home_type", shown=("need", "x"))
    table = estimate_table(estimate, "Needs.")
    assert [cell.text for row in table.rows for cell in row] == ["autism"]
    assert "no number is shown" in table.caption
