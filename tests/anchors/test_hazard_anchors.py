"""Rats and chronic granulomatous disease: maximum likelihood with our hazard and frailty.

Targets: Cox models with gamma frailty as published, and piecewise-exponential fits by an
implementation with nothing in common with ours (docs/methods.md section 5). Nothing is sampled: a
posterior would add the prior to what is compared.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.optimize import minimize

from bayescich.design import build_design
from bayescich.model import Draws, make_structure
from bayescich.spec import ModelSpec

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """A maximum of the likelihood."""

    names: tuple[str, ...]
    coefficients: FloatArray
    errors: FloatArray
    frailty_variance: float

    def of(self, name: str) -> tuple[float, float]:
        position = self.names.index(name)
        return float(self.coefficients[position]), float(self.errors[position])


def maximise(
    table: pd.DataFrame, unit: str, formula: str, cuts: FloatArray, entry: str | None = None
) -> Estimates:
    """Maximise over baseline, coefficients and log frailty variance."""
    likelihood = {
        "family": "hazard", "event": "event", "time": "time", "entry": entry,
        "cuts": cuts.tolist(), "frailty": unit,
    }  # fmt: skip
    effects = [{"kind": "fixed", "formula": formula}]
    spec = ModelSpec.model_validate(
        {"name": "a", "title": "a", "unit": unit, "likelihood": likelihood, "effects": effects}
    )
    design, structure = build_design(table, spec), make_structure(spec)
    assert design.fixed is not None
    bands, names = len(cuts) + 1, design.fixed.names

    def minus_log_likelihood(points: FloatArray) -> FloatArray:
        baseline, fixed, log_variance = np.split(points, [bands, bands + len(names)], axis=1)
        draws = Draws(
            {"baseline": baseline, "fixed": fixed, "frailty_variance": np.exp(log_variance[:, 0])}
        )
        eta = structure.linear_predictor(draws, design)
        return -structure.likelihood.log_likelihood(draws, eta, design).sum(axis=1)

    units = np.eye(bands + len(names) + 1)

    def slope(point: FloatArray) -> FloatArray:
        ahead, behind = (minus_log_likelihood(point + h * units) for h in (1e-5, -1e-5))
        return (ahead - behind) / 2e-5

    rate = np.log(table["event"].sum() / design.outcome["exposure"].sum())
    start = np.r_[np.full(bands, rate), np.zeros(len(names)), np.log(0.5)]
    best = minimize(
        lambda p: minus_log_likelihood(p[None])[0], start, jac=slope, options={"gtol": 1e-4}
    ).x
    curvature = np.array([slope(best + 1e-4 * u) - slope(best - 1e-4 * u) for u in units]) / 2e-4
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    middle = slice(bands, bands + len(names))
    return Estimates(names, best[middle], errors[middle], float(np.exp(best[-1])))


def event_times(table: pd.DataFrame) -> FloatArray:
    """Cuts at every event time but the last: with them the likelihood is Cox's."""
    return np.unique(table.loc[table["event"] == 1, "time"].to_numpy(dtype=np.float64))[:-1]


def six_cuts(table: pd.DataFrame) -> FloatArray:
    """Cuts at the sevenths of the events, rounded up to a whole day or week."""
    ended = table.loc[table["event"] == 1, "time"].to_numpy(dtype=np.float64)
    return np.ceil(np.quantile(ended, np.arange(1, 7) / 7))


@pytest.fixture(scope="module")
def rats(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "anchors" / "rats.csv").rename(columns={"status": "event"})
    female = table[table["sex"] == "f"]
    assert (len(female), female["event"].sum(), female["litter"].nunique()) == (150, 40, 50)
    return female


@pytest.fixture(scope="module")
def cgd(reference: Path) -> pd.DataFrame:
    table = pd.read_csv(reference / "anchors" / "cgd.csv")
    table = table.rename(columns={"status": "event", "tstop": "time"})
    assert (len(table), table["event"].sum(), table["id"].nunique()) == (203, 76, 128)
    return table.assign(treat=(table["treat"] != "placebo").astype(int))


def close(
    found: Estimates, name: str, target: float, error: float, *, within: float = 0.02
) -> None:
    """Within a fiftieth of a standard error, and the standard error within 2%."""
    estimate, se = found.of(name)
    assert abs(estimate - target) < within * error, (name, estimate)
    assert se == pytest.approx(error, rel=0.02), (name, se)


def test_rats_with_a_frailty_of_the_litter(rats: pd.DataFrame) -> None:
    fine = maximise(rats, "litter", "rx", event_times(rats))
    close(fine, "rx", 0.9045, 0.323)
    assert fine.frailty_variance == pytest.approx(0.472, rel=0.03)
    # Cox with Efron's ties as published: 0.9143 (0.323), variance 0.499
    assert fine.of("rx")[0] == pytest.approx(0.9143, abs=0.02)
    banded = maximise(rats, "litter", "rx", six_cuts(rats))
    close(banded, "rx", 0.902, 0.322)
    assert banded.frailty_variance == pytest.approx(0.461, rel=0.03)


def test_infections_on_the_clock_of_the_study(cgd: pd.DataFrame) -> None:
    # intervals from tstart to tstop: every one but a patient's first is left-truncated
    fine = maximise(cgd, "id", "treat", event_times(cgd), "tstart")
    close(fine, "treat", -1.046, 0.308)
    assert fine.frailty_variance == pytest.approx(0.786, rel=0.03)
    banded = maximise(cgd, "id", "treat", six_cuts(cgd), "tstart")
    close(banded, "treat", -1.048, 0.308)
    assert banded.frailty_variance == pytest.approx(0.780, rel=0.03)


def test_infections_with_covariates(cgd: pd.DataFrame) -> None:
    autosomal = cgd.assign(autosomal=(cgd["inherit"] == "autosomal").astype(int))
    found = maximise(
        autosomal, "id", "treat + sex + age + autosomal + steroids", event_times(cgd), "tstart"
    )
    close(found, "treat", -1.004, 0.301)
    close(found, "age", -0.0375, 0.0165)
    close(found, "autosomal", 0.578, 0.334)
    close(found, "steroids", 1.531, 0.768)
    assert found.frailty_variance == pytest.approx(0.525, rel=0.03)
