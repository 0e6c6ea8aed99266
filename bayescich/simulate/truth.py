"""What the simulator knows and a model has to find: the hazards of moving from and leaving a home.

The hazard per year that child ``i`` moves from home ``j`` of provider ``k``, placed by authority
``l`` in year ``y``, in duration band ``b``, is

    ``omega_i * exp(alpha_b + x'beta + z'b + theta_type(j) + z'gamma_type(j) + (z * s_j)'kappa
    + v_j + w_k + r_l + g_y + delta u_i)``

with ``omega_i ~ Gamma`` of mean one, ``x`` what the returns show, ``z`` the child's needs less
their mean over stays in homes (so that ``theta`` is the effect for the average child there),
``s_j`` the needs that the home says it meets and ``u_i`` a confounder that no record shows. Needs,
type and home are those on the day the stay begins. A child leaves care from a home by route ``m``
with a hazard of its own, ``exp(exit_type + exit_home)`` times that of its age and authority.
Every set of effects is centred on zero over its own levels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.records.ssda903 import collection_year_label
from bayescich.simulate.calibration import value
from bayescich.simulate.care.practice import Practice, draw_practice
from bayescich.simulate.draws import Floats
from bayescich.simulate.outcomes.effects import OutcomeEffects, draw_outcome_effects
from bayescich.simulate.settings import Settings
from bayescich.simulate.shapes import NEEDS, Authorities, Homes

CUTS = (7.0, 28.0, 56.0, 91.0, 182.0, 365.0, 730.0, 1095.0)
"""Inner limits of the duration bands, in days."""

BANDS = (
    "0-7 days", "7-28 days", "28-56 days", "56-91 days", "91-182 days", "182-365 days",
    "365-730 days", "730-1095 days", "1095+ days",
)  # fmt: skip
"""Labels of the duration bands."""

EXIT_ROUTES = ("return home", "permanence", "independence", "other")
"""Routes by which a child leaves care from a home before the 18th birthday."""

REFERENCE = {"age_at_start": 14.0, "earlier_placements": 2.0}
"""The child whose rates ``moves.home_rates`` are: a girl of no special category of need."""


def fixed() -> Mapping[str, float]:
    """Return the log hazard ratios of what the returns show, by column of the analysis table.

    Examples
    --------
    >>> sorted(fixed())[:2]
    ['age_at_start', 'earlier_placements']
    """
    effects: Mapping[str, float] = value("moves.covariates")
    return effects


def reference() -> float:
    """Return the log hazard ratio of the reference child against one with zero covariates."""
    return float(sum(fixed()[name] * at for name, at in REFERENCE.items()))


def need_means() -> Floats:
    """Return the share of stays in homes with each need: the child that type effects are for."""
    means = value("moves.need_means")
    return np.array([means[name] for name in NEEDS])


@dataclass(frozen=True)
class Truth:
    """One draw of every effect, on the log hazard scale unless said otherwise."""

    home_type: pd.Series
    """Effect of each home type on moving, indexed by its label."""
    type_need: pd.DataFrame
    """Departure of the effect of each need in each type: types by needs."""
    matching: Floats
    """Effect of a need that the home says it meets, by need."""
    home: Floats
    """By physical home (row of ``Homes.frame``)."""
    provider: Floats
    """By owner."""
    authority: Floats
    """By placing authority."""
    year: pd.Series
    """By collection year in which the stay begins."""
    exit_type: pd.DataFrame
    """Types by `EXIT_ROUTES`."""
    exit_home: Floats
    """Shape (homes, routes)."""
    planned_type: pd.Series
    """Log odds that a move is planned, by type."""
    hidden: float
    """Log hazard ratio of moving per SD of the hidden trait."""
    practice: Practice
    """What authorities do differently."""
    outcomes: OutcomeEffects

    @property
    def baseline(self) -> Floats:
        """Return log hazards per year by band when every covariate is zero, needs at their mean."""
        rates: Floats = np.log(np.array(value("moves.home_rates"))) - reference()
        return rates

    def parameters(self) -> pd.DataFrame:
        """Return model, variable, level and value, named as in the fitted models."""
        bands = zip(BANDS, self.baseline, strict=True)
        needs = value("moves.needs")
        rows = [
            *(("home_type", str(level), effect) for level, effect in self.home_type.items()),
            *((f"{name}_sd", "", value("moves.sd")[name]) for name in value("moves.sd")),
            ("frailty_variance", "", value("moves.frailty_variance")),
            *(("fixed", name, effect) for name, effect in fixed().items()),
            *(("baseline", band, effect) for band, effect in bands),
            *(("need", name, needs[name]) for name in NEEDS),
            *(("need_mean", name, value("moves.need_means")[name]) for name in NEEDS),
            ("hidden", "", self.hidden),
            *(("matching", name, m) for name, m in zip(NEEDS, self.matching, strict=True)),
            *_cells("type_need", self.type_need),
            *(("year_effect", str(label), effect) for label, effect in self.year.items()),
            *(("planned_type", str(level), e) for level, e in self.planned_type.items()),
        ]
        moves = _table("stability", rows)
        exits = _table(
            "exits",
            [
                *_cells("exit_type", self.exit_type),
                ("exit_type_sd", "", value("moves.exit_type_sd")),
                ("exit_home_sd", "", value("moves.exit_home_sd")),
            ],
        )
        return pd.concat([moves, exits, self.outcomes.parameters()], ignore_index=True)

    def effects(self, homes: Homes, authorities: Authorities) -> pd.DataFrame:
        """Return variable, level and value of every home, provider and authority."""
        first = homes.registrations.drop_duplicates("home")["urn"].to_numpy()
        parts = {
            "home": (first, self.home),
            "provider": (homes.owners, self.provider),
            "authority": (authorities.names, self.authority),
            **{
                f"practice: {name.replace('_', ' ')}": (authorities.names, effect)
                for name, effect in vars(self.practice).items()
            },
            **{
                f"home exit: {route}": (first, self.exit_home[:, column])
                for column, route in enumerate(EXIT_ROUTES)
            },
        }
        frames = [
            pd.DataFrame({"variable": name, "level": level, "value": effect})
            for name, (level, effect) in parts.items()
        ]
        return pd.concat([*frames, self.outcomes.levels(homes, authorities)], ignore_index=True)


def draw_truth(
    rng: np.random.Generator, settings: Settings, homes: Homes, authorities: Authorities
) -> Truth:
    """Draw the effects of an England's types, homes, owners and authorities."""
    types = pd.Index(sorted(set(homes.frame["home_type"]) - {""}))
    sd = value("moves.sd")
    number = len(homes.frame)
    from_year = settings.first_year - value("children.burn_in_years")
    years = pd.Series(range(from_year, settings.last_year + 1))
    labels = collection_year_label(years).tolist()
    cells = (len(types), len(NEEDS))
    matching = rng.normal(value("moves.matching_mean"), value("moves.matching_sd"), len(NEEDS))
    exits = (len(types), len(EXIT_ROUTES))
    return Truth(
        home_type=pd.Series(_centred(rng.normal(0, sd["home_type"], len(types))), index=types),
        type_need=pd.DataFrame(
            _centred(rng.normal(0, value("moves.type_need_sd"), cells)),
            index=types,
            columns=list(NEEDS),
        ),
        matching=matching,
        home=_centred(rng.normal(0, sd["home"], number)),
        provider=_centred(rng.normal(0, sd["provider"], len(homes.owners))),
        authority=_centred(rng.normal(0, sd["authority"], len(authorities.names))),
        year=pd.Series(_centred(rng.normal(0, sd["year"], len(labels))), index=labels),
        exit_type=pd.DataFrame(
            _centred(rng.normal(0, value("moves.exit_type_sd"), exits)),
            index=types,
            columns=list(EXIT_ROUTES),
        ),
        exit_home=_centred(rng.normal(0, value("moves.exit_home_sd"), (number, exits[1]))),
        planned_type=pd.Series(
            _centred(rng.normal(0, value("moves.planned_type_sd"), len(types))), index=types
        ),
        hidden=settings.hidden * value("moves.hidden_log_hazard"),
        practice=draw_practice(rng, authorities),
        outcomes=draw_outcome_effects(rng, homes, len(authorities.names)),
    )


def _cells(name: str, table: pd.DataFrame) -> list[tuple[str, str, float]]:
    values = table.to_numpy(np.float64)
    return [
        (name, f"{row}: {column}", float(values[i, j]))
        for i, row in enumerate(table.index)
        for j, column in enumerate(table.columns)
    ]


def _table(model: str, rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["variable", "level", "value"])
    table.insert(0, "model", model)
    return table


def _centred(drawn: Floats) -> Floats:
    centred: Floats = drawn - drawn.mean(axis=0)
    return centred
