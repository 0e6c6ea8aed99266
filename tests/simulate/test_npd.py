"""Extracts of the National Pupil Database: results, attendance, needs, and who is linked."""

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.outcomes.lives import Lives, column, expit, years_effect
from bayescich.simulate.outcomes.npd_attendance import absence_table, at_school, exclusions_table
from bayescich.simulate.outcomes.npd_census import PLAN, census_table, provisions
from bayescich.simulate.outcomes.npd_levels import AGES, level2_age, level3_age, ypmad_table
from bayescich.simulate.outcomes.npd_results import (
    Results,
    draw_results,
    ks2_table,
    ks4_table,
    ks5_table,
)
from bayescich.simulate.outcomes.pupils import Pupils, link_table, school_year_of
from bayescich.simulate.shapes import NEEDS
from tests.simulate.fake_shard import children, placements, shard

NUMBER = 6_000


def _pupils(**columns: object) -> Pupils:
    rng = np.random.default_rng(5)
    born = pd.date_range("1993-09-02", "2012-08-30", periods=NUMBER).strftime("%Y-%m-%d")
    until = pd.to_datetime(born) + pd.Timedelta(days=17 * 365)
    entry = pd.Timestamp("2008-01-01") + pd.to_timedelta(rng.integers(0, 5_000, NUMBER), "D")
    entry = entry.where(entry < until - pd.Timedelta(days=400), until - pd.Timedelta(days=400))
    rows = [
        (
            row,
            start,
            end,
            "foster" if row % 3 else "home",
            -1 if row % 3 else row % 2,
            "left",
            "E4A",
        )
        for row, (start, end) in enumerate(
            zip(entry.strftime("%Y-%m-%d"), until.strftime("%Y-%m-%d"), strict=True)
        )
    ]
    needs = rng.random((NUMBER, len(NEEDS))) < 0.15
    who = children(list(born), ability=rng.normal(size=NUMBER), **columns)
    return Pupils(Lives(shard(who, placements(rows), needs=needs)))


@pytest.fixture(scope="module")
def pupils() -> Pupils:
    return _pupils()


@pytest.fixture(scope="module")
def results(pupils: Pupils) -> Results:
    return draw_results(pupils)


def test_points_are_none_or_beta_binomial_with_the_mean_of_the_predictor(
    pupils: Pupils, results: Results
) -> None:
    lives = pupils.lives
    eta = column(lives.at_16, "attainment") + years_effect("attainment", lives.year11)
    some = results.points > 0
    assert 0.7 < some.mean() < 0.95
    # those without a point in a draw are drawn anew, which raises the mean a little
    assert results.points[some].mean() == pytest.approx(90 * expit(eta[some]).mean(), rel=0.08)
    high = eta > np.quantile(eta, 0.8)
    assert results.points[high].mean() > results.points[~high].mean() + 5
    assert results.points.max() <= 90


def test_english_and_maths_have_the_probability_of_their_own_model(
    pupils: Pupils, results: Results
) -> None:
    lives = pupils.lives
    eta = column(lives.at_16, "english_maths") + years_effect("english_maths", lives.year11)
    group = np.searchsorted(np.quantile(eta, [0.25, 0.5, 0.75]), eta)
    for quarter in range(4):
        own = group == quarter
        expected = expit(eta[own]).mean()
        error = np.sqrt(expected * (1 - expected) / own.sum())
        assert results.pass4[own].mean() == pytest.approx(expected, abs=4 * error)


def test_nobody_passes_with_fewer_points_than_the_grades_are_worth(results: Results) -> None:
    assert results.points[results.pass4].min() >= 16
    assert results.points[results.pass5].min() >= 20
    assert results.pass4[results.pass5].all()
    assert results.points[~results.pass4].max() <= 78
    assert np.corrcoef(results.points, results.pass4)[0, 1] > 0.5


def test_results_of_a_year_stand_in_the_columns_of_that_year(
    pupils: Pupils, results: Results
) -> None:
    table = ks4_table(pupils, results)
    year = table["KS4_ACADYR"].str[-4:].astype(int)
    assert set(year) == set(range(2010, 2026))
    filled = {name: set(year[table[name].ne("")]) for name in table}
    assert filled["KS4_ATT8"] == set(range(2016, 2026))
    assert filled["KS4_L2BASICS_94"] == set(range(2017, 2026))
    assert filled["KS4_LEVEL2_EM_PTQ_EE"] == set(range(2010, 2017))
    assert filled["KS4_PTSCNEWE_PTQ_EE"] == set(range(2010, 2016))
    assert filled["KS4_P8SCORE"] == {2016, 2017, 2018, 2019, 2022, 2023, 2024}
    assert not table["KS4_PupilMatchingRefAnonymous"].duplicated().any()


def test_grades_that_schools_set_are_higher(pupils: Pupils, results: Results) -> None:
    year = pupils.lives.year11
    assert years_effect("attainment", np.array([2021])) > years_effect(
        "attainment", np.array([2019])
    )
    passed = pd.Series(results.pass4).groupby(year).mean()
    assert passed[[2020, 2021]].mean() > passed[[2018, 2019, 2023, 2024]].mean()


def test_no_tests_at_11_in_2020_and_2021_and_scores_only_since_2016(pupils: Pupils) -> None:
    table = ks2_table(pupils)
    year = table["KS2_ACADYR"].str[-4:].astype(int)
    assert not year.isin([2020, 2021]).any()
    assert year.min() == 2005
    scored = table["KS2_READSCORE"].ne("")
    assert scored[year.lt(2016)].sum() == 0
    assert table.loc[scored, "KS2_READSCORE"].astype(int).between(80, 120).all()
    assert (table["KS2_APSFG"].ne("") & year.ge(2016)).sum() == 0
    assert table["KS2_RWM_EXP"].ne("").equals(year.ge(2016))


def test_results_at_11_follow_ability_and_come_before_any_home(
    pupils: Pupils, results: Results
) -> None:
    both = ks2_table(pupils).merge(
        ks4_table(pupils, results), left_on="KS2_PupilMatchingRefAnonymous",
        right_on="KS4_PupilMatchingRefAnonymous",
    )  # fmt: skip
    both = both[both["KS2_READSCORE"].ne("") & both["KS4_ATT8"].ne("")]
    score = both["KS2_READSCORE"].astype(float)
    assert 0.25 < score.corr(both["KS4_ATT8"].astype(float)) < 0.8


def test_level_3_is_two_years_after_year_11(pupils: Pupils, results: Results) -> None:
    table = ks5_table(pupils, results)
    at_18 = results.level3_at_18
    reached = pupils.lives.children.assign(year=pupils.lives.year11 + 2, level3=at_18)
    reached = reached.set_index("PMR").loc[table["KS5_PupilMatchingRefAnonymous"]]
    assert reached["level3"].all()
    assert (reached["year"].to_numpy() == table["KS5_ACADYR"].str[-4:].astype(int)).all()
    assert table["KS5_TOTPTSE_ALEV"].eq("").mean() == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("level", ["level2", "level3"])
def test_levels_have_the_probability_of_their_own_model(
    level: str, pupils: Pupils, results: Results
) -> None:
    lives = pupils.lives
    eta = column(lives.at_18, level) + years_effect(level, lives.year11 + 2)
    reached = getattr(results, level)
    group = np.searchsorted(np.quantile(eta, [0.25, 0.5, 0.75]), eta)
    for quarter in range(4):
        own = group == quarter
        expected = expit(eta[own]).mean()
        error = np.sqrt(expected * (1 - expected) / own.sum())
        assert reached[own].mean() == pytest.approx(expected, abs=4 * error)


def test_the_higher_level_needs_the_lower_and_both_go_with_results_at_16(
    results: Results,
) -> None:
    assert results.level2[results.level3].all()
    assert results.level3[results.level3_at_18].all()
    assert results.level3_at_18.sum() / results.level3.sum() == pytest.approx(0.6, abs=0.05)
    for level in (results.level2, results.level3):
        assert results.points[level].mean() > results.points[~level].mean() + 8
    assert results.level2[results.points >= 45].mean() > 0.9


def test_levels_by_age_only_grow_and_end_with_the_years_returned(
    pupils: Pupils, results: Results
) -> None:
    table = ypmad_table(pupils, results)
    who = table["YPMAD_PupilMatchingRefAnonymous"]
    assert not who.duplicated().any()
    assert set(table["YPMAD_Academic_Year"]) == {"2024/2025"}
    child = pd.Index(pupils.reference).get_indexer(who)
    year11 = pupils.lives.year11[child]
    assert set(year11) == set(range(2010, 2026))
    for level in ("L2", "L3"):
        cells = table[[f"YPMAD_{level}_at_{age}" for age in AGES]]
        for age, name in zip(AGES, cells, strict=True):
            assert (cells[name].eq("") == (year11 + age - 16 > 2025)).all()
        numbers = cells.replace("", np.nan).astype(float).to_numpy()
        assert (np.diff(numbers, axis=1)[~np.isnan(np.diff(numbers, axis=1))] >= 0).all()
    past = year11 <= 2022
    at_19 = table.loc[past, ["YPMAD_L2_at_19", "YPMAD_L3_at_19"]].eq("1")
    assert (at_19["YPMAD_L2_at_19"] == results.level2[child][past]).all()
    assert (at_19["YPMAD_L3_at_19"] == results.level3[child][past]).all()
    assert 0 < table["YPMAD_L2_at_16"].eq("1").mean() < at_19["YPMAD_L2_at_19"].mean()


def test_results_at_18_show_level_3_a_year_before_the_late_ones(
    pupils: Pupils, results: Results
) -> None:
    table = ypmad_table(pupils, results)
    shown = set(ks5_table(pupils, results)["KS5_PupilMatchingRefAnonymous"])
    known = table[table["YPMAD_L3_at_18"].ne("")]
    by_18 = known["YPMAD_L3_at_18"].eq("1")
    # those whose Year 11 was before the years returned have results, too, but no row here
    assert set(known.loc[by_18, "YPMAD_PupilMatchingRefAnonymous"]) <= shown
    assert not known.loc[~by_18, "YPMAD_PupilMatchingRefAnonymous"].isin(shown).any()
    late = results.level3 & ~results.level3_at_18
    assert set(level3_age(results)[late]) == {19}
    age = level2_age(pupils, results)
    assert (age <= level3_age(results)).all()
    assert (age[results.level2 & (results.points >= 28)] == 16).all()
    assert set(age[results.level2 & (results.points < 28)]) == {17, 18, 19}
    assert (age[~results.level2] > 19).all()


@pytest.fixture(scope="module")
def attending(pupils: Pupils) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return at_school(pupils, np.random.default_rng(1))


def _sum(table: pd.DataFrame, kind: str) -> pd.Series:
    terms = table[[f"{kind}_{term}" for term in ("Autumn", "Spring", "Summer")]]
    return terms.replace("", np.nan).astype(float).sum(axis=1)


def test_absence_adds_up(pupils: Pupils, attending: tuple[np.ndarray, ...]) -> None:
    table = absence_table(pupils, *attending)
    parts = _sum(table, "AuthorisedAbsence") + _sum(table, "UnauthorisedAbsence")
    assert parts.equals(_sum(table, "OverallAbsence"))
    assert (_sum(table, "OverallAbsence") <= _sum(table, "SessionsPossible")).all()
    assert _sum(table, "SessionsPossible").max() <= 384


def test_no_absence_of_2020_and_no_summer_of_year_11(
    pupils: Pupils, attending: tuple[np.ndarray, ...]
) -> None:
    table = absence_table(pupils, *attending)
    year = table["AcademicYear"].str[-4:].astype(int)
    assert 2020 not in set(year)
    assert {2019, 2021} <= set(year)
    year11 = pd.Series(pupils.lives.year11, index=pupils.reference)
    last = year11.loc[table["PupilMatchingRefAnonymous"]].to_numpy() == year.to_numpy()
    assert table.loc[last, "SessionsPossible_Summer"].eq("").all()
    assert table.loc[~last, "SessionsPossible_Summer"].ne("").mean() > 0.9


def test_who_changes_school_has_two_rows_that_share_the_terms(
    pupils: Pupils, attending: tuple[np.ndarray, ...]
) -> None:
    table = absence_table(pupils, *attending)
    twice = table.duplicated(["PupilMatchingRefAnonymous", "AcademicYear"], keep=False)
    assert twice.mean() == pytest.approx(2 * 0.08 / 1.08, abs=0.02)
    pairs = table[twice].groupby(["PupilMatchingRefAnonymous", "AcademicYear"])
    assert (pairs["SessionsPossible_Autumn"].apply(lambda cells: cells.ne("").sum()) == 1).all()
    assert (pairs["SessionsPossible_Spring"].apply(lambda cells: cells.ne("").sum()) == 1).all()
    assert (pairs["URN"].nunique() == 2).all()


def test_school_years_are_those_around_care(pupils: Pupils) -> None:
    child, year = pupils.years_at_school()
    lives = pupils.lives
    first = school_year_of(lives.exposure.start)[lives.exposure.first_stay(child)]
    assert (year >= first - 1).all()
    assert (year <= lives.year11[child]).all()
    assert (year >= lives.year11[child] - 10).all()
    assert not pd.DataFrame({"child": child, "year": year}).duplicated().any()


def test_exclusions_are_on_school_days_in_the_words_of_the_year(
    pupils: Pupils, attending: tuple[np.ndarray, ...]
) -> None:
    table = exclusions_table(pupils, *attending)
    year = table["AcademicYear"].str[-4:].astype(int)
    assert table["StartDate"].dt.day_of_week.max() == 4
    assert (
        school_year_of(table["StartDate"].to_numpy().astype("datetime64[D]").astype(int)) == year
    ).all()
    assert not table["StartDate"].dt.month.isin([8]).any()
    assert (table["StartDate"] <= "2020-03-20")[year.eq(2020)].all()
    assert table.loc[table["Category"].eq("FIXD"), "AcademicYear"].max() == "2019/2020"
    assert table.loc[table["Category"].eq("SUSP"), "AcademicYear"].min() == "2020/2021"
    assert (table["Sessions"].eq("") == table["Category"].eq("PERM")).all()
    assert not table.duplicated(["PupilMatchingRefAnonymous", "StartDate"]).any()
    assert table["Reason2"].ne("").any()
    assert (
        table.loc[table["Reason2"].ne(""), "Reason2"] != table["Reason1"][table["Reason2"].ne("")]
    ).all()


def test_special_needs_have_the_codes_of_the_year(
    pupils: Pupils, attending: tuple[np.ndarray, ...]
) -> None:
    child, year, _ = attending
    table = census_table(pupils, child, year)
    code = table["SENprovision"]
    by_code = pd.Series(year).groupby(code.to_numpy()).agg(["min", "max"])
    assert by_code.loc["E", "min"] == 2015
    assert by_code.loc["S", "max"] == 2018
    assert by_code.loc["K", "min"] == 2015
    assert by_code.loc["P", "max"] == 2014
    assert (table["PrimarySENtype"].eq("") == code.eq("N")).all()
    assert set(year[table["PrimarySENtype"].eq("SEMH")]) <= set(range(2015, 2026))
    assert (table["CensusDate"].dt.day_of_week == 3).all()
    assert table["CensusDate"].dt.day.between(15, 21).all()
    assert (table["CensusDate"].dt.year == year).all()


def test_a_plan_lasts_and_is_commoner_in_homes_and_with_disability(pupils: Pupils) -> None:
    child = np.arange(NUMBER)
    early, late = (provisions(pupils, child, pupils.lives.year11 - back) for back in (6, 0))
    assert (late >= early).mean() > 0.99
    disabled = pupils.lives.shard.needs[:, NEEDS.index("learning_disabilities")]
    plan = late == PLAN
    assert plan[disabled].mean() > plan[~disabled].mean() + 0.2
    home = child % 3 == 0
    assert plan[home].mean() > plan[~home].mean() + 0.05


def test_who_moves_often_seeks_asylum_or_has_no_number_is_linked_less() -> None:
    plain = _pupils()
    asylum = _pupils(uasc=True)
    assert plain.linked.mean() > 0.9
    assert asylum.linked.mean() < plain.linked.mean() - 0.03
    none = _pupils(UPN="UN2")
    assert not none.linked.any()
    assert link_table(none)["CLA_PupilMatchingRefAnonymous"].eq("").all()


def test_the_extract_is_of_linked_pupils_only(pupils: Pupils, results: Results) -> None:
    linked = set(link_table(pupils)["CLA_PupilMatchingRefAnonymous"]) - {""}
    assert len(linked) < NUMBER
    for table in (
        ks2_table(pupils),
        ks4_table(pupils, results),
        ks5_table(pupils, results),
        ypmad_table(pupils, results),
    ):
        name = next(column for column in table if "Matching" in column)
        assert set(table[name]) <= linked


def test_a_child_taken_over_has_its_record_where_it_went() -> None:
    rows = [
        (0, "2015-01-01", "2018-01-01", "foster", -1, "taken over", "E3"),
        (1, "2015-01-01", "2018-01-01", "foster", -1, "left", "E4A"),
    ]
    pupils = Pupils(Lives(shard(children(["2004-01-01"] * 2), placements(rows))))
    assert pupils.linked.all()
    assert pupils.written.tolist() == [False, True]
