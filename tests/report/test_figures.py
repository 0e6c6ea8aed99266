"""Figures: what they show, the stamp, and errors instead of empty spaces."""

import io
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib import pyplot as plt
from matplotlib.figure import Figure as Canvas
from PIL import Image

from bayescich.checks import Check, run_checks
from bayescich.errors import ReportError
from bayescich.report import figures
from bayescich.report.canvas import drawn, stamp
from bayescich.report.check_figures import draw_check
from bayescich.report.words import scale_of
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit


@pytest.fixture(scope="module")
def fit():
    return hazard_fit(rows=600)


def texts(canvas):
    found = list(canvas.texts)
    for axes in canvas.axes:
        found += [*axes.texts, *axes.get_yticklabels(), axes.xaxis.label, axes.title]
    return [text.get_text() for text in found]


def check(**changes):
    given = {"name": "new", "title": "New", "group": "predictive", "status": "passed"}
    return Check(**(given | {"sentence": "Yes."} | changes))


def test_the_forest_shows_both_models_with_the_largest_at_the_top(fit):
    canvas = figures.shrinkage_forest(fit, fit.structure.home_type, scale_of(fit.spec))
    labels, axes = canvas.axes
    heights = {t.get_text(): t.get_position()[1] for t in labels.texts}
    means = fit.tree["posterior"]["home_type_effect"].mean(("chain", "draw")).to_series()
    by_effect = means.sort_values(ascending=False).index.tolist()
    assert sorted(heights, key=heights.get, reverse=True) == by_effect
    points = [c.get_offsets()[0, 0] for c in axes.collections]
    assert np.allclose(sorted(points)[-2:], means.max(), atol=0.05)
    assert axes.get_xlabel() == "log hazard ratio against the average home type"
    assert [t.get_text() for t in canvas.legends[0].texts] == ["Not pooled", "Partially pooled"]
    plt.close(canvas)


def test_a_fit_with_fewer_draws_is_drawn_where_it_is(fit):
    fewer = fit.unpooled["posterior"].to_dataset().isel(chain=[0, 1], draw=slice(0, 200))
    short = replace(fit, unpooled=xr.DataTree.from_dict({"posterior": fewer}))
    canvas = figures.shrinkage_forest(short, fit.structure.home_type, scale_of(fit.spec))
    points = [c.get_offsets()[0, 0] for c in canvas.axes[1].collections]
    expected = [
        *fewer["home_type_effect"].mean(("chain", "draw")).to_numpy(),
        *fit.posterior["home_type_effect"].mean(axis=0),
    ]
    assert np.allclose(sorted(points), sorted(expected))
    plt.close(canvas)


def test_a_home_type_without_a_second_fit_stands_alone(fit):
    alone = replace(fit, unpooled=None)
    canvas = figures.shrinkage_forest(alone, fit.structure.home_type, scale_of(fit.spec))
    assert canvas.legends == []
    assert len(canvas.axes[1].collections) == 4
    plt.close(canvas)


def test_means_and_truths_are_drawn_where_they_are():
    frame = pd.DataFrame({"t": ["a", "b"], "mean": [0.2, 0.5], "q05": [0.1, 0.4],
                          "q95": [0.3, 0.6], "truth": [0.25, 0.45]})  # fmt: skip
    axes = figures.dot_and_whisker(frame, "t", "mean", "value", 0.0, "truth").axes[0]
    drawn_at = {line.get_label(): list(line.get_xdata()) for line in axes.lines}
    assert drawn_at["posterior mean, 90%"] == [0.5, 0.2]
    assert drawn_at["truth"] == [0.45, 0.25]


def test_only_shared_parameters_are_ranked(fit):
    assert set(figures.scalar_names(fit)) == {
        "home_type_sd", "home_sd", "provider_sd", "year_sd", "frailty_variance", "baseline_step_sd"
    }  # fmt: skip
    assert figures.named(fit, ["fixed", "cutpoint"]) == ["fixed"]


def test_a_negative_intercept_is_drawn_from_left_to_right():
    canvas = figures.prior_posterior_figure(binomial_fit(), ["intercept"])
    low, high = canvas.axes[0].get_xlim()
    assert low < -2.0 < high
    plt.close(canvas)


def test_a_stamped_figure_says_so_twice():
    canvas = Canvas(figsize=(4, 3), layout="constrained")
    stamp(canvas)
    assert texts(canvas) == ["SYNTHETIC DATA", "SYNTHETIC"]


def test_the_stamp_is_in_the_picture_itself():
    def plain_canvas():
        return Canvas(figsize=(4, 3), layout="constrained")

    pictures = [
        Image.open(io.BytesIO(drawn(plain_canvas, name="f", caption="c", alt="a", synthetic=s).png))
        for s in (False, True)
    ]
    yellow = [(np.asarray(p.convert("RGB")) == (255, 212, 59)).all(axis=2).sum() for p in pictures]
    assert yellow[0] == 0
    assert yellow[1] > 1000


def test_a_figure_that_cannot_be_drawn_is_an_error():
    def draw():
        raise ValueError("no such thing")

    with pytest.raises(ReportError, match="The figure 'f' could not be drawn") as caught:
        drawn(draw, name="f", caption="c", alt="a", synthetic=False)
    assert caught.value.why == "ValueError: no such thing"


def test_series_no_figure_can_show_are_an_error():
    with pytest.raises(ReportError, match="no figure for the check 'new'"):
        draw_check(check(series={"mystery": np.ones(3)}))


def test_a_check_without_series_needs_no_figure():
    assert draw_check(check(table=pd.DataFrame({"x": [1]}))) is None


def test_an_unknown_check_of_a_common_kind_is_drawn():
    table = pd.DataFrame(
        {"level": ["a", "b"], "observed": [1.0, 2.0], "mean": [1.1, 1.9], "q05": [0.5, 1.0],
         "q95": [1.5, 3.0], "p_value": [0.4, 0.5]}
    )  # fmt: skip
    canvas = draw_check(check(table=table, series={"replicated": np.ones((5, 2))}))()
    observed = next(line for line in canvas.axes[0].lines if line.get_label() == "observed")
    assert list(observed.get_xdata()) == [2.0, 1.0]
    assert [t.get_text() for t in canvas.axes[0].get_yticklabels()] == ["b", "a"]


def test_quantities_that_cannot_be_computed_are_counted():
    series = {"values": np.array([1.0, np.nan, 1.02])}
    assert "1 of 3 quantities cannot be computed" in texts(draw_check(check(series=series))())


def test_draws_that_are_not_numbers_are_an_error():
    series = {"prior": np.ones(3), "posterior": np.array([1.0, np.nan])}
    with pytest.raises(ValueError, match="not numbers"):
        draw_check(check(series=series))()


def test_a_prior_with_a_far_tail_has_a_logarithmic_axis():
    rng = np.random.default_rng(1)
    series = {"prior": np.exp(3 * rng.standard_normal(999)), "posterior": rng.uniform(1, 2, 999)}
    assert draw_check(check(series=series))().axes[0].get_xscale() == "log"
    near = {"prior": rng.uniform(0, 1, 99), "posterior": rng.uniform(0, 1, 99)}
    assert draw_check(check(series=near))().axes[0].get_xscale() == "linear"


@pytest.mark.parametrize("make", [hazard_fit, ordinal_fit, binomial_fit, gaussian_fit])
def test_every_check_of_every_family_has_its_figure(make):
    shown = [c for c in run_checks(make(), 1) if c.series]
    assert {"rhat", "ess_bulk", "ppc_rates", "ppc_homes", "loo"} <= {c.name for c in shown}
    for item in shown:
        figure = drawn(
            draw_check(item), name=item.name, caption="c", alt=item.sentence, synthetic=True
        )
        width, height = Image.open(io.BytesIO(figure.png)).size
        assert width == 1080
        assert height > 200


def test_drawing_leaves_pyplot_as_it_was(fit):
    before, size = mpl.get_backend(), mpl.rcParams["font.size"]
    drawn(lambda: figures.energy_figure(fit), name="e", caption="c", alt="a", synthetic=False)
    assert (mpl.get_backend(), mpl.rcParams["font.size"]) == (before, size)
    assert plt.get_fignums() == []
