"""Pages of models with needs, courses, cells and competing routes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from bayescich.estimates import Estimate, run_estimates
from bayescich.report.answer import blocks as answer_blocks
from bayescich.report.course_figures import difference_figure, stacked_incidence
from bayescich.report.model_words import linear_predictor, priors_used
from bayescich.report.page import render
from bayescich.report.sections import make_sections
from bayescich.report.spread import estimate_table, spread_table
from bayescich.report.words import likelihood_words
from tests.report.conftest import Page
from tests.tiny_effects import (
    ROUTES,
    TYPES,
    by_type_fit,
    cells_fit,
    effects_fit,
    fit_of,
    routes_fit,
)


def rendered(content, fit):
    made = replace(content, fit=fit, checks=(), estimates=run_estimates(fit, None))
    return made, Page(render(made, make_sections(made)))


@pytest.fixture(scope="module")
def needs(content):
    return rendered(content, effects_fit())


@pytest.fixture(scope="module")
def routes(content):
    return rendered(content, routes_fit())


def titles_missing(made, page):
    whole = " ".join(page.text(section) for section in page.sections)
    return [e.title for e in made.estimates if e.title not in whole]


def test_needs_have_a_section_of_their_own(needs):
    made, page = needs
    assert list(page.sections)[:4] == ["answer", "shrinkage", "needs", "data"]
    assert titles_missing(made, page) == []
    assert {"needs", "need_families", "matching", "type_need"} <= set(page.tables)
    assert "What each need does" not in page.text("estimates")


def test_a_cell_without_information_shows_none(needs):
    _, page = needs
    heads = [cell[0] for cell in page.tables["type_need"][0]]
    assert heads == ["Need", *TYPES]
    assert page.cell("type_need", "autism", "Solo") == ["unknown"]
    mean, interval = page.cell("type_need", "missing", "Large")
    assert float(mean) == pytest.approx(np.exp(0.15), abs=0.01)
    assert " to " in interval


def test_routes_stand_in_the_place_of_types(routes):
    made, page = routes
    assert list(page.sections)[:4] == ["answer", "routes", "needs", "data"]
    assert titles_missing(made, page) == []
    heads = [cell[0] for cell in page.tables["incidence"][0]]
    assert heads == ["Home type", *(route.capitalize() for route in ROUTES), "Any exit"]
    table = made.estimate("incidence").table.set_index(["type", "route"])
    shown = page.cell("incidence", "Solo", "Fostering")[0]
    assert shown == f"{table.loc[('Solo', 'fostering'), 'within_365_mean']:.3f}"
    ids = {a["id"] for a in page.all("figure")}
    assert {"figure-incidence", "figure-incidence-differences", "figure-walk_year"} <= ids


def test_the_answer_names_routes(routes):
    made, _ = routes
    said = " ".join(answer_blocks(made)[0].paragraphs)
    assert "differences in the probability of a route within 365 days" in said
    assert " often (" in said
    frame = made.estimate("incidence").table
    none = frame.assign(reading=frame["reading"].where(frame["reading"] == "reference", "no"))
    nothing = replace(made.estimate("incidence"), table=none)
    said = " ".join(answer_blocks(replace(made, estimates=(nothing,)))[0].paragraphs)
    assert said.startswith("None of the home types can be told apart")


def test_every_id_is_there_once_and_every_caption_is_marked(needs, routes):
    for _, page in (needs, routes):
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert sorted(set(ids)) == sorted(ids)
        assert [c for c in page.captions if not c.startswith(" SYNTHETIC")] == []
        assert all(len(a["alt"]) > 20 for a in page.all("img"))


def test_every_part_of_the_model_has_its_term_and_its_prior():
    for fit in (effects_fit(), by_type_fit(), cells_fit(), routes_fit(shift=True)):
        symbols = [term.symbol for term in linear_predictor(fit).terms]
        assert len(set(symbols)) == len(symbols)
        roles = {role for _, role in priors_used(fit)}
        assert roles <= set(fit.priors.priors)
    assert {"recording.level", "recording.shift", "fixed.route_sd", "baseline.route_level",
            "needs.mean", "type_need.sd", "walk.step_sd"} <= roles  # fmt: skip
    assert "baseline.departure_sd" in {role for _, role in priors_used(by_type_fit())}


def test_how_levels_are_sampled_is_said_once(needs):
    made, page = needs
    hierarchy = made.estimate("hierarchy").table.set_index("column")["parametrisation"]
    assert hierarchy["year"] == "random walk of order 1"
    assert "by what the data say of each level" in hierarchy["home"]
    assert "sampled partial: by what the data say of each level" in page.text("model")


def test_likelihoods_in_words():
    words = likelihood_words(routes_fit(300, shift=True).spec.likelihood)
    assert "one of three routes that shut each other out" in words
    assert "may depend on the route" in words
    assert "a course over time of its own" in likelihood_words(by_type_fit().spec.likelihood)
    assert "as one cell" in likelihood_words(cells_fit().spec.likelihood)
    split = effects_fit(300, likelihood={"split": {"age": "age_at_start"}}, without=("walk",))
    assert "cut where age change" in likelihood_words(split.spec.likelihood)


def test_a_table_is_spread_in_the_order_of_its_values():
    frame = pd.DataFrame(
        {
            "need": ["a", "a", "b", "b"], "type": ["x", "y", "x", "y"],
            "ratio_mean": [1.2, np.nan, 12.0, np.nan], "ratio_q05": [1.0, np.nan, 9.0, np.nan],
            "ratio_q95": [1.4, np.nan, 15.0, np.nan],
        }
    )  # fmt: skip
    estimate = Estimate(
        "e", "E", "Said.", frame, {"ratio_mean": "ratio"}, across="type",
        shown=("need", "ratio_mean"), missing="unknown",
    )  # fmt: skip
    table = estimate_table(estimate, "c")
    assert [h.text for h in table.headings] == ["Need", "X"]
    assert [[c.text for c in row] for row in table.rows] == [["a", "1.20"], ["b", "12.00"]]
    assert "in every row: y" in table.notes[1]
    half = replace(estimate, table=frame.assign(ratio_mean=[1.2, np.nan, 1.0, 0.9]))
    cells = spread_table(half, ("need", "ratio_mean"), "c").rows[0]
    assert [c.text for c in cells] == ["a", "1.20", "unknown"]


def test_routes_are_stacked_up_to_any(routes):
    made, _ = routes
    curves = made.estimate("incidence_curves").table
    canvas = stacked_incidence(curves, ROUTES, TYPES, (0, 365, 730))
    panels = [axes for axes in canvas.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == list(TYPES)
    last = curves[(curves["type"] == "Solo") & (curves["route"] == "any exit")]["incidence_mean"]
    top = panels[3].collections[-1].get_paths()[0].vertices[:, 1].max()
    assert top == pytest.approx(last.max(), abs=1e-6)


def test_differences_are_drawn_where_they_are(routes):
    made, _ = routes
    table = made.estimate("incidence").table
    types = [kind for kind in TYPES if kind != "Large"]
    canvas = difference_figure(table, [*ROUTES, "any exit"], types, "diff", "difference")
    axes = canvas.axes[0]
    drawn = sorted(x for line in axes.lines[:-1] for x in line.get_xdata())
    own = table[(table["route"] == ROUTES[0]) & table["type"].isin(types)]
    assert drawn == pytest.approx(sorted(own["diff_mean"]))


def test_a_model_of_settings_speaks_of_settings(content):
    table = cells_fit().table.rename(columns={"home_type": "setting_type"})
    spec = cells_fit().spec.model_dump()
    spec["effects"][0]["by"] = "setting_type"
    fit = fit_of(type(cells_fit().spec).model_validate(spec), table, {})
    made, page = rendered(content, fit)
    assert "setting types" in page.text("answer")
    assert "Shrinkage by setting type" in page.text("shrinkage")
    (note,) = [n for n in made.estimate("home_types").notes if n.startswith("Standardised")]
    assert "new home" not in note
