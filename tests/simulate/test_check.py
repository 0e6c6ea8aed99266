"""The check against England: each measure on a return of which the figure is known by hand."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.simulate.calibration import sources
from bayescich.simulate.checking import (
    between,
    care_leavers,
    conduct,
    flows,
    geography,
    homes,
    looked_after,
    missing,
    placement_ends,
    reentry,
    schooling,
    stability,
)
from bayescich.simulate.checking.check import (
    _WHY,
    as_markdown,
    as_text,
    check_england,
    compare,
    published,
)
from bayescich.simulate.checking.compared import Compared
from bayescich.simulate.checking.counting import Figures, Measured
from bayescich.simulate.checking.facts import Facts, read_facts
from bayescich.simulate.checking.loss_causes import causes_of
from bayescich.simulate.checking.spread import Counts, logit_sd

HEADER = "CHILD,SEX,DOB,ETHNIC,UPN"
EPISODES = (
    "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"
)
# a was in one foster placement all year; its legal status changed
# b moved from a home to a home and again, all in the year, with a hospital stay between
# c came, alone, at 16; the place became supported accommodation of another name
# d went home after two months
_CHILDREN = """
a,2,01/05/2018,WBRI,UN1
b,1,01/06/2009,MWBC,UN1
c,1,01/07/2007,OOTH,UN1
d,2,01/08/2012,WBRI,UN1
"""
_ROWS = """
a,01/04/2020,S,C1,N1,U6,PR1,01/09/2023,X1,,ZD12 1AA,ZD12 2AA,
a,01/09/2023,L,C2,N1,U6,PR1,,,,ZD12 1AA,ZD12 2AA,
b,01/01/2022,S,C2,N5,K2,PR4,01/06/2023,X1,CREQB,ZD12 1AA,ZD13 3AA,SC000001
b,01/06/2023,P,C2,N5,K2,PR4,01/08/2023,X1,,ZD12 1AA,ZD14 3AA,SC000002
b,01/08/2023,P,C2,N5,T1,PR4,05/08/2023,X1,,ZD12 1AA,ZD15 3AA,
b,05/08/2023,P,C2,N5,K2,PR4,01/12/2023,X1,CARPL,ZD12 1AA,ZD14 3AA,SC000002
b,01/12/2023,P,C2,N5,K2,PR5,,,,ZD12 1AA,ZD13 3AA,SC000001
c,10/05/2023,S,V2,N8,H5,PR4,28/10/2023,X1,PLACE,,ZD12 9AA,
c,28/10/2023,T,V2,N8,H5,PR4,,,,,ZD12 9AA,
d,01/02/2024,S,V2,N4,U6,PR1,31/03/2024,E4A,,ZD12 1AA,ZD12 2AA,
"""


def write(folder: Path, year: str, name: str, head: str, rows: str) -> None:
    where = folder / "ssda903" / "Northshire" / year
    where.mkdir(parents=True, exist_ok=True)
    (where / f"{name}.csv").write_text(f"{head}\n{rows.strip()}\n", encoding="utf-8")


def return_of(folder: Path, children: str, rows: str, year: str = "2023-24") -> Path:
    write(folder, year, "header", HEADER, children)
    write(folder, year, "episodes", EPISODES, rows)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = return_of(tmp_path_factory.mktemp("england"), _CHILDREN, _ROWS)
    # c is one still; b was found not to be
    uasc = "b,1,01/06/2009,01/05/2023\nc,1,01/07/2007,"
    write(folder, "2023-24", "uasc", "CHILD,SEX,DOB,DUC", uasc)
    head = "CHILD,DOB,MISSING,MIS_START,MIS_END"
    spells = """
b,01/06/2009,M,10/06/2023,12/06/2023
b,01/06/2009,M,20/12/2023,20/12/2023
b,01/06/2009,A,22/12/2023,23/12/2023
c,01/07/2007,M,01/07/2023,05/07/2023
"""
    write(folder, "2023-24", "missing", head, spells)
    head = "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,SUBSTANCE_MISUSE"
    rows = "a,01/05/2018,12,,,0\nb,01/06/2009,20,,1,0\n"
    write(folder, "2023-24", "oc2", head, rows)
    (folder / "truth").mkdir()
    (folder / "truth" / "places.csv").write_text(
        "postcode,authority,east,north\nZD12,Northshire,0,0\nZD13,Southshire,0,30\n"
        "ZD133AA,Southshire,0,19\nZD14,Southshire,0,30\n"
    )
    return folder


@pytest.fixture(scope="module")
def facts(folder: Path) -> Facts:
    return read_facts(folder)


def test_a_legal_status_begins_no_placement_and_a_status_of_the_placement_does(
    facts: Facts,
) -> None:
    rows = facts.placements
    assert rows.groupby("child").size().tolist() == [1, 3, 2, 1]
    assert rows.loc[rows["child"].eq("Northshire/C"), "reason"].tolist()[0] == "PLACE"
    assert rows["ended"].tolist() == [
        "open",
        "changed",
        "changed",
        "open",
        "changed",
        "open",
        "left",
    ]


def test_a_temporary_placement_is_part_of_what_it_interrupts(facts: Facts) -> None:
    second = facts.placements.iloc[2]
    assert (second["end"] - second["start"], second["reason"]) == (183, "CARPL")
    episodes = facts.episodes
    assert episodes.loc[episodes["PLACE"].eq("T1"), "placement"].tolist() == [2]


def test_a_child_who_leaves_on_31_march_is_not_looked_after_on_it(facts: Facts) -> None:
    assert facts.stocks[2024]["child"].tolist() == [f"Northshire/{name}" for name in "ABC"]


def test_who_is_looked_after(facts: Facts) -> None:
    found = looked_after.measures(facts)
    third = pytest.approx(100 / 3)
    assert found["placed on 31 March: foster, 2024"].value == third
    assert found["looked after: aged 5 to 9"].value == third
    assert found["looked after: aged 10 to 15"].value == third
    assert found["looked after: unaccompanied (UASC)"] == Measured(third, 3)
    assert found["looked after: for 12 months or more"].value == pytest.approx(200 / 3)
    assert found["looked after: care order"].value == pytest.approx(200 / 3)
    assert found["UASC: supported"] == Measured(100.0, 1)
    assert found["provider of children in homes: voluntary"] == Measured(100.0, 1)
    assert found["size: looked after in the year, per 100 on 31 March"].value == pytest.approx(
        400 / 3
    )


def test_placements_in_the_year_are_with_different_carers(facts: Facts) -> None:
    found = stability.measures(facts)
    assert found["placements in the year: 3 or more"] == Measured(pytest.approx(100 / 3), 3)
    assert found["placements in the year: 1, the first in supported"].value == 100.0
    assert found["placements in the year: 3 or more, the first in children's homes"].value == 100.0
    # c was not looked after in the year before last
    assert found["placements in two years: 1"] == Measured(50.0, 2)
    assert found["same carer: for two years or more"] == Measured(100.0, 1)


def test_every_change_counts_among_reasons_and_durations(facts: Facts) -> None:
    found = placement_ends.measures(facts)
    assert found["why placements change, all: status only"] == Measured(pytest.approx(100 / 3), 3)
    home = "why placements change, children's homes"
    assert found[f"{home}: carer's request, behaviour"] == Measured(50.0, 2)
    theme = "days in a placement that ended"
    assert found[f"{theme}, children's homes: mean"] == Measured((516 + 183) / 2, 2)
    assert found[f"{theme}, children's homes: within 1 year"].value == 50.0
    assert found[f"{theme}, all: median"] == Measured((171 + 183) / 2, 4)
    # two homes, supported accommodation twice, one foster placement
    assert found["new placements: in children's homes"] == Measured(40.0, 5)


def test_starting_and_ceasing(facts: Facts) -> None:
    found = flows.measures(facts)
    assert found["size: starting in the year, per 100 on 31 March"].value == pytest.approx(200 / 3)
    assert found["starting: aged 10 to 15"] == Measured(100.0, 2)
    assert found["first placement: supported"].value == 50.0
    assert found["why care ceased: home, planned"] == Measured(100.0, 1)
    assert found["last period of care: 8 weeks to 6 months"].value == 100.0
    assert found["last period of care: mean"].value == 59.0
    assert found["in all of care: 1 placement"].value == 100.0


def test_distance_is_between_postcodes_and_else_between_districts(facts: Facts) -> None:
    found = geography.measures(facts)
    # b lives at a postcode 19 miles off in a district 30 miles off; where c lived is not known
    assert found["over 20 miles: all"] == Measured(0.0, 3)
    assert found["distance not known: all"].value == pytest.approx(100 / 3)
    assert found["outside the authority: children's homes"] == Measured(100.0, 1)
    far = geography.located(facts.stocks[2024].assign(PL_POST="ZD14 8XX"), facts.places)
    assert far["far"].tolist() == [True, True, False]


def test_no_distance_without_a_file_of_places(facts: Facts) -> None:
    none = geography.located(facts.stocks[2024], None)
    assert geography.measures(Facts(
        facts.everything, facts.histories, facts.episodes, facts.placements, None
    ))["over 20 miles: all"].n == len(none) == 0  # fmt: skip


def test_incidents_belong_to_the_placement_of_the_day(facts: Facts) -> None:
    found = missing.measures(facts)
    assert found["missing: children missing, of those looked after in the year"].value == 50.0
    assert found["missing: incidents per missing child"] == Measured(1.5, 2)
    assert found["missing: incidents per child there on 31 March, children's homes"].value == 2.0
    assert found["missing: incidents per child there on 31 March, supported"].value == 1.0
    assert found["missing: days per incident, mean"].value == 2.0


def test_scores_and_convictions_are_of_those_of_the_age(facts: Facts) -> None:
    found = conduct.measures(facts)
    assert found["SDQ: score received"] == Measured(100.0, 2)
    assert found["SDQ: mean score"] == Measured(16.0, 2)
    assert found["SDQ: cause for concern"].value == 50.0
    assert found["convicted or cautioned: aged 10 to 17"] == Measured(100.0, 1)


def test_care_leavers_of_whom_nothing_is_known_are_counted(tmp_path: Path) -> None:
    children = "\n".join(f"{name},1,01/06/2005,WBRI,UN1" for name in "abcd")
    rows = "\n".join(
        f"{name},01/01/2020,S,C2,N1,{place},PR4,01/06/2023,E5,,ZD12 1AA,ZD12 2AA,"
        for name, place in zip("abcd", ("K2", "K2", "U6", "U6"), strict=True)
    )
    return_of(tmp_path, children, rows)
    leavers = """
a,01/06/2005,YES,G4,D1
b,01/06/2005,NO,F2,0
c,01/06/2005,YES,F1,Z1
d,01/06/2005,RHOM,F1,B1
"""
    write(tmp_path, "2023-24", "oc3", "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM", leavers)
    found = care_leavers.measures(read_facts(tmp_path))
    theme = "care leavers 17 and 18"
    assert found[f"{theme}: NEET"] == Measured(pytest.approx(100 / 3), 3)
    assert found[f"{theme}: activity not known"].value == pytest.approx(100 / 3)
    assert found[f"{theme}: in touch"].value == pytest.approx(200 / 3)
    assert found["care leavers 18: NEET, last in children's homes"] == Measured(50.0, 2)
    assert found["care leavers 18: with former foster carers, of those last in foster"].n == 1


def test_reentry_follows_a_child_to_the_18th_birthday() -> None:
    time, event = np.array([100, 200, 300, 400]), np.array([True, False, True, False])
    assert reentry.cumulative(time, event, 365).value == pytest.approx(100 * (1 - 0.75 * 0.5))
    assert reentry.cumulative(time[:0], event[:0], 365).n == 0


def test_homes_and_owners() -> None:
    every = pd.DataFrame(
        {
            "owner": ["A", "A", "A", "B", None],
            "authority": ["N", "S", "N", "N", "S"],
            "region": ["London", "London", "North West", "London", "London"],
        }
    )
    found = homes._owners(every)
    assert found["owners: homes per owner"].value == 2.0
    assert found["owners: with one home"] == Measured(50.0, 2)
    assert found["owners: homes of owners with one home"] == Measured(25.0, 4)
    assert found["owners: homes of owners in several authorities"].value == 75.0
    where = homes._where(every, every)
    assert where["homes per authority: most, of all homes"] == Measured(60.0, 2)
    assert where["homes by region: London"].value == 80.0


def of_homes(**columns: list[object]) -> pd.DataFrame:
    rows = pd.DataFrame(columns)
    usual = {"sector": "Private", "short_breaks": False, "urn": [f"SC{i}" for i in rows.index]}
    return rows.assign(**{name: value for name, value in usual.items() if name not in rows})


def test_sizes_and_ages_of_homes() -> None:
    own = of_homes(
        places=[1, 3, 3, 9],
        sector=["Private", "Private", "Private", "Local authority"],
        registration_date=pd.to_datetime(["2024-03-31", "2023-03-31", "2015-03-31", "2010-03-31"]),
    )
    found = homes._kinds(own) | homes._age(own)
    assert found["homes: 3 places"] == Measured(50.0, 4)
    assert found["homes: 7 or more places"].value == 25.0
    assert found["homes: places, mean, private"].value == pytest.approx(7 / 3)
    assert found["homes: years since registration, median, private"].value == pytest.approx(
        2.0, abs=0.01
    )


def test_the_latest_judgement_up_to_the_list_counts() -> None:
    own = of_homes(places=[3, 3, 3])
    inspections = pd.DataFrame(
        {
            "urn": ["SC0", "SC0", "SC1", "SC1"],
            "inspection_date": pd.to_datetime(
                ["2023-05-01", "2024-05-01", "2024-06-01", "2025-05-01"]
            ),
            "grade": [2, 3, 4, 1],
        }
    )
    found = homes._judgements(own, inspections)
    assert found["judgements: not yet inspected"].value == pytest.approx(100 / 3)
    assert found["judgements: Good"] == Measured(50.0, 2)
    assert found["judgements: Inadequate"].value == 0.0


def test_occupancy_leaves_short_break_homes_out() -> None:
    own = of_homes(places=[3, 5], short_breaks=[False, True])
    stock = pd.DataFrame(
        {
            "group": ["children's homes", "children's homes", "foster"],
            "PLACE_CLASS": ["children's home", "secure children's home", "foster"],
        }
    )
    assert homes._occupancy(own, stock) == Measured(pytest.approx(100 / 3), 3)


def test_results_are_of_those_looked_after_for_the_whole_year(tmp_path: Path) -> None:
    upns = {name: f"A80120000000{at}" for at, name in enumerate("abc")}
    children = "\n".join(f"{name},1,01/10/2007,WBRI,{upn}" for name, upn in upns.items())
    rows = "\n".join(
        f"{name},{begun},S,C2,N1,U6,PR1,,,,ZD12 1AA,ZD12 2AA,"
        for name, begun in {"a": "01/01/2020", "b": "01/01/2020", "c": "01/01/2024"}.items()
    )
    return_of(tmp_path, children, rows)
    scores = {"a": (20.0, 1, 0), "b": (10.0, 0, 0), "c": (60.0, 1, 1)}
    lines = [f"2023/24,{upns[name]},1,{a},{g4},{g5}" for name, (a, g4, g5) in scores.items()]
    (tmp_path / "npd").mkdir()
    head = "KS4_ACADYR,KS4_UPN,KS4_NATRES,KS4_ATT8,KS4_L2BASICS_94,KS4_L2BASICS_95"
    (tmp_path / "npd" / "ks4.csv").write_text("\n".join([head, *lines]) + "\n")
    found = schooling.measures(read_facts(tmp_path))
    assert found["Key Stage 4: Attainment 8, 2024"] == Measured(15.0, 2)
    assert found["Key Stage 4: grade 4 in English and mathematics"] == Measured(50.0, 2)


def test_absence_is_of_all_sessions_and_needs_of_the_most_provision() -> None:
    rows = pd.DataFrame(
        {
            "POSSIBLE": [300.0, 100.0],
            "OVERALL": [10.0, 60.0],
            "PERSISTENT": pd.array([False, True], dtype="boolean"),
            "SEVERE": pd.array([False, True], dtype="boolean"),
        }
    )
    found = schooling._absence(rows, 2025)
    assert found["absence: sessions missed, 2025"] == Measured(17.5, 2)
    census = pd.DataFrame(
        {
            "PUPIL": ["p", "p", "q", "r"],
            "PROVISION": ["SEN support", "EHC plan", "none", "SEN support"],
            "SEN_TYPE1": ["SEMH", "SEMH", None, "MLD"],
        }
    )
    needs = schooling._special_needs(census)
    assert needs["special needs: any, 2022"] == Measured(pytest.approx(200 / 3), 3)
    assert needs["special needs: EHC plan, 2022"].value == pytest.approx(100 / 3)
    social = "special needs: social, emotional and mental health, of those, 2022"
    assert needs[social] == Measured(50.0, 2)


def drawn(rng: np.random.Generator, sd: float) -> Counts:
    level = 1 / (1 + np.exp(0.85 - sd * rng.standard_normal(400)))
    return Counts(rng.binomial(200, level).astype(float), np.full(400, 200.0))


def test_only_an_excess_over_chance_is_a_difference_between_authorities() -> None:
    rng = np.random.default_rng(3)
    apart = [drawn(rng, 0.5) for _ in range(8)]
    assert logit_sd([drawn(rng, 0.0)]) < 0.06
    assert np.mean([logit_sd([year]) for year in apart]) == pytest.approx(0.5, abs=0.015)
    # years of one SD tell no more of it than its size
    assert logit_sd([apart[0]] * 3) == pytest.approx(logit_sd([apart[0]]), abs=0.005)


def test_large_authorities_need_no_more_nodes() -> None:
    level = 1 / (1 + np.exp(-np.linspace(-1, 1, 41)))
    many = Counts(np.round(1e6 * level), np.full(41, 1e6))
    assert logit_sd([many]) == pytest.approx(np.linspace(-1, 1, 41).std(), abs=0.002)


def test_no_difference_is_measured_where_nobody_is_counted() -> None:
    nobody = Counts(np.zeros(3), np.full(3, 10.0))
    assert np.isnan(logit_sd([nobody]))
    counted = between.by_authority(
        pd.DataFrame({"authority": ["N", "N", "S"], "counted": [True, False, True]})
    )
    assert (counted.count.tolist(), counted.children.tolist()) == ([1.0, 1.0], [2.0, 1.0])


def test_every_published_figure_has_a_source_a_unit_and_a_tolerance_that_can_fail() -> None:
    known = sources()
    for name, figure in published().items():
        assert figure.source in known, name
        assert figure.unit, name
        assert 0 < (figure.tolerance or 0) < 0.8 * figure.value, name
    assert len(published()) >= 90


def test_reasons_are_of_published_figures() -> None:
    assert set(_WHY) <= set(published())


def test_the_terminal_says_what_tolerances_are_meant_for(facts: Facts) -> None:
    checked = compare(facts)
    shown = as_text(checked)
    assert "Tolerances are meant for the size study" in shown
    by_reason = shown.split(f"Not compared: {len(checked.others)}\n")[1].splitlines()
    assert sum(int(line.split()[0]) for line in by_reason) == len(checked.others)
    assert len(by_reason) == len({figure.why for figure in checked.others})
    nothing = as_text(replace(checked, figures=()))
    assert nothing.startswith("No published figure can be compared. 3 children")
    assert "Within tolerance" not in nothing


def test_no_candidate_for_a_lost_stay() -> None:
    stays = pd.DataFrame(
        {
            "child": ["a"],
            "start": pd.to_datetime(["2020-01-01"]),
            "end": pd.to_datetime(["2020-02-01"]),
            "outcome": ["not found"],
        }
    )
    causes = pd.DataFrame(
        {"cause": ["gap"], "child": ["b"], "begun": pd.to_datetime(["2020-01-01"])}
    ).astype({"cause": "str", "child": "str"})
    assert causes_of(stays, causes, {"a", "b"}).tolist() == ["not explained"]


def test_every_published_figure_is_measured(facts: Facts) -> None:
    checked = compare(facts)
    names = {figure.name for figure in (*checked.figures, *checked.others)}
    assert names == set(published())
    measured: Figures = {}
    for theme in (looked_after, flows, reentry, stability, placement_ends, geography, missing):
        measured |= theme.measures(facts)
    themes = {name.split(":")[0] for name in measured}
    absent = [
        name for name in published()
        if name.split(":")[0] in themes and name not in measured and not name[-4:].isdigit()
    ]  # fmt: skip
    assert absent == []


def test_a_figure_of_a_year_not_simulated_is_not_compared(folder: Path) -> None:
    checked = check_england(folder)
    why = {figure.name: figure.why for figure in checked.others}
    assert why["placed on 31 March: foster, 2025"] == "2025 is not among the years simulated"
    assert "owners: homes of the 5 largest" in why
    assert checked.size.startswith("3 children looked after on 31 March 2024 in 1 auth")


def test_what_cannot_be_counted_is_a_miss() -> None:
    figure = Compared("a", "b", 5.0, float("nan"), 1.0, "%", "D24", 0, "", "nothing to count")
    assert (figure.within, figure.out) == (False, float("inf"))


def test_a_figure_is_within_its_tolerance_at_its_edge() -> None:
    at_edge = Compared("a", "b", 5.0, 6.0, 1.0, "%", "D24", 9, "", "")
    assert at_edge.within
    assert not Compared("a", "b", 5.0, 6.01, 1.0, "%", "D24", 9, "", "").within


def test_misses_come_first_and_are_listed(facts: Facts) -> None:
    checked = compare(facts)
    shown, page = as_text(checked), as_markdown(checked, "Simulated by hand.")
    assert shown.startswith(f"{checked.within} of {len(checked.figures)} published figures")
    worst = checked.misses[0]
    assert shown.index(worst.name) < shown.index("Within tolerance:")
    section = page.split("## Misses")[1].split("## Every figure")[0]
    assert all(f"| {miss.name} |" in section for miss in checked.misses)
    assert list(checked.table["within"]).count(False) == len(checked.misses)
