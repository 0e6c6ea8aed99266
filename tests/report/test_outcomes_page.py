"""Pages of outcomes of one row: places side by side, parts, and every likelihood in words."""

from dataclasses import replace

import pytest

from bayescich.checks import run_checks
from bayescich.estimates import run_estimates
from bayescich.report.answer import blocks as answer_blocks
from bayescich.report.check_figures import draw_check, observed_in_intervals
from bayescich.report.model_words import linear_predictor, priors_used
from bayescich.report.page import render
from bayescich.report.sections import make_sections
from bayescich.report.words import likelihood_words, scale_of
from tests.report.conftest import Page
from tests.tiny_outcomes import KINDS, LIKELIHOODS, joint_fit, outcome_fit, schemes_fit

FITS = {
    "points": lambda: schemes_fit("points"),
    "activity": lambda: outcome_fit("activity", 300),
    "together": joint_fit,
    "offending": lambda: outcome_fit("offending", 300),
    "absence": lambda: outcome_fit("absence", 300),
    "grade": lambda: outcome_fit("grade", 300),
    "wellbeing": lambda: outcome_fit("wellbeing", 300),
}


@pytest.fixture(scope="module")
def pages(content):
    """Made when asked for, once each."""
    made = {}

    def page(name):
        if name not in made:
            fit = FITS[name]()
            # what leaving one out costs has its own tests
            checks = tuple(c for c in run_checks(fit, 1) if c.group != "comparison")
            own = replace(content, fit=fit, checks=checks, estimates=run_estimates(fit, None))
            made[name] = own, Page(render(own, make_sections(own)))
        return made[name]

    return page


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_the_page_has_the_section_and_every_table_stands_somewhere(pages, name):
    made, page = pages(name)
    assert list(page.sections)[:4] == ["answer", "places", "needs", "data"]
    whole = " ".join(page.text(section) for section in page.sections)
    assert [e.title for e in made.estimates if e.title not in whole] == []
    assert [c.title for c in made.checks if c.title not in whole] == []
    assert "outcome_types" in page.tables
    ids = {a["id"] for a in page.all("figure")}
    assert {"figure-places", "figure-ppc_outcomes"} <= ids


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_no_page_speaks_of_routes_or_of_nothing(pages, name):
    _, page = pages(name)
    own = [page.text(s) for s in ("answer", "places", "needs", "estimates", "belief", "predictive")]
    words = " ".join(own).lower()
    for wrong in ("route", " none ratio", "nan", "hazard ratio", "a points", "fewer moves"):
        assert wrong not in words.replace("route_correlations", ""), wrong


def test_places_have_their_numbers_with_intervals(pages):
    made, page = pages("points")
    table = made.estimate("outcome_types").table.set_index("type")
    assert [cells[0][0] for cells in page.tables["outcome_types"][1:]] == [
        *KINDS, "foster", "kin", "not in care"
    ]  # fmt: skip
    mean, interval = page.cell("outcome_types", "large", "Difference from foster")
    assert float(mean.replace("−", "-")) == pytest.approx(
        table.loc["large", "std_diff_mean"], abs=0.005
    )
    assert " to " in interval
    assert page.cell("outcome_types", "foster", "In words") == ["reference"]
    assert page.cell("outcome_types", "kin", "Children") == [
        f"{table.loc['kin', 'n_children']:.0f}"
    ]


def test_readings_stand_side_by_side(pages):
    made, page = pages("activity")
    heads = [cell[0] for cell in page.tables["outcome_readings"][0]]
    assert heads == [
        "Home type or setting", "Busy, %", "None, %", "Unwell, %", "In touch, and busy, %",
        "In touch, %",
    ]  # fmt: skip
    table = made.estimate("outcome_readings").table
    solo = table[(table["type"] == "solo") & (table["reading_of"] == "busy, %")].iloc[0]
    assert float(page.cell("outcome_readings", "solo", "Busy, %")[0]) == pytest.approx(
        solo["std_mean"], abs=0.51
    )


def test_what_the_answer_hangs_on_stands_beside_it(pages):
    _, page = pages("points")
    places = page.text("places")
    assert "What if outcomes nobody recorded were otherwise?" in places
    assert "Homes lived in, weighed otherwise" in places
    heads = [cell[0] for cell in page.tables["membership_schemes"][0]]
    assert heads == ["Home type", "Days in each", "Each stay the same", "First home alone"]
    assert {"missing_outcomes", "home_type_effects"} <= set(page.tables)
    _, page = pages("together")
    assert {"common_factor", "joint_gain"} <= set(page.tables)
    assert "Is there one thing that makes a home good?" in page.text("places")
    _, page = pages("offending")
    assert not {"missing_outcomes", "membership_schemes", "joint_gain"} & set(page.tables)


def test_the_answer_is_that_of_the_places(pages):
    made, page = pages("points")
    assert made.estimate("outcome_types").sentence in page.text("answer")
    assert "smallest and largest over the parts" in page.text("answer")
    assert answer_blocks(made)


def test_the_check_of_outcomes_is_drawn_in_its_own_units(pages):
    made, _ = pages("together")
    check = next(c for c in made.checks if c.name == "ppc_outcomes")
    draw = draw_check(check)
    assert draw is not None
    labels = [t.get_text() for t in observed_in_intervals(check).axes[0].get_yticklabels()]
    assert len(labels) == check.table["judged"].sum()
    assert labels[-1] == "points, mean"
    # rows of points and of shares lie on one axis: the interval is about one to either side
    low, high = draw().axes[0].get_xlim()
    assert -6 < low < -1 < 1 < high < 6


WORDS = {
    "points": (
        "“points” is none or from 1 to 40: whether there is any has a logit link, and how much a "
        "zero-truncated beta-binomial one. Whether it is recorded is an outcome of its own, with "
        "effects of its own, whose log odds may rise or fall with the linear predictor of the "
        "outcome (selection). Rows for which “points_missing” is “not measured” were not asked, "
        "and say nothing of recording."
    ),
    "activity": (
        "“activity” is one of three categories; “busy” and “unwell” each have a linear predictor "
        "against “none” (multinomial logit). It is only known of those for whom “touch” is 1 (in "
        "touch), which is an outcome of its own before it; rows where that is blank say nothing."
    ),
    "together": (
        "Three outcomes of the same children, turned so that higher is better: points (“points” "
        "is none or from 1 to 40: whether there is any has a logit link, and how much a "
        "zero-truncated beta-binomial one); difficulties (turned round, “difficulties” out of "
        "“40” is beta-binomial with a logit link: chances differ between children beyond what the "
        "model knows); offending (turned round, “convicted” is an event that happens or not "
        "within “years” years, at a rate whose logarithm is the linear predictor (complementary "
        "log-log)). What a child carries from one outcome to another, with a loading for each, is "
        "integrated out with 5 nodes."
    ),
    "offending": (
        "“convicted” is an event that happens or not within “years” years, at a rate whose "
        "logarithm is the linear predictor (complementary log-log)."
    ),
    "absence": (
        "“missed” out of “possible” is beta-binomial with a logit link: chances differ between "
        "children beyond what the model knows."
    ),
    "grade": (
        "“grade” is one of three ordered categories, from worst to best “none”, “4” and “5”; the "
        "odds of being above each threshold are proportional (cumulative logit). Whether it is "
        "recorded is an outcome of its own, with effects of its own, whose log odds may rise or "
        "fall with the linear predictor of the outcome (selection)."
    ),
    "wellbeing": "“wellbeing” is normal around the linear predictor with a residual SD.",
}


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_every_likelihood_is_said_in_words(pages, name):
    made, page = pages(name)
    assert likelihood_words(made.fit.spec.likelihood) == WORDS[name]
    assert WORDS[name] in page.text("model")


OTHERS = {
    "“y” is a yes or no with a logit link. Rows where it is blank say nothing of it: missing at "
    "random is assumed.": {"family": "bernoulli", "outcome": "y", "missing": "ignored"},
    "“y” is an event that happens or not, at a rate whose logarithm is the linear predictor "
    "(complementary log-log).": {"family": "bernoulli", "outcome": "y", "link": "cloglog"},
    "“y” out of “n” is binomial with a logit link.": {
        "family": "binomial", "outcome": "y", "trials": "n"},
    "“y” is normal around the linear predictor with known standard error “se”.": {
        "family": "gaussian", "outcome": "y", "known_sd": "se"},
}  # fmt: skip


@pytest.mark.parametrize("words", OTHERS)
def test_other_families_are_said_in_words(words):
    fit = outcome_fit("wellbeing", 100)
    given = {**fit.spec.model_dump(), "likelihood": OTHERS[words]}
    spec = type(fit.spec).model_validate(given)
    assert likelihood_words(spec.likelihood) == words


@pytest.mark.parametrize(
    ("name", "ratio", "predictor"),
    [
        ("points", "odds ratio", "linear predictor of each part of the outcome"),
        ("together", "odds or rate ratio", "linear predictor of each part of the outcome"),
        ("offending", "rate ratio", "log rate of a conviction"),
        ("absence", "odds ratio", "log odds of a share of sessions missed"),
        ("wellbeing", None, "expected wellbeing"),
    ],
)
def test_the_scale_is_that_of_the_link(pages, name, ratio, predictor):
    scale = scale_of(pages(name)[0].fit.spec)
    assert (scale.ratio, scale.predictor) == (ratio, predictor)


def test_the_linear_predictor_names_its_parts_and_what_counts_by_parts(pages):
    terms = {t.symbol: t.meaning for t in linear_predictor(pages("points")[0].fit).terms}
    assert terms["μ[part]"].endswith("“any points”, “points” and “points recorded”")
    assert "“home”, “kin” and “not in care”" in terms["ξ[setting, part]"]
    assert "settings other than “foster”, which is nought" in terms["ξ[setting, part]"]
    assert "each counts by the part of the window lived there" in terms["u[home, part]"]
    assert "belong together" in terms["u[home, part]"]
    assert "are independent" in terms["v[provider, part]"]
    assert "each counts" not in terms["a[authority, part]"]
    assert "where ks2 and ehc plan before is blank it is imputed" in terms["β[part]·x"]
    one = {t.symbol: t.meaning for t in linear_predictor(pages("offending")[0].fit).terms}
    assert "ξ[setting]" in one
    assert "belong together" not in one["u[home]"]


def test_every_prior_that_is_used_is_named(pages):
    fits = {name: pages(name)[0].fit for name in ("points", "together", "grade")}
    roles = {name: dict(priors_used(fit)) for name, fit in fits.items()}
    assert roles["points"]["dispersion"] == "dispersion"
    assert roles["points"]["how being recorded rises with the outcome"] == "recording.slope"
    assert roles["points"]["effect of another setting"] == "setting"
    assert roles["grade"]["first threshold"] == "cutpoint.first"
    assert roles["together"]["loading of an outcome on the child"] == "child.loading"
    assert {"dispersion points", "dispersion difficulties"} <= set(roles["together"])
    assert "how being recorded rises with the outcome" not in roles["together"]
    # and each of them is in the set
    for name, fit in fits.items():
        assert set(roles[name].values()) <= set(fit.priors.priors)
