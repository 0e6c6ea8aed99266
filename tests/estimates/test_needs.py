"""Tables of needs: who has them, what they do, where the data say nothing."""

import numpy as np
import pytest

from bayescich.estimates.baselines import (
    baseline_estimates,
    course_words,
    later_against_earlier,
)
from bayescich.estimates.matching import ALL, matching_estimates
from bayescich.estimates.need_words import known_column
from bayescich.estimates.needs import need_estimates
from bayescich.estimates.type_need import (
    LEANS,
    PRIOR_ONLY,
    UNDECIDED,
    type_need_estimates,
)
from bayescich.estimates.walks import walk_estimates
from tests.tiny_effects import (
    EFFECTS,
    NEED_EFFECTS,
    NEEDS,
    PLAIN,
    TYPES,
    by_type_fit,
    effects_fit,
    fit_of,
    routes_fit,
    spells,
    tiny_spec,
)
from tests.tiny_fit import hazard_fit, with_posterior


@pytest.fixture(scope="module")
def fit():
    return effects_fit()


def rng():
    return np.random.default_rng(1)


def test_each_need_with_its_children_and_its_family(fit):
    needs, families = need_estimates(fit)
    table = needs.table.set_index("need")
    assert list(table.index) == ["missing", "self-harm", "autism", "not known"]
    has = fit.table[fit.table["has_self_harm"] == 1]
    assert table.loc["self-harm", "n_children"] == has["child"].nunique()
    assert table.loc["self-harm", "n_events"] == has["moved"].sum()
    unknown = fit.table[fit.table["needs_known"] == 0]
    assert table.loc["not known", "n_children"] == unknown["child"].nunique()
    assert table["mean"].tolist()[:3] == pytest.approx(NEED_EFFECTS.tolist(), abs=0.01)
    assert table.loc["self-harm", "family"] == "emotional and mental health"
    assert families.table["n_needs"].sum() == 4
    assert "that of its first stay in a home" in needs.notes[0]


CLAIM = {"kind": "needs", "name": "claim", "columns": "meets_", "known": None}


def test_what_homes_say_they_meet_has_words_of_its_own():
    fit = fit_of(tiny_spec("tiny_claims", PLAIN, [*EFFECTS, CLAIM]), spells(), {})
    tables = {estimate.name: estimate for estimate in need_estimates(fit)}
    assert list(tables) == ["needs", "need_families", "needs_claim", "need_families_claim"]
    assert tables["needs"].title == "What each need does"
    claims = tables["needs_claim"]
    assert claims.title == "What homes that say they meet a need do for all children"
    assert claims.headings["need"] == "need that the home says it meets"
    assert "what homes say they meet have a 90% interval" in claims.sentence
    assert not any("before the child's first stay" in note for note in claims.notes)
    assert "homes say" in tables["need_families_claim"].title
    # all children of homes that say so are counted, whatever they need
    says = fit.table[fit.table["meets_self_harm"] == 1]
    found = claims.table.set_index("need").loc["self-harm"]
    assert (found["n_spells"], found["n_events"]) == (len(says), says["moved"].sum())


def test_claims_without_matching_are_taken_for_needs():
    effects = [e for e in EFFECTS if e["kind"] != "matching"]
    fit = fit_of(tiny_spec("tiny_claims", PLAIN, [*effects, CLAIM]), spells(300), {})
    assert [e.title for e in need_estimates(fit)[::2]] == ["What each need does"] * 2


def test_whether_needs_are_known_is_never_asked_of_statements():
    known = {**CLAIM, "known": "statement_known"}
    effects = [known, *(e for e in EFFECTS if e["kind"] != "needs")]
    table = spells(300).assign(statement_known=1)
    fit = fit_of(tiny_spec("tiny_claims", PLAIN, effects), table, {})
    assert known_column(fit) is None
    assert known_column(effects_fit(300)) == "needs_known"


def test_without_needs_there_are_no_tables_of_them():
    plain = hazard_fit(300)
    for made in (need_estimates(plain), matching_estimates(plain), walk_estimates(plain),
                 type_need_estimates(plain, rng()), baseline_estimates(plain)):  # fmt: skip
        assert made == ()


def test_matched_and_unmatched_children(fit):
    (estimate,) = matching_estimates(fit)
    table = estimate.table.set_index("need")
    assert table.index[0] == ALL
    has, meets = fit.table["has_missing"] == 1, fit.table["meets_missing"] == 1
    assert table.loc["missing", "n_children"] == fit.table[has & meets]["child"].nunique()
    assert table.loc["missing", "n_children_unmatched"] == fit.table[has & ~meets][
        "child"].nunique()  # fmt: skip
    assert table.loc[ALL, "ratio_mean"] == pytest.approx(np.exp(-0.15), abs=0.01)
    assert "strong evidence" in estimate.sentence


def test_a_cell_without_children_has_no_number(fit):
    cells = type_need_estimates(fit, rng())[0].table.set_index(["need", "type"])
    empty = cells.loc[("autism", "Solo")]
    assert empty["n_children"] == 0
    assert empty["reading"] == PRIOR_ONLY
    assert np.isnan(empty["ratio_mean"])
    full = cells.loc[("missing", "Large")]
    assert full["mean"] == pytest.approx(0.15, abs=0.02)
    assert full["reading"] == "strong evidence"


def test_a_cell_as_wide_as_an_empty_one_has_no_number_either(fit):
    noise = np.random.default_rng(2).standard_normal((4, 400, 3, 4))
    effect = 0.02 * noise
    # as wide as the spread between the cells, which is learnt to be 0.2
    effect[:, :, 0, 1] = 0.2 * np.sqrt(3 / 4) * noise[:, :, 0, 1]
    cells = type_need_estimates(with_posterior(fit, type_need_effect=effect), rng())[0].table
    found = cells.set_index(["need", "type"])
    assert found.loc[("missing", TYPES[1]), "reading"] == PRIOR_ONLY
    # narrow round none: it was learnt that the need acts there as everywhere
    assert found.loc[("missing", TYPES[0]), "reading"] == "not distinguishable"
    assert not np.isnan(found.loc[("missing", TYPES[0]), "mean"])


def test_the_data_choose_a_type_only_where_they_do(fit):
    table = type_need_estimates(fit, rng())[1].table.set_index("need")
    assert list(table.index) == ["all children", "missing", "self-harm", "autism"]
    # 0.15 - 0.3 in Large, 0.3 - ... in Solo: effects with the need missing
    total = np.array([-0.3, -0.1, 0.0, 0.4]) + 0.3 * np.array([0.5, -0.5, 1.0, -1.0])
    assert table.loc["missing", "best"] == TYPES[int(np.argmin(total))]
    assert table.loc["missing", "reading"] == LEANS
    same = with_posterior(
        fit,
        home_type_effect=0.1 * _zero_sum(np.random.default_rng(3), (4, 400, 4)),
        type_need_effect=0.1 * _zero_sum(np.random.default_rng(4), (4, 400, 3, 4)),
    )
    undecided = type_need_estimates(same, rng())[1].table.set_index("need")
    assert set(undecided["reading"]) == {UNDECIDED}


def _zero_sum(generator, shape):
    drawn = generator.standard_normal(shape)
    return drawn - drawn.mean(axis=-1, keepdims=True)


def test_the_best_type_is_the_highest_where_more_is_better(fit):
    report = fit.spec.report.model_copy(update={"higher_is": "better"})
    better = type(fit)(**{**vars(fit), "spec": fit.spec.model_copy(update={"report": report})})
    table = type_need_estimates(better, rng())[1].table.set_index("need")
    total = np.array([-0.3, -0.1, 0.0, 0.4]) + 0.3 * np.array([0.5, -0.5, 1.0, -1.0])
    assert table.loc["missing", "best"] == TYPES[int(np.argmax(total))]


def test_a_walk_keeps_the_order_of_its_levels(fit):
    (estimate,) = walk_estimates(fit)
    levels = fit.design.factors["year"].levels
    assert estimate.name == "walk_year"
    assert tuple(estimate.table["level"]) == levels
    assert estimate.table["n_rows"].sum() == len(fit.table)
    draws = fit.posterior["year_effect"]
    change = np.exp(draws[:, -1] - draws[:, 0]).mean()
    assert f"the hazard ratio is {change:.2f}" in estimate.sentence


def test_who_holds_early_and_who_stabilises_late():
    fit = by_type_fit()
    courses, hazards = baseline_estimates(fit)
    table = courses.table.set_index("type")
    # departures rise in Large, fall in Solo, against their mean
    assert table.loc["Large", "reading"] == "holds early: strong evidence"
    assert table.loc["Solo", "reading"] == "stabilises late: strong evidence"
    change = later_against_earlier(fit)
    assert change.sum(axis=1) == pytest.approx(np.zeros(len(change)), abs=1e-9)
    first = hazards.table[hazards.table["band"] == fit.design.coords["band"][0]]
    assert first["ratio_mean"].tolist() == pytest.approx([1.0] * 4)
    assert course_words(-1.0, 0.6) == "not distinguishable"


def test_needs_by_route_stand_side_by_side():
    fit = routes_fit()
    needs, _ = need_estimates(fit)
    assert needs.across == "route"
    assert len(needs.table) == 4 * 3
    by_route = needs.table.set_index(["need", "route"])["mean"]
    assert by_route["missing", "return home"] == pytest.approx(0.3, abs=0.01)
    assert by_route["missing", "other home"] == pytest.approx(-0.15, abs=0.01)
    (cells,) = type_need_estimates(fit, rng())
    assert len(cells.table) == len(NEEDS) * len(TYPES) * 3
