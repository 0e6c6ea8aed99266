"""Bambi's model behind the house's names: terms, priors, draws and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayescich.design.formula import formula_rows
from bayescich.errors import DesignError
from bayescich.model.build import reported_variables
from bayescich.model.draws import Draws
from bayescich.model.formula import build_formula, group_terms, house_names
from bayescich.sampling.formula_fit import FormulaFit
from bayescich.spec import ModelSpec, load_prior_set

FORMULA = "0 + year + (1 | area) + (1 + trend(year) | clinic) + (0 + year | code)"
PRIOR = {"distribution": "half_normal", "sd": 0.1, "reason": "long enough", "source": "here"}
UNITS, YEARS = 30, (2021, 2022, 2024)


def spec(**changes: Any) -> ModelSpec:
    likelihood = {"family": "formula", "outcome": "ill", "trials": "seen", "formula": FORMULA,
                  "occasion": "year", "averages": ["area"], "centred": ["1|clinic"]}  # fmt: skip
    base = {"name": "toy", "title": "toy", "unit": "clinic", "likelihood": likelihood,
            "priors": {"trend(year)|clinic.sd": PRIOR}}  # fmt: skip
    return ModelSpec.model_validate(base | changes)


def clinics() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    rows = [
        {"clinic": f"clinic {k:02d}", "code": f"C{k}", "area": "north" if k % 3 else "south",
         "year": year, "seen": int(rng.integers(50, 400))}
        for k in range(UNITS) for year in YEARS
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(ill=rng.binomial(table["seen"], 0.2))


def built() -> tuple[ModelSpec, pd.DataFrame, Any]:
    asked = spec()
    frame, _ = formula_rows(clinics(), asked)
    priors, _ = load_prior_set("neutral")
    return asked, frame, build_formula(frame, asked, priors.with_overrides(asked.priors))


def drawn(number: int = 40) -> tuple[FormulaFit, Draws]:
    """Return a fit with draws made up, under Bambi's names."""
    asked, frame, model = built()
    graph, rng = model.backend.model, np.random.default_rng(5)
    sizes = {name: len(labels) for name, labels in graph.coords.items()}
    variables = {}
    for name in reported_variables(graph):
        dims = graph.named_vars_to_dims[name]
        values = rng.normal(0, 0.3, (1, number, *(sizes[d] for d in dims)))
        variables[name] = (("chain", "draw", *dims), np.abs(values) if "sigma" in name else values)
    used = {d for dims, _ in variables.values() for d in dims} & set(sizes)
    posterior = xr.Dataset(variables, {d: list(map(str, graph.coords[d])) for d in used})
    tree = xr.DataTree.from_dict({"posterior": posterior})
    priors, _ = load_prior_set("neutral")
    fit = FormulaFit.of(asked, priors, frame, model, tree)
    return fit, fit.posterior


def test_draws_have_names_of_the_house() -> None:
    _, _, model = built()
    kept = {house_names(model).get(n, n) for n in reported_variables(model.backend.model)}
    assert kept == {
        "year_level", "area_effect", "area_sd", "clinic_effect", "clinic_sd",
        "clinic_trend_effect", "clinic_trend_sd", "code_year_effect", "code_year_sd",
    }  # fmt: skip


def test_priors_come_from_the_set_and_the_model() -> None:
    _, _, model = built()
    shown = str(model)
    for term, sd in (("trend(year)|clinic", 0.1), ("1|area", 0.5)):
        assert f"{term} ~ Normal(mu: 0.0, sigma: HalfNormal(sigma: {sd}), noncentered" in shown
    # centred where the model says so: no offset is sampled
    free = {v.name for v in model.backend.model.free_RVs}
    assert "1|clinic" in free
    assert "1|area_offset" in free


def test_the_terms_add_up_to_what_bambi_predicts() -> None:
    fit, draws = drawn()
    eta = sum(term.in_rows(draws) for term in fit.terms)
    levels = draws["year_level"][:, [YEARS.index(int(y)) for y in fit.table["year"]]]
    expected = 1 / (1 + np.exp(-(eta + levels)))
    np.testing.assert_allclose(fit.probabilities(draws), expected, rtol=1e-10)


def test_trend_counts_from_the_middle_of_the_years() -> None:
    _, frame, model = built()
    trend = next(t for t in group_terms(model) if t.expression == "trend(year)")
    seen = dict(zip(frame["year"], trend.weights[:, 0], strict=True))
    assert seen == {"2021": -1.5, "2022": -0.5, "2024": 1.5}


def test_the_covariance_is_that_of_new_units() -> None:
    fit, draws = drawn(number=1)
    one, other = (np.flatnonzero(fit.table["year"] == y) for y in ("2021", "2024"))
    rng = np.random.default_rng(1)
    for term in fit.terms:
        made = [term.in_rows(term.fresh(draws, rng))[0] for _ in range(2000)]
        products = np.mean([(rows[one] * rows[other]).mean() for rows in made])
        scale = float(np.max(draws[term.sd]) ** 2) + 1e-9
        assert term.covariance(draws, one, other)[0] == pytest.approx(products, abs=0.15 * scale)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"seen": 0}, "is zero in some row|is above"),
        ({"ill": 0.5}, "a value that is no count"),
        ({"ill": 1000}, "is above “seen” in some row"),
        ({"ill": None}, "is blank in"),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(change: dict[str, Any], words: str) -> None:
    table = clinics().astype({"ill": object, "seen": object})
    table.loc[3, list(change)] = list(change.values())
    with pytest.raises(DesignError, match=words):
        formula_rows(table, spec())


def test_a_unit_stands_once_on_each_occasion() -> None:
    table = pd.concat([clinics(), clinics().head(2)])
    with pytest.raises(DesignError, match="2 rows repeat a 'clinic' on one 'year'"):
        formula_rows(table, spec())


def test_suppressed_counts_are_left_out_and_counted() -> None:
    table = clinics().astype({"ill": "Int64", "seen": "Int64"})
    table.loc[[4, 5], "ill"] = pd.NA
    table.loc[9, "seen"] = pd.NA
    frame, account = formula_rows(table, spec(data="authorities"))
    assert len(frame) == len(table) - 3
    assert account.total("excluded", "rows fitted") == 3


def test_a_trend_needs_numbers() -> None:
    asked = spec()
    frame, _ = formula_rows(clinics().replace({"year": {2021: "first"}}), asked)
    with pytest.raises(DesignError, match=r"trend\(\) needs occasions that are numbers"):
        build_formula(frame, asked, load_prior_set("neutral")[0])
