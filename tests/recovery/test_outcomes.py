"""Known truth: do the 90% intervals of MODEL=outcomes16 cover what the simulator used?

The simulator's outcomes hang on what no record shows in full: ability, difficulties and needs. Here
the model is told the true ones, so that what is left is homes, settings, authorities and years.
The means of others in a home, claims and matching, which do nothing to the simulator's outcomes,
are left out. With ``hidden`` a confounder leads the choice of home and moves the outcome, and the
model is not told of it: then home types are not found, and by how much they are missed is written
down. The score of difficulties (``sdq``) is returned less often where it would be worse; it is
fitted with a model of being recorded and without one.

Slow: run by ``make recovery``, which also writes ``docs/recovery.md``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from bayescich.histories.analysis_table import load_analysis_table
from bayescich.simulate import Settings, simulate_england, write_england
from bayescich.simulate.calibration import value
from bayescich.simulate.outcomes.traits import MOST_NEEDS, NEEDS_OF
from bayescich.spec import ModelSpec, load_model_spec
from tests.recovery.fitting import LENGTH, fit
from tests.recovery.results import CHILDREN, coverage, gather, row, rows_of, write_section

TITLE = "Outcomes at 16, in a synthetic England"

AFTER = """\
The child's true ability, difficulties, needs (counted by kind, as the simulator does) and
placements before the window stand in the place of recorded ones. SDs are the same in every
England; homes, types and authorities are drawn anew. What the simulator adds to each outcome of a
child that nothing shows (SD 0.50 in `offending`, 0.15 in `attainment`) is not in the model: in a
beta-binomial it is dispersion, in a yes or no it draws all effects a little towards none. With
`hidden` a confounder that the model is not told of leads the choice of home, too.
"""

CASES = ("attainment", "offending", "offending, hidden", "sdq", "sdq, missing ignored")
"""Outcome, and what is otherwise."""
HIDDEN = 1.0

TRAITS = (
    "ability", "difficulties", "acting_out", "distress", "disability", "schooling", "male",
    "asylum", "moves",
)  # fmt: skip
LEFT_OUT = ("type_need", "matching", "needs", "fixed")

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Case:
    """One outcome of one England, told how."""

    outcome: str
    hidden: float = 0.0
    missing: str | None = None
    """In the place of the file's own."""

    @classmethod
    def of(cls, name: str) -> "Case":
        """Read the name."""
        outcome, *rest = name.split(", ")
        return cls(
            outcome,
            HIDDEN if "hidden" in rest else 0.0,
            "ignored" if "missing ignored" in rest else None,
        )

    def spec(self) -> ModelSpec:
        """Return the file's model with true traits as covariates."""
        spec, _ = load_model_spec("outcomes16", self.outcome)
        content = spec.model_dump(mode="json", exclude_defaults=True)
        kept = [e for e in content["effects"] if e["kind"] not in LEFT_OUT]
        content["effects"] = [{"kind": "fixed", "formula": " + ".join(TRAITS)}, *kept]
        if self.missing is not None:
            content["likelihood"] |= {"missing": self.missing}
            content["likelihood"].pop("not_asked", None)
        return ModelSpec.model_validate(content)


def recover(case: Case, seed: int, folder: Path) -> pd.DataFrame:
    """Simulate one England, fit it, and hold the posterior against the truth."""
    settings = Settings(children=CHILDREN, seed=seed, dirt="none", hidden=case.hidden)
    place = folder / "england"
    write_england(simulate_england(settings), place)
    source = load_analysis_table("outcomes16", place)
    table = with_true_traits(source.frame, place / "truth")
    assert source.truth is not None
    posterior, _, _ = fit(table, case.spec(), folder, seed)
    truth = source.truth[source.truth["model"] == "outcomes16"].fillna({"level": ""})
    values = truth.set_index(["variable", "level"])["value"].astype(float)
    return pd.DataFrame(held(case, values, main_part(posterior), seed))


def with_true_traits(table: pd.DataFrame, truth: Path) -> pd.DataFrame:
    """Add what the simulator's outcomes hang on, in its own units."""
    children = pd.read_csv(truth / "children.csv").set_index("child").loc[table["child"]]
    at, most = value("outcomes.difficulties_at"), value("outcomes.most_moves")
    counts = {
        kind: children[list(needs)].sum(axis=1).clip(upper=MOST_NEEDS)
        for kind, needs in NEEDS_OF.items()
    }
    for kind in ("disability", "schooling"):
        counts[kind] = (counts[kind] > 0).astype(int)
    found = pd.DataFrame(
        {
            "ability": children["ability"],
            "difficulties": (children["difficulties"] - at["centre"]) / at["scale"],
            **counts,
        }
    ).set_index(table.index)
    return table.assign(
        **{name: found[name] for name in found},
        asylum=table["uasc"],
        moves=table["earlier_placements"].clip(upper=most),
    )


def main_part(posterior: xr.Dataset) -> xr.Dataset:
    """Return the draws of the outcome's own linear predictor (points, where there is a hurdle)."""
    if "route" not in posterior.dims:
        return posterior
    own = [str(r) for r in posterior["route"].to_numpy()]
    own = [r for r in own if not r.startswith("any ") and not r.endswith(" recorded")]
    return posterior.sel(route=own[-1])


def held(case: Case, truth: pd.Series, found: xr.Dataset, seed: int) -> list[dict[str, object]]:
    """Hold each quantity that the simulator has, too, against its truth."""
    own = {str(v).removeprefix(f"{case.outcome}_"): v for v, _ in truth.index}
    name = {short: str(long) for short, long in own.items() if str(long).startswith(case.outcome)}
    # homes of which no type is known have no truth: a few, of any type
    types = truth[name["home_type"]]
    types = types[[label for label in _labels(found, "home_type") if label in types.index]]
    by_type = found["home_type_effect"].sel(home_type=types.index.to_numpy())
    at_home = found["setting_effect"].sel(setting="home", drop=True)
    # out of care nothing acts
    settings = truth[name["setting"]].reindex(_labels(found, "setting"), fill_value=0.0)
    settings = settings.drop("home")
    elsewhere = found["setting_effect"].sel(setting=settings.index.to_numpy())
    years = truth[name["year"]][[str(2000 + int(y[-2:])) for y in _labels(found, "year")]]
    slopes = truth[name["fixed"]][_labels(found, "covariate")]
    spread = _home_sd(case, truth)
    return [
        *_each(seed, "home type", types - types.mean(), by_type - by_type.mean("home_type")),
        *_each(seed, "home type against fostering", types, by_type + at_home),
        *_each(seed, "setting", settings, elsewhere),
        *_each(seed, "covariate", slopes, found["fixed"]),
        *_each(seed, "year", years - years.mean(), found["year_effect"]),
        row(seed, "home_sd", "", spread, found["home_sd"]),
        row(seed, "provider_sd", "", truth[name["provider_sd"], ""], found["provider_sd"]),
        row(seed, "authority_sd", "", truth[name["authority_sd"], ""], found["authority_sd"]),
        *_recording(case, truth, found, seed),
    ]


def _home_sd(case: Case, truth: pd.Series) -> float:
    spread = float(truth[f"{case.outcome}_home_sd", ""])
    # a home scores its children low or high besides, which cannot be told from what it does
    return (
        float(np.hypot(spread, truth["sdq_leniency_sd", ""])) if case.outcome == "sdq" else spread
    )


def _recording(
    case: Case, truth: pd.Series, found: xr.Dataset, seed: int
) -> list[dict[str, object]]:
    if case.outcome != "sdq" or "recording_slope" not in found:
        return []
    slope = float(truth["sdq_returned_worse", ""])
    return [row(seed, "recording_slope", "", slope, found["recording_slope"])]


def _labels(found: xr.Dataset, dim: str) -> list[str]:
    return [str(label) for label in found[dim].to_numpy()]


def _each(seed: int, what: str, truth: pd.Series, draws: xr.DataArray) -> list[dict[str, object]]:
    (dim,) = set(draws.dims) - {"chain", "draw"}
    labels = truth.index.to_numpy()
    true = xr.DataArray(truth.to_numpy(), dims=str(dim), coords={str(dim): labels})
    return rows_of(seed, what, true, draws)


def store(name: str, new_folder: Callable[[str], Path]) -> pd.DataFrame:
    """Return the rows of every seed of one case; what is found is kept as soon as it is there."""
    short = name.replace(", ", "-").replace(" ", "-")
    rows = gather(
        f"outcomes-{short}",
        lambda seed: recover(Case.of(name), seed, new_folder(f"{short}-{seed}")),
    )
    return rows.assign(case=name, what=name + ": " + rows["what"])


@pytest.fixture(scope="module")
def recovered(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """One row per case, seed and quantity."""
    return pd.concat([store(name, tmp_path_factory.mktemp) for name in CASES], ignore_index=True)


def test_intervals_cover_the_truth_at_the_nominal_rate(recovered: pd.DataFrame) -> None:
    write_section(TITLE, words(recovered), recovered, AFTER.strip())
    told = recovered[~recovered["case"].isin(["offending, hidden", "sdq, missing ignored"])]
    share, error = coverage(told)
    assert abs(share - 0.9) < 3 * error + 0.03


def test_home_types_are_found_only_where_the_confounder_is_known(recovered: pd.DataFrame) -> None:
    found = recovered[recovered["what"].str.endswith(": home type")]
    share = found.groupby("case")["covered"].mean()
    assert share["offending"] >= 0.75
    assert missed(found, "offending") < missed(found, "offending, hidden")


def missed(rows: pd.DataFrame, case: str) -> float:
    """Return how far posterior means lie from the truth, root mean square."""
    own = rows[rows["case"] == case]
    return float(np.sqrt(((own["mean"] - own["truth"]) ** 2).mean()))


def words(recovered: pd.DataFrame) -> str:
    """Return how the rows came about, and what hidden confounding did."""
    types = recovered[recovered["what"].str.endswith(": home type")]
    per_case = recovered.groupby("case", sort=False)["seed"].nunique()
    counts = ", ".join(f"{name} {number}" for name, number in per_case.items())
    by_case = "; ".join(f"{name} {missed(types, name):.2f}" for name in per_case.index)
    return (
        f"Synthetic Englands ({CHILDREN:,} children each, recorded without error) are written as "
        f"returns and read back, and MODEL=outcomes16 is fitted ({LENGTH['chains']} chains of "
        f"{LENGTH['draws']} draws) with the children's true traits in the place of recorded ones. "
        f"How many Englands: {counts}. How far the posterior means of home types lie from their "
        f"truth (root mean square): {by_case}."
    )
