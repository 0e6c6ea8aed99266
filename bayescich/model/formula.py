"""A formula and a prior set to Bambi's model, and the parts of it that are read again.

Bambi builds the ``pymc.Model``; sampling it, keeping its chains and judging them is done as for
every other model. Bambi's names (``1|authority_sigma``) become the house's (``authority_sd``) as
soon as draws leave the sampler, and back again when Bambi is asked for predictions.

References
----------
Capretto et al. (2022), Bambi: a simple interface for fitting Bayesian linear models in Python,
Journal of Statistical Software 103.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayescich.design.formula import formula_of
from bayescich.errors import DesignError
from bayescich.model.draws import Draws, FloatArray
from bayescich.model.random_variables import distribution_of
from bayescich.spec.formula import sd_roles
from bayescich.spec.model import ModelSpec
from bayescich.spec.priors import Prior, PriorSet

IntArray = npt.NDArray[np.int64]
_PARENT = "p"


@dataclass(frozen=True)
class GroupTerm:
    """One group-specific term, ``(expression | factor)``, as arrays over the rows."""

    name: str
    """Bambi's name, e.g. ``trend(year)|authority``."""
    factor: str
    """Column of its groups."""
    expression: str
    """What varies between them; ``1`` for the level."""
    levels: tuple[str, ...]
    """The groups."""
    codes: IntArray
    """Group of each row."""
    weights: FloatArray
    """What each part of the expression counts in each row, shape (rows, parts)."""

    @property
    def stem(self) -> str:
        """The house's name: ``authority``, ``authority_trend``."""
        return self.factor if self.expression == "1" else f"{self.factor}_{_plain(self.expression)}"

    @property
    def effect(self) -> str:
        """Name of its effects among the draws."""
        return f"{self.stem}_effect"

    @property
    def sd(self) -> str:
        """Name of its SD, or SDs, among the draws."""
        return f"{self.stem}_sd"

    def in_rows(self, draws: Draws) -> FloatArray:
        """Return what the term adds to the linear predictor, shape (samples, rows)."""
        effects = draws[self.effect]
        if effects.ndim == 2:
            return effects[:, self.codes] * self.weights[:, 0]
        return np.asarray((effects[:, self.codes, :] * self.weights).sum(axis=2))

    def covariance(self, draws: Draws, one: IntArray, other: IntArray) -> FloatArray:
        """Return the covariance of the term between pairs of rows, averaged; shape (samples,).

        Rows of different groups have none.
        """
        same = (self.codes[one] == self.codes[other])[:, None]
        weight = (self.weights[one] * self.weights[other] * same).mean(axis=0)
        sd = draws[self.sd]
        return np.asarray((sd if sd.ndim == 2 else sd[:, None]) ** 2 @ weight)

    def fresh(self, draws: Draws, rng: np.random.Generator) -> Draws:
        """Return the draws with new groups of the same population in place of these."""
        effects, sd = draws[self.effect], draws[self.sd]
        scale = sd[:, None] if effects.ndim == 2 else sd[:, None, :]
        return draws.replace(self.effect, rng.normal(size=effects.shape) * scale)


def build_formula(frame: pd.DataFrame, spec: ModelSpec, priors: PriorSet) -> Any:
    """Build Bambi's model of a table, every prior from the prior set.

    Parameters
    ----------
    frame : DataFrame
        From ``design.formula.formula_rows``.
    spec : ModelSpec
        With ``family: formula``.
    priors : PriorSet

    Returns
    -------
    bambi.Model
        Built; ``model.backend.model`` is what samplers take.

    Raises
    ------
    DesignError
        If Bambi cannot build the model from these columns.
    SpecError
        If the prior set lacks a role.
    """
    import bambi

    item = formula_of(spec)
    levels = [c for c in item.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    # text would do, were it not kept as objects in one version of pandas and as text in the next
    data = frame.astype(dict.fromkeys(levels, "category"))
    try:
        model = bambi.Model(
            item.whole, data, family="binomial", center_predictors=False, auto_scale=False,
            extra_namespace={"trend": _trend(frame[item.occasion])},
        )  # fmt: skip
    except Exception as error:
        raise DesignError(
            f"Bambi cannot build the model: {' '.join(str(error).split())}",
            where=f"model '{spec.name}', likelihood.formula: {item.formula}",
            next_step="Check the formula against the columns of the table.",
        ) from error
    model.set_priors({term: _prior(role, spec, priors) for term, role in term_roles(model).items()})
    model.build()
    _without_rows(model)
    return model


def term_roles(model: Any) -> dict[str, tuple[str, ...]]:
    """Return the roles of the prior of each term by Bambi's name of it, from the narrowest."""
    part = model.conditional_parameters[_PARENT]
    roles: dict[str, tuple[str, ...]] = {"Intercept": ("intercept",)} if part.intercept_term else {}
    roles |= {name: (f"fixed.{name}", "fixed") for name in part.common_terms}
    return roles | {name: sd_roles(name) for name in part.group_specific_terms}


def group_terms(model: Any) -> tuple[GroupTerm, ...]:
    """Return the group-specific terms of a model, in the order of its formula."""
    terms = model.conditional_parameters[_PARENT].group_specific_terms
    return tuple(_group_term(name, term) for name, term in terms.items())


def house_names(model: Any) -> dict[str, str]:
    """Return Bambi's names of variables and dimensions with those of the house."""
    names: dict[str, str] = {}
    for term in group_terms(model):
        names |= {term.name: term.effect, f"{term.name}_sigma": term.sd}
        names |= {f"{term.factor}__factor_dim": term.factor}
        names |= {f"{term.expression}__expr_dim": f"each_{_plain(term.expression)}"}
    for name, term in model.conditional_parameters[_PARENT].common_terms.items():
        if term.coords:
            names |= {name: f"{_plain(name)}_level", f"{name}_dim": f"{_plain(name)}_of_level"}
    return names | {"Intercept": "intercept"}


def renamed(dataset: xr.Dataset, names: Mapping[str, str]) -> xr.Dataset:
    """Return a dataset with variables, dimensions and their labels under other names."""
    here = {*map(str, dataset.data_vars), *map(str, dataset.dims)}
    return dataset.rename({old: new for old, new in names.items() if old in here})


def _group_term(name: str, term: Any) -> GroupTerm:
    expression, factor = name.split("|")
    weights = np.asarray(term.predictor, dtype=np.float64).reshape(len(term.group_index), -1)
    groups = tuple(str(group) for group in term.groups)
    codes = np.asarray(term.group_index, dtype=np.int64)
    return GroupTerm(name, factor, expression, groups, codes, weights)


def _prior(roles: Iterable[str], spec: ModelSpec, priors: PriorSet) -> Any:
    import bambi

    narrowest, *wider = roles
    own = _bambi_prior(priors.get(narrowest, *wider))
    if "group.sd" not in wider:
        return own
    term = next(t for t in formula_of(spec).group_terms if sd_roles(t)[0] == narrowest)
    centred = term in formula_of(spec).centred
    return bambi.Prior("Normal", mu=0.0, sigma=own, noncentered=not centred)


def _bambi_prior(prior: Prior) -> Any:
    import bambi

    name, arguments = distribution_of(prior)
    return bambi.Prior(name, **arguments)


def _trend(occasions: pd.Series) -> Callable[[Any], FloatArray]:
    """Return the function a formula calls ``trend``: occasions since the middle of those held."""
    seen = pd.to_numeric(occasions, errors="coerce")
    middle = (seen.min() + seen.max()) / 2

    def trend(values: Any) -> FloatArray:
        if seen.isna().any():
            raise ValueError("trend() needs occasions that are numbers, such as years")
        return np.asarray(pd.Series(values).astype("str").astype("float64") - middle)

    return trend


def _without_rows(model: Any) -> None:
    """Keep the probability of each row out of the draws: as long as the table, and made again."""
    graph = model.backend.model
    rows = graph.named_vars.pop(_PARENT)
    graph.deterministics.remove(rows)


def _plain(name: str) -> str:
    """Return what a formula calls a term as part of a variable's name.

    Examples
    --------
    >>> _plain("trend(year)"), _plain("age:male")
    ('trend', 'age_male')
    """
    return re.sub(r"\W+", "_", re.sub(r"^(\w+)\(.*\)$", r"\1", name)).strip("_")
