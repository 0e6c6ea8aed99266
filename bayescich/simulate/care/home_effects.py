"""The log hazard of moving from a home, and of leaving care from it, as a child arrives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Ints
from bayescich.simulate.shapes import NEEDS, Homes
from bayescich.simulate.truth import REFERENCE, Truth, fixed, need_means


class HomeEffects:
    """Evaluates the linear predictor of ``truth`` at the start of a stay."""

    def __init__(self, children: pd.DataFrame, needs: Flags, homes: Homes, truth: Truth) -> None:
        effects = fixed()
        self.truth = truth
        self.first_year = int(str(truth.year.index[0])[:4]) + 1
        self.needs = needs.astype(np.float64)
        self.means = need_means()
        self.meets = homes.meets.astype(np.float64)
        need = np.array([value("moves.needs")[name] for name in NEEDS])
        category = children["CIN"].to_numpy(object)
        self.of_child = (
            effects["male"] * (children["SEX"] == "M").to_numpy()
            + effects["need_behaviour"] * (category == "N6")
            + effects["need_disability"] * (category == "N2")
            + (self.needs - self.means) @ need
            + truth.hidden * children["hidden"].to_numpy()
        )
        types = truth.home_type.index
        # homes for short breaks have no type and no child of ours
        self.type = np.maximum(types.get_indexer(pd.Index(homes.frame["home_type"])), 0)
        self.type_effect = truth.home_type.to_numpy()
        self.type_need = truth.type_need.to_numpy()
        self.exits = truth.exit_type.to_numpy()[self.type] + truth.exit_home
        registrations = homes.registrations
        self.owner = registrations["owner"].to_numpy(np.int64)
        begins = registrations["begins"].to_numpy(np.int64)
        self.key = registrations["home"].to_numpy(np.int64) * 10**7 + begins

    def registration(self, home: Ints, today: Ints) -> Ints:
        """Return the row of the registration that holds for each home on a day."""
        return np.searchsorted(self.key, home * 10**7 + today, side="right") - 1

    def log_hazard(
        self, who: Ints, home: Ints, authority: Ints, today: Ints, age: Floats, earlier: Ints
    ) -> Floats:
        """Return the log multiplier of the reference child's rates, frailty left out."""
        centred = self.needs[who] - self.means
        kind = self.type[home]
        year = np.maximum(collection_year_of(today) - self.first_year, 0)
        owner = self.owner[self.registration(home, today)]
        total: Floats = (
            self.of_child[who]
            + fixed()["age_at_start"] * (age - REFERENCE["age_at_start"])
            + fixed()["earlier_placements"] * (earlier - REFERENCE["earlier_placements"])
            + self.type_effect[kind]
            + (centred * self.type_need[kind]).sum(axis=1)
            + (centred * self.meets[home]) @ self.truth.matching
            + self.truth.home[home]
            + self.truth.provider[owner]
            + self.truth.authority[authority]
            + self.truth.year.to_numpy()[year]
        )
        return total
