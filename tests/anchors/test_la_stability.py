"""Published counts by authority: SDs between authorities as published, and by quadrature.

The anchors are the SDs of a binomial model with a normal effect of each authority, by maximum
likelihood, one year at a time (national statistics of the reference data, section 12).
"""

from pathlib import Path

import bambi
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import yaml
from scipy.optimize import minimize
from scipy.special import expit, logsumexp
from scipy.stats import binom

from bayescich import formula_path, pipeline
from bayescich.artefacts import load_inputs
from bayescich.sampling.formula_fit import FormulaFit

MODEL = Path(__file__).parents[2] / "models" / "la_stability.yaml"
PUBLISHED = {
    ("moved", "children"): {"2024": 0.24, "2025": 0.24},
    ("moved_2yr", "children_2yr"): {"2024": 0.24, "2025": 0.20},
    ("same_carer", "children_long"): {"2024": 0.19, "2025": 0.22},
}


def maximum_likelihood(counts: npt.NDArray[np.int64], trials: npt.NDArray[np.int64]) -> float:
    """Return the SD between authorities by maximum likelihood: 61-node quadrature, no draws."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    log_weights = np.log(weights / weights.sum())

    def minus_log_likelihood(at: npt.NDArray[np.float64]) -> float:
        p = expit(at[0] + np.exp(at[1]) * nodes)
        by_authority = binom.logpmf(counts[:, None], trials[:, None], p) + log_weights
        return -float(logsumexp(by_authority, axis=1).sum())

    share = counts.sum() / trials.sum()
    found = minimize(
        minus_log_likelihood, [np.log(share / (1 - share)), -1.4], method="Nelder-Mead"
    )
    assert found.success
    return float(np.exp(found.x[1]))


def fitted(spec: Path, data: Path, folder: Path) -> tuple[FormulaFit, pipeline.Outcome]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        request = pipeline.make_request(str(spec), data, None, {})
        outcome = pipeline.fit(request)
        table, read, priors = load_inputs(outcome.run)
        model = formula_path.build(table, read, priors)
        return formula_path.sample(read, priors, table, outcome.run, model), outcome


@pytest.fixture(scope="module")
def shipped(
    reference: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FormulaFit, pipeline.Outcome, Path]:
    folder = tmp_path_factory.mktemp("la_stability")
    fit, outcome = fitted(MODEL, reference / "dfe_la", folder)
    return fit, outcome, folder


def estimate(outcome: pipeline.Outcome, folder: Path, name: str) -> pd.DataFrame:
    return pd.read_parquet(folder / outcome.run.folder / "estimates" / f"{name}.parquet")


def test_the_shipped_model_agrees_with_what_is_known(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path],
) -> None:
    fit, outcome, folder = shipped
    assert outcome.gates_passed
    assert fit.rows == 744
    spread = estimate(outcome, folder, "spread").set_index("year")
    for year, published in PUBLISHED["moved", "children"].items():
        assert spread.loc[year, "sd_mean"] == pytest.approx(published, rel=0.1)
    # differences last, and less so the further apart: raw correlations fall from 0.6 to 0.35
    lasting = estimate(outcome, folder, "lasting").groupby("apart")["cor_mean"].mean()
    assert lasting.is_monotonic_decreasing
    assert lasting.loc[1] == pytest.approx(0.85, abs=0.1)


def test_averages_are_those_of_england(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path],
) -> None:
    fit, outcome, folder = shipped
    averages = estimate(outcome, folder, "averages_year").set_index("year")
    # DfE prints 10% for 2025; without the suppressed authorities the share is 0.104
    assert averages.loc["2025", "average_mean"] == pytest.approx(0.104, abs=0.0015)
    assert (averages["average_q05"] < averages["raw"]).all()
    assert (averages["raw"] < averages["average_q95"]).all()
    # England's own count has a standard error of sqrt(p (1 - p) / n), which Bambi's mean of the
    # rows' interval ends exceeds by far
    own = averages["average_q95"] - averages["average_q05"]
    counted = 2 * 1.645 * np.sqrt(averages["raw"] * (1 - averages["raw"]) / averages["n_trials"])
    np.testing.assert_allclose(own, counted, rtol=0.15)
    theirs = bambi.interpret.predictions(
        fit.model, fit.bambi_tree(fit.posterior.thin(200)), average_by="year", prob=0.9,
        use_hdi=False,
    ).summary.set_index("year")  # fmt: skip
    ends = [name for name in theirs if name.startswith(("lower", "upper"))]
    assert ((theirs[ends[1]] - theirs[ends[0]]) > 5 * own).all()


def test_comparisons_agree_with_bambis_own_means(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path],
) -> None:
    fit, outcome, folder = shipped
    ours = estimate(outcome, folder, "comparisons_year").set_index("year")["diff_mean"]
    theirs = bambi.interpret.comparisons(
        fit.model, fit.bambi_tree(fit.posterior.thin(200)), {"year": ["2021", "2025"]},
        average_by="all", use_hdi=False,
    ).summary  # fmt: skip
    # Bambi gives each authority one vote, we each child
    assert theirs["estimate"].item() == pytest.approx(ours["2025"], abs=0.002)


def test_units_are_drawn_towards_what_is_usual(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path],
) -> None:
    _, outcome, folder = shipped
    units = estimate(outcome, folder, "units").set_index("authority")
    assert len(units) == 153
    assert list(units.index) == sorted(units.index)
    small, large = units.loc["City of London"], units.loc["Birmingham"]
    assert small["reliability"] < 0.1
    assert large["reliability"] > 0.8
    assert large["pooled_mean"] == pytest.approx(large["raw"], abs=0.005)
    assert units["pooled_mean"].std() < units["raw"].std()


def test_the_page_has_its_sections_and_its_licence(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path],
) -> None:
    _, outcome, folder = shipped
    page = (folder / outcome.report).read_text(encoding="utf-8")
    for section in ("answer", "averages", "spread", "units", "data", "model", "belief",
                    "predictive", "manifest"):  # fmt: skip
        assert f'<section id="{section}"' in page
    assert "Open Government Licence v3.0" in page
    assert "is suppressed" in page
    assert "1|" not in page.split('<section id="belief"')[1], "Bambi's names stay inside"


def test_nothing_is_fitted_twice(
    shipped: tuple[FormulaFit, pipeline.Outcome, Path], reference: Path
) -> None:
    _, outcome, folder = shipped
    _, again = fitted(MODEL, reference / "dfe_la", folder)
    assert not again.refitted
    assert again.run.run_id == outcome.run.run_id


@pytest.mark.parametrize("measure", PUBLISHED, ids=lambda m: m[0])
def test_one_year_at_a_time_it_is_the_model_of_the_anchors(
    measure: tuple[str, str], reference: Path, tmp_path: Path
) -> None:
    content = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    content["likelihood"] |= {
        "outcome": measure[0], "trials": measure[1], "averages": [], "centred": [],
        "formula": "0 + year + (0 + year | authority)",
    }  # fmt: skip
    content["priors"] = {"fixed.year": content["priors"]["fixed.year"] | {"mean": 0, "sd": 2}}
    content["sampling"] = {"draws": 1000, "tune": 600}
    spec = tmp_path / "alone.yaml"
    spec.write_text(yaml.safe_dump(content), encoding="utf-8")
    fit, outcome = fitted(spec, reference / "dfe_la", tmp_path)
    assert outcome.gates_passed
    spread = estimate(outcome, tmp_path, "spread").set_index("year")["sd_mean"]
    for year, published in PUBLISHED[measure].items():
        rows = fit.table[fit.table["year"] == year]
        exact = maximum_likelihood(rows[measure[0]].to_numpy(), rows[measure[1]].to_numpy())
        assert exact == pytest.approx(published, rel=0.03)
        assert spread[year] == pytest.approx(exact, rel=0.05)
        assert spread[year] == pytest.approx(published, rel=0.1)
