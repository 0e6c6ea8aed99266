"""What the simulator knows and a model has to find: the hazard of a move from a home.

The hazard per year of child ``i`` in a stay in home ``j`` of provider ``k``, placed by
authority ``l``, in duration band ``b``, is

    ``omega_i * exp(alpha_b + x'beta + theta_type(j) + v_j + w_k + r_l)``

with ``omega_i ~ Gamma`` of mean one. Every set of effects is centred on zero over its own
levels, so that the baseline is the level of the average home, provider and authority.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bayescich.simulate.draws import Floats

CUTS = (7.0, 28.0, 56.0, 91.0, 182.0, 365.0, 730.0, 1095.0)
"""Inner limits of the duration bands, in days."""

BANDS = (
    "0-7 days", "7-28 days", "28-56 days", "56-91 days", "91-182 days", "182-365 days",
    "365-730 days", "730-1095 days", "1095+ days",
)  # fmt: skip
"""Labels of the duration bands."""

RATES = np.array([0.95, 0.70, 0.62, 0.60, 0.58, 0.53, 0.45, 0.40, 0.35])
"""Moves per year of a girl of 14 with two earlier placements and no special need, in each
band: with the other effects this gives stays like those published (a tenth over in a month,
two in five in six months)."""

FIXED: Mapping[str, float] = {
    "age_at_start": 0.05,
    "male": -0.10,
    "need_behaviour": 0.45,
    "need_disability": -0.35,
    "earlier_placements": 0.06,
}
"""Log hazard ratios: per year of age, and per placement before the first home."""

HOME_TYPE_SD = 0.30
HOME_SD = 0.35
PROVIDER_SD = 0.25
AUTHORITY_SD = 0.25
FRAILTY_VARIANCE = 0.50

_REFERENCE = {"age_at_start": 14.0, "earlier_placements": 2.0}


@dataclass(frozen=True)
class Truth:
    """One draw of every effect, on the log hazard scale."""

    home_type: pd.Series
    """Effect of each home type, indexed by its label."""
    home: pd.Series
    """Effect of each home, indexed by URN."""
    provider: pd.Series
    """Effect of each owner, indexed by name."""
    authority: pd.Series
    """Effect of each placing authority, indexed by name."""

    @property
    def baseline(self) -> Floats:
        """Return log hazards per year by band when every covariate is zero."""
        return np.log(RATES) - sum(FIXED[name] * value for name, value in _REFERENCE.items())

    def parameters(self) -> pd.DataFrame:
        """Return model, variable, level and value, named as in the fitted model."""
        singles = {
            "home_type_sd": HOME_TYPE_SD,
            "home_sd": HOME_SD,
            "provider_sd": PROVIDER_SD,
            "authority_sd": AUTHORITY_SD,
            "frailty_variance": FRAILTY_VARIANCE,
        }
        baseline = zip(BANDS, self.baseline, strict=True)
        rows = [
            *(("home_type", str(level), value) for level, value in self.home_type.items()),
            *((name, "", value) for name, value in singles.items()),
            *(("fixed", name, value) for name, value in FIXED.items()),
            *(("baseline", band, value) for band, value in baseline),
        ]
        table = pd.DataFrame(rows, columns=["variable", "level", "value"])
        table.insert(0, "model", "stability")
        return table

    def effects(self) -> pd.DataFrame:
        """Return variable, level and value of every home, provider and authority."""
        parts = {"home": self.home, "provider": self.provider, "authority": self.authority}
        frames = [
            pd.DataFrame({"variable": name, "level": own.index, "value": own.to_numpy()})
            for name, own in parts.items()
        ]
        return pd.concat(frames, ignore_index=True)


def draw_truth(
    rng: np.random.Generator, homes: pd.DataFrame, types: pd.Series, authorities: pd.Index
) -> Truth:
    """Draw the effects of an England's types, homes, owners and authorities.

    Parameters
    ----------
    homes : DataFrame
        The register: one row per home, with ``urn`` and ``owner``.
    types : Series
        Home type label of each row of ``homes``.
    authorities : Index
        Names of the placing authorities.
    """
    return Truth(
        _effects(rng, pd.Index(sorted(types.unique())), HOME_TYPE_SD),
        _effects(rng, pd.Index(homes["urn"]), HOME_SD),
        _effects(rng, pd.Index(sorted(homes["owner"].unique())), PROVIDER_SD),
        _effects(rng, authorities, AUTHORITY_SD),
    )


def _effects(rng: np.random.Generator, levels: pd.Index, sd: float) -> pd.Series:
    drawn = rng.normal(0.0, sd, len(levels))
    return pd.Series(drawn - drawn.mean(), index=levels)
