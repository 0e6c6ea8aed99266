"""Covariates by formula (formulae), centred, without an intercept."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from bayescich.design.columns import column, fault, numbers
from bayescich.design.core import FixedMatrix, Grouping, Hole, IntArray, Membership
from bayescich.errors import DesignError
from bayescich.spec.model import GroupEffectSpec, ModelSpec, WalkEffectSpec
from bayescich.spec.priors import ROLES


def fixed_matrix(
    table: pd.DataFrame, spec: ModelSpec, factors: Mapping[str, Grouping]
) -> FixedMatrix | None:
    """Evaluate the spec's formula on the table.

    The level of the linear predictor lives in the intercept, the baseline or the thresholds, so
    the intercept column is dropped and each covariate is centred.

    Raises
    ------
    DesignError
        When the formula cannot be read, holds more than covariates, names an absent or blank
        column, or makes a covariate that never varies or is not finite.
    """
    if spec.formula is None:
        return None
    assert spec.fixed is not None, "the formula is that of the fixed effect"
    table, blanks = filled_with_means(table, spec, spec.fixed.impute)
    frame = _evaluate(table, spec, spec.formula)
    _refuse_constant(frame, spec)
    _refuse_compound(frame, spec, blanks)
    own = [str(name) for name in frame.columns]
    if spec.fixed.means_by is not None:
        frame = frame.join(_means_of_others(frame, table, spec, spec.fixed.means_by, factors))
    _refuse_unused_priors(frame, spec)
    _refuse_unknown_slopes(frame, spec)
    values = frame.to_numpy()
    known = np.ones(values.shape, dtype=np.bool_)
    for name, rows in blanks.items():
        known[rows, own.index(name)] = False
    centres = np.array([x[k].mean() for x, k in zip(values.T, known.T, strict=True)])
    binary = np.array(
        [set(np.unique(x[k])) <= {0.0, 1.0} for x, k in zip(values.T, known.T, strict=True)]
    )
    spread = [x[k].std() for x, k in zip(values.T, known.T, strict=True)]
    holes = tuple(
        Hole(own.index(name), rows, bool(binary[own.index(name)])) for name, rows in blanks.items()
    )
    return FixedMatrix(
        np.where(known, values - centres, 0.0), tuple(map(str, frame.columns)), centres,
        np.where(binary, 1.0, spread), holes,
    )  # fmt: skip


def filled_with_means(
    table: pd.DataFrame, spec: ModelSpec, names: tuple[str, ...]
) -> tuple[pd.DataFrame, dict[str, IntArray]]:
    """Return the table with blanks of some columns filled for now, and in which rows they are.

    Raises
    ------
    DesignError
        When such a column is absent, holds what is no number, or is blank in every row.
    """
    blanks: dict[str, IntArray] = {}
    for name in names:
        found = numbers(table, name, spec, blanks=True)
        rows = np.flatnonzero(np.isnan(found)).astype(np.int64)
        if len(rows) == len(found):
            raise fault(spec, name, "is blank in every row", "nothing says what to fill in")
        if len(rows):
            blanks[name] = rows
        filled = np.where(np.isnan(found), np.nanmean(found), found)
        table = table.assign(**{name: filled})
    return table, blanks


def _refuse_compound(frame: pd.DataFrame, spec: ModelSpec, blanks: Mapping[str, IntArray]) -> None:
    for name in blanks:
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        others = [str(c) for c in frame.columns if word.search(str(c)) and str(c) != name]
        if name not in frame.columns or others:
            raise _formula_error(
                spec, f"'{name}' is imputed where it is blank, so it stands by itself: no product, "
                "no transformation.",
            )  # fmt: skip


def _means_of_others(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    spec: ModelSpec,
    by: str,
    factors: Mapping[str, Grouping],
) -> pd.DataFrame:
    """Return each covariate's mean over the level's other units (Mundlak terms).

    A row's own unit is left out, since its own covariates are in the model already. Where nobody
    else is, the overall mean stands in: nothing is known of the company kept there. A term that
    then never varies is not made.
    """
    if by in spec.members:
        return _means_of_others_in_homes(frame, _membership(factors, spec, by))
    level = column(table, by, spec).astype(str).to_numpy()
    unit = column(table, spec.unit, spec).astype(str).to_numpy()
    made = {}
    for name in frame.columns:
        values = frame[name]
        total, own = _sums(values, level), _sums(values, level, unit)
        rows, own_rows = _sums(values * 0 + 1, level), _sums(values * 0 + 1, level, unit)
        others = rows - own_rows
        mean = (total - own) / others.where(others > 0)
        filled = mean.fillna(values.mean())
        if np.ptp(filled.to_numpy()) > 0:
            made[f"{by} mean of {name}"] = filled
    return pd.DataFrame(made, index=frame.index)


def _membership(factors: Mapping[str, Grouping], spec: ModelSpec, by: str) -> Membership:
    found = factors.get(by)
    if not isinstance(found, Membership):
        raise DesignError(
            f"means_by names '{by}', which has no effect of its own.",
            where=f"model '{spec.name}', field effects (fixed)",
            why="the homes and their weights are those of that effect",
            next_step=f"Add an effect of kind group by '{by}', or leave means_by out.",
        )
    return found


def _means_of_others_in_homes(frame: pd.DataFrame, homes: Membership) -> pd.DataFrame:
    """Return the same where a row has several homes: by the weight of each.

    Whoever lived in none has nothing of it: what is added is how far the company departs from the
    mean of all, times the part of the window.
    """
    lived = homes.labels.matrix()
    row = np.repeat(np.arange(len(frame)), np.diff(lived.indptr))
    made = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        own = lived.data * values[row]
        total, weight = homes.sums(values), homes.sums(np.ones(len(frame)))
        others = weight[lived.indices] - lived.data
        alone = others < _NOBODY
        mean = np.where(alone, values.mean(), 0.0)
        mean[~alone] = (total[lived.indices] - own)[~alone] / others[~alone]
        term = np.bincount(row, lived.data * (mean - values.mean()), len(frame))
        if np.ptp(term) > 0:
            made[f"{homes.name} mean of {name}"] = term
    return pd.DataFrame(made, index=frame.index)


_NOBODY = 1e-9
"""Weight of others below which nobody else was there."""


def _sums(values: pd.Series, *by: np.ndarray) -> pd.Series:
    return values.groupby(list(by)).transform("sum")


def _evaluate(table: pd.DataFrame, spec: ModelSpec, formula: str) -> pd.DataFrame:
    # formulae takes a second to import and most of the command line never needs it
    from formulae import design_matrices, model_description

    try:
        description = model_description(formula)
    except Exception as error:  # noqa: BLE001 (formulae raises bare exceptions of many kinds)
        raise _formula_error(spec, str(error)) from None
    if description.response is not None:
        raise _formula_error(spec, "it has a left-hand side; the likelihood names the outcome.")
    if description.group_terms:
        raise _formula_error(spec, "a term with '|' is a group: give it an effect of kind 'group'.")
    # formulae lists the numbers inside a call, log(x - 1), under an empty name
    asked = sorted(set(description.var_names) - {""})
    if not asked:
        raise _formula_error(spec, "it names no column.")
    for name in asked:
        column(table, name, spec)
    try:
        with np.errstate(all="ignore"):  # what is not finite is refused below, by name
            common = design_matrices(formula, table[asked]).common
    except Exception as error:  # noqa: BLE001 (as above)
        raise _formula_error(spec, str(error)) from None
    frame = common.as_dataframe().drop(columns="Intercept", errors="ignore").astype(np.float64)
    unbounded = [str(name) for name in frame.columns if not np.isfinite(frame[name]).all()]
    if unbounded:
        raise _formula_error(spec, f"{', '.join(unbounded)} is not a finite number in every row.")
    return frame


def _refuse_unused_priors(frame: pd.DataFrame, spec: ModelSpec) -> None:
    made = {f"fixed.{name}" for name in frame.columns}
    walks = [effect for effect in spec.effects if isinstance(effect, WalkEffectSpec)]
    made |= {f"fixed.{walk.by}" for walk in walks if walk.order == 2}  # the slope of its line
    for role in spec.priors:
        if role.startswith("fixed.") and role not in made and role not in ROLES:
            raise DesignError(
                f"The prior '{role}' is of no covariate of this model.",
                where=f"model '{spec.name}', field priors.{role}",
                why="a misspelt name would leave the prior of the set in force",
                next_step=f"Allowed: {', '.join(sorted(made))}.",
            )


def _refuse_unknown_slopes(frame: pd.DataFrame, spec: ModelSpec) -> None:
    groups = [effect for effect in spec.effects if isinstance(effect, GroupEffectSpec)]
    for group in groups:
        if group.slope is not None and group.slope not in frame.columns:
            raise DesignError(
                f"The group '{group.by}' has a slope on '{group.slope}', which is no covariate.",
                where=f"model '{spec.name}', field effects (group by '{group.by}')",
                why="what it does on average is its coefficient, from which the levels depart",
                next_step=f"Add it to the formula, or name one of: {', '.join(frame.columns)}.",
            )


def _refuse_constant(frame: pd.DataFrame, spec: ModelSpec) -> None:
    constant = [str(name) for name in frame.columns if np.ptp(frame[name].to_numpy()) == 0]
    if constant:
        raise DesignError(
            f"The covariate {', '.join(constant)} has the same value in every row.",
            where=f"model '{spec.name}', formula '{spec.formula}'",
            why="its coefficient would be prior only",
            next_step="Leave it out of the formula.",
        )


def _formula_error(spec: ModelSpec, detail: str) -> DesignError:
    return DesignError(
        f"The formula cannot be evaluated: {' '.join(detail.split())}",
        where=f"model '{spec.name}', formula '{spec.formula}'",
        why="the covariates come from it",
        next_step="Write it as the right-hand side only, e.g. age + male + scale(sdq).",
    )
