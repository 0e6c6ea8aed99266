"""Outcomes that are measured once a row: at 16 and at 18, alone or several together.

Each response has a likelihood of its own, given its linear predictors:

    binomial, Bernoulli   logit P = η
    event in exposure E   P = 1 - exp(-E e^η)
    beta-binomial         y ~ BetaBinomial(n, μφ, (1 - μ)φ),  logit μ = η
    hurdle                P(y > 0) by logit; y | y > 0 zero-truncated beta-binomial
    categorical           P(k) ∝ e^{η_k},  η_0 = 0
    ordinal               P(y ≤ k) = logistic(cutpoint_k - η)
    measurement           y ~ Normal(η, σ²)
    recorded              logit P = η_R + ζ (η - η̄):  selection by the outcome itself

Several responses of a row are independent given the linear predictors and, in a joint model, given
the child's own effect ``c ~ Normal(0, 1)``, which enters η with a loading for each outcome and is
integrated out by Gauss-Hermite quadrature. Blank covariates are integrated out too
(:mod:`bayescich.model.effects.imputation`).

References
----------
Mullahy (1986), Specification and testing of some modified count data models, Journal of
Econometrics 33 (hurdles); Diggle & Kenward (1994), Informative drop-out in longitudinal data
analysis, Applied Statistics 43 (selection); docs/methods.md section 3.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from scipy.special import expit, logsumexp, softmax

from bayescich.design.core import Design, Response
from bayescich.model.base import sum_by_unit
from bayescich.model.draws import Draws, FloatArray, Tensor, outside
from bayescich.model.effects.imputation import Imputation
from bayescich.model.random_variables import random_variable
from bayescich.model.response.arrays import (
    ResponseArrays,
    constant,
    response_arrays,
)
from bayescich.model.response.blanks import blanks, drawn_blanks
from bayescich.model.response.densities import (
    DISPERSED,
    drawn,
    extra_name,
    is_score,
    log_density,
    mean_of,
    turned,
    with_first,
)
from bayescich.model.response.operation import response_log_likelihood
from bayescich.model.response.quadrature import GRID, Nodes, common_nodes, own_nodes
from bayescich.model.terms import Layout, Predictor, stack, stacked_values
from bayescich.spec.priors import PriorSet


@dataclass(frozen=True)
class ResponseLikelihood:
    """The responses of a row; η has shape (samples, rows), or (samples, parts, rows)."""

    name: str = "success"
    """What the outcome is called."""
    has_own_level: bool = False
    nodes: int = 1
    """Of the child effect of a joint model; one without."""

    def arrays(self, design: Design, layouts: tuple[Layout, ...]) -> ResponseArrays:
        """Lay the design out for the fused likelihood."""
        return response_arrays(design, stack(layouts, design.rows), self.nodes)

    def declare(self, predictor: Predictor, design: Design, priors: PriorSet) -> None:
        """Declare what the responses have of their own, and the log-likelihood (a potential)."""
        columns = parts(design)
        levels, coefficients = stacked_values(predictor.terms, columns)
        coupling, offset = self._declare_selection(predictor, design, priors)
        loading = self._declare_loading(design, priors)
        extra = self._declare_extra(design, priors)
        imputation = Imputation.of(design)
        filled, chance = imputation.declare() if imputation else (pt.zeros(0), pt.zeros(0))
        learnt = levels, coefficients, offset, loading, coupling, extra, filled, chance
        arrays = self.arrays(design, tuple(term.layout for term in predictor.terms))
        if predictor.nodes is not None:
            rule = predictor.nodes
            arrays = replace(arrays, points=rule.points, log_weights=rule.log_weights)
        value = response_log_likelihood(learnt, arrays)
        pm.Potential("log_likelihood", value + outside(np.array(constant(design))))

    def _declare_selection(
        self, predictor: Predictor, design: Design, priors: PriorSet
    ) -> tuple[Tensor, Tensor]:
        """Return the slope of being recorded on the outcome, by response, and what it is about."""
        slopes = np.array([r.coupled >= 0 for r in design.responses], dtype=np.float64)
        offset = outside(np.zeros(parts(design)))
        if not slopes.any():
            return outside(slopes), offset
        slope = random_variable("recording_slope", priors.get("recording.slope"))
        mean = predictor.average(np.ones((design.rows, parts(design))))
        for response in design.responses:
            if response.coupled >= 0:
                place = np.zeros(parts(design))
                place[response.column] = 1.0
                about = pm.Deterministic("recording_about", mean[response.coupled])
                offset = offset - outside(place) * (slope * about)
        return outside(slopes) * slope, offset

    def _declare_loading(self, design: Design, priors: PriorSet) -> Tensor:
        if self.nodes == 1:
            return outside(np.zeros(parts(design)))
        prior = priors.get("child.loading")
        free = random_variable("child_loading_free_offset", prior, dims="route")
        # the sign of a child's effect is free: that of the first outcome makes it positive
        sign = pt.switch(free[0] < 0.0, -1.0, 1.0)
        return pm.Deterministic("child_loading", free * sign, dims="route")

    def _declare_extra(self, design: Design, priors: PriorSet) -> Tensor:
        """Return the further parameters in the order of the responses."""
        made: list[Tensor] = []
        for place, response in enumerate(design.responses):
            name = extra_name(design, place)
            if response.kind in DISPERSED:
                made.append(pt.log(random_variable(name, priors.get("dispersion")))[None])
            elif response.kind == "normal":
                known = response.known_sd
                prior = priors.get("residual.sd")
                made.append(pt.zeros(1) if known else pt.log(random_variable(name, prior))[None])
            elif response.kind == "ordinal":
                made.append(_thresholds(priors))
        if not made:
            return pt.zeros(0)
        return made[0] if len(made) == 1 else pt.concatenate(made)

    def log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by unit, shape (samples, units)."""
        return sum_by_unit(self.row_log_likelihood(draws, eta, design), design)

    def row_log_likelihood(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the log-likelihood by row, child effect and blanks integrated out."""
        by_part = _by_part(eta, design)
        rule = self._nodes(draws, by_part, design)
        loading = draws["child_loading"] if self.nodes > 1 else np.zeros((1, 1))
        terms = []
        for shift, log_chance in blanks(draws, design):
            for point, log_weight in zip(rule.points.T, rule.log_weights.T, strict=True):
                # what fills a blank moves the outcome, and by it the chance of being recorded
                moved = coupled(draws, by_part + shift + loading[:, :, None] * point, design)
                terms.append(self._at(draws, moved, design) + log_chance + log_weight)
        return np.asarray(terms[0] if len(terms) == 1 else logsumexp(np.stack(terms), axis=0))

    def _nodes(self, draws: Draws, by_part: FloatArray, design: Design) -> Nodes:
        """Return nodes around each child's effect at the average draw."""
        if self.nodes == 1:
            return common_nodes(1)
        average = Draws({name: array.mean(axis=0)[None] for name, array in draws.values.items()})
        own, loading = by_part.mean(axis=0)[None], average["child_loading"][:, :, None]
        values = [
            self._at(average, coupled(average, own + loading * child, design), design)[0]
            for child in GRID
        ]
        return own_nodes(np.stack(values, axis=1), self.nodes)

    def _at(self, draws: Draws, by_part: FloatArray, design: Design) -> FloatArray:
        outcome = design.outcome
        total = np.zeros((by_part.shape[0], by_part.shape[2]))
        for place in range(len(design.responses)):
            y, size = outcome["y"][:, place], outcome["size"][:, place]
            own = log_density(draws, by_part, design, place, y, size)
            total += np.where(outcome["seen"][:, place] == 1, own, 0.0)
        return total

    def replicate(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw the main response of each row again where it was seen, shape (samples, rows)."""
        every = self.replicate_all(draws, eta, design, rng)
        return main_value(every, design)

    def replicate_all(
        self, draws: Draws, eta: FloatArray, design: Design, rng: np.random.Generator
    ) -> FloatArray:
        """Draw every response of each row again, (samples, responses, rows)."""
        by_part = _by_part(eta, design) + drawn_blanks(draws, design, rng)
        if self.nodes > 1:
            child = rng.standard_normal((len(by_part), 1, by_part.shape[2]))
            by_part = by_part + draws["child_loading"][:, :, None] * child
        by_part = coupled(draws, by_part, design)
        found = [
            drawn(draws, by_part, design, place, rng) for place in range(len(design.responses))
        ]
        return np.stack(found, axis=1)

    def observed(self, design: Design) -> FloatArray:
        """Return the main response of each row; zero where it was not seen."""
        return main_value(np.moveaxis(design.outcome["y"], 1, 0)[None], design)[0]

    def summary_numerator(self, design: Design) -> FloatArray:
        """Return counts, points, values, or 1 for a category of the better half."""
        return self.counted(self.observed(design), design)

    def counted(self, values: FloatArray, design: Design) -> FloatArray:
        """Return what is summed for a crude rate, from values of the main response."""
        response = main(design)
        if response.kind == "categorical":
            return np.isin(values, good_categories(response)).astype(np.float64) * main_seen(design)
        if response.kind == "ordinal":
            half = len(response.categories) // 2
            return (values >= half).astype(np.float64) * main_seen(design)
        return values * main_seen(design)

    def summary_denominator(self, design: Design) -> FloatArray:
        """Return trials, exposure, or one, where the outcome was seen."""
        place = main_place(design)
        size = design.outcome["size"][:, place]
        if design.responses[place].kind == "normal" or is_score(design.responses[place]):
            size = np.ones(design.rows)
        return size * main_seen(design)

    def expected(self, draws: Draws, eta: FloatArray, design: Design) -> FloatArray:
        """Return the expectation of the numerator, shape (samples, rows)."""
        by_part = _by_part(eta, design)
        place = main_place(design)
        if design.responses[place].kind == "cloglog":
            # the chance within a year is not that within the time of exposure
            years = design.outcome["size"][:, place]
            return -np.expm1(-years * np.exp(turned(by_part, design.responses[place]))) * (
                main_seen(design)
            )
        return _main_mean(draws, by_part, design) * self.summary_denominator(design)

    def standardised(
        self, draws: Draws, eta: FloatArray, design: Design, horizon_days: float | None
    ) -> FloatArray:
        """Return the expectation of the main response, shape (samples, ...).

        ``eta`` has shape (samples, ...), or (samples, parts, ...).
        """
        by_part = eta if design.routes else eta[:, None]
        return _main_mean(draws, by_part, design)

    @property
    def crude_name(self) -> str:
        """What a crude rate is."""
        return f"mean or share: {self.name}"

    def standardised_name(self, horizon_days: float | None) -> str:
        """Expectation of the outcome."""
        return self.name


def parts(design: Design) -> int:
    """Return the number of linear predictors."""
    return max(len(design.routes), 1)


def is_measurement(likelihood: object, design: Design) -> bool:
    """Return whether the outcome is a number with a residual, and so has no odds or hazards."""
    return isinstance(likelihood, ResponseLikelihood) and main(design).kind == "normal"


def main_place(design: Design) -> int:
    """Return the response that a single number of a row is about: the outcome, not its stage."""
    places = [k for k, r in enumerate(design.responses) if r.role == "outcome"]
    return places[0]


def main(design: Design) -> Response:
    """Return that response."""
    return design.responses[main_place(design)]


def known_errors(design: Design) -> FloatArray | None:
    """Return the known errors of a measurement where it was seen; None where one is learnt."""
    place = main_place(design)
    if not design.responses[place].known_sd:
        return None
    return np.asarray(design.outcome["size"][design.outcome["seen"][:, place] == 1, place])


def is_hurdle(design: Design) -> bool:
    """Return whether the main outcome has a floor that is a fact of its own."""
    return any(r.kind == "truncated" for r in design.responses)


def main_seen(design: Design) -> FloatArray:
    """Return 1 where the main outcome was seen, (rows,)."""
    return design.outcome["seen"][:, main_place(design)].astype(np.float64)


def main_value(every: FloatArray, design: Design) -> FloatArray:
    """Return the main outcome from all responses, (samples, rows); points with a hurdle."""
    place = main_place(design)
    if is_hurdle(design):
        # any points, and how many
        return every[:, place] * every[:, place + 1] * main_seen(design)
    return every[:, place] * main_seen(design)


def good_categories(response: Response) -> tuple[int, ...]:
    """Return the categories that count: those called good, else all but the first."""
    return response.good or tuple(range(1, len(response.categories)))


def coupled(draws: Draws, by_part: FloatArray, design: Design) -> FloatArray:
    """Return η by part, the chance of being recorded moved by the outcome's own η."""
    if not any(r.coupled >= 0 for r in design.responses):
        return by_part
    moved = by_part.copy()
    for response in design.responses:
        if response.coupled >= 0:
            own = by_part[:, response.coupled]
            shape = (-1, *([1] * (own.ndim - 1)))
            away = own - draws["recording_about"].reshape(shape)
            moved[:, response.column] += draws["recording_slope"].reshape(shape) * away
    return moved


def _by_part(eta: FloatArray, design: Design) -> FloatArray:
    return eta if design.routes else eta[:, None]


def _main_mean(draws: Draws, by_part: FloatArray, design: Design) -> FloatArray:
    """Return the expectation of the main outcome per trial, year or row; points for scores."""
    place = main_place(design)
    response = design.responses[place]
    if response.kind == "categorical":
        every = softmax(with_first(by_part, response), axis=1)
        return np.asarray(every[:, list(good_categories(response))].sum(axis=1))
    return (
        mean_of(draws, by_part, design, place)
        if not is_hurdle(design)
        else (expit(turned(by_part, response)) * mean_of(draws, by_part, design, place + 1))
    )


def _thresholds(priors: PriorSet) -> Tensor:
    first = random_variable("cutpoint_first_offset", priors.get("cutpoint.first"))
    gaps = random_variable("cutpoint_gap", priors.get("cutpoint.gap"), dims="gap")
    return pm.Deterministic(
        "cutpoint", first + pt.concatenate([pt.zeros(1), pt.cumsum(gaps)]), dims="threshold"
    )
