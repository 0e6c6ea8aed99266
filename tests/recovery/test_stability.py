"""Known truth: do the 90% intervals of MODEL=stability cover what the simulator used?

The children's needs, which lead the choice of home in a synthetic England, are known to the model
here. Slow (ten fits): run by ``make recovery``, which also writes ``docs/recovery.md``.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayescich.design import build_design
from bayescich.histories.analysis_table import load_analysis_table
from bayescich.model import build_model, make_structure
from bayescich.sampling import SamplerSettings, sample_posterior
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.simulate.shapes import NEEDS
from bayescich.spec import ModelSpec, load_model_spec, load_prior_set

SEEDS = range(1, 11)
CHILDREN = 15_000
GROUP_SDS = ("home_sd", "provider_sd", "authority_sd", "home_type_sd")
RESULT = Path(__file__).parents[2] / "docs" / "recovery.md"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """One row per seed and quantity: truth, posterior mean, 90% interval, covered."""
    rows = [_recover(seed, tmp_path_factory.mktemp(f"england-{seed}")) for seed in SEEDS]
    return pd.concat(rows, ignore_index=True)


def _recover(seed: int, folder: Path) -> pd.DataFrame:
    settings = Settings(children=CHILDREN, seed=seed, dirt="none")
    write_england(simulate_england(settings), folder / "england")
    table = load_analysis_table("placements", folder / "england")
    children = pd.read_csv(folder / "england" / "truth" / "children.csv")
    known = table.frame.merge(children[["child", *NEEDS]], on="child", validate="m:1")
    spec = _knowing_needs(load_model_spec("stability")[0])
    priors = load_prior_set("neutral")[0].with_overrides(spec.priors)
    design = build_design(known, spec)
    model = build_model(make_structure(spec), design, priors)
    sampling = SamplerSettings.from_spec(spec.sampling.model_copy(update={"draws": 1000}))
    posterior = sample_posterior(model, sampling, folder / "chains")["posterior"]

    assert table.truth is not None
    truth = table.truth.set_index(["variable", "level"])["value"]
    types = posterior["home_type_effect"]
    shown = types["home_type"].to_numpy()
    # the fitted effects sum to zero over the types that occur, so the truth is centred there too
    true_types = truth["home_type"][shown] - truth["home_type"][shown].mean()
    rows = [
        _row(seed, "home type", name, value, types.sel(home_type=name))
        for name, value in true_types.items()
    ]
    single = (*GROUP_SDS, "frailty_variance")
    rows += [_row(seed, name, "", truth[name, ""], posterior[name]) for name in single]
    rows += [
        _row(seed, what, name, truth[kind, name], posterior["fixed"].sel(covariate=name))
        for name in posterior["covariate"].to_numpy()
        for what, kind in [("need", "need") if name in NEEDS else ("fixed", "fixed")]
    ]
    return pd.DataFrame(rows)


def _knowing_needs(spec: ModelSpec) -> ModelSpec:
    """Add the children's needs to the formula."""
    first, *others = spec.effects
    known = first.model_copy(update={"formula": " + ".join([first.formula, *NEEDS])})
    return spec.model_copy(update={"effects": (known, *others)})


def _row(seed: int, what: str, level: str, truth: float, draws: object) -> dict[str, object]:
    values = np.asarray(draws).ravel()
    low, high = np.quantile(values, [0.05, 0.95])
    return {
        "seed": seed,
        "what": what,
        "level": level,
        "truth": float(truth),
        "mean": values.mean(),
        "q05": low,
        "q95": high,
        "covered": bool(low <= truth <= high),
    }


def test_intervals_cover_the_truth_at_the_nominal_rate(recovered: pd.DataFrame) -> None:
    _write_result(recovered)
    coverage = recovered["covered"].mean()
    # about 160 quantities, some correlated within a seed: three standard errors either side of 90%
    error = np.sqrt(0.9 * 0.1 / len(recovered))
    assert abs(coverage - 0.9) < 3 * error + 0.02


@pytest.mark.parametrize("what", ["home type", *GROUP_SDS, "frailty_variance", "fixed", "need"])
def test_no_quantity_is_missed_systematically(recovered: pd.DataFrame, what: str) -> None:
    rows = recovered[recovered["what"] == what]
    # with ten independent intervals at 90%, fewer than six hits has a chance below 1 in 500
    assert rows["covered"].mean() >= 0.6


def _write_result(recovered: pd.DataFrame) -> None:
    by_what = recovered.groupby("what", sort=False)
    summary = by_what.agg(
        intervals=("covered", "size"), covered=("covered", "sum"), truth=("truth", "mean"),
        mean=("mean", "mean"),
    )  # fmt: skip
    total = f"{recovered['covered'].sum()} of {len(recovered)}"
    lines = [
        "# Recovery of known truth",
        "",
        (
            f"`make recovery` simulates {len(SEEDS)} synthetic Englands ({CHILDREN:,} children "
            f"each, seeds {SEEDS[0]} to {SEEDS[-1]}, recorded without error), writes them as "
            "returns, reads them back and fits MODEL=stability with the children's true needs "
            "added, since they lead the choice of home (4 chains of 1,000 draws). What the model "
            "leaves out is still in the data: needs that matter more in one type than in another, "
            "and needs that the home says it meets. A 90% interval should cover its truth nine "
            f"times in ten: **{total} do ({recovered['covered'].mean():.0%})**."
        ),
        "",
        "| quantity | intervals | covered | mean truth | mean of posterior means |",
        "|---|---|---|---|---|",
    ]
    for name, row in summary.iterrows():
        hits = f"{row['covered']:.0f} ({row['covered'] / row['intervals']:.0%})"
        lines.append(
            f"| {name} | {row['intervals']:.0f} | {hits} | {row['truth']:.3f} | {row['mean']:.3f} |"
        )
    lines += [
        "",
        (
            "The truth of home types is centred over the types that occur, as the fitted effects "
            "are. The prior of a standard deviation is not the distribution its truth was drawn "
            "from (the truth is the same in every seed), so its coverage need not be exactly 90%."
        ),
        "",
    ]
    RESULT.write_text("\n".join(lines), encoding="utf-8")
