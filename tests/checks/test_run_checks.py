"""All checks together."""

import numpy as np
import pytest

from bayescich.checks import SECTIONS, Check, run_checks
from tests.tiny_fit import binomial_fit, gaussian_fit, hazard_fit, ordinal_fit


@pytest.mark.parametrize("make", [hazard_fit, ordinal_fit, binomial_fit, gaussian_fit])
def test_every_family_is_checked(make):
    checks = run_checks(make(), 1)
    names = [check.name for check in checks]
    assert len(set(names)) == len(names)
    assert {check.group for check in checks} == {"prior", "convergence", "predictive", "comparison"}
    assert [check.name for check in checks if check.status == "failed"] == []
    for check in checks:
        assert check.sentence.endswith(".")
        assert all(np.isfinite(values).all() for values in check.series.values())


def test_the_same_seed_gives_the_same_figures():
    one, same, other = (run_checks(binomial_fit(), seed) for seed in (1, 1, 2))
    first, again, changed = (
        next(c for c in checks if c.name == "ppc_homes").series["new_spread"]
        for checks in (one, same, other)
    )
    assert first.tolist() == again.tolist()
    assert first.tolist() != changed.tolist()


def test_a_new_section_leaves_the_others_as_they_were(monkeypatch):
    def extra(fit, rng):
        return (Check("extra", "Extra", "predictive", "passed", f"{rng.random():.3f}."),)

    fit = binomial_fit()
    before = [check.sentence for check in run_checks(fit, 1)]
    monkeypatch.setattr("bayescich.checks.SECTIONS", {"extra": extra, **SECTIONS})
    after = [check.sentence for check in run_checks(fit, 1)]
    assert after[1:] == before
