"""Sentences from numbers."""

import math

import pandas as pd
import pytest

from bayescich.report.words import (
    Scale,
    count,
    described,
    effect,
    fixed,
    interval,
    likelihood_words,
    listed,
    plain,
    plural,
    probability,
    readable,
    scale_of,
    with_interval,
)
from tests.tiny_fit import gaussian_fit, hazard_fit, ordinal_fit


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0347, "0.035"), (-0.342, "−0.34"), (3.47, "3.5"), (34.7, "35"), (1e-9, "0.0000")],
)
def test_effects_have_two_figures(value, text):
    assert effect(value) == text


def test_no_minus_before_nothing():
    assert fixed(-0.0004, 2) == "0.00"


def test_what_is_missing_or_endless_is_not_a_number():
    assert [fixed(v, 1) for v in (math.nan, math.inf, -math.inf)] == ["–", "∞", "−∞"]
    assert (probability(math.nan), count(math.nan)) == ("–", "–")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "<0.001"), (0.00049, "<0.001"), (0.0005, "0.001"), (0.9996, ">0.999"), (1.0, ">0.999")],
)
def test_probabilities_are_never_certain(value, text):
    assert probability(value) == text


def test_the_ends_of_an_interval_are_as_precise_as_its_middle():
    assert with_interval(0.123, 0.0456, 0.3) == "0.12 (90% interval 0.05 to 0.30)"
    assert interval(-1.5, 0.02) == "−1.5 to 0.0"


def test_a_ratio_whose_interval_leaves_out_one_is_seen_to():
    scale = Scale("log hazard ratio", "hazard ratio", "more", "less", "log hazard")
    types = pd.DataFrame(
        {"type": ["A, b", "C", "D"], "pooled_mean": [0.26, -0.2, 0.3],
         "ratio_mean": [1.31, 0.81, 12.3], "ratio_q05": [1.04, 0.67, 10.2],
         "ratio_q95": [1.63, 0.96, 14.6]}
    )  # fmt: skip
    assert described(types, scale) == (
        "More: A, b (1.31, 1.04 to 1.63); D (12, 10 to 15). Less: C (0.81, 0.67 to 0.96)."
    )


def test_a_measurement_has_differences_not_ratios():
    scale = scale_of(gaussian_fit().spec)
    assert scale.ratio is None
    types = pd.DataFrame({"type": ["a"], "pooled_mean": [1.5], "pooled_q05": [0.2],
                          "pooled_q95": [2.5]})  # fmt: skip
    assert described(types, scale) == "A higher outcome: a (1.50, 0.20 to 2.50)."


def test_each_likelihood_has_its_words():
    assert scale_of(hazard_fit(300).spec).more == "a higher hazard of a move"
    assert "three bands" in likelihood_words(hazard_fit(300).spec.likelihood)
    assert "gamma" in likelihood_words(hazard_fit(300).spec.likelihood)
    assert scale_of(ordinal_fit(300).spec).ratio == "odds ratio"
    assert "four ordered categories" in likelihood_words(ordinal_fit(300).spec.likelihood)
    assert "known standard error “se”" in likelihood_words(gaussian_fit().spec.likelihood)


def test_names_become_words():
    assert [plain(n) for n in ("authority_sd", "home_type_effect", "residual_sd")] == [
        "SD between authorities", "effect of home type", "residual SD"
    ]  # fmt: skip
    assert [plural(n) for n in ("home", "authority", "day", "series")] == [
        "homes", "authorities", "days", "series"
    ]  # fmt: skip


def test_only_names_within_a_sentence_are_changed():
    sentence = "R-hat of year_effect[2016-17] is 1.05; see Private, solo [1] and 'home'."
    assert readable(sentence) == (
        "R-hat of effect of year, 2016-17 is 1.05; see Private, solo [1] and 'home'."
    )


def test_a_list_of_none_is_empty():
    assert listed([]) == ""
