"""The truth is in the data: maximum likelihood finds the covariate effects and the frailty."""

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaln

from bayescich.histories.placements import placement_histories
from bayescich.records.ofsted import read_ofsted
from bayescich.records.ssda903 import read_ssda903
from bayescich.simulate import simulate_england, write_england
from bayescich.simulate.truth import CUTS, FIXED, FRAILTY_VARIANCE, Truth

Floats = NDArray[np.float64]
BANDS = len(CUTS) + 1


class GammaFrailty:
    """Minus the log likelihood of moves, the child's gamma frailty integrated out."""

    def __init__(self, table: pd.DataFrame, covariates: Floats, offset: Floats) -> None:
        days = table["days"].to_numpy(np.float64)
        inside = np.minimum(days[:, None], [*CUTS, np.inf]) - [0.0, *CUTS]
        self.exposure = np.maximum(inside, 0) / 365.25
        self.moved = table["moved"].to_numpy(np.float64)
        band = np.searchsorted(CUTS, days, side="left")
        self.moves_by_band = np.bincount(band, weights=self.moved, minlength=BANDS)
        self.child = pd.factorize(table["child"])[0]
        self.moves = np.bincount(self.child, weights=self.moved)
        self.covariates, self.offset = covariates, offset

    def __call__(self, parameters: Floats) -> tuple[float, Floats]:
        baseline, beta, log_variance = np.split(parameters, [BANDS, -1])
        shape = np.exp(-log_variance[0])
        linear = self.covariates @ beta + self.offset
        by_band = np.exp(linear)[:, None] * self.exposure * np.exp(baseline)
        spent = np.bincount(self.child, weights=by_band.sum(axis=1))
        frailty = ((shape + self.moves) / (shape + spent))[self.child]
        value = self.moves_by_band @ baseline + self.moved @ linear + self._marginal(shape, spent)
        step = 1e-5
        slope = self._marginal(shape * np.exp(-step), spent) - self._marginal(
            shape * np.exp(step), spent
        )
        gradient = [
            self.moves_by_band - (frailty[:, None] * by_band).sum(axis=0),
            self.covariates.T @ (self.moved - frailty * by_band.sum(axis=1)),
            [slope / (2 * step)],
        ]
        return -value, -np.concatenate(gradient)

    def _marginal(self, shape: float, spent: Floats) -> float:
        after = shape + self.moves
        terms = gammaln(after) - gammaln(shape) + shape * np.log(shape)
        return float((terms - after * np.log(shape + spent)).sum())


def known_effects(table: pd.DataFrame, truth: Truth) -> Floats:
    parts = {"home_type": truth.home_type, "home": truth.home, "provider": truth.provider}
    parts["authority"] = truth.authority
    return sum(table[name].map(own).to_numpy(np.float64) for name, own in parts.items())


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    england = simulate_england(children=30_000, seed=8)
    folder = tmp_path_factory.mktemp("recovery") / "england"
    write_england(england, folder)
    table, _ = placement_histories(read_ssda903(folder / "ssda903"), read_ofsted(folder / "ofsted"))
    covariates = table[list(FIXED)].to_numpy(np.float64)
    centre = covariates.mean(axis=0)
    offset = known_effects(table, england.truth)
    likelihood = GammaFrailty(table, covariates - centre, offset)
    start = np.zeros(BANDS + len(FIXED) + 1)
    found = minimize(likelihood, start, jac=True, method="BFGS", options={"gtol": 1e-3})
    beta = np.array(list(FIXED.values()))
    true = [*(england.truth.baseline + centre @ beta), *beta, np.log(FRAILTY_VARIANCE)]
    names = [*(f"band {b}" for b in range(BANDS)), *FIXED, "log frailty variance"]
    error = np.sqrt(np.diag(found.hess_inv))
    return pd.DataFrame({"found": found.x, "error": error, "true": true}, index=names)


@pytest.mark.parametrize("name", [*FIXED, "log frailty variance"])
def test_effects_and_frailty_are_found(fitted: pd.DataFrame, name: str) -> None:
    row = fitted.loc[name]
    assert row["found"] == pytest.approx(row["true"], abs=3 * row["error"])


def test_they_are_told_from_nothing(fitted: pd.DataFrame) -> None:
    far_from_zero = (fitted["found"] / fitted["error"]).abs()
    assert (far_from_zero[["age_at_start", "need_behaviour", "need_disability"]] > 3).all()
    assert fitted.loc["log frailty variance", "error"] < 0.25


def test_the_baseline_is_found(fitted: pd.DataFrame) -> None:
    bands = fitted.iloc[:BANDS]
    assert bands["found"].to_numpy() == pytest.approx(bands["true"].to_numpy(), abs=0.25)
