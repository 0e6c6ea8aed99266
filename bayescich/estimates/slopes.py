"""What a covariate does in one home and in another: how far its coefficients lie apart.

References
----------
Gelman & Hill (2007), Data Analysis Using Regression and Multilevel/Hierarchical Models, chapter 13.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from bayescich.estimates.core import Estimate
from bayescich.estimates.summaries import columns, headings
from bayescich.model.draws import FloatArray
from bayescich.model.effects.slopes import SlopesEffect
from bayescich.sampling.fit import Fit


def slope_estimates(fit: Fit) -> tuple[Estimate, ...]:
    """Return ``slopes_<column>`` for each group whose levels have slopes."""
    found = [effect for effect in fit.structure.effects if isinstance(effect, SlopesEffect)]
    return tuple(_estimate(fit, effect) for effect in found)


def _estimate(fit: Fit, effect: SlopesEffect) -> Estimate:
    quantities = _quantities(fit, effect)
    table = pd.DataFrame({"quantity": list(quantities)}).assign(
        **columns("", np.stack(list(quantities.values()), axis=1))
    )
    level, above = _plain(effect.column), table.set_index("quantity")["mean"]
    sentence = (
        f"From one {level} to another the coefficient of {effect.slope} differs with an SD of "
        f"{above[_SLOPE_SD]:.3g}; in {above[_ABOVE]:.0%} of new levels it is above zero. Its "
        f"correlation with the level's effect is {above[_CORRELATION]:.2f}."
    )
    notes = (
        (
            "The covariate is centred: the effect of a level is that of a case of average "
            f"{effect.slope}. The correlation has an LKJ(2) prior, which draws it towards zero."
        ),
    )
    title = f"What {effect.slope} does by {level}"
    words = {"quantity": "quantity", **headings("", "estimate")}
    return Estimate(f"slopes_{effect.column}", title, sentence, table, words, notes)


_AVERAGE = "coefficient on average"
_SLOPE_SD = "SD of the coefficient between levels"
_SD = "SD of the effects of the levels"
_CORRELATION = "correlation of effect and coefficient"
_ABOVE = "share of new levels with a coefficient above zero"


def _quantities(fit: Fit, effect: SlopesEffect) -> dict[str, FloatArray]:
    """Return draws of each row of the table, (samples,)."""
    posterior, fixed = fit.posterior, fit.design.fixed
    assert fixed is not None, "a slope is that of a covariate"
    average = posterior["fixed"][:, fixed.names.index(effect.slope)]
    spread = posterior[effect.slope_sd_variable]
    return {
        _AVERAGE: average,
        _SLOPE_SD: spread,
        _SD: posterior[effect.sd_variable],
        _CORRELATION: posterior[effect.correlation_variable],
        _ABOVE: norm.cdf(average / spread),
    }


def _plain(name: str) -> str:
    return name.replace("_", " ")
