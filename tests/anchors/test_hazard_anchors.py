"""Classic event histories: maximum likelihood with our hazard and frailty, from YAML specs.

Targets: published Cox models with gamma frailty, and piecewise-exponential fits by an
implementation with nothing in common with ours (docs/methods.md section 5). Where no figure is
published, Cox's partial likelihood is maximised here. Nothing is sampled: a posterior would add
the prior to what is compared.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.anchors import tables
from tests.anchors.counting import cox
from tests.anchors.maximum import (
    Estimates,
    anchor_spec,
    event_quantiles,
    event_times,
    maximise,
)
from tests.anchors.rscripts import run_r

WITHOUT_FRAILTY = [
    ("rats", tables.rats),
    ("cgd", tables.cgd),
    ("rhdnase", tables.rhdnase),
    ("readmission", tables.readmission),
]


def close(
    found: Estimates, name: str, target: float, error: float, *, within: float = 0.02
) -> None:
    """Within a fiftieth of a standard error, and the standard error within 2%."""
    estimate, se = found.of(name)
    assert abs(estimate - target) < within * error, (name, estimate)
    assert se == pytest.approx(error, rel=0.02), (name, se)


def test_rats_with_a_frailty_of_the_litter(reference: Path) -> None:
    rats = tables.rats(reference)
    fine = maximise(rats, anchor_spec("rats", cuts=event_times(rats)))
    close(fine, "rx", 0.9045, 0.323)
    assert fine.frailty == pytest.approx(0.472, rel=0.03)
    # Cox with Efron's ties as published: 0.9143 (0.323), variance 0.499
    assert fine.of("rx")[0] == pytest.approx(0.9143, abs=0.02)
    banded = maximise(rats, anchor_spec("rats"))
    close(banded, "rx", 0.902, 0.322)
    assert banded.frailty == pytest.approx(0.461, rel=0.03)


def test_infections_on_the_clock_of_the_study(reference: Path) -> None:
    # intervals from tstart to tstop: every one but a patient's first is left-truncated
    cgd = tables.cgd(reference)
    fine = maximise(cgd, anchor_spec("cgd", cuts=event_times(cgd)))
    close(fine, "treat", -1.046, 0.308)
    assert fine.frailty == pytest.approx(0.786, rel=0.03)
    banded = maximise(cgd, anchor_spec("cgd"))
    close(banded, "treat", -1.048, 0.308)
    assert banded.frailty == pytest.approx(0.780, rel=0.03)


def test_infections_with_covariates(reference: Path) -> None:
    cgd = tables.cgd(reference)
    formula = "treat + sex + age + autosomal + steroids"
    found = maximise(cgd, anchor_spec("cgd", formula=formula, cuts=event_times(cgd)))
    close(found, "treat", -1.004, 0.301)
    close(found, "age", -0.0375, 0.0165)
    close(found, "autosomal", 0.578, 0.334)
    close(found, "steroids", 1.531, 0.768)
    assert found.frailty == pytest.approx(0.525, rel=0.03)


READMISSION = {
    "female": (-0.507, 0.136), "dukes_c": (0.290, 0.157), "dukes_d": (1.017, 0.191),
    "charlson_3": (0.390, 0.135), "chemo": (-0.199, 0.140),
}  # fmt: skip


def test_readmissions_since_the_last_one(reference: Path) -> None:
    table = tables.readmission(reference)
    fine = maximise(table, anchor_spec("readmission", cuts=event_times(table)))
    for name, target in READMISSION.items():
        close(fine, name, *target)
    assert fine.frailty == pytest.approx(0.606, rel=0.03)
    banded = maximise(table, anchor_spec("readmission"))
    for name, (target, _) in READMISSION.items():
        assert banded.of(name)[0] == pytest.approx(target, abs=0.03)
    assert banded.frailty == pytest.approx(0.606, rel=0.03)


def test_the_choice_of_clock_changes_effect_and_frailty(reference: Path) -> None:
    since_last = maximise(
        tables.readmission(reference), anchor_spec("readmission", formula="female")
    )
    close(since_last, "female", -0.467, 0.146)
    assert since_last.frailty == pytest.approx(0.928, rel=0.03)
    calendar = tables.readmission_by_calendar(reference)
    spec = anchor_spec(
        "readmission", formula="female", entry="tstart", cuts=event_quantiles(calendar, 15)
    )
    since_surgery = maximise(calendar, spec)
    close(since_surgery, "female", -0.605, 0.180)
    assert since_surgery.frailty == pytest.approx(1.861, rel=0.03)


def _by_cox(name: str, table: pd.DataFrame, names: tuple[str, ...], ties: str) -> np.ndarray:
    start = table["tstart"].to_numpy(float) if name in ("cgd", "rhdnase") else None
    columns = [table[c].to_numpy(float) for c in (*names, "time", "event")]
    return cox(np.stack(columns[:-2], axis=1), *columns[-2:], start, ties)


@pytest.mark.parametrize(("name", "load"), WITHOUT_FRAILTY, ids=lambda x: str(x)[:11])
def test_bands_at_the_event_times_give_the_coefficients_of_cox(
    reference: Path, name: str, load: object
) -> None:
    table = load(reference)
    fine = maximise(table, anchor_spec(name, frailty=None, cuts=event_times(table)))
    banded = maximise(table, anchor_spec(name, frailty=None))
    coefficients, errors = _by_cox(name, table, fine.names, "breslow")
    assert np.abs(fine.coefficients[:, 0] - coefficients).max() < 0.02
    assert np.abs(banded.coefficients[:, 0] - coefficients).max() < 0.03
    assert fine.errors[:, 0] == pytest.approx(errors, rel=0.02)


def test_our_cox_is_the_published_one(reference: Path) -> None:
    # survival::coxph on the same rats, Efron's ties: 0.9047 (0.3175)
    estimate, error = _by_cox("rats", tables.rats(reference), ("rx",), "efron")
    assert (estimate[0], error[0]) == pytest.approx((0.9047, 0.3175), abs=1e-4)


COXPH = """
library(survival)
table <- read.csv("table.csv")
fit <- coxph(Surv(tstart, time, event) ~ trt + fev, table, ties = "breslow")
cat("trt", coef(fit)["trt"], "\\nfev", coef(fit)["fev"], "\\n")
"""


def test_our_cox_is_that_of_the_survival_package(reference: Path, tmp_path: Path) -> None:
    table = tables.rhdnase(reference)
    theirs = run_r(COXPH, table, tmp_path, "survival")
    ours, _ = _by_cox("rhdnase", table, ("trt", "fev"), "breslow")
    assert ours == pytest.approx([theirs["trt"], theirs["fev"]], abs=1e-5)


def test_the_ratio_finds_the_frailty_of_late_entrants_and_subtracting_does_not() -> None:
    # a gamma frailty of survivors is gamma again, but its mean is the lower the later they enter:
    # who only subtracts takes those means for more frailty
    table = tables.truncated(seed=1, litters=20_000, variance=1.0, effect=0.7)
    fits = {
        form: maximise(table, anchor_spec("rats", entry="tstart", late_entry=form, cuts=[1400.0]))
        for form in ("ratio", "subtract")
    }
    assert fits["ratio"].frailty == pytest.approx(1.0, rel=0.05)
    assert fits["subtract"].frailty > 1.25
    estimate, error = fits["ratio"].of("rx")
    assert abs(estimate - 0.7) < 3 * error
    # the true hazard of the average rat is one a year throughout
    average = fits["ratio"].design.fixed.centres[0] * 0.7
    assert fits["ratio"].baseline[:, 0] == pytest.approx([average, average], abs=0.1)
    assert fits["subtract"].baseline[0, 0] < -0.5
