"""Convergence gates: may the draws be read as a sample of the posterior at all?

References
----------
Vehtari, Gelman, Simpson, Carpenter & Bürkner (2021), Rank-normalization, folding, and localization,
Bayesian Analysis 16; Betancourt (2016), arXiv:1604.00695 (E-BFMI).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from bayescich.checks.core import Check, Status
from bayescich.checks.levels import exchangeable_groups
from bayescich.sampling.formula_fit import AnyFit, FormulaFit

RHAT_LIMIT = 1.01
RHAT_LIMIT_LEVELS = 1.02
SHARE_ABOVE = 0.005
"""Of thousands of home effects a few exceed 1.01 by chance; this share may, up to 1.02."""
ESS_LIMIT = 400.0
BFMI_LIMIT = 0.3
DEPTH_SHARE_LIMIT = 0.01
MCSE_LIMIT = 0.05

NAMED_UP_TO = 30
"""Levels of larger groups are shown by position: a diagnostic need not name a home."""

_ONE_CHAIN = "With one chain nothing shows whether another would have ended elsewhere."

_DEPTH = ("depth", "tree_depth", "treedepth")
_DEPTH_REACHED = ("maxdepth_reached", "reached_max_treedepth")
_STEPS = ("n_steps", "num_steps")
_STEP_SIZE = ("step_size_bar", "step_size")


def convergence_checks(fit: AnyFit) -> tuple[Check, ...]:
    """Return the gates and the sampler's health.

    Parameters
    ----------
    fit : Fit or FormulaFit
        Group ``posterior`` is needed; what ``sample_stats`` lacks is "not applicable", never
        passed.

    Returns
    -------
    tuple of Check
        ``rhat``, ``ess_bulk``, ``ess_tail``, ``mcse``, ``divergences``, ``bfmi``, ``max_depth``,
        ``companion`` (gates) and ``sampler_health``.
    """
    stats = _stats(fit)
    return (
        rhat(fit),
        effective_size(fit, "bulk"),
        effective_size(fit, "tail"),
        monte_carlo_error(fit),
        divergences(stats),
        energy(stats),
        tree_depth(stats),
        *companion(fit),
        sampler_health(stats),
    )


def rhat(fit: AnyFit) -> Check:
    """Compare the chains: rank-normalised split R-hat of every quantity."""
    title = "Chains agree (R-hat)"
    posterior = _posterior(fit)
    if posterior.sizes["chain"] < 2:
        return Check("rhat", title, "convergence", "failed", _ONE_CHAIN, gate=True)
    values = _diagnosed(az.rhat, posterior)
    level = values["variable"].isin(_of_levels(fit))
    main, levels = values[~level]["value"], values[level]["value"]
    passed = bool((main <= RHAT_LIMIT).all()) and _levels_agree(levels)
    above = int((~(levels <= RHAT_LIMIT)).sum())
    allowed = (
        f" {above:,} of {len(levels):,} effects of single homes or similar units exceed it"
        f" (allowed: {SHARE_ABOVE:.1%}, up to {RHAT_LIMIT_LEVELS})."
        if above
        else ""
    )
    return _gate(
        "rhat", title, values, RHAT_LIMIT, passed,
        "The largest R-hat is {value:.3f}, of {label}; the limit is {limit}." + allowed,
    )  # fmt: skip


def effective_size(fit: AnyFit, kind: str) -> Check:
    """Count effectively independent draws, for the bulk or for the tails."""
    values = _diagnosed(az.ess, _posterior(fit), method=kind)
    passed = bool((values["value"] >= ESS_LIMIT).all())
    where = "middle" if kind == "bulk" else "tails"
    return _gate(
        f"ess_{kind}", f"Enough draws for the {where} (ESS, {kind})", values, ESS_LIMIT, passed,
        "The fewest effective draws (" + kind + ") are {value:,.0f}, for {label}; "
        "the limit is {limit:.0f}.",
        worst_is_small=True,
    )  # fmt: skip


def monte_carlo_error(fit: AnyFit) -> Check:
    """Compare the Monte Carlo error of each mean with the posterior SD."""
    posterior = _posterior(fit)
    values = _diagnosed(az.mcse, posterior, method="mean")
    values["value"] /= labelled(posterior.std(("chain", "draw"), ddof=1))["value"]
    passed = bool((values["value"] < MCSE_LIMIT).all())
    return _gate(
        "mcse", "Simulation error of the means", values, MCSE_LIMIT, passed,
        "The largest Monte Carlo error of a mean is {value:.1%} of its posterior SD, for {label}; "
        "the limit is {limit:.0%}.",
    )  # fmt: skip


def divergences(stats: xr.Dataset) -> Check:
    """Count divergent transitions: regions the sampler could not enter."""
    name, title = "divergences", "No divergent transitions"
    diverging = _first(stats, ("diverging",))
    if diverging is None:
        return _absent(name, title, "divergences")
    count, draws = int(diverging.sum()), int(diverging.size)
    sentence = f"{count:,} of {draws:,} draws diverged; none may."
    table = pd.DataFrame(
        {"chain": diverging["chain"].to_numpy(), "divergences": diverging.sum("draw").to_numpy()}
    )
    status = _status(count == 0)
    return Check(name, title, "convergence", status, sentence, True, float(count), 0.0, table)


def energy(stats: xr.Dataset) -> Check:
    """Check that each chain explores its energy levels (E-BFMI)."""
    name, title = "bfmi", "Energy explored (E-BFMI)"
    if _first(stats, ("energy",)) is None:
        return _absent(name, title, "the energy")
    values = _bfmi(stats)
    worst = int(np.argmin(values))
    sentence = (
        f"The smallest E-BFMI is {values[worst]:.2f}, in chain {worst + 1}; "
        f"the limit is {BFMI_LIMIT}."
    )
    table = pd.DataFrame({"chain": stats["chain"].to_numpy(), "bfmi": values})
    return Check(
        name, title, "convergence", _status(bool((values > BFMI_LIMIT).all())), sentence,
        gate=True, value=float(values[worst]), limit=BFMI_LIMIT, table=table,
    )  # fmt: skip


def tree_depth(stats: xr.Dataset) -> Check:
    """Count the draws whose trajectory was cut off at the maximum tree depth."""
    name, title = "max_depth", "Trajectories long enough (tree depth)"
    reached = _first(stats, _DEPTH_REACHED)
    if reached is None:
        return _absent(name, title, "whether the maximum tree depth was reached")
    share = float(reached.mean())
    sentence = (
        f"{share:.1%} of the draws reached the maximum tree depth; "
        f"fewer than {DEPTH_SHARE_LIMIT:.0%} may."
    )
    table = pd.DataFrame(
        {"chain": reached["chain"].to_numpy(), "share": reached.mean("draw").to_numpy()}
    )
    return Check(
        name, title, "convergence", _status(share < DEPTH_SHARE_LIMIT), sentence,
        gate=True, value=share, limit=DEPTH_SHARE_LIMIT, table=table,
    )  # fmt: skip


def companion(fit: AnyFit) -> tuple[Check, ...]:
    """Compare the chains of the companion fit, from which the unpooled column is read.

    Empty for a model without home types: there is no such fit.
    """
    if isinstance(fit, FormulaFit) or fit.unpooled is None or fit.structure.home_type is None:
        return ()
    name, title = "companion", "Chains of the companion fit (types not pooled) agree"
    effects = fit.unpooled["posterior"].to_dataset()[[fit.structure.home_type.variable]]
    if effects.sizes["chain"] < 2:
        return (Check(name, title, "convergence", "failed", _ONE_CHAIN, gate=True),)
    values = _diagnosed(az.rhat, effects)
    passed = bool((values["value"] <= RHAT_LIMIT_LEVELS).all())
    return (
        _gate(
            name, title, values, RHAT_LIMIT_LEVELS, passed,
            "The largest R-hat of its home types is {value:.3f}, of {label}; the limit is {limit}.",
        ),
    )  # fmt: skip


def sampler_health(stats: xr.Dataset) -> Check:
    """Tabulate by chain: draws, divergences, tree depth, steps, step size and E-BFMI."""
    name, title = "sampler_health", "The sampler's health by chain"
    if not stats.data_vars:
        return Check(
            name, title, "convergence", "not applicable", "The sampler left no statistics."
        )
    table = _health_table(stats)
    trouble = _trouble(table)
    sentence = (
        f"Chains: {len(table)}, of {int(table['draws'].iloc[0]):,} draws each; "
        + ("; ".join(trouble) if trouble else "none diverged, all explored their energy")
        + "."
    )
    return Check(name, title, "convergence", _status(not trouble), sentence, table=table)


def labelled(result: xr.Dataset | xr.DataTree) -> pd.DataFrame:
    """Flatten a dataset of one number per quantity: columns variable, label, value.

    Examples
    --------
    >>> data = xr.Dataset({"a": 1.0, "b": ("x", [2.0, 3.0])}, coords={"x": ["p", "q"]})
    >>> labelled(data)["label"].tolist()
    ['a', 'b[p]', 'b[q]']
    """
    dataset = result.to_dataset() if isinstance(result, xr.DataTree) else result
    frames = [
        pd.DataFrame(
            {"variable": str(name), "label": _labels(array), "value": np.ravel(array.to_numpy())}
        )
        for name, array in dataset.data_vars.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _diagnosed(
    diagnostic: Callable[..., xr.Dataset | xr.DataTree], posterior: xr.Dataset, **options: str
) -> pd.DataFrame:
    """Return a diagnostic of every quantity; nan, without a word, of one that never moved."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return labelled(diagnostic(posterior, **options))


def _labels(array: xr.DataArray) -> list[str]:
    labels = [""]
    for dim in array.dims:
        size = array.sizes[dim]
        named = array[dim].to_numpy() if size <= NAMED_UP_TO else _positions(str(dim), size)
        labels = [f"{before}, {own}" if before else str(own) for before in labels for own in named]
    return [f"{array.name}[{label}]" if label else str(array.name) for label in labels]


def _positions(dim: str, size: int) -> list[str]:
    return [f"{dim} no. {position + 1}" for position in range(size)]


def _gate(
    name: str,
    title: str,
    values: pd.DataFrame,
    limit: float,
    passed: bool,
    sentence: str,
    *,
    worst_is_small: bool = False,
) -> Check:
    # a quantity without a figure (a chain that never moved) is the worst of all
    worst = values.sort_values("value", ascending=worst_is_small, na_position="first")
    top = worst.iloc[0]
    unknown = int(values["value"].isna().sum())
    if unknown:
        words = f"For {unknown:,} quantities, {top['label']} first, it cannot be computed."
    else:
        words = sentence.format(value=top["value"], label=top["label"], limit=limit)
    table = worst.head(10).reset_index(drop=True)
    return Check(
        name, title, "convergence", _status(passed), words,
        gate=True, value=float(top["value"]), limit=limit, table=table,
        series={"values": values["value"].to_numpy(np.float64)},
    )  # fmt: skip


def _levels_agree(values: pd.Series[float]) -> bool:
    if values.empty:
        return True
    share = float((~(values <= RHAT_LIMIT)).mean())
    return share <= SHARE_ABOVE and bool((values <= RHAT_LIMIT_LEVELS).all())


def _health_table(stats: xr.Dataset) -> pd.DataFrame:
    chains = stats.sizes["chain"]
    table = pd.DataFrame({"chain": np.arange(1, chains + 1), "draws": stats.sizes["draw"]})
    diverging = _first(stats, ("diverging",))
    if diverging is not None:
        table["divergences"] = diverging.sum("draw").to_numpy()
    for label, names in (
        ("mean_depth", _DEPTH), ("mean_steps", _STEPS), ("step_size", _STEP_SIZE),
    ):  # fmt: skip
        found = _first(stats, names)
        if found is not None:
            table[label] = found.mean("draw").to_numpy()
    if "energy" in stats:
        table["bfmi"] = _bfmi(stats)
    return table


def _trouble(table: pd.DataFrame) -> list[str]:
    words = []
    if "divergences" in table and table["divergences"].sum():
        words.append(f"divergent draws: {int(table['divergences'].sum()):,}")
    if "bfmi" in table and (low := int((~(table["bfmi"] > BFMI_LIMIT)).sum())):
        words.append(f"chains with poorly explored energy: {low}")
    return words


def _bfmi(stats: xr.Dataset) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = az.bfmi(xr.DataTree.from_dict({"sample_stats": stats}))
    dataset = values.to_dataset() if isinstance(values, xr.DataTree) else values
    return np.asarray(dataset["energy"].to_numpy(), dtype=np.float64)


def _of_levels(fit: AnyFit) -> list[str]:
    """Return the variables that hold one quantity for each of many exchangeable levels."""
    if isinstance(fit, FormulaFit):
        return [term.effect for term in fit.terms]
    return [*(g.variable for g in exchangeable_groups(fit.structure)), "recording_logit"]


def _posterior(fit: AnyFit) -> xr.Dataset:
    """Return the draws without what is the same in every draw by construction.

    The diagonal of a correlation matrix is 1 (and each pair stands there twice); departures from
    the common baseline begin at 0. Anything else that never moved is a fault, and is kept.
    """
    free = fit.tree["posterior"].to_dataset()
    for name, values in free.data_vars.items():
        if str(name).endswith("_correlation") and "other_route" in values.dims:
            free = free.drop_vars(str(name)).assign({str(name): _pairs(values)})
        elif name == "baseline_departure":
            later = values.isel(band=slice(1, None)).rename(band="later_band")
            free = free.drop_vars(str(name)).assign({str(name): later})
    return free


def _pairs(matrix: xr.DataArray) -> xr.DataArray:
    """Return the part of a correlation matrix above its diagonal, a label for each pair."""
    one, other = matrix.dims[-2:]
    rows, columns = np.triu_indices(matrix.sizes[one], k=1)
    names = matrix[one].to_numpy()
    pair = f"{matrix.name}_pair"
    picked = matrix.isel(
        {one: xr.DataArray(rows, dims=pair), other: xr.DataArray(columns, dims=pair)}
    )
    labels = [f"{names[a]}, {names[b]}" for a, b in zip(rows, columns, strict=True)]
    return picked.drop_vars([one, other], errors="ignore").assign_coords({pair: labels})


def _stats(fit: AnyFit) -> xr.Dataset:
    return fit.tree["sample_stats"].to_dataset() if "sample_stats" in fit.tree else xr.Dataset()


def _first(stats: xr.Dataset, names: Iterable[str]) -> xr.DataArray | None:
    return next((stats[name] for name in names if name in stats), None)


def _absent(name: str, title: str, what: str) -> Check:
    sentence = f"This sampler does not record {what}."
    return Check(name, title, "convergence", "not applicable", sentence, gate=True)


def _status(passed: bool) -> Status:
    return "passed" if passed else "failed"
