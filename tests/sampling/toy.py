"""Eight measurements with known errors: a posterior that can be integrated exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pymc as pm
from scipy.stats import halfnorm, multivariate_normal

from bayescich.design import Design, build_design
from bayescich.model import build_model, make_structure
from bayescich.sampling import SamplerSettings
from bayescich.spec import ModelSpec, PriorSet, load_prior_set

SPEC = ModelSpec.model_validate(
    {
        "name": "eight",
        "title": "Eight rows",
        "unit": "row",
        "likelihood": {"family": "gaussian", "outcome": "score", "known_sd": "se"},
        "effects": [
            {"kind": "fixed", "formula": "age"},
            {"kind": "group", "by": "kind", "parametrisation": "noncentred", "zero_sum": True},
        ],
    }
)
TABLE = pd.DataFrame(
    {
        "row": list("abcdefgh"),
        "kind": list("xyzxyzxy"),
        "age": [9.0, 12, 11, 15, 16, 10, 14, 13],
        "score": [0.3, 1.2, -0.4, 1.0, 1.9, -0.9, 0.8, 1.1],
        "se": [0.3, 0.4, 0.3, 0.5, 0.4, 0.3, 0.5, 0.4],
    }
)


@dataclass(frozen=True)
class Eight:
    design: Design
    priors: PriorSet
    model: pm.Model


def eight() -> Eight:
    design = build_design(TABLE, SPEC)
    priors, _ = load_prior_set("neutral")
    return Eight(design, priors, build_model(make_structure(SPEC), design, priors))


def settings(**changes: object) -> SamplerSettings:
    base = {
        "sampler": "nutpie", "chains": 3, "draws": 60, "tune": 120, "target_accept": 0.9, "seed": 3,
    }  # fmt: skip
    return SamplerSettings(**{**base, **changes})  # type: ignore[arg-type]


def exact(design: Design) -> Mapping[str, tuple[float, float]]:
    """Posterior mean and SD of intercept, age and the first kind.

    Given the groups' standard deviation all is normal; that one number is summed over a grid.
    """
    assert design.fixed is not None
    kinds = np.eye(3)[design.factors["kind"].codes]
    X = np.column_stack([np.ones(8), design.fixed.values, kinds])
    y, noise = design.outcome["y"][:, 0], np.diag(design.outcome["size"][:, 0] ** 2)
    age_sd = 0.5 / design.fixed.scales[0]
    weights, means, squares = [], [], []
    for sd in np.linspace(0.002, 3.0, 1500):
        prior = np.zeros((5, 5))
        prior[0, 0], prior[1, 1] = 1.5**2, age_sd**2
        prior[2:, 2:] = sd**2 * (np.eye(3) - 1 / 3)
        marginal = X @ prior @ X.T + noise
        gain = prior @ X.T @ np.linalg.inv(marginal)
        mean, covariance = gain @ y, prior - gain @ X @ prior
        log_weight = multivariate_normal.logpdf(y, np.zeros(8), marginal)
        weights.append(log_weight + halfnorm.logpdf(sd, scale=0.5))
        means.append(mean)
        squares.append(np.diag(covariance) + mean**2)
    weight = np.exp(np.array(weights) - max(weights))
    weight /= weight.sum()
    mean = weight @ np.array(means)
    sd = np.sqrt(weight @ np.array(squares) - mean**2)
    return {name: (mean[k], sd[k]) for k, name in enumerate(("intercept", "fixed", "kind_effect"))}
