"""OC2: health and conduct of children looked after throughout a collection year.

The score of difficulties is a carer's: in a home it carries the leniency of that home, which is
no part of how the child is. Scores are missing more often where they would be worse.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayescich.histories.dates import collection_year_of, first_of_april
from bayescich.simulate.calibration import value
from bayescich.simulate.draws import Flags, Floats, Texts
from bayescich.simulate.outcomes.columns import flags, whole
from bayescich.simulate.outcomes.lives import Lives, by_age, column, expit, years_effect
from bayescich.simulate.shapes import NEEDS

COLUMNS = (
    "YEAR", "CHILD", "DOB", "SDQ_SCORE", "SDQ_REASON", "CONVICTED", "HEALTH_CHECK",
    "IMMUNISATIONS", "TEETH_CHECK", "HEALTH_ASSESSMENT", "SUBSTANCE_MISUSE",
    "INTERVENTION_RECEIVED", "INTERVENTION_OFFERED",
)  # fmt: skip

ITEMS = 40
"""Points of the scale of difficulties."""

SDQ_AGES = (4, 16)
"""First and last age on 31 March at which a score, or a reason for none, is returned."""


def oc2_table(lives: Lives) -> pd.DataFrame:
    """Return one row per child and collection year through which it was looked after.

    Parameters
    ----------
    lives : Lives

    Returns
    -------
    DataFrame
        The columns of the return, as text but for YEAR and DOB.
    """
    rows = _Rows(lives)
    score, reason = rows.difficulties()
    misuse, received, offered = rows.substance()
    checks = {name: rows.check(name) for name in value("outcomes.checks")}
    table = {
        "YEAR": rows.year,
        "CHILD": lives.id[rows.child],
        "DOB": lives.dob[rows.child],
        "SDQ_SCORE": score,
        "SDQ_REASON": reason,
        "CONVICTED": flags(rows.convicted(), rows.age >= 10),
        "HEALTH_CHECK": flags(rows.below(value("outcomes.development_check")), rows.age < 5),
        **checks,
        "SUBSTANCE_MISUSE": flags(misuse),
        "INTERVENTION_RECEIVED": flags(received, misuse),
        "INTERVENTION_OFFERED": flags(offered, misuse & ~received),
    }
    return pd.DataFrame({name: table[name] for name in COLUMNS})


class _Rows:
    """The rows of the table, and what is drawn of each."""

    def __init__(self, lives: Lives) -> None:
        self.lives, self.rng = lives, lives.shard.rng("oc2")
        self.child, self.year = lives.years_of_periods(whole=True)
        close = first_of_april(self.year)
        self.age = self.year - collection_year_of(lives.born[self.child])
        # what counts at 16 is the window up to the end of Year 11, before or after this 31 March
        window = np.minimum(close, lives.end_of_year11[self.child])
        self.until = np.where(self.age <= 16, window, close)
        self.predictor = lives.predictor(self.child, self.until)
        self.home = lives.exposure.home_on(self.child, close - 1)

    def difficulties(self) -> tuple[Texts, Texts]:
        """Draw the score and, where there is none, why not."""
        boy = self.lives.male[self.child]
        figures = value("outcomes.sdq_age")
        age = np.where(boy, by_age(figures["boys"], self.age), by_age(figures["girls"], self.age))
        level = column(self.predictor, "sdq") + years_effect("sdq", self.year) + age
        spread = value("outcomes.dispersion")["sdq"]
        mean = expit(level - self._leniency())
        share = self.rng.beta(mean * spread, (1 - mean) * spread)
        score = self.rng.binomial(ITEMS, share)
        due = (self.age >= SDQ_AGES[0]) & (self.age <= SDQ_AGES[1])
        returned = due & self.below(self._returned(level, due))
        reason = np.where(due & ~returned, self._reasons(), "")
        return whole(score, returned), reason

    def _leniency(self) -> Floats:
        at_home = self.home >= 0
        leniency: Floats = np.where(
            at_home, self.lives.shard.truth.outcomes.leniency[self.home], 0.0
        )
        return leniency

    def _returned(self, level: Floats, due: Flags) -> Floats:
        """Return the probability that a score is returned: less where it would be worse."""
        figures = value("outcomes.sdq_returned")
        habits = self.lives.shard.rng("returned")
        of_authority = figures["authority_sd"] * habits.normal()
        years = figures["authority_year_sd"] * habits.normal(size=200)
        worse = level - (level[due].mean() if due.any() else 0.0)
        eta = figures["intercept"] + of_authority + years[self.year - 1900]
        return expit(eta + figures["worse"] * worse + by_age(figures["age"], self.age))

    def _reasons(self) -> Texts:
        figures = value("outcomes.sdq_reasons")
        codes, weight = np.array([*figures], dtype=object), np.array([*figures.values()])
        reason: Texts = codes[self.rng.choice(len(codes), len(self.child), p=weight / weight.sum())]
        severe = self.lives.shard.needs[self.child, NEEDS.index("learning_disabilities")]
        reason[severe & self.below(value("outcomes.sdq_too_disabled"))] = "SDQ3"
        # a child who has only just turned four was too young when the scale was filled in
        reason[(self.age == SDQ_AGES[0]) & self.below(0.6)] = "SDQ1"
        return reason

    def convicted(self) -> Flags:
        """Draw convictions and cautions in the year; true only from the age of ten."""
        figures = value("outcomes.offending_age")
        level = column(self.predictor, "offending") + years_effect("offending", self.year)
        rate = np.exp(level + by_age(figures, self.age))
        return self.below(1 - np.exp(-rate)) & (self.age >= 10)

    def substance(self) -> tuple[Flags, Flags, Flags]:
        """Draw misuse of substances, help received and, of the others, help offered."""
        figures = value("outcomes.substance")
        uses = self.lives.shard.needs[self.child, NEEDS.index("drugs")]
        conduct = column(self.predictor, "offending") - value("outcomes.intercept")["offending"]
        eta = figures["intercept"] + figures["drugs"] * uses + figures["conduct"] * conduct
        eta = eta + figures["male"] * self.lives.male[self.child]
        misuse = self.below(expit(eta + by_age(figures["age"], self.age)))
        received = misuse & self.below(figures["received"])
        return misuse, received, misuse & ~received & self.below(figures["offered"])

    def check(self, name: str) -> Texts:
        """Draw whether a check of health was made, by age and, for teeth, by year."""
        share = by_age(value("outcomes.checks")[name], self.age)
        years = value("outcomes.check_years").get(name)
        if years:
            share = share * np.interp(self.year, [*years], [*years.values()])
        return flags(self.below(share))

    def below(self, probability: Floats | float) -> Flags:
        """Draw yes with a probability, row by row."""
        drawn: Flags = self.rng.random(len(self.child)) < probability
        return drawn
